#include "analyzer/workload/serialize.h"

#include <gtest/gtest.h>

#include "tests/workload/stream.h"

namespace pgsieve {
namespace {

using testing::facts_of;
using testing::random_stream;

// Numbers no two of which are alike, so that two members that change places show.
class Distinct {
 public:
  template <typename... Numbers>
  void operator()(Numbers&... numbers) {
    ((numbers = static_cast<Numbers>(++last_)), ...);
  }
  std::string text() { return "text " + std::to_string(++last_); }
  PatternKey key() { return {static_cast<uint64_t>(++last_), Arity::kMany, true}; }
  FacetCounts facet() {
    FacetCounts facet;
    facet.add(text(), static_cast<uint64_t>(++last_));
    return facet;
  }
  Histogram histogram() {
    Histogram histogram;
    histogram.add(++last_, 3);
    histogram.add(++last_ * 1000);
    return histogram;
  }

 private:
  int last_ = 0;
};

Pattern full_pattern() {
  Distinct next;
  Pattern value;
  value.key = next.key();
  value.query = next.text();
  value.reference_text = "SELECT a FROM t WHERE b = 1";
  value.parse_error = next.text();
  next(value.reference_time, value.calls, value.errors, value.prepare_total, value.timed_calls,
       value.rows_calls, value.rows_total, value.rows_max, value.bytes_total, value.fetches, value.prepares,
       value.max_list_elements, value.list_calls, value.list_elements, value.first, value.last,
       value.planned_calls);
  for (FacetCounts* facet : {&value.sqlstates, &value.databases, &value.users, &value.applications})
    *facet = next.facet();
  for (Histogram* histogram : {&value.durations, &value.offsets, &value.limits, &value.transaction_gaps})
    *histogram = next.histogram();
  value.tags[next.text()] = next.facet();
  value.tags[next.text()] = next.facet();
  value.slowest.text = next.text();
  value.slowest.parameters = next.text();
  next(value.slowest.duration, value.slowest.time);
  value.samples.add(7, {.duration = 11, .time = 12, .text = next.text(), .parameters = next.text()});
  value.samples.add(9, {.duration = 13, .time = 14, .text = next.text(), .parameters = {}});
  PlanFact plan;
  plan.access = PlanFact::Access::kBitmapScan;
  for (std::string* text : {&plan.relation, &plan.index, &plan.filter, &plan.condition, &plan.sort_key})
    *text = next.text();
  next(plan.executions, plan.loops, plan.rows, plan.rows_removed, plan.max_rows, plan.max_rows_removed,
       plan.disk_sorts);
  value.plans.push_back(plan);
  value.longest_pause.next = next.key();
  value.longest_pause.tables_written = next.text();
  next(value.longest_pause.gap, value.longest_pause.time, value.longest_pause.statements_before,
       value.longest_pause.writes_before);
  return value;
}

LoopExample full_example() {
  Distinct next;
  LoopExample value;
  value.scope = ScopeKind::kFanOut;
  next(value.time, value.count, value.parent_executions, value.distinct_values, value.distinct_tuples,
       value.longest_run, value.cycle_statements, value.sessions, value.beside_parent, value.transactions,
       value.errors, value.rollbacks, value.commits, value.unit_changes, value.unit_mismatches,
       value.statements_per_unit, value.setting_changes, value.ascending, value.descending, value.arithmetic,
       value.fed_by_previous, value.written_after, value.empty_results, value.row_results,
       value.varying_slots, value.varying_slot, value.varying_roles, value.constant_roles, value.parent_limit,
       value.parent_rows, value.matched_values, value.matched_in_order, value.child_time, value.span,
       value.parent_gap, value.median_gap, value.median_turn_gap, value.max_gap, value.other_median_gap,
       value.turn_gap_spread, value.low_turn_gap, value.longest_gap, value.session_gaps, value.longer_gaps,
       value.parent_cells, value.awaited, value.pipelined, value.unbegun, value.least_idle, value.most_idle,
       value.closest_idle, value.lone_turns);
  value.one_unit = true;
  value.matched_column = next.text();
  value.root = next.key();
  value.via = next.key();
  value.cycle = {next.key(), next.key()};
  value.sample_slots = {3, 5};
  value.sample = pack_turns({{{true, next.text()}, {false, ""}}, {{true, next.text()}, {true, next.text()}}});
  value.source = next.text();
  return value;
}

Loop full_loop() {
  Distinct next;
  Loop value;
  value.key = {next.key(), next.key()};
  next(value.scopes, value.executions, value.child_time, value.gap_time, value.scaling_n, value.scaling_x,
       value.scaling_y, value.scaling_xy, value.scaling_xx, value.scaling_yy);
  value.per_scope = next.histogram();
  for (FacetCounts* facet : {&value.sources, &value.databases, &value.applications}) *facet = next.facet();
  value.examples = LoopExamples({full_example(), LoopExample()});
  return value;
}

Repeat full_repeat() {
  Distinct next;
  Repeat value;
  value.pattern = next.key();
  next(value.windows, value.repetitions, value.executions, value.repeated_time);
  value.per_tuple = next.histogram();
  value.sources = next.facet();
  RepeatExample example;
  next(example.count, example.executions, example.distinct_tuples, example.unit_changes, example.rollbacks,
       example.errors, example.same_pause, example.inner_gap, example.time, example.span, example.median_gap,
       example.session_median_gap, example.max_interval, example.repeated_time);
  example.source = next.text();
  value.examples.push_back(example);
  return value;
}

Workload full_workload() {
  Distinct next;
  Workload value;
  const Pattern pattern = full_pattern();
  value.patterns[pattern.key] = pattern;
  const Loop loop = full_loop();
  value.loops[loop.key] = loop;
  next(value.latent_pairs[loop.key].scopes);
  const Repeat repeat = full_repeat();
  value.repeats[repeat.pattern] = repeat;
  TableFact& table = value.tables[next.text()];
  next(table.max_scanned_rows, table.seq_scans, table.reads, table.writes);
  next(value.dropped.patterns, value.dropped.loops, value.dropped.scopes, value.dropped.scope_statements);
  next(value.executions, value.errors, value.client_timed, value.unparsed_statements, value.sessions, value.first, value.last);
  value.open_scopes = next.text();
  return value;
}

TEST(Serialize, APatternComesBack) {
  const Pattern pattern = full_pattern();
  const Result<Pattern> back = deserialize_pattern(serialize(pattern));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(serialize(*back), serialize(pattern));
  EXPECT_EQ(back->longest_pause.tables_written, pattern.longest_pause.tables_written);
  EXPECT_EQ(back->plans, pattern.plans);
  EXPECT_EQ(back->transaction_gaps, pattern.transaction_gaps);
  ASSERT_NE(back->shape, nullptr);
  EXPECT_EQ(back->shape->relations.at(0).name, "t");
}

TEST(Serialize, ALoopComesBack) {
  const Loop loop = full_loop();
  const Result<Loop> back = deserialize_loop(serialize(loop));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(serialize(*back), serialize(loop));
  EXPECT_TRUE(back->examples == loop.examples);
  EXPECT_TRUE(back->key == loop.key);
  EXPECT_EQ(back->applications, loop.applications);
}

TEST(Serialize, AWorkloadComesBack) {
  const Workload workload = full_workload();
  const Result<Workload> back = deserialize_workload(serialize(workload));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(serialize(*back), serialize(workload));
  EXPECT_TRUE(back->tables == workload.tables);
  EXPECT_TRUE(back->dropped == workload.dropped);
  EXPECT_EQ(back->open_scopes, workload.open_scopes);
  EXPECT_EQ(back->last, workload.last);
  Workload summary;
  ASSERT_FALSE(deserialize_summary(serialize_summary(workload), summary).has_value());
  EXPECT_EQ(serialize_summary(summary), serialize_summary(workload));
}

TEST(Serialize, RealFactsComeBack) {
  const Workload workload = facts_of(random_stream(3, 400, 1, "app"));
  const Result<Workload> back = deserialize_workload(serialize(workload));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(serialize(*back), serialize(workload));
}

TEST(Serialize, TruncatedBytesAreAnError) {
  const std::string bytes = serialize(full_workload());
  for (size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(deserialize_workload(std::string_view(bytes).substr(0, length)).ok()) << length;
  EXPECT_FALSE(deserialize_workload(bytes + "x").ok());
  EXPECT_FALSE(deserialize_pattern({}).ok());
  EXPECT_FALSE(deserialize_loop("\x01").ok());
}

// Whatever comes out of damaged bytes can be used without harm: written again, merged, named.
TEST(Serialize, DamagedBytesDoNoHarm) {
  const std::string bytes = serialize(full_workload());
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (int change = 1; change < 256; change = change * 2 + 1) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      const Result<Workload> back = deserialize_workload(damaged);
      if (!back.ok()) continue;
      EXPECT_EQ(serialize(*deserialize_workload(serialize(*back))), serialize(*back));
      for (const auto& [key, loop] : back->loops) {
        EXPECT_FALSE(arity_name(key.child.arity).empty());
        for (const LoopExample& example : loop.examples.unpacked())
          EXPECT_FALSE(scope_kind_name(example.scope).empty());
      }
    }
  }
}

TEST(Serialize, AnotherVersionIsAnError) {
  std::string bytes = serialize(full_pattern());
  bytes[0] = static_cast<char>(kWorkloadFormat + 1);
  const Result<Pattern> back = deserialize_pattern(bytes);
  ASSERT_FALSE(back.ok());
  EXPECT_NE(back.error().message.find("another version"), std::string::npos);
}

}  // namespace
}  // namespace pgsieve
