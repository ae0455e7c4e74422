// WireCounts: what became of the connections and of what they carried. Everything that could not be read is
// here: a verdict over a capture with holes must be able to say so.
#pragma once

#include <cstdint>

namespace pgsieve {

struct WireCounts {
  uint64_t connections = 0;  // of the PostgreSQL protocol, requests to cancel left out
  uint64_t encrypted = 0;    // of them with TLS or GSS encryption: not decodable
  uint64_t undecodable = 0;  // of them in another version, or broken beyond recognition
  uint64_t mid_stream = 0;   // of them already open when the capture began
  uint64_t replication = 0;  // of them physical replication
  uint64_t cancels = 0;      // requests to cancel
  uint64_t channel_binding = 0;  // connections refused because TLS does not reach from end to end
  uint64_t messages = 0;
  uint64_t gaps = 0;                // holes in the streams
  uint64_t gap_bytes = 0;           // as far as known
  uint64_t resyncs = 0;             // boundaries of messages found again after a hole
  uint64_t unmatched = 0;           // answers that fit no request
  uint64_t unresolved = 0;          // executions whose answer was not seen
  uint64_t abandoned = 0;           // executions still under way when their connection was closed
  uint64_t unknown_statements = 0;  // executions of statements prepared before the capture began
  uint64_t unknown_values = 0;      // binary values of types we don't know
  uint64_t damaged_messages = 0;    // messages of which a part is missing or too long
  uint64_t late_fetches = 0;        // rows fetched from a portal after other statements ran
  uint64_t function_calls = 0;
  uint64_t dropped_requests = 0;  // more requests in flight than are followed
};

}  // namespace pgsieve
