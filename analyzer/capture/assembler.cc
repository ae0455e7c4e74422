#include "analyzer/capture/assembler.h"

#include <algorithm>
#include <cstring>

#include "analyzer/capture/message.h"
#include "analyzer/capture/parameters.h"
#include "analyzer/capture/severity.h"
#include "analyzer/capture/statement_kind.h"

namespace pgsieve {
namespace {

// Where log_line_prefix ends with the application's name, a name with "LOG:  " in it can't be told from an
// entry's beginning: what looks like an unknown message then has the real one in it, not farther on than a
// name is long.
bool hides_statement(std::string_view message) {
  constexpr std::string_view kLevel = "LOG:  ";
  constexpr size_t kLongestName = 63;
  const size_t at = message.substr(0, kLongestName + kLevel.size()).find(kLevel);
  if (at == std::string_view::npos) return false;
  const MessageKind kind = classify_message(message.substr(at + kLevel.size())).kind;
  return kind == MessageKind::kStatement || kind == MessageKind::kExecute || kind == MessageKind::kDuration;
}

// Whether no entry to come can belong to it, plans apart. Of a portal with a name more rows may be fetched.
bool is_complete(const Execution& execution) {
  if (!execution.active || execution.duration == kUnknownTime || execution.awaits_fetch) return false;
  return execution.name.find('/') == std::string_view::npos && !execution.lacks_detail();
}

}  // namespace

uint64_t text_identity(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ' || text.back() == ';'))
    text.remove_suffix(1);
  constexpr size_t kEnd = 64;
  if (text.size() <= 2 * kEnd) return hash64(text, 1);
  return hash_combine(hash64(text.substr(0, kEnd), text.size()), hash64(text.substr(text.size() - kEnd)));
}

void Assembler::add(const PreparedChunk& chunk, const ChunkPlace& place) {
  place_ = place;
  chunk_ = &chunk;
  for (size_t i = 0; i < chunk.log.entries.size(); ++i) {
    const LogEntry& entry = chunk.log.entries[i];
    const EntryFacts& fact = chunk.facts[i];
    Backend& backend = backend_of(entry, fact.message);
    if (!backend.touched) {
      backend.touched = true;
      touched_.push_back(&backend);
    }
    if (entry.localized || fact.message.localized) ++stats_.localized_entries;
    if (is_secondary(entry.severity)) {
      add_secondary(backend, entry, fact);
    } else {
      ++stats_.entries;
      flush_complete(backend);
      latest_ = &backend;
      add_primary(backend, entry, fact);
    }
  }
  for (Backend* backend : touched_) {
    backend->current.own();
    backend->doubted.own();
    backend->failed.own();
    backend->touched = false;
  }
  touched_.clear();
}

void Assembler::add_primary(Backend& backend, const LogEntry& entry, const EntryFacts& fact) {
  finish_error(backend);
  settle_plan(backend);
  backend.target = Backend::Target::kNone;
  if (entry.time != kUnknownTime) {
    if (entry.time % kSecond != 0) ++evidence_.fractional_times;
    if (stats_.first == kUnknownTime || entry.time < stats_.first) stats_.first = entry.time;
    if (stats_.last == kUnknownTime || entry.time > stats_.last) stats_.last = entry.time;
  }
  if (!entry.detail.empty() || !entry.context.empty()) ++evidence_.details;
  if (is_error(entry.severity)) {
    add_error(backend, entry, fact);
  } else if (is_report(entry.severity)) {
    add_report(backend, entry, fact);
  } else {
    ++stats_.other_entries;
  }
}

void Assembler::add_report(Backend& backend, const LogEntry& entry, const EntryFacts& fact) {
  const Message& message = fact.message;
  switch (message.kind) {
    case MessageKind::kExecute:
    case MessageKind::kStatement:
      add_execution(backend, entry, fact);
      return;
    case MessageKind::kParse:
    case MessageKind::kBind:
      flush_current(backend);
      emit_plans(backend);
      watch_transaction(backend, entry.transaction);
      add_prepare(backend, message);
      return;
    case MessageKind::kFetch:
      add_fetch(backend, message);
      return;
    case MessageKind::kDuration:
      add_duration(backend, message.duration);
      return;
    case MessageKind::kPlan:
      add_plan(backend, entry, message);
      return;
    case MessageKind::kDisconnection: {
      ++stats_.other_entries;
      update_identity(backend, entry);
      const uint64_t key = backend.key;
      if (key == 0) return;
      close_session(backend, entry.time);
      std::erase(touched_, &backend);
      if (latest_ == &backend) latest_ = nullptr;
      backends_.erase(key);
      return;
    }
    case MessageKind::kOther:
      if (hides_statement(entry.message)) ++evidence_.hidden_by_names;
      [[fallthrough]];
    case MessageKind::kConnection:
    case MessageKind::kFastpath:
      ++stats_.other_entries;
      return;
  }
}

void Assembler::start(Execution& execution, Backend& backend, const LogEntry& entry) {
  execution.active = true;
  execution.time = entry.time;
  execution.transaction = transaction_identity(backend.session, entry.transaction);
  execution.sqlstate = entry.sqlstate;
  locate(execution, entry);
}

void Assembler::locate(Execution& execution, const LogEntry& entry) const {
  execution.file = place_.file;
  execution.offset = entry.offset;
  execution.line = place_.line_base + entry.line;
}

void Assembler::add_execution(Backend& backend, const LogEntry& entry, const EntryFacts& fact) {
  const Message& message = fact.message;
  Execution& current = backend.current;
  const bool timed = message.duration != kUnknownTime;
  if (timed && current.active && current.awaits_duration &&
      text_identity(current.text) == text_identity(message.text)) {
    current.duration = message.duration;  // announced before, now with its time: the same execution
    current.time = entry.time;
    current.awaits_duration = false;
    backend.target = Backend::Target::kCurrent;
    return;
  }
  if (!entry.context.empty()) {  // a function raised a message that looks like the server's
    ++stats_.other_entries;
    return;
  }
  if (timed && current.active && current.awaits_duration) {
    emit_doubted(backend);
    std::swap(backend.doubted, current);
  } else {
    flush_current(backend);
  }
  backend.has_statements = true;
  update_identity(backend, entry);
  backend.owed_duration = false;
  start(current, backend, entry);
  watch_transaction(backend, entry.transaction);
  current.sqlstate = {};
  current.extended = message.kind == MessageKind::kExecute;
  current.duration = message.duration;
  current.awaits_duration = !timed;
  current.text = message.text;
  current.name = message.name;
  current.scan = fact.scan;
  backend.target = Backend::Target::kCurrent;
  if (!entry.detail.empty()) add_detail(current, entry.detail, fact);
  if (timed) {
    ++evidence_.durations_with_text;
    current.shortest_before = stats_.min_duration_seen;
    if (stats_.min_duration_seen == kUnknownTime || message.duration < stats_.min_duration_seen) {
      stats_.min_duration_seen = message.duration;
    }
    drop_loose(backend);
  } else {
    ++evidence_.texts_alone;
  }
  if (current.extended) {
    const bool bound = take_prepare(backend, message);
    evidence_.executes_timed += timed ? 1 : 0;
    evidence_.executes_bound += timed && bound ? 1 : 0;
  }
  if (!timed) {
    const uint32_t own = current.extended ? std::min(backend.loose_count, 2U) : 0;
    for (uint32_t i = 0; i < own; ++i) current.prepare += backend.loose[i];
    backend.loose_count -= own;
    drop_loose(backend);
  }
  claim_plans(backend, current);
}

void Assembler::add_detail(Execution& execution, std::string_view text, const EntryFacts& fact) {
  ++evidence_.details;
  const Detail detail = classify_detail(text);
  execution.changed();
  if (detail.kind == DetailKind::kPrepare) {
    execution.prepare_text = detail.text;
    return;
  }
  if (detail.kind != DetailKind::kParameters || execution.parameters_given) return;
  execution.parameters_given = true;
  execution.parameter_list = detail.text;
  if (fact.parameters_read) {
    execution.parameters = chunk_->parameters(fact);
    execution.parameters_whole = fact.parameters_whole;
    return;
  }
  execution.set_parameters(detail.text, scratch_);
}

void Assembler::add_secondary(Backend& backend, const LogEntry& entry, const EntryFacts& fact) {
  if (entry.severity == Severity::kLocation) ++evidence_.locations;
  switch (backend.target) {
    case Backend::Target::kCurrent:
      if (entry.severity == Severity::kDetail) add_detail(backend.current, entry.message, fact);
      if (entry.severity == Severity::kContext && context_parameters(entry.message).empty()) {
        retract(backend);
        backend.target = Backend::Target::kNone;
        ++stats_.other_entries;
      }
      return;
    case Backend::Target::kFailed:
      if (entry.severity == Severity::kStatement) {
        backend.failed.changed();
        backend.failed.text = entry.message;
        backend.failed.scan = fact.scan;
      } else if (entry.severity == Severity::kContext) {
        const std::string_view list = context_parameters(entry.message);
        if (!list.empty()) backend.failed.set_parameters(list, scratch_);
      }
      return;
    case Backend::Target::kPlan:
      if (entry.severity == Severity::kContext && backend.open_plan != nullptr &&
          context_parameters(entry.message).empty()) {
        backend.open_plan->nested = true;
      }
      return;
    case Backend::Target::kNone:
      return;
  }
}

void Assembler::add_error(Backend& backend, const LogEntry& entry, const EntryFacts& fact) {
  Execution& failed = backend.failed;
  failed.reset();
  start(failed, backend, entry);
  failed.kind = Event::Kind::kFailed;
  failed.error_message = entry.message;
  failed.text = entry.statement;
  failed.position = entry.position;
  failed.scan = fact.scan;
  backend.target = Backend::Target::kFailed;
  // Without sessions the error may be another client's than the statement that waits.
  const bool other =
      backend.session == 0 && (backend.application != entry.application || backend.user != entry.user ||
                               backend.database != entry.database);
  if (other) flush_current(backend);
  if (!backend.current.active) update_identity(backend, entry);
  const std::string_view list =
      entry.context.empty() ? std::string_view{} : context_parameters(entry.context);
  if (!list.empty()) failed.set_parameters(list, scratch_);
}

// The error has all its secondary entries. When log_statement announced the statement, the announcement is
// what failed.
void Assembler::finish_error(Backend& backend) {
  Execution& failed = backend.failed;
  if (!failed.active) return;
  Execution& current = backend.current;
  const bool announced = current.active && current.awaits_duration &&
                         (failed.text.empty() || text_identity(failed.text) == text_identity(current.text));
  if (announced) {
    current.kind = Event::Kind::kFailed;
    current.awaits_duration = false;
    current.time = failed.time;
    current.sqlstate = failed.sqlstate;
    current.error_message = failed.error_message;
    current.position = failed.position;
    emitter_.execution(backend.identity(), current);
    failed.reset();
    return;
  }
  flush_current(backend);
  if (failed.text.empty()) {
    ++evidence_.errors_without_statement;
    ++stats_.other_entries;
    failed.reset();
    return;
  }
  emitter_.execution(backend.identity(), failed);
}

// A function raised a message that looks like the server's: as if it had not been there.
void Assembler::retract(Backend& backend) {
  Execution& current = backend.current;
  if (current.active && !current.awaits_duration) {
    --evidence_.durations_with_text;
    if (stats_.min_duration_seen == current.duration) stats_.min_duration_seen = current.shortest_before;
  } else if (current.active) {
    --evidence_.texts_alone;
  }
  current.reset();
  std::swap(current, backend.doubted);
}

void Assembler::emit_doubted(Backend& backend) {
  if (backend.doubted.active) emitter_.execution(backend.identity(), backend.doubted);
}

void Assembler::flush_current(Backend& backend) {
  emit_doubted(backend);
  Execution& current = backend.current;
  if (!current.active) return;
  if (current.extended && evidence_.plans > 0 && can_have_plan(current.text)) {
    ++evidence_.executes_plannable;
    if (!current.plans.empty()) ++evidence_.executes_planned;
  }
  if (current.extended && current.plans.empty()) {
    backend.unplanned[backend.unplanned_next++ % backend.unplanned.size()] = text_identity(current.text);
  }
  emitter_.execution(backend.identity(), current);
}

void Assembler::flush_complete(const Backend& next) {
  if (latest_ == nullptr || latest_ == &next || evidence_.plans > 0 || !is_complete(latest_->current)) return;
  flush_current(*latest_);
  latest_->target = Backend::Target::kNone;
}

void Assembler::flush(Backend& backend) {
  finish_error(backend);
  settle_plan(backend);
  flush_current(backend);
  emit_plans(backend);
}

}  // namespace pgsieve
