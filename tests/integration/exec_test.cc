// pgsieve exec and pgsieve tap as their users run them: a real server, psql as the application.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/integration/postgres_server.h"
#include "tests/tools/run_program.h"

namespace pgsieve::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class Exec : public ::testing::Test {
 protected:
  void SetUp() override {
    PGSIEVE_NEED_SERVER(server);
    url_ = fmt::format("postgresql://postgres@/postgres?host={}", server->folder());
    psql(
        "DROP SCHEMA IF EXISTS shop CASCADE; CREATE SCHEMA shop; "
        "CREATE TABLE shop.users (id int PRIMARY KEY, name text); "
        "CREATE TABLE shop.posts (id int PRIMARY KEY, user_id int, title text); "
        "INSERT INTO shop.users SELECT g * 7, 'user ' || g FROM generate_series(1, 12) g; "
        "INSERT INTO shop.posts SELECT g, 7 * (1 + g % 12), 'post' FROM generate_series(1, 500) g");
  }

  void psql(const std::string& sql) {
    const RunResult result = run_command({"psql", url_, "-XAtqc", sql});
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  // A list, then one query for each of its rows, with the values that came out of it.
  static std::string loop() {
    return R"(for id in $(psql "$DATABASE_URL" -XAtc 'SELECT id, name FROM shop.users' | cut -d'|' -f1); do
  echo "SELECT id, title FROM shop.posts WHERE user_id = $id;"; done > "$1.sql"
(echo 'SELECT id, name FROM shop.users;'; cat "$1.sql") | psql "$DATABASE_URL" -XAtq >/dev/null)";
  }
  RunResult exec(std::vector<std::string> options, const std::string& script) {
    options.insert(options.begin(), "exec");
    const std::vector<std::string> command = {"--", "sh", "-c", script, "sh", folder_.path("x")};
    options.insert(options.end(), command.begin(), command.end());
    return run_pgsieve(options, {}, {"DATABASE_URL=" + url_});
  }
  static std::set<std::string> findings(const std::string& json) {
    std::set<std::string> found;
    const nlohmann::json report = nlohmann::json::parse(json);
    for (const auto& finding : report.at("findings")) {
      found.insert(fmt::format("{} {} {} {}", finding.at("rule").get<std::string>(),
                               finding.at("table").get<std::string>(), finding.at("count").get<int>(),
                               finding.at("confidence").get<std::string>()));
    }
    return found;
  }

  std::string url_;
  TemporaryDirectory folder_;
};

TEST_F(Exec, ProvesALoopAndFails) {
  const std::string report = folder_.path("report.json");
  const RunResult result = exec({"-o", "json:" + report}, loop());
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(findings(read_file(report)), Contains("n-plus-one shop.posts 12 proved"));
  EXPECT_THAT(read_file(report), HasSubstr("users.id"));
}

TEST_F(Exec, TheRecordingTellsTheSame) {
  for (const std::string name : {"kept.pgcap", "kept.pcap"}) {
    const std::string report = folder_.path("report.json"), again = folder_.path("again.json");
    exec({"--write", folder_.path(name), "-o", "json:" + report}, loop());
    const RunResult lint = run_pgsieve({"lint", "--strict", folder_.path(name), "-o", "json:" + again});
    EXPECT_EQ(lint.exit_code, 1) << lint.err;
    EXPECT_EQ(findings(read_file(again)), findings(read_file(report))) << name;
  }
}

TEST_F(Exec, TheCommandsFailureWins) {
  EXPECT_EQ(exec({}, loop() + "\nexit 7").exit_code, 7);
  EXPECT_EQ(exec({}, loop() + "\nkill -9 $$").exit_code, 137);
  EXPECT_EQ(run_pgsieve({"exec", "--", "/no/such/command"}, {}, {"DATABASE_URL=" + url_}).exit_code, 2);
}

TEST_F(Exec, WithoutStatementsThereIsNoVerdict) {
  EXPECT_EQ(exec({}, "true").exit_code, 3);
  EXPECT_EQ(exec({"--allow-empty"}, "true").exit_code, 0);
  EXPECT_EQ(exec({}, "psql \"$DATABASE_URL\" -c 'SELECT 1'").exit_code, 0);
}

TEST_F(Exec, StandardOutputIsTheCommandsOwn) {
  const RunResult result =
      exec({"-o", "json:" + folder_.path("r")}, "psql \"$DATABASE_URL\" -XAtc 'SELECT 41 + 1'");
  EXPECT_EQ(result.out, "42\n");
}

TEST_F(Exec, LibpqsOwnVariablesLeadThroughTheTap) {
  PGSIEVE_NEED_SERVER(server);
  const RunResult result =
      run_pgsieve({"exec", "-o", "json:" + folder_.path("r"), "--", "psql", "-XAtc", "SELECT 'through'"}, {},
                  {"PGHOST=" + server->folder(), "PGUSER=postgres", "PGDATABASE=postgres", "DATABASE_URL="});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "through\n");
  EXPECT_EQ(nlohmann::json::parse(read_file(folder_.path("r"))).at("ingest").at("executions"), 1);
}

// A column that no statement of the capture names together with its table.
TEST_F(Exec, TheCatalogueGivesNames) {
  const std::string script =
      R"((echo 'SELECT u.id, p.title FROM shop.users u JOIN shop.posts p ON p.id = u.id;'
for id in 7 14 21 28 35 42 49 56 63 70 77 84; do echo "SELECT title FROM shop.posts WHERE user_id = $id;"; done) |
  psql "$DATABASE_URL" -XAtq >/dev/null)";
  const std::string report = folder_.path("report.json");
  exec({"-o", "json:" + report}, script);
  EXPECT_THAT(read_file(report), HasSubstr("users.id"));
}

