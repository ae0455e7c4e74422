// --store, end to end: two runs are one, the same bytes count once, and kill -9 does no harm.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/tools/run_program.h"

namespace pgsieve {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kLog = std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/quickstart/postgresql.log";

class StoreCommand : public ::testing::Test {
 protected:
  // The capture in two files, cut where a process id appears for the first time: no session spans both.
  void SetUp() override {
    const std::string log = read_file(kLog);
    std::set<std::string> seen;
    for (size_t line = 0; line < log.size(); line = log.find('\n', line) + 1) {
      const size_t open = log.find('[', line);
      const bool fresh =
          log[line] != '\t' && seen.insert(log.substr(open, log.find(']', open) - open)).second;
      if (!fresh || line < log.size() / 3) continue;
      first_ = log.substr(0, line);
      second_ = log.substr(line);
      break;
    }
    ASSERT_FALSE(second_.empty());
    store_ = directory_.path("s.sqlite");
  }

  json run(std::vector<std::string> inputs, bool with_store = true) const {
    inputs.insert(inputs.begin(), "report");
    inputs.insert(inputs.end(), {"-o", "json", "--top", "0", "--prefix", "%m [%p] %q%u@%d %a "});
    if (with_store) inputs.insert(inputs.end(), {"--store", store_});
    const RunResult result = run_pgsieve(inputs);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return json::parse(result.out, nullptr, false);
  }
  static void expect_same(const json& left, const json& right) {
    EXPECT_EQ(left["patterns"], right["patterns"]);
    EXPECT_EQ(left["findings"], right["findings"]);
    for (const char* member : {"files", "bytes", "lines", "executions", "errors", "unread_lines", "first",
                               "last", "format", "prefix"}) {
      EXPECT_EQ(left["ingest"][member], right["ingest"][member]) << member;
    }
  }

