#include "analyzer/workload/builder.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_map>

#include "analyzer/sql/fingerprint.h"
#include "analyzer/workload/plan_facts.h"
#include "analyzer/workload/session_tracker.h"
#include "analyzer/workload/statement_event.h"
#include "analyzer/workload/statement_info.h"
#include "analyzer/workload/tags.h"

namespace pgsieve {

namespace {

int64_t parse_number(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : SlotValue::kNotNumeric;
}

// Elements of an array literal's text form, "{1,2,3}": those of the outermost level, commas in double quotes
// aside.
size_t array_elements(std::string_view text, std::string_view& first) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return SIZE_MAX;
  text = text.substr(1, text.size() - 2);
  if (text.empty()) return 0;
  size_t elements = 1;
  size_t first_end = text.size();
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == ',' && !quoted) {
      if (elements++ == 1) first_end = i;
    }
  }
  first = text.substr(0, first_end);
  if (first.size() >= 2 && first.front() == '"') first = first.substr(1, first.size() - 2);
  return elements;
}

std::string cut(std::string_view text, size_t limit) {
  if (text.size() <= limit) return std::string(text);
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U)
    --limit;  // not inside a character
  return std::string(text.substr(0, limit)) + "…";
}

std::string format_parameters(std::span<const BoundValue> parameters) {
  std::string text;
  for (size_t i = 0; i < parameters.size() && text.size() < ExecutionSample::kMaxSampleBytes; ++i) {
    if (i > 0) text += ", ";
    text += '$';
    text += std::to_string(i + 1);
    if (parameters[i].null) {
      text += " = NULL";
      continue;
    }
    text += " = '";
    for (const char character : parameters[i].text) {
      text += character;
      if (character == '\'' && !parameters[i].escaped) text += character;
    }
    text += '\'';
  }
  return cut(text, ExecutionSample::kMaxSampleBytes);
}

bool matches(const std::vector<std::string>& filters, const Tags& tags) {
  return std::any_of(filters.begin(), filters.end(), [&](const std::string& filter) {
    const size_t equals = filter.find('=');
    if (equals == std::string::npos) return !tags.find(filter).empty();
    return tags.find(std::string_view(filter).substr(0, equals)) ==
           std::string_view(filter).substr(equals + 1);
  });
}

}  // namespace

class WorkloadBuilder::State {
 public:
  explicit State(WorkloadOptions options)
      : options_(std::move(options)),
        cache_(options_.max_cached_texts),
        tracker_(std::make_unique<SessionTracker>(options_, facts_)) {}

  void on_event(const Event& event);
  Workload finish();

 private:
  std::shared_ptr<StatementInfo> look_up(const Event& event);
  std::shared_ptr<StatementInfo> describe(const Event& event);
  Pattern* pattern_for(const PatternKey& key, const StatementInfo& info, const Event& event,
                       uint32_t& ordinal);
  void fill_values(const Event& event, StatementEvent& statement);
  void choose_pattern(const Event& event, StatementEvent& statement);
  void count(const Event& event, const StatementEvent& statement);
  void count_time(const Event& event, Pattern& pattern);
  void count_bounds(const StatementEvent& statement, Pattern& pattern);
  void keep_reference(const Event& event, const StatementInfo& info, Pattern& pattern);
  void count_aggregate(const Event& event, Pattern& pattern);

  WorkloadOptions options_;
  Workload facts_;
  StatementCache cache_;
  std::unordered_map<uint64_t, std::vector<std::shared_ptr<StatementInfo>>> by_fingerprint_;
  std::map<PatternKey, uint32_t> ordinals_;
  std::unique_ptr<SessionTracker> tracker_;
  Tags tags_;
  StatementEvent statement_;
};

Pattern* WorkloadBuilder::State::pattern_for(const PatternKey& key, const StatementInfo& info,
                                             const Event& event, uint32_t& ordinal) {
  const auto found = facts_.patterns.find(key);
  if (found != facts_.patterns.end()) {
    ordinal = ordinals_[key];
    return &found->second;
  }
  if (facts_.patterns.size() >= options_.max_patterns) return nullptr;
  ordinal = static_cast<uint32_t>(ordinals_.size()) + 1;
  ordinals_[key] = ordinal;
  Pattern& pattern = facts_.patterns[key];
  pattern.key = key;
  pattern.shape = info.shape;
  pattern.query = info.query;
  pattern.reference_text = std::string(event.text.substr(0, 64 * 1024));
  pattern.reference_time = event.time;
  pattern.parse_error = info.parse_error;
  return &pattern;
}