// Set-up before the marker is nobody's test, and a loop in it no finding.
TEST_F(Exec, MarkersNameTheTest) {
  const std::string script = R"((
for id in 7 14 21 28 35 42 49 56 63 70; do echo "SELECT name FROM shop.users WHERE id = $id;"; done
echo "SELECT 'pgsieve:test=tests%2Flist%20test.py%3A%3Aall';"; echo 'SELECT id, name FROM shop.users;'
for id in 7 14 21 28 35 42 49 56 63 70 77 84; do echo "SELECT title FROM shop.posts WHERE user_id = $id;"; done
echo "SELECT 'pgsieve:test=';") | psql "$DATABASE_URL" -XAtq >/dev/null)";
  const std::string file = folder_.path("report.json");
  exec({"-o", "json:" + file}, script);
  const nlohmann::json report = nlohmann::json::parse(read_file(file));
  ASSERT_EQ(report.at("findings").size(), 1U);
  EXPECT_EQ(report.at("findings")[0].at("tags").at("test"), "tests/list test.py::all");
}

TEST_F(Exec, PlansComeOverTheTapAndDontReachTheClient) {
  const std::string report = folder_.path("report.json");
  const RunResult result =
      exec({"--plans", "-o", "json:" + report},
           "psql \"$DATABASE_URL\" -XAtc 'SELECT count(*) FROM shop.posts WHERE user_id = 7'");
  EXPECT_EQ(result.out, "41\n");
  EXPECT_THAT(result.err, Not(HasSubstr("plan")));
  EXPECT_EQ(nlohmann::json::parse(read_file(report)).at("ingest").at("plans"), 1) << result.err;
}

TEST_F(Exec, ARoleThatMayNotHavePlansGoesOnWithout) {
  psql(
      "DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN; GRANT USAGE ON SCHEMA shop TO plain; "
      "GRANT SELECT ON ALL TABLES IN SCHEMA shop TO plain");
  PGSIEVE_NEED_SERVER(server);
  const std::string url = fmt::format("postgresql://plain@/postgres?host={}", server->folder());
  const RunResult result = run_pgsieve({"exec", "--plans", "-o", "json:" + folder_.path("r"), "--", "sh",
                                        "-c", "psql \"$DATABASE_URL\" -XAtc 'SELECT 1'"},
                                       {}, {"DATABASE_URL=" + url});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "1\n");
  EXPECT_THAT(result.err, HasSubstr("no plans"));
}

// Roles other than that of the connection string: those that may have plans have them, of the others it says
// so, and they go on without.
TEST_F(Exec, PlansOfOtherRoles) {
  psql(
      "DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN; DROP ROLE IF EXISTS chief; "
      "CREATE ROLE chief LOGIN SUPERUSER; GRANT USAGE ON SCHEMA shop TO plain; "
      "GRANT SELECT ON ALL TABLES IN SCHEMA shop TO plain");
  const std::string file = folder_.path("report.json");
  const std::string script = R"(for user in chief plain plain; do
  psql "$DATABASE_URL&user=$user" -XAtc "SELECT '$user', count(*) FROM shop.posts WHERE user_id = 7"; done)";
  const RunResult result = exec({"--plans", "-o", "json:" + file}, script);
  EXPECT_EQ(result.out, "chief|41\nplain|41\nplain|41\n") << result.err;
  EXPECT_THAT(result.err, HasSubstr("no plans of sessions of plain"));
  EXPECT_THAT(result.err, Not(HasSubstr("chief")));
  EXPECT_EQ(result.err.find("of plain"), result.err.rfind("of plain")) << "said once";
  const nlohmann::json ingest = nlohmann::json::parse(read_file(file)).at("ingest");
  EXPECT_EQ(ingest.at("executions"), 3);
  EXPECT_EQ(ingest.at("plans"), 1);
}

// A tap that runs until it is told to stop: live findings, metrics, a store, Unix sockets on both sides.
TEST_F(Exec, ATapThatIsToldToStopReports) {
  PGSIEVE_NEED_SERVER(server);
  const std::string script =
      fmt::format(R"(cd {}
"{}" tap --listen "$PWD" --upstream '{}' --store store.sqlite --metrics 127.0.0.1:0 --write kept.pgcap \
  -o json:report.json 2>tap.err & tap=$!
for i in $(seq 100); do test -S .s.PGSQL.6432 && break; sleep 0.05; done
psql "host=$PWD port=6432 user=postgres dbname=postgres" -XAtqc 'SELECT count(*) FROM shop.users'
kill -TERM $tap; wait $tap; echo "code $?"
test -e .s.PGSQL.6432 && echo "the socket is still there"
"{}" report --store store.sqlite -o json:stored.json; "{}" lint --strict kept.pgcap -o json:kept.json; echo "lint $?")",
                  folder_.path(""), PGSIEVE_BINARY, server->folder(), PGSIEVE_BINARY, PGSIEVE_BINARY);
  const RunResult result = run_command({"timeout", "60", "sh", "-c", script});
  EXPECT_EQ(result.out, "12\ncode 0\nlint 0\n") << result.err << read_file(folder_.path("tap.err"));
  for (const std::string name : {"report.json", "stored.json", "kept.json"}) {
    const std::string text = read_file(folder_.path(name));
    ASSERT_FALSE(text.empty()) << name;
    EXPECT_EQ(nlohmann::json::parse(text).at("ingest").at("executions"), 1) << name;
  }
}

}  // namespace
}  // namespace pgsieve::testing
