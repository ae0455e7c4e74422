// Every statement a migration prints is run on a real server, forward and back, twice.
#include "analyzer/advisor/migration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/advisor/migration_cases.h"
#include "tests/integration/rewrite_testing.h"
#include "tests/tools/run_program.h"

namespace pgsieve::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kSchema = R"sql(
CREATE TABLE orders (id bigint PRIMARY KEY, user_id int, status text, total numeric, note varchar(40), created_at timestamptz, tags text[], doc jsonb, at date);
CREATE TABLE "Mixed Case" (id int, "userId" int, "select" text);
CREATE SCHEMA sales;
CREATE TABLE sales.deals (id int, owner_id int);
CREATE TABLE events (at date NOT NULL, kind text) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT PARTITION BY LIST (kind);
CREATE TABLE events_rest_a PARTITION OF events_rest FOR VALUES IN ('a');
)sql";

std::vector<IndexChange> changes_of_every_kind() {
  std::vector<IndexChange> changes;
  const auto add = [&changes](const std::string& ddl, const std::string& extension = {}) {
    IndexChange change = make_change(ddl, "changed_" + std::to_string(changes.size()));
    change.extension = extension;
    change.comment = "number " + std::to_string(changes.size());
    changes.push_back(std::move(change));
  };
  add("CREATE INDEX ON orders (user_id, created_at DESC)");
  add("CREATE INDEX ON orders (created_at DESC NULLS LAST, user_id)");
  add("CREATE INDEX ON orders (user_id) INCLUDE (total, status)");
  add("CREATE INDEX ON orders (created_at) WHERE status = 'it''s \"new\": $1 #{x} \\' AND note IS NOT NULL");
  add("CREATE INDEX ON orders (lower(status), (doc ->> 'brand'))");
  add("CREATE INDEX ON orders (lower(note))");
  add("CREATE INDEX ON orders (note text_pattern_ops)");
  add("CREATE INDEX ON orders (status COLLATE \"C\")");
  add("CREATE INDEX ON orders USING gin (status gin_trgm_ops)", "pg_trgm");
  add("CREATE INDEX ON orders USING gin (doc jsonb_path_ops)");
  add("CREATE INDEX ON orders USING gin (tags)");
  add("CREATE INDEX ON orders USING brin (created_at)");
  add("CREATE INDEX ON orders USING hash (user_id)");
  add("CREATE UNIQUE INDEX ON orders (user_id, at)");
  add("CREATE INDEX ON \"Mixed Case\" (\"userId\", \"select\")");
  add("CREATE INDEX ON sales.deals (owner_id)");
  return changes;
}

class MigrationOnAServer : public ::testing::Test {
 protected:
  void SetUp() override {
    PGSIEVE_NEED_SERVER(server);
    Result<ServerConnection> maintenance = ServerConnection::connect(server->url());
    ASSERT_TRUE(maintenance.ok());
    must(*maintenance, "DROP DATABASE IF EXISTS migrated");
    must(*maintenance, "CREATE DATABASE migrated");
    url_ = server->url();
    url_.replace(url_.find("dbname=postgres"), 15, "dbname=migrated");
    const RunResult made = psql(kSchema);
    ASSERT_EQ(made.exit_code, 0) << made.err;
    changes_ = changes_of_every_kind();
  }

  RunResult psql(const std::string& script) const {
    return run_command({"psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-", url_}, script,
                       {"PGOPTIONS=-c client_min_messages=warning"});
  }

  std::vector<std::string> indexes() const {
    Result<ServerConnection> server = ServerConnection::connect(url_);
    std::vector<std::string> names;
    for (const Row& row : must(*server,
                               "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
                               "WHERE c.relname LIKE 'changed%' AND "
                               "i.indisvalid ORDER BY length(c.relname), 1")
                              .rows)
      names.push_back(*row[0]);
    return names;
  }

  std::string url_;
  std::vector<IndexChange> changes_;
};

TEST_F(MigrationOnAServer, SqlGoesForwardAndBackAndAgain) {
  const std::string forward = write_migration(changes_, MigrationFormat::kSql, {}).front().text;
  const std::string backward = rollback_script(changes_, {});
  for (int round = 0; round < 2; ++round) {
    const RunResult made = psql(forward);
    ASSERT_EQ(made.exit_code, 0) << made.err;
    EXPECT_THAT(made.out, HasSubstr("(0 rows)")) << "no invalid index";
    EXPECT_EQ(psql(forward).exit_code, 0) << "it can be run again";
    EXPECT_EQ(indexes().size(), changes_.size());
    const RunResult undone = psql(backward);
    ASSERT_EQ(undone.exit_code, 0) << undone.err;
    EXPECT_TRUE(indexes().empty());
  }
}

TEST_F(MigrationOnAServer, TheDefinitionIsTheOneThatWasMeant) {
  ASSERT_EQ(psql(write_migration(changes_, MigrationFormat::kSql, {}).front().text).exit_code, 0);
  Result<ServerConnection> server = ServerConnection::connect(url_);
  for (const IndexChange& change : changes_) {
    const DatabaseRows rows =
        must(*server, "SELECT pg_get_indexdef(i.oid) FROM pg_class i WHERE relname = '" + change.name + "'");
    const Result<IndexDefinition> made = parse_index_definition(*rows.rows.at(0)[0]);
    ASSERT_TRUE(made.ok());
    EXPECT_EQ(definition_key(*made), definition_key(change.index)) << *rows.rows[0][0];
  }
}

