// The index advisor beside a real PostgreSQL: every index it may propose can be built, what-if through
// HypoPG, and the catalogues read back as the schema they came from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "analyzer/advisor/advisor.h"
#include "analyzer/advisor/hypopg.h"
#include "analyzer/advisor/live_catalog.h"
#include "analyzer/advisor/plain_planner.h"
#include "tests/advisor/advice_testing.h"
#include "tests/integration/rewrite_testing.h"

namespace pgsieve::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string file_text(const std::string& path) {
  std::ifstream file(std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/" + path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << path;
  return text.str();
}

// A database of its own, gone with the object.
class ScratchDatabase {
 public:
  ScratchDatabase(const PostgresServer& server, std::string name)
      : admin_(std::move(*ServerConnection::connect(server.url()))), name_(std::move(name)) {
    (void)admin_.query("DROP DATABASE IF EXISTS " + name_).ok();
    must(admin_, "CREATE DATABASE " + name_);
    url_ = std::regex_replace(server.url(), std::regex("dbname=postgres"), "dbname=" + name_);
    EXPECT_NE(url_, server.url());
  }
  ScratchDatabase(const ScratchDatabase&) = delete;
  ScratchDatabase& operator=(const ScratchDatabase&) = delete;
  ~ScratchDatabase() { (void)admin_.query("DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)").ok(); }

  ServerConnection connect() const {
    Result<ServerConnection> connection = ServerConnection::connect(url_);
    EXPECT_TRUE(connection.ok()) << (connection.ok() ? "" : connection.error().to_string());
    return std::move(*connection);
  }

