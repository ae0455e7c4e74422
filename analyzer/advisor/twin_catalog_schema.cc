// The schema of a planner twin: of a schema file what a planner could care about.
#include <fmt/format.h>

#include <set>

#include "analyzer/advisor/twin_catalog.h"
#include "analyzer/schema/ddl_split.h"
#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/parse_tree.h"

namespace pgsieve {

namespace {

bool only_owner(const PgQuery__AlterTableStmt& statement) {
  for (size_t at = 0; at < statement.n_cmds; ++at) {
    const PgQuery__Node* node = statement.cmds[at];
    if (node->node_case != PG_QUERY__NODE__NODE_ALTER_TABLE_CMD) return false;
    switch (node->alter_table_cmd->subtype) {
      case PG_QUERY__ALTER_TABLE_TYPE__AT_ChangeOwner:
      case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRowSecurity:
      case PG_QUERY__ALTER_TABLE_TYPE__AT_ForceRowSecurity:
      case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrig:
      case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrig:
        break;
      default:
        return false;
    }
  }
  return statement.n_cmds > 0;
}

// Whether a planner could care about the statement.
bool matters(const PgQuery__Node& node, std::string_view text) {
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
      return !only_owner(*node.alter_table_stmt);
    case PG_QUERY__NODE__NODE_SELECT_STMT:
      return text.find("set_config") != std::string_view::npos;
    case PG_QUERY__NODE__NODE_CREATE_STMT:
    case PG_QUERY__NODE__NODE_INDEX_STMT:
    case PG_QUERY__NODE__NODE_VIEW_STMT:
    case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT:
    case PG_QUERY__NODE__NODE_CREATE_SCHEMA_STMT:
    case PG_QUERY__NODE__NODE_CREATE_EXTENSION_STMT:
    case PG_QUERY__NODE__NODE_DEFINE_STMT:
    case PG_QUERY__NODE__NODE_COMPOSITE_TYPE_STMT:
    case PG_QUERY__NODE__NODE_CREATE_ENUM_STMT:
    case PG_QUERY__NODE__NODE_ALTER_ENUM_STMT:
    case PG_QUERY__NODE__NODE_CREATE_RANGE_STMT:
    case PG_QUERY__NODE__NODE_CREATE_DOMAIN_STMT:
    case PG_QUERY__NODE__NODE_ALTER_DOMAIN_STMT:
    case PG_QUERY__NODE__NODE_CREATE_SEQ_STMT:
    case PG_QUERY__NODE__NODE_CREATE_FUNCTION_STMT:
    case PG_QUERY__NODE__NODE_CREATE_STATS_STMT:
    case PG_QUERY__NODE__NODE_ALTER_STATS_STMT:
    case PG_QUERY__NODE__NODE_CREATE_CAST_STMT:
    case PG_QUERY__NODE__NODE_CREATE_OP_CLASS_STMT:
    case PG_QUERY__NODE__NODE_CREATE_OP_FAMILY_STMT:
    case PG_QUERY__NODE__NODE_ALTER_OP_FAMILY_STMT:
    case PG_QUERY__NODE__NODE_RENAME_STMT:
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT:
    case PG_QUERY__NODE__NODE_DROP_STMT:
    case PG_QUERY__NODE__NODE_VARIABLE_SET_STMT:
    case PG_QUERY__NODE__NODE_ALTER_TSDICTIONARY_STMT:
    case PG_QUERY__NODE__NODE_ALTER_TSCONFIGURATION_STMT:
      return true;
    default:
      return false;
  }
}

// A refusal worth no word: settings of another version, extensions that another line made.
bool quiet(const PgQuery__Node& node) {
  return node.node_case == PG_QUERY__NODE__NODE_VARIABLE_SET_STMT ||
         node.node_case == PG_QUERY__NODE__NODE_CREATE_SCHEMA_STMT;
}

// Extensions that watch a server; no plan depends on them.
const std::set<std::string_view> kWatchers{
    "plpgsql",      "hypopg",  "pg_stat_statements", "pg_qualstats", "pg_buffercache", "pageinspect",
    "auto_explain", "pg_cron", "pg_stat_kcache",     "powa",         "pgaudit",        "aiven_extras"};

void create_surroundings(ServerConnection& database, const StatisticsHeader& header,
                         std::vector<std::string>& warnings) {
  for (const StatisticsHeader::Extension& extension : header.extensions) {
    if (kWatchers.contains(extension.name)) continue;
    if (extension.schema != "pg_catalog")
      database.run(fmt::format("CREATE SCHEMA IF NOT EXISTS {}", quote_identifier(extension.schema)));
    if (const Status failed =
            database.run(fmt::format("CREATE EXTENSION IF NOT EXISTS {} WITH SCHEMA {} CASCADE",
                                     quote_identifier(extension.name), quote_identifier(extension.schema))))
      warnings.push_back(
          fmt::format("the extension {} is not here ({}): what needs it is missing from the twin",
                      extension.name, failed->message));
  }
}

}  // namespace

Status create_twin_schema(ServerConnection& database, std::string_view ddl, const StatisticsHeader& header,
                          std::vector<std::string>& warnings) {
  if (Status failed = database.run("SET client_min_messages = warning")) return failed;
  create_surroundings(database, header, warnings);
  if (Status failed = database.run("SET check_function_bodies = false")) return failed;
  uint64_t refusals = 0;
  std::string first;
  for (const DdlStatement& statement : split_ddl(ddl)) {
    const ParseTree tree(statement.text);
    const PgQuery__Node* node =
        tree.ok() && tree.statements().size() == 1 ? tree.statements().front()->stmt : nullptr;
    // Text that our grammar refuses may be fine for a newer server.
    if (node != nullptr ? !matters(*node, statement.text)
                        : !statement.text.starts_with("CREATE ") && !statement.text.starts_with("ALTER "))
      continue;
    const Status failed = database.run(std::string(statement.text));
    if (!failed || (node != nullptr && quiet(*node))) continue;
    if (node != nullptr && node->node_case == PG_QUERY__NODE__NODE_CREATE_EXTENSION_STMT &&
        node->create_extension_stmt->extname != nullptr &&
        kWatchers.contains(node->create_extension_stmt->extname))
      continue;
    if (refusals++ == 0) first = fmt::format("line {}: {}", statement.line, failed->message);
  }
  if (refusals != 0)
    warnings.push_back(fmt::format("{} statements of the schema could not be applied; {}", refusals, first));
  return {};
}

}  // namespace pgsieve
