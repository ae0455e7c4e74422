// Replay: one captured loop run again against a server, statement by statement, beside the one statement that
// is to replace it; do they give the same rows, and what does the one save?
//
// Everything happens in a read-only transaction that is rolled back, with a time limit per statement. The
// server refuses writes and row locks in it.
#pragma once

#include <string>
#include <vector>

#include "analyzer/advisor/server_connection.h"
#include "analyzer/base/error.h"
#include "rules/rule.h"

namespace pgsieve {

struct Replay {
  std::string loop_sql;   // normalised
  std::string batch_sql;  // without literals
  size_t turns = 0;       // that were replayed, each set of values once
  uint64_t loop_rows = 0;
  uint64_t batch_rows = 0;  // rows without a counterpart on the other side are the difference
  bool agree = false;
  std::string difference;  // the first key whose rows differ
  double loop_ms = 0;      // best of several rounds, round trips included
  double batch_ms = 0;
  std::vector<std::string> notes;
};

// Needs an example of the loop with values. An Error says what is missing, or what the server refused.
Result<Replay> replay_loop(ServerConnection& database, const RuleContext& context, const Pattern& child,
                           const LoopExample& example);

}  // namespace pgsieve
