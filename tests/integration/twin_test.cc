// A planner twin beside the database it is the twin of: same statistics, same plans, same costs, no data; and
// nothing left behind.
#include "analyzer/advisor/twin.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "analyzer/advisor/statistics_export.h"
#include "tests/integration/rewrite_testing.h"
#include "tests/tools/run_program.h"

namespace pgsieve::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Something of everything that has statistics: types with and without operators of their own, partitions,
// inheritance, expressions, a second schema, names that need quotes, columns that take no nulls.
constexpr const char* kOriginal[] = {
    "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')",
    "CREATE DOMAIN amount AS numeric(12, 2) CHECK (VALUE >= 0)",
    "CREATE SCHEMA app",
    ("CREATE TABLE app.\"Orders\" (id bigint PRIMARY KEY, \"userId\" int NOT NULL, state mood NOT NULL, "
     "total "
     "amount NOT NULL, "
     "placed_at timestamptz NOT NULL, tags text[] NOT NULL, note varchar(40), code char(4), doc jsonb, ip "
     "inet, words tsvector, "
     "twice numeric GENERATED ALWAYS AS (total * 2) STORED, CHECK (id > 0))"),
    ("INSERT INTO app.\"Orders\" SELECT i, 1 + (i * i) % 997, "
     "(ARRAY['ok','ok','ok','happy','sad']::mood[])[1 "
     "+ i % 5], (i * 7919) % 10000 / 100.0, "
     "timestamptz '2024-01-01 00:00:00+00' + i * interval '1 minute', ARRAY['t' || i % 7, 'secret-tag-' || i "
     "% 41], "
     "CASE WHEN i % 3 = 0 THEN 'note ' || i % 50 END, 'c' || i % 90, jsonb_build_object('k', i % 20), "
     "('10.0.' || i % 250 || '.1')::inet, "
     "to_tsvector('simple', 'word' || i % 30 || ' common') FROM generate_series(1, 20000) i"),
    "CREATE INDEX ON app.\"Orders\" (\"userId\", placed_at DESC)",
    "CREATE INDEX ON app.\"Orders\" (lower(note))",
    "CREATE INDEX ON app.\"Orders\" (placed_at) WHERE state = 'sad'",
    "CREATE TABLE events (at date NOT NULL, kind text NOT NULL, n int) PARTITION BY RANGE (at)",
    "CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01')",
    "CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
    "CREATE INDEX ON events (n)",
    ("INSERT INTO events SELECT date '2023-01-01' + i % 730, 'kind' || (i % 11) * (i % 3), i % 5000 FROM "
     "generate_series(1, 15000) i"),
    "CREATE TABLE tiny (id int PRIMARY KEY, name text)",
    "INSERT INTO tiny VALUES (1, 'one'), (2, 'two')",
    "CREATE TABLE never_analysed (id int PRIMARY KEY, name text)",
    "CREATE MATERIALIZED VIEW per_user AS SELECT \"userId\", count(*) AS n FROM app.\"Orders\" GROUP BY 1",
    "CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "CREATE TRIGGER bump BEFORE INSERT ON tiny FOR EACH ROW EXECUTE FUNCTION bump()",
    "ANALYZE",
    "SET random_page_cost = 1.3",
    "CHECKPOINT",
};

