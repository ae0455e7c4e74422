// Which list fed a loop, where no name says so.
#include <gtest/gtest.h>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

const std::string kJobs = "SELECT id, assignee_id FROM jobs WHERE open ORDER BY id";
const std::string kTeam = "SELECT id, full_name FROM staff WHERE active ORDER BY id";
const std::string kCars = "SELECT id, plate, keeper_id FROM cars ORDER BY plate";

void ask(SequenceBench& bench, const std::string& text, int turns = 7, Microseconds gap = 500) {
  for (int i = 1; i <= turns; ++i) bench.run(text + std::to_string(700 + i * 13 % 29), gap);
}

// The parent's text; empty: none. Fails when the loop is not the one finding.
std::string parent_of_loop(SequenceBench& bench) {
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  EXPECT_EQ(findings.size(), 1U);
  if (findings.size() != 1) return "?";
  EXPECT_LE(findings[0].confidence, Confidence::kMedium);
  return findings[0].parent == kNoPattern ? std::string() : std::string(findings[0].parent_query);
}

TEST(LoopParent, TheOnlyListWhoseColumnsFit) {
  SequenceBench belongs_to;
  belongs_to.run(kJobs);
  belongs_to.run("SELECT code, title FROM rates ORDER BY code");
  ask(belongs_to, "SELECT full_name FROM staff WHERE id = ");
  EXPECT_EQ(parent_of_loop(belongs_to), kJobs);
  SequenceBench has_many;
  has_many.run(kTeam);
  ask(has_many, "SELECT label FROM tasks WHERE performed_by = ");
  EXPECT_EQ(parent_of_loop(has_many), kTeam);
  SequenceBench function;
  function.run(kTeam);
  for (int id = 1; id <= 7; ++id) function.run("SELECT load_of(" + std::to_string(id * 3) + ")", 500);
  EXPECT_EQ(parent_of_loop(function), kTeam);
}

TEST(LoopParent, OfSeveralThatFitNoneIsNamed) {
  SequenceBench bench;
  bench.run(kJobs);
  bench.run(kCars);
  ask(bench, "SELECT full_name FROM staff WHERE id = ");
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].parent, kNoPattern);
  ASSERT_FALSE(findings[0].why_not_higher.empty());
  EXPECT_EQ(findings[0].why_not_higher[0],
            "the values may come from one of several lists before it: of cars, jobs");
}

TEST(LoopParent, WhatRanBeforeAPauseIsOtherWork) {
  SequenceBench bench;
  bench.run(kCars);
  bench.run("SELECT 1", 200 * kMillisecond);
  bench.run(kJobs, 200 * kMillisecond);
  ask(bench, "SELECT full_name FROM staff WHERE id = ");
  EXPECT_EQ(parent_of_loop(bench), kJobs);
}

TEST(LoopParent, AJoinAnywhereSaysWhatAColumnMeans) {
  SequenceBench bench;
  bench.run(kJobs);
  bench.run(kCars);
  ask(bench, "SELECT full_name FROM staff WHERE id = ");
  bench.run("SELECT j.id FROM jobs j JOIN staff s ON s.id = j.assignee_id WHERE j.id = 4", 5 * kSecond);
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].parent_query, kJobs);
  EXPECT_EQ(findings[0].evidence[0], "another statement joins them: staff.id = jobs.assignee_id");
}

TEST(LoopParent, AJoinAnywhereRefutesWhatFits) {
  SequenceBench bench;
  bench.run(kCars);
  ask(bench, "SELECT full_name FROM staff WHERE id = ");
  bench.run("SELECT c.id FROM cars c, clients k WHERE k.id = c.keeper_id AND c.id = 4", 5 * kSecond);
  EXPECT_EQ(parent_of_loop(bench), "");
}

// There are keepers: keeper_id is one of them.
TEST(LoopParent, AColumnThatNamesAnotherTableIsNoReferenceToThisOne) {
  SequenceBench bench;
  bench.run("SELECT name FROM keepers WHERE id = 5", 5 * kSecond);
  bench.run(kCars, 5 * kSecond);
  ask(bench, "SELECT full_name FROM staff WHERE id = ");
  EXPECT_EQ(parent_of_loop(bench), "");
}

TEST(LoopParent, AListThatRanForEachFewTurnsIsNearer) {
  SequenceBench bench;
  bench.run("SELECT id, opened_by FROM jobs ORDER BY id LIMIT 9");
  for (int job = 1; job <= 9; ++job) {
    bench.run("SELECT id, performed_by FROM tasks WHERE job_id = " + std::to_string(job), 500);
    for (int task = 1; task <= 3; ++task)
      bench.run("SELECT full_name FROM staff WHERE id = " + std::to_string(700 + (job * 3 + task) * 7 % 31),
                500);
  }
  bool found = false;
  for (const Finding& finding : bench.findings("n-plus-one")) {
    if (finding.query.find("staff") == std::string::npos) continue;
    found = true;
    EXPECT_NE(finding.parent_query.find("tasks"), std::string::npos);
  }
  EXPECT_TRUE(found);
}

