// A captured loop as it ran: its statement with the values that never changed, and the keys of each turn.
// What a replay runs. Internal to the replay.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "analyzer/advisor/server_connection.h"
#include "analyzer/base/error.h"
#include "analyzer/sql/rewrite.h"
#include "rules/rule.h"

namespace pgsieve {

using ReplayKeys = std::vector<std::string>;  // of one turn, in the order of the batch's arrays

struct CapturedLoop {
  std::string text;
  StatementShape shape;
  std::vector<DatabaseValue> parameters;  // by number; of those that vary, any value
  std::vector<uint32_t> key_slots;        // in the order of the batch's arrays
  std::vector<ReplayKeys> turns;          // each tuple once
  bool foreign_values = false;            // some constants are another execution's

  // One turn: its text, and its parameters by number.
  std::string text_of(const ReplayKeys& keys) const;
  std::vector<DatabaseValue> bound(const ReplayKeys& keys) const;
  // The parameters of the one statement for all turns.
  std::vector<DatabaseValue> bound(const Rewrite& rewrite) const;
};

// `shown`: the one statement, its parameters named; `varying_slots` of `child` differ from turn to turn. An
// Error says what was not captured.
Result<CapturedLoop> captured_loop(const Pattern& child, const LoopExample& example, const Rewrite& shown,
                                   std::span<const uint32_t> varying_slots);

// Why something can't be replayed.
Error replay_refused(std::string message, std::string hint = {});

}  // namespace pgsieve
