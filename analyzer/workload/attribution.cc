// Which earlier execution supplied the values of this one? See session_tracker.h for the order of preference.
#include <algorithm>
#include <tuple>

#include "analyzer/workload/session_tracker.h"

namespace pgsieve {

namespace {

// Names and declared keys outrank a shared column, which outranks "any list could have fed a lookup by
// primary key".
int tier(LinkStrength strength) {
  if (strength >= LinkStrength::kNames) return 3;
  if (strength >= LinkStrength::kSameColumn) return 2;
  return strength == LinkStrength::kPossible ? 1 : 0;
}

bool can_be_child(const StatementEvent& statement) {
  return statement.single_value && statement.info->has_equality && !statement.info->link.keys.empty() &&
         (statement.info->kind == StatementClass::kQuery || statement.info->kind == StatementClass::kWrite);
}

}  // namespace

// The memo is a table with one place per hash: a pair that was pushed out is worked out again.
LinkStrength SessionTracker::link_between(const StatementInfo& parent, uint32_t parent_ordinal,
                                          const StatementInfo& child, uint32_t child_ordinal) {
  if (!may_link(parent.link, child.link)) {
    return child.link.primary_slot != UINT32_MAX ? LinkStrength::kPossible : LinkStrength::kNone;
  }
  constexpr size_t kPlaceBits = 17;
  if (links_.empty()) links_.resize(size_t{1} << kPlaceBits);
  const uint64_t pair = (uint64_t{parent_ordinal} << 32U) | child_ordinal;
  LinkMemo& memo = links_[(pair * 0x9e3779b97f4a7c15ULL) >> (64U - kPlaceBits)];
  if (memo.pair != pair) memo = {pair, find_link(parent.link, child.link, options_.schema).strength};
  return memo.strength;
}

LinkStrength SessionTracker::link_between(const Group& parent, const Group& child) {
  return link_between(*parent.info, parent.ordinal, *child.info, child.ordinal);
}

SessionTracker::Candidate SessionTracker::find_in_session(const Session& session, const Group& group,
                                                          const StatementEvent& statement) {
  Candidate best;
  for (const Group& other : session.groups) {
    if (&other == &group || other.executions == 0) continue;
    const bool single_in_loop =
        !other.many_rows && other.run != nullptr && other.run->parent().id != 0 && other.run != group.run;
    if (!other.many_rows && !single_in_loop) continue;
    if (other.info->kind == StatementClass::kWrite && !other.info->shape->returning) continue;
    LinkStrength link = link_between(other, group);
    const ValueMatch match = match_values(statement, other.ordinal, session.values);
    if (match == ValueMatch::kTelling && link == LinkStrength::kNone) link = LinkStrength::kPossible;
    if (link == LinkStrength::kNone) continue;
    const int weight = match == ValueMatch::kTelling ? 3 : tier(link);
    if (single_in_loop && weight < 2) continue;
    const auto rank = std::make_tuple(weight, match != ValueMatch::kNone, other.last_position);
    if (best.execution != nullptr && rank <= std::make_tuple(best.weight, best.matched, best.position))
      continue;
    best = {};
    best.weight = weight;
    best.matched = match != ValueMatch::kNone;
    best.strength = link;
    best.position = other.last_position;
    if (other.many_rows) {
      best.execution = &other.execution;
      best.parent_id = other.execution.id;
    } else {
      best.execution = &other.run->parent();
      best.via = other.pattern->key;
      best.parent_id = best.execution->id;
    }
  }
  return best;
}

// Looks on the other connections of the same client program.
SessionTracker::Candidate SessionTracker::find_in_ring(const Session& session, const Group& group,
                                                       const StatementEvent& statement) {
  Candidate best;
  const auto found = state_.applications.find(session.application);
  if (found == state_.applications.end() || statement.start == kUnknownTime) return best;
  for (RingEntry& entry : found->second.ring) {
    const ParentExecution& parent = entry.execution;
    if (parent.session == session.id || parent.end == kUnknownTime || parent.key == group.pattern->key)
      continue;
    const bool same_trace = statement.trace != 0 && parent.trace == statement.trace;
    if (!same_trace && statement.trace != 0 && parent.trace != 0) continue;
    Microseconds last = parent.end;
    for (const std::shared_ptr<LoopRun>& run : entry.runs) {
      if (run->child_key() == group.pattern->key && run->last_end() != kUnknownTime)
        last = std::max(last, run->last_end());
    }
    const Microseconds allowed = same_trace ? kTraceWindow : kFanOutWindow;
    if (statement.start - last > allowed || statement.start + 2 * kMillisecond < parent.end) continue;
    const LinkStrength link = link_between(*parent.info, parent.pattern_ordinal, *group.info, group.ordinal);
    if (tier(link) < 3 && !(same_trace && tier(link) == 2)) continue;
    const auto rank = std::make_tuple(tier(link), parent.id);  // the strongest link, then the latest
    if (best.execution != nullptr && rank < std::make_tuple(tier(best.strength), best.parent_id)) continue;
    best.execution = &parent;
    best.strength = link;
    best.parent_id = parent.id;
    best.ring = &entry;
  }
  return best;
}

std::shared_ptr<LoopRun> SessionTracker::start_run(Session& session, Group& group,
                                                   const StatementEvent& statement,
                                                   const Candidate& candidate) {
  RingEntry* entry = candidate.ring;
  if (candidate.execution != nullptr && entry == nullptr && candidate.via == kNoPattern) {
    // A parent on this connection: its children on other connections shall find the run.
    const auto found = state_.applications.find(session.application);
    if (found != state_.applications.end()) {
      for (RingEntry& other : found->second.ring) {
        if (other.execution.id == candidate.execution->id) entry = &other;
      }
    }
  }
  if (entry != nullptr) {
    for (const std::shared_ptr<LoopRun>& run : entry->runs) {
      if (run->child_key() == group.pattern->key) return run;
    }
  }
  ParentExecution parent = candidate.execution == nullptr ? ParentExecution{} : *candidate.execution;
  auto run = std::make_shared<LoopRun>(statement, std::move(parent), candidate.via);
  if (entry != nullptr) entry->runs.push_back(run);
  return run;
}

// A run without a parent on this connection goes on as it began while its turns follow closely: on a busy
// program another list that could be its parent turns up every moment. One that has had all the rows its
// parent may return is complete.
bool SessionTracker::goes_on(const Session& session, const Group& group,
                             const StatementEvent& statement) const {
  if (group.run == nullptr || group.run->parent().session == session.id) return false;
  const ParentExecution& parent = group.run->parent();
  const bool complete = parent.limit > 0 && group.run->count() >= static_cast<uint64_t>(parent.limit);
  if (parent.id != 0 && complete && group.run->sessions() > 1) return false;
  if (statement.trace != 0 && parent.id != 0 && parent.trace != statement.trace) return false;
  const Microseconds last = group.run->last_end();
  return last != kUnknownTime && statement.start != kUnknownTime && statement.start - last <= kFanOutWindow;
}

// Whether to look on other connections too: nothing here fits, or only what is long gone, or what belongs to
// another trace.
bool SessionTracker::doubtful(const Candidate& candidate, const StatementEvent& statement) {
  if (candidate.execution == nullptr) return true;
  const ParentExecution& parent = *candidate.execution;
  if (statement.trace != 0 && parent.trace != 0 && parent.trace != statement.trace) return true;
  return parent.end != kUnknownTime && statement.start != kUnknownTime &&
         candidate.last_heard != kUnknownTime && statement.start - candidate.last_heard > kFanOutWindow;
}

// What the session of a run's parent has fetched.
const ValueTable* SessionTracker::values_of(const Session& session, const ParentExecution& parent) const {
  if (parent.id == 0 || parent.session == session.id) return &session.values;
  const auto found = by_id_.find(parent.session);
  return found == by_id_.end() ? nullptr : &found->second->values;
}

void SessionTracker::attribute(Session& session, Group& group, const StatementEvent& statement,
                               const RunContext& context) {
  RunContext with_parent = context;
  Candidate candidate;
  const bool settled = group.run != nullptr && group.judged_epoch == session.parent_epoch &&
                       group.run->parent().id != 0 && group.run->parent().session == session.id;
  if (can_be_child(statement) && settled) {
    with_parent.parent_id = group.run->parent().id;
  } else if (can_be_child(statement)) {
    candidate = find_in_session(session, group, statement);
    group.judged_epoch = session.parent_epoch;
    if (candidate.execution != nullptr) {
      candidate.last_heard = candidate.execution->end;
      if (group.run != nullptr && group.run->parent().root_id == candidate.execution->root_id) {
        candidate.last_heard = std::max(candidate.last_heard, group.run->last_end());
      }
    }
    const bool same = candidate.execution == nullptr && goes_on(session, group, statement);
    if (!same && doubtful(candidate, statement)) {
      const Candidate elsewhere = find_in_ring(session, group, statement);
      if (elsewhere.execution != nullptr) candidate = elsewhere;
    }
    if (!same) {
      const uint64_t parent = candidate.execution == nullptr ? 0 : candidate.execution->root_id;
      const uint64_t current = group.run == nullptr ? 0 : group.run->parent().root_id;
      const PatternKey parent_key = candidate.execution == nullptr ? kNoPattern : candidate.execution->key;
      const PatternKey current_key = group.run == nullptr ? kNoPattern : group.run->parent().key;
      if (group.run != nullptr && (parent != current || parent_key != current_key))
        release(group.run, session);
    }
    with_parent.parent_id = same ? group.run->parent().id : candidate.parent_id;
  }
  if (group.run == nullptr) group.run = start_run(session, group, statement, candidate);
  with_parent.values = values_of(session, group.run->parent());
  group.run->add(statement, with_parent);
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
      for (const RingEntry& entry : application.second.ring) newest = std::max(newest, entry.execution.id);
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
// own parent out; else the oldest place is taken.
void SessionTracker::push_ring(const StatementEvent& statement, const ParentExecution& execution) {
  std::vector<RingEntry>& ring = application_of(statement.application).ring;
  RingEntry* place = nullptr;
  for (RingEntry& entry : ring) {
    if (entry.execution.session == execution.session &&
        entry.execution.pattern_ordinal == execution.pattern_ordinal) {
      place = &entry;
      break;
    }
  }
  if (place == nullptr && ring.size() < kRing) place = &ring.emplace_back();
  if (place == nullptr) {
    place = &*std::min_element(ring.begin(), ring.end(), [](const RingEntry& left, const RingEntry& right) {
      return left.execution.id < right.execution.id;
    });
  }
  release(*place);
  place->execution = execution;
}

}  // namespace pgsieve