// A text whose key was never seen. One libpg_query call for the fingerprint; the parse tree only when no
// earlier text of the same fingerprint has the same slots.
std::shared_ptr<StatementInfo> WorkloadBuilder::State::describe(const Event& event) {
  const Fingerprint fingerprint = fingerprint_statement(event.text);
  const uint64_t signature = slot_signature(event.text, *event.scan);
  std::vector<std::shared_ptr<StatementInfo>>& variants = by_fingerprint_[fingerprint.hash];
  for (const std::shared_ptr<StatementInfo>& variant : variants) {
    if (variant->signature == signature && variant->key.approximate == fingerprint.approximate)
      return variant;
  }
  std::shared_ptr<StatementInfo> info =
      describe_statement(event.text, *event.scan, options_.schema, fingerprint);
  uint32_t ignored = 0;
  info->pattern = pattern_for(info->key, *info, event, info->ordinal);
  if (info->array_list) info->one_pattern = pattern_for(info->one_key, *info, event, ignored);
  if (info->kind != StatementClass::kTransparent) {
    for (const std::string& table : info->tables_read) info->read_facts.push_back(&facts_.tables[table]);
    for (const std::string& table : info->tables_written) info->write_facts.push_back(&facts_.tables[table]);
  }
  variants.push_back(info);
  return info;
}

std::shared_ptr<StatementInfo> WorkloadBuilder::State::look_up(const Event& event) {
  if (std::shared_ptr<StatementInfo>* found = cache_.find(event.scan->key)) return *found;
  return cache_.insert(event.scan->key, describe(event));
}

void WorkloadBuilder::State::fill_values(const Event& event, StatementEvent& statement) {
  statement.value_count = 0;
  statement.values_known = true;
  statement.tuple = 0;
  for (const ValueSlot& slot : statement.info->slots) {
    if (slot.ordinal >= event.scan->slots.size()) continue;
    const Slot& scanned = event.scan->slots[slot.ordinal];
    SlotValue& value = statement.values[statement.value_count++];
    value.ordinal = slot.ordinal;
    value.role = slot.role;
    value.known = true;
    if (scanned.kind == Slot::Kind::kParameter) {
      const size_t index = static_cast<size_t>(scanned.parameter) - 1;
      value.known =
          scanned.parameter > 0 && index < event.parameters.size() && !event.parameters[index].truncated;
      if (value.known) {
        value.text = event.parameters[index].text;
        value.hash = event.parameters[index].hash;
      } else {
        value.text = {};
        value.hash = 0;
      }
    } else {
      value.text = scanned.text;
      value.hash = scanned.value_hash;
    }
    value.number = parse_number(value.text);
    if (!value.known) statement.values_known = false;
    statement.tuple = hash_combine(statement.tuple, value.hash);
  }
  // Slots that are not followed one by one still tell two executions apart.
  for (const Slot& slot : event.scan->slots) {
    const bool bound = slot.kind == Slot::Kind::kParameter && slot.parameter > 0 &&
                       slot.parameter <= event.parameters.size();
    if (slot.kind == Slot::Kind::kParameter && !bound) statement.values_known = false;
    const uint64_t hash =
        bound ? event.parameters[static_cast<size_t>(slot.parameter) - 1].hash : slot.value_hash;
    statement.tuple = hash_combine(statement.tuple, hash);
  }
  for (const BoundValue& value : event.parameters)
    statement.tuple = hash_combine(statement.tuple, value.hash);
}

// `= ANY($1)` is one value or many, depending on the array.
void WorkloadBuilder::State::choose_pattern(const Event& event, StatementEvent& statement) {
  const StatementInfo& info = *statement.info;
  statement.pattern = info.pattern;
  statement.pattern_ordinal = info.ordinal;
  statement.single_value = info.single_value;
  if (!info.array_list) return;
  for (size_t i = 0; i < statement.value_count; ++i) {
    SlotValue& value = statement.values[i];
    if (value.role != SlotRole::kList || event.scan->slots[value.ordinal].kind == Slot::Kind::kList) continue;
    std::string_view first;
    const size_t elements = value.known ? array_elements(value.text, first) : SIZE_MAX;
    if (elements == SIZE_MAX) continue;
    if (statement.pattern != nullptr) {
      statement.pattern->list_elements += elements;
      ++statement.pattern->list_calls;
      statement.pattern->max_list_elements =
          std::max<uint64_t>(statement.pattern->max_list_elements, elements);
    }
    if (elements != 1) continue;
    statement.pattern = info.one_pattern;
    statement.pattern_ordinal = info.ordinal;
    statement.single_value = true;
    value.role = SlotRole::kEqual;
    value.hash = slot_value_hash(first);
    value.number = parse_number(first);
    value.text = first;
  }
}

