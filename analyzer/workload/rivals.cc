// Which other lists could as well be a loop's parent: what the rules choose from when they know all of the
// traffic.
#include <algorithm>

#include "analyzer/workload/session_tracker.h"

namespace pgsieve {

namespace {

constexpr size_t kRivals = 3;
constexpr Microseconds kPause = 20 * kMillisecond;  // what ran before one belongs to other work

}  // namespace

// Another list whose columns fit in form as those of the best one do. False: what ran before this one belongs
// to other work, and so do all lists before it.
bool SessionTracker::note_rival(const Session& session, const Group& list, Candidate& best) {
  if (best.rivals.size() >= kRivals) return true;
  if (session.longest_gap_since(list.last_position) >= kPause) return false;
  const bool outside = session.in_transaction && list.execution->transaction != session.transaction_ordinal;
  if (outside || list.pattern == best.execution->pattern) return true;
  best.rivals.push_back(list.pattern->key);
  if (list.execution->limit == best.execution->limit) best.rival_of_same_limit = true;
  return true;
}

// A name or a key links the loop to its parent, and to other lists of just before, too: on this connection,
// and where turns or parent are on several, on the others of the program. Looked for once a second turn makes
// a loop of it: most statements have one.
void SessionTracker::note_rivals(const Session& session, const Group& group,
                                 const StatementEvent& statement) {
  const ParentExecution& parent = group.run->parent();
  if (parent.id == 0 || group.run->via() != nullptr) return;
  const auto named = [&](uint32_t number, const LinkProfile& profile) {
    return links_.between(number, *group.info, [&]() -> const LinkProfile& { return profile; }) >=
           LinkStrength::kNames;
  };
  if (!named(parent.info->parent_number, *parent.info->link)) return;
  std::vector<PatternKey> rivals;
  bool same_limit = false;
  const auto add = [&](const ParentExecution& list) {
    if (list.pattern == parent.pattern || list.pattern == group.pattern || rivals.size() >= kRivals) return;
    if (std::ranges::find(rivals, list.pattern->key) != rivals.end()) return;
    rivals.push_back(list.pattern->key);
    if (list.limit == parent.limit) same_limit = true;
  };
  for (const GroupHint& hint : session.hints) {
    if (hint.parent != GroupHint::Parent::kRows) continue;
    const Group& list = session.groups[hint.group];
    if (session.longest_gap_since(list.last_position) >= kPause) break;
    const bool outside = session.in_transaction && list.execution->transaction != session.transaction_ordinal;
    if (!outside && named(hint.parent_number, *list.info->link)) add(*list.execution);
  }
  const bool spread = parent.session != session.id || group.run->sessions() > 1;
  const auto program = state_.applications.find(session.application);
  if (spread && program != state_.applications.end()) {
    for (const uint8_t place : program->second.recency) {
      const ParentExecution& list = *program->second.ring[place].execution;
      if (list.end == kUnknownTime || statement.start == kUnknownTime) continue;
      if (statement.start - list.end > kFanOutWindow) continue;
      if (list.of_other_trace(statement.trace)) continue;
      if (named(list.info->parent_number, *list.info->link)) add(list);
    }
  }
  if (!rivals.empty()) group.run->note_rivals(std::move(rivals), same_limit);
}

}  // namespace pgsieve