constexpr const char* kQueries[] = {
    "SELECT * FROM app.\"Orders\" WHERE id = 77",
    "SELECT * FROM app.\"Orders\" WHERE id > 19990",
    "SELECT * FROM app.\"Orders\" WHERE \"userId\" = 5 ORDER BY placed_at DESC LIMIT 3",
    "SELECT count(*) FROM app.\"Orders\" WHERE state = 'sad'",
    "SELECT * FROM app.\"Orders\" WHERE state = 'sad' AND placed_at > timestamptz '2024-01-14 00:00:00+00'",
    "SELECT * FROM app.\"Orders\" WHERE state >= 'ok' AND total < 10",
    "SELECT * FROM app.\"Orders\" WHERE tags @> ARRAY['secret-tag-3']",
    "SELECT * FROM app.\"Orders\" WHERE 't3' = ANY (tags) AND cardinality(tags) = 2",
    "SELECT * FROM app.\"Orders\" WHERE lower(note) = 'note 9'",
    "SELECT * FROM app.\"Orders\" WHERE note LIKE 'note 1%'",
    "SELECT * FROM app.\"Orders\" WHERE code = 'c7' OR note IS NULL",
    "SELECT * FROM app.\"Orders\" WHERE doc @> '{\"k\": 3}' AND ip << '10.0.7.0/24'",
    "SELECT * FROM app.\"Orders\" WHERE words @@ to_tsquery('simple', 'word3')",
    "SELECT * FROM app.\"Orders\" WHERE twice BETWEEN 10 AND 20 ORDER BY ip",
    ("SELECT o.id, p.n FROM app.\"Orders\" o JOIN per_user p USING (\"userId\") WHERE p.n > 30 AND o.total > "
     "90"),
    "SELECT kind, count(*) FROM events WHERE at >= '2023-06-01' AND at < '2024-03-01' GROUP BY kind",
    "SELECT * FROM events WHERE n = 4999",
    "SELECT * FROM events_2024 WHERE kind = 'kind0' ORDER BY n LIMIT 10",
    "SELECT * FROM tiny JOIN events ON events.n = tiny.id",
    "SELECT * FROM never_analysed WHERE name = 'x'",
    "UPDATE app.\"Orders\" SET note = 'x' WHERE \"userId\" = 900",
};

constexpr const char* kStatistics = R"sql(
SELECT c.relname, a.attname, s.stainherit, s.stanullfrac, s.stawidth, s.stadistinct, s.stakind1, s.stakind2, s.stakind3, s.stakind4, s.stakind5,
  s.staop1::regoperator, s.staop2::regoperator, s.staop3::regoperator, s.staop4::regoperator, s.staop5::regoperator,
  s.stacoll1, s.stacoll2, s.stacoll3, s.stacoll4, s.stanumbers1, s.stanumbers2, s.stanumbers3, s.stanumbers4, s.stanumbers5,
  s.stavalues1::text, s.stavalues2::text, s.stavalues3::text, s.stavalues4::text
FROM pg_statistic s JOIN pg_class c ON c.oid = s.starelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = s.staattnum
WHERE n.nspname IN ('public', 'app') ORDER BY 1, 2, 3)sql";

std::string joined(const DatabaseRows& rows) {
  std::string text;
  for (const Row& row : rows.rows) {
    for (const DatabaseValue& value : row) text += value.value_or("NULL") + "|";
    text += "\n";
  }
  return text;
}

class TwinOfADatabase : public ::testing::Test {
 protected:
  void SetUp() override {
    PGSIEVE_NEED_SERVER(server);
    url_ = server->url() + " ";
    url_.replace(url_.find("dbname=postgres"), 15, "dbname=original");
    Result<ServerConnection> maintenance = ServerConnection::connect(server->url());
    ASSERT_TRUE(maintenance.ok());
    must(*maintenance, "DROP DATABASE IF EXISTS original");
    must(*maintenance, "CREATE DATABASE original");
    must(*maintenance, "ALTER DATABASE original SET random_page_cost = 1.3");
    Result<ServerConnection> original = ServerConnection::connect(url_);
    ASSERT_TRUE(original.ok());
    for (const char* sql : kOriginal) must(*original, sql);
    const RunResult dump = run_command({"pg_dump", "-s", url_});
    ASSERT_EQ(dump.exit_code, 0) << dump.err;
    ddl_ = dump.out;
  }

  StatisticsFile exported(bool with_values) {
    Result<ServerConnection> original = ServerConnection::connect(url_);
    const Result<std::string> text = export_statistics(*original, {.with_values = with_values});
    EXPECT_TRUE(text.ok());
    Result<StatisticsFile> file = parse_statistics_file(*text, "export");
    EXPECT_TRUE(file.ok()) << file.error().to_string();
    return *file;
  }

  std::string url_, ddl_;
};

