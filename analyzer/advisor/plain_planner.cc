#include "analyzer/advisor/plain_planner.h"

#include <fmt/format.h>

#include "analyzer/advisor/explain.h"

namespace pgsieve {

Result<std::unique_ptr<PlainPlanner>> PlainPlanner::open(ServerConnection connection, const Schema& schema,
                                                         const Statistics& statistics, bool c_collation) {
  std::unique_ptr<PlainPlanner> planner(
      new PlainPlanner(std::move(connection), schema, statistics, c_collation));
  if (const Status refused = make_read_only(planner->connection_)) return *refused;
  planner->description_ =
      fmt::format("PostgreSQL {} for today's costs, pgsieve's own model for those with indexes",
                  single_value(planner->connection_, "SHOW server_version"));
  return planner;
}

Result<PlanAnswer> PlainPlanner::today(const std::string& statement) {
  const auto known = plans_.find(statement);
  if (known != plans_.end()) return known->second;
  ++calls_;
  std::vector<std::string> existing;
  Result<PlanAnswer> answer = explain(connection_, statement, [&existing](std::string_view name) {
    existing.emplace_back(name);
    return existing.back();
  });
  if (!answer) return answer;
  answer->existing = std::move(existing);
  plans_[statement] = *answer;
  return answer;
}

Result<PlanAnswer> PlainPlanner::plan(std::string_view statement, std::span<const IndexDefinition> offered) {
  Result<PlanAnswer> before = today(std::string(statement));
  if (!before || offered.empty()) return before;
  const Result<PlanAnswer> without = model_.plan(statement, {});
  Result<PlanAnswer> with = model_.plan(statement, offered);
  if (!without || !with || without->cost <= 0) return before;
  // Where the server finds a good plan that the model does not know of, the model has nothing to say.
  if (before->scanned.empty() && !without->scanned.empty()) return before;
  with->cost *= before->cost / without->cost;
  return with;
}

}  // namespace pgsieve
