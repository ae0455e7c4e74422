#include "analyzer/workload/pattern_counts.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

#include "analyzer/sql/mask.h"
#include "analyzer/sql/steady_names.h"

namespace pgsieve {

namespace {

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

void keep_slowest(const Event& event, Microseconds total, bool keep_values, Pattern& pattern) {
  if (!pattern.slowest.empty() &&
      std::tie(total, pattern.slowest.time) < std::tie(pattern.slowest.duration, event.time)) {
    return;  // the usual case: nothing to copy
  }
  ExecutionSample sample{.duration = total, .time = event.time, .text = {}, .parameters = {}};
  if (keep_values) {
    sample.text = SharedText::like(cut(event.text, ExecutionSample::kMaxSampleBytes), pattern.reference_text);
    sample.parameters = format_parameters(event.parameters);
  } else {
    sample.text = normalize_for_display(event.text, ExecutionSample::kMaxSampleBytes);
  }
  if (pattern.slowest.empty() || better_sample(sample, pattern.slowest)) pattern.slowest = std::move(sample);
}

// Part of the even sample? Nothing is copied for the executions that are not.
void keep_sample(const StatementEvent& statement, Pattern& pattern) {
  const Event& event = *statement.event;
  const uint64_t hash = hash_combine(statement.tuple, static_cast<uint64_t>(event.time));
  if (!pattern.samples.wants(hash)) return;
  const bool whole = !event.text_truncated && event.text.size() <= ExecutionSample::kMaxSampleBytes &&
                     (event.parameters_known || !statement.info->needs_parameters);
  if (!whole) return;
  ExecutionSample sample{
      .duration = event.duration == kUnknownTime ? kUnknownTime : event.duration + event.prepare,
      .time = event.time,
      .text = std::string(event.text),
      .parameters = format_parameters(event.parameters)};
  if (sample.parameters.ends_with("…")) return;
  pattern.samples.add(hash, std::move(sample));
}

void count_time(const Event& event, bool keep_values, Pattern& pattern) {
  if (event.duration == kUnknownTime) return;
  const Microseconds total = event.duration + event.prepare;
  pattern.durations.add(total);
  ++pattern.timed_calls;
  pattern.prepare_total += event.prepare;
  if (event.prepare > 0) ++pattern.prepares;
  keep_slowest(event, total, keep_values, pattern);
}

void count_bounds(const StatementEvent& statement, Pattern& pattern) {
  if (statement.offset >= 0) pattern.offsets.add(statement.offset);
  if (statement.limit >= 0) pattern.limits.add(statement.limit);
  for (const ValueSlot& slot : statement.info->slots) {
    if (slot.role != SlotRole::kList || slot.ordinal >= statement.event->scan->slots.size()) continue;
    const Slot& scanned = statement.event->scan->slots[slot.ordinal];
    if (scanned.kind != Slot::Kind::kList) continue;
    count_list(scanned.elements, pattern);
  }
}

void count_rows(const StatementEvent& statement, Pattern& pattern) {
  if (statement.event->result_bytes > 0)
    pattern.bytes_total += static_cast<uint64_t>(statement.event->result_bytes);
  if (statement.rows < 0) return;
  const auto rows = static_cast<uint64_t>(statement.rows);
  ++pattern.rows_calls;
  pattern.rows_total += rows;
  pattern.rows_max = std::max(pattern.rows_max, rows);
}

}  // namespace

void count_list(uint64_t elements, Pattern& pattern) {
  ++pattern.list_calls;
  pattern.list_elements += elements;
  pattern.max_list_elements = std::max(pattern.max_list_elements, elements);
}

void count_execution(const StatementEvent& statement, bool keep_values, bool keep_samples, Pattern& pattern) {
  const Event& event = *statement.event;
  widen(pattern.first, pattern.last, event.time, event.time);
  if (!event.database.empty()) pattern.databases.add(event.database);
  if (!event.user.empty()) pattern.users.add(event.user);
  if (!event.application.empty()) pattern.applications.add(event.application);
  for (const auto& [key, value] : statement.tags->values) {
    if (!countable_tag(key)) continue;
    if (FacetCounts* counts = facet_of(pattern.tags, key)) counts->add(value);
  }
  if (event.kind == Event::Kind::kFailed) {
    ++pattern.errors;
    if (!event.sqlstate.empty()) pattern.sqlstates.add(event.sqlstate);
    return;
  }
  ++pattern.calls;
  if (event.fetches > 0) ++pattern.fetches;
  count_time(event, keep_values, pattern);
  if (keep_samples) keep_sample(statement, pattern);
  count_bounds(statement, pattern);
  count_rows(statement, pattern);
}

void count_aggregate(const Event& event, Pattern& pattern) {
  pattern.calls += event.calls;
  pattern.timed_calls += event.calls;
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

bool keep_reference(const Event& event, bool keep_values, Pattern& pattern) {
  if (event.time > pattern.reference_time) return false;
  std::string_view text = event.text.substr(0, kMaxReferenceBytes);
  std::string masked;
  if (!keep_values) text = masked = mask_literals(text);
  const std::optional<std::string> steady = with_steady_names(text);
  if (steady) text = *steady;
  if (event.time == pattern.reference_time && text >= pattern.reference_text) return false;
  pattern.reference_time = event.time;
  if (text == pattern.reference_text) return false;
  pattern.reference_text = std::string(text);
  return true;
}

void draw_reference(Pattern& pattern) {
  pattern.query = SharedText::like(normalize_for_display(pattern.reference_text), pattern.reference_text);
  pattern.shape = std::make_shared<const StatementShape>(draw_shape(pattern.reference_text));
  if (pattern.key.approximate)
    pattern.parse_error = fingerprint_statement(pattern.reference_text).parse_error;
}

bool is_empty(const Pattern& pattern) {
  return pattern.calls == 0 && pattern.errors == 0 && pattern.planned_calls == 0 && pattern.list_calls == 0 &&
         pattern.transaction_gaps.count() == 0;
}

}  // namespace pgsieve
