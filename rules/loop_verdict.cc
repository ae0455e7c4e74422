#include "rules/loop_verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "rules/loop_accident.h"
#include "rules/loop_beside.h"
#include "rules/loop_limits.h"
#include "rules/loop_parent.h"
#include "rules/loop_reasons.h"
#include "rules/loop_scaling.h"
#include "rules/memo.h"
#include "rules/request_openers.h"
#include "rules/row_evidence.h"

namespace pgsieve {

namespace {

uint64_t executions_like(const Loop& loop, uint32_t at_least) {
  uint64_t executions = 0;
  uint64_t all = 0;
  for (const auto& [bucket, scopes] : loop.per_scope.buckets()) {
    const uint64_t size = (Histogram::bucket_low(bucket) + Histogram::bucket_high(bucket)) / 2;
    all += size * scopes;
    if (Histogram::bucket_high(bucket) >= at_least) executions += size * scopes;
  }
  return all == executions ? loop.executions : executions;
}

Confidence lower(Confidence confidence) {
  return confidence == Confidence::kLow ? Confidence::kLow
                                        : static_cast<Confidence>(static_cast<int>(confidence) - 1);
}

// Nothing before it could have supplied the values: they come from outside the database, or from another
// statement whose names don't tell.
void grade_alone(const LoopExample& example, const LoopOptions& options, LoopVerdict& verdict) {
  const bool one_unit = one_unit_of_work(example);
  const bool timed = example.median_gap != kUnknownTime || one_unit || close_on_average(example, options);
  const bool regular = example.longest_run >= options.min_alone || example.cycle_statements > 0 ||
                       example.longest_run * 2 >= example.count ||
                       (one_unit && example.count >= 2 * options.min_alone);
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

// As if there were no parent.
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

// With a parent whose rows can have supplied the values.
void grade_linked(const LoopExample& example, const LoopOptions& options, bool with_schema,
                  LoopVerdict& verdict) {
  const bool all_rows = one_turn_per_row(example);
  const bool listed = example.matched_values >= 3;
  const bool named = verdict.link.strength >= LinkStrength::kNames;
  const bool begun_here =
      example.beside_parent >= options.min_count;  // the loop shows on the parent's own connection
  if (example.scope == ScopeKind::kFanOut && !all_rows && !begun_here) {
    // A list on another connection moments ago: on a busy program there always is one. What ran on one
    // connection is judged as if it had no parent.
    if (example.sessions == 1) judge_alone(example, options, verdict);
    return;
  }
  const bool elsewhere = example.scope == ScopeKind::kFanOut && example.sessions == 1;
  verdict.report =
      example.count >= options.min_count && (example.distinct_values >= 2 || unseen_values(example));
  if (example.count == 2 && all_rows && example.distinct_values == 2) verdict.report = options.min_count <= 2;
  verdict.confidence = named && (example.count >= 5 || all_rows || listed) ? Confidence::kHigh
                       : named || all_rows                                 ? Confidence::kMedium
                                                                           : Confidence::kLow;
  if (!named && verdict.confidence == Confidence::kLow && example.count >= 5)
    verdict.confidence = Confidence::kMedium;
  if (example.scope == ScopeKind::kFanOut && !all_rows && few_of_each(*verdict.loop, example) &&
      !one_unit_of_work(example)) {
    verdict.confidence = std::min(verdict.confidence, Confidence::kMedium);
    verdict.doubts.emplace_back("few turns after each list, on several connections: requests may mix there");
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

LoopVerdict judge(const RuleContext& context, const Loop& loop, const Pattern& child, const Pattern* parent,
                  const LoopOptions& options, int depth);

// A link by a value that never changed, as of a tenant, says nothing of where the others come from.
bool varies(const LoopExample& example, const Link& link) {
  return link.slot >= 32 || example.varying_slots == 0 || (example.varying_slots & (1U << link.slot)) != 0;
}

// post → its author → his comments: what each turn asks for stands in the one row that the turn read before.
// That row must itself be known to be read in a loop over the list: any list may stand before a lookup by
// key.
// Returns how sure that is: the turn's own loop can't be surer.
Confidence use_row_between(const RuleContext& context, const Pattern& child, const Pattern* parent,
                           const LoopOptions& options, int depth, LoopVerdict& verdict) {
  constexpr int kDeepest = 4;
  constexpr Confidence kAny = Confidence::kProved;
  const PatternKey& via = verdict.example->via;
  if (via == kNoPattern || parent == nullptr || parent->shape == nullptr || depth >= kDeepest) return kAny;
  const Pattern* between = context.workload.find(via);
  const auto above = context.workload.loops.find(LoopKey{via, parent->key});
  if (between == nullptr || between->shape == nullptr || above == context.workload.loops.end()) return kAny;
  Link link = context.memo->link(*between, child, context);
  if (!varies(*verdict.example, link)) return kAny;
  if (link.strength <= verdict.link.strength) return kAny;
  const LoopVerdict looped = judge(context, above->second, *between, parent, options, depth + 1);
  if (!looped.report || !is_linked(looped)) return kAny;
  verdict.link = std::move(link);
  verdict.through = via;
  return std::min(looped.ceiling, looped.confidence);
}

// SELECT … FROM folder WHERE parent_id = $1, again and again, with no list before it that names a folder: the
// values may stand in the loop's own rows. What a table's own key is asked for is left alone: any loop asks
// for rows by key, whether they form a path or not.
void use_own_rows(const RuleContext& context, const Pattern& child, LoopVerdict& verdict) {
  if (!verdict.report || verdict.kind != LoopClass::kRowByRow || !is_read(child.shape->kind)) return;
  Link own = context.memo->link(child, child, context);
  if (!ties_to_itself(own) || own.slot != verdict.example->varying_slot) return;
  if (context.memo->profile(child, context)->primary_slot == own.slot) return;
  verdict.kind = LoopClass::kTreeWalk;
  verdict.confidence = std::max(verdict.confidence, Confidence::kMedium);
  verdict.reasons.insert(verdict.reasons.begin(),
                         fmt::format("{} ties the table to itself: {}.{} = {}.{}",
                                     own.strength == LinkStrength::kForeignKey ? "a foreign key" : "a name",
                                     own.child_table, own.child_column, own.parent_table, own.parent_column));
  verdict.doubts = {"that the values come from the loop's own rows is likely, but not seen"};
  verdict.link = std::move(own);
}

// Orders, then for some of them the sum of all orders of one status: a column that a table is listed with and
// asked for again, and that is no reference, sorts its rows into kinds as likely as it tells them apart.
// Kinds come again.
bool may_be_kinds(const LoopVerdict& verdict) {
  const Link& link = verdict.link;
  const LoopExample& example = *verdict.example;
  return link.strength == LinkStrength::kSameColumn && !link.child_column.empty() &&
         link.child_table == link.parent_table && link.child_column == link.parent_column &&
         !normal_column(link.child_column, 0).reference && example.distinct_values * 10 < example.count * 9;
}

// The form of columns fits by accident, too: there the turns themselves must show that they go over a list.
bool turns_show(const LoopVerdict& verdict) {
  constexpr uint32_t kRun = 3;
  const LoopExample& example = *verdict.example;
  if (may_be_kinds(verdict)) return one_turn_per_row(example);
  return verdict.link.strength != LinkStrength::kReference || one_turn_per_row(example) ||
         one_unit_of_work(example) || in_one_burst(example) || example.longest_run >= kRun ||
         example.cycle_statements > 0;
}

// Several lists fit alike.
void doubt_between(const std::vector<const Pattern*>& lists, LoopVerdict& verdict) {
  std::string names;
  for (const Pattern* list : lists) {
    const uint32_t main = list->shape->main_relation();
    const std::string name = main == kNoIndex ? "a function" : qualified_name(list->shape->relations[main]);
    names += (names.empty() ? "" : ", ") + name;
  }
  verdict.doubts = {"the values may come from one of several lists before it: of " + names};
}

}  // namespace

PatternKey parent_of(const LoopVerdict& verdict) {
  if (verdict.other_parent != kNoPattern) return verdict.other_parent;
  return verdict.loop == nullptr ? kNoPattern : verdict.loop->key.parent;
}

bool is_linked(const LoopVerdict& verdict) {
  if (verdict.link.strength >= LinkStrength::kReference) return true;
  return verdict.link.strength == LinkStrength::kPossible && verdict.example != nullptr &&
         one_turn_per_row(*verdict.example);
}

namespace {

// The lists after which the child ran once only, in all of their scope.
uint64_t single_turns(const RuleContext& context, const LoopKey& key) {
  const auto found = context.workload.latent_pairs.find(key);
  return found == context.workload.latent_pairs.end() ? 0 : found->second.scopes;
}

// Of the examples of one loop.
void keep_better(LoopVerdict verdict, LoopVerdict& best) {
  const auto rank = [](const LoopVerdict& judged) {
    return std::make_tuple(judged.report, judged.confidence,
                           judged.example == nullptr ? 0 : judged.example->count);
  };
  if (best.example == nullptr || rank(verdict) > rank(best)) best = std::move(verdict);
}

LoopVerdict judge(const RuleContext& context, const Loop& loop, const Pattern& child, const Pattern* parent,
                  const LoopOptions& options, int depth) {
  LoopVerdict best;
  best.loop = &loop;
  if (child.shape == nullptr) return best;
  Link link;
  if (parent != nullptr && parent->shape != nullptr) {
    link = context.memo->link(*parent, child, context);
  }
  std::vector<LoopExample> examples = loop.examples.unpacked();
  for (LoopExample& example : examples) example.requests = requests_of(context, example, child);
  const Accidents accidents(loop, examples, single_turns(context, loop.key),
                            link.strength >= LinkStrength::kNames, options);
  for (LoopExample& unpacked : examples) {
    LoopVerdict verdict;
    verdict.loop = &loop;
    verdict.example = std::make_shared<const LoopExample>(std::move(unpacked));
    const LoopExample& example = *verdict.example;
    verdict.link = link;
    if (link.strength != LinkStrength::kNone && !varies(example, link))
      verdict.link = context.memo->link(*parent, child, context, example.varying_slots);
    ParentChoice choice;
    if (verdict.link.strength == LinkStrength::kReference) {
      choice = choose_parent(context, example, child, *parent, verdict.link);
      verdict.link = choice.link;
      if (choice.parent != nullptr && choice.parent != parent) verdict.other_parent = choice.parent->key;
    }
    const Confidence between = use_row_between(context, child, parent, options, depth, verdict);
    const JudgeLoop judge_other = [&](const Loop& other, const Pattern& its_child, const Pattern* its_list) {
      return judge(context, other, its_child, its_list, options, depth + 1);
    };
    if (depth == 0 && use_loop_beside(context, child, parent, options, judge_other, verdict)) {
      limit_batch(child, verdict);
      verdict.count = executions_like(loop, std::min(example.count, options.min_count));
      keep_better(std::move(verdict), best);
      continue;
    }
    const bool linked = verdict.link.strength != LinkStrength::kNone;
    verdict.kind = loop_class(example, child, verdict.link, options);
    if (verdict.kind == LoopClass::kRowByRow && parent != nullptr && accidents.holds(example))
      verdict.kind = LoopClass::kIndependent;
    if (verdict.kind == LoopClass::kRowByRow) {
      explain_parent(example, verdict.link, verdict);
      explain_loop(example, verdict);
      const RowEvidence rows = row_evidence(example, verdict.link);
      if (is_read(child.shape->kind) && refuted(example, verdict.link)) {
        judge_alone(example, options, verdict);
      } else if (rows != RowEvidence::kNone || (is_linked(verdict) && turns_show(verdict))) {
        grade_linked(example, options, !context.schema.empty(), verdict);
        // Values that merely fit are no answer to why it was judged as if there were no list.
        const bool alone = linked && verdict.link.strength == LinkStrength::kNone;
        if (rows == RowEvidence::kProof || (rows == RowEvidence::kFitting && !alone)) {
          verdict.report = verdict.report || example.count >= options.min_count;
          verdict.confidence = std::max(
              verdict.confidence, rows == RowEvidence::kProof ? Confidence::kProved : Confidence::kHigh);
          verdict.doubts.clear();
        }
      } else {
        grade_alone(example, options, verdict);
        if (!choice.possible.empty()) doubt_between(choice.possible, verdict);
        if (parent == nullptr) use_own_rows(context, child, verdict);
      }
      const bool self = parent != nullptr && verdict.link.child_table == verdict.link.parent_table &&
                        verdict.link.strength == LinkStrength::kNames;
      if (self) {
        // Children of each row, or one row after another down a path? The statements alone don't tell.
        verdict.kind = LoopClass::kTreeWalk;
        verdict.confidence = std::min(verdict.confidence, Confidence::kMedium);
      }
    }
    apply_scaling(loop, verdict);
    if (verdict.kind == LoopClass::kRowByRow && is_linked(verdict) &&
        row_evidence(example, verdict.link) != RowEvidence::kProof)
      limit_doubtful(accidents.doubt(example), between, verdict);
    limit_batch(child, verdict);
    limit_unseen(verdict);
    // A name or rows it takes to be sure of the list.
    if (verdict.link.strength == LinkStrength::kReference && verdict.confidence == Confidence::kHigh &&
        row_evidence(example, verdict.link) == RowEvidence::kNone)
      verdict.confidence = Confidence::kMedium;
    verdict.count = executions_like(loop, std::min(example.count, options.min_count));
    keep_better(std::move(verdict), best);
  }
  return best;
}

}  // namespace

LoopVerdict judge_loop(const RuleContext& context, const Loop& loop, const Pattern& child,
                       const Pattern* parent, const LoopOptions& options) {
  return judge(context, loop, child, parent, options, 0);
}

std::vector<LoopVerdict> all_verdicts(const RuleContext& context, const PatternKey& child,
                                      const LoopOptions& options) {
  std::vector<LoopVerdict> verdicts;
  const Pattern* child_pattern = context.workload.find(child);
  if (child_pattern == nullptr) return verdicts;
  const auto from = context.workload.loops.lower_bound(LoopKey{child, kNoPattern});
  for (auto at = from; at != context.workload.loops.end() && at->first.child == child; ++at) {
    const Pattern* parent =
        at->first.parent == kNoPattern ? nullptr : context.workload.find(at->first.parent);
    verdicts.push_back(judge_loop(context, at->second, *child_pattern, parent, options));
  }
  std::stable_sort(verdicts.begin(), verdicts.end(), [](const LoopVerdict& left, const LoopVerdict& right) {
    const auto rank = [](const LoopVerdict& judged) {
      return std::make_tuple(judged.report, judged.confidence, judged.link.strength, judged.count);
    };
    return rank(left) > rank(right);
  });
  return verdicts;
}

}  // namespace pgsieve
