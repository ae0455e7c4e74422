#include "rules/loop_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "rules/loop_batch.h"
#include "rules/loop_class.h"

namespace pgsieve {

namespace {

void lower_to(Confidence ceiling, std::string doubt, LoopVerdict& verdict) {
  verdict.ceiling = std::min(verdict.ceiling, ceiling);
  verdict.confidence = std::min(verdict.confidence, ceiling);
  verdict.doubts.insert(verdict.doubts.begin(), std::move(doubt));
}

}  // namespace

void limit_doubtful(std::string doubt, Confidence between, LoopVerdict& verdict) {
  if (doubt.empty() && between < Confidence::kHigh)
    doubt = "that the rows it takes its values from are read in a loop is doubtful itself";
  if (!doubt.empty()) lower_to(Confidence::kMedium, std::move(doubt), verdict);
}

void limit_unseen(LoopVerdict& verdict) {
  if (verdict.kind != LoopClass::kRowByRow || !unseen_values(*verdict.example)) return;
  constexpr uint32_t kFew = 5;
  lower_to(verdict.example->count < kFew ? Confidence::kLow : Confidence::kMedium,
           "the capture has no values: that each turn asked for another row is likely, but not seen",
           verdict);
}

void limit_repeated(LoopVerdict& verdict) {
  constexpr uint32_t kOften = 8;
  const LoopExample& example = *verdict.example;
  if (verdict.kind != LoopClass::kRowByRow || example.distinct_values == 0) return;
  const uint32_t times = example.count / example.distinct_values;
  if (times < kOften || verdict.confidence < Confidence::kHigh) return;
  lower_to(
      Confidence::kMedium,
      fmt::format("each value was asked for some {} times: they may be what the program doesn't remember, "
                  "and no list's",
                  times),
      verdict);
}

void limit_between(std::string doubt, LoopVerdict& verdict) {
  lower_to(Confidence::kMedium, std::move(doubt), verdict);
}

void limit_batch(const Pattern& child, LoopVerdict& verdict) {
  if (verdict.kind != LoopClass::kRowByRow && verdict.kind != LoopClass::kTreeWalk) return;
  const BatchEvidence evidence = sent_as_batch(*verdict.example);
  const bool writes = is_write(child.shape->kind);
  if (evidence == BatchEvidence::kNone || (evidence == BatchEvidence::kPossible && !writes)) return;
  const bool certain = evidence == BatchEvidence::kCertain;
  if (certain && writes) {
    verdict.kind = LoopClass::kBatch;
    verdict.report = false;
  }
  lower_to(certain ? Confidence::kLow : Confidence::kMedium, batch_doubt(*verdict.example, evidence),
           verdict);
}

}  // namespace pgsieve
