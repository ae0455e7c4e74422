#include "rules/loop_grade.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/loop_accident.h"
#include "rules/loop_reasons.h"

namespace pgsieve {

namespace {

Confidence lower(Confidence confidence) {
  return confidence == Confidence::kLow ? Confidence::kLow
                                        : static_cast<Confidence>(static_cast<int>(confidence) - 1);
}

}  // namespace

void grade_alone(const LoopExample& example, const LoopOptions& options, LoopVerdict& verdict) {
  const bool one_unit = one_unit_of_work(example);
  const bool timed = example.median_gap != kUnknownTime || one_unit || close_on_average(example, options);
  // A short run among other turns that come now and then, after pauses of all lengths, is what requests make,
  // too.
  const bool uneven = !one_unit && example.turn_gap_spread > options.tight_gap;
  const bool lent = !one_unit && lent_for_each_turn(example);
  const bool a_run = example.longest_run >= (uneven || lent ? 2 : 1) * options.min_alone;
  const bool regular = a_run || example.cycle_statements > 0 ||
                       (!lent && example.longest_run * 2 >= example.count) ||
                       (one_unit && example.count >= 2 * options.min_alone) || without_pauses(example);
  verdict.confidence =
      one_unit && example.longest_run >= 2 * options.min_alone ? Confidence::kMedium : Confidence::kLow;
  // Values from outside the database are a list of different things; a few that come again are a choice, not
  // a loop. (The owner and the requestor of each of a list's tickets: two turns for a ticket, all different.)
  const bool different =
      example.distinct_tuples * 10 >= example.count * 9 && example.distinct_values * 5 >= example.count * 2;
  verdict.report =
      example.count >= options.min_alone && example.distinct_values >= 3 && different && timed && regular;
  verdict.doubts.emplace_back("no statement before it could have supplied the values");
  if (!one_unit && example.median_turn_gap != kUnknownTime &&
      example.median_turn_gap > tight_turn(example, options) && !hurried_turns(example, options))
    verdict.doubts.emplace_back(
        "time passes between the turns, if always the same: requests at a fixed rate would look like this");
  if (example.fed_by_own_rows * 2 >= example.count) {
    // Down a path: each turn asks for what the turn before it returned.
    verdict.kind = LoopClass::kTreeWalk;
    verdict.report = false;
  }
}

void judge_alone(const LoopExample& example, const LoopOptions& options, LoopVerdict& verdict) {
  verdict.link = {};
  verdict.reasons.clear();
  explain_loop(example, verdict);
  if (independent(example, false, options)) {
    verdict.kind = LoopClass::kIndependent;
  } else {
    grade_alone(example, options, verdict);
  }
}

namespace {

constexpr Microseconds kRequestPause = 20 * kMillisecond;  // between two requests there may be as much

// On average, whatever connections they ran on.
Microseconds idle_per_turn(const LoopExample& example) {
  return example.count < 2
             ? 0
             : std::max<Microseconds>(0, example.span - example.child_time) / (example.count - 1);
}

}  // namespace

void grade_linked(const LoopExample& example, const LoopOptions& options, bool with_schema,
                  const ListHabit& habit, LoopVerdict& verdict) {
  const bool all_rows = habit.once_per_row || one_turn_per_row(example);
  const bool listed = example.matched_values >= 3;
  const bool named = verdict.link.strength >= LinkStrength::kNames;
  const bool begun_here =
      example.beside_parent >= options.min_count;  // the loop shows on the parent's own connection
  const Microseconds idle = idle_per_turn(example);
  const bool close_elsewhere =
      named && ((habit.rule && idle <= options.tight_gap) || (habit.nowhere_else && idle <= kRequestPause));
  if (example.scope == ScopeKind::kFanOut && !all_rows && !begun_here && !close_elsewhere) {
    // A list on another connection moments ago: on a busy program there always is one, but not one and the
    // same after which the turns follow each other at once, as a rule. What ran on one connection is judged
    // as if it had no parent.
    if (example.sessions == 1) judge_alone(example, options, verdict);
    return;
  }
  const bool elsewhere = example.scope == ScopeKind::kFanOut && example.sessions == 1;
  // On a busy program some list or other was read moments before each of a series of requests, too.
  const bool slow_elsewhere = example.scope == ScopeKind::kFanOut && !begun_here &&
                              !one_unit_of_work(example) && idle_per_turn(example) > kRequestPause;
  verdict.report =
      example.count >= options.min_count && (example.distinct_values >= 2 || unseen_values(example));
  if (example.count == 2 && all_rows && example.distinct_values == 2) verdict.report = options.min_count <= 2;
  verdict.confidence = named && (example.count >= 5 || all_rows || listed) ? Confidence::kHigh
                       : named || all_rows                                 ? Confidence::kMedium
                                                                           : Confidence::kLow;
  if (!named && verdict.confidence == Confidence::kLow && example.count >= 5)
    verdict.confidence = Confidence::kMedium;
  if (example.scope == ScopeKind::kFanOut && !all_rows && !habit.rule && !begun_here) {
    verdict.confidence = std::min(verdict.confidence, Confidence::kMedium);
    verdict.doubts.emplace_back("the turns ran on several connections, after one list only");
  }
  if (example.scope == ScopeKind::kFanOut && !all_rows && few_of_each(*verdict.loop, example) &&
      !one_unit_of_work(example)) {
    verdict.confidence = std::min(verdict.confidence, Confidence::kMedium);
    verdict.doubts.emplace_back("few turns after each list, on several connections: requests may mix there");
  }
  if (slow_elsewhere) {
    verdict.confidence = Confidence::kLow;
    verdict.doubts.emplace_back(
        "the list was read on another connection, and time passes between the turns: they may be separate "
        "requests");
  }
  if (elsewhere) {
    verdict.confidence = std::min(verdict.confidence, Confidence::kMedium);
    verdict.doubts.emplace_back("the list was read on another connection, and no trace ties them together");
  }
  if (verdict.link.strength == LinkStrength::kStem) {
    verdict.doubts.emplace_back(with_schema ? "no foreign key links the statements"
                                            : "different words may have one stem; --schema would tell");
  } else if (!named) {
    verdict.doubts.emplace_back(with_schema
                                    ? "no foreign key or name links the statements"
                                    : "no name links the statements; the foreign keys of --schema may");
  }
  if (example.count < 5 && !all_rows)
    verdict.doubts.push_back(fmt::format("only {} executions", example.count));
  if (leaves_room(example) && !all_rows && !listed && !one_unit_of_work(example) &&
      example.scope != ScopeKind::kTrace) {
    verdict.confidence = std::min(verdict.confidence, Confidence::kMedium);
    verdict.doubts.push_back(untimed_doubt(example.most_idle));
  }
  const Microseconds slow = 20 * kMillisecond;
  const Microseconds mean_time = example.child_time / std::max<Microseconds>(1, example.count);
  const bool paused =
      example.median_gap != kUnknownTime && example.median_gap > std::max(slow, 3 * mean_time);
  const bool part_of_page = example.parent_limit > 1 && like_requests(example, options);
  if ((paused || part_of_page) && !one_unit_of_work(example) && !all_rows) {
    verdict.confidence = lower(verdict.confidence);
    verdict.doubts.emplace_back("time passes between the turns: they may be separate requests");
  }
  // A page of a list, then some of its rows by key, at leisure: somebody opens them one by one.
  constexpr uint32_t kFew = 5;
  constexpr Microseconds kThink = 10 * kMillisecond;
  const bool some_rows = !all_rows && example.parent_limit > 1 && example.count < example.parent_limit;
  // The same where each turn reads the row itself before what belongs to it: a loop over the list has it.
  const bool after_its_row = example.fed_by_previous * 10 >= example.count * 9;
  const bool any_row = verdict.link.strength == LinkStrength::kSameKey ||
                       verdict.link.strength == LinkStrength::kPolymorphic || after_its_row;
  if (any_row && some_rows && like_requests(example, options)) verdict.report = false;
  // Few turns for the list, each after a pause, the first one, too.
  const bool few =
      example.count < kFew || (example.parent_limit > 1 && 2 * int64_t{example.count} < example.parent_limit);
  const Microseconds pause = std::max(kThink, tight_turn(example, options));
  const bool after_pauses = example.parent_gap > pause && example.median_turn_gap > pause;
  if (few && after_pauses && !all_rows && at_leisure(example, options) && !one_unit_of_work(example) &&
      example.scope != ScopeKind::kTrace)
    verdict.report = false;
  // A transaction for each turn, and time between them: each is the work of a request.
  const bool own_transactions = example.transactions > 1 && example.transactions * 10 >= example.count * 9;
  if (own_transactions && !all_rows && at_leisure(example, options)) verdict.report = false;
  if (example.unit_mismatches * 2 > example.count && units_are_requests(example)) {
    verdict.confidence = lower(verdict.confidence);
    verdict.doubts.emplace_back("most turns carry another trace or tag than the parent");
  }
}

}  // namespace pgsieve
