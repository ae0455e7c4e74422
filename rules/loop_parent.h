// ParentChoice: which of the lists before a loop fed it, where several may have.
//
// Where neither a key nor a name says so, the tracker gives a loop the latest list whose columns fit in form
// (LinkStrength::kReference), and notes the others that fit as well (LoopExample::rivals). Here, with all of
// the traffic known, those are left out whose columns mean something else: a join elsewhere ties them to
// another table, or they have another table's name. What is left is the parent when it is the only one. A
// wrong parent is worse than none.
#pragma once

#include <vector>

#include "analyzer/workload/link.h"
#include "analyzer/workload/loop.h"
#include "rules/rule.h"

namespace pgsieve {

struct ParentChoice {
  const Pattern* parent = nullptr;       // null: can't be told
  Link link;                             // to it
  std::vector<const Pattern*> possible;  // when it can't be told: it is one of these; may be empty
};

// `parent`: of the loop, with its `link`, of strength kReference.
ParentChoice choose_parent(const RuleContext& context, const LoopExample& example, const Pattern& child,
                           const Pattern& parent, const Link& link);

// That it is the parent's shows in the loop itself: a turn for each of its rows, neither more nor less, or
// all of it in one piece of work.
bool shows_its_list(const LoopExample& example);

// The same for a `link` by name or key.
ParentChoice choose_named_parent(const RuleContext& context, const LoopExample& example, const Pattern& child,
                                 const Pattern& parent, const Link& link);

}  // namespace pgsieve
