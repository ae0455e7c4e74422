// pgsieve index verify --before A --after B: did the accepted indexes do what they were accepted for?
#include <fmt/format.h>

#include <array>
#include <fstream>

#include "analyzer/report/index_review.h"
#include "tools/pgsieve/index_commands.h"
#include "tools/pgsieve/reading.h"

namespace pgsieve {

namespace {

bool is_store(const std::string& path) {
  std::array<char, 16> head{};
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), head.size());
  return std::string_view(head.data(), head.size()).starts_with("SQLite format 3");
}

// The facts of a list of logs and stores.
Result<Workload> read_side(const IndexReviewOptions& options, const std::vector<std::string>& inputs) {
  AnalysisOptions logs = options.advice.analysis;
  logs.inputs.clear();
  logs.store_file.clear();
  Workload workload;
  for (const std::string& input : inputs) {
    if (!is_store(input)) {
      logs.inputs.push_back(input);
      continue;
    }
    AnalysisOptions store = options.advice.analysis;
    store.inputs.clear();
    store.store_file = input;
    Result<Reading> reading = read_store(store);
    if (!reading) return reading.error();
    workload.merge(reading->workload);
  }
  if (!logs.inputs.empty()) {
    Result<Reading> reading = read_captures(logs);
    if (!reading) return reading.error();
    if (!reading->problems.empty())
      return Error{.message = reading->problems.front(), .hint = {}, .file = {}};
    workload.merge(reading->workload);
  }
  if (workload.executions == 0)
    return Error{
        .message = fmt::format("no statements in {}", fmt::join(inputs, ", ")), .hint = {}, .file = {}};
  return workload;
}

}  // namespace

int run_index_verify(const IndexReviewOptions& options) {
  Result<Decisions> decisions = Decisions::load(options.decisions_file);
  if (!decisions) return tell_index_error(decisions.error());
  std::vector<std::string> keys, tables;
  for (const auto& [key, decision] : decisions->all()) {
    if (decision.verdict != Decision::Verdict::kAccepted) continue;
    const Result<IndexDefinition> index = parse_index_definition(decision.ddl);
    if (!index) return tell_index_error(index.error());
    keys.push_back(key);
    tables.push_back(index->table);
  }
  if (keys.empty()) {
    tell(fmt::format("no accepted index in {}", options.decisions_file));
    return kExitUsage;
  }
  const Result<Workload> before = read_side(options, options.before);
  if (!before) return tell_index_error(before.error());
  const Result<Workload> after = read_side(options, options.after);
  if (!after) return tell_index_error(after.error());

  const double slower = drift(*before, *after, tables, options.verify);
  const ReportStyle style{.color = use_color(When::kAuto), .width = output_width()};
  std::string out;
  if (slower != 1)
    out += fmt::format("everything else takes {:.2f} times as long as before: taken out of what follows\n\n",
                       slower);
  bool failed = false;
  for (const std::string& key : keys) {
    Decision decision = *decisions->find(key);
    const IndexVerification verification = verify_index(*parse_index_definition(decision.ddl), decision,
                                                        *before, *after, slower, options.verify);
    out += review_verification(key, decision, verification, style) + "\n";
    failed |= verification.outcome == Decision::Outcome::kFailed;
    // A verdict stands until there is another one; too few calls are none.
    if (verification.outcome == Decision::Outcome::kUnclear && decision.outcome != Decision::Outcome::kNone)
      continue;
    decision.outcome = verification.outcome;
    decision.result = verification.result;
    decision.verified = today();
    decisions->set(key, std::move(decision));
  }
  if (!options.dry_run)
    if (const Status unsaved = decisions->save(options.decisions_file)) return tell_index_error(*unsaved);
  if (!write_stdout(out)) return kExitInput;
  return failed ? kExitFindings : kExitOk;
}

}  // namespace pgsieve
