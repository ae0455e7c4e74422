// From what was followed to facts: finished runs become Loops.
#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <tuple>

#include "analyzer/workload/session_tracker.h"

namespace pgsieve {

namespace {

// Adds one (parent rows, child executions) point to the regression sums. Points beyond 2^20 are left out:
// their squares would not fit, and a single one would outweigh all others.
void add_scaling(Loop& loop, int64_t rows, uint32_t children) {
  constexpr int64_t kLargest = 1 << 20;
  if (rows < 0 || rows > kLargest || children > kLargest) return;
  const auto x = static_cast<uint64_t>(rows);
  const uint64_t y = children;
  ++loop.scaling_n;
  loop.scaling_x += x;
  loop.scaling_y += y;
  loop.scaling_xy += x * y;
  loop.scaling_xx += x * x;
  loop.scaling_yy += y * y;
}

}  // namespace

void SessionTracker::release(std::shared_ptr<LoopRun>& run) {
  if (run.use_count() == 1) fold_run(*run);
  run.reset();
}

void SessionTracker::release(std::shared_ptr<LoopRun>& run, const Session& session) {
  if (run == nullptr) return;
  if (run->count() > 1 || run.use_count() > 1) run->note_session(session);
  release(run);
}

void SessionTracker::fold_run(const LoopRun& run) {
  const bool has_parent = run.parent().id != 0;
  if (run.count() < 2) {
    if (has_parent) count_latent(run);
    return;
  }
  const LoopKey key{run.child_pattern()->key, has_parent ? run.parent().pattern->key : kNoPattern};
  const bool writes = run.child().kind == StatementClass::kWrite;
  if (!has_parent && !writes && !run.varies() && run.child().slots.empty())
    return;  // nothing to loop over: a Repeat
  auto found = facts_.loops.find(key);
  if (found == facts_.loops.end()) {
    last_ordinal_ = std::max({last_ordinal_, run.child().ordinal, run.parent().pattern_ordinal});
    forget_weak_loops();
    found = facts_.loops.emplace(key, Loop{}).first;
    found->second.key = key;
  }
  Loop& loop = found->second;
  ++loop.scopes;
  loop.executions += run.count();
  loop.per_scope.add(run.count());
  loop.child_time += run.child_time();
  loop.gap_time += run.gaps().sum();
  add_scaling(loop, run.parent().rows >= 0 ? run.parent().rows : run.parent().limit, run.count());
  if (!run.source().empty()) loop.sources.add(run.source());
  if (!run.database().empty()) loop.databases.add(run.database());
  if (!run.application().empty()) loop.applications.add(run.application());
  if (const std::optional<ExampleRank> rank = run.rank(); rank && !loop.wants_example(*rank)) return;
  LoopExample example = run.example();
  if (!options_.keep_values) example.sample.clear();
  loop.add_example(std::move(example));
}

size_t SessionTracker::most_loops() const {
  const size_t wanted =
      std::max(WorkloadOptions::kMinLoops, WorkloadOptions::kLoopsPerPattern * last_ordinal_);
  return std::max<size_t>(1, std::min(options_.max_loops, wanted));
}

namespace {

// Of more than there is room for, the least, first in order: a quarter goes at once, so that the search costs
// each new one next to nothing.
template <typename Element, typename Less>
std::span<const Element> least(std::vector<Element>& all, size_t room, Less less) {
  const size_t count = all.size() - room + room / 4 + 1;
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(count);
  std::nth_element(all.begin(), end - 1, all.end(), less);
  return {all.data(), count};
}

}  // namespace

// Makes room for another loop.
void SessionTracker::forget_weak_loops() {
  const size_t most = most_loops();
  if (facts_.loops.size() < most) return;
  using Place = std::map<LoopKey, Loop>::iterator;
  std::vector<std::pair<uint64_t, Place>> by_turns;  // turns beyond the first of each scope
  by_turns.reserve(facts_.loops.size());
  for (auto at = facts_.loops.begin(); at != facts_.loops.end(); ++at)
    by_turns.emplace_back(at->second.executions - at->second.scopes, at);
  const auto weaker = [](const auto& left, const auto& right) {
    return std::tie(left.first, left.second->first) < std::tie(right.first, right.second->first);
  };
  for (const auto& [turns, weak] : least(by_turns, most, weaker)) {
    facts_.dropped.loops += weak->second.scopes;
    facts_.loops.erase(weak);
  }
}

// One to one: worth a note only when a key or name links the two.
void SessionTracker::count_latent(const LoopRun& run) {
  const ParentExecution& parent = run.parent();
  const LinkStrength link = links_.between(parent.info->parent_number, run.child(),
                                           [&]() -> const LinkProfile& { return *parent.info->link; });
  if (!is_strong(link)) return;
  const uint32_t child = run.child().ordinal_of(run.child_pattern()->key);
  const uint64_t pair = (uint64_t{parent.pattern_ordinal} << 32U) | child;
  const auto found = latent_.find(pair);
  if (found != latent_.end()) {
    ++found->second;
    return;
  }
  forget_rare_pairs();
  latent_.emplace(pair, 1);
  latent_keys_.try_emplace(parent.pattern_ordinal, parent.pattern->key);
  latent_keys_.try_emplace(child, run.child_pattern()->key);
}

// Makes room for another pair.
void SessionTracker::forget_rare_pairs() {
  const size_t most = most_loops();
  if (latent_.size() < most) return;
  std::vector<std::pair<uint64_t, uint64_t>> by_scopes;  // scopes, pair
  by_scopes.reserve(latent_.size());
  for (const auto& [pair, scopes] : latent_) by_scopes.emplace_back(scopes, pair);
  for (const auto& [scopes, pair] : least(by_scopes, most, std::less<>())) {
    facts_.dropped.loops += scopes;
    latent_.erase(pair);
  }
}

void SessionTracker::flush_latent() {
  for (const auto& [pair, scopes] : latent_) {
    const PatternKey& parent = latent_keys_.at(static_cast<uint32_t>(pair >> 32U));
    const PatternKey& child = latent_keys_.at(static_cast<uint32_t>(pair));
    facts_.latent_pairs[LoopKey{child, parent}].scopes += scopes;
  }
  latent_.clear();
  latent_keys_.clear();
}

}  // namespace pgsieve