 private:
  ServerConnection admin_;
  std::string name_, url_;
};

// A pg_dump file, statement by statement, psql's own commands left out.
void load_ddl(ServerConnection& connection, const std::string& ddl) {
  std::string clean;
  std::stringstream lines(ddl);
  for (std::string line; std::getline(lines, line);)
    if (!line.starts_with("\\") && !line.starts_with("--") && !line.starts_with("GRANT ") &&
        line.find("OWNER TO") == std::string::npos)
      clean += line + "\n";
  for (const std::string_view statement : split_statements(clean)) must(connection, std::string(statement));
  must(connection, "SELECT set_config('search_path', 'public', false)");
}

std::vector<std::pair<std::string, std::string>> workload_of(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> queries;
  const std::regex mark("-- query: (\\S+)[^\n]*\n");
  for (std::sregex_iterator at(text.begin(), text.end(), mark), end; at != end; ++at) {
    const size_t start = static_cast<size_t>(at->position() + at->length());
    queries.emplace_back((*at)[1], text.substr(start, text.find(';', start) - start));
  }
  return queries;
}

// What the advisor could propose for a statement, whatever the planner thinks.
void collect(std::string_view statement, const Schema& schema, std::set<std::string>& ddl) {
  for (const std::string& each : candidates_of(statement, schema)) ddl.insert(each);
}

void build_all(ServerConnection& connection, const std::set<std::string>& ddl) {
  EXPECT_THAT(ddl, Not(IsEmpty()));
  for (const std::string& each : ddl) {
    must(connection, "BEGIN");
    const Result<DatabaseRows> built = connection.query(each);
    EXPECT_TRUE(built.ok()) << each << ": " << (built.ok() ? "" : built.error().message);
    must(connection, "ROLLBACK");
  }
}

class Buildable : public ::testing::TestWithParam<const char*> {};

TEST_P(Buildable, EveryCandidateOfTheWorkload) {
  PGSIEVE_NEED_SERVER(server);
  const std::string folder = std::string("indexes/") + GetParam();
  const std::string ddl = file_text(folder + "/schema.sql");
  ScratchDatabase database(*server, std::string("candidates_") + GetParam());
  ServerConnection connection = database.connect();
  must(connection, "CREATE EXTENSION IF NOT EXISTS pg_trgm");
  load_ddl(connection, ddl);
  std::set<std::string> candidates;
  for (const auto& [name, statement] : workload_of(file_text(folder + "/workload.sql")))
    collect(statement, schema_from(ddl), candidates);
  EXPECT_GT(candidates.size(), 30U);
  build_all(connection, candidates);
}

INSTANTIATE_TEST_SUITE_P(Workloads, Buildable, ::testing::Values("shop", "tpch"));

TEST(BuildableCandidates, OfTheQuickstartLog) {
  PGSIEVE_NEED_SERVER(server);
  const std::string ddl = file_text("quickstart/schema.sql");
  ScratchDatabase database(*server, "candidates_quickstart");
  ServerConnection connection = database.connect();
  must(connection, "CREATE EXTENSION IF NOT EXISTS pg_trgm");
  load_ddl(connection, ddl);
  const Schema schema = schema_from(ddl);
  std::set<std::string> candidates;
  std::stringstream lines(file_text("quickstart/postgresql.log"));
  const std::regex statement("(?:statement|execute [^:]*): (.*)$");
  for (std::string line; std::getline(lines, line);)
    if (std::smatch found; std::regex_search(line, found, statement))
      collect(found[1].str(), schema, candidates);
  build_all(connection, candidates);
}

// Every column of a schema with odd names and many types, asked for in every way there is.
TEST(BuildableCandidates, OfEveryTypeInEveryCondition) {
  PGSIEVE_NEED_SERVER(server);
  const std::vector<std::string> types = {
      "smallint", "int",       "bigint",    "numeric(10,2)", "real",        "text",  "varchar(20)",
      "char(3)",  "boolean",   "date",      "timestamp",     "timestamptz", "time",  "interval",
      "uuid",     "json",      "jsonb",     "bytea",         "text[]",      "int[]", "inet",
      "tsvector", "int4range", "tstzrange", "point",         "mood",        "xml",   "money"};
  std::string ddl =
      "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE \"Odd Table\" (\"Id\" int PRIMARY KEY";
  for (size_t i = 0; i < types.size(); ++i) ddl += ", \"Col " + std::to_string(i) + "\" " + types[i];
  ddl += ");";
  ScratchDatabase database(*server, "candidates_types");
  ServerConnection connection = database.connect();
  must(connection, "CREATE EXTENSION pg_trgm");
  load_ddl(connection, ddl);
  const Schema schema = schema_from(ddl);
  std::set<std::string> candidates;
  for (size_t i = 0; i < types.size(); ++i) {
    const std::string column = "\"Col " + std::to_string(i) + "\"";
    for (const std::string condition : {"{} = $1",
                                        "{} > $1",
                                        "{} IN ($1, $2)",
                                        "{} LIKE 'x%'",
                                        "{} ILIKE '%x%'",
                                        "{} ~ 'x'",
                                        "{} IS NULL",
                                        "{} @> $1",
                                        "{} && $1",
                                        "{} <@ $1",
                                        "{} ? 'x'",
                                        "{} @@ $1",
                                        "{} @? '$.x'",
                                        "lower({}) = $1",
                                        "{} ->> 'a' = $1",
                                        "({} ->> 'a')::int = 5",
                                        "{}::date = $1",
                                        "{}::text = $1",
                                        "date_trunc('day', {}) = $1",
                                        "{} || 'a' = $1",
                                        "{} + 1 = $1",
                                        "abs({}) = $1",
                                        "coalesce({}, NULL) = $1",
                                        "to_tsvector('english', {}) @@ $1",
                                        "extract(year from {}) = 2024",
                                        "length({}) = 3",
                                        "{}",
                                        "NOT {}",
                                        "{} BETWEEN $1 AND $2",
                                        "{} = ANY ($1)",
                                        "upper({}) LIKE 'X%'"}) {
      std::string text;
      for (size_t at = 0; at < condition.size(); ++at) {
        if (condition.compare(at, 2, "{}") == 0) {
          text += column;
          ++at;
        } else {
          text += condition[at];
        }
      }
      for (const std::string tail : {"", " ORDER BY \"Id\" DESC LIMIT 5"}) {
        // A log holds what a server has understood: `point LIKE` has no operator, and never gets there.
        const std::string statement = "SELECT \"Id\" FROM \"Odd Table\" WHERE " + text + tail;
        if (!connection.query("PREPARE probe AS " + statement).ok()) continue;
        must(connection, "DEALLOCATE probe");
        collect(statement, schema, candidates);
      }
    }
  }
  EXPECT_GT(candidates.size(), 100U);
  build_all(connection, candidates);
}

TEST(LiveCatalogTest, ReadsBackWhatWasMade) {
  PGSIEVE_NEED_SERVER(server);
  const std::string ddl = file_text("indexes/shop/schema.sql");
  ScratchDatabase database(*server, "catalogue");
  ServerConnection connection = database.connect();
  load_ddl(connection, ddl);
  must(connection, "CREATE TABLE parts (at date NOT NULL, n int) PARTITION BY RANGE (at)");
  must(connection,
       "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')");
  must(connection, "CREATE INDEX users_lower ON users (lower(email)) WHERE deleted_at IS NULL");
  must(connection,
       "INSERT INTO tenants SELECT i, 'name, with {odd} \"text\" ' || i % 3, 'x' FROM generate_series(1, "
       "500) i");
  must(connection, "ANALYZE");
  const Result<LiveCatalog> catalog = read_live_catalog(connection);
  ASSERT_TRUE(catalog.ok()) << catalog.error().to_string();
  const Schema from_file = schema_from(ddl);
  for (const Table& table : from_file.tables()) {
    const Table* live = catalog->schema.find(table.schema, table.name);
    ASSERT_NE(live, nullptr) << table.name;
    ASSERT_EQ(live->columns.size(), table.columns.size());
    for (size_t i = 0; i < table.columns.size(); ++i) {
      EXPECT_EQ(live->columns[i].name, table.columns[i].name);
      EXPECT_EQ(live->columns[i].type, table.columns[i].type) << table.name << "." << table.columns[i].name;
      EXPECT_EQ(live->columns[i].not_null, table.columns[i].not_null);
    }
    EXPECT_EQ(live->primary_key, table.primary_key);
    EXPECT_EQ(live->foreign_keys.size(), table.foreign_keys.size());
    std::set<std::string> own, other;
    for (const Index& index : table.indexes)
      own.insert(index.name + ": " + definition_key(definition_of(table, index)));
    for (const Index& index : live->indexes)
      if (index.name != "users_lower")
        other.insert(index.name + ": " + definition_key(definition_of(*live, index)));
    EXPECT_EQ(own, other);
  }
  EXPECT_EQ(catalog->schema.find("users")->indexes.back().predicate, "deleted_at IS NULL");
  EXPECT_EQ(catalog->schema.find("parts")->partition_strategy, "range");
  EXPECT_EQ(catalog->schema.find("parts_1")->partition_of, "public.parts");
  EXPECT_EQ(catalog->schema.find("tenants")->rows, 500);
  const ColumnStatistics* names = catalog->statistics.find_column("public", "tenants", "name");
  ASSERT_NE(names, nullptr);
  EXPECT_THAT(names->common_values, Contains("name, with {odd} \"text\" 1"));
  EXPECT_EQ(names->common_values.size(), names->common_frequencies.size());
  EXPECT_THAT(catalog->extensions, Contains("pg_trgm"));
}

// A small shop with data and statistics.
void fill_small_shop(ServerConnection& connection) {
  load_ddl(connection,
           "CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL, status text NOT NULL);"
           "CREATE TABLE orders (id int PRIMARY KEY, user_id int NOT NULL REFERENCES users, total numeric "
           "NOT NULL, created_at timestamptz NOT NULL);");
  must(connection,
       "INSERT INTO users SELECT i, 'u' || i || '@example.org', CASE WHEN i % 1000 = 0 THEN 'new' ELSE 'old' "
       "END FROM generate_series(1, 20000) i");
  must(connection,
       "INSERT INTO orders SELECT i, 1 + i % 20000, i % 100, timestamptz '2024-01-01' + i * interval '1 "
       "minute' FROM generate_series(1, 60000) i");
  must(connection, "VACUUM ANALYZE");
}

size_t indexes_in(ServerConnection& connection) {
  return must(connection, "SELECT indexrelid FROM pg_index").rows.size();
}

TEST(HypoPg, PlansWithIndexesThatAreNotThere) {
  PGSIEVE_NEED_SERVER(server);
  ScratchDatabase database(*server, "what_if");
  ServerConnection connection = database.connect();
  if (must(connection, "SELECT 1 FROM pg_available_extensions WHERE name = 'hypopg'").rows.empty())
    GTEST_SKIP() << "the HypoPG extension is not installed (tools/setup.sh --tests installs it where the "
                    "distribution has it)";
  fill_small_shop(connection);
  const Result<LiveCatalog> catalog = read_live_catalog(connection);
  ASSERT_TRUE(catalog.ok());
  Result<std::unique_ptr<HypoPgPlanner>> missing = HypoPgPlanner::open(database.connect(), catalog->schema);
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().hint, HasSubstr("CREATE EXTENSION hypopg"));
  must(connection, "CREATE EXTENSION hypopg");
  const size_t before = indexes_in(connection);
  Result<std::unique_ptr<HypoPgPlanner>> planner = HypoPgPlanner::open(database.connect(), catalog->schema);
  ASSERT_TRUE(planner.ok()) << planner.error().to_string();
  const std::vector<IndexDefinition> offered = {
      *parse_index_definition("CREATE INDEX ON orders (created_at)"),
      *parse_index_definition("CREATE INDEX ON orders (user_id)")};
  const std::string statement = "SELECT * FROM orders WHERE user_id = 77";
  const Result<PlanAnswer> today = (*planner)->plan(statement, {});
  const Result<PlanAnswer> imagined = (*planner)->plan(statement, offered);
  ASSERT_TRUE(today.ok() && imagined.ok());
  EXPECT_LT(imagined->cost, today->cost / 10);
  EXPECT_THAT(today->used, IsEmpty());
  EXPECT_THAT(today->scanned, ::testing::ElementsAre("orders"));
  EXPECT_THAT(imagined->used, ::testing::ElementsAre(1U));
  EXPECT_THAT(imagined->plan, HasSubstr("orders_user_id_idx (proposed)"));
  // Asked again without them, they are gone.
  const Result<PlanAnswer> again = (*planner)->plan(statement, {});
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->cost, today->cost);
  EXPECT_EQ((*planner)->calls(), 3U);
  EXPECT_GT((*planner)->size_bytes(offered[0]), 8192);
  EXPECT_TRUE((*planner)->can_imagine(offered[0]));
  EXPECT_FALSE(
      (*planner)->can_imagine(*parse_index_definition("CREATE INDEX ON orders USING gin (created_at)")));
  EXPECT_FALSE((*planner)->can_imagine(*parse_index_definition("CREATE INDEX ON orders (missing)")));
  // Statements that still have parameters get their generic plan; others than queries none.
  EXPECT_TRUE((*planner)->plan("SELECT * FROM orders WHERE user_id = $1 AND total > $2", offered).ok());
  EXPECT_FALSE((*planner)->plan("SELECT * FROM nowhere", {}).ok());
  EXPECT_FALSE((*planner)->plan("SELECT 1; DROP TABLE orders", {}).ok());
  EXPECT_TRUE((*planner)->plan("DELETE FROM orders WHERE user_id = 5", {}).ok()) << "planned, never run";
  EXPECT_EQ(must(connection, "SELECT count(*) FROM orders").rows[0][0], "60000");
  EXPECT_EQ(indexes_in(connection), before);
}

