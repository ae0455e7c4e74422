// lint as a gate: baseline, --against, exit codes; pgsieve baseline, diff and merge.
#include <gmock/gmock.h>
#include <set>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/tools/run_program.h"

namespace pgsieve {
namespace {

using testing::HasSubstr;

class Log {
 public:
  Log& run(const std::string& sql, const std::string& milliseconds = "0.1") {
    const std::string millis = std::to_string(1000 + at_++ % 1000).substr(1);
    const std::string second = std::to_string(100 + at_ / 1000).substr(1);
    text_ += "2026-11-22 01:00:" + second + "." + millis + " UTC [" + std::to_string(session) +
             "] u@d app LOG:  duration: " + milliseconds + " ms  statement: " + sql + "\n";
    return *this;
  }
  Log& loop(const std::string& table, int turns, const std::string& tag = {}) {
    run("SELECT id, total FROM orders WHERE user_id = 3" + tag);
    for (int i = 0; i < turns; ++i)
      run("SELECT name FROM " + table + " WHERE order_id = " + std::to_string(i) + tag);
    return *this;
  }
  const std::string& text() const { return text_; }
  int session = 77;

 private:
  int at_ = 0;
  std::string text_;
};

class Gate : public testing::Test {
 protected:
  RunResult lint(const std::string& log, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"lint", log, "--no-config"};
    if (!bare_) arguments.insert(arguments.end(), {"--baseline", baseline_});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_pgsieve(arguments);
  }
  RunResult baseline(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "baseline");
    arguments.insert(arguments.end(), {"--baseline", baseline_, "--no-config"});
    return run_pgsieve(arguments);
  }
  std::string last_line(const std::string& text) const {
    const std::string body = text.substr(0, text.size() - 1);
    return body.substr(body.rfind('\n') + 1);
  }
  TemporaryDirectory folder_;
  std::string baseline_ = folder_.path("b.toml");
  std::string one_ = folder_.write("one.log", Log().loop("items", 9, " /*test='a'*/").text());
  bool bare_ = false;
};

TEST_F(Gate, GreenOnceAcceptedRedForWhatIsNew) {
  bare_ = true;
  const RunResult first = lint(one_, {"--no-baseline"});
  EXPECT_EQ(first.exit_code, 1);
  EXPECT_EQ(last_line(first.out), "1 new");
  bare_ = false;
  EXPECT_EQ(lint(one_).exit_code, 2);  // named, and not there
  EXPECT_EQ(baseline({"create", one_}).exit_code, 0);
  const RunResult second = lint(one_);
  EXPECT_EQ(second.exit_code, 0);
  EXPECT_EQ(last_line(second.out), "0 new, 1 known");
  const std::string two = folder_.write(
      "two.log", Log().loop("items", 9, " /*test='a'*/").loop("refunds", 9, " /*test='b'*/").text());
  const RunResult third = lint(two);
  EXPECT_EQ(third.exit_code, 1);
  EXPECT_EQ(last_line(third.out), "1 new, 1 known");
  EXPECT_THAT(third.out, HasSubstr("refunds"));
  EXPECT_EQ(lint(two, {"--exit-zero"}).exit_code, 0);
  EXPECT_EQ(lint(two, {"--fail-on", "never"}).exit_code, 0);
  EXPECT_EQ(lint(two, {"--severity", "n-plus-one=note"}).exit_code, 0);
}

TEST_F(Gate, MergeKeepsWhatDidNotRunPruneTakesOutWhatIsGone) {
  ASSERT_EQ(baseline({"create", one_}).exit_code, 0);
  const std::string two = folder_.write("two.log", Log().loop("refunds", 9, " /*test='b'*/").text());
  ASSERT_EQ(baseline({"create", two, "--merge"}).exit_code, 0);
  EXPECT_THAT(baseline({"show"}).out, HasSubstr("2 todo, 0 accepted"));
  const std::string fixed = folder_.write(
      "fixed.log", Log().run("SELECT id, total FROM orders WHERE user_id = 3 /*test='a'*/").text());
  const RunResult stale = lint(fixed);
  EXPECT_EQ(stale.exit_code, 0);
  EXPECT_EQ(last_line(stale.out), "0 new, 0 known, 1 stale");
  EXPECT_EQ(lint(fixed, {"--stale", "error"}).exit_code, 1);
  EXPECT_THAT(baseline({"prune", fixed}).err, HasSubstr("1 entry taken out"));
  EXPECT_THAT(baseline({"show"}).out, HasSubstr("refunds"));
  EXPECT_THAT(baseline({"prune", fixed, "--not-exercised"}).err, HasSubstr("0 left"));
  EXPECT_EQ(baseline({"create", fixed}).exit_code, 0);  // an empty one is one
}

TEST_F(Gate, AnEntryIsAcceptedWithAReason) {
  ASSERT_EQ(baseline({"create", one_}).exit_code, 0);
  const std::string text = read_file(baseline_);
  const std::string id = text.substr(text.find("v1:"), 15);
  EXPECT_EQ(baseline({"accept", id}).exit_code, 2);
  EXPECT_EQ(baseline({"accept", id, "--reason", "a page has ten", "--expires", "2999-01-01"}).exit_code, 0);
  EXPECT_THAT(read_file(baseline_), HasSubstr("until  = 2999-01-01"));
  ASSERT_EQ(baseline({"create", one_}).exit_code, 0);  // what was accepted stays so
  EXPECT_THAT(baseline({"show"}).out, HasSubstr("0 todo, 1 accepted"));
  EXPECT_THAT(lint(one_).out, HasSubstr("1 known (1 expires in"));
}

