// Cross-request scaling: does a loop grow with the rows of its parent? One request shows that a statement ran
// seven times after a list; many requests with lists of different lengths show whether it runs once per row.
// Ordinary least squares over all scopes of a loop, x = rows of the parent, y = executions of the child, from
// the sums that Loop keeps (integers, so that merged captures give the same line).
#pragma once

#include <cstdint>
#include <vector>

#include "rules/loop_verdict.h"

namespace pgsieve {

struct Scaling {
  enum class Kind : uint8_t {
    kUnknown,   // too few scopes, or all parents alike
    kGrows,     // a whole number of executions per row, and little else explains them
    kConstant,  // the parent's rows make no difference
  };
  Kind kind = Kind::kUnknown;
  double slope = 0;
  double fit = 0;  // r²
  uint64_t scopes = 0;
};

Scaling scaling_of(const Loop& loop);

// Adds what scaling says to a verdict of kRowByRow or kTreeWalk: growth raises medium to high; executions
// that do not depend on the parent's rows take the report back.
void apply_scaling(const Loop& loop, LoopVerdict& verdict);

}  // namespace pgsieve