TEST(HypoPg, ACopyOfAnExistingIndexGainsNothing) {
  PGSIEVE_NEED_SERVER(server);
  ScratchDatabase database(*server, "twins");
  ServerConnection connection = database.connect();
  if (must(connection, "SELECT 1 FROM pg_available_extensions WHERE name = 'hypopg'").rows.empty())
    GTEST_SKIP() << "HypoPG is not installed";
  fill_small_shop(connection);
  must(connection, "CREATE EXTENSION hypopg");
  const Result<LiveCatalog> catalog = read_live_catalog(connection);
  Result<std::unique_ptr<HypoPgPlanner>> planner = HypoPgPlanner::open(database.connect(), catalog->schema);
  ASSERT_TRUE(planner.ok());
  const std::vector<IndexDefinition> copy = {*parse_index_definition("CREATE INDEX ON orders (id)")};
  const Result<PlanAnswer> today = (*planner)->plan("SELECT * FROM orders WHERE id = 5", {});
  const Result<PlanAnswer> with = (*planner)->plan("SELECT * FROM orders WHERE id = 5", copy);
  ASSERT_TRUE(today.ok() && with.ok());
  EXPECT_EQ(today->cost, with->cost);
  EXPECT_THAT(today->existing, ::testing::ElementsAre("orders_pkey"));
}

