// LoopVerdict: what kind of loop a Loop fact is, how sure that is and why. Shared by the rules about loops:
// n-plus-one, write-loop, recursive-walk, offset-walk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "analyzer/workload/link.h"
#include "rules/loop_class.h"
#include "rules/rule.h"

namespace pgsieve {

struct LoopVerdict {
  LoopClass kind = LoopClass::kUnclear;
  Confidence confidence = Confidence::kLow;
  Confidence ceiling = Confidence::kProved;    // no more, whatever else speaks for it; `doubts` say why
  bool report = false;                         // worth a finding at this confidence
  std::shared_ptr<const LoopExample> example;  // the scope that decided; null: none
  const Loop* loop = nullptr;
  PatternKey other_parent;     // a likelier list than the loop's own; kNoPattern: none
  bool between_lists = false;  // `link` is to one of several, and nothing tells which
  Link link;                   // between parent and child; kNone without a parent
  PatternKey through;          // the one-row statement of each turn that `link` is to, when not the parent
  uint64_t count = 0;          // executions in all scopes that look like this
  std::vector<std::string> reasons;  // strongest first
  std::vector<std::string> doubts;   // why not higher
};

// The list that the loop goes over; kNoPattern: none, or one of several.
PatternKey parent_of(const LoopVerdict& verdict);

// True when the parent's rows can have supplied the values: a link by key or name, or a lookup by key that
// ran once for each of the parent's rows.
bool is_linked(const LoopVerdict& verdict);

// Judges one loop of a read or write. `child` is its pattern; `parent` may be null.
LoopVerdict judge_loop(const RuleContext& context, const Loop& loop, const Pattern& child,
                       const Pattern* parent, const LoopOptions& options);

// All loops of one child, the best first: those to report, then by confidence, link, count, parent's key. One
// statement may run in several loops, after different parents: each is a finding of its own.
std::vector<LoopVerdict> all_verdicts(const RuleContext& context, const PatternKey& child,
                                      const LoopOptions& options);

}  // namespace pgsieve
