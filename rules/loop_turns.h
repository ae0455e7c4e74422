// Whether the turns of a loop are requests or jobs that follow each other without a pause. A loop without a
// list is most often one over values from outside the database; but a program that is asked for one thing
// after the other at full speed, or that takes its jobs from a queue elsewhere, looks nearly like it. Pure.
#pragma once

#include "analyzer/workload/loop.h"
#include "rules/rule.h"

namespace pgsieve {

// True when no list feeds the turns, each is several statements, and either each is a transaction of its own,
// or each begins with a value in no order and goes on with what belongs to it. Of a list that is read again
// in each turn the turns don't take their values.
bool turns_stand_alone(const RuleContext& context, const LoopExample& example);

}  // namespace pgsieve