TEST_F(Gate, MigrateMakesIdentitiesAgain) {
  ASSERT_EQ(baseline({"create", one_}).exit_code, 0);
  std::string text = read_file(baseline_);
  const std::string written = text;
  text.replace(text.find("v1:"), 15, "v0:aaaaaaaaaaaa");
  folder_.write("b.toml", text);
  EXPECT_EQ(lint(one_).exit_code, 1);
  EXPECT_THAT(baseline({"migrate"}).err, HasSubstr("1 of 1 entry"));
  EXPECT_EQ(lint(one_).exit_code, 0);
}

TEST_F(Gate, AnEarlierReportIsAsGoodAsABaseline) {
  bare_ = true;
  const std::string report = folder_.path("main.json");
  ASSERT_EQ(lint(one_, {"--no-baseline", "-o", "json:" + report}).exit_code, 1);
  EXPECT_EQ(lint(one_, {"--no-baseline", "--against", report}).exit_code, 0);
  const nlohmann::json parsed = nlohmann::json::parse(read_file(report));
  EXPECT_EQ(parsed["outcome"]["new"], 1);
  EXPECT_EQ(parsed["findings"][0]["standing"], "new");
  bare_ = false;
  ASSERT_EQ(baseline({"create", report}).exit_code, 0);
  EXPECT_EQ(lint(one_).exit_code, 0);
}

TEST_F(Gate, UnusableInputIsNoVerdict) {
  bare_ = true;
  const std::string half =
      folder_.write("half.log", "rubbish\nrubbish\n" + Log().run("SELECT 1 FROM t").text());
  EXPECT_EQ(
      lint(half, {"--no-baseline", "--min-recognised", "90%", "--prefix", "%m [%p] %q%u@%d %a "}).exit_code,
      3);
  EXPECT_EQ(lint(half, {"--no-baseline", "--min-recognised", "most"}).exit_code, 2);
}

TEST_F(Gate, DiffSaysWhatChanged) {
  Log before, after;
  before.run("SELECT id, total FROM orders WHERE user_id = 3")
      .run("SELECT name FROM items WHERE order_id IN (1, 2, 3, 4, 5)");
  after.loop("items", 9);
  for (int i = 0; i < 4; ++i) {
    before.run("SELECT count(*) FROM logs WHERE kind = 1", "0.5");
    after.run("SELECT count(*) FROM logs WHERE kind = 1", "40");
  }
  const std::string old_log = folder_.write("old.log", before.text());
  const std::string new_log = folder_.write("new.log", after.text());
  const RunResult text = run_pgsieve({"diff", old_log, new_log, "--no-config", "--exit-code"});
  EXPECT_EQ(text.exit_code, 1);
  EXPECT_THAT(text.out, HasSubstr("Eager loads that were lost (1)"));
  EXPECT_THAT(text.out, HasSubstr("40.0 ms on average, 0.500 ms before"));
  EXPECT_THAT(text.out, HasSubstr("Statements that are gone (1)"));
  EXPECT_EQ(run_pgsieve({"diff", new_log, new_log, "--no-config", "--exit-code"}).exit_code, 0);
  // A report in place of a capture says the same.
  const std::string report = folder_.path("old.json");
  ASSERT_EQ(run_pgsieve({"report", old_log, "--no-config", "--top", "0", "-o", "json:" + report}).exit_code,
            0);
  const RunResult json = run_pgsieve({"diff", report, new_log, "--no-config", "--json"});
  const nlohmann::json parsed = nlohmann::json::parse(json.out);
  std::set<std::string> kinds;
  for (const auto& change : parsed["changes"]) kinds.insert(change["kind"].get<std::string>());
  EXPECT_TRUE(kinds.contains("eager-load-lost"));
  EXPECT_TRUE(kinds.contains("cost-up"));
}

TEST_F(Gate, DiffSeesALoopThatGrew) {
  const std::string few = folder_.write("few.log", Log().loop("items", 9).text());
  const std::string many = folder_.write("many.log", Log().loop("items", 60).text());
  EXPECT_THAT(run_pgsieve({"diff", few, many, "--no-config"}).out,
              HasSubstr("60 executions per scope, 9 before"));
}

TEST_F(Gate, MergeOfStoresIsTheStoreOfBoth) {
  Log first, second;
  first.loop("items", 9);
  second.session = 78;
  second.loop("refunds", 9);
  const std::string a = folder_.path("a.sqlite"), b = folder_.path("b.sqlite"), c = folder_.path("c.sqlite");
  ASSERT_EQ(run_pgsieve({"ingest", folder_.write("1.log", first.text()), "--store", a}).exit_code, 0);
  ASSERT_EQ(run_pgsieve({"ingest", folder_.write("2.log", second.text()), "--store", b}).exit_code, 0);
  EXPECT_THAT(run_pgsieve({"merge", a, b, "-o", c}).err, HasSubstr("20 executed statements"));
  const RunResult report = run_pgsieve({"report", "--store", c, "-o", "concise"});
  EXPECT_THAT(report.out, HasSubstr("items"));
  EXPECT_THAT(report.out, HasSubstr("refunds"));
  EXPECT_EQ(run_pgsieve({"merge", a, b, "-o", c}).exit_code, 2);                         // it is there
  EXPECT_EQ(run_pgsieve({"merge", a, a, "-o", folder_.path("d.sqlite")}).exit_code, 3);  // would count twice
}

}  // namespace
}  // namespace pgsieve
