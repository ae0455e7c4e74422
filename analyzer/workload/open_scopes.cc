#include "analyzer/workload/open_scopes.h"

#include <algorithm>

#include "analyzer/workload/scope_archive.h"

namespace pgsieve {

namespace {
constexpr uint32_t kScopesFormat = 12;
}  // namespace

// One description per type, in the order the bytes have. A change raises kScopesFormat.

template <typename Archive>
void fields(Archive& archive, GapSummary& value) {
  archive(value.first_, value.count_);
  archive.times(value.max_, value.sum_);
}

template <typename Archive>
void fields(Archive& archive, RequestTotals& value) {
  archive(value.statements, value.awaited, value.ahead, value.unbegun);
  archive.times(value.busy);
}

template <typename Archive>
void fields(Archive& archive, ParentExecution& value) {
  archive.execution_id(value.id);
  archive.execution_id(value.root_id);
  archive(value.root, value.info, value.pattern, value.limit, value.rows, value.keys, value.session,
          value.trace, value.unit, value.transaction, value.result, value.cells, value.openings);
  archive.times(value.end);
  if constexpr (Archive::kReading) {
    archive.check((value.id == 0) == (value.info == nullptr));
    archive.check(value.id == 0 || (value.pattern != nullptr && value.root != nullptr));
    if (value.info != nullptr && value.pattern != nullptr)
      value.pattern_ordinal = value.info->ordinal_of(value.pattern->key);
  }
}

template <typename Archive>
void parent_fields(Archive& archive, std::shared_ptr<const ParentExecution>& value) {
  ParentExecution execution;
  if (value != nullptr) execution = *value;
  archive(execution);
  if constexpr (Archive::kReading)
    value = execution.id == 0 ? nullptr : std::make_shared<const ParentExecution>(std::move(execution));
}

template <typename Archive>
void fields(Archive& archive, LoopRun::FirstValue& value) {
  archive(value.ordinal, value.role, value.hash, value.number, value.unknown);
  archive.check(value.role <= SlotRole::kOtherPredicate);
}

template <typename Archive>
void fields(Archive& archive, LoopRun::Slot& value) {
  archive(value.varies, value.distinct, value.beyond);
}

template <typename Archive>
void fields(Archive& archive, LoopRun::OwnCell& value) {
  archive(value.column, value.value);
}

template <typename Archive>
void followed_fields(Archive& archive, LoopRun& value) {
  bool followed = value.followed_ != nullptr;
  archive(followed);
  if (!followed) return;
  LoopRun::Followed& more = value.follow();
  archive(more.slots, more.tuples, more.sessions, more.last_session, more.tuples_beyond, more.last_number,
          more.last_step, more.stepping_slot, more.stepping, more.cycle_regular, more.ascending,
          more.descending, more.arithmetic, more.own_columns, more.fed_by_own_rows, more.own_column, more.run,
          more.longest_run, more.cycle_statements, more.cycle, more.errors, more.rollbacks, more.commits,
          more.unit_changes, more.setting_changes, more.gaps, more.turn_gaps, more.last_requests,
          more.awaited, more.pipelined, more.unbegun, more.tick_requests);
  archive.times(more.tick, more.closest_idle, more.clock);
  if constexpr (Archive::kReading) {
    archive.check(more.slots.size() == value.first_.size());
    archive.check(!more.stepping || more.stepping_slot < more.slots.size());
  }
}

template <typename Archive>
void fields(Archive& archive, ValueVotes::Vote& value) {
  archive(value.slot, value.column, value.in_order, value.last, value.values, value.name);
  archive.check(value.values.size() <= ValueVotes::kMaxValues);
}

template <typename Archive>
void fields(Archive& archive, ValueVotes& value) {
  archive(value.votes_);
  archive.check(value.votes_.size() <= ValueVotes::kMaxVotes);
}

// The places that are taken, each with its number, so that the table goes on exactly as it was.
template <typename Archive>
void cell_fields(Archive& archive, ValueTable& value) {
  uint64_t size = value.cells_.size();
  uint64_t taken = 0;
  for (const ValueTable::Cell& cell : value.cells_) taken += cell.execution != 0 ? 1 : 0;
  archive(size, taken);
  archive.check(size <= ValueTable::kCells && taken <= size && size % ValueTable::kFirstCells == 0);
  if constexpr (Archive::kReading) {
    if (archive.failed()) return;
    value.cells_.resize(size);
  }
  uint64_t place = 0;
  for (; taken > 0; --taken, ++place) {
    if constexpr (!Archive::kReading) {
      while (value.cells_[place].execution == 0) ++place;
    }
    archive(place);
    archive.check(place < size);
    if constexpr (Archive::kReading) {
      if (archive.failed()) return;
    }
    ValueTable::Cell& cell = value.cells_[place];
    uint32_t execution = cell.execution, statement = cell.statement, row = cell.row, column = cell.column;
    archive(cell.hash, execution, statement, row, column);
    archive.check(execution != 0 && execution <= ValueTable::kMaxExecution && row <= ValueTable::kMaxRow &&
                  column <= ValueTable::kMaxColumn && statement < value.results_.size());
    cell.execution = execution & ValueTable::kMaxExecution;
    cell.statement = static_cast<uint8_t>(statement);
    cell.row = row & ValueTable::kMaxRow;
    cell.column = column & ValueTable::kMaxColumn;
  }
}

template <typename Archive>
void fields(Archive& archive, ValueTable& value) {
  uint64_t size = value.results_.size();
  archive(value.executions_, size);
  archive.check(size <= ValueTable::kMaxPatterns && value.executions_ <= ValueTable::kMaxExecution);
  if constexpr (Archive::kReading) {
    if (archive.failed()) return;
    value.results_.resize(size);
  }
  for (ValueTable::ResultNames& result : value.results_) {
    archive(result.key, result.columns);
    if constexpr (Archive::kReading) result.pattern = archive.ordinal(result.key);
  }
  cell_fields(archive, value);
}

template <typename Archive>
void fields(Archive& archive, LoopRun& value) {
  std::string sample;
  if (archive.keep_values()) sample = value.sample_.packed();
  LoopRun::Aside aside = value.aside();
  archive(value.info_, value.pattern_);
  parent_fields(archive, value.parent_);
  archive(value.via_, value.first_session_, aside.database, aside.application, aside.statements_per_unit,
          value.count_, value.first_, value.first_tuple_, value.first_tuple_known_,
          value.other_trace_session_, value.fed_by_previous_, value.written_after_, value.empty_results_,
          value.row_results_, value.last_position_, value.last_counters_.errors,
          value.last_counters_.rollbacks, value.last_counters_.commits, value.last_counters_.setting_changes,
          value.unit_mismatches_, value.parent_executions_, value.turns_of_parent_, value.lone_turns_,
          value.beside_parent_, value.transactions_, value.last_transaction_, value.outside_transactions_,
          value.one_unit_, value.last_unit_, aside.session_gaps, aside.longer_gaps, aside.own_cells,
          aside.votes, aside.rivals, aside.rival_of_same_limit, aside.opener, value.last_openings_,
          value.opened_turns_, value.last_repeated_openings_, value.reopened_turns_, sample, value.source_);
  archive.execution_id(value.last_parent_id_);
  archive(value.first_requests_);
  archive.times(value.first_start_, value.first_end_, value.last_end_, value.child_time_, value.parent_gap_,
                aside.session_median_gap);
  if constexpr (Archive::kReading) {
    archive.check(value.info_ != nullptr && value.pattern_ != nullptr);
    value.sample_ = LoopSample(sample);
    value.set_aside() = std::move(aside);
  }
  followed_fields(archive, value);
}

template <typename Archive>
void fields(Archive& archive, SeenTuple& value) {
  archive(value.hash, value.count, value.write_sequence, value.last_unit, value.last_position,
          value.last_rollbacks, value.last_errors, value.last_transaction, value.last_unit_changes);
  archive.times(value.first, value.last);
  bool repeated = value.repeated != nullptr;
  archive(repeated);
  if (!repeated) return;
  if constexpr (Archive::kReading) value.repeated = std::make_unique<SeenTuple::Repeated>();
  SeenTuple::Repeated& more = *value.repeated;
  archive(more.unit_changes, more.rollbacks, more.errors, more.gaps, more.inner_gaps, more.after_pause,
          more.same_pause, more.held, more.most_held, more.transaction_changes, more.other_values,
          more.chain.statements, more.chain.values, more.same_chain);
  archive.times(more.max_interval, more.time);
}

template <typename Archive>
void fields(Archive& archive, Group& value) {
  archive(value.pattern, value.info, value.last_position, value.executions, value.other_tuples, value.run,
          value.judged.epoch, value.judged.weight, value.judged.stands, value.many_rows, value.last_value,
          value.tuples, value.last_tuple, value.source);
  archive.execution_id(value.judged.parent);
  if (value.many_rows) parent_fields(archive, value.execution);
  if constexpr (Archive::kReading) {
    archive.check(value.pattern != nullptr && value.info != nullptr);
    archive.check(!value.many_rows || value.execution != nullptr);
    archive.check(!value.judged.stands || value.run != nullptr);
    if (value.info != nullptr && value.pattern != nullptr)
      value.ordinal = value.info->ordinal_of(value.pattern->key);
  }
}

template <typename Archive>
void fields(Archive& archive, AskedValue& value) {
  archive(value.position, value.hash);
}

template <typename Archive>
void fields(Archive& archive, GapPlace& value) {
  archive(value.position);
  archive.times(value.gap);
}

template <typename Archive>
void fields(Archive& archive, Opening& value) {
  archive(value.second, value.values, value.latest_values, value.after_pause, value.just_ran, value.repeated);
  archive.times(value.longest);
}

template <typename Archive>
void fields(Archive& archive, Session& value) {
  archive(value.id, value.application, value.database, value.application_name, value.whole_seconds,
          value.groups, value.in_transaction, value.last_transaction_id, value.transaction_ordinal,
          value.transaction_statements, value.transaction_writes, value.transaction_tables,
          value.last_pattern, value.position, value.reset_position, value.errors, value.rollbacks,
          value.commits, value.unit_changes, value.setting_changes, value.last_unit, value.unit_statements,
          value.units, value.recent_units, value.parent_epoch, value.write_sequence, value.table_writes,
          value.asked, value.recent_gaps, value.recent, value.recent_tuples, value.gap_bits,
          value.latest_gaps, value.cursors, value.values, value.transaction_begun, value.requests,
          value.opener, value.openings, value.opening);
  archive.times(value.last_end, value.gap_since_counted);
  for (const Microseconds gap : value.recent_gaps) archive.check_time(gap);
  archive.check(value.recent.size() == value.recent_gaps.size() &&
                value.recent.size() == value.recent_tuples.size());
}

template <typename Archive>
void fields(Archive& archive, RingEntry& value) {
  parent_fields(archive, value.execution);
  archive(value.runs);
  if constexpr (Archive::kReading) {
    archive.check(value.execution != nullptr);
    for (const std::shared_ptr<LoopRun>& run : value.runs) archive.check(run != nullptr);
  }
}

template <typename Archive>
void fields(Archive& archive, Application& value) {
  archive(value.ring);
}

template <typename Archive>
void fields(Archive& archive, OpenState& value) {
  archive.execution_id(value.next_execution);
  archive(value.sessions, value.applications);
}

// Statements before runs before sessions, since each refers to those before it. They are written the other
// way round, to know what is referred to.
std::string write_scopes(const OpenState& state, bool keep_values) {
  WrittenReferences references;
  ScopeWriter sessions(references, keep_values);
  sessions(const_cast<OpenState&>(state));  // the descriptions are shared with the reader; see Writer
  ScopeWriter runs(references, keep_values);
  uint64_t count = references.runs.size();
  runs(count);
  for (size_t i = 0; i < references.runs.size(); ++i) fields(runs, *references.runs[i]);
  ScopeWriter statements(references, keep_values);
  uint32_t version = kScopesFormat;
  statements(version, references.statements);
  return statements.bytes() + runs.bytes() + sessions.bytes();
}

std::optional<OpenState> read_scopes(std::string_view part, uint64_t used_executions,
                                     const ScopeReferences& references) {
  ScopeReader reader(part, used_executions, references);
  uint32_t version = 0;
  reader(version);
  if (reader.failed() || version != kScopesFormat) return std::nullopt;
  OpenState state;
  reader.read_statements();
  reader.read_runs();
  reader(state);
  if (reader.failed() || !reader.at_end()) return std::nullopt;
  return state;
}

std::string join_scopes(std::vector<std::string> parts) {
  if (parts.empty()) return {};
  std::sort(parts.begin(), parts.end());
  Writer writer;
  writer(parts);
  return std::move(writer.bytes);
}

std::vector<std::string> split_scopes(std::string_view bytes) {
  std::vector<std::string> parts;
  if (bytes.empty()) return parts;
  Reader reader(bytes);
  reader(parts);
  if (reader.failed() || !reader.at_end()) parts = {std::string(bytes)};
  return parts;
}

}  // namespace pgsieve
