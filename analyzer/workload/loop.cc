#include "analyzer/workload/loop.h"

#include <algorithm>
#include <tuple>

#include "analyzer/workload/serialize.h"

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
    return std::tie(example.held, example.count, example.executions, example.distinct_tuples, example.span,
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

ExampleRank rank_of(const LoopExample& example) {
  return {example.count, example.distinct_tuples, example.matched_values, ranked_span(example.span)};
}

void cut_sample(LoopExample& example, size_t turns) {
  const std::string_view kept = first_turns(example.sample, turns);
  if (kept.size() < example.sample.size()) example.sample = CompactText(kept);
}

}  // namespace

LoopExamples::LoopExamples(const std::vector<LoopExample>& examples) {
  packed_.reserve(examples.size());
  for (const LoopExample& example : examples) packed_.push_back(pack(example));
}

LoopExamples::Packed LoopExamples::pack(const LoopExample& example) {
  return {rank_of(example), CompactText(pack_example(example))};
}

LoopExample LoopExamples::at(size_t place) const {
  return unpack_example(packed_[place].bytes);
}

std::vector<LoopExample> LoopExamples::unpacked() const {
  std::vector<LoopExample> examples;
  examples.reserve(packed_.size());
  for (size_t place = 0; place < packed_.size(); ++place) examples.push_back(at(place));
  return examples;
}

// Most often the rank decides, and nothing is unpacked.
bool LoopExamples::goes_after(const Packed& packed, const LoopExample& example) const {
  if (const auto order = packed.rank <=> rank_of(example); order != 0) return order < 0;
  return better_example(example, unpack_example(packed.bytes));
}

void LoopExamples::add(LoopExample example, size_t limit, size_t further_turns) {
  size_t place = packed_.size();
  while (place > 0 && goes_after(packed_[place - 1], example)) --place;
  if (place >= limit) return;
  if (place > 0) {
    cut_sample(example, further_turns);
  } else if (!packed_.empty()) {
    LoopExample second = front();
    cut_sample(second, further_turns);
    packed_.front() = pack(second);
  }
  if (packed_.size() == limit) packed_.pop_back();
  packed_.reserve(packed_.size() + 1);
  packed_.insert(packed_.begin() + static_cast<std::ptrdiff_t>(place), pack(example));
}

void Loop::add_example(LoopExample example) {
  examples.add(std::move(example), kMaxExamples, kFurtherTurns);
}

void Loop::merge(const Loop& other) {
  scopes += other.scopes;
  executions += other.executions;
  per_scope.merge(other.per_scope);
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
  for (LoopExample& example : other.examples.unpacked()) add_example(std::move(example));
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
