#include "analyzer/workload/serialize.h"

#include "analyzer/sql/scan.h"
#include "analyzer/workload/archive.h"

namespace pgsieve {

namespace {

template <typename Archive, typename... Values>
void each(Archive& archive, Values&... values) {
  (archive(values), ...);
}

// An enumerator beyond the last is damage.
template <typename Archive, typename Enumeration>
void check(Archive& archive, Enumeration value, Enumeration last) {
  if constexpr (Archive::kReading) {
    if (value > last) archive.fail();
  }
}

}  // namespace

// One description per type, in the order the bytes have. A new member goes at the end of its type and raises
// kWorkloadFormat.

template <typename Archive>
void fields(Archive& archive, PatternKey& value) {
  each(archive, value.fingerprint, value.arity, value.approximate);
  check(archive, value.arity, Arity::kRows);
}

template <typename Archive>
void fields(Archive& archive, FacetCounts::Value& value) {
  each(archive, value.hash, value.text, value.count);
}

template <typename Archive>
void fields(Archive& archive, FacetCounts& value) {
  std::vector<FacetCounts::Value> values = value.values();
  uint64_t total = value.total();
  bool dropped = !value.complete();
  each(archive, values, total, dropped);
  if constexpr (Archive::kReading) value = FacetCounts::restore(std::move(values), total, dropped);
}

template <typename Archive>
void fields(Archive& archive, Histogram& value) {
  std::vector<std::pair<uint32_t, uint64_t>> buckets = value.buckets();
  int64_t sum = value.sum();
  int64_t min = value.min();
  int64_t max = value.max();
  each(archive, buckets, sum, min, max);
  if constexpr (Archive::kReading) value = Histogram::restore(std::move(buckets), sum, min, max);
}

template <typename Archive>
void fields(Archive& archive, ExecutionSample& value) {
  each(archive, value.duration, value.time, value.text, value.parameters);
}

template <typename Archive>
void fields(Archive& archive, SampleReservoir::Entry& value) {
  each(archive, value.hash, value.sample);
}

template <typename Archive>
void fields(Archive& archive, SampleReservoir& value) {
  std::vector<SampleReservoir::Entry> entries = value.entries();
  archive(entries);
  if constexpr (Archive::kReading) value = SampleReservoir::restore(std::move(entries));
}

template <typename Archive>
void fields(Archive& archive, PlanFact& value) {
  each(archive, value.access, value.relation, value.index, value.filter, value.condition, value.sort_key,
       value.executions, value.loops, value.rows, value.rows_removed, value.max_rows, value.max_rows_removed,
       value.disk_sorts);
  check(archive, value.access, PlanFact::Access::kOther);
}

template <typename Archive>
void fields(Archive& archive, TransactionPause& value) {
  each(archive, value.gap, value.time, value.next, value.statements_before, value.writes_before,
       value.tables_written);
}

template <typename Archive>
void fields(Archive& archive, Pattern& value) {
  each(archive, value.key, value.query, value.reference_text, value.reference_time, value.parse_error,
       value.calls, value.errors, value.sqlstates, value.durations, value.prepare_total, value.timed_calls,
       value.rows_calls, value.rows_total, value.rows_max, value.bytes_total, value.fetches, value.prepares,
       value.max_list_elements, value.list_calls, value.list_elements, value.offsets, value.limits,
       value.first, value.last, value.databases, value.users, value.applications, value.tags, value.slowest,
       value.plans, value.planned_calls, value.transaction_gaps, value.longest_pause, value.samples,
       value.window_starts);
}

template <typename Archive>
void fields(Archive& archive, TableFact& value) {
  each(archive, value.max_scanned_rows, value.seq_scans, value.reads, value.writes);
}

template <typename Archive>
void fields(Archive& archive, Dropped& value) {
  each(archive, value.patterns, value.loops, value.scopes, value.scope_statements);
}

template <typename Archive>
void fields(Archive& archive, LoopExample& value) {
  each(archive, value.scope, value.time, value.count, value.parent_executions, value.distinct_values,
       value.distinct_tuples, value.longest_run, value.cycle_statements, value.sessions, value.beside_parent,
       value.transactions, value.errors, value.rollbacks, value.commits, value.unit_changes,
       value.unit_mismatches, value.statements_per_unit, value.setting_changes, value.ascending,
       value.descending, value.arithmetic, value.fed_by_previous, value.fed_by_own_rows, value.own_column,
       value.written_after, value.empty_results, value.row_results, value.varying_slots, value.varying_slot,
       value.varying_roles, value.constant_roles, value.parent_limit, value.parent_keys, value.parent_rows,
       value.matched_values, value.matched_in_order, value.matched_column, value.root, value.via,
       value.child_time, value.span, value.parent_gap, value.median_gap, value.median_turn_gap, value.max_gap,
       value.other_median_gap, value.cycle, value.sample_slots, value.sample, value.source, value.one_unit,
       value.turn_gap_spread, value.low_turn_gap, value.longest_gap, value.session_gaps, value.longer_gaps,
       value.parent_cells, value.awaited, value.pipelined, value.unbegun, value.least_idle, value.most_idle,
       value.closest_idle, value.lone_turns, value.rivals, value.rival_of_same_limit, value.opener,
       value.opened_turns, value.reopened_turns);
  check(archive, value.scope, ScopeKind::kFanOut);
}

template <typename Archive>
void fields(Archive& archive, RepeatExample& value) {
  each(archive, value.count, value.executions, value.distinct_tuples, value.unit_changes, value.rollbacks,
       value.errors, value.time, value.span, value.median_gap, value.session_median_gap, value.max_interval,
       value.repeated_time, value.source, value.same_pause, value.inner_gap, value.held,
       value.transaction_changes, value.other_values, value.same_chain, value.longest_gap, value.session_gaps,
       value.longer_gaps, value.pauses, value.session_pauses);
}

template <typename Archive>
void fields(Archive& archive, LoopKey& value) {
  each(archive, value.child, value.parent);
}

template <typename Archive>
void fields(Archive& archive, LoopExamples& value) {
  std::vector<LoopExample> examples;
  if constexpr (!Archive::kReading) examples = value.unpacked();
  archive(examples);
  if constexpr (Archive::kReading) value = LoopExamples(examples);
}

template <typename Archive>
void fields(Archive& archive, Loop& value) {
  each(archive, value.key, value.scopes, value.executions, value.per_scope, value.child_time, value.gap_time,
       value.scaling_n, value.scaling_x, value.scaling_y, value.scaling_xy, value.scaling_xx,
       value.scaling_yy, value.sources, value.databases, value.applications, value.examples);
}

template <typename Archive>
void fields(Archive& archive, LatentPair& value) {
  each(archive, value.scopes);
}

template <typename Archive>
void fields(Archive& archive, Repeat& value) {
  each(archive, value.pattern, value.windows, value.repetitions, value.executions, value.per_tuple,
       value.repeated_time, value.sources, value.examples);
}

template <typename Archive>
void fields(Archive& archive, UnitCounts& value) {
  each(archive, value.statements, value.rows, value.time, value.patterns);
}

template <typename Archive>
void fields(Archive& archive, UnitFacts& value) {
  each(archive, value.runs, value.total, value.worst, value.patterns, value.patterns_dropped);
}

namespace {

template <typename Archive>
void summary_fields(Archive& archive, Workload& value) {
  each(archive, value.latent_pairs, value.repeats, value.tables, value.dropped, value.executions,
       value.errors, value.client_timed, value.unparsed_statements, value.sessions, value.first, value.last,
       value.open_scopes, value.units, value.marked, value.windows);
}

constexpr char kZero = '\0', kOnes = '\xFF';

// Every piece of bytes starts with the format's version.
template <typename T>
std::string to_bytes(const T& value) {
  Writer writer;
  writer(kWorkloadFormat);
  writer(value);
  return std::move(writer.bytes);
}

Error damaged(std::string_view what) {
  Error error;
  error.message = "the stored " + std::string(what) + " is damaged or was written by another version";
  error.hint = "Ingest the capture again into a new store";
  return error;
}

bool read_version(Reader& reader) {
  uint32_t version = 0;
  reader(version);
  if (version != kWorkloadFormat) reader.fail();
  return !reader.failed();
}

void draw_again(Pattern& pattern) {
  pattern.shape = std::make_shared<const StatementShape>(draw_shape(pattern.reference_text));
}

}  // namespace

std::string serialize(const Pattern& pattern) {
  return to_bytes(pattern);
}
std::string serialize(const Loop& loop) {
  return to_bytes(loop);
}

// Zeros stand in rows, for most counters are zero, and an unknown time is a row of 0xFF: of either byte, a
// row of up to 255 is the byte and a count.
std::string pack_example(const LoopExample& example) {
  Writer writer;
  writer(example);
  const std::string& bytes = writer.bytes;
  std::string packed;
  for (size_t at = 0; at < bytes.size();) {
    const char byte = bytes[at];
    packed += byte;
    ++at;
    if (byte != kZero && byte != kOnes) continue;
    size_t row = 1;
    for (; row < 255 && at < bytes.size() && bytes[at] == byte; ++at) ++row;
    packed += static_cast<char>(row);
  }
  return packed;
}
LoopExample unpack_example(std::string_view packed) {
  std::string bytes;
  bytes.reserve(2 * packed.size());
  for (size_t at = 0; at < packed.size();) {
    size_t plain = at;
    while (plain < packed.size() && packed[plain] != kZero && packed[plain] != kOnes) ++plain;
    bytes.append(packed, at, plain - at);
    if (plain == packed.size()) break;
    bytes.append(plain + 1 < packed.size() ? static_cast<unsigned char>(packed[plain + 1]) : 1,
                 packed[plain]);
    at = plain + 2;
  }
  Reader reader(bytes);
  LoopExample example;
  reader(example);
  return example;
}

Result<Pattern> deserialize_pattern(std::string_view bytes) {
  Reader reader(bytes);
  Pattern pattern;
  if (read_version(reader)) reader(pattern);
  if (reader.failed() || !reader.at_end()) return damaged("pattern");
  draw_again(pattern);
  return pattern;
}

Result<Loop> deserialize_loop(std::string_view bytes) {
  Reader reader(bytes);
  Loop loop;
  if (read_version(reader)) reader(loop);
  if (reader.failed() || !reader.at_end()) return damaged("loop");
  return loop;
}

std::string serialize_summary(const Workload& workload) {
  Writer writer;
  writer(kWorkloadFormat);
  summary_fields(writer, const_cast<Workload&>(workload));  // see Writer::operator()
  return std::move(writer.bytes);
}

Status deserialize_summary(std::string_view bytes, Workload& workload) {
  Reader reader(bytes);
  if (read_version(reader)) summary_fields(reader, workload);
  if (reader.failed() || !reader.at_end()) return damaged("summary");
  return {};
}

std::string serialize(const Workload& workload) {
  Writer writer;
  writer(kWorkloadFormat);
  auto& facts = const_cast<Workload&>(workload);  // see Writer::operator()
  each(writer, facts.patterns, facts.loops);
  summary_fields(writer, facts);
  return std::move(writer.bytes);
}

Result<Workload> deserialize_workload(std::string_view bytes) {
  Reader reader(bytes);
  Workload workload;
  if (read_version(reader)) {
    each(reader, workload.patterns, workload.loops);
    summary_fields(reader, workload);
  }
  if (reader.failed() || !reader.at_end()) return damaged("workload");
  for (auto& [key, pattern] : workload.patterns) draw_again(pattern);
  return workload;
}

}  // namespace pgsieve
