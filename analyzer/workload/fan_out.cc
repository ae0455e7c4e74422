// Loops whose list and turns are spread over the connections of one client program: see session_tracker.h.
#include <algorithm>

#include "analyzer/workload/parent_tier.h"
#include "analyzer/workload/session_tracker.h"

namespace pgsieve {

// Looks on the other connections of the same client program, and on this one for what its trace left there
// before another request had it: the strongest link, then the latest execution.
SessionTracker::Candidate SessionTracker::find_in_ring(const Session& session, const Group& group,
                                                       const StatementEvent& statement) {
  Candidate best;
  const auto found = state_.applications.find(session.application);
  if (found == state_.applications.end() || statement.start == kUnknownTime) return best;
  if (session.whole_seconds && statement.trace == 0) return best;  // "moments ago" can't be told
  Application& application = found->second;
  for (const uint8_t place : application.recency) {
    const RingHint& hint = application.hints[place];
    const bool same_trace = statement.trace != 0 && hint.trace == statement.trace;
    if ((hint.session == session.id && !same_trace) || hint.end == kUnknownTime) continue;
    if (!same_trace && statement.trace != 0 && hint.trace != 0) continue;
    if (statement.start + 2 * kMillisecond < hint.end) continue;
    RingEntry& entry = application.ring[place];
    const Microseconds allowed = same_trace ? kTraceWindow : kFanOutWindow;
    if (entry.runs.empty() && statement.start - hint.end > allowed) continue;
    const ParentExecution& parent = *entry.execution;
    const LinkStrength link = links_.between(hint.parent_number, *group.info,
                                             [&]() -> const LinkProfile& { return *parent.info->link; });
    if (tier(link) < (same_trace ? kReferenceTier : kHighestTier)) continue;
    if (best.execution != nullptr && tier(link) <= tier(best.strength)) continue;
    Microseconds last = hint.end;
    for (const std::shared_ptr<LoopRun>& run : entry.runs) {
      if (run->child_pattern() == group.pattern && run->last_end() != kUnknownTime)
        last = std::max(last, run->last_end());
    }
    if (statement.start - last > allowed || are_batches(*parent.pattern, *group.pattern)) continue;
    best.execution = entry.execution;
    best.strength = link;
    best.parent_id = parent.id;
    best.ring = &entry;
    if (tier(link) == kHighestTier) break;
  }
  return best;
}

// The place of the candidate's parent, be it on this connection: its children on others shall find the run.
RingEntry* SessionTracker::place_of(const Session& session, const Candidate& candidate) {
  if (candidate.ring != nullptr || candidate.execution == nullptr || candidate.via != nullptr)
    return candidate.ring;
  const auto found = state_.applications.find(session.application);
  if (found == state_.applications.end()) return nullptr;
  for (const uint8_t place : found->second.recency) {
    const uint64_t id = found->second.hints[place].execution;
    if (id > candidate.execution->id) continue;
    return id == candidate.execution->id ? &found->second.ring[place] : nullptr;
  }
  return nullptr;
}

// A loop whose turns run on several connections at once, each several statements long: the list that one turn
// read stands right before the next turn, on its connection and on the others, and may well name the same
// keys. What ran on several connections since the loop began is a part of its turns, not their source, while
// the loop's own list may have rows left; a list that ran once may have a loop of its own.
void SessionTracker::stay_with_spread(const Session& session, const Group& group,
                                      const StatementEvent& statement, Candidate& candidate) {
  if (candidate.execution == nullptr || statement.start == kUnknownTime) return;
  const auto found = state_.applications.find(session.application);
  if (found == state_.applications.end() || !found->second.may_be_spread(group.pattern)) return;
  Application& application = found->second;
  for (const uint8_t place : application.recency) {
    RingEntry& entry = application.ring[place];
    const std::shared_ptr<LoopRun> run = entry.run_of(group.pattern);
    if (run == nullptr || run->sessions() < 2 || run->complete()) continue;
    const ParentExecution& parent = *entry.execution;
    if (parent.pattern == candidate.execution->pattern) return;
    if (parent.of_other_trace(statement.trace) || run->last_end() == kUnknownTime) continue;
    if (statement.start - run->last_end() > kFanOutWindow) continue;
    if (application.places_since(*candidate.execution->pattern, run->first_end()) < 2) return;
    candidate.execution = entry.execution;
    candidate.via = nullptr;
    candidate.rivals.clear();
    candidate.rival_of_same_limit = false;
    candidate.parent_id = parent.id;
    candidate.ring = &entry;
    return;
  }
}

void SessionTracker::release(RingEntry& entry) {
  for (std::shared_ptr<LoopRun>& run : entry.runs) release(run);
  entry.runs.clear();
}

// The program's ring; a new program beyond the cap takes the place of the one whose latest parent is the
// oldest.
Application& SessionTracker::application_of(uint64_t id) {
  const auto found = state_.applications.find(id);
  if (found != state_.applications.end()) return found->second;
  if (state_.applications.size() >= kMaxApplications) {
    const auto latest = [](const auto& application) {
      uint64_t newest = 0;
      for (const RingEntry& entry : application.second.ring) newest = std::max(newest, entry.execution->id);
      return newest;
    };
    const auto oldest =
        std::min_element(state_.applications.begin(), state_.applications.end(),
                         [&](const auto& left, const auto& right) { return latest(left) < latest(right); });
    for (RingEntry& entry : oldest->second.ring) release(entry);
    state_.applications.erase(oldest);
  }
  return state_.applications[id];
}

// A statement's next execution on a connection takes the place of its last, so that a loop does not push its
// own parent out, unless their traces say that another request had the connection in between; else the oldest
// place is taken.
void SessionTracker::push_ring(const StatementEvent& statement,
                               const std::shared_ptr<const ParentExecution>& execution) {
  static_assert(kRing <= 256);
  Application& application = application_of(statement.application);
  const auto same =
      std::find_if(application.hints.begin(), application.hints.end(), [&](const RingHint& hint) {
        return hint.session == execution->session && hint.ordinal == execution->pattern_ordinal &&
               (hint.trace == execution->trace || hint.trace == 0 || execution->trace == 0);
      });
  size_t place = static_cast<size_t>(same - application.hints.begin());
  if (same == application.hints.end() && application.ring.size() >= kRing) place = application.recency.back();
  if (place == application.ring.size()) application.ring.emplace_back();
  release(application.ring[place]);
  application.ring[place].execution = execution;
  application.touch(place);
}

}  // namespace pgsieve
