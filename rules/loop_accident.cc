#include "rules/loop_accident.h"

#include <algorithm>

namespace pgsieve {

namespace {

constexpr uint64_t kLists = 3;  // so many show a habit

bool held_together(const LoopExample& example) {
  return one_unit_of_work(example) || example.scope == ScopeKind::kTrace;
}

// More different values than the list had rows: most came from elsewhere. (A row may hold two of them, home
// and away; where the turns follow closely that is more likely.)
bool more_than_listed(const LoopExample& example) {
  return example.parent_limit > 1 && example.parent_executions <= 1 &&
         example.distinct_values > example.parent_limit;
}

// A page of a list, and at leisure some rows of what it refers to: requests of their own, which follow a list
// because every now and then somebody asks for one. Told by turns that are too many for the list, or by
// several lists none of which had a turn for each row.
bool never_its_rows(const Loop& loop, const std::vector<LoopExample>& examples, const LoopOptions& options) {
  const auto too_many = [&options](const LoopExample& example) {
    return more_than_listed(example) && like_requests(example, options);
  };
  const auto a_part = [&options](const LoopExample& example) {
    return example.parent_limit > 1 && !one_turn_per_row(example) && like_requests(example, options);
  };
  return std::ranges::any_of(examples, too_many) ||
         (loop.scopes >= kLists && std::ranges::all_of(examples, a_part));
}

// As often as its list, in all of the traffic. Where clients share connections statement by statement,
// look-ups that follow the list once in each request stand in any number and order on each connection.
bool as_often_as_list(const Workload& workload, const Loop& loop) {
  constexpr uint64_t kEnough = 8;
  const Pattern* child = workload.find(loop.key.child);
  const Pattern* list = workload.find(loop.key.parent);
  return child != nullptr && list != nullptr && list->calls >= kEnough && 4 * child->calls <= 5 * list->calls;
}

// Connections that clients share so show in lists that follow each other, or in a pool that takes them back
// each time. `single`: see Accidents.
bool few_on_shared_connections(const Loop& loop, const std::vector<LoopExample>& examples, uint64_t single,
                               bool in_a_row) {
  constexpr uint64_t kFew = 3;
  return loop.executions + single < kFew * (loop.scopes + single) &&
         (in_a_row || std::ranges::all_of(examples, lent_for_each_turn));
}

// Three turns repeat in one order by accident, too, where requests are of a few kinds only.
bool too_few_to_tell(const LoopExample& example) {
  constexpr uint32_t kTurns = 6;
  return example.count < kTurns && !one_turn_per_row(example) && !held_together(example);
}

}  // namespace

bool one_turn_per_row(const LoopExample& example) {
  constexpr int64_t kTelling = 5;  // of a few keys, any number may be a multiple
  if (example.parent_rows > 1) return example.count % example.parent_rows == 0;
  if (example.parent_executions > 1) return false;
  const auto each_of = [&example](int64_t rows) { return example.count % rows == 0; };
  return (example.parent_limit > 1 && each_of(example.parent_limit)) ||
         (example.parent_keys >= kTelling && each_of(example.parent_keys));
}

bool like_requests(const LoopExample& example, const LoopOptions& options) {
  return (at_leisure(example, options) || scattered_turns(example, options)) && !held_together(example) &&
         !in_one_burst(example);
}

namespace {

bool few_turns(uint64_t turns, uint64_t lists, const LoopExample& example) {
  constexpr uint64_t kRows = 8;
  const uint64_t rows = example.parent_limit > 1 ? static_cast<uint64_t>(example.parent_limit) : kRows;
  return lists >= kLists && 2 * turns <= lists * rows;
}

}  // namespace

bool few_of_each(const Loop& loop, const LoopExample& example) {
  return few_turns(loop.executions, loop.scopes, example);
}

bool lists_unled(const Workload& workload, const LoopKey& loop, const LoopExample& example) {
  return example.root == kNoPattern || example.root == loop.parent || example.root == loop.child ||
         workload.loops.contains(LoopKey{example.root, loop.parent});
}

// That a loop goes over a list shows in how its turns follow each other, or in their number: as many as rows,
// one list after the other.
bool Accidents::by_itself(const LoopExample& example) const {
  if (held_together(example) || in_one_burst(example) || !is_scattered(example)) return false;
  if (named_ && at_session_pace(example)) return false;
  // The lists that it followed once only say what it does after a list, too. Of a page, many rows may be in
  // memory already: there it takes most of the lists.
  const uint64_t single = example.parent_limit <= 1 || single_ > loop_.scopes ? single_ : 0;
  const bool few = few_turns(loop_.executions + single, loop_.scopes + single, example) ||
                   (few_turns(example.count, example.parent_executions, example) &&
                    lists_unled(workload_, loop_.key, example));
  return few || (scattered_turns(example, options_) && !one_turn_per_row(example));
}

Accidents::Accidents(const Workload& workload, const Loop& loop, const std::vector<LoopExample>& examples,
                     uint64_t single, bool named, bool in_a_row, const LoopOptions& options)
    : workload_(workload),
      loop_(loop),
      options_(options),
      single_(single),
      named_(named),
      never_its_rows_(never_its_rows(loop, examples, options)),
      once_each_(as_often_as_list(workload, loop) &&
                 few_on_shared_connections(loop, examples, single, in_a_row)) {
  const auto accidents =
      std::ranges::count_if(examples, [&](const LoopExample& example) { return by_itself(example); });
  mostly_ = 2 * static_cast<size_t>(accidents) >= examples.size();
  for (const LoopExample& example : examples) {
    lists_ += example.parent_executions;
    lone_turns_ += example.lone_turns;
  }
  lists_ = single + std::max(lists_, loop.scopes);
  lone_turns_ += single;
}

bool Accidents::holds(const LoopExample& example) const {
  return (never_its_rows_ && like_requests(example, options_)) || by_itself(example) ||
         (mostly_ && too_few_to_tell(example)) ||
         (once_each_ && !held_together(example) && !one_turn_per_row(example));
}

std::string Accidents::doubt(const LoopExample& example) const {
  constexpr uint64_t kEnough = 8, kPerRow = 4, kTurns = 5;
  if (held_together(example) || in_one_burst(example)) return {};
  const uint64_t lists = std::max(1U, example.parent_executions);
  const uint64_t rows = example.parent_limit > 1 ? lists * static_cast<uint64_t>(example.parent_limit) : 0;
  if (rows > 0 && example.count > kPerRow * rows && is_scattered(example))
    return "it ran more often than its lists may have rows: requests of their own may follow them";
  if (one_turn_per_row(example) && example.count >= kTurns) return {};
  if (named_ && at_session_pace(example) && scattered_turns(example, options_))
    return "its turns come in no order that repeats, if at the session's own pace: they may be separate "
           "requests";
  const auto often = [](uint64_t lone, uint64_t of) { return of >= kEnough && 4 * lone >= of; };
  if (often(example.lone_turns, lists) || often(lone_turns_, lists_))
    return "after many of its lists it ran once only: requests of their own may follow them";
  return {};
}

}  // namespace pgsieve