void WorkloadBuilder::State::keep_reference(const Event& event, const StatementInfo& info, Pattern& pattern) {
  if (event.time == kUnknownTime || pattern.reference_time == kUnknownTime ||
      event.time > pattern.reference_time)
    return;
  const std::string_view text = event.text.substr(0, 64 * 1024);
  if (event.time == pattern.reference_time && text >= pattern.reference_text) return;
  pattern.reference_time = event.time;
  pattern.reference_text = std::string(text);
  pattern.query = normalize_for_display(event.text);
  pattern.shape = info.shape;
}

void WorkloadBuilder::State::count_time(const Event& event, Pattern& pattern) {
  const Microseconds total = event.duration == kUnknownTime ? kUnknownTime : event.duration + event.prepare;
  if (total == kUnknownTime) return;
  pattern.durations.add(total);
  ++pattern.timed_calls;
  pattern.prepare_total += event.prepare;
  if (event.prepare > 0) ++pattern.prepares;
  if (!pattern.slowest.empty() && total < pattern.slowest.duration) return;
  if (!pattern.slowest.empty() && total == pattern.slowest.duration && event.time >= pattern.slowest.time)
    return;
  pattern.slowest.duration = total;
  pattern.slowest.time = event.time;
  if (options_.keep_values) {
    pattern.slowest.text = cut(event.text, ExecutionSample::kMaxSampleBytes);
    pattern.slowest.parameters = format_parameters(event.parameters);
  } else {
    pattern.slowest.text = pattern.query;
  }
}

void WorkloadBuilder::State::count_bounds(const StatementEvent& statement, Pattern& pattern) {
  if (statement.offset >= 0) pattern.offsets.add(statement.offset);
  if (statement.limit >= 0) pattern.limits.add(statement.limit);
  for (const ValueSlot& slot : statement.info->slots) {
    if (slot.role != SlotRole::kList || slot.ordinal >= statement.event->scan->slots.size()) continue;
    const Slot& scanned = statement.event->scan->slots[slot.ordinal];
    if (scanned.kind != Slot::Kind::kList) continue;
    ++pattern.list_calls;
    pattern.list_elements += scanned.elements;
    pattern.max_list_elements = std::max<uint64_t>(pattern.max_list_elements, scanned.elements);
  }
}

void WorkloadBuilder::State::count(const Event& event, const StatementEvent& statement) {
  if (event.kind == Event::Kind::kFailed) {
    ++facts_.errors;
  } else {
    ++facts_.executions;
    if (statement.info->key.approximate) ++facts_.unparsed_statements;
  }
  widen(facts_.first, facts_.last, event.time, event.time);
  for (TableFact* fact : statement.info->read_facts) ++fact->reads;
  for (TableFact* fact : statement.info->write_facts) ++fact->writes;
  if (statement.pattern == nullptr) {
    ++facts_.dropped.patterns;
    return;
  }
  Pattern& pattern = *statement.pattern;
  keep_reference(event, *statement.info, pattern);
  widen(pattern.first, pattern.last, event.time, event.time);
  if (!event.database.empty()) pattern.databases.add(event.database);
  if (!event.user.empty()) pattern.users.add(event.user);
  if (!event.application.empty()) pattern.applications.add(event.application);
  for (const auto& [key, value] : tags_.values) {
    if (countable_tag(key) && (pattern.tags.size() < 16 || pattern.tags.count(key) != 0))
      pattern.tags[key].add(value);
  }
  if (event.kind == Event::Kind::kFailed) {
    ++pattern.errors;
    if (!event.sqlstate.empty()) pattern.sqlstates.add(event.sqlstate);
    return;
  }
  ++pattern.calls;
  if (event.fetches > 0) ++pattern.fetches;
  count_time(event, pattern);
  count_bounds(statement, pattern);
  const int64_t rows = event.rows >= 0 ? event.rows
                       : event.plan != nullptr && event.plan->rows >= 0
                           ? static_cast<int64_t>(event.plan->rows)
                           : -1;
  if (rows >= 0) {
    ++pattern.rows_calls;
    pattern.rows_total += static_cast<uint64_t>(rows);
    pattern.rows_max = std::max(pattern.rows_max, static_cast<uint64_t>(rows));
  }
  if (event.result_bytes > 0) pattern.bytes_total += static_cast<uint64_t>(event.result_bytes);
  if (event.plan != nullptr) count_plan(*event.plan, pattern, facts_);
}

