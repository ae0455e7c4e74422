#include "tools/pgsieve/decided.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace pgsieve {

namespace {

// The index a finding proposes; its code may create an extension first.
Result<IndexDefinition> proposed_by(const Finding& finding) {
  const auto ddl = finding.properties.find("ddl");
  const std::string text = ddl == finding.properties.end() ? std::string() : ddl->second;
  const size_t start = text.find("CREATE INDEX");
  return parse_index_definition(start == std::string::npos ? text : text.substr(start));
}

}  // namespace

uint64_t leave_out_rejected(std::vector<Finding>& findings, const Decisions& decisions, const Day& today) {
  std::vector<IndexDefinition> rejected;
  for (const auto& [key, decision] : decisions.all()) {
    if (decision.verdict != Decision::Verdict::kRejected || decision.drop || !decision.holds(today)) continue;
    if (Result<IndexDefinition> definition = parse_index_definition(decision.ddl))
      rejected.push_back(std::move(*definition));
  }
  if (rejected.empty()) return 0;
  return std::erase_if(findings, [&rejected](const Finding& finding) {
    if (finding.rule != "missing-index") return false;
    const Result<IndexDefinition> proposed = proposed_by(finding);
    return proposed.ok() && std::ranges::any_of(rejected, [&proposed](const IndexDefinition& each) {
             return definition_key(each) == definition_key(*proposed) || covers(each, *proposed);
           });
  });
}

Day today() {
  const std::chrono::year_month_day date(
      std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

}  // namespace pgsieve
