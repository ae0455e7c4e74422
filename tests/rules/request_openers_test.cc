// Requests that begin alike: what they begin with tells one request's loop from several requests.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

// Every request begins with its user's session, and most are over after a few statements.
void begin_request(SequenceBench& bench, Microseconds gap = kMillisecond) {
  bench.run("SELECT user_id FROM tokens WHERE value = 'e75fa2a2'", gap);
  bench.run("SELECT name, value FROM settings");
}

void other_requests(SequenceBench& bench) {
  for (int i = 0; i < 8; ++i) {
    bench.pause();
    begin_request(bench);
    bench.run(fmt::format("SELECT id, title FROM pages WHERE slug = 'p{}'", i));
  }
}

// Issues are counted for each version, slowly, and now and then something else is looked up: no two turns are
// alike.
void slow_page(SequenceBench& bench) {
  bench.pause();
  begin_request(bench);
  bench.run("SELECT id, name FROM versions");
  for (int i = 0; i < 7; ++i) {
    const Microseconds gap = (20 + 7 * (i % 5)) * kMillisecond;
    for (int k = 0; k < i % 3; ++k)
      bench.run(fmt::format("SELECT login FROM users WHERE mail = 'u{}{}'", i, k), gap);
    bench.run(fmt::format("SELECT count(*) FROM issues WHERE version_id = {}", 37 + 5 * i * i), gap);
    if (i % 4 == 1) bench.run(fmt::format("SELECT body FROM wikis WHERE title = 'w{}'", i), gap);
  }
}

bool counts_issues(const std::vector<Finding>& findings) {
  return std::ranges::any_of(findings, [](const Finding& finding) { return finding.table == "issues"; });
}

bool surely_counts_issues(const std::vector<Finding>& findings) {
  return std::ranges::any_of(findings, [](const Finding& finding) {
    return finding.table == "issues" && finding.confidence >= Confidence::kHigh;
  });
}

TEST(RequestOpeners, ASlowPageIsOneRequest) {
  SequenceBench bench;
  other_requests(bench);
  slow_page(bench);
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  ASSERT_TRUE(counts_issues(findings));
  for (const Finding& finding : findings) {
    if (finding.table != "issues") continue;
    EXPECT_EQ(finding.confidence, Confidence::kHigh);
    EXPECT_EQ(finding.parent_query.str(), "SELECT id, name FROM versions");
  }
}

TEST(RequestOpeners, TheSamePageAloneIsNotKnownToBeOne) {
  SequenceBench bench;
  slow_page(bench);
  EXPECT_FALSE(surely_counts_issues(bench.findings("n-plus-one")));
}

// What is read within requests, too, opens none: it says nothing when it runs in a loop.
TEST(RequestOpeners, AStatementOfTheLoopsBodyIsNoOpener) {
  SequenceBench bench;
  for (int i = 0; i < 8; ++i) {
    bench.pause();
    for (int k = 0; k < 6; ++k) bench.run("SELECT name, value FROM settings");
  }
  bench.pause();
  bench.run("SELECT name, value FROM settings");
  bench.run("SELECT id, name FROM versions");
  for (int i = 0; i < 9; ++i) {
    bench.run("SELECT name, value FROM settings");
    bench.run(fmt::format("SELECT count(*) FROM issues WHERE version_id = {}", 37 + 5 * i * i));
  }
  EXPECT_TRUE(counts_issues(bench.findings("n-plus-one")));
}

// Requests that follow each other at once, as of a test: a list, and then one version after the other.
TEST(RequestOpeners, RequestsWithoutAPauseAreToldApart) {
  const auto counted = [](bool of_their_own) {
    SequenceBench bench;
    other_requests(bench);
    bench.pause();
    begin_request(bench);
    bench.run("SELECT id, name FROM versions");
    for (int i = 0; i < 9; ++i) {
      if (of_their_own) begin_request(bench);
      bench.run(fmt::format("SELECT count(*) FROM issues WHERE version_id = {}", 37 + 5 * i * i));
    }
    return counts_issues(bench.findings("n-plus-one"));
  };
  EXPECT_TRUE(counted(false));
  EXPECT_FALSE(counted(true));
}

// One client's requests, back to back: the key of the API and its user, then what is asked for.
void begin_with_key(SequenceBench& bench) {
  bench.run("SELECT id, user_id FROM api_keys WHERE key = '8c2e'", 7 * kMillisecond);
  bench.run("SELECT name FROM users WHERE id = 2", 2 * kMillisecond);
}

void delete_modules(SequenceBench& bench, int job) {
  bench.run(fmt::format("DELETE FROM job_modules WHERE job_id = {}", job), 2 * kMillisecond);
}

TEST(RequestOpeners, WhoAsksIsLookedUpAnewForEachRequest) {
  const auto deletes_in_a_loop = [](bool of_their_own) {
    SequenceBench bench;
    begin_with_key(bench);
    for (int job = 40; job < 46; ++job) {
      if (of_their_own && job > 40) begin_with_key(bench);
      bench.run(fmt::format("SELECT title FROM jobs WHERE id = {}", job), 2 * kMillisecond);
      delete_modules(bench, job);
    }
    return !bench.findings("write-loop").empty();
  };
  EXPECT_FALSE(deletes_in_a_loop(true));
  EXPECT_TRUE(deletes_in_a_loop(false));
}

TEST(RequestOpeners, RequestsThatLoopAreLoops) {
  SequenceBench bench;
  for (int request = 0; request < 3; ++request) {
    begin_with_key(bench);
    bench.run(fmt::format("SELECT id FROM jobs WHERE group_id = {}", request), 2 * kMillisecond);
    for (int job = 0; job < 8; ++job) delete_modules(bench, 100 * request + job);
  }
  EXPECT_FALSE(bench.findings("write-loop").empty());
}

// A look-up that each turn repeats, after the client's own work for the row, is a part of the turn.
TEST(RequestOpeners, OneStatementThatComesAgainIsNoBeginning) {
  SequenceBench bench;
  for (int i = 0; i < 8; ++i) {
    bench.run("SELECT id FROM categories WHERE name = 'tools'", 3 * kMillisecond);
    bench.run(fmt::format("INSERT INTO items (category_id, code) VALUES (3, 'c{}')", i));
  }
  EXPECT_FALSE(bench.findings("write-loop").empty());
}

// Few windows, or windows that begin with anything: no opener, and all is as it was.
TEST(RequestOpeners, WhatBeginsFewWindowsIsNone) {
  SequenceBench bench;
  for (int i = 0; i < 12; ++i) {
    bench.pause();
    bench.run(fmt::format("SELECT id FROM t{} WHERE a = 1", i));
    bench.run("SELECT name, value FROM settings");
  }
  slow_page(bench);
  EXPECT_FALSE(surely_counts_issues(bench.findings("n-plus-one")));
}

}  // namespace
}  // namespace pgsieve