TEST(HypoPg, AdviceFromAServer) {
  PGSIEVE_NEED_SERVER(server);
  ScratchDatabase database(*server, "advice");
  ServerConnection connection = database.connect();
  const bool hypothetical =
      !must(connection, "SELECT 1 FROM pg_available_extensions WHERE name = 'hypopg'").rows.empty();
  fill_small_shop(connection);
  if (hypothetical) must(connection, "CREATE EXTENSION hypopg");
  const Result<LiveCatalog> catalog = read_live_catalog(connection);
  ASSERT_TRUE(catalog.ok());
  Workload workload;
  add(workload, pattern_of("INSERT INTO users (id, email, status) VALUES (1, 'x', 'y')", 10, 0.1));
  add(workload,
      pattern_of("SELECT * FROM orders WHERE user_id = 77 ORDER BY created_at DESC LIMIT 10", 500, 8));
  add(workload, pattern_of("SELECT id FROM users WHERE status = 'new' ORDER BY id LIMIT 10", 500, 3));
  add(workload, pattern_of("SELECT * FROM users WHERE status = 'old'", 500, 20));
  add(workload, pattern_of("SELECT * FROM orders WHERE id = 77", 5000, 0.1));
  std::unique_ptr<WhatIfPlanner> planner;
  if (hypothetical) {
    planner = std::move(*HypoPgPlanner::open(database.connect(), catalog->schema));
  } else {
    planner = std::move(*PlainPlanner::open(database.connect(), catalog->schema, catalog->statistics, false));
  }
  const Advice advice = advise(workload, catalog->schema, catalog->statistics, planner.get(), {});
  std::set<std::string> tables, ddl;
  for (const Proposal& proposal : advice.proposals) {
    tables.insert(proposal.index.table + " (" + key_sql(proposal.index.keys.front()) + ")");
    ddl.insert(create_index_sql(proposal.index));
  }
  EXPECT_THAT(tables, Contains("orders (user_id)"));
  EXPECT_EQ(tables.count("orders (id)"), 0U);
  for (const Proposal& proposal : advice.proposals)
    for (const StatementEvidence& evidence : proposal.statements)
      EXPECT_EQ(evidence.query.find("status = $1") != std::string::npos &&
                    evidence.query.find("LIMIT") == std::string::npos,
                false)
          << "nearly all rows: " << create_index_sql(proposal.index);
  build_all(connection, ddl);
}

TEST(PlainPlannerTest, KnowsTodaysCost) {
  PGSIEVE_NEED_SERVER(server);
  ScratchDatabase database(*server, "plain");
  ServerConnection connection = database.connect();
  fill_small_shop(connection);
  const Result<LiveCatalog> catalog = read_live_catalog(connection);
  Result<std::unique_ptr<PlainPlanner>> planner =
      PlainPlanner::open(database.connect(), catalog->schema, catalog->statistics, false);
  ASSERT_TRUE(planner.ok());
  const std::vector<IndexDefinition> offered = {*parse_index_definition("CREATE INDEX ON orders (user_id)")};
  const Result<PlanAnswer> today = (*planner)->plan("SELECT * FROM orders WHERE user_id = 77", {});
  const Result<PlanAnswer> with = (*planner)->plan("SELECT * FROM orders WHERE user_id = 77", offered);
  ASSERT_TRUE(today.ok() && with.ok());
  EXPECT_LT(with->cost, today->cost / 10);
  EXPECT_EQ((*planner)->calls(), 1U) << "the server is asked once, the model answers the rest";
  EXPECT_FALSE((*planner)->is_server());
}

}  // namespace
}  // namespace pgsieve::testing
