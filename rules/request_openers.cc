#include "rules/request_openers.h"

#include <algorithm>

#include "rules/loop_class.h"
#include "rules/memo.h"

namespace pgsieve {

namespace {

// Session windows of the database that most of the statement's executions were in.
uint64_t windows_beside(const Workload& workload, const Pattern& pattern) {
  const std::vector<FacetCounts::Value> databases = pattern.databases.by_frequency();
  if (databases.empty()) return workload.windows.total();
  const auto& windows = workload.windows.values();
  const auto found = std::ranges::find(windows, databases.front().hash, &FacetCounts::Value::hash);
  return found == windows.end() ? workload.windows.total() : found->count;
}

// Most windows begin with it. A few may by accident.
bool opens_requests(const Workload& workload, const Pattern& pattern) {
  constexpr uint64_t kWindows = 5;
  return pattern.window_starts >= kWindows && 2 * pattern.window_starts >= windows_beside(workload, pattern);
}

// It hardly runs but after a pause: not within a request, and not in a loop's body.
bool only_opens(const Pattern& pattern) {
  return 3 * pattern.window_starts >= pattern.calls;
}

// Requests of another kind begin with the child itself, if with anything.
bool opens_some(const Pattern& child) {
  constexpr uint64_t kShare = 20;
  return kShare * child.window_starts > child.calls;
}

// Who asks was looked up anew for turn after turn, and the list, if there is one, was read anew, too.
bool begin_alike(const LoopExample& example) {
  const auto most_turns = [&example](uint32_t turns) {
    return turns >= 2 && 3 * uint64_t{turns} >= 2 * uint64_t{example.count};
  };
  return most_turns(example.reopened_turns) &&
         (example.parent_executions == 0 || most_turns(example.parent_executions));
}

}  // namespace

LoopExample::Requests requests_of(const RuleContext& context, const LoopExample& example,
                                  const Pattern& child) {
  using Requests = LoopExample::Requests;
  if (example.opener == kNoPattern || example.opener == child.key || opens_some(child))
    return Requests::kUnknown;
  if (begin_alike(example)) return Requests::kOwn;
  // Where clients share connections statement by statement, the order of a connection's statements tells
  // nothing of a request.
  if (lent_for_each_turn(example)) return Requests::kUnknown;
  const Pattern* opener = context.workload.find(example.opener);
  if (opener == nullptr || !opens_requests(context.workload, *opener)) return Requests::kUnknown;
  // A request that begins with it goes on with something else, unless clients share connections so.
  if (context.memo->repeats_itself(context.workload, example.opener)) return Requests::kUnknown;
  if (example.opened_turns == 0) return Requests::kOne;
  const bool each = 3 * uint64_t{example.opened_turns} >= 2 * uint64_t{example.count};
  return each && only_opens(*opener) ? Requests::kOwn : Requests::kUnknown;
}

}  // namespace pgsieve