TEST_F(TwinOfADatabase, PlansLikeTheOriginal) {
  const StatisticsFile statistics = exported(true);
  std::string directory;
  {
    const Result<Twin> twin = Twin::create(ddl_, statistics, {});
    ASSERT_TRUE(twin.ok()) << twin.error().to_string();
    directory = twin->directory();
    for (const std::string& warning : twin->warnings())
      EXPECT_THAT(warning, HasSubstr("end values")) << "the only limit of this schema: partitions' bounds";
    Result<ServerConnection> copy = ServerConnection::connect(twin->connection());
    Result<ServerConnection> original = ServerConnection::connect(url_);
    ASSERT_TRUE(copy.ok() && original.ok());
    EXPECT_EQ(joined(must(*copy, kStatistics)), joined(must(*original, kStatistics)));
    for (const std::string query : kQueries) {
      EXPECT_EQ(joined(must(*copy, "EXPLAIN VERBOSE " + query)),
                joined(must(*original, "EXPLAIN VERBOSE " + query)));
    }
    EXPECT_EQ(must(*copy, "SELECT * FROM app.\"Orders\" WHERE note = 'note 3'").rows.size(), 0U);
  }
  EXPECT_FALSE(fs::exists(directory));
}

TEST_F(TwinOfADatabase, AnExportWithoutValuesHoldsNone) {
  Result<ServerConnection> original = ServerConnection::connect(url_);
  const Result<std::string> text = export_statistics(*original, {});
  ASSERT_TRUE(text.ok());
  for (const char* value : {"secret", "happy", "10.0.", "2024-01", "kind1", "word1", "note 1", "common\""})
    EXPECT_THAT(*text, Not(HasSubstr(value)));
  const Result<StatisticsFile> file = parse_statistics_file(*text, "export");
  ASSERT_TRUE(file.ok());
  EXPECT_FALSE(file->header.values);
  const ColumnStatistics* state = file->columns.find_column("app", "Orders", "state");
  ASSERT_NE(state, nullptr);
  EXPECT_EQ(state->distinct, 3);
  EXPECT_EQ(state->common_frequencies.size(), 3U);
  const Result<Twin> twin = Twin::create(ddl_, *file, {});
  ASSERT_TRUE(twin.ok()) << twin.error().to_string();
  EXPECT_THAT(twin->warnings().front(), HasSubstr("no values"));
}

TEST_F(TwinOfADatabase, TheScriptForPsqlMakesTheSameFile) {
  TemporaryDirectory directory;
  const std::string script = directory.write("export.sql", export_script({.with_values = true}));
  const std::string file = directory.path("statistics.jsonl");
  const RunResult psql = run_command({"psql", "-X", "-f", script, "-o", file, url_});
  ASSERT_EQ(psql.exit_code, 0) << psql.err;
  EXPECT_THAT(psql.out, IsEmpty());
  EXPECT_THAT(psql.err, IsEmpty());
  Result<ServerConnection> original = ServerConnection::connect(url_);
  const auto without_scans = [](std::string text) {
    for (size_t at = text.find("\"scans\" : "); at != std::string::npos;
         at = text.find("\"scans\" : ", at + 1))
      text.erase(at + 10, text.find_first_of(",}", at + 10) - at - 10);
    return text;
  };
  EXPECT_EQ(without_scans(read_file(file)),
            without_scans(*export_statistics(*original, {.with_values = true})));
}

TEST_F(TwinOfADatabase, ARoleWithoutRightsStillExports) {
  Result<ServerConnection> original = ServerConnection::connect(url_);
  must(*original, "DROP ROLE IF EXISTS reader");
  must(*original, "CREATE ROLE reader LOGIN");
  must(*original, "GRANT SELECT (id, name) ON tiny TO reader");
  std::string url = url_;
  url.replace(url.find("user=postgres"), 13, "user=reader");
  Result<ServerConnection> reader = ServerConnection::connect(url);
  ASSERT_TRUE(reader.ok()) << reader.error().to_string();
  const Result<std::string> text = export_statistics(*reader, {.with_values = true});
  ASSERT_TRUE(text.ok()) << text.error().to_string();
  const Result<StatisticsFile> file = parse_statistics_file(*text, "export");
  EXPECT_NE(file->columns.find_column("", "tiny", "name"), nullptr);
  EXPECT_EQ(file->columns.find_column("app", "Orders", "note"), nullptr);
  EXPECT_GT(file->columns.find("app", "Orders")->pages, 100);
  must(*original, "REVOKE ALL ON tiny FROM reader");
  must(*original, "DROP ROLE reader");
}

// ---- the command

