#include "rules/loop_verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "rules/loop_accident.h"
#include "rules/loop_beside.h"
#include "rules/loop_grade.h"
#include "rules/loop_habit.h"
#include "rules/loop_limits.h"
#include "rules/loop_parent.h"
#include "rules/loop_reasons.h"
#include "rules/loop_scaling.h"
#include "rules/loop_turns.h"
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

LoopVerdict judge(const RuleContext& context, const Loop& loop, const Pattern& child, const Pattern* parent,
                  const LoopOptions& options, int depth);

// A link by a value that never changed, as of a tenant, says nothing of where the others come from.
bool varies(const LoopExample& example, const Link& link) {
  return link.slot >= 32 || example.varying_slots == 0 || (example.varying_slots & (1U << link.slot)) != 0;
}

// post → its author → his comments: what each turn asks for stands in the one row that the turn read before.
// That row must itself be known to be read in a loop over the list: any list may stand before a lookup by
// key.
// Returns how sure that is: the turn's own loop can't be surer. Where the list names the values as well as
// that row does, the list stays, but the loop is no surer than that the row itself is read for each of the
// list's.
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
  if (link.strength < verdict.link.strength || link.strength == LinkStrength::kNone) return kAny;
  const bool alike = link.strength == verdict.link.strength;
  if (alike && (link.strength < LinkStrength::kNames || shows_its_list(*verdict.example))) return kAny;
  const LoopVerdict looped = judge(context, above->second, *between, parent, options, depth + 1);
  const bool listed = looped.report && is_linked(looped);
  if (alike) return listed ? std::min(looped.ceiling, looped.confidence) : Confidence::kMedium;
  if (!listed) return kAny;
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

// The doubt where several lists fit alike.
std::string one_of_several(const std::vector<const Pattern*>& lists) {
  std::string names;
  for (const Pattern* list : lists) {
    const uint32_t main = list->shape->main_relation();
    const std::string name = main == kNoIndex ? "a function" : qualified_name(list->shape->relations[main]);
    names += (names.empty() ? "" : ", ") + name;
  }
  return "the values may come from one of several lists before it: of " + names;
}

}  // namespace

