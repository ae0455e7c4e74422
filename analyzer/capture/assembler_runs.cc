// One log read in several runs: what a run finds of the one before, and leaves to the next.
//
// A run may end anywhere, also between a statement's entries: behind the text that log_statement wrote, while
// the duration or the error is to come, or before the DETAIL with the values. Such a statement is not counted
// by the run that saw its text but by the next one, with all that belongs to it. Only where the log shows
// that something is to come: without log_duration nothing ever follows a text.
#include "analyzer/capture/assembler.h"

namespace pgsieve {

void Assembler::resume(std::string_view rests, bool whole_statements) {
  resumable_ = true;
  leaves_statements_ = whole_statements;
  rests_ = SessionRests(rests);
}

void Assembler::restore(Backend& backend, const LogEntry& entry) {
  if (!rests_.restore(backend)) return;
  Execution& current = backend.current;
  if (backend.failed.active) {
    update_identity(backend, entry);
    locate(backend.failed, entry);
    backend.target = Backend::Target::kFailed;
  }
  if (!current.active) return;
  update_identity(backend, entry);
  locate(current, entry);
  backend.target = Backend::Target::kCurrent;
  pairs_durations_ = pairs_durations_ || current.awaits_duration;
  if (current.awaits_duration) {
    ++evidence_.texts_alone;
    return;
  }
  ++evidence_.durations_with_text;
  if (stats_.min_duration_seen == kUnknownTime || current.duration < stats_.min_duration_seen)
    stats_.min_duration_seen = current.duration;
}

// After a statement's plan was settled.
SessionRests::Left Assembler::left_of(const Backend& backend) const {
  const Execution& current = backend.current;
  const bool announced = current.active && current.awaits_duration;
  if (backend.failed.active && backend.failed.text.empty() && !announced && leaves_statements_ &&
      rests_.has_room(backend.failed))
    return SessionRests::Left::kError;
  if (backend.failed.active || !current.active) return SessionRests::Left::kNothing;
  const uint64_t paired = evidence_.durations_paired;
  const bool pairs = pairs_durations_ || (paired > 0 && paired * 2 >= evidence_.texts_alone);
  const bool shows_values = evidence_.details > 0 && stats_.missing_parameters == 0;
  const bool to_come = (current.awaits_duration && pairs) || current.awaits_fetch ||
                       (current.extended && current.lacks_detail() && shows_values);
  const bool alone = !backend.doubted.active && current.plans.empty();
  if (to_come && alone && leaves_statements_ && rests_.has_room(current))
    return SessionRests::Left::kStatement;
  return current.awaits_duration ? SessionRests::Left::kDuration : SessionRests::Left::kNothing;
}

// Complete or not: it was not emitted. Of an announced statement and its error the error tells more.
SessionRests::Left Assembler::waiting(const Backend& backend, const SessionRests& rests) const {
  if (backend.failed.active && leaves_statements_ && rests.has_room(backend.failed))
    return SessionRests::Left::kError;
  const Execution& current = backend.current;
  if (backend.failed.active || !current.active) return SessionRests::Left::kNothing;
  if (current.plans.empty() && leaves_statements_ && rests.has_room(current))
    return SessionRests::Left::kStatement;
  return current.awaits_duration ? SessionRests::Left::kDuration : SessionRests::Left::kNothing;
}

std::string Assembler::rests_so_far() const {
  if (!resumable_) return {};
  SessionRests rests = rests_;
  for (const Backend& backend : backends_.all()) {
    if (backend.session != 0) rests.keep(backend, waiting(backend, rests));
  }
  return rests.text();
}

// The end of a log that no run goes on with, or what of the backend is not left to one.
void Assembler::end(Backend& backend, SessionRests::Left left) {
  if (left != SessionRests::Left::kError) finish_error(backend);
  if (left != SessionRests::Left::kStatement) flush_current(backend);
  emit_plans(backend);
}

void Assembler::finish() {
  for (Backend& backend : backends_.all()) {
    release_early_plans(backend);
    if (!resumable_ || backend.session == 0) {
      end(backend, SessionRests::Left::kNothing);
      for (const PrepareTime& prepare : backend.prepares) drop_prepare(prepare);
      drop_loose(backend);
      continue;
    }
    const SessionRests::Left left = left_of(backend);
    end(backend, left);
    rests_.keep(backend, left);
  }
  if (resumable_) stats_.session_rests = rests_.text();
}

}  // namespace pgsieve
