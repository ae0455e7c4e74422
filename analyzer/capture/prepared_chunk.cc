#include "analyzer/capture/prepared_chunk.h"

#include "analyzer/capture/parameters.h"
#include "analyzer/capture/severity.h"

namespace pgsieve {

void PreparedChunk::clear() {
  log.clear();
  facts.clear();
  scans_used_ = 0;
  parameters_.clear();
}

const StatementScan* PreparedChunk::scan(std::string_view text) {
  if (scans_used_ == scans_.size()) scans_.emplace_back();
  StatementScan& scan = scans_[scans_used_++];
  scan_statement(text, scan, scratch_);
  return &scan;
}

void PreparedChunk::read_parameters(std::string_view list, EntryFacts& fact) {
  fact.first_parameter = static_cast<uint32_t>(parameters_.size());
  fact.parameters_whole = lex_parameters(list, parameters_, scratch_);
  fact.parameter_count = static_cast<uint32_t>(parameters_.size() - fact.first_parameter);
  fact.parameters_read = true;
}

void PreparedChunk::prepare() {
  facts.assign(log.entries.size(), EntryFacts());
  MessageKind before = MessageKind::kOther;  // of the latest primary entry: whose DETAIL comes next
  for (size_t i = 0; i < log.entries.size(); ++i) {
    const LogEntry& entry = log.entries[i];
    EntryFacts& fact = facts[i];
    if (is_secondary(entry.severity)) {
      if (entry.severity == Severity::kStatement) fact.scan = scan(entry.message);
      if (entry.severity != Severity::kDetail || before != MessageKind::kExecute) continue;
      const Detail detail = classify_detail(entry.message);
      if (detail.kind == DetailKind::kParameters) read_parameters(detail.text, fact);
      continue;
    }
    before = MessageKind::kOther;
    if (is_report(entry.severity)) {
      fact.message = classify_message(entry.message);
      before = fact.message.kind;
      if (before != MessageKind::kExecute && before != MessageKind::kStatement) continue;
      fact.scan = scan(fact.message.text);
      if (entry.detail.empty() || before != MessageKind::kExecute) continue;
      const Detail detail = classify_detail(entry.detail);
      if (detail.kind == DetailKind::kParameters) read_parameters(detail.text, fact);
    } else if (is_error(entry.severity) && !entry.statement.empty()) {
      fact.scan = scan(entry.statement);
    }
  }
}

}  // namespace pgsieve
