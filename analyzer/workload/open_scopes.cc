#include "analyzer/workload/open_scopes.h"

#include <algorithm>
#include <map>
#include <type_traits>
#include <unordered_map>

#include "analyzer/workload/archive.h"

namespace pgsieve {

namespace {

constexpr uint32_t kScopesFormat = 8;

struct StatementText {
  PatternKey key;
  std::string text;
};

template <typename Archive>
void fields(Archive& archive, PatternKey& value) {
  archive(value.fingerprint, value.arity, value.approximate);
  archive.check(value.arity <= Arity::kRows);
}

template <typename Archive>
void fields(Archive& archive, StatementText& value) {
  archive(value.key, value.text);
}

// An archive that knows what is shared: patterns, statements and runs are written once and referred to by key
// or number (0: none).
template <typename Derived, typename Base>
class ScopeArchive {
 public:
  static constexpr bool kReading = Base::kReading;

  template <typename... Values>
  void operator()(Values&... values) {
    (one(values), ...);
  }
  // Damage that would lead to more than wrong facts.
  void check(bool sane) {
    if (!sane) damaged_ = true;
  }
  // Times and durations: within a thousand years, so that sums and differences can't overflow.
  template <typename... Times>
  void times(Times&... values) {
    (one(values), ...);
    (check_time(values), ...);
  }
  void check_time(Microseconds value) {
    constexpr Microseconds kLongest = Microseconds{1} << 55U;
    check(value == kUnknownTime || (value <= kLongest && value >= -kLongest));
  }

 protected:
  explicit ScopeArchive(Base base) : base_(std::move(base)) {}

  template <typename Value>
  void one(Value& value) {
    if constexpr (std::is_arithmetic_v<Value> || std::is_enum_v<Value> ||
                  std::is_same_v<Value, std::string> || std::is_same_v<Value, CompactText>) {
      base_(value);
    } else {
      fields(*static_cast<Derived*>(this), value);
    }
  }
  template <typename Value, size_t kSize>
  void one(std::array<Value, kSize>& values) {
    for (Value& value : values) one(value);
  }
  template <typename Left, typename Right>
  void one(std::pair<Left, Right>& pair) {
    (*this)(pair.first, pair.second);
  }
  void one(Pattern*& pattern) { static_cast<Derived*>(this)->pattern(pattern); }
  void one(std::shared_ptr<StatementInfo>& info) { static_cast<Derived*>(this)->statement(info); }
  void one(std::shared_ptr<LoopRun>& run) { static_cast<Derived*>(this)->run(run); }
  template <typename List>
  void list(List& items) {
    uint64_t size = items.size();
    one(size);
    if constexpr (kReading) {
      items.clear();
      for (; size > 0 && !static_cast<Derived*>(this)->failed(); --size) one(items.emplace_back());
    } else {
      for (auto& item : items) one(item);
    }
  }
  template <typename Value>
  void one(std::vector<Value>& items) {
    list(items);
  }
  template <typename Value>
  void one(std::list<Value>& items) {
    list(items);
  }
  template <typename Key, typename Value>
  void one(std::map<Key, Value>& items) {
    uint64_t size = items.size();
    one(size);
    if constexpr (kReading) {
      for (; size > 0 && !static_cast<Derived*>(this)->failed(); --size) {
        Key key{};
        one(key);
        one(items[key]);
      }
    } else {
      for (auto& [key, value] : items) {
        Key copy = key;
        (*this)(copy, value);
      }
    }
  }

  Base base_;
  bool damaged_ = false;
};

// What has been referred to so far, in the order of its numbers.
struct WrittenReferences {
  std::vector<StatementText> statements;
  std::unordered_map<const StatementInfo*, uint64_t> statement_numbers;
  std::vector<std::shared_ptr<LoopRun>> runs;
  std::unordered_map<const LoopRun*, uint64_t> run_numbers;
};

class ScopeWriter : public ScopeArchive<ScopeWriter, Writer> {
 public:
  ScopeWriter(WrittenReferences& references, bool keep_values)
      : ScopeArchive(Writer()), keep_values_(keep_values), references_(references) {}
  const std::string& bytes() const { return base_.bytes; }
  bool keep_values() const { return keep_values_; }
  void execution_id(uint64_t& id) { one(id); }

  void pattern(Pattern* pattern) {
    PatternKey key = pattern == nullptr ? kNoPattern : pattern->key;
    one(key);
  }
  void statement(const std::shared_ptr<StatementInfo>& info) {
    uint64_t number = 0;
    if (info != nullptr) {
      const auto [at, fresh] =
          references_.statement_numbers.try_emplace(info.get(), references_.statements.size() + 1);
      if (fresh) {
        const bool own = !info->reference_text.empty() || info->pattern == nullptr;
        references_.statements.push_back(
            {info->key, own ? std::string(info->reference_text) : info->pattern->reference_text.str()});
      }
      number = at->second;
    }
    one(number);
  }
  void run(const std::shared_ptr<LoopRun>& run) {
    uint64_t number = 0;
    if (run != nullptr) {
      const auto [at, fresh] = references_.run_numbers.try_emplace(run.get(), references_.runs.size() + 1);
      if (fresh) references_.runs.push_back(run);
      number = at->second;
    }
    one(number);
  }

