// Verification after deployment: did the statements an index was accepted for really get faster? Told from
// the durations in two captures, before and after.
//
// Statement by statement, a Mann–Whitney rank test (Mann & Whitney 1947; normal approximation with the
// correction for ties) over the durations of the same fingerprint: no assumption about their distribution,
// and a few outliers decide nothing. A change counts when it is significant and large enough to matter; fewer
// calls than asked for give no verdict. Where the rest of the traffic got faster or slower as a whole, that
// drift is taken out first. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/advisor/decisions.h"
#include "analyzer/advisor/index_definition.h"
#include "analyzer/workload/workload.h"

namespace pgsieve {

struct RankTest {
  double smaller = 0.5;  // probability that a value of the second is smaller than one of the first, ties half
  double p = 1;          // two-sided
};
// Values of `second` are divided by `scale` before they are compared. Within a histogram's buckets values
// count as equal.
RankTest rank_test(const Histogram& first, const Histogram& second, double scale = 1);

struct VerifyOptions {
  uint64_t min_calls = 20;     // of a statement, on each side
  double significance = 0.01;  // largest p that counts
  double min_change = 0.1;     // of the mean duration, as a share of it
};

struct StatementChange {
  enum class Verdict : uint8_t { kFaster, kSlower, kSame, kNotEnough };
  PatternKey pattern;
  std::string query;
  uint64_t calls_before = 0, calls_after = 0;
  double p50_before_ms = 0, p50_after_ms = 0;
  double mean_before_ms = 0, mean_after_ms = 0;  // drift not taken out
  double p = 1;
  double saved_ms = 0;  // over the calls after; negative: lost
  Verdict verdict = Verdict::kNotEnough;
};

struct IndexVerification {
  Decision::Outcome outcome = Decision::Outcome::kUnclear;
  std::string result;                   // one sentence
  std::vector<StatementChange> served;  // most time saved first
  std::vector<StatementChange> beside;  // other statements on the table that changed, writes among them
};

// How much slower (above 1) or faster everything is that touches none of the tables, in the median; 1 where
// too little can be compared.
double drift(const Workload& before, const Workload& after, const std::vector<std::string>& tables,
             const VerifyOptions& options);

// The statements are those the decision was made for; where none of them is in both captures, those that ask
// the table by the index's first key.
IndexVerification verify_index(const IndexDefinition& index, const Decision& decision, const Workload& before,
                               const Workload& after, double drift, const VerifyOptions& options);

// True when the statement compares, joins or orders by the index's first key.
bool could_use(const IndexDefinition& index, const StatementShape& shape);

}  // namespace pgsieve
