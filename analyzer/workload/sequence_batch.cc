#include "analyzer/workload/sequence_batch.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "analyzer/workload/session_tracker.h"

namespace pgsieve {

// A copy in the arena, or the latest one where it says the same: neighbours mostly come from one program.
std::string_view SequenceBatch::keep(std::string_view text, std::string_view latest) {
  if (text == latest) return latest;
  char* copy = texts_.allocate(text.size());
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

void SequenceBatch::add(StatementEvent& statement) {
  const std::string_view database = steps_.empty() ? std::string_view() : steps_.back().database;
  const std::string_view application = steps_.empty() ? std::string_view() : steps_.back().application_name;
  Step& step = steps_.emplace_back();
  step.single_value = statement.single_value;
  step.values_known = statement.values_known;
  step.failed = statement.failed;
  step.pattern = statement.pattern;
  step.pattern_ordinal = statement.pattern_ordinal;
  step.info = std::move(statement.info);
  step.start = statement.start;
  step.end = statement.end;
  step.duration = statement.duration;
  step.tuple = statement.tuple;
  step.limit = statement.limit;
  step.offset = statement.offset;
  step.rows = statement.rows;
  step.session = statement.session;
  step.transaction = statement.transaction;
  step.application = statement.application;
  step.trace = statement.trace;
  step.unit = statement.unit;
  step.database = keep(statement.event->database, database);
  step.application_name = keep(statement.event->application, application);
  step.first_value = static_cast<uint32_t>(values_.size());
  step.value_count = static_cast<uint8_t>(statement.value_count);
  for (size_t i = 0; i < statement.value_count; ++i) {
    SlotValue& value = values_.emplace_back(statement.values[i]);
    value.text = keep(value.text.substr(0, SlotValue::kFollowedBytes), {});
  }
  if (!statement.tags->empty()) {
    step.tags = static_cast<uint32_t>(tags_.size());
    tags_.push_back(*statement.tags);
  }
}

void SequenceBatch::add_session_end(uint64_t session) {
  Step& step = steps_.emplace_back();
  step.kind = Step::Kind::kSessionEnd;
  step.session = session;
}

void SequenceBatch::add_boundary(uint64_t session) {
  Step& step = steps_.emplace_back();
  step.kind = Step::Kind::kBoundary;
  step.session = session;
}

void SequenceBatch::replay(SessionTracker& tracker) {
  Event event;
  StatementEvent statement;
  statement.event = &event;
  for (Step& step : steps_) {
    if (step.kind == Step::Kind::kSessionEnd) {
      tracker.on_session_end(step.session);
      continue;
    }
    if (step.kind == Step::Kind::kBoundary) {
      tracker.on_boundary(step.session);
      continue;
    }
    event.database = step.database;
    event.application = step.application_name;
    statement.info = std::move(step.info);
    statement.pattern = step.pattern;
    statement.pattern_ordinal = step.pattern_ordinal;
    statement.single_value = step.single_value;
    statement.start = step.start;
    statement.end = step.end;
    statement.duration = step.duration;
    std::copy_n(values_.begin() + step.first_value, step.value_count, statement.values.begin());
    statement.value_count = step.value_count;
    statement.values_known = step.values_known;
    statement.tuple = step.tuple;
    statement.limit = step.limit;
    statement.offset = step.offset;
    statement.rows = step.rows;
    statement.session = step.session;
    statement.transaction = step.transaction;
    statement.application = step.application;
    statement.trace = step.trace;
    statement.unit = step.unit;
    statement.failed = step.failed;
    statement.tags = &tags_[step.tags];
    tracker.on_statement(statement);
  }
  steps_.clear();
  values_.clear();
  tags_.resize(1);
  texts_.clear();
}

}  // namespace pgsieve
