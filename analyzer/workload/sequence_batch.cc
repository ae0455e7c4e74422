#include "analyzer/workload/sequence_batch.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
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
  step.facts = std::move(static_cast<ExecutionFacts&>(statement));
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
  step.facts.session = session;
}

void SequenceBatch::add_boundary(uint64_t session) {
  Step& step = steps_.emplace_back();
  step.kind = Step::Kind::kBoundary;
  step.facts.session = session;
}

void SequenceBatch::replay(SessionTracker& tracker) {
  Event event;
  StatementEvent statement;
  statement.event = &event;
  std::array<SessionTracker::Expected, 16> expected;
  for (size_t at = 0; at < steps_.size(); ++at) {
    if (at % expected.size() == 0) {
      const size_t count = std::min(expected.size(), steps_.size() - at);
      for (size_t i = 0; i < count; ++i)
        expected[i] = {steps_[at + i].facts.session, steps_[at + i].facts.pattern_ordinal};
      tracker.expect(std::span(expected).first(count));
    }
    Step& step = steps_[at];
    if (step.kind == Step::Kind::kSessionEnd) {
      tracker.on_session_end(step.facts.session);
      continue;
    }
    if (step.kind == Step::Kind::kBoundary) {
      tracker.on_boundary(step.facts.session);
      continue;
    }
    event.database = step.database;
    event.application = step.application_name;
    static_cast<ExecutionFacts&>(statement) = std::move(step.facts);
    std::copy_n(values_.begin() + step.first_value, step.value_count, statement.values.begin());
    statement.value_count = step.value_count;
    statement.tags = &tags_[step.tags];
    tracker.on_statement(statement);
  }
  steps_.clear();
  values_.clear();
  tags_.resize(1);
  texts_.clear();
}

}  // namespace pgsieve
