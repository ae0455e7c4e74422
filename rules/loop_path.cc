#include "rules/loop_path.h"

#include <algorithm>

namespace pgsieve {

namespace {

constexpr size_t kLongest = 8;

// How the statement came to run under that root: its own loop's example that says so, the most executions
// first.
struct Step {
  PatternKey parent;
  PatternKey via;
};
// Not by `loop`, whose path this is: what runs below its own turns came there by another way.
Step step_above(const Workload& workload, const PatternKey& child, const PatternKey& root,
                const PatternKey& loop) {
  Step best;
  uint32_t most = 0;
  const auto from = workload.loops.lower_bound(LoopKey{child, kNoPattern});
  for (auto at = from; at != workload.loops.end() && at->first.child == child; ++at) {
    for (const LoopExample& example : at->second.examples.unpacked()) {
      const bool under_root = example.root == root || at->first.parent == root;
      if (!under_root || at->first.parent == child || at->first.parent == loop || example.via == loop ||
          example.count <= most)
        continue;
      most = example.count;
      best = {at->first.parent, example.via};
    }
  }
  return best;
}

}  // namespace

std::vector<PatternKey> path_above(const RuleContext& context, const LoopVerdict& verdict) {
  std::vector<PatternKey> path;  // upwards
  const auto add = [&path](const PatternKey& key) {
    if (key != kNoPattern && std::find(path.begin(), path.end(), key) == path.end()) path.push_back(key);
  };
  if (parent_of(verdict) == kNoPattern) return path;
  add(verdict.through);
  add(parent_of(verdict));
  const PatternKey root = verdict.example == nullptr ? kNoPattern : verdict.example->root;
  while (root != kNoPattern && path.back() != root && path.size() < kLongest) {
    const size_t before = path.size();
    const Step step = step_above(context.workload, path.back(), root, verdict.loop->key.child);
    add(step.via);
    add(step.parent);
    if (path.size() == before) break;
  }
  add(root);
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace pgsieve