  TemporaryDirectory directory_;
  std::string first_, second_, store_;
};

TEST_F(StoreCommand, TwoRunsEqualOne) {
  const std::string a = directory_.write("a.log", first_);
  const std::string b = directory_.write("b.log", second_);
  run({a});
  const json two_runs = run({b});
  expect_same(two_runs, run({a, b}, /*with_store=*/false));
  expect_same(run({}), two_runs);  // from the store alone
}

// Rotation cuts a log between any two entries, in the middle of sessions, loops and transactions.
TEST_F(StoreCommand, CutAnywhereTwoRunsEqualOne) {
  const std::string log = first_ + second_;
  const json whole = run({directory_.write("whole.log", log)}, /*with_store=*/false);
  for (size_t part = 1; part <= 7; ++part) {
    size_t cut = log.find('\n', log.size() * part / 8) + 1;
    while (cut < log.size() && log[cut] == '\t') cut = log.find('\n', cut) + 1;
    store_ = directory_.path("cut" + std::to_string(part) + ".sqlite");
    const std::string name = std::to_string(part) + ".log";
    run({directory_.write("a" + name, log.substr(0, cut))});
    const json two_runs = run({directory_.write("b" + name, log.substr(cut))});
    EXPECT_EQ(two_runs["patterns"], whole["patterns"]) << part;
    EXPECT_EQ(two_runs["findings"], whole["findings"]) << part;
    const json stored = run({});
    EXPECT_EQ(stored["findings"], whole["findings"]) << part;
  }
}

// Between the parse, the bind and the execute of a statement, too: their times are its own.
TEST_F(StoreCommand, CutBeforeAnExecuteTwoRunsEqualOne) {
  const std::string log = read_file(std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/logs/all.log");
  const auto report = [this](const std::string& file, bool with_store) {
    std::vector<std::string> arguments = {"report", file, "-o", "json", "--top", "0"};
    if (with_store) arguments.insert(arguments.end(), {"--store", store_});
    return json::parse(run_pgsieve(arguments).out, nullptr, false);
  };
  const json whole = report(directory_.write("whole.log", log), false);
  for (int part = 1; part <= 5; ++part) {
    const size_t execute = log.find(" execute ", log.size() * static_cast<size_t>(part) / 9);
    const size_t cut = log.rfind('\n', execute) + 1;
    const std::string name = std::to_string(part) + ".log";
    store_ = directory_.path("execute" + std::to_string(part) + ".sqlite");
    report(directory_.write("a" + name, log.substr(0, cut)), true);
    const json two_runs = report(directory_.write("b" + name, log.substr(cut)), true);
    EXPECT_EQ(two_runs["patterns"], whole["patterns"]) << part;
    for (const char* member : {"executions", "errors", "unread_lines"})
      EXPECT_EQ(two_runs["ingest"][member], whole["ingest"][member]) << member << " " << part;
  }
}

// Between the entries of one statement: its text and its duration or error, a duration and its values, an
// error and its statement.
TEST_F(StoreCommand, CutWithinAStatementTwoRunsEqualOne) {
  const std::string logs = std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/logs/";
  const auto report = [this](const std::string& file, bool with_store) {
    std::vector<std::string> arguments = {"report", file, "-o", "json", "--top", "0"};
    if (with_store) arguments.insert(arguments.end(), {"--store", store_});
    return json::parse(run_pgsieve(arguments).out, nullptr, false);
  };
  int number = 0;
  for (const std::string& log :
       {run_command({"gzip", "-dc", logs + "stmtall.log.gz"}).out, read_file(logs + "all.log")}) {
    const json whole = report(directory_.write("whole.log", log), false);
    for (const char* entry : {" LOG:  duration: ", " DETAIL:  parameters: ", " ERROR:  ", " STATEMENT:  "}) {
      for (const size_t from : {log.size() / 10, log.size() / 2}) {
        const size_t found = log.find(entry, from);
        if (found == std::string::npos) continue;
        const size_t cut = log.rfind('\n', found) + 1;
        const std::string name = std::to_string(++number) + ".log";
        store_ = directory_.path("within" + name + ".sqlite");
        report(directory_.write("a" + name, log.substr(0, cut)), true);
        const json two_runs = report(directory_.write("b" + name, log.substr(cut)), true);
        EXPECT_EQ(two_runs["patterns"], whole["patterns"]) << entry << from;
        EXPECT_EQ(two_runs["findings"], whole["findings"]) << entry << from;
        for (const char* member : {"executions", "errors"})
          EXPECT_EQ(two_runs["ingest"][member], whole["ingest"][member]) << member << entry << from;
      }
    }
  }
  EXPECT_GE(number, 12);
}

// Between a plan and the entry of its statement, which comes before it in the extended protocol and behind it in
// the simple one.
TEST_F(StoreCommand, CutBetweenAPlanAndItsStatementTwoRunsEqualOne) {
  const std::string logs = std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/logs/";
  const std::string log = run_command({"gzip", "-dc", logs + "explboth.log.gz"}).out;
  const auto report = [this](const std::string& file, bool with_store) {
    std::vector<std::string> arguments = {"report", file, "-o", "json", "--top", "0"};
    if (with_store) arguments.insert(arguments.end(), {"--store", store_});
    return json::parse(run_pgsieve(arguments).out, nullptr, false);
  };
  const json whole = report(directory_.write("whole.log", log), false);
  int number = 0;
  for (const char* entry : {"/prep_n1 LOG:  ", "/simple_n1 LOG:  "}) {
    size_t found = log.find(entry, log.find(entry) + log.size() / 20);
    for (int i = 0; i < 4; ++i, found = log.find(entry, found + 1)) {
      ASSERT_NE(found, std::string::npos);
      const size_t cut = log.rfind('\n', found) + 1;
      const std::string name = std::to_string(++number) + ".log";
      store_ = directory_.path("plan" + name + ".sqlite");
      report(directory_.write("a" + name, log.substr(0, cut)), true);
      const json two_runs = report(directory_.write("b" + name, log.substr(cut)), true);
      EXPECT_EQ(two_runs["patterns"], whole["patterns"]) << entry << i;
      EXPECT_EQ(two_runs["findings"], whole["findings"]) << entry << i;
      EXPECT_EQ(two_runs["ingest"]["plans"], whole["ingest"]["plans"]) << entry << i;
    }
  }
}

TEST_F(StoreCommand, APlanWhoseStatementHasNotComeIsSaid) {
  const auto entry = [](int second, const std::string& message) {
    return "2026-01-02 03:04:0" + std::to_string(second) + ".000 UTC [77] LOG:  duration: 0.500 ms  " + message +
           "\n";
  };
  const std::string plan = "plan:\n\tQuery Text: SELECT 'x'\n\tResult  (cost=0.00..0.01 rows=1 width=4)";
  const std::string log = directory_.write(
      "a.log", entry(1, plan) + entry(2, "statement: SELECT 'x'") + entry(3, plan));
  EXPECT_THAT(run_pgsieve({"ingest", "--store", store_, log}).err,
              AllOf(HasSubstr("1 plan came where the log ends"), HasSubstr("1 executed statement ")));
  const std::string rest = directory_.write("b.log", entry(4, "statement: SELECT 'x'"));
  EXPECT_THAT(run_pgsieve({"ingest", "--store", store_, rest}).err,
              AllOf(Not(HasSubstr("log ends")), HasSubstr("2 executed statements ")));
  EXPECT_EQ(run({}, true)["ingest"]["plans"], 2);
}

// A statement that runs on is no executed one, and the report says so; where values are not kept, neither is
// it.
TEST_F(StoreCommand, AStatementThatHasNotEndedIsSaid) {
  const auto entry = [](int second, const std::string& message) {
    return "2026-01-02 03:04:0" + std::to_string(second) + ".000 UTC [77] LOG:  " + message + "\n";
  };
  const std::string ended = entry(1, "statement: SELECT 'first'") + entry(2, "duration: 1.000 ms");
  const std::string running = entry(3, "statement: SELECT v FROM t WHERE k = 'secret'");
  const std::string log = directory_.write("a.log", ended + running);
  EXPECT_THAT(run_pgsieve({"ingest", "--store", store_, log}).err,
              AllOf(HasSubstr("1 statement had not ended"), HasSubstr("1 executed statement ")));
  EXPECT_EQ(run({}, true)["ingest"]["executions"], 1);
  const std::string rest = directory_.write("b.log", entry(4, "duration: 5.000 ms"));
  EXPECT_THAT(run_pgsieve({"ingest", "--store", store_, rest}).err,
              AllOf(Not(HasSubstr("not ended")), HasSubstr("2 executed statements ")));

  const std::string config = directory_.write("strip.toml", "[privacy]\nliterals = \"strip\"\n");
  const std::string bare = directory_.path("bare.sqlite");
  EXPECT_THAT(run_pgsieve({"ingest", "--config", config, "--store", bare, log}).err,
              HasSubstr("2 executed statements "));
  EXPECT_THAT(read_file(bare), Not(HasSubstr("736563726574")));  // "secret" as it would be left
}

TEST_F(StoreCommand, TheSameBytesCountOnce) {
  const std::string a = directory_.write("a.log", first_);
  const json once = run({a});
  expect_same(run({a}), once);
  const std::string copy = directory_.write("renamed.log", first_);
  const RunResult again = run_pgsieve({"report", copy, "--store", store_});
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.err, HasSubstr("has their content already"));
  expect_same(run({}), once);
}

TEST_F(StoreCommand, OfAGrownFileOnlyTheRestIsRead) {
  const std::string a = directory_.write("a.log", first_);
  run({a});
  directory_.write("a.log", first_ + second_);
  const json grown = run({a});
  const json whole = run({a}, /*with_store=*/false);
  EXPECT_EQ(grown["patterns"], whole["patterns"]);
  EXPECT_EQ(grown["findings"], whole["findings"]);
  EXPECT_EQ(grown["ingest"]["executions"], whole["ingest"]["executions"]);
}

// Read while it was written, then rotated and compressed.
TEST_F(StoreCommand, OfAFileThatGrewAndWasCompressedOnlyTheRestIsRead) {
  const std::string a = directory_.write("a.log", first_);
  run({a});
  directory_.write("a.log", first_ + second_);
  const json whole = run({a}, /*with_store=*/false);
  ASSERT_EQ(std::system(("gzip -nf " + a).c_str()), 0);
  const json grown = run({a + ".gz"});
  EXPECT_EQ(grown["patterns"], whole["patterns"]);
  EXPECT_EQ(grown["findings"], whole["findings"]);
  EXPECT_EQ(grown["ingest"]["executions"], whole["ingest"]["executions"]);
  EXPECT_EQ(run({a + ".gz"})["ingest"]["executions"], whole["ingest"]["executions"]);
}

// Read while it was written, up to the middle of a line; then it goes on in another file.
TEST_F(StoreCommand, AnEntryThatGoesOnInAnotherFileIsReadWithIt) {
  const std::string log = first_ + second_;
  const json whole = run({directory_.write("whole.log", log)}, /*with_store=*/false);
  for (size_t part = 1; part <= 6; ++part) {
    const size_t cut = log.size() * part / 7;
    store_ = directory_.path("cut" + std::to_string(part) + ".sqlite");
    const std::string a = directory_.write("a" + std::to_string(part), log.substr(0, cut));
    run({a});
    const std::string b = directory_.write("b" + std::to_string(part), log.substr(cut));
    if (part % 2 == 0) {
      ASSERT_EQ(std::system(("gzip -nf " + a).c_str()), 0);
    }
    const json two_runs = run({part % 2 == 0 ? a + ".gz" : a, b});
    EXPECT_EQ(two_runs["ingest"]["unread_lines"], 0) << part;
    EXPECT_EQ(two_runs["ingest"]["executions"], whole["ingest"]["executions"]) << part;
    EXPECT_EQ(two_runs["patterns"], whole["patterns"]) << part;
    EXPECT_EQ(two_runs["findings"], whole["findings"]) << part;
  }
}

TEST_F(StoreCommand, AMissingStoreIsExitThree) {
  const RunResult result = run_pgsieve({"report", "--store", store_});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr(store_));
}

