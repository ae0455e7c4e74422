// Were the turns of a loop sent one by one, or as a batch of the driver's (addBatch of JDBC, executemany of
// some drivers, a pipeline)? A batch costs one round trip, or a few, however many executions it has. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "analyzer/workload/loop.h"

namespace pgsieve {

enum class BatchEvidence : uint8_t {
  kNone,      // one by one, or nothing speaks for a batch
  kPossible,  // the log can't tell
  kLikely,    // by the log's times, or its transactions
  kCertain,  // most turns were sent before the answer to the turn before: seen on the wire, or in one string;
             // or by both of a log's signs
};

// No program is known to get an answer, act on it and have the server begin with its next statement in less.
// Measured over loopback and Unix sockets, between the end of one statement and the beginning of the next as
// a log of the server tells them (its own writing included), the quickest millisecond of a loop has at least
// so much on average: 57 µs asyncpg and pgx, 79 ruby-pg, 88 psycopg 3, 110 pgjdbc, 144 postgres.js, 158
// node-postgres; only pgbench, which does nothing in between, comes to 37. Batches of these: 16 to 48.
inline constexpr Microseconds kShortestRoundTrip = 50;

BatchEvidence sent_as_batch(const LoopExample& example);

// Why a loop of that evidence is not graded higher; "" when there is none.
std::string batch_doubt(const LoopExample& example, BatchEvidence evidence);

}  // namespace pgsieve
