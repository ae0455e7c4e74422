// Fixes of findings about loops and repetitions: the ORM's own call first, where the ORM is known, then SQL.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/fixes/plan.h"
#include "rules/rule.h"

namespace pgsieve {

// Not thread-safe: it uses the context's memo.
class FixAdvisor {
 public:
  explicit FixAdvisor(const RuleContext& context) : context_(context) {}

  std::vector<Fix> read_loop(const LoopVerdict& verdict, const Pattern& child, const Pattern* parent);
  std::vector<Fix> write_loop(const LoopVerdict& verdict, const Pattern& child);
  std::vector<Fix> repetition(const Pattern& pattern);

  // Of --orm, else of the application that runs the pattern most.
  Orm orm_of(const Pattern& pattern);

 private:
  const RuleContext& context_;
};

}  // namespace pgsieve
