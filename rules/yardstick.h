// Yardsticks taken from the capture itself: what cheap statements cost on this server, so that rules need not
// compare with milliseconds of another machine.
#pragma once

#include "rules/rule.h"

namespace pgsieve {

// The median, over statements that ask one table for one value of a unique key, of their best time: what an
// index look-up costs here, in milliseconds. 0: none were seen, or no times.
double lookup_floor_ms(const RuleContext& context);

// How much longer a statement must take to count as slow by the clock that timed the capture: 1 for a
// server's, several times for a client's, which adds the network and whatever else the client did meanwhile.
double slowness_factor(const RuleContext& context);

}  // namespace pgsieve
