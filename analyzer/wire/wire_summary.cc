#include "analyzer/wire/wire_summary.h"

#include <fmt/format.h>

#include <utility>

namespace pgsieve {

void note_incomplete(IngestStats& stats, std::string warning) {
  stats.incomplete.push_back(warning);
  stats.warnings.push_back(std::move(warning));
}

void summarize_wire(const WireCounts& counts, IngestStats& stats) {
  const auto say = [&](uint64_t count, std::string text) {
    if (count > 0) note_incomplete(stats, std::move(text));
  };
  say(counts.encrypted,
      fmt::format(
          "{} of {} connections are encrypted (TLS or GSS): nothing in them could be analysed. Capture "
          "where the traffic is plain, connect with sslmode=disable, or let pgsieve tap do the TLS "
          "(--tls-cert, --upstream-tls).",
          counts.encrypted, counts.connections));
  say(counts.gaps,
      fmt::format("The capture has {} holes ({} bytes at least): packets are missing or were cut.",
                  counts.gaps, counts.gap_bytes));
  say(counts.unresolved,
      fmt::format("The answers to {} requests were not captured; what they returned is unknown.",
                  counts.unresolved));
  say(counts.unknown_statements,
      fmt::format("{} executions are of statements prepared before the capture began; their text is unknown.",
                  counts.unknown_statements));
  say(counts.unmatched,
      fmt::format("{} times the answers did not fit the requests; decoding went on at the next pause.",
                  counts.unmatched));
  say(counts.dropped_requests,
      fmt::format("{} requests were not followed: too many in flight at once.", counts.dropped_requests));
  if (counts.channel_binding > 0) {
    stats.warnings.push_back(fmt::format(
        "{} connections were refused because the password is bound to a TLS connection that ends at "
        "the tap. Give the tap the server's own certificate (--tls-cert, --tls-key), or connect with "
        "channel_binding=disable.",
        counts.channel_binding));
  }
  // Not PostgreSQL at all, most likely; what matters is known when it is all there is.
  if (counts.undecodable > 0) {
    const std::string text =
        fmt::format("{} of {} connections could not be decoded as PostgreSQL protocol 3.", counts.undecodable,
                    counts.connections);
    if (counts.undecodable == counts.connections) {
      note_incomplete(stats, text);
    } else {
      stats.warnings.push_back(text);
    }
  }
  if (stats.settings.count("capture") == 0) {
    stats.settings["capture"] = fmt::format("{} PostgreSQL connections, {} encrypted, {} holes",
                                            counts.connections, counts.encrypted, counts.gaps);
  }
}

}  // namespace pgsieve
