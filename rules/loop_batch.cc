#include "rules/loop_batch.h"

#include <fmt/format.h>

namespace pgsieve {

namespace {

// Where the least time between two statements that the log allows for is below this, and the clock leaves it
// open, nothing tells a batch whose client is slow to fill it from a loop whose client is quick.
constexpr Microseconds kQuickLoop = 75;

bool most_turns(uint32_t turns, const LoopExample& example) {
  return turns > 0 && 2 * uint64_t{turns} + 1 >= example.count;
}

bool no_time_for_round_trips(const LoopExample& example) {
  const auto below = [](Microseconds idle) { return idle != kUnknownTime && idle <= kShortestRoundTrip; };
  return below(example.closest_idle) || below(example.most_idle);
}

}  // namespace

BatchEvidence sent_as_batch(const LoopExample& example) {
  if (most_turns(example.pipelined, example)) return BatchEvidence::kCertain;
  if (most_turns(example.awaited, example)) return BatchEvidence::kNone;
  const bool in_no_time = no_time_for_round_trips(example);
  if (most_turns(example.pipelined + example.unbegun, example))
    return in_no_time ? BatchEvidence::kCertain : BatchEvidence::kLikely;
  if (in_no_time) return BatchEvidence::kLikely;
  // Nobody begins and ends a transaction around each statement of a batch, or spreads one over connections.
  if (example.sessions > 1 || most_turns(example.transactions, example)) return BatchEvidence::kNone;
  const bool unknown = example.least_idle == kUnknownTime || example.least_idle <= kShortestRoundTrip;
  const bool quick = example.closest_idle != kUnknownTime && example.closest_idle <= kQuickLoop;
  return unknown || quick ? BatchEvidence::kPossible : BatchEvidence::kNone;
}

std::string batch_doubt(const LoopExample& example, BatchEvidence evidence) {
  switch (evidence) {
    case BatchEvidence::kCertain:
      return fmt::format(
          "sent as one batch: it costs one round trip, or a few; one statement would save {} executions",
          example.count - 1);
    case BatchEvidence::kLikely:
      return no_time_for_round_trips(example)
                 ? "there was no time for round trips: they may be a batch that the driver sent at once"
                 : "one transaction that no BEGIN began: they may be a batch that the driver sent at once";
    case BatchEvidence::kPossible:
      return "the log's times can't tell a quick loop from a batch that the driver sent at once; a capture "
             "of "
             "the wire does";
    case BatchEvidence::kNone:
      break;
  }
  return {};
}

}  // namespace pgsieve
