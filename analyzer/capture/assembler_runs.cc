// One log read in several runs: what a run finds of the one before, and leaves to the next.
//
// A run may end anywhere, also between a statement's entries: behind the text that log_statement wrote, while
// the duration or the error is to come, or before the DETAIL with the values, or between
// a statement and its plan, whichever comes first. Such a statement is not counted
// by the run that saw its text but by the next one, with all that belongs to it. Only where the log shows
// that something is to come: without log_duration nothing ever follows a text.
#include "analyzer/capture/assembler.h"
#include "analyzer/capture/statement_kind.h"

namespace pgsieve {

void Assembler::resume(std::string_view rests, bool whole_statements) {
  resumable_ = true;
  leaves_statements_ = whole_statements;
  rests_ = SessionRests(rests);
}

void Assembler::restore(Backend& backend, const LogEntry& entry) {
  if (!rests_.restore(backend)) return;
  Execution& current = backend.current;
  restore_plans(backend, entry);
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

void Assembler::restore_plans(Backend& backend, const LogEntry& entry) {
  const auto locate_plan = [&](PlanRecord& plan) {
    plan.file = place_.file;
    plan.offset = entry.offset;
    plan.line = place_.line_base + entry.line;
    ++evidence_.plans;
  };
  for (PlanRecord& plan : backend.plans) locate_plan(plan);
  for (PlanRecord& plan : backend.current.plans) locate_plan(plan);
  if (backend.open_plan == nullptr) return;
  locate_plan(*backend.open_plan);
  backend.target = Backend::Target::kPlan;
}

// Whether the log has plans of (nearly) all statements that can have one, and of this one none has come.
bool Assembler::awaits_plan(const Execution& execution) const {
  return execution.extended && execution.plans.empty() && can_have_plan(execution.text) &&
         evidence_.executes_planned > 0 &&
         evidence_.executes_planned * 10 >= evidence_.executes_plannable * 9;
}

// Whether the plans that wait are of a statement whose entry comes, as one does for every statement that took
// as long. Below a millisecond the threshold is 0 (a plan's own duration is a little shorter than its
// statement's).
bool Assembler::awaits_statement(const Backend& backend) const {
  if (!backend.has_statements || evidence_.durations_with_text == 0 || backend.plans.empty()) return false;
  return stats_.min_duration_seen < kMillisecond || backend.plans.back().duration >= stats_.min_duration_seen;
}

// After a statement's plan was settled.
SessionRests::Left Assembler::left_of(const Backend& backend) const {
  const Execution& current = backend.current;
  const bool announced = current.active && current.awaits_duration;
  SessionRests::Left left;
  left.plans = leaves_statements_ && awaits_statement(backend);
  left.error = leaves_statements_ && backend.failed.active && backend.failed.text.empty() && !announced;
  if (!backend.failed.active && current.active) {
    const uint64_t paired = evidence_.durations_paired;
    const bool pairs = pairs_durations_ || (paired > 0 && paired * 2 >= evidence_.texts_alone);
    const bool shows_values = evidence_.details > 0 && stats_.missing_parameters == 0;
    const bool to_come = (current.awaits_duration && pairs) || current.awaits_fetch || awaits_plan(current) ||
                         (current.extended && current.lacks_detail() && shows_values);
    left.statement = leaves_statements_ && to_come && !backend.doubted.active;
  }
  if (!rests_.has_room(backend, left)) left = {};
  left.duration = !backend.failed.active && announced && !left.statement;
  return left;
}

// Complete or not: it was not emitted. Of an announced statement and its error the error tells more.
SessionRests::Left Assembler::waiting(const Backend& backend, const SessionRests& rests) const {
  const Execution& current = backend.current;
  SessionRests::Left left;
  left.plans = leaves_statements_ && (!backend.plans.empty() || backend.open_plan != nullptr);
  left.error = leaves_statements_ && backend.failed.active;
  left.statement = leaves_statements_ && !backend.failed.active && current.active;
  if (!rests.has_room(backend, left)) left = {};
  left.duration = !backend.failed.active && current.active && current.awaits_duration && !left.statement;
  return left;
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
  if (!left.error) finish_error(backend);
  if (!left.statement) flush_current(backend);
  if (left.plans) return;
  release_early_plans(backend);
  emit_plans(backend);
}

void Assembler::finish() {
  for (Backend& backend : backends_.all()) {
    settle_plan(backend);
    if (!resumable_ || backend.session == 0) {
      end(backend, {});
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