TEST_F(MigrationOnAServer, DropsAreUndoneByBuilding) {
  ASSERT_EQ(psql(write_migration(changes_, MigrationFormat::kSql, {}).front().text).exit_code, 0);
  for (IndexChange& change : changes_) change.drop = true;
  ASSERT_EQ(psql(write_migration(changes_, MigrationFormat::kSql, {}).front().text).exit_code, 0);
  EXPECT_TRUE(indexes().empty());
  const RunResult undone = psql(rollback_script(changes_, {}));
  ASSERT_EQ(undone.exit_code, 0) << undone.err;
  EXPECT_EQ(indexes().size(), changes_.size());
}

TEST_F(MigrationOnAServer, APartitionedTableEndsUpWithOneValidIndex) {
  const Result<Schema> schema = parse_schema(kSchema, "schema");
  ASSERT_TRUE(schema.ok());
  const MigrationOptions options{.schema = &*schema};
  const std::vector<IndexChange> changes{make_change("CREATE INDEX ON events (kind, at)", "changed_events")};
  const RunResult made = psql(write_migration(changes, MigrationFormat::kSql, options).front().text);
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(indexes(), std::vector<std::string>{"changed_events"});
  const RunResult undone = psql(rollback_script(changes, options));
  ASSERT_EQ(undone.exit_code, 0) << undone.err;
  EXPECT_TRUE(indexes().empty());
}

TEST_F(MigrationOnAServer, PrismaAndFlywayFilesRun) {
  std::vector<std::string> expected;
  for (const MigrationFile& file : write_migration(changes_, MigrationFormat::kPrisma, {})) {
    // As Prisma sends it: the whole file in one command.
    Result<ServerConnection> server = ServerConnection::connect(url_);
    const RunResult made = run_command({"psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", file.text, url_});
    EXPECT_EQ(made.exit_code, 0) << file.text << made.err;
  }
  EXPECT_EQ(indexes().size(), changes_.size());
  const std::vector<MigrationFile> flyway = write_migration(changes_, MigrationFormat::kFlyway, {});
  EXPECT_EQ(psql(flyway[2].text).exit_code, 0);
  EXPECT_TRUE(indexes().empty());
  EXPECT_EQ(psql(flyway[0].text).exit_code, 0);
  EXPECT_EQ(indexes().size(), changes_.size());
}

// The frameworks themselves stand in as a few lines that print the SQL they are handed.
constexpr const char* kAlembicStandIn = R"py(
import sys, types, contextlib
class Context:
    @contextlib.contextmanager
    def autocommit_block(self): yield
op = types.ModuleType("alembic.op")
op.get_context = lambda: Context()
op.execute = lambda sql: print(sql.replace("\\:", ":") + ";")
alembic = types.ModuleType("alembic"); alembic.op = op
sys.modules["alembic"] = alembic; sys.modules["alembic.op"] = op
module = {}
exec(compile(open(sys.argv[1]).read(), "migration.py", "exec"), module)
module[sys.argv[2]]()
)py";
constexpr const char* kDjangoStandIn = R"py(
import sys, types
class RunSQL:
    noop = ""
    def __init__(self, sql, reverse_sql=None): self.sql, self.reverse_sql = sql, reverse_sql
migrations = types.ModuleType("django.db.migrations"); migrations.RunSQL = RunSQL; migrations.Migration = object
db = types.ModuleType("django.db"); db.migrations = migrations
django = types.ModuleType("django"); django.db = db
for name, module in {"django": django, "django.db": db, "django.db.migrations": migrations}.items(): sys.modules[name] = module
module = {}
exec(compile(open(sys.argv[1]).read(), "migration.py", "exec"), module)
assert module["Migration"].atomic is False
operations = module["Migration"].operations
if sys.argv[2] == "upgrade":
    for each in operations: print(each.sql + ";")
else:
    for each in reversed(operations): print((each.reverse_sql or "") + ";")
)py";

TEST_F(MigrationOnAServer, PythonMigrationsSayTheSame) {
  const Result<Schema> schema = parse_schema(kSchema, "schema");
  changes_.push_back(make_change("CREATE INDEX ON events (kind)", "changed_events"));
  for (const auto& [format, stand_in] : {std::pair(MigrationFormat::kAlembic, kAlembicStandIn),
                                         std::pair(MigrationFormat::kDjango, kDjangoStandIn)}) {
    TemporaryDirectory directory;
    const std::string migration =
        directory.write("migration.py", write_migration(changes_, format, {.schema = &*schema}).front().text);
    const std::string runner = directory.write("runner.py", stand_in);
    const RunResult up = run_command({"python3", runner, migration, "upgrade"});
    ASSERT_EQ(up.exit_code, 0) << up.err;
    const RunResult made = psql(up.out);
    ASSERT_EQ(made.exit_code, 0) << made.err << up.out;
    EXPECT_EQ(indexes().size(), changes_.size());
    const RunResult down = run_command({"python3", runner, migration, "downgrade"});
    ASSERT_EQ(down.exit_code, 0) << down.err;
    const RunResult undone = psql(down.out);
    ASSERT_EQ(undone.exit_code, 0) << undone.err << down.out;
    EXPECT_TRUE(indexes().empty());
  }
}

}  // namespace
}  // namespace pgsieve::testing
