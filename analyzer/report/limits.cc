#include "analyzer/report/limits.h"

#include <fmt/format.h>

#include "analyzer/base/time.h"

namespace pgsieve {

namespace {

using Names = std::vector<std::string>;

Names sequence_rules() {
  return {"n-plus-one",  "write-loop",     "duplicate-query",    "batches-too-small",
          "offset-walk", "recursive-walk", "idle-in-transaction"};
}

std::string share(uint64_t part, uint64_t whole) {
  return fmt::format("{}%", whole == 0 ? 0 : std::max<uint64_t>(1, part * 100 / whole));
}

// Half of the statements or more; a few are none of the rules' concern.
bool most(uint64_t number, const IngestStats& ingest) {
  return number != 0 && number * 2 >= ingest.executions;
}

void sessions(const IngestStats& ingest, std::vector<RuleLimit>& limits) {
  if (ingest.settings.contains("pg_stat_statements")) {
    limits.push_back(
        {sequence_rules(), "aggregates have no order and no sessions: nothing from these rules"});
  } else if (most(ingest.no_session, ingest)) {
    limits.push_back(
        {sequence_rules(), "sessions can't be told apart (no %p and no %c): nothing from these rules"});
  }
}

void times(const IngestStats& ingest, std::vector<RuleLimit>& limits) {
  if (!ingest.settings.contains("log_line_prefix")) return;
  limits.push_back(
      {{"duplicate-query", "idle-in-transaction", "n-plus-one", "write-loop"},
       "times are whole seconds: what follows at once and what comes a moment later look alike, so "
       "repetitions, short pauses and loops without a parent are left out"});
}

void values(const IngestStats& ingest, std::vector<RuleLimit>& limits) {
  if (ingest.missing_parameters != 0 && ingest.missing_parameters * 2 >= ingest.extended) {
    limits.push_back({{"n-plus-one", "write-loop", "duplicate-query"},
                      "bound values are missing: they can't be compared, so confidence is lower"});
    limits.push_back({{"deep-offset", "offset-walk"}, "a bound OFFSET isn't known"});
  } else if (ingest.truncated_parameters * 10 >= ingest.executions && ingest.truncated_parameters != 0) {
    limits.push_back(
        {{"n-plus-one", "duplicate-query"},
         fmt::format("values of {} of the statements are cut: long ones that begin alike count as "
                     "equal",
                     share(ingest.truncated_parameters, ingest.executions))});
  }
  if (ingest.truncated_texts * 10 >= ingest.executions && ingest.truncated_texts != 0) {
    limits.push_back(
        {{},
         fmt::format("{} of the statements are cut: tables and conditions beyond the cut are unseen",
                     share(ingest.truncated_texts, ingest.executions))});
  }
}

void coverage(const IngestStats& ingest, std::vector<RuleLimit>& limits) {
  const auto threshold = ingest.settings.find("log_min_duration_statement");
  if (threshold != ingest.settings.end() && threshold->second.starts_with("at most")) {
    limits.push_back({{"n-plus-one", "write-loop", "duplicate-query"},
                      "fast statements may be missing, and loops are made of them: less is found, counts are "
                      "lower bounds"});
  }
  const auto statements = ingest.settings.find("log_statement");
  if (statements != ingest.settings.end() && statements->second.starts_with("not 'all'")) {
    limits.push_back({{"n-plus-one", "write-loop", "duplicate-query"},
                      "statements are missing: less is found, counts are lower bounds"});
  }
  if (ingest.settings.contains("log_transaction_sample_rate") ||
      ingest.settings.contains("log_statement_sample_rate")) {
    limits.push_back({{"n-plus-one", "write-loop", "duplicate-query"},
                      "the log seems to be a sample: less is found, counts are lower bounds"});
  }
  const bool no_durations = threshold != ingest.settings.end() && threshold->second == "off" &&
                            ingest.executions != 0 && ingest.min_duration_seen == kUnknownTime &&
                            ingest.orphan_durations == 0 && !ingest.settings.contains("log_duration") &&
                            !ingest.settings.contains("auto_explain");
  if (no_durations)
    limits.push_back({{"missing-index", "unpaginated"}, "durations are missing: time can't be weighed"});
}

}  // namespace

std::vector<RuleLimit> rule_limits(const IngestStats& ingest) {
  std::vector<RuleLimit> limits;
  sessions(ingest, limits);
  times(ingest, limits);
  values(ingest, limits);
  coverage(ingest, limits);
  return limits;
}

}  // namespace pgsieve
