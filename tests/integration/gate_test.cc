// The gate on a small application in two languages, through the server's log and through `pgsieve exec`: red
// at first, green once the baseline is accepted, and after that red only for a loop that is really new.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <tuple>

#include "tests/integration/postgres_server.h"
#include "tests/tools/run_program.h"

namespace pgsieve::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// `set-up` fills a table in a loop before the first test; that is nobody's finding.
constexpr const char* kPython = R"code(import os, sys, urllib.parse
import psycopg2

db = psycopg2.connect(os.environ["DATABASE_URL"])
db.autocommit = True
cursor = db.cursor()


def rows(sql, *values):
    cursor.execute(sql, values or None)
    return cursor.fetchall()


def orders_index():
    for (order_id, total) in rows("SELECT id, total FROM shop.orders WHERE user_id = %s", 1):
        rows("SELECT name, price FROM shop.items WHERE order_id = %s", order_id)


def users_show():
    rows("SELECT name FROM shop.users WHERE id = %s", 1)


def orders_audit():
    for (order_id, total) in rows("SELECT id, total FROM shop.orders WHERE user_id = %s", 1):
        pass  # NEW LOOP


for number in range(30):
    cursor.execute("INSERT INTO shop.scratch (n) VALUES (%s)", (number,))
for name, test in {"orders_index": orders_index, "users_show": users_show, "orders_audit": orders_audit}.items():
    if len(sys.argv) > 1 and sys.argv[1] != name:
        continue
    cursor.execute("SELECT 'pgsieve:test=" + urllib.parse.quote("shop " + name, safe="") + "'")
    test()
    cursor.execute("SELECT 'pgsieve:test='")
)code";

constexpr const char* kRuby = R"code(require "pg"
require "uri"

DB = PG.connect(ENV.fetch("DATABASE_URL"))

def rows(sql, *values)
  DB.exec_params(sql, values).to_a
end

def orders_index
  rows("SELECT id, total FROM shop.orders WHERE user_id = $1", 1).each do |order|
    rows("SELECT name, price FROM shop.items WHERE order_id = $1", order["id"])
  end
end

def users_show
  rows("SELECT name FROM shop.users WHERE id = $1", 1)
end

def orders_audit
  rows("SELECT id, total FROM shop.orders WHERE user_id = $1", 1).each do |order|
    # NEW LOOP
  end
end

30.times { |number| rows("INSERT INTO shop.scratch (n) VALUES ($1)", number)
}
%w[orders_index users_show orders_audit].each do |name|
  next if ARGV[0] && ARGV[0] != name
  DB.exec("SELECT 'pgsieve:test=" + URI.encode_www_form_component("shop " + name).gsub("+", "%20") + "'")
  send(name)
  DB.exec("SELECT 'pgsieve:test='")
end
)code";

struct Language {
  const char* name = nullptr;
  const char* file = nullptr;
  std::vector<std::string> command;
  std::vector<std::string> probe;
  const char* source = nullptr;
  // Text of the source, and what a developer makes of it.
  std::pair<std::string, std::string> reformatted;
  std::string new_loop, new_loop_text;
};

const Language kLanguages[] = {
    {"Python",
     "shop.py",
     {"/usr/bin/python3"},
     {"/usr/bin/python3", "-c", "import psycopg2"},
     kPython,
     {"SELECT name, price FROM shop.items WHERE order_id = %s",
      "select i.name,  i.price from shop.items as i where i.order_id=%s /* the lines */"},
     "pass  # NEW LOOP",
     "rows(\"SELECT reason FROM shop.refunds WHERE order_id = %s\", order_id)"},
    {"Ruby",
     "shop.rb",
     {"ruby"},
     {"ruby", "-rpg", "-e", "1"},
     kRuby,
     {"SELECT name, price FROM shop.items WHERE order_id = $1",
      "select i.name,  i.price from shop.items as i where i.order_id=$1 /* the lines */"},
     "# NEW LOOP",
     "rows(\"SELECT reason FROM shop.refunds WHERE order_id = $1\", order[\"id\"])"}};

enum class Way : uint8_t { kLog, kExec };

class Gate : public ::testing::TestWithParam<std::tuple<size_t, Way>> {
 protected:
  void SetUp() override {
    bool missing = false;
    std::string why;
    if (run_command(language().probe).exit_code != 0)
      GTEST_SKIP() << language().name
                   << " has no PostgreSQL driver here (tools/setup.sh --tests installs it)";
    server_ = PostgresServer::start(why, missing);
    if (server_ == nullptr && missing) GTEST_SKIP() << why;
    ASSERT_NE(server_, nullptr) << why;
    url_ = fmt::format("postgresql://postgres@/postgres?host={}", server_->folder());
    psql(
        "CREATE SCHEMA shop; CREATE TABLE shop.users (id int PRIMARY KEY, name text); "
        "CREATE TABLE shop.orders (id int PRIMARY KEY, user_id int, total int); "
        "CREATE TABLE shop.items (id int PRIMARY KEY, order_id int, name text, price int); "
        "CREATE TABLE shop.refunds (id int PRIMARY KEY, order_id int, reason text); "
        "CREATE TABLE shop.scratch (n int); INSERT INTO shop.users VALUES (1, 'a'); "
        "INSERT INTO shop.orders SELECT g * 3, 1, g FROM generate_series(1, 12) g; "
        "INSERT INTO shop.items SELECT g, 3 * (1 + g % 12), 'item', g FROM generate_series(1, 60) g");
    psql("ALTER SYSTEM SET log_line_prefix = '%m [%p] %q%u@%d %a '");
    psql("ALTER SYSTEM SET log_min_duration_statement = 0");
    psql("SELECT pg_reload_conf()");
    write(language().source);
  }

