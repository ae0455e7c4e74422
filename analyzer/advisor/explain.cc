#include "analyzer/advisor/explain.h"

#include <algorithm>
#include <cstdlib>

#include "analyzer/sql/scan.h"

namespace pgsieve {

namespace {

bool has_parameters(std::string_view statement) {
  StatementScan scan;
  std::string scratch;
  scan_statement(statement, scan, scratch);
  return std::ranges::any_of(scan.slots, [](const Slot& slot) {
    return slot.kind == Slot::Kind::kParameter ||
           (slot.kind == Slot::Kind::kList && slot.text.find('$') != std::string_view::npos &&
            slot.text.find('\'') == std::string_view::npos);
  });
}

std::string first_value(const DatabaseRows& rows) {
  const bool present = !rows.rows.empty() && !rows.rows[0].empty() && rows.rows[0][0].has_value();
  return present ? *rows.rows[0][0] : std::string();
}

// The plan of a prepared statement for which no value is known.
Result<DatabaseRows> explain_generic(ServerConnection& connection, const std::string& statement) {
  Result<DatabaseRows> prepared = connection.query("PREPARE pgsieve_statement AS " + statement);
  if (!prepared) return prepared;
  const Result<DatabaseRows> count = connection.query(
      "SELECT cardinality(parameter_types) FROM pg_catalog.pg_prepared_statements WHERE name = "
      "'pgsieve_statement'");
  const int parameters = count.ok() ? std::atoi(first_value(*count).c_str()) : 0;
  std::string values;
  for (int i = 0; i < parameters; ++i) values += i == 0 ? "(NULL" : ", NULL";
  if (!values.empty()) values += ")";
  Result<DatabaseRows> plan = connection.query("EXPLAIN (FORMAT JSON) EXECUTE pgsieve_statement" + values);
  (void)connection.query("DEALLOCATE pgsieve_statement").ok();
  return plan;
}

}  // namespace

Status make_read_only(ServerConnection& connection) {
  for (const char* const setting :
       {"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET statement_timeout = '20s'",
        "SET lock_timeout = '2s'", "SET client_min_messages = error",
        "SET plan_cache_mode = force_generic_plan"}) {
    const Result<DatabaseRows> done = connection.query(setting);
    if (!done) return done.error();
  }
  return {};
}

Result<PlanAnswer> explain(ServerConnection& connection, std::string_view statement,
                           const NameIndex& name_index) {
  const std::string text(statement);
  const Result<DatabaseRows> rows = has_parameters(statement)
                                        ? explain_generic(connection, text)
                                        : connection.query("EXPLAIN (FORMAT JSON) " + text);
  if (!rows) return rows.error();
  return read_plan(first_value(*rows), name_index);
}

std::string single_value(ServerConnection& connection, const std::string& sql) {
  const Result<DatabaseRows> rows = connection.query(sql);
  return rows.ok() ? first_value(*rows) : std::string();
}

}  // namespace pgsieve
