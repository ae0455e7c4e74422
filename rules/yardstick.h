// Yardsticks taken from the capture itself: what cheap statements cost on this server, so that rules need not
// compare with milliseconds of another machine.
#pragma once

#include "rules/rule.h"

namespace pgsieve {

// The median, over statements that ask one table for one value of a unique key, of their best time: what an
// index look-up costs here, in milliseconds. 0: none were seen, or no times.
double lookup_floor_ms(const RuleContext& context);

}  // namespace pgsieve
