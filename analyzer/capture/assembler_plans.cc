// auto_explain's plans: whose are they? In the simple protocol a plan stands before its statement's duration
// line, in the extended protocol after its execute line (the portal is closed later), and with log_statement
// between the text and the duration. The query text decides; a plan that nothing claims was logged by
// auto_explain alone and is an execution.
#include "analyzer/capture/assembler.h"
#include "analyzer/capture/message.h"

namespace pgsieve {
namespace {

bool starts_with_word(std::string_view text, std::string_view upper) {
  if (text.size() <= upper.size()) return false;
  for (size_t i = 0; i < upper.size(); ++i) {
    if ((text[i] & ~0x20) != upper[i]) return false;
  }
  const char next = text[upper.size()];
  return next == ' ' || next == '\n' || next == '\t' || next == '\r';
}

// Whether the plan can be of this statement. The plan of an SQL EXECUTE shows the text of its PREPARE.
bool fits(const PlanRecord& record, const Execution& execution, uint64_t text) {
  if (text_identity(record.parsed.query) == text) return true;
  return starts_with_word(record.parsed.query, "PREPARE") && starts_with_word(execution.text, "EXECUTE");
}

}  // namespace

void Assembler::add_plan(Backend& backend, const LogEntry& entry, const Message& message) {
  ++evidence_.plans;
  auto record = std::make_unique<PlanRecord>();
  if (!parse_plan(message.text, record->parsed) || record->parsed.query.empty()) {
    ++stats_.other_entries;
    return;
  }
  record->time = entry.time;
  record->duration = message.duration;
  record->transaction = transaction_identity(backend.session, entry.transaction);
  record->file = place_.file;
  record->offset = entry.offset;
  record->line = place_.line_base + entry.line;
  record->nested = !entry.context.empty() && context_parameters(entry.context).empty();
  if (!backend.current.active) update_identity(backend, entry);
  backend.open_plan = std::move(record);
  backend.target = Backend::Target::kPlan;
}

// The plan has all its secondary entries: gives it to the execution it belongs to, or keeps it for one that
// comes.
void Assembler::settle_plan(Backend& backend) {
  if (backend.open_plan == nullptr) return;
  PlanRecord record = std::move(*backend.open_plan);
  backend.open_plan.reset();
  if (record.nested) {
    emitter_.plan(backend.identity(), record, Event::Kind::kNestedPlan);
    return;
  }
  const uint64_t text = text_identity(record.parsed.query);
  Execution& current = backend.current;
  const bool open =
      current.active && (current.awaits_duration || (current.extended && current.plans.empty()));
  if (open && fits(record, current, text_identity(current.text))) {
    if (current.plans.size() < Backend::kMaxPlans) current.plans.push_back(std::move(record));
    return;
  }
  for (uint64_t& earlier : backend.unplanned) {
    // A portal closed late, after other statements: its execution was counted when it ran.
    if (earlier != text) continue;
    earlier = 0;
    emitter_.plan(backend.identity(), record, Event::Kind::kNestedPlan);
    return;
  }
  const bool same = !backend.plans.empty() && text_identity(backend.plans.back().parsed.query) == text;
  const bool several = same && record.parsed.query.find(';') + 1 < record.parsed.query.size();
  if (!backend.plans.empty() && (!several || backend.plans.size() >= Backend::kMaxPlans)) emit_plans(backend);
  backend.plans.push_back(std::move(record));
}

// Moves the waiting plans of the execution's text to it; the others were executions of their own.
void Assembler::claim_plans(Backend& backend, Execution& execution) {
  if (backend.plans.empty()) return;
  const uint64_t text = text_identity(execution.text);
  std::vector<PlanRecord> waiting = std::move(backend.plans);
  backend.plans.clear();
  for (PlanRecord& record : waiting) {
    if (fits(record, execution, text)) {
      execution.plans.push_back(std::move(record));
    } else {
      emit_plan(backend, record);
    }
  }
}

// A plan that no entry claimed. A cursor's plan comes when the cursor is closed; where statements are logged,
// its DECLARE was counted already.
void Assembler::emit_plan(Backend& backend, PlanRecord& record) {
  const bool cursor = starts_with_word(record.parsed.query, "DECLARE") && backend.has_statements;
  if (starts_with_word(record.parsed.query, "PREPARE")) {
    if (const std::string_view text = prepared_text(record.parsed.query); !text.empty())
      record.parsed.query = text;
  }
  emitter_.plan(backend.identity(), record, cursor ? Event::Kind::kNestedPlan : Event::Kind::kPlanOnly);
}

void Assembler::emit_plans(Backend& backend) {
  size_t place = 0;
  for (PlanRecord& record : backend.plans) {
    record.in_row = place++;
    record.row_size = backend.plans.size();
    emit_plan(backend, record);
  }
  backend.plans.clear();
}

// The input ends, maybe between a plan and the entry of its statement, which stands in what is read next:
// then the plan is no execution of its own.
void Assembler::release_early_plans(Backend& backend) {
  if (!awaits_statement(backend)) return;
  PlanRecord early = std::move(backend.plans.back());
  backend.plans.pop_back();
  emit_plans(backend);
  emitter_.plan(backend.identity(), early, Event::Kind::kNestedPlan);
}

}  // namespace pgsieve
