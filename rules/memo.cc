#include "rules/memo.h"

#include <algorithm>

#include "analyzer/base/hash.h"
#include "rules/rule.h"

namespace pgsieve {

namespace {

uint64_t combine_texts(uint64_t hash, const std::vector<std::string>& texts) {
  hash = hash_combine(hash, texts.size());
  for (const std::string& text : texts) hash = hash_combine(hash, hash64(text));
  return hash;
}

// Everything that batch_rewrite() looks at; the shape follows from the text.
uint64_t identity(const BatchRequest& request) {
  uint64_t hash = hash64(request.text);
  for (const uint32_t slot : request.varying) hash = hash_combine(hash, slot);
  hash = combine_texts(hash, request.types);
  hash = combine_texts(hash, request.conflict_columns);
  const unsigned flags = (request.types_exact ? 1U : 0U) | (request.one_row_per_key ? 2U : 0U) |
                         (request.no_offset ? 4U : 0U) | (request.keep_literals ? 8U : 0U) |
                         (request.keys_repeat ? 16U : 0U) | (request.no_unique_index ? 32U : 0U) |
                         (request.no_limit ? 64U : 0U);
  return hash_combine(hash, flags);
}

}  // namespace

std::shared_ptr<RuleMemo> make_rule_memo() {
  return std::make_shared<RuleMemo>();
}

std::shared_ptr<RuleMemo> RuleMemo::sibling() const {
  auto memo = std::make_shared<RuleMemo>();
  memo->orms_ = orms_;
  return memo;
}

std::shared_ptr<const LinkProfile> RuleMemo::profile(const Pattern& pattern, const RuleContext& context) {
  if (const auto found = profiles_.find(&pattern); found != profiles_.end()) return found->second;
  if (profiles_.size() >= kMaxProfiles) profiles_.clear();
  auto drawn = std::make_shared<const LinkProfile>(
      draw_link_profile(*pattern.shape, context.known_schema(), true, context.seen.get()));
  profiles_.emplace(&pattern, drawn);
  return drawn;
}

Link RuleMemo::link(const Pattern& parent, const Pattern& child, const RuleContext& context, uint32_t slots) {
  const std::shared_ptr<const LinkProfile> offers = profile(parent, context);
  return explain_link(*offers, *profile(child, context), context.known_schema(), slots);
}

std::optional<Rewrite> RuleMemo::batch(const BatchRequest& request) {
  const uint64_t hash = identity(request);
  if (const auto found = rewrites_.find(hash); found != rewrites_.end()) return found->second;
  if (rewrites_.size() >= kMaxRewrites) rewrites_.clear();
  return rewrites_[hash] = batch_rewrite(request);
}

bool RuleMemo::repeats_itself(const Workload& workload, const PatternKey& statement) {
  constexpr uint32_t kInARow = 3;
  if (const auto found = repeats_itself_.find(statement); found != repeats_itself_.end())
    return found->second;
  if (repeats_itself_.size() >= kMaxProfiles) repeats_itself_.clear();
  bool repeats = false;
  for (auto at = workload.loops.lower_bound(LoopKey{statement, kNoPattern});
       at != workload.loops.end() && at->first.child == statement && !repeats; ++at) {
    repeats = std::ranges::any_of(at->second.examples.unpacked(),
                                  [](const LoopExample& example) { return example.longest_run >= kInARow; });
  }
  return repeats_itself_[statement] = repeats;
}

Orm RuleMemo::orm(const Workload& workload, const std::string& application) {
  const std::lock_guard lock(orms_->mutex);
  const auto found = orms_->of_application.find(application);
  if (found != orms_->of_application.end()) return found->second;
  return orms_->of_application[application] = recognise_orm(workload, application).orm;
}

}  // namespace pgsieve