class TwinCommand : public TwinOfADatabase {
 protected:
  void SetUp() override {
    TwinOfADatabase::SetUp();
    if (HasFatalFailure() || IsSkipped()) return;
    // The server's user must reach the twin's directory.
    std::string name = (fs::temp_directory_path() / "pgsieve-twin-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    fs::permissions(name, fs::perms::owner_all | fs::perms::others_exec | fs::perms::group_exec);
    home_ = name;
    schema_ = files_.write("schema.sql", ddl_);
    statistics_ = files_.path("statistics.jsonl");
    const RunResult made = run_pgsieve({"stats", "export", "--with-values", "--db", url_, "-o", statistics_});
    ASSERT_EQ(made.exit_code, 0) << made.err;
  }
  void TearDown() override {
    std::error_code failed;
    if (!home_.empty()) fs::remove_all(home_, failed);
  }
  std::string directory() const { return home_ + "/twin"; }

  std::string home_, schema_, statistics_;
  TemporaryDirectory files_;
};

TEST_F(TwinCommand, StartsStopsAndLeavesNothing) {
  const RunResult started =
      run_pgsieve({"twin", "start", "--schema", schema_, "--stats", statistics_, "--dir", directory()});
  ASSERT_EQ(started.exit_code, 0) << started.err;
  std::string url = started.out;
  ASSERT_THAT(url, HasSubstr("postgresql://postgres@/original?host="));
  url.pop_back();
  EXPECT_TRUE(ServerConnection::connect(url).ok());
  EXPECT_EQ(run_pgsieve({"twin", "start", "--schema", schema_, "--stats", statistics_, "--dir", directory()})
                .exit_code,
            2);
  EXPECT_EQ(run_pgsieve({"twin", "stop", directory(), "--keep-files"}).exit_code, 0);
  EXPECT_FALSE(ServerConnection::connect(url).ok());
  EXPECT_EQ(run_pgsieve({"twin", "start", "--dir", directory()}).out, started.out);
  EXPECT_TRUE(ServerConnection::connect(url).ok());
  const RunResult stopped = run_pgsieve({"twin", "stop", directory()});
  EXPECT_EQ(stopped.exit_code, 0) << stopped.err;
  EXPECT_FALSE(fs::exists(directory()));
}

TEST_F(TwinCommand, RemovesOnlyTwins) {
  const RunResult stopped = run_pgsieve({"twin", "stop", home_});
  EXPECT_EQ(stopped.exit_code, 2);
  EXPECT_TRUE(fs::exists(home_));
  const RunResult occupied = run_pgsieve({"twin", "start", "--schema", schema_, "--stats", statistics_,
                                          "--dir", fs::path(schema_).parent_path().string()});
  EXPECT_EQ(occupied.exit_code, 2);
  EXPECT_TRUE(fs::exists(schema_));
}

// The URL is the last that it says: after that the twin is its owner's.
TEST_F(TwinCommand, AnInterruptLeavesNothing) {
  const std::string answer = home_ + "/answer";
  for (const int milliseconds : {100, 500, 1000}) {
    fs::remove(answer);
    const pid_t child = fork();
    if (child == 0) {
      const std::string where = directory();
      const int output = open(answer.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
      if (output < 0 || dup2(output, STDOUT_FILENO) < 0) _exit(126);
      execl(PGSIEVE_BINARY, "pgsieve", "twin", "start", "--schema", schema_.c_str(), "--stats",
            statistics_.c_str(), "--dir", where.c_str(), nullptr);
      _exit(127);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    kill(child, SIGINT);
    int status = 0;
    waitpid(child, &status, 0);
    if (fs::exists(answer) && fs::file_size(answer) > 0) {  // it was quicker
      EXPECT_EQ(run_pgsieve({"twin", "stop", directory()}).exit_code, 0);
    }
    EXPECT_FALSE(fs::exists(directory()));
  }
}

TEST_F(TwinCommand, WrongFilesAreUsageErrors) {
  const std::string sizes = files_.write("sizes.json", R"([{"table": "tiny", "reltuples": 2}])");
  const RunResult other = run_pgsieve({"twin", "start", "--schema", schema_, "--stats", sizes});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("stats export"));
  EXPECT_EQ(run_pgsieve({"twin", "start", "--schema", "/nonexistent.sql", "--stats", statistics_}).exit_code,
            2);
  EXPECT_EQ(run_pgsieve({"twin", "start"}).exit_code, 2);
  EXPECT_EQ(run_pgsieve({"stats", "export", "--db", "host=/nonexistent dbname=x"}).exit_code, 3);
}

}  // namespace
}  // namespace pgsieve::testing
