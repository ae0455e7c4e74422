#include "rules/loop_reasons.h"

#include <fmt/format.h>

#include "rules/loop_accident.h"

namespace pgsieve {

namespace {

double to_ms(Microseconds time) {
  return static_cast<double>(time) / 1000.0;
}

}  // namespace

void explain_parent(const LoopExample& example, const Link& link, LoopVerdict& verdict) {
  const std::string pair = link.child_column.empty() ? std::string()
                           : link.parent_column.empty() || link.parent_table.empty()
                               ? fmt::format("{}.{}", link.child_table, link.child_column)
                               : fmt::format("{}.{} = {}.{}", link.child_table, link.child_column,
                                             link.parent_table, link.parent_column);
  switch (link.strength) {
    case LinkStrength::kForeignKey:
      verdict.reasons.push_back("a foreign key links them: " + pair);
      break;
    case LinkStrength::kNames:
      verdict.reasons.push_back((link.joined ? "another statement joins them: " : "the names link them: ") +
                                pair);
      break;
    case LinkStrength::kSameKey:
      verdict.reasons.push_back(
          fmt::format("the loop asks for the listed rows of {} again, by key", link.parent_table));
      break;
    case LinkStrength::kPolymorphic:
      verdict.reasons.push_back(
          link.parent_column.empty() || link.parent_column == "id"
              ? fmt::format("{}.{} with its type column names a row of any table", link.child_table,
                            link.child_column)
              : fmt::format("{}.{} with its type column names rows of any table, of {} among them",
                            link.parent_table, link.parent_column, link.child_table));
      break;
    case LinkStrength::kReference:
      verdict.reasons.emplace_back("no other list before it has what the loop asks for");
      break;
    case LinkStrength::kStem:
      verdict.reasons.push_back("names of one stem link them: " + pair);
      break;
    case LinkStrength::kSameColumn:
      verdict.reasons.push_back("both sides use the column: " + pair);
      break;
    default:
      break;
  }
  if (verdict.through != kNoPattern)
    verdict.reasons.push_back(fmt::format("the value comes with the row of {} that each turn reads before",
                                          link.parent_table.empty() ? "another table" : link.parent_table));
  if (example.matched_values >= 2 && !example.matched_column.empty()) {
    const std::string column = link.child_column.empty()
                                   ? std::string("the values")
                                   : fmt::format("values of {}.{}", link.child_table, link.child_column);
    verdict.reasons.insert(
        verdict.reasons.begin(),
        fmt::format("{} of {} {} came from {} of the parent{}", example.matched_values,
                    example.distinct_values, column, example.matched_column,
                    example.matched_in_order == example.matched_values ? ", in row order" : ""));
  } else if (example.matched_values >= 2) {
    verdict.reasons.push_back(fmt::format("{} of {} values stood in the parent's list",
                                          example.matched_values, example.distinct_values));
  }
  if (verdict.other_parent != kNoPattern) return;  // the example is of another list's rows
  if (example.parent_rows > 1 && example.count == example.parent_rows) {
    verdict.reasons.push_back(
        fmt::format("it ran {} times after the parent returned {} rows", example.count, example.parent_rows));
  } else if (example.parent_limit > 1 && example.count == example.parent_limit) {
    verdict.reasons.push_back(
        fmt::format("it ran {} times after LIMIT {}", example.count, example.parent_limit));
  } else if (example.parent_keys > 1 && one_turn_per_row(example)) {
    verdict.reasons.push_back(
        fmt::format("it ran {} times after a list of {} keys", example.count, example.parent_keys));
  }
}

namespace {

// What is said of one example is not of the whole loop.
std::string scope_of(const LoopVerdict& verdict) {
  const uint64_t scopes = verdict.loop->scopes;
  if (scopes < 2) return {};
  return is_linked(verdict) ? fmt::format("after one of the {} lists: ", scopes)
                            : fmt::format("in one of {} such runs: ", scopes);
}

}  // namespace

void explain_loop(const LoopExample& example, LoopVerdict& verdict) {
  const std::string where = scope_of(verdict);
  if (example.distinct_values > 1) {
    verdict.reasons.push_back(
        fmt::format("{}{} executions, {} different values", where, example.count, example.distinct_values));
  } else if (example.distinct_values == 1) {
    verdict.reasons.push_back(fmt::format("{}{} executions, all with the same values", where, example.count));
  } else {
    verdict.reasons.push_back(fmt::format("{}{} executions", where, example.count));
  }
  if (example.longest_run >= 3) {
    verdict.reasons.push_back(fmt::format("{} of them directly one after another", example.longest_run));
  } else if (example.cycle_statements >= 2) {
    verdict.reasons.push_back(fmt::format("a turn of {} statements repeats", example.cycle_statements));
  }
  if (example.median_gap != kUnknownTime) {
    constexpr Microseconds kPrinted = 50;  // less would be 0.0
    verdict.reasons.push_back(fmt::format(
        "{} ms between the end of one statement and the next turn (median)",
        example.median_gap < kPrinted ? "less than 0.1" : fmt::format("{:.1f}", to_ms(example.median_gap))));
  }
  if (example.sessions > 1)
    verdict.reasons.push_back(fmt::format("spread over {} connections", example.sessions));
  if (example.scope == ScopeKind::kTransaction)
    verdict.reasons.push_back("all in one transaction");
  else if (example.one_unit && example.unit_changes == 0)
    verdict.reasons.emplace_back("all in one trace or test");
  else if (one_unit_of_work(example))
    verdict.reasons.emplace_back("all in one request: what other requests begin with did not run in between");
}

std::string explain_in_all(const Pattern& child) {
  return fmt::format("{} executions in all, as many as all its lists together may have rows", child.calls);
}

std::string untimed_doubt(Microseconds at_most) {
  return fmt::format(
      "the log's clock shows no single pause: up to {:.0f} ms may have passed between two statements, and "
      "then "
      "they may be separate requests; %m in log_line_prefix would tell",
      to_ms(at_most));
}

}  // namespace pgsieve