 private:
  bool keep_values_;
  WrittenReferences& references_;
};

class ScopeReader : public ScopeArchive<ScopeReader, Reader> {
 public:
  ScopeReader(std::string_view bytes, uint64_t used_executions, const ScopeReferences& references)
      : ScopeArchive(Reader(bytes)), used_executions_(used_executions), references_(references) {}
  bool failed() const { return damaged_ || base_.failed(); }
  bool at_end() const { return base_.at_end(); }
  bool keep_values() const { return true; }

  void execution_id(uint64_t& id) {
    one(id);
    if (id != 0) id += used_executions_;
  }
  void pattern(Pattern*& pattern) {
    PatternKey key;
    one(key);
    if (key == kNoPattern || failed()) return;
    pattern = references_.pattern(key);
    check(pattern != nullptr);
  }
  // The number that a statement's pattern now has.
  uint32_t ordinal(const PatternKey& key) {
    const uint32_t ordinal = failed() ? 0 : references_.ordinal(key);
    check(ordinal != 0);
    return ordinal;
  }
  void statement(std::shared_ptr<StatementInfo>& info) { refer(statements_, info); }
  void run(std::shared_ptr<LoopRun>& run) { refer(runs_, run); }

  void read_statements() {
    std::vector<StatementText> texts;
    one(texts);
    for (const StatementText& text : texts) {
      if (failed()) return;
      statements_.push_back(references_.statement(text.key, text.text));
      check(statements_.back() != nullptr);
    }
  }
  void read_runs() {
    uint64_t size = 0;
    for (one(size); size > 0 && !failed(); --size) {
      runs_.push_back(std::make_shared<LoopRun>());
      fields(*this, *runs_.back());
    }
  }

 private:
  template <typename Shared>
  void refer(const std::vector<Shared>& known, Shared& shared) {
    uint64_t number = 0;
    one(number);
    check(number <= known.size());
    if (number != 0 && !failed()) shared = known[number - 1];
  }

  uint64_t used_executions_;
  const ScopeReferences& references_;
  std::vector<std::shared_ptr<StatementInfo>> statements_;
  std::vector<std::shared_ptr<LoopRun>> runs_;
};

}  // namespace

// One description per type, in the order the bytes have. A change raises kScopesFormat.

template <typename Archive>
void fields(Archive& archive, GapSummary& value) {
  archive(value.first_, value.count_);
  archive.times(value.max_, value.sum_);
}

template <typename Archive>
void fields(Archive& archive, ParentExecution& value) {
  archive.execution_id(value.id);
  archive.execution_id(value.root_id);
  archive(value.root, value.info, value.pattern, value.limit, value.rows, value.session, value.trace,
          value.unit, value.transaction, value.result, value.cells);
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
          more.unit_changes, more.setting_changes, more.gaps, more.turn_gaps);
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
          value.unit_mismatches_, value.parent_executions_, value.beside_parent_, value.transactions_,
          value.last_transaction_, value.outside_transactions_, value.one_unit_, value.last_unit_,
          aside.session_gaps, aside.longer_gaps, aside.own_cells, aside.votes, sample, value.source_);
  archive.execution_id(value.last_parent_id_);
  archive.times(value.first_start_, value.last_end_, value.child_time_, value.parent_gap_,
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
          value.last_rollbacks, value.last_errors);
  archive.times(value.first, value.last);
  bool repeated = value.repeated != nullptr;
  archive(repeated);
  if (!repeated) return;
  if constexpr (Archive::kReading) value.repeated = std::make_unique<SeenTuple::Repeated>();
  SeenTuple::Repeated& more = *value.repeated;
  archive(more.unit_changes, more.rollbacks, more.errors, more.gaps, more.inner_gaps, more.after_pause,
          more.same_pause);
  archive.times(more.max_interval, more.time);
}

template <typename Archive>
void fields(Archive& archive, Group& value) {
  archive(value.pattern, value.info, value.last_position, value.executions, value.other_tuples, value.run,
          value.judged.epoch, value.judged.weight, value.judged.stands, value.many_rows, value.last_value,
          value.tuples, value.source);
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
void fields(Archive& archive, Session& value) {
  archive(value.id, value.application, value.database, value.application_name, value.whole_seconds,
          value.groups, value.in_transaction, value.last_transaction_id, value.transaction_ordinal,
          value.transaction_statements, value.transaction_writes, value.transaction_tables,
          value.last_pattern, value.position, value.reset_position, value.errors, value.rollbacks,
          value.commits, value.unit_changes, value.setting_changes, value.last_unit, value.unit_statements,
          value.units, value.parent_epoch, value.write_sequence, value.table_writes, value.asked,
          value.recent_gaps, value.recent, value.gap_bits, value.latest_gaps, value.cursors, value.values);
  archive.times(value.last_end, value.gap_since_counted);
  for (const Microseconds gap : value.recent_gaps) archive.check_time(gap);
  archive.check(value.recent.size() == value.recent_gaps.size());
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
