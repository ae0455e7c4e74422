// Does a loop go over the rows of a list, or do requests of their own follow the list by accident? On a busy
// connection there is always a list that has what a look-up asks for. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/workload/workload.h"
#include "rules/loop_class.h"

namespace pgsieve {

// As many turns as the parent had rows, was allowed to return, or asked for by key; or a multiple of that.
bool one_turn_per_row(const LoopExample& example);

// The turns have the time between them that requests have, and nothing holds them together.
bool like_requests(const LoopExample& example, const LoopOptions& options);

// Several lists, and after each but a few turns: less than half of what it may return, or, where that is not
// known, four.
bool few_of_each(const Loop& loop, const LoopExample& example);

// The loop's list ran again and again, and nothing above it made it: the list of that chain runs after this
// one as much as before it, or is this one or the child itself. Requests that follow each other are like
// that; the list over an inner loop's list is looped under neither.
bool lists_unled(const Workload& workload, const LoopKey& loop, const LoopExample& example);

// Judges the scopes of one loop with a parent.
class Accidents {
 public:
  // `workload` and `loop` must outlive it; `examples` are its own. `single`: further lists, after which the
  // child ran once in all of their scope. `named`: a key or a name links the loop to its list. `in_a_row`:
  // the list ran several times in a row, with nothing between.
  Accidents(const Workload& workload, const Loop& loop, const std::vector<LoopExample>& examples,
            uint64_t single, bool named, bool in_a_row, const LoopOptions& options);

  // This scope holds requests of their own.
  bool holds(const LoopExample& example) const;

  // Why this scope may hold requests of their own, by the numbers of turns; "" when nothing says so. After a
  // list that is looped over there are as many turns as rows. Of requests there are as many as happen to come
  // before the next list: one after many a list, and now and then more than it may have rows. Lists of one
  // row look the same, and a doubt is all this is. None where a transaction, a trace or a burst holds the
  // turns together.
  std::string doubt(const LoopExample& example) const;

 private:
  bool by_itself(const LoopExample& example) const;

  const Workload& workload_;
  const Loop& loop_;
  const LoopOptions options_;
  const uint64_t single_;
  const bool named_;
  bool never_its_rows_ = false;          // no scope asks for the rows of its list
  bool once_each_ = false;               // it ran once for each list, if on connections that clients share
  bool mostly_ = false;                  // half of the scopes and more, each by itself
  uint64_t lists_ = 0, lone_turns_ = 0;  // at least so many lists; those of them with one turn
};

}  // namespace pgsieve
