#include "analyzer/advisor/migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "analyzer/advisor/migration_frameworks.h"
#include "analyzer/sql/expression_text.h"

namespace pgsieve {

namespace {

constexpr std::array<std::pair<std::string_view, MigrationFormat>, 7> kFormats{
    {{"sql", MigrationFormat::kSql},
     {"rails", MigrationFormat::kRails},
     {"django", MigrationFormat::kDjango},
     {"alembic", MigrationFormat::kAlembic},
     {"flyway", MigrationFormat::kFlyway},
     {"laravel", MigrationFormat::kLaravel},
     {"prisma", MigrationFormat::kPrisma}}};

// An index lives in its table's schema; DROP INDEX must name it.
std::string index_sql(const IndexDefinition& index, const std::string& name) {
  const std::string quoted = quote_identifier(name);
  return index.schema.empty() || index.schema == "public" ? quoted
                                                          : quote_identifier(index.schema) + "." + quoted;
}

std::vector<const Table*> partitions_of(const IndexDefinition& index, const Schema* schema) {
  std::vector<const Table*> partitions;
  const Table* table = schema == nullptr ? nullptr : schema->find(index.schema, index.table);
  if (table == nullptr || table->partition_strategy.empty()) return partitions;
  const std::string parent = table->schema + "." + table->name;
  for (const Table& each : schema->tables())
    if (each.partition_of == parent) partitions.push_back(&each);
  return partitions;
}

bool is_partitioned(const IndexDefinition& index, const Schema* schema) {
  const Table* table = schema == nullptr ? nullptr : schema->find(index.schema, index.table);
  return table != nullptr && !table->partition_strategy.empty();
}

// CONCURRENTLY is refused on a partitioned table. Instead: an index on the parent alone, which is invalid
// until every partition's index is attached to it; the partitions' are built concurrently.
// https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE
void create_on_partitions(const IndexDefinition& index, const std::string& name, const Schema* schema,
                          std::vector<std::string>& statements) {
  std::string on_parent = create_index_sql(index, {.name = name, .if_not_exists = true});
  const std::string table = " ON " + table_sql(index);
  if (const size_t at = on_parent.find(table); at != std::string::npos) on_parent.insert(at + 3, " ONLY");
  statements.push_back(std::move(on_parent));
  std::vector<std::string> taken{name};
  for (const Table* partition : partitions_of(index, schema)) {
    IndexDefinition part = index;
    part.schema = partition->schema;
    part.table = partition->name;
    const std::string part_name = index_name(part, taken);
    taken.push_back(part_name);
    if (is_partitioned(part, schema)) {
      create_on_partitions(part, part_name, schema, statements);
    } else {
      statements.push_back(
          create_index_sql(part, {.name = part_name, .concurrently = true, .if_not_exists = true}));
    }
    statements.push_back(fmt::format("ALTER INDEX {} ATTACH PARTITION {}", index_sql(index, name),
                                     index_sql(part, part_name)));
  }
}

void create(const IndexChange& change, const Schema* schema, std::vector<std::string>& statements) {
  if (!change.extension.empty())
    statements.push_back(
        fmt::format("CREATE EXTENSION IF NOT EXISTS {}", quote_identifier(change.extension)));
  if (is_partitioned(change.index, schema)) {
    create_on_partitions(change.index, change.name, schema, statements);
    return;
  }
  statements.push_back(
      create_index_sql(change.index, {.name = change.name, .concurrently = true, .if_not_exists = true}));
}

void drop(const IndexChange& change, const Schema* schema, std::vector<std::string>& statements) {
  // Of a partitioned table, too, CONCURRENTLY is refused; dropping the parent's index drops the partitions'.
  statements.push_back(fmt::format("DROP INDEX {}IF EXISTS {}",
                                   is_partitioned(change.index, schema) ? "" : "CONCURRENTLY ",
                                   index_sql(change.index, change.name)));
}

std::string script(const std::vector<IndexChange>& changes, bool undo, const MigrationOptions& options) {
  std::string out = fmt::format(
      "SET lock_timeout = '{}';\n"
      "-- A build takes as long as it takes: a statement timeout would end it half-way.\n"
      "SET statement_timeout = 0;\n",
      options.lock_timeout);
  for (const IndexChange& change : changes) {
    out += "\n";
    if (!change.comment.empty()) out += "-- " + change.comment + "\n";
    for (const std::string& statement : change_statements(change, undo, options.schema))
      out += statement + ";\n";
  }
  return out + "\nRESET statement_timeout;\nRESET lock_timeout;\n";
}

// IF NOT EXISTS passes over an index that a failed build left behind.
std::string invalid_check(const std::vector<IndexChange>& changes) {
  std::string names;
  for (const IndexChange& change : changes)
    if (!change.drop) names += (names.empty() ? "" : ", ") + quote_literal(change.name);
  if (names.empty()) return {};
  return fmt::format(
      "\n-- A build that failed leaves an invalid index behind, which IF NOT EXISTS would pass over: what "
      "this lists has to be\n"
      "-- dropped and built again.\n"
      "SELECT c.oid::regclass AS invalid_index\n"
      "FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid\n"
      "WHERE NOT i.indisvalid AND c.relname IN ({});\n",
      names);
}

std::string sql_script(const std::vector<IndexChange>& changes, const MigrationOptions& options) {
  std::string out =
      "-- Not in a transaction: CONCURRENTLY is refused there. With psql: psql -X -v ON_ERROR_STOP=1 -f "
      "FILE\n" +
      script(changes, false, options) + invalid_check(changes);
  std::string rollback = script(changes, true, options);
  out += "\n-- Rollback:\n";
  for (size_t from = 0; from < rollback.size();) {
    const size_t end = std::min(rollback.find('\n', from), rollback.size());
    const std::string line = rollback.substr(from, end - from);
    out += line.empty() ? "--\n" : "--   " + line + "\n";
    from = end + 1;
  }
  return out;
}

}  // namespace

std::optional<MigrationFormat> migration_format(std::string_view name) {
  for (const auto& [known, format] : kFormats)
    if (known == name) return format;
  return {};
}

std::vector<std::string> migration_format_names() {
  std::vector<std::string> names;
  for (const auto& [name, format] : kFormats) names.emplace_back(name);
  return names;
}

std::vector<std::string> change_statements(const IndexChange& change, bool undo, const Schema* schema) {
  std::vector<std::string> statements;
  if (change.drop == undo) {
    IndexChange made = change;
    if (undo) made.extension.clear();
    create(made, schema, statements);
  } else {
    drop(change, schema, statements);
  }
  return statements;
}

std::string rollback_script(const std::vector<IndexChange>& changes, const MigrationOptions& options) {
  return script(changes, true, options);
}

std::vector<MigrationFile> write_migration(const std::vector<IndexChange>& changes, MigrationFormat format,
                                           const MigrationOptions& options) {
  switch (format) {
    case MigrationFormat::kSql:
      return {{options.title + ".sql", sql_script(changes, options)}};
    case MigrationFormat::kFlyway:
      return flyway_migration(changes, script(changes, false, options), script(changes, true, options),
                              options);
    case MigrationFormat::kRails:
      return rails_migration(changes, options);
    case MigrationFormat::kDjango:
      return django_migration(changes, options);
    case MigrationFormat::kAlembic:
      return alembic_migration(changes, options);
    case MigrationFormat::kLaravel:
      return laravel_migration(changes, options);
    case MigrationFormat::kPrisma:
      return prisma_migration(changes, options);
  }
  return {};
}

}  // namespace pgsieve
