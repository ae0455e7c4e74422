#include "rules/loop_scaling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace pgsieve {
namespace {

constexpr uint64_t kMinScopes = 5;       // of different size
constexpr double kGoodFit = 0.9;         // r² from which rows explain executions
constexpr double kSlopeTolerance = 0.2;  // around a whole number of executions per row
constexpr double kMaxPerRow = 8;
constexpr double kFlatSlope = 0.05;
constexpr double kVaried =
    0.3;  // deviation of the parents' rows from their mean that tells flat from unknown

// LIMIT only bounds the rows: a list shorter than its limit would look flat.
bool rows_are_known(const Loop& loop) {
  return !loop.examples.empty() &&
         std::ranges::all_of(loop.examples.unpacked(),
                             [](const LoopExample& example) { return example.parent_rows >= 0; });
}

bool near_whole(double slope) {
  const double whole = std::round(slope);
  return whole >= 1 && whole <= kMaxPerRow && std::abs(slope - whole) <= kSlopeTolerance * whole;
}

}  // namespace

Scaling scaling_of(const Loop& loop) {
  Scaling scaling;
  scaling.scopes = loop.scaling_n;
  if (loop.scaling_n < kMinScopes) return scaling;
  const auto n = static_cast<double>(loop.scaling_n);
  const double mean_x = static_cast<double>(loop.scaling_x) / n;
  const double mean_y = static_cast<double>(loop.scaling_y) / n;
  const double var_x = static_cast<double>(loop.scaling_xx) / n - mean_x * mean_x;
  const double var_y = static_cast<double>(loop.scaling_yy) / n - mean_y * mean_y;
  const double covariance = static_cast<double>(loop.scaling_xy) / n - mean_x * mean_y;
  if (var_x <= 1e-9 * std::max(1.0, mean_x * mean_x)) return scaling;  // all parents alike
  scaling.slope = covariance / var_x;
  scaling.fit =
      var_y <= 1e-9 * std::max(1.0, mean_y * mean_y) ? 0 : covariance * covariance / (var_x * var_y);
  // On a good line as many sizes of x as of y were seen.
  if (scaling.fit >= kGoodFit && near_whole(scaling.slope) && loop.per_scope.buckets().size() >= kMinScopes) {
    scaling.kind = Scaling::Kind::kGrows;
  } else if (std::abs(scaling.slope) <= kFlatSlope && rows_are_known(loop) &&
             std::sqrt(var_x) >= kVaried * mean_x) {
    scaling.kind = Scaling::Kind::kConstant;
  }
  return scaling;
}

void apply_scaling(const Loop& loop, LoopVerdict& verdict) {
  if (verdict.kind != LoopClass::kRowByRow && verdict.kind != LoopClass::kTreeWalk) return;
  if (loop.key.parent == kNoPattern) return;
  const Scaling scaling = scaling_of(loop);
  if (scaling.kind == Scaling::Kind::kGrows) {
    verdict.reasons.insert(
        verdict.reasons.begin(),
        fmt::format(
            "its executions grow with the rows of the list: {:.1f} per row, r² {:.2f} over {} requests",
            scaling.slope, scaling.fit, scaling.scopes));
    if (verdict.confidence == Confidence::kMedium) verdict.confidence = Confidence::kHigh;
    return;
  }
  if (scaling.kind != Scaling::Kind::kConstant) return;
  verdict.report = false;
  verdict.doubts.insert(
      verdict.doubts.begin(),
      fmt::format("the same number of executions whatever the rows of the list, over {} requests",
                  scaling.scopes));
}

}  // namespace pgsieve
