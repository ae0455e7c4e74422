// One workload under the settings that change what a server's log looks like. A server that writes stderr,
// csvlog and jsonlog at once tells the same facts three times; what is read from the three must be the same,
// but for what a format can't show.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <thread>

#include "analyzer/capture/ingest.h"
#include "tests/integration/postgres_server.h"

namespace pgsieve::testing {
namespace {

using Lines = std::vector<std::string>;
using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;

// What stderr does not show unless log_line_prefix has it (the other two formats always have it).
struct Shown {
  bool session = true;   // %p or %c
  bool identity = true;  // %u, %d and %a
  bool state = false;    // %e, or log_error_verbosity = verbose
  bool time = true;      // %m or %n; %t: whole seconds
  // log_error_verbosity = terse is for stderr alone: the others keep DETAIL, where the values are and the
  // statement that an SQL EXECUTE runs.
  bool details = true;
};

struct Case {
  const char* name;
  const char* prefix;
  const char* session;  // settings of the session, "name=value" with blanks between them
  Shown shown = {};
  bool texts = true;   // every statement is logged with its text
  bool values = true;  // and its values
};

constexpr const char* kFull = "%m [%p] %q%u@%d/%a ";
constexpr const char* kTimed = "log_min_duration_statement=0";
constexpr Shown kProcess{true, false, false, true}, kNobody{false, false, false, true};
constexpr Shown kAll{true, true, true, true};
constexpr Shown kTerse{true, true, false, true, false};

constexpr Case kCases[] = {
    {"full", kFull, kTimed},
    {"default prefix", "%m [%p] ", kTimed, kProcess},
    {"numbered lines", "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ", kTimed, {true, true, false, false}},
    {"epoch", "%n [%p] ", kTimed, kProcess},
    {"session id", "%m %c %l ", kTimed, kProcess},
    {"session id alone", "%c ", kTimed, {true, false, false, false}},
    {"no process", "%m ", kTimed, kNobody},
    {"no process, but names", "%m %u@%d/%a ", kTimed, {false, true, false, true}},
    {"no prefix", "", kTimed, {false, false, false, false}},
    {"no time", "[%p] ", kTimed, {true, false, false, false}},
    {"cloud", "%t:%r:%u@%d:[%p]:", kTimed, {true, false, false, false}},
    {"state and transaction", "%m [%p] <%e %v %x> ", kTimed, {true, false, true, true}},
    {"query id", "%m [%p] %Q %b %i ", kTimed, kProcess},
    {"padded", "%m [%8p] %-12u|%12d|%-16a ", kTimed, {true, true, false, true}},
    {"texts alone", kFull, "log_statement=all"},
    {"texts and durations", kFull, "log_statement=all log_duration=on"},
    {"texts and durations, session id", "%m %c ", "log_statement=all log_duration=on", kProcess},
    {"texts and timed texts", kFull, "log_statement=all log_min_duration_statement=0"},
    {"changes and timed texts", kFull, "log_statement=mod log_min_duration_statement=0"},
    {"changes and durations", kFull, "log_statement=mod log_duration=on", {}, false},
    {"durations alone", kFull, "log_duration=on", {}, false},
    {"definitions", kFull, "log_statement=ddl", {}, false},
    {"errors alone", kFull, "log_statement=none", {}, false},
    {"terse", kFull, "log_min_duration_statement=0 log_error_verbosity=terse", kTerse},
    {"terse texts and durations", kFull, "log_statement=all log_duration=on log_error_verbosity=terse",
     kTerse},
    {"verbose", kFull, "log_min_duration_statement=0 log_error_verbosity=verbose", {true, true, true, true}},
    {"verbose texts and durations",
     kFull,
     "log_statement=all log_duration=on log_error_verbosity=verbose",
     {true, true, true, true}},
    {"no values", kFull, "log_min_duration_statement=0 log_parameter_max_length=0", {}, true, false},
    {"cut values", kFull, "log_min_duration_statement=0 log_parameter_max_length=3", {}, true, false},
    {"values of errors",
     kFull,
     "log_min_duration_statement=0 log_parameter_max_length_on_error=-1",
     {},
     true,
     false},
    {"connections", kFull, "log_min_duration_statement=0 log_disconnections=on"},
    {"another language", kFull, "log_min_duration_statement=0 lc_messages=C.UTF-8"},
    {"plans", kFull,
     "log_min_duration_statement=0 session_preload_libraries=auto_explain auto_explain.log_min_duration=0"},
    {"analysed plans", kFull,
     "log_min_duration_statement=0 session_preload_libraries=auto_explain auto_explain.log_min_duration=0 "
     "auto_explain.log_analyze=on auto_explain.log_nested_statements=on"},
    {"JSON plans", kFull,
     "log_min_duration_statement=0 session_preload_libraries=auto_explain auto_explain.log_min_duration=0 "
     "auto_explain.log_analyze=on auto_explain.log_format=json"},
    {"plans, texts and durations", kFull,
     "log_statement=all log_duration=on session_preload_libraries=auto_explain "
     "auto_explain.log_min_duration=0"},
    {"plans alone",
     kFull,
     "session_preload_libraries=auto_explain auto_explain.log_min_duration=0 auto_explain.log_analyze=on",
     {},
     false},
    {"XML plans alone", "%m [%p] ",
     "session_preload_libraries=auto_explain auto_explain.log_min_duration=0 auto_explain.log_format=xml",
     kProcess, false},
    {"YAML plans alone", "%m [%p] ",
     "session_preload_libraries=auto_explain auto_explain.log_min_duration=0 auto_explain.log_format=yaml",
     kProcess, false},
};

std::string undone(const BoundValue& value) {
  if (value.null) return "NULL";
  std::string text(value.text);
  for (size_t at = text.find("''"); value.escaped && at != std::string::npos; at = text.find("''", at + 1))
    text.erase(at, 1);
  return "'" + text + "'";
}

// A line per event: first what every format shows, then what stderr may not.
class Facts final : public EventSink {
 public:
  void on_event(const Event& event) override {
    if (event.kind == Event::Kind::kSessionEnd) return;
    std::string text = fmt::format("{} {}", static_cast<int>(event.kind), event.text);
    std::string values;
    for (const BoundValue& value : event.parameters) values += " " + undone(value);
    if (event.kind != Event::Kind::kNestedPlan) {
      texts.push_back(text);
      with_values.push_back(text + values);
    }
    std::string plan;
    if (event.plan != nullptr) {
      for (const PlanNode& node : event.plan->nodes)
        plan += fmt::format(" {}:{}:{}:{}", static_cast<int>(node.kind), node.relation, node.filter,
                            node.actual_rows);
    }
    rest.push_back(fmt::format("{} | {} {} {} {} {} | {} {}{}", text, event.duration, event.prepare,
                               event.fetches, event.extended, event.statement_name, event.error_message,
                               event.rows, plan));
    sessions.push_back(event.session != 0 ? "one" : "none");
    identities.push_back(fmt::format("{} {} {}", event.user, event.database, event.application));
    states.emplace_back(event.sqlstate);
    times.push_back(event.time);
  }
  Lines texts, with_values, rest, sessions, identities, states;
  std::vector<Microseconds> times;
  IngestStats stats;
};

std::string contents(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

bool wait_until(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

class LogFormats : public ::testing::Test {
 protected:
  void SetUp() override {
    // A server that has other languages than English speaks German in any locale but C.
    ASSERT_EQ(setenv("LANGUAGE", "de", 1), 0);
    bool missing = false;
    std::string why;
    server_ = PostgresServer::start(why, missing,
                                    "-c logging_collector=on -c log_directory=log -c log_rotation_age=0 "
                                    "-c log_rotation_size=0 -c log_file_mode=0644 -c timezone=UTC "
                                    "-c log_timezone=UTC -c compute_query_id=on -c lc_messages=C");
    unsetenv("LANGUAGE");
    if (server_ == nullptr && missing) GTEST_SKIP() << why;
    ASSERT_NE(server_, nullptr) << why;
    control_ = connect("control", "");
    ASSERT_EQ(PQstatus(control_.get()), CONNECTION_OK);
    if (PQserverVersion(control_.get()) < 150000) GTEST_SKIP() << "the server has no jsonlog";
    run(control_.get(), "SET log_statement = 'none'");
    run(control_.get(),
        "CREATE TABLE parent (id int PRIMARY KEY, name text);"
        "INSERT INTO parent SELECT g, 'name ' || g FROM generate_series(1, 50) g;"
        "CREATE FUNCTION parents() RETURNS bigint LANGUAGE plpgsql AS "
        "$$ BEGIN RETURN (SELECT count(*) FROM parent); END $$");
  }

  Connection connect(const std::string& application, const std::string& settings) const {
    std::string options;
    std::istringstream words(settings);
    for (std::string word; words >> word;) options += " -c " + word;
    return {
        PQconnectdb(
            fmt::format("{} application_name={} options='{}'", server_->url(), application, options).c_str()),
        PQfinish};
  }

  static void run(PGconn* connection, const std::string& sql) { PQclear(PQexec(connection, sql.c_str())); }

  std::string file(size_t number, const char* ending) const {
    return fmt::format("{}/data/log/{}.{}", server_->folder(), number, ending);
  }

  // The server writes into files of their own from here on.
  bool begin(const Case& one, size_t number) {
    for (const std::string& set :
         {std::string("log_destination = 'stderr,csvlog,jsonlog'"),
          fmt::format("log_filename = '{}.log'", number), fmt::format("log_line_prefix = '{}'", one.prefix)})
      run(control_.get(), "ALTER SYSTEM SET " + set);
    run(control_.get(), "SELECT pg_reload_conf()");
    return wait_until([&] {
      return std::filesystem::exists(file(number, "log")) && std::filesystem::exists(file(number, "csv")) &&
             std::filesystem::exists(file(number, "json"));
    });
  }

  // Simple and extended protocol, prepared by the driver and in SQL, batches, cursors, functions and errors.
  static void work(PGconn* connection) {
    const auto ask = [connection](const char* sql, const char* first, const char* second) {
      const char* values[] = {first, second};
      PQclear(PQexecParams(connection, sql, 2, nullptr, values, nullptr, nullptr, 0));
    };
    run(connection, "SELECT name FROM parent WHERE id = 7");
    run(connection,
        "SELECT name\n\tFROM parent -- it's a \"comment\"\n WHERE name = E'a\\tb\\\\' OR name = 'LOG:  x'");
    ask("SELECT * FROM parent WHERE id = $1::int AND name <> $2::text", "1", "it's, $2 = 'x'\n\tand \\ more");
    ask("SELECT * FROM parent WHERE id = $1::int OR name = $2::text", "2", nullptr);
    run(connection, "BEGIN; UPDATE parent SET name = 'n' WHERE id = 3; COMMIT");
    PQclear(PQprepare(connection, "by_id", "SELECT name FROM parent WHERE id = $1::int", 1, nullptr));
    for (const char* id : {"4", "5", "6"})
      PQclear(PQexecPrepared(connection, "by_id", 1, &id, nullptr, nullptr, 0));
    run(connection, "PREPARE in_sql (int) AS SELECT name FROM parent WHERE id > $1 LIMIT 2");
    run(connection, "EXECUTE in_sql(40)");
    run(connection, "BEGIN");
    run(connection, "DECLARE c CURSOR FOR SELECT id FROM parent ORDER BY id");
    run(connection, "FETCH 10 FROM c");
    run(connection, "ROLLBACK");
    run(connection, "SELECT parents()");
    run(connection, "SELECT 1 / 0");
    run(connection, "SELECT nothing FROM parent");
    ask("SELECT $1::int / $2::int", "1", "0");
    run(connection, "INSERT INTO parent VALUES (1, 'twice')");
    run(connection, "SELECT 'é', 'last'");
  }

  // All that is to come is in the files.
  bool end(size_t number) {
    const std::string mark = fmt::format("end of {}.", number);
    run(control_.get(), fmt::format("DO $$ BEGIN RAISE LOG '{}'; END $$", mark));
    return wait_until([&] {
      return contents(file(number, "log")).find(mark) != std::string::npos &&
             contents(file(number, "csv")).find(mark) != std::string::npos &&
             contents(file(number, "json")).find(mark) != std::string::npos;
    });
  }

  static Facts read(const std::string& file) {
    Facts facts;
    Result<IngestStats> stats = ingest({file}, IngestOptions(), facts);
    EXPECT_TRUE(stats.ok()) << (stats.ok() ? "" : stats.error().message);
    if (stats.ok()) facts.stats = std::move(*stats);
    return facts;
  }

  std::unique_ptr<PostgresServer> server_;
  Connection control_{nullptr, PQfinish};
};

// The first line in which they differ, from both; empty: none.
std::string difference(const Lines& left, const Lines& right) {
  for (size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const std::string one = i < left.size() ? left[i] : "(nothing)",
                      other = i < right.size() ? right[i] : "(nothing)";
    if (one != other) return fmt::format("{}: {}\nbut {}", i, one, other);
  }
  return "";
}

void expect_same_account(const IngestStats& left, const IngestStats& right) {
  EXPECT_EQ(left.executions, right.executions);
  EXPECT_EQ(left.errors, right.errors);
  EXPECT_EQ(left.plans, right.plans);
  EXPECT_EQ(left.orphan_binds, right.orphan_binds);
  EXPECT_EQ(left.orphan_durations, right.orphan_durations);
  std::map<std::string, std::string> of_left = left.settings, of_right = right.settings;
  // Only stderr has a prefix, and of the others the account doesn't say whether they name source files.
  for (auto* settings : {&of_left, &of_right}) {
    settings->erase("log_line_prefix");
    settings->erase("log_error_verbosity");
  }
  EXPECT_EQ(of_left, of_right);
  EXPECT_EQ(left.unread_lines, 0U);
  EXPECT_EQ(right.unread_lines, 0U);
}

Lines without_execute(Lines lines) {
  std::erase_if(lines, [](const std::string& line) {
    return line.starts_with("0 EXECUTE in_sql") ||
           line.starts_with("0 SELECT name FROM parent WHERE id > $1 LIMIT 2");
  });
  return lines;
}

void expect_same_facts(const Facts& stderr_log, const Facts& csv, const Shown& shown) {
  if (shown.details) {
    EXPECT_EQ(difference(stderr_log.rest, csv.rest), "");
    EXPECT_EQ(difference(stderr_log.with_values, csv.with_values), "");
    EXPECT_EQ(stderr_log.stats.missing_parameters, csv.stats.missing_parameters);
  } else {
    EXPECT_EQ(difference(without_execute(stderr_log.rest), without_execute(csv.rest)), "");
  }
  if (shown.session) {
    EXPECT_EQ(difference(stderr_log.sessions, csv.sessions), "");
  }
  if (shown.identity) {
    EXPECT_EQ(difference(stderr_log.identities, csv.identities), "");
  }
  if (shown.state) {
    EXPECT_EQ(difference(stderr_log.states, csv.states), "");
  }
  if (shown.time) {
    EXPECT_EQ(stderr_log.times, csv.times);
  }
}

TEST_F(LogFormats, StderrCsvlogAndJsonlogTellTheSame) {
  Lines texts, values;
  for (size_t i = 0; i < std::size(kCases); ++i) {
    const Case& one = kCases[i];
    SCOPED_TRACE(one.name);
    ASSERT_TRUE(begin(one, i));
    Connection client = connect("the_client", one.session);
    if (PQstatus(client.get()) != CONNECTION_OK) continue;  // a language the system has not
    work(client.get());
    client.reset();
    ASSERT_TRUE(end(i));
    const Facts plain = read(file(i, "log")), csv = read(file(i, "csv")), json = read(file(i, "json"));
    expect_same_account(csv.stats, json.stats);
    expect_same_facts(csv, json, kAll);
    expect_same_account(plain.stats, csv.stats);
    expect_same_facts(plain, csv, one.shown);
    if (i == 0) texts = csv.texts;
    if (i == 0) values = csv.with_values;
    if (one.texts) {
      EXPECT_EQ(difference(csv.texts, texts), "");
    }
    if (one.texts && one.values) {
      EXPECT_EQ(difference(csv.with_values, values), "");
    }
  }
}

}  // namespace
}  // namespace pgsieve::testing