TEST_F(StoreCommand, AFileThatIsNoStoreIsLeftAlone) {
  const std::string other = directory_.write("notes.txt", std::string(2000, 'x'));
  EXPECT_EQ(run_pgsieve({"report", kLog, "--store", other}).exit_code, 3);
  EXPECT_EQ(read_file(other), std::string(2000, 'x'));
}

// The writer is killed while it waits for more input: the store must hold exactly what it held before.
TEST_F(StoreCommand, KilledInTheMiddleItKeepsTheStateBefore) {
  const json before = run({directory_.write("a.log", first_)});
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[0], 0);
    close(ends[1]);
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, 1);
    dup2(nowhere, 2);
    execl(PGSIEVE_BINARY, PGSIEVE_BINARY, "report", "-", "--store", store_.c_str(), nullptr);
    _exit(127);
  }
  close(ends[0]);
  // More than a pipe holds: when this returns, the program is reading.
  std::string bulk;
  while (bulk.size() < (size_t{1} << 20)) bulk += second_;
  for (size_t done = 0; done < bulk.size();) {
    const ssize_t wrote = write(ends[1], bulk.data() + done, bulk.size() - done);
    ASSERT_GT(wrote, 0);
    done += static_cast<size_t>(wrote);
  }
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  close(ends[1]);
  EXPECT_TRUE(WIFSIGNALED(status));
  expect_same(run({}), before);
  run({directory_.write("b.log", second_)});  // and it can be written to again
}

}  // namespace
}  // namespace pgsieve
