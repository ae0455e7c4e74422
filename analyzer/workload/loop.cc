#include "analyzer/workload/loop.h"

#include <algorithm>
#include <tuple>

namespace pgsieve {

std::string_view scope_kind_name(ScopeKind kind) {
  constexpr std::string_view kNames[] = {"trace", "transaction", "session", "connections"};
  return kNames[static_cast<size_t>(kind)];
}

std::vector<std::string> LoopExample::sample_values(uint32_t slot) const {
  std::vector<std::string> values;
  const auto at = std::find(sample_slots.begin(), sample_slots.end(), slot) - sample_slots.begin();
  for (const SampleTurn& turn : sample_turns()) {
    const auto index = static_cast<size_t>(at);
    if (index < turn.size() && turn[index].known) values.push_back(turn[index].text);
  }
  return values;
}

bool better_example(const LoopExample& left, const LoopExample& right) {
  const auto rank = [](const LoopExample& example) {
    return std::tie(example.count, example.distinct_tuples, example.matched_values, example.span,
                    example.child_time, example.time, example.median_gap, example.sample, example.source,
                    example.cycle);
  };
  if (rank(left) != rank(right)) return rank(right) < rank(left);
  return right < left;  // equal in all of that: whatever else differs, so that the order is total
}

bool better_example(const RepeatExample& left, const RepeatExample& right) {
  const auto rank = [](const RepeatExample& example) {
    return std::tie(example.count, example.executions, example.distinct_tuples, example.span,
                    example.repeated_time, example.time, example.median_gap, example.source);
  };
  if (rank(left) != rank(right)) return rank(right) < rank(left);
  return right < left;
}

namespace {

// Keeps the `limit` examples that come first in the total order: a top-k, so merging is commutative and
// associative.
template <typename Example>
void keep_best(std::vector<Example>& examples, Example example, size_t limit) {
  const auto at =
      std::upper_bound(examples.begin(), examples.end(), example,
                       [](const Example& left, const Example& right) { return better_example(left, right); });
  if (static_cast<size_t>(at - examples.begin()) >= limit) return;
  const std::ptrdiff_t place = at - examples.begin();
  if (examples.size() == limit) examples.pop_back();
  examples.reserve(examples.size() + 1);  // most facts have one or two: room for more would double their size
  examples.insert(examples.begin() + place, std::move(example));
}

}  // namespace

void Loop::add_example(LoopExample example) {
  keep_best(examples, std::move(example), kMaxExamples);
  for (size_t i = 1; i < examples.size(); ++i) {
    CompactText& sample = examples[i].sample;
    const std::string_view kept = first_turns(sample, kFurtherTurns);
    if (kept.size() < sample.size()) sample = CompactText(kept);
  }
}

void Loop::merge(const Loop& other) {
  scopes += other.scopes;
  executions += other.executions;
  per_scope.merge(other.per_scope);
  per_parent.merge(other.per_parent);
  child_time += other.child_time;
  gap_time += other.gap_time;
  scaling_n += other.scaling_n;
  scaling_x += other.scaling_x;
  scaling_y += other.scaling_y;
  scaling_xy += other.scaling_xy;
  scaling_xx += other.scaling_xx;
  scaling_yy += other.scaling_yy;
  sources.merge(other.sources);
  databases.merge(other.databases);
  applications.merge(other.applications);
  for (const LoopExample& example : other.examples) add_example(example);
}

void Repeat::add_example(RepeatExample example) {
  keep_best(examples, std::move(example), kMaxExamples);
}

void Repeat::merge(const Repeat& other) {
  windows += other.windows;
  repetitions += other.repetitions;
  executions += other.executions;
  per_tuple.merge(other.per_tuple);
  repeated_time += other.repeated_time;
  sources.merge(other.sources);
  for (const RepeatExample& example : other.examples) add_example(example);
}

}  // namespace pgsieve