// One row of pg_stat_statements: many calls at once. All take the mean, but for the extremes that are known.
void WorkloadBuilder::State::count_aggregate(const Event& event, Pattern& pattern) {
  pattern.calls += event.calls;
  pattern.timed_calls += event.calls;
  facts_.executions += event.calls;
  const auto microseconds = [](double ms) { return static_cast<int64_t>(std::llround(ms * 1000.0)); };
  const bool extremes = event.calls >= 3 && event.max_ms > event.mean_ms && event.min_ms < event.mean_ms;
  if (extremes) {
    pattern.durations.add(microseconds(event.min_ms));
    pattern.durations.add(microseconds(event.max_ms));
    const double rest = event.mean_ms * static_cast<double>(event.calls) - event.min_ms - event.max_ms;
    pattern.durations.add(microseconds(std::max(0.0, rest / static_cast<double>(event.calls - 2))),
                          event.calls - 2);
  } else {
    pattern.durations.add(microseconds(event.mean_ms), event.calls);
  }
  if (event.rows >= 0) {
    pattern.rows_calls += event.calls;
    pattern.rows_total += static_cast<uint64_t>(event.rows);
    pattern.rows_max =
        std::max(pattern.rows_max, static_cast<uint64_t>(event.rows) / std::max<uint64_t>(event.calls, 1));
  }
  if (!event.database.empty()) pattern.databases.add(event.database, event.calls);
  if (!event.user.empty()) pattern.users.add(event.user, event.calls);
}

void WorkloadBuilder::State::on_event(const Event& event) {
  if (event.kind == Event::Kind::kSessionEnd) {
    tracker_->on_session_end(event.session);
    return;
  }
  if (event.scan == nullptr) return;
  parse_tags(*event.scan, tags_);
  if (!options_.tag_filters.empty() && !matches(options_.tag_filters, tags_)) return;
  if (!options_.tag_excludes.empty() && matches(options_.tag_excludes, tags_)) return;

  StatementEvent& statement = statement_;
  statement.info = look_up(event);
  if (event.kind == Event::Kind::kNestedPlan) {
    if (event.plan != nullptr && statement.info->pattern != nullptr)
      count_plan(*event.plan, *statement.info->pattern, facts_);
    return;
  }
  if (event.kind == Event::Kind::kCount) {
    if (statement.info->pattern != nullptr) count_aggregate(event, *statement.info->pattern);
    return;
  }
  fill_values(event, statement);
  choose_pattern(event, statement);
  const auto bound = [&](uint32_t ordinal) -> int64_t {
    if (ordinal >= event.scan->slots.size()) return -1;
    const Slot& slot = event.scan->slots[ordinal];
    std::string_view text = slot.text;
    if (slot.kind == Slot::Kind::kParameter) {
      if (slot.parameter == 0 || slot.parameter > event.parameters.size()) return -1;
      text = event.parameters[static_cast<size_t>(slot.parameter) - 1].text;
    }
    const int64_t number = parse_number(text);
    return number < 0 ? -1 : number;
  };
  statement.limit = statement.info->limit_slot != kNoIndex ? bound(statement.info->limit_slot)
                                                           : statement.info->limit_value;
  statement.offset = bound(statement.info->offset_slot);
  statement.end = event.time;
  const Microseconds total = event.duration == kUnknownTime ? 0 : event.duration + event.prepare;
  statement.duration = total;
  statement.start = event.time == kUnknownTime ? kUnknownTime : event.time - total;
  statement.rows = event.rows >= 0                                  ? event.rows
                   : event.plan != nullptr && event.plan->rows >= 0 ? static_cast<int64_t>(event.plan->rows)
                                                                    : -1;
  statement.session = event.session;
  statement.transaction = event.transaction;
  statement.failed = event.kind == Event::Kind::kFailed;
  statement.event = &event;
  statement.tags = &tags_;
  const std::string_view trace = !event.trace_id.empty() ? event.trace_id : std::string_view(tags_.trace_id);
  statement.trace = trace.empty() ? 0 : hash64(trace);
  statement.unit = statement.trace != 0 ? statement.trace : tags_.unit();
  statement.application = hash_combine(hash_combine(hash64(event.database), hash64(event.user)),
                                       hash_combine(hash64(event.application), hash64(event.host)));
  count(event, statement);
  if (options_.track_scopes) tracker_->on_statement(statement);
}

Workload WorkloadBuilder::State::finish() {
  tracker_->finish();
  return std::move(facts_);
}

WorkloadBuilder::WorkloadBuilder(WorkloadOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}
WorkloadBuilder::~WorkloadBuilder() = default;

void WorkloadBuilder::resume(const Workload&) {}

void WorkloadBuilder::on_event(const Event& event) {
  state_->on_event(event);
}

Workload WorkloadBuilder::finish(bool) {
  return state_->finish();
}

}  // namespace pgsieve
