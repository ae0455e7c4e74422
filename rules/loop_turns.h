// Whether the turns of a loop are requests or jobs that follow each other without a pause. A loop without a
// list is most often one over values from outside the database; but a program that is asked for one thing
// after the other at full speed, or that takes its jobs from a queue elsewhere, looks nearly like it. Pure.
#pragma once

#include <vector>

#include "analyzer/workload/loop.h"
#include "rules/loop_class.h"
#include "rules/rule.h"

namespace pgsieve {

// Each turn ran in an explicit transaction of its own.
bool in_own_transactions(const LoopExample& example);

// A worker that takes a job in each turn: what it does then it does once per job by design.
bool serves_queue(const RuleContext& context, const LoopExample& example);

// True when no list feeds the turns, each is several statements, and either each is a transaction of its own,
// or each begins with a value in no order and goes on with what belongs to it, or reads a list of its own
// that feeds nothing else. `loop`: the one that the example is of.
bool turns_stand_alone(const RuleContext& context, const LoopKey& loop, const LoopExample& example);

// The same of a loop of writes: each turn is a transaction of its own that writes at least one other thing, or
// reads several, and no list feeds them. Its statements belong together, not to those of the next.
bool writes_stand_alone(const RuleContext& context, const LoopKey& loop, const LoopExample& example);

// Statements of a turn that name a table, this one included.
size_t statements_on_tables(const RuleContext& context, const LoopExample& example);

// When a loop ran on one connection.
struct LoopRun {
  Microseconds begin = 0;
  Microseconds end = 0;
};
std::vector<LoopRun> runs_of(const std::vector<LoopExample>& examples);

// Requests that several connections serve: no unit of work holds the turns together, pauses of all lengths
// are between them, and most of the time the same ran on another connection. One task runs one loop at a
// time, at the pace of its own work. `runs`: of all examples of the loop.
bool served_in_parallel(const std::vector<LoopRun>& runs, const LoopExample& example,
                        const LoopOptions& options);

}  // namespace pgsieve
