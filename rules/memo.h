// RuleMemo: what the rules would otherwise work out again and again within one run: the link profile of a
// pattern (asked for with each of its loops), the batched form of a statement (the same after whichever
// parent it loops), the ORM of an application.
//
// Owns its copies, holds a bounded number of them, and never outlives the workload of its RuleContext. Not
// thread-safe: further threads have memos of their own, made by sibling(), with which the ORMs are shared.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "analyzer/sql/rewrite.h"
#include "analyzer/workload/link.h"
#include "analyzer/workload/orm.h"
#include "analyzer/workload/pattern.h"

namespace pgsieve {

struct RuleContext;

class RuleMemo {
 public:
  std::shared_ptr<RuleMemo> sibling() const;

  // draw_link_profile() of the pattern's shape, which must not be null, with what the context knows of
  // tables; always for one context.
  std::shared_ptr<const LinkProfile> profile(const Pattern& pattern, const RuleContext& context);
  // explain_link() between the two.
  Link link(const Pattern& parent, const Pattern& child, const RuleContext& context,
            uint32_t slots = UINT32_MAX);
  // batch_rewrite().
  std::optional<Rewrite> batch(const BatchRequest& request);
  // Whether the statement ran several times in a row on one connection, nothing else between; always for one
  // workload.
  bool repeats_itself(const Workload& workload, const PatternKey& statement);
  // recognise_orm(); always for one workload.
  Orm orm(const Workload& workload, const std::string& application);

 private:
  static constexpr size_t kMaxProfiles = 1024;
  static constexpr size_t kMaxRewrites = 256;
  std::unordered_map<const Pattern*, std::shared_ptr<const LinkProfile>> profiles_;
  std::unordered_map<uint64_t, std::optional<Rewrite>> rewrites_;
  std::map<PatternKey, bool> repeats_itself_;
  struct Orms {
    std::mutex mutex;
    std::map<std::string, Orm> of_application;
  };
  std::shared_ptr<Orms> orms_ = std::make_shared<Orms>();
};

}  // namespace pgsieve
