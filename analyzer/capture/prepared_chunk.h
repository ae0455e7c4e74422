// PreparedChunk: the entries of a chunk with everything about them that can be found out without knowing the
// entries before the chunk. Made in parallel; the assembler then only pairs.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "analyzer/capture/event.h"
#include "analyzer/capture/log_reader.h"
#include "analyzer/capture/message.h"
#include "analyzer/sql/scan.h"

namespace pgsieve {

struct EntryFacts {
  Message message;                      // of a primary entry that is no error
  const StatementScan* scan = nullptr;  // of the statement the entry carries, when it will become an event
  uint32_t first_parameter = 0;         // the entry's bound values: a range of PreparedChunk::parameters
  uint32_t parameter_count = 0;
  bool parameters_read = false;  // the range is meaningful
  bool parameters_whole = true;  // the list was lexed to its end
};

// Reused from chunk to chunk. One thread at a time.
class PreparedChunk {
 public:
  LogChunk log;
  std::vector<EntryFacts> facts;  // one per entry

  // Fills facts from log.entries. Statements are scanned only where an event will need it (`statement`,
  // `execute`, errors): parse and bind repeat the same text.
  void prepare();

  std::span<const BoundValue> parameters(const EntryFacts& fact) const {
    return std::span(parameters_).subspan(fact.first_parameter, fact.parameter_count);
  }

  void clear();

 private:
  const StatementScan* scan(std::string_view text);
  void read_parameters(std::string_view list, EntryFacts& fact);

  std::deque<StatementScan> scans_;  // stable addresses; the first scans_used_ are this chunk's
  size_t scans_used_ = 0;
  std::vector<BoundValue> parameters_;
  std::string scratch_;
};

// Whether the entry is the server's own report on a statement rather than an error.
inline bool is_report(Severity severity) {
  return severity == Severity::kLog || severity == Severity::kUnknown;
}
inline bool is_error(Severity severity) {
  return severity == Severity::kError || severity == Severity::kFatal || severity == Severity::kPanic;
}

}  // namespace pgsieve