PatternKey parent_of(const LoopVerdict& verdict) {
  if (verdict.other_parent != kNoPattern) return verdict.other_parent;
  if (verdict.between_lists) return kNoPattern;
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

// The list has all columns that the look-up asks for: there is no need to read its rows again.
bool has_all_of(const LinkProfile& list, const LinkProfile& look_up) {
  if (list.star || look_up.star) return list.star;
  return std::ranges::all_of(look_up.columns, [&list](const LinkProfile::ColumnName& wanted) {
    return std::ranges::any_of(list.columns,
                               [&wanted](const auto& column) { return column.hash == wanted.hash; });
  });
}

// SELECT … FROM users WHERE email = $1 brings one user as likely as several, and who lists users seldom asks
// for each of them again: the users that are read by key after it are others.
bool reads_other_rows(const RuleContext& context, const Pattern& child, const Pattern& parent,
                      const LoopExample& example, const Link& link) {
  if (link.strength != LinkStrength::kSameKey || one_turn_per_row(example)) return false;
  if (row_evidence(example, link) != RowEvidence::kNone) return false;
  const auto list = context.memo->profile(parent, context);
  return !list->many_rows || (list->unsure_rows && has_all_of(*list, *context.memo->profile(child, context)));
}

// Of the examples of one loop.
void keep_better(LoopVerdict verdict, LoopVerdict& best) {
  const auto rank = [](const LoopVerdict& judged) {
    return std::make_tuple(judged.report, judged.confidence,
                           judged.example == nullptr ? 0 : judged.example->count);
  };
  if (best.example == nullptr || rank(verdict) > rank(best)) best = std::move(verdict);
}

// Which list fed the loop; sets the verdict's link to it. `whole`: see list_of_all().
ParentChoice choose_list(const RuleContext& context, const Pattern& child, const Pattern* parent,
                         const Pattern* whole, LoopVerdict& verdict) {
  const LoopExample& example = *verdict.example;
  ParentChoice choice;
  const bool unseen = row_evidence(example, verdict.link) == RowEvidence::kNone;
  const bool certain =
      shows_its_list(example) || (parent != nullptr && verdict.link.strength >= LinkStrength::kNames &&
                                  once_per_row_after(context, child, *parent));
  if (whole != nullptr && unseen && (whole == parent || !certain)) {
    choice.parent = whole;
    if (whole != parent) verdict.link = context.memo->link(*whole, child, context);
  } else if (verdict.link.strength == LinkStrength::kReference) {
    choice = choose_parent(context, example, child, *parent, verdict.link);
    verdict.link = choice.link;
  } else if (verdict.link.strength >= LinkStrength::kNames && unseen && !certain) {
    choice = choose_named_parent(context, example, child, *parent, verdict.link);
    verdict.between_lists = choice.parent == nullptr;
    if (choice.parent != nullptr) verdict.link = choice.link;
  }
  return choice;
}

ListHabit habit_after(const RuleContext& context, const Pattern& child, const Pattern* list,
                      const Pattern* whole, const Link& link) {
  if (list == nullptr || link.strength < LinkStrength::kNames) return {};
  return {list == whole, follows_as_a_rule(context, child, *list), runs_nowhere_else(context, child, *list)};
}

LoopVerdict judge(const RuleContext& context, const Loop& loop, const Pattern& child, const Pattern* parent,
                  const LoopOptions& options, int depth) {
  LoopVerdict best;
  best.loop = &loop;
  if (child.shape == nullptr) return best;
  Link link;
  if (parent != nullptr && parent->shape != nullptr) {
    link = context.memo->link(*parent, child, context);
    // That a table refers to its own rows takes more than a column with the form of some reference.
    if (parent == &child && link.strength == LinkStrength::kReference) link = {};
  }
  std::vector<LoopExample> examples = loop.examples.unpacked();
  for (LoopExample& example : examples) example.requests = requests_of(context, example, child);
  const Pattern* whole = parent == nullptr ? nullptr : list_of_all(context, child);
  const Accidents accidents(context.workload, loop, examples, single_turns(context, loop.key),
                            link.strength >= LinkStrength::kNames,
                            parent != nullptr && context.memo->repeats_itself(context.workload, parent->key),
                            options);
  const std::vector<LoopRun> runs = runs_of(examples);
  for (LoopExample& unpacked : examples) {
    LoopVerdict verdict;
    verdict.loop = &loop;
    verdict.example = std::make_shared<const LoopExample>(std::move(unpacked));
    const LoopExample& example = *verdict.example;
    verdict.link = link;
    if (link.strength != LinkStrength::kNone && !varies(example, link))
      verdict.link = context.memo->link(*parent, child, context, example.varying_slots);
    if (parent != nullptr && reads_other_rows(context, child, *parent, example, verdict.link))
      verdict.link = {};
    const ParentChoice choice = choose_list(context, child, parent, whole, verdict);
    if (choice.parent != nullptr && choice.parent != parent) verdict.other_parent = choice.parent->key;
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
    const Pattern* list = choice.parent == nullptr ? parent : choice.parent;
    const ListHabit habit = habit_after(context, child, list, whole, verdict.link);
    verdict.kind = loop_class(example, child, verdict.link, options);
    if (verdict.kind == LoopClass::kRowByRow && parent != nullptr && !habit.once_per_row &&
        accidents.holds(example))
      verdict.kind = LoopClass::kIndependent;
    if (verdict.kind == LoopClass::kRowByRow) {
      if (!verdict.between_lists) explain_parent(example, verdict.link, verdict);
      if (habit.once_per_row) verdict.reasons.push_back(explain_in_all(child));
      explain_loop(example, verdict);
      const RowEvidence rows = row_evidence(example, verdict.link);
      if (is_read(child.shape->kind) && refuted(example, verdict.link)) {
        judge_alone(example, options, verdict);
      } else if (rows != RowEvidence::kNone || (is_linked(verdict) && turns_show(verdict))) {
        grade_linked(example, options, !context.schema.empty(), habit, verdict);
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
        if (!choice.possible.empty()) verdict.doubts = {one_of_several(choice.possible)};
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
    const bool seen_rows = row_evidence(example, verdict.link) != RowEvidence::kNone;
    const bool apart = is_read(child.shape->kind) ? turns_stand_alone(context, loop.key, example)
                                                  : writes_stand_alone(context, loop.key, example);
    const bool parallel = !is_linked(verdict) && served_in_parallel(runs, example, options);
    if (verdict.kind == LoopClass::kRowByRow && !seen_rows && (apart || parallel)) {
      verdict.kind = LoopClass::kIndependent;
      verdict.report = false;
    }
    apply_scaling(loop, verdict);
    if (verdict.kind == LoopClass::kRowByRow && is_linked(verdict) &&
        row_evidence(example, verdict.link) != RowEvidence::kProof) {
      std::string doubt = accidents.doubt(example);
      // A column of the same name, turns that rather follow the list by accident, at a request's pace.
      if (!doubt.empty() && !seen_rows && verdict.link.strength <= LinkStrength::kSameColumn &&
          like_requests(example, options)) {
        verdict.kind = LoopClass::kIndependent;
        verdict.report = false;
      }
      limit_doubtful(std::move(doubt), between, verdict);
    }
    limit_batch(child, verdict);
    limit_unseen(verdict);
    if (!seen_rows) limit_repeated(verdict);
    if (verdict.between_lists && is_linked(verdict)) limit_between(one_of_several(choice.possible), verdict);
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
