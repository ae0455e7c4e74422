#include "analyzer/capture/emitter.h"

#include <algorithm>

#include "analyzer/capture/parameters.h"
#include "analyzer/capture/statement_kind.h"

namespace pgsieve {
namespace {

// The marker that Amazon RDS leaves where it cut a line.
constexpr std::string_view kCutMarker = "[Your log message was truncated]";

bool listed(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool kept(const std::vector<std::string>& only, const std::vector<std::string>& except,
          std::string_view name) {
  return (only.empty() || listed(only, name)) && !listed(except, name);
}

// What stands before and behind the number in " at character 15", in the languages of the server's
// catalogues.
constexpr std::pair<std::string_view, std::string_view> kAtCharacter[] = {
    {" at character ", ""}, {" bei Zeichen ", ""},   {" en carácter ", ""},    {" au caractère ", ""},
    {" al carattere ", ""}, {" no caracter ", ""},   {" no caractere ", ""},   {" vid tecken ", ""},
    {" (символ ", ")"},     {" символ ", ""},        {" სიმბოლოსთან ", ""},    {"(", "文字目)"},
    {" 第 ", " 个字符处"},  {" 在第 ", " 個字元處"}, {" ", " 번째 문자 부근"},
};

struct MessageEnd {
  size_t position = 0;  // 0: none
  size_t at = 0;        // where it is told
};

// stderr adds the position of an error to the message; csvlog and jsonlog have a field for it.
MessageEnd message_end(std::string_view message) {
  for (const auto& [before, behind] : kAtCharacter) {
    if (!message.ends_with(behind)) continue;
    const std::string_view text = message.substr(0, message.size() - behind.size());
    const size_t at = text.rfind(before);
    if (at == std::string_view::npos) continue;
    const std::string_view digits = text.substr(at + before.size());
    const bool number =
        !digits.empty() && digits.size() <= 9 &&
        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!number) continue;
    MessageEnd end{0, at};
    for (const char c : digits) end.position = end.position * 10 + static_cast<size_t>(c - '0');
    return end;
  }
  return {};
}

size_t message_position(std::string_view message) {
  return message_end(message).position;
}

std::string_view without_position(std::string_view message) {
  const MessageEnd end = message_end(message);
  return end.position == 0 ? message : message.substr(0, end.at);
}

// Which statement of a simple query failed is known when the error has a position, counted in characters;
// else the first stands for all.
std::string_view failed_part(const Execution& execution, const std::vector<std::string_view>& parts) {
  const size_t position =
      execution.position != 0 ? execution.position : message_position(execution.error_message);
  if (position == 0) return parts.front();
  size_t bytes = 0;
  for (size_t characters = 0; bytes < execution.text.size(); ++bytes) {
    const bool first_byte = (static_cast<unsigned char>(execution.text[bytes]) & 0xC0) != 0x80;
    if (first_byte && ++characters == position) break;
  }
  std::string_view failed = parts.front();
  for (const std::string_view part : parts) {
    if (static_cast<size_t>(part.data() - execution.text.data()) <= bytes) failed = part;
  }
  return failed;
}

// PREPARE names parameters that only its EXECUTE gives values to.
bool is_prepare(std::string_view text) {
  constexpr std::string_view kWord = "PREPARE";
  if (text.size() <= kWord.size()) return false;
  for (size_t i = 0; i < kWord.size(); ++i) {
    if ((text[i] & ~0x20) != kWord[i]) return false;
  }
  return true;
}

uint16_t highest_parameter(const StatementScan& scan) {
  uint16_t highest = 0;
  for (const Slot& slot : scan.slots) {
    if (slot.kind == Slot::Kind::kParameter) highest = std::max(highest, slot.parameter);
  }
  return highest;
}

}  // namespace

bool FilterSink::passes(const Event& event) const {
  if (options_.since != kUnknownTime && (event.time == kUnknownTime || event.time < options_.since))
    return false;
  if (options_.until != kUnknownTime && (event.time == kUnknownTime || event.time >= options_.until))
    return false;
  return kept(options_.databases, options_.exclude_databases, event.database) &&
         kept(options_.users, options_.exclude_users, event.user) &&
         kept(options_.applications, options_.exclude_applications, event.application) &&
         kept(options_.hosts, options_.exclude_hosts, event.host);
}

// For whoever mistyped a name.
void FilterSink::note_names(const Event& event) {
  constexpr size_t kMost = 8;
  const auto note = [this](const std::vector<std::string>& wanted, const char* what, std::string_view name) {
    if (wanted.empty() || name.empty()) return;
    std::set<std::string>& names = stats_.other_names[what];
    if (names.size() < kMost) names.emplace(name);
  };
  note(options_.databases, "databases", event.database);
  note(options_.users, "users", event.user);
  note(options_.applications, "applications", event.application);
  note(options_.hosts, "hosts", event.host);
}

void FilterSink::on_event(const Event& event) {
  const bool statement = event.kind != Event::Kind::kSessionEnd;
  if (!passes(event)) {
    if (statement) {
      ++stats_.filtered;
      if (stats_.executions == 0) note_names(event);
    }
    return;
  }
  switch (event.kind) {
    case Event::Kind::kExecuted:
    case Event::Kind::kPlanOnly:
      ++stats_.executions;
      ++(stats_.*kind_counter(event.text));
      if (event.extended) ++stats_.extended;
      break;
    case Event::Kind::kCount:
      stats_.executions += event.calls;
      stats_.*kind_counter(event.text) += event.calls;
      break;
    case Event::Kind::kFailed:
      ++stats_.errors;
      break;
    case Event::Kind::kNestedPlan:
    case Event::Kind::kSessionEnd:
      break;
  }
  if (event.plan != nullptr) ++stats_.plans;
  if (statement) {
    if (event.text_truncated) ++stats_.truncated_texts;
    const bool counted = event.kind == Event::Kind::kExecuted || event.kind == Event::Kind::kPlanOnly;
    if (!event.parameters_known && counted) ++stats_.missing_parameters;
    if (std::any_of(event.parameters.begin(), event.parameters.end(),
                    [](const BoundValue& value) { return value.truncated; })) {
      ++stats_.truncated_parameters;
    }
    if (event.session == 0) ++stats_.no_session;
  }
  sink_.on_event(event);
}

Event Emitter::event_of(const Identity& identity, const Execution& execution) {
  Event event;
  event.kind = execution.kind;
  event.session = identity.session;
  event.transaction = execution.transaction;
  event.user = identity.user;
  event.database = identity.database;
  event.application = identity.application;
  event.host = identity.host;
  event.time = execution.time;
  event.duration = execution.duration;
  event.prepare = execution.prepare;
  event.fetches = execution.fetches;
  event.text = execution.text;
  event.scan = execution.scan;
  event.parameters = execution.parameters;
  event.extended = execution.extended;
  event.statement_name = execution.name.substr(0, execution.name.find('/'));
  event.sqlstate = execution.sqlstate;
  event.error_message = without_position(execution.error_message);
  event.file = execution.file;
  event.offset = execution.offset;
  event.line = execution.line;
  return event;
}

// Fills in what follows from the text, and hands the event on.
void Emitter::send(Event& event) {
  // The marker is looked for at the very end only: a search would cost more than the rest of the emission.
  const size_t tail = event.text.size() - std::min(event.text.size(), kCutMarker.size() + 2);
  if (const size_t cut = event.text.substr(tail).find(kCutMarker); cut != std::string_view::npos) {
    event.text = event.text.substr(0, tail + cut);
    event.text_truncated = true;
    scan_statement(event.text, part_scan_, scratch_);
    event.scan = &part_scan_;
  }
  if (event.scan->incomplete) event.text_truncated = true;
  event.parameters_known =
      highest_parameter(*event.scan) <= event.parameters.size() || is_prepare(event.text);
  sink_.on_event(event);
}

// "EXECUTE st(0, 'x')" with "PREPARE st(int, text) AS SELECT …".
bool Emitter::use_prepared(Event& event, const Execution& execution) {
  if (execution.prepare_text.empty()) return false;
  const std::string_view text = prepared_text(execution.prepare_text);
  if (text.empty()) return false;
  values_.clear();
  const bool whole = execute_arguments(event.text, values_, scratch_);
  scan_statement(text, part_scan_, scratch_);
  if (part_scan_.statements != 1) return false;
  event.text = text;
  event.scan = &part_scan_;
  event.parameters = whole ? std::span<const BoundValue>(values_) : std::span<const BoundValue>();
  return true;
}

void Emitter::several(Event& event, const Execution& execution) {
  const std::vector<std::string_view> parts = split_statements(execution.text);
  if (parts.empty()) return;
  const auto plannable = static_cast<size_t>(std::count_if(parts.begin(), parts.end(), can_have_plan));
  const bool plans_fit = plannable == execution.plans.size();
  const auto count = static_cast<Microseconds>(parts.size());
  const Microseconds share = execution.duration == kUnknownTime ? kUnknownTime : execution.duration / count;
  size_t next_plan = 0;
  Plan plan;
  if (execution.kind == Event::Kind::kFailed) {
    event.text = failed_part(execution, parts);
    scan_statement(event.text, part_scan_, scratch_);
    event.scan = &part_scan_;
    send(event);
    return;
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    Event part = event;
    part.text = parts[i];
    scan_statement(part.text, part_scan_, scratch_);
    part.scan = &part_scan_;
    part.duration = share;
    part.prepare = i == 0 ? event.prepare : 0;
    part.sent = i == 0 ? event.sent : Event::Sent::kBeforeAnswer;
    if (i == 0 && share != kUnknownTime) part.duration += execution.duration - share * count;
    part.plan = nullptr;
    if (plans_fit && can_have_plan(part.text)) {
      const PlanRecord& record = execution.plans[next_plan++];
      plan = record.parsed.plan;
      plan.nodes = record.parsed.nodes;
      plan.duration = record.duration;
      part.plan = &plan;
      part.rows = plan.rows < 0 ? -1 : static_cast<int64_t>(plan.rows);
    }
    send(part);
  }
}

void Emitter::execution(const Identity& identity, Execution& execution) {
  if (!execution.active) return;
  Event event = event_of(identity, execution);
  if (event.scan == nullptr) {
    scan_statement(event.text, scan_, scratch_);
    event.scan = &scan_;
  }
  Plan plan;
  if (!execution.plans.empty()) {
    const PlanRecord& record = execution.plans.front();
    plan = record.parsed.plan;
    plan.nodes = record.parsed.nodes;
    plan.duration = record.duration;
    event.plan = &plan;
    if (plan.rows >= 0) event.rows = static_cast<int64_t>(plan.rows);
    if (execution.parameters.empty() && !record.parsed.parameters.empty()) {
      values_.clear();
      lex_parameters(record.parsed.parameters, values_, scratch_);
      event.parameters = values_;
    }
  }
  if (event.scan->statements == 0) {
    ++stats_.other_entries;  // nothing but comments and semicolons
  } else if (event.scan->statements > 1) {
    several(event, execution);
  } else {
    use_prepared(event, execution);
    send(event);
  }
  execution.reset();
}

void Emitter::plan(const Identity& identity, PlanRecord& record, Event::Kind kind) {
  Execution execution;
  execution.kind = kind;
  execution.time = record.time;
  execution.duration = record.duration;
  execution.transaction = record.transaction;
  execution.text = record.parsed.query;
  execution.file = record.file;
  execution.offset = record.offset;
  execution.line = record.line;
  Event event = event_of(identity, execution);
  scan_statement(event.text, scan_, scratch_);
  event.scan = &scan_;
  values_.clear();
  if (!record.parsed.parameters.empty()) lex_parameters(record.parsed.parameters, values_, scratch_);
  event.parameters = values_;
  Plan plan = record.parsed.plan;
  plan.nodes = record.parsed.nodes;
  plan.duration = record.duration;
  plan.nested = kind == Event::Kind::kNestedPlan;
  event.plan = &plan;
  if (plan.rows >= 0) event.rows = static_cast<int64_t>(plan.rows);
  if (scan_.statements > 1) {
    // auto_explain shows the whole string of a simple query with each of its plans, which come in order. When
    // some are missing, which ones is unknown: the first stands for all.
    std::vector<std::string_view> parts = split_statements(event.text);
    std::erase_if(parts, [](std::string_view part) { return !can_have_plan(part); });
    if (!parts.empty()) {
      const bool complete = record.row_size % parts.size() == 0;
      event.text = parts[complete ? record.in_row % parts.size() : 0];
      scan_statement(event.text, part_scan_, scratch_);
      event.scan = &part_scan_;
    }
  }
  send(event);
}

void Emitter::session_end(const Identity& identity, Microseconds time) {
  Event event;
  event.kind = Event::Kind::kSessionEnd;
  event.session = identity.session;
  event.user = identity.user;
  event.database = identity.database;
  event.application = identity.application;
  event.host = identity.host;
  event.time = time;
  sink_.on_event(event);
}

}  // namespace pgsieve
