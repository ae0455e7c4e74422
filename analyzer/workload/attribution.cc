// Which earlier execution supplied the values of this one? See session_tracker.h for the order of preference.
#include <algorithm>
#include <tuple>

#include "analyzer/workload/parent_tier.h"
#include "analyzer/workload/session_tracker.h"

namespace pgsieve {

namespace {

bool in_loop(const Group& group) {
  return group.run != nullptr && group.run->parent().id != 0;
}

bool can_be_child(const StatementEvent& statement) {
  return statement.single_value && statement.info->asks_for_rows &&
         (statement.info->kind == StatementClass::kQuery || statement.info->kind == StatementClass::kWrite);
}

}  // namespace

// SELECT … FROM title WHERE isbn = $1, for every loan, and then the publisher of each: the look-up of the
// title is a turn of the loop, and no list that the publishers belong to. It shows where no name says that it
// is a list (books.author after authors): it came again, and between the two the child ran once, or without
// it; or both are turns of one loop.
bool SessionTracker::seems_one_row(const Group& list, const Group& child, bool child_ran_since) {
  if (child_ran_since || child.run == nullptr) return false;
  const ParentExecution& parent = child.run->parent();
  if (in_loop(list)) {
    if (list.judged.weight == kHighestTier) return false;
    if (parent.root_id == list.run->parent().root_id && parent.pattern == list.run->parent().pattern)
      return true;
  }
  if (list.executions < 2) return false;
  return parent.id == 0 || (parent.pattern == list.pattern && child.run->count() == 1);
}

// SELECT id … WHERE name = $1, then UPDATE … WHERE id = …, and both again in the same transaction: a name may
// say that the id is the query's, but what holds the writes together is the transaction. They are one loop,
// and the query is a part of its turn.
bool SessionTracker::reads_for_write(const Group& query, const Group& write, bool written_since,
                                     uint32_t transaction) {
  if (written_since || transaction == 0 || write.run == nullptr || query.execution == nullptr) return false;
  if (in_loop(query) || query.executions < 2 || query.execution->transaction != transaction) return false;
  if (write.run->only_transaction() != transaction) return false;
  const ParentExecution& parent = write.run->parent();
  return parent.id == 0 || (parent.pattern == query.pattern && write.run->count() == 1);
}

// SELECT … FROM line WHERE order_id = $1, then UPDATE orders … WHERE id = $1, and both again for the next
// order, all in one transaction: names may say that the orders are the lines', but both have run as often as
// the other. They are two statements of one turn. Where the list has a loop's parent, that one feeds both.
bool SessionTracker::take_turns(const Group& list, const Group& child, bool child_ran_since,
                                uint32_t transaction) {
  constexpr uint32_t kTurns = 3;
  if (child_ran_since || transaction == 0 || child.run == nullptr || list.execution == nullptr) return false;
  if (list.executions < kTurns || list.execution->transaction != transaction) return false;
  if (in_loop(list) && list.run->count() > 1) return false;
  if (child.run->only_transaction() != transaction) return false;
  return child.executions + 1 >= list.executions && child.executions <= list.executions + 1;
}

// The rows of a list are those of its last execution; of one that is in a loop itself, those since that loop
// began.
uint32_t SessionTracker::first_result(const Session& session, const Group& list) {
  if (in_loop(list)) {
    const ParentExecution& parent = list.run->parent();
    return parent.session == session.id ? parent.result : 0;
  }
  return list.execution == nullptr ? 0 : list.execution->result;
}

// The best by (weight, values found in its rows, latest). The groups come latest first, so without any values
// the first of the highest weight is the best, and the search ends there. What ran before the statement's own
// last execution was judged then: when that judgement stands, only a later one that is as good can be better.
SessionTracker::Candidate SessionTracker::find_in_session(const Session& session, const Group& group,
                                                          const StatementEvent& statement,
                                                          uint32_t transaction) {
  Candidate best;
  const bool writes = statement.info->kind == StatementClass::kWrite;
  const bool values_known = !session.values.empty();
  bool judged = group.judged.stands && !values_known;
  const auto own = static_cast<size_t>(&group - session.groups.data());
  bool ran_since = false, passed_over = false, retracted = false, rivals_possible = true;
  for (const GroupHint& hint : session.hints) {
    if (hint.group == own) {
      if (judged) break;
      ran_since = true;
      continue;
    }
    if (hint.parent == GroupHint::Parent::kNo) continue;
    const Group& other = session.groups[hint.group];
    LinkStrength link = links_.between(hint.parent_number, *group.info,
                                       [&]() -> const LinkProfile& { return *other.info->link; });
    const ValueMatch match =
        values_known ? match_values(statement, hint.ordinal, first_result(session, other), session.values)
                     : ValueMatch::kNone;
    if (match == ValueMatch::kTelling && link == LinkStrength::kNone) link = LinkStrength::kPossible;
    if (link == LinkStrength::kNone || are_batches(*other.pattern, *group.pattern)) continue;
    const int weight = match == ValueMatch::kTelling ? kHighestTier : tier(link);
    const bool matched = match != ValueMatch::kNone;
    if (judged && weight < group.judged.weight) continue;
    bool one_row = hint.parent == GroupHint::Parent::kInLoop;
    const bool for_write = writes && !one_row && reads_for_write(other, group, ran_since, transaction);
    if (for_write || (!matched && take_turns(other, group, ran_since, transaction))) {
      if (group.run->parent().pattern == other.pattern || group.run->via() == other.pattern) retracted = true;
      if (retracted) judged = false;
      passed_over = true;
      continue;
    }
    if (!one_row && hint.unsure_rows && seems_one_row(other, group, ran_since)) {
      one_row = in_loop(other);
      if (group.run->parent().pattern == other.pattern && (one_row || weight < kColumnTier)) {
        retracted = true;
        judged = false;  // the search looks at what was judged before, too
      }
      if (weight < kColumnTier) passed_over = true;
      if (!one_row && weight < kColumnTier) continue;
    }
    if (one_row && (weight < kColumnTier || other.run == group.run)) continue;
    if (best.execution != nullptr &&
        std::make_tuple(weight, matched) <= std::make_tuple(best.weight, best.matched)) {
      if (rivals_possible && weight == kReferenceTier && best.weight == weight && !one_row)
        rivals_possible = note_rival(session, other, best);
      continue;
    }
    best = {};
    best.weight = weight;
    best.matched = matched;
    best.strength = link;
    if (!one_row) {
      best.execution = other.execution;
      best.parent_id = best.execution->id;
    } else {
      best.execution = other.run->shared_parent();
      best.via = other.pattern;
      best.parent_id = other.run->last_parent_id();
    }
    if (weight == kHighestTier && !values_known) break;
  }
  if (best.execution == nullptr && judged && group.judged.weight > 0) {
    best.execution = group.run->shared_parent();
    best.via = group.run->via();
    best.weight = group.judged.weight;
    best.parent_id = group.judged.parent;
  }
  best.passed_over = passed_over;
  best.retracted = retracted;
  return best;
}

std::shared_ptr<LoopRun> SessionTracker::start_run(Session& session, Group& group,
                                                   const StatementEvent& statement,
                                                   const Candidate& candidate) {
  RingEntry* entry = place_of(session, candidate);
  if (entry != nullptr) {
    if (std::shared_ptr<LoopRun> run = entry->run_of(group.pattern)) {
      state_.applications.at(session.application).note_spread(group.pattern);
      return run;
    }
  }
  auto run = std::make_shared<LoopRun>(statement, candidate.execution, candidate.via);
  if (!candidate.rivals.empty()) run->note_rivals(candidate.rivals, candidate.rival_of_same_limit);
  if (entry != nullptr) entry->runs.push_back(run);
  return run;
}

// The run so far belongs to another parent than the candidate. A single turn under what then turned out to be
// no list goes with the turns to come.
void SessionTracker::leave_run(Session& session, Group& group, const Candidate& candidate) {
  if (!candidate.retracted || group.run->count() != 1) return release(group.run, session);
  RingEntry* entry = place_of(session, candidate);
  if (entry != nullptr && entry->run_of(group.pattern) != nullptr) return release(group.run, session);
  group.run->move_to(candidate.execution, candidate.via);
  if (entry != nullptr) entry->runs.push_back(group.run);
}

// A run without a parent on this connection goes on as it began while its turns follow closely: on a busy
// program another list that could be its parent turns up every moment. One that has had all the rows its
// parent may return is complete.
bool SessionTracker::goes_on(const Session& session, const Group& group,
                             const StatementEvent& statement) const {
  if (group.run == nullptr || group.run->parent().session == session.id) return false;
  const ParentExecution& parent = group.run->parent();
  if (parent.id != 0 && group.run->complete() && group.run->sessions() > 1) return false;
  if (statement.trace != 0 && parent.id != 0 && parent.trace != statement.trace) return false;
  const Microseconds last = group.run->last_end();
  return last != kUnknownTime && statement.start != kUnknownTime && statement.start - last <= kFanOutWindow;
}

// A list and what was asked for its rows, all in one transaction: what the session asks for after that
// transaction belongs to other work; and so where a transaction held a whole loop without a list, such as all
// rows of one order. The same of a burst of turns after the list, when the next turn begins
// with other statements, and after a pause such as there was none in the burst.
bool SessionTracker::is_over(const Session& session, const Group& group, const RunContext& context) {
  constexpr uint32_t kTurns = 3, kLoop = 5;
  constexpr Microseconds kPause = 20 * kMillisecond;
  if (group.run == nullptr || group.run->count() < 2) return false;
  const ParentExecution& parent = group.run->parent();
  const uint32_t transaction = group.run->only_transaction();
  const bool left = transaction != 0 && transaction != context.transactions;
  if (parent.id == 0) return left && group.run->count() >= kLoop;
  if (parent.session != session.id) return false;
  if (left && parent.transaction == transaction) return true;
  if (context.transactions != 0 || group.run->count() < kTurns) return false;
  if (session.position <= group.last_position + 1) return false;
  const Microseconds pause = session.longest_gap_since(group.last_position);
  return pause >= std::max(kPause, 4 * group.run->longest_gap());
}

void SessionTracker::end_run(Session& session, Group& group) {
  Candidate of_run;
  of_run.execution = group.run->shared_parent();
  of_run.via = group.run->via();
  if (RingEntry* entry = place_of(session, of_run)) std::erase(entry->runs, group.run);
  release(group.run, session);
  group.judged = {};
}

// Whether to look on other connections too: nothing here fits, or only what is long gone, or what belongs to
// another trace.
bool SessionTracker::doubtful(const Candidate& candidate, const StatementEvent& statement) {
  if (candidate.execution == nullptr) return true;
  const ParentExecution& parent = *candidate.execution;
  if (parent.of_other_trace(statement.trace)) return true;
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
  if (is_over(session, group, context)) end_run(session, group);
  const bool settled = group.run != nullptr && group.judged.epoch == session.parent_epoch &&
                       group.run->parent().id != 0 && group.run->parent().session == session.id &&
                       !group.run->parent().of_other_trace(statement.trace);
  if (can_be_child(statement) && settled) {
    with_parent.parent_id = group.judged.parent != 0 ? group.judged.parent : group.run->parent().id;
  } else if (can_be_child(statement)) {
    candidate = find_in_session(session, group, statement, context.transactions);
    group.judged = {session.parent_epoch, candidate.parent_id, candidate.weight, !candidate.passed_over};
    if (candidate.execution != nullptr) {
      candidate.last_heard = candidate.execution->end;
      if (group.run != nullptr && group.run->parent().root_id == candidate.execution->root_id) {
        candidate.last_heard = std::max(candidate.last_heard, group.run->last_end());
      }
    }
    const bool same = candidate.execution == nullptr && goes_on(session, group, statement);
    if (!same && doubtful(candidate, statement)) {
      const Candidate elsewhere = find_in_ring(session, group, statement);
      if (elsewhere.execution != nullptr) {
        candidate = elsewhere;
        group.judged.stands = group.judged.weight == 0;
      }
    }
    if (!same) {
      stay_with_spread(session, group, statement, candidate);
      const uint64_t parent = candidate.execution == nullptr ? 0 : candidate.execution->root_id;
      const uint64_t current = group.run == nullptr ? 0 : group.run->parent().root_id;
      const Pattern* listed = candidate.execution == nullptr ? nullptr : candidate.execution->pattern;
      if (group.run != nullptr && (parent != current || listed != group.run->parent().pattern))
        leave_run(session, group, candidate);
    }
    with_parent.parent_id = same ? group.run->parent().id : candidate.parent_id;
  }
  if (group.run == nullptr) group.run = start_run(session, group, statement, candidate);
  with_parent.values = values_of(session, group.run->parent());
  group.run->add(statement, with_parent);
  if (group.run->count() == 2) note_rivals(session, group, statement);
}

}  // namespace pgsieve
