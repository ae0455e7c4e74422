#include "analyzer/advisor/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "analyzer/advisor/sql_expression.h"

namespace pgsieve {

namespace {

// A bucket stands for the value in its middle.
double bucket_value(uint32_t bucket) {
  return (static_cast<double>(Histogram::bucket_low(bucket)) +
          static_cast<double>(Histogram::bucket_high(bucket))) /
         2;
}

bool reads_or_writes(const StatementShape& shape, const std::string& schema, const std::string& table) {
  return std::ranges::any_of(shape.relations, [&](const Relation& relation) {
    return relation.kind == Relation::Kind::kTable && relation.name == table &&
           (relation.schema.empty() || schema.empty() || relation.schema == schema ||
            (relation.schema == "public" && schema.empty()));
  });
}

StatementChange compare(const Pattern& before, const Pattern& after, double drift,
                        const VerifyOptions& options) {
  constexpr double kMicroseconds = 1000;
  StatementChange change{.pattern = before.key,
                         .query = before.query,
                         .calls_before = before.durations.count(),
                         .calls_after = after.durations.count()};
  change.p50_before_ms = static_cast<double>(before.durations.quantile(0.5)) / kMicroseconds;
  change.p50_after_ms = static_cast<double>(after.durations.quantile(0.5)) / kMicroseconds;
  change.mean_before_ms = before.durations.mean() / kMicroseconds;
  change.mean_after_ms = after.durations.mean() / kMicroseconds;
  if (std::min(change.calls_before, change.calls_after) < options.min_calls) return change;
  const RankTest test = rank_test(before.durations, after.durations, drift);
  change.p = test.p;
  change.verdict = StatementChange::Verdict::kSame;
  const double expected = change.mean_before_ms;
  const double found = change.mean_after_ms / drift;
  if (test.p > options.significance || std::abs(found - expected) < options.min_change * expected)
    return change;
  // The ranks and the means must tell the same story.
  if (test.smaller > 0.5 && found < expected) change.verdict = StatementChange::Verdict::kFaster;
  if (test.smaller < 0.5 && found > expected) change.verdict = StatementChange::Verdict::kSlower;
  if (change.verdict != StatementChange::Verdict::kSame)
    change.saved_ms = (expected - found) * static_cast<double>(change.calls_after);
  return change;
}

bool recorded(const Decision& decision, const PatternKey& key) {
  return std::ranges::binary_search(decision.statements, fmt::format("{:016x}", key.fingerprint));
}

struct Tally {
  size_t faster = 0, slower = 0, same = 0, not_enough = 0;
  double saved = 0, lost = 0;
  void add(const StatementChange& change) {
    switch (change.verdict) {
      case StatementChange::Verdict::kFaster:
        ++faster;
        saved += change.saved_ms;
        break;
      case StatementChange::Verdict::kSlower:
        ++slower;
        lost -= change.saved_ms;
        break;
      case StatementChange::Verdict::kSame:
        ++same;
        break;
      case StatementChange::Verdict::kNotEnough:
        ++not_enough;
        break;
    }
  }
  size_t judged() const { return faster + slower + same; }
};

std::string milliseconds(double value) {
  return value >= 1000 ? fmt::format("{:.1f} s", value / 1000) : fmt::format("{:.1f} ms", value);
}

std::string plural(size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

void judge_new_index(const Tally& served, const Tally& beside, const VerifyOptions& options,
                     IndexVerification& verification) {
  using Outcome = Decision::Outcome;
  if (served.judged() == 0) {
    verification.outcome = Outcome::kUnclear;
    verification.result = served.not_enough == 0
                              ? "none of its statements is in both captures"
                              : fmt::format("not enough calls: of its {}, none has {} on both sides",
                                            plural(served.not_enough, "statement"), options.min_calls);
    return;
  }
  const double lost = served.lost + beside.lost;
  const std::string of =
      fmt::format("{} of {} got faster", served.faster, plural(served.judged(), "statement"));
  if (served.faster == 0) {
    verification.outcome = Outcome::kFailed;
    verification.result = served.slower == 0
                              ? "no statement got faster"
                              : fmt::format("no statement got faster, {} slower", served.slower);
  } else if (served.saved <= lost) {
    verification.outcome = Outcome::kFailed;
    verification.result =
        fmt::format("{}, but {} lost outweigh {} saved", of, milliseconds(lost), milliseconds(served.saved));
  } else {
    verification.outcome = Outcome::kKept;
    verification.result = fmt::format("{}: {} saved over the calls after", of, milliseconds(served.saved));
    if (lost > 0) verification.result += fmt::format(", {} lost elsewhere on the table", milliseconds(lost));
  }
}

void judge_dropped_index(const Tally& served, const Tally& beside, const VerifyOptions& options,
                         IndexVerification& verification) {
  using Outcome = Decision::Outcome;
  const size_t slower = served.slower;
  if (served.judged() + beside.judged() == 0) {
    verification.outcome = Outcome::kUnclear;
    verification.result =
        fmt::format("not enough calls: no statement on the table has {} on both sides", options.min_calls);
  } else if (slower > 0 && served.lost > served.saved + beside.saved) {
    verification.outcome = Outcome::kFailed;
    verification.result =
        fmt::format("{} slower without it: {} lost", plural(slower, "statement"), milliseconds(served.lost));
  } else {
    verification.outcome = Outcome::kKept;
    verification.result = "nothing misses it";
  }
}

}  // namespace

RankTest rank_test(const Histogram& first, const Histogram& second, double scale) {
  std::map<double, std::pair<double, double>> counts;  // value → how often in the first, in the second
  for (const auto& [bucket, count] : first.buckets())
    counts[bucket_value(bucket)].first += static_cast<double>(count);
  for (const auto& [bucket, count] : second.buckets()) {
    // Back into a bucket: what differs by less counts as equal.
    const double scaled = bucket_value(bucket) / scale;
    const double value =
        scale == 1 ? scaled
                   : bucket_value(Histogram::bucket_of(static_cast<uint64_t>(std::max(0.0, scaled))));
    counts[value].second += static_cast<double>(count);
  }
  const auto n1 = static_cast<double>(first.count());
  const auto n2 = static_cast<double>(second.count());
  if (n1 == 0 || n2 == 0) return {};
  const double n = n1 + n2;
  // U counts the pairs in which the second is smaller, a tie as half a pair.
  double u = 0, ties = 0, seconds_below = 0;
  for (const auto& [value, count] : counts) {
    u += count.first * (seconds_below + count.second / 2);
    seconds_below += count.second;
    const double tied = count.first + count.second;
    ties += tied * tied * tied - tied;
  }
  const double mean = n1 * n2 / 2;
  const double variance = n > 1 ? n1 * n2 / 12 * (n + 1 - ties / (n * (n - 1))) : 0;
  RankTest test{.smaller = u / (n1 * n2)};
  if (variance <= 0) return test;
  const double z = std::max(0.0, std::abs(u - mean) - 0.5) / std::sqrt(variance);
  test.p = std::erfc(z / std::sqrt(2.0));
  return test;
}

bool could_use(const IndexDefinition& index, const StatementShape& shape) {
  if (index.keys.empty()) return false;
  const IndexKey& key = index.keys.front();
  const std::string expression = key.column.empty() ? normal_expression(key.expression) : std::string();
  const auto on_table = [&](uint32_t at) {
    if (at >= shape.relations.size()) return false;
    const Relation& relation = shape.relations[at];
    return relation.kind == Relation::Kind::kTable && relation.name == index.table &&
           (relation.schema.empty() || index.schema.empty() || relation.schema == index.schema);
  };
  const auto is_key = [&](const ColumnUse& use, const std::string& tested) {
    if (use.relation != kNoIndex ? !on_table(use.relation)
                                 : !reads_or_writes(shape, index.schema, index.table))
      return false;
    return expression.empty() ? tested.empty() && use.column == key.column
                              : !tested.empty() && normal_expression(tested) == expression;
  };
  const bool compared = std::ranges::any_of(shape.predicates, [&](const Predicate& predicate) {
    return is_key(predicate.column, predicate.expression) ||
           (predicate.operand == OperandKind::kColumn && is_key(predicate.other, predicate.other_expression));
  });
  const bool joined = std::ranges::any_of(shape.joins, [&](const Join& join) {
    return (on_table(join.left) && expression.empty() && join.left_column == key.column) ||
           (on_table(join.right) && expression.empty() && join.right_column == key.column);
  });
  const bool ordered = std::ranges::any_of(shape.blocks, [&](const QueryBlock& block) {
    return (!block.order.empty() && is_key(block.order.front().use, block.order.front().expression)) ||
           (!block.group.empty() && is_key(block.group.front().use, block.group.front().expression));
  });
  return compared || joined || ordered;
}

double drift(const Workload& before, const Workload& after, const std::vector<std::string>& tables,
             const VerifyOptions& options) {
  std::vector<double> ratios;
  for (const auto& [key, pattern] : before.patterns) {
    const Pattern* later = after.find(key);
    if (later == nullptr || pattern.shape == nullptr || pattern.shape->relations.empty()) continue;
    if (std::min(pattern.durations.count(), later->durations.count()) < options.min_calls) continue;
    const bool touched = std::ranges::any_of(tables, [&shape = *pattern.shape](const std::string& table) {
      return reads_or_writes(shape, {}, table);
    });
    const auto old_median = static_cast<double>(pattern.durations.quantile(0.5));
    const auto new_median = static_cast<double>(later->durations.quantile(0.5));
    if (!touched && old_median > 0 && new_median > 0) ratios.push_back(new_median / old_median);
  }
  constexpr size_t kEnough = 3;
  if (ratios.size() < kEnough) return 1;
  const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  // Less than this is noise, and a histogram's own inexactness.
  constexpr double kNoise = 1.15;
  return *middle > kNoise || *middle < 1 / kNoise ? *middle : 1;
}

IndexVerification verify_index(const IndexDefinition& index, const Decision& decision, const Workload& before,
                               const Workload& after, double drift, const VerifyOptions& options) {
  IndexVerification verification;
  const auto known = [&](const auto& entry) {
    return recorded(decision, entry.first) && after.find(entry.first) != nullptr;
  };
  const bool by_record = std::ranges::any_of(before.patterns, known);
  Tally served, beside;
  for (const auto& [key, pattern] : before.patterns) {
    const Pattern* later = after.find(key);
    if (later == nullptr || pattern.shape == nullptr ||
        !reads_or_writes(*pattern.shape, index.schema, index.table))
      continue;
    const StatementChange change = compare(pattern, *later, drift, options);
    const bool its_own = by_record ? recorded(decision, key)
                                   : !is_write(pattern.shape->kind) && could_use(index, *pattern.shape);
    (its_own ? served : beside).add(change);
    if (its_own) {
      verification.served.push_back(change);
    } else if (change.verdict == StatementChange::Verdict::kFaster ||
               change.verdict == StatementChange::Verdict::kSlower) {
      verification.beside.push_back(change);
    }
  }
  if (decision.drop) {
    judge_dropped_index(served, beside, options, verification);
  } else {
    judge_new_index(served, beside, options, verification);
  }
  for (auto* list : {&verification.served, &verification.beside})
    std::ranges::stable_sort(*list, [](const StatementChange& a, const StatementChange& b) {
      return std::abs(a.saved_ms) > std::abs(b.saved_ms);
    });
  return verification;
}

}  // namespace pgsieve
