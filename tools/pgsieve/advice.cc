#include "tools/pgsieve/advice.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <memory>
#include <optional>

#include "analyzer/advisor/hypopg.h"
#include "analyzer/advisor/live_catalog.h"
#include "analyzer/advisor/plain_planner.h"
#include "analyzer/advisor/server_connection.h"
#include "analyzer/advisor/twin.h"
#include "analyzer/schema/statistics_file.h"
#include "analyzer/schema/text_file.h"
#include "tools/pgsieve/terminal.h"

namespace pgsieve {

namespace {

Error usage(std::string message, std::string hint = {}) {
  Error error;
  error.kind = Error::Kind::kUsage;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

Result<Twin> make_twin(const AdviceOptions& options) {
  const Result<std::string> ddl = read_text_file(options.analysis.schema_file);
  if (!ddl) return ddl.error();
  const Result<StatisticsFile> file = load_statistics_file(options.analysis.statistics_file);
  if (!file) return usage(file.error().to_string());
  Result<Twin> twin = Twin::create(*ddl, *file, {.directory = {}, .bin_directory = options.bin_directory});
  if (!twin) return twin.error();
  for (const std::string& warning : twin->warnings()) tell_warning(warning);
  if (!twin->has_hypopg())
    tell_warning(fmt::format("the twin has no HypoPG: install postgresql-{}-hypopg", twin->major()));
  return twin;
}

// The server as a source of schema, statistics and costs.
Result<std::unique_ptr<WhatIfPlanner>> ask_server(const std::string& url, AdviceResult& result,
                                                  AdvisorOptions& advisor, std::vector<std::string>& notes) {
  if (!ServerConnection::available())
    return usage("this pgsieve was built without libpq and can't connect to a server");
  Result<ServerConnection> connection = ServerConnection::connect(url);
  if (!connection) return connection.error();
  Result<LiveCatalog> catalog = read_live_catalog(*connection);
  if (!catalog) return catalog.error();
  result.schema = std::move(catalog->schema);
  result.statistics = std::move(catalog->statistics);
  advisor.c_collation = catalog->c_collation;
  advisor.extensions = std::move(catalog->extensions);
  Result<std::unique_ptr<HypoPgPlanner>> hypothetical =
      HypoPgPlanner::open(std::move(*connection), result.schema);
  if (hypothetical.ok()) return std::unique_ptr<WhatIfPlanner>(std::move(*hypothetical));
  notes.push_back(fmt::format("{}: today's costs are the server's, those with indexes a small model's. {}",
                              hypothetical.error().message, hypothetical.error().hint));
  Result<ServerConnection> again = ServerConnection::connect(url);
  if (!again) return again.error();
  Result<std::unique_ptr<PlainPlanner>> plain =
      PlainPlanner::open(std::move(*again), result.schema, result.statistics, advisor.c_collation);
  if (!plain) return plain.error();
  return std::unique_ptr<WhatIfPlanner>(std::move(*plain));
}

}  // namespace

Status parse_budget(std::string_view text, AdvisorOptions& options) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  const bool positive = error == std::errc() && std::isfinite(number) && number >= 0;
  if (positive && unit == "%") {
    options.budget_share = number / 100;
    return {};
  }
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"", 1}, {"B", 1}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}};
  for (const auto& [name, factor] : kUnits) {
    if (!positive || unit != name) continue;
    options.budget_bytes = number * factor;
    return {};
  }
  return usage(fmt::format("'{}' is no budget", text),
               "Write bytes (500MB, 2GB) or a share of the tables' size (20%)");
}

Result<AdviceResult> read_advice(const AdviceOptions& options) {
  AdvisorOptions advisor;
  advisor.max_plans = options.max_plans;
  advisor.write_entry_ms = options.write_entry_ms;
  advisor.weigh_by_cost = options.weigh_by_cost;
  advisor.include_columns = !options.no_include;
  if (!options.budget.empty())
    if (const Status wrong = parse_budget(options.budget, advisor)) return *wrong;
  AdviceResult result;
  Result<Analysis> analysis = analyse(options.analysis);
  if (!analysis) return analysis.error();
  result.analysis = std::move(*analysis);
  for (const std::string& problem : result.analysis.problems) tell_warning(problem);
  result.schema = result.analysis.schema;
  result.statistics = result.analysis.statistics;
  std::vector<std::string> notes;
  std::optional<Twin> twin;  // outlives its planner
  std::string url = options.url;
  if (options.twin) {
    Result<Twin> made = make_twin(options);
    if (!made) return made.error();
    twin.emplace(std::move(*made));
    url = twin->connection();
  }
  std::unique_ptr<WhatIfPlanner> planner;
  if (!url.empty()) {
    Result<std::unique_ptr<WhatIfPlanner>> asked = ask_server(url, result, advisor, notes);
    if (!asked) return asked.error();
    planner = std::move(*asked);
    if (twin) result.statistics = result.analysis.statistics;  // it has nothing the file lacks, and no scans
  }
  result.advice = advise(result.analysis.workload, result.schema, result.statistics, planner.get(), advisor);
  result.advice.notes.insert(result.advice.notes.begin(), notes.begin(), notes.end());
  return result;
}

}  // namespace pgsieve