// Requests on a busy connection: lists and look-ups of all kinds, in no order.
TEST(LoopParent, FittingColumnsAreNoLoopByThemselves) {
  SequenceBench bench;
  for (int i = 0; i < 30; ++i) {
    const std::string key = std::to_string(700 + i * 17 % 41);
    if (i % 4 == 0) bench.run(kJobs, (3 + i % 5) * kMillisecond);
    if (i % 3 == 0) bench.run("SELECT val FROM settings WHERE name = 'k" + key + "'", 4 * kMillisecond);
    bench.run("SELECT full_name FROM staff WHERE id = " + key, (5 + i % 7) * kMillisecond);
    if (i % 2 == 0) bench.run("UPDATE visits SET n = n + 1 WHERE id = " + key, 6 * kMillisecond);
  }
  for (const Finding& finding : bench.findings("n-plus-one"))
    EXPECT_LT(finding.confidence, Confidence::kMedium) << finding.message;
}

// PostgreSQL widens an integer for a function that wants more, and finds none for a bigint that wants less.
TEST(LoopParent, KeysOfAFunctionAreAsNarrowAsItsArguments) {
  for (const bool wide : {false, true}) {
    SequenceBench bench;
    bench.run(kTeam);
    for (int id = 1; id <= 7; ++id)
      bench.run("SELECT load_of(" + std::string(wide ? "70000000" : "") + std::to_string(100 + id * 3) + ")",
                500);
    const std::vector<Finding> findings = bench.findings("n-plus-one");
    ASSERT_EQ(findings.size(), 1U);
    ASSERT_FALSE(findings[0].fixes.empty());
    const std::string& code = findings[0].fixes[0].code;
    EXPECT_NE(code.find(wide ? "bigint[]" : ":int[]"), std::string::npos) << code;
  }
}

// What the program wrote itself it does not learn from what comes back; that is the new keys.
TEST(LoopParent, WhatWasInsertedIsNoListOfWhatItRefersTo) {
  SequenceBench bench;
  bench.run("BEGIN");
  bench.run("SELECT id, title FROM articles WHERE id < 9 ORDER BY title");
  for (int id = 1; id <= 8; ++id) {
    const std::string key = std::to_string(id);
    bench.run("INSERT INTO labels (article_id, word) VALUES (" + key + ", 'a'), (" + key +
              ", 'b') RETURNING id, article_id");
  }
  for (int id = 1; id <= 8; ++id)
    bench.run("SELECT id, title, body FROM articles WHERE id = " + std::to_string(id));
  bench.run("COMMIT");
  bool found = false;
  for (const Finding& finding : bench.findings("n-plus-one")) {
    if (finding.query.find("body") == std::string::npos) continue;
    found = true;
    EXPECT_NE(finding.parent_query.find("ORDER BY title"), std::string::npos) << finding.parent_query;
  }
  EXPECT_TRUE(found);
}

// A loader that asks for one key or for several by the same statement.
TEST(LoopParent, ALoadersBatchIsNoListOfItsNextOne) {
  SequenceBench bench;
  bench.run(kJobs);
  bench.run("SELECT id, full_name FROM staff WHERE id IN (3, 4)", 300);
  for (int id = 11; id <= 18; ++id)
    bench.run("SELECT id, full_name FROM staff WHERE id IN (" + std::to_string(id) + ")", 300);
  EXPECT_EQ(parent_of_loop(bench), kJobs);
}

// Somebody logs in, and then users are read by key.
TEST(LoopParent, ARowLookedUpByWhatIdentifiesItIsNoListOfItsTable) {
  const auto parent_after = [](const std::string& look_up, std::string_view ddl) {
    SequenceBench bench(ddl);
    bench.run(look_up, 300);
    for (const int id : {3, 9, 4, 11, 2, 8, 30, 12})
      bench.run("SELECT * FROM users WHERE id = " + std::to_string(id), 300);
    const std::vector<Finding> findings = bench.findings("n-plus-one");
    EXPECT_EQ(findings.size(), 1U);
    const bool none = findings.empty() || findings[0].parent == kNoPattern;
    return none ? std::string() : std::string(findings[0].parent_query);
  };
  const std::string_view table = "CREATE TABLE users (id int PRIMARY KEY, email varchar(80), city text);";
  const std::string folded = "SELECT * FROM users WHERE lower(email) = lower('a@b.example')";
  EXPECT_EQ(parent_after("SELECT * FROM users WHERE email = 'a@b.example'", {}), "");
  EXPECT_EQ(parent_after(folded, {}), "");
  EXPECT_NE(parent_after(folded, table), "");
  EXPECT_EQ(parent_after(folded, std::string(table) + "CREATE UNIQUE INDEX ON users (lower((email)::text));"),
            "");
  EXPECT_NE(parent_after(folded, std::string(table) + "CREATE UNIQUE INDEX ON users (upper((email)::text));"),
            "");
  EXPECT_NE(parent_after("SELECT * FROM users WHERE city = 'Ulm'", {}), "");
  EXPECT_NE(parent_after("SELECT * FROM users WHERE email LIKE '%.example' ORDER BY id", {}), "");
}

}  // namespace
}  // namespace pgsieve