  const Language& language() const { return kLanguages[std::get<0>(GetParam())]; }
  void psql(const std::string& sql) {
    const RunResult result = run_command({"psql", url_, "-XAtqc", sql});
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }
  void write(const std::string& source) {
    source_ = source;
    checkout_.write(language().file, source);
  }
  void change(const std::string& from, const std::string& to) {
    const size_t at = source_.find(from);
    ASSERT_NE(at, std::string::npos);
    write(source_.substr(0, at) + to + source_.substr(at + from.size()));
  }
  int line_of(const std::string& text) const {
    const std::string before = source_.substr(0, source_.find(text));
    return 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  }

  // The tests run, and are judged; `capture()` holds what they did.
  RunResult test_and_lint(const std::string& only = {}) {
    std::vector<std::string> command = language().command;
    command.push_back(checkout_.path(language().file));
    if (!only.empty()) command.push_back(only);
    std::vector<std::string> gate = {"--no-config", "--rule",        "n-plus-one",
                                     "--rule",      "write-loop",    "-o",
                                     "concise",     "--source-root", checkout_.path("")};
    std::error_code failed;
    if (std::filesystem::exists(baseline_, failed)) gate.insert(gate.end(), {"--baseline", baseline_});
    const std::vector<std::string> environment = {"DATABASE_URL=" + url_, "PGAPPNAME=shop"};
    if (std::get<1>(GetParam()) == Way::kExec) {
      std::vector<std::string> arguments = {"exec", "--write", capture()};
      arguments.insert(arguments.end(), gate.begin(), gate.end());
      arguments.emplace_back("--");
      arguments.insert(arguments.end(), command.begin(), command.end());
      return run_pgsieve(arguments, {}, environment);
    }
    const std::string log = server_->folder() + "/server.log";
    const size_t before = read_file(log).size();
    const RunResult run = run_command(command, {}, environment);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    std::ofstream(capture(), std::ios::binary) << read_file(log).substr(before);
    std::vector<std::string> arguments = {"lint", capture(), "--app", "shop"};
    arguments.insert(arguments.end(), gate.begin(), gate.end());
    return run_pgsieve(arguments);
  }
  std::string capture() const {
    return folder_.path(std::get<1>(GetParam()) == Way::kExec ? "run.pgcap" : "run.log");
  }

  std::unique_ptr<PostgresServer> server_;
  std::string url_;
  std::string source_;
  TemporaryDirectory folder_, checkout_;
  std::string baseline_ = folder_.path("pgsieve-baseline.toml");
};

TEST_P(Gate, RedOnlyForWhatIsNew) {
  const RunResult first = test_and_lint();
  EXPECT_EQ(first.exit_code, 1) << first.out << first.err;
  EXPECT_THAT(first.out, HasSubstr(fmt::format("{}:{}:", language().file, line_of("FROM shop.items"))));
  EXPECT_THAT(first.out, Not(HasSubstr("scratch")));
  ASSERT_EQ(run_pgsieve({"baseline", "create", capture(), "--baseline", baseline_, "--no-config"}).exit_code,
            0);
  EXPECT_THAT(read_file(baseline_), HasSubstr("test:shop orders_index\"]"));

  const RunResult second = test_and_lint();
  EXPECT_EQ(second.exit_code, 0) << second.out << second.err;

  const RunResult filtered = test_and_lint("users_show");
  EXPECT_EQ(filtered.exit_code, 0) << filtered.out << filtered.err;
  EXPECT_THAT(filtered.err, Not(HasSubstr("stale")));

  change(language().reformatted.first, language().reformatted.second);
  const RunResult reformatted = test_and_lint();
  EXPECT_EQ(reformatted.exit_code, 0) << reformatted.out << reformatted.err;

  change(language().new_loop, language().new_loop_text);
  const RunResult worse = test_and_lint();
  EXPECT_EQ(worse.exit_code, 1) << worse.out << worse.err;
  EXPECT_THAT(worse.out, HasSubstr(fmt::format("{}:{}:", language().file, line_of("FROM shop.refunds"))));
  EXPECT_THAT(worse.out, Not(HasSubstr("shop.items")));
}

INSTANTIATE_TEST_SUITE_P(Applications, Gate,
                         ::testing::Combine(::testing::Values(0U, 1U),
                                            ::testing::Values(Way::kLog, Way::kExec)),
                         [](const auto& tested) {
                           return std::string(kLanguages[std::get<0>(tested.param)].name) +
                                  (std::get<1>(tested.param) == Way::kLog ? "Log" : "Exec");
                         });

}  // namespace
}  // namespace pgsieve::testing
