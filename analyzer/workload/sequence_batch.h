// SequenceBatch: what the session tracker is to hear of a stretch of events, kept until it does.
//
// Counting statements and following sessions are two steps that share nothing but immutable descriptions of
// statements, so that a thread may follow the sessions of one stretch while another counts the next. The
// batch owns copies of all it needs of the events: their buffers may be gone when it is replayed. One thread
// gains by it, too: what the tracker needs of the next sessions is fetched from memory while it follows one.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "analyzer/base/text_arena.h"
#include "analyzer/workload/statement_event.h"

namespace pgsieve {

class SessionTracker;

class SequenceBatch {
 public:
  // The statement's event may have no columns, cells or code location: only a log's events are kept. Takes
  // the statement's info away.
  void add(StatementEvent& statement);
  void add_session_end(uint64_t session);
  void add_boundary(uint64_t session);

  // Tells the tracker everything in order, and forgets it.
  void replay(SessionTracker& tracker);

 private:
  struct Step {
    enum class Kind : uint8_t { kStatement, kSessionEnd, kBoundary } kind = Kind::kStatement;
    uint8_t value_count = 0;  // of values_, from first_value on
    uint32_t first_value = 0;
    uint32_t tags = 0;     // index into tags_; 0: none
    ExecutionFacts facts;  // kSessionEnd, kBoundary: its session only
    std::string_view database, application_name;
  };

  std::string_view keep(std::string_view text, std::string_view latest);

  std::vector<Step> steps_;
  std::vector<SlotValue> values_;
  std::vector<Tags> tags_{1};
  TextArena texts_;
};

}  // namespace pgsieve
