// LoopVerdict: what kind of loop a Loop fact is, how sure that is and why. Shared by the rules about loops:
// n-plus-one, write-loop, recursive-walk, offset-walk.
//
// A loop that is no problem is told apart by evidence, not by allow-lists: pagination (only a range, LIMIT or
// OFFSET varies), a queue (SKIP LOCKED), a retry (ROLLBACK or an error between turns), tenants (search_path
// or role changes between turns), polling and independent requests on one pooled connection (think time
// between turns, a new trace or tag each).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/workload/link.h"
#include "rules/rule.h"

namespace pgsieve {

enum class LoopClass : uint8_t {
  kRowByRow,  // a value per turn, from a list or from outside the database
  kTreeWalk,  // each turn asks for the children of rows of the same table
  kKeyset,    // pages by key
  kOffset,    // pages by OFFSET
  kQueue,
  kRetry,
  kTenants,
  kIndependent,  // requests that have nothing to do with each other
  kSameValues,   // nothing varies: a repetition, not a loop
  kUnclear,      // too little to say
};
std::string_view loop_class_name(LoopClass kind);

struct LoopVerdict {
  LoopClass kind = LoopClass::kUnclear;
  Confidence confidence = Confidence::kLow;
  bool report = false;                   // worth a finding at this confidence
  const LoopExample* example = nullptr;  // the scope that decided
  const Loop* loop = nullptr;
  Link link;           // between parent and child; kNone without a parent
  PatternKey through;  // the one-row statement of each turn that `link` is to, when not the parent
  uint64_t count = 0;  // executions in all scopes that look like this
  std::vector<std::string> reasons;  // strongest first
  std::vector<std::string> doubts;   // why not higher
};

struct LoopOptions {
  uint32_t min_count = 3;                     // executions after one parent
  uint32_t min_alone = 5;                     // without a parent statement
  Microseconds tight_gap = 5 * kMillisecond;  // at most; see tight_turn()
};

// The longest turnaround within a loop that leaves no room for another request, by the session's own pace: a
// program takes about as long before one statement as before another, and a person, a client or a queue takes
// longer. What there is to compare with are the other statements of the session and the child's own time.
// Where every request is one statement, the others' turnaround is think time, too: so it can only tighten the
// bound.
Microseconds tight_turn(const LoopExample& example, const LoopOptions& options);

// The turns belong to one piece of work whatever the time between them: all in one transaction, trace or
// test.
bool one_unit_of_work(const LoopExample& example);

// The statement follows itself at a pace that hardly changes, at most kSlowestPace: a loop that waits for a
// distant server or works for as long on each row. Between requests, people and queues leave times that
// differ; a transaction, a setting or another statement in between begins something new.
inline constexpr Microseconds kSlowestPace = 150 * kMillisecond;
bool steady_turns(const LoopExample& example);

// The statement follows itself, most often within a millisecond: that some turns took longer is the doing of
// a busy machine. Requests don't follow each other like that.
bool hurried_turns(const LoopExample& example, const LoopOptions& options);

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
