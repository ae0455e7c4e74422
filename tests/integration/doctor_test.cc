// pgsieve doctor on a real server: what it sets is in the log, and what was before is there again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/advisor/server_connection.h"
#include "tests/integration/postgres_server.h"
#include "tests/tools/run_program.h"

namespace pgsieve {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Doctor : public ::testing::Test {
 protected:
  // A server of its own: the settings of the shared one are nobody's to change.
  void SetUp() override {
    std::string why;
    bool missing = false;
    server_ = testing::PostgresServer::start(why, missing);
    if (server_ == nullptr && missing) GTEST_SKIP() << why;
    ASSERT_NE(server_, nullptr) << why;
  }
  RunResult doctor(std::vector<std::string> arguments, const std::string& url = {}) const {
    arguments.insert(arguments.begin(), {"doctor", "--db", url.empty() ? server_->url() : url});
    return run_pgsieve(arguments, {}, {"XDG_STATE_HOME=" + state_.path("")});
  }
  std::string one(const std::string& sql) const {
    Result<ServerConnection> connection = ServerConnection::connect(server_->url());
    if (!connection) return connection.error().message;
    const Result<DatabaseRows> rows = connection->query(sql);
    if (!rows) return rows.error().message;
    return rows->rows.empty() ? std::string() : rows->rows[0][0].value_or("NULL");
  }
  std::string auto_conf() const { return read_file(server_->folder() + "/data/postgresql.auto.conf"); }

  std::unique_ptr<testing::PostgresServer> server_;
  TemporaryDirectory state_;
};

TEST_F(Doctor, ExplainsAndChangesNothingByItself) {
  const std::string before = auto_conf();
  const RunResult result = doctor({});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.out, HasSubstr("ALTER SYSTEM SET log_min_duration_statement = '0';"));
  EXPECT_THAT(result.out, HasSubstr("cost"));
  EXPECT_EQ(auto_conf(), before);
}

TEST_F(Doctor, AppliesAndRevertsExactly) {
  one("ALTER SYSTEM SET log_line_prefix = '%t it''s mine '");
  one("ALTER SYSTEM SET session_preload_libraries = 'auto_explain'");
  one("ALTER SYSTEM SET log_statement = 'ddl'");
  one("SELECT pg_reload_conf()");
  const std::string before = auto_conf();

  EXPECT_EQ(doctor({"--apply", "--plans", "0"}).exit_code, 0);
  EXPECT_EQ(one("SHOW log_min_duration_statement"), "0");
  EXPECT_EQ(one("SHOW auto_explain.log_format"), "json");
  EXPECT_EQ(doctor({"--plans", "0"}).exit_code, 0);
  EXPECT_EQ(doctor({"--apply", "--hide-values"}).exit_code, 0);  // a second time, for one thing more
  EXPECT_EQ(one("SHOW log_parameter_max_length"), "0");
  one("SELECT 4711 AS seen_by_doctor");
  const RunResult report =
      run_pgsieve({"report", server_->folder() + "/server.log", "-o", "json", "--top", "0"});
  EXPECT_EQ(report.exit_code, 0) << report.err;
  EXPECT_THAT(report.out, HasSubstr("seen_by_doctor"));
  EXPECT_THAT(report.out, HasSubstr("\"%m [%p] %q%u@%d/%a \""));

  EXPECT_EQ(doctor({"--revert"}).exit_code, 0);
  // ALTER SYSTEM moves a name to the end of the file; what counts is each line.
  std::istringstream lines(before);
  for (std::string line; std::getline(lines, line);) EXPECT_THAT(auto_conf(), HasSubstr(line + "\n"));
  EXPECT_EQ(auto_conf().size(), before.size());
  EXPECT_EQ(one("SHOW log_line_prefix"), "%t it's mine ");
  EXPECT_EQ(one("SHOW log_statement"), "ddl");
  EXPECT_THAT(doctor({"--revert"}).out, HasSubstr("Nothing to put back"));
  EXPECT_EQ(auto_conf().size(), before.size());
}

TEST_F(Doctor, LeavesAloneWhatSomebodyElseChangedSince) {
  EXPECT_EQ(doctor({"--apply"}).exit_code, 0);
  one("ALTER SYSTEM SET log_min_duration_statement = '500'");
  const RunResult result = doctor({"--revert"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("changed by somebody else"));
  EXPECT_THAT(auto_conf(), HasSubstr("log_min_duration_statement = '500'"));
  EXPECT_THAT(auto_conf(), Not(HasSubstr("log_line_prefix")));
}

TEST_F(Doctor, TellsOfOverridesAndOfMissingRights) {
  one("CREATE ROLE app LOGIN");
  one("ALTER ROLE app SET log_min_duration_statement = 100");
  EXPECT_THAT(doctor({}).out, HasSubstr("role app has its own log_min_duration_statement=100"));
  std::string as_app = server_->url();
  as_app.replace(as_app.find("user=postgres"), 13, "user=app");
  const RunResult explained = doctor({}, as_app);
  EXPECT_EQ(explained.exit_code, 1) << explained.err;
  const RunResult refused = doctor({"--apply"}, as_app);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("may not change the server's settings"));
}

TEST(DoctorWithoutServer, SaysSo) {
  const RunResult result = run_pgsieve({"doctor", "--db", "host=/nonexistent password=secret-word"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("can't connect"));
  EXPECT_THAT(result.err, Not(HasSubstr("secret-word")));
}

}  // namespace
}  // namespace pgsieve
