// Reviewing indexes as a DBA meets it: list, show, decide, print SQL, verify after deployment.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "analyzer/advisor/decisions.h"
#include "tests/tools/run_program.h"

namespace pgsieve {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSchema =
    "CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL);\n"
    "CREATE TABLE orders (id bigint PRIMARY KEY, user_id int NOT NULL REFERENCES users, status text, total "
    "numeric,\n"
    "  created_at timestamptz);\n"
    "CREATE INDEX orders_user ON orders (user_id);\n"
    "CREATE INDEX orders_user_total ON orders (user_id, total);\n";
constexpr const char* kStatistics =
    R"([{"table": "users", "reltuples": 500000, "relpages": 9000}, {"table": "orders", "reltuples": 2000000, "relpages": 40000}])";

// Look-ups by e-mail, `count` of them, and as many by key.
std::string log_of(double email_ms, int count) {
  std::string log;
  for (int i = 0; i < count; ++i) {
    const std::string time = "2026-11-22 01:" + std::string(i / 60 % 60 < 10 ? "0" : "") +
                             std::to_string(i / 60 % 60) + ":" + (i % 60 < 10 ? "0" : "") +
                             std::to_string(i % 60) + ".000 UTC [77] LOG:  duration: ";
    const double wobble = 1 + 0.01 * (i * 7 % 10);
    log += time + std::to_string(email_ms * wobble) + " ms  statement: SELECT * FROM users WHERE email = 'u" +
           std::to_string(i) + "@x.org'\n";
    log += time + std::to_string(0.05 * wobble) +
           " ms  statement: SELECT email FROM users WHERE id = " + std::to_string(i) + "\n";
  }
  return log;
}

class IndexCommand : public ::testing::Test {
 protected:
  RunResult index(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "index");
    arguments.insert(arguments.end(), {"--decisions", decisions_});
    // Wide enough that no line is broken, however long the name of whoever decides.
    return run_pgsieve(arguments, {}, {"COLUMNS=400"});
  }
  RunResult with_captures(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {before_, "--schema", schema_, "--stats", statistics_});
    return index(arguments);
  }
  // The id of the first proposal whose line has this text.
  std::string id_of(const std::string& text) const {
    const std::string list = with_captures({"list"}).out;
    const size_t at = list.find(text);
    if (at == std::string::npos) return "none in " + list;
    const size_t start = list.rfind('\n', at) + 1;
    return list.substr(start == std::string::npos ? 0 : start, 8);
  }

  TemporaryDirectory directory_;
  std::string schema_ = directory_.write("schema.sql", kSchema);
  std::string statistics_ = directory_.write("statistics.json", kStatistics);
  std::string before_ = directory_.write("before.log", log_of(95, 60));
  std::string after_ = directory_.write("after.log", log_of(0.06, 60));
  std::string decisions_ = directory_.path("pgsieve-indexes.toml");
};

TEST_F(IndexCommand, ListsAndShowsTheEvidence) {
  const RunResult list = with_captures({"list"});
  ASSERT_EQ(list.exit_code, 0) << list.err;
  EXPECT_THAT(list.out, HasSubstr("ON users (email)"));
  EXPECT_THAT(list.out, HasSubstr("DROP INDEX orders_user"));
  const RunResult shown = with_captures({"show", id_of("ON users (email)")});
  ASSERT_EQ(shown.exit_code, 0) << shown.err;
  for (const char* part :
       {"grade", "60 calls", "size", "build", "lock", "writes", "decision", "WHERE email = $1"})
    EXPECT_THAT(shown.out, HasSubstr(part));
  EXPECT_THAT(shown.out, Not(HasSubstr("@x.org"))) << "values only when asked for";
  EXPECT_THAT(with_captures({"show", id_of("ON users (email)"), "--show-values"}).out, HasSubstr("@x.org"));
  EXPECT_THAT(with_captures({"show", id_of("DROP INDEX orders_user")}).out, HasSubstr("covered by"));
}

TEST_F(IndexCommand, AnAcceptedIndexBecomesSqlAndIsVerified) {
  const RunResult accepted = with_captures({"accept", id_of("ON users (email)"), "--by", "Ann"});
  ASSERT_EQ(accepted.exit_code, 0) << accepted.err;
  EXPECT_THAT(read_file(decisions_),
              AllOf(HasSubstr("[\"public.users btree (email)\"]"), HasSubstr("by = \"Ann\"")));
  EXPECT_THAT(with_captures({"list"}).out, HasSubstr("accepted by Ann"));
  const RunResult sql = index({"sql"});
  EXPECT_EQ(sql.exit_code, 0);
  EXPECT_THAT(sql.out,
              HasSubstr("CREATE INDEX CONCURRENTLY IF NOT EXISTS users_email_idx ON users (email);"));
  EXPECT_THAT(index({"sql", "--format", "rails"}).out, HasSubstr("algorithm: :concurrently"));
  EXPECT_THAT(index({"sql", "--rollback"}).out, HasSubstr("\nDROP INDEX CONCURRENTLY"));

  const RunResult kept = index({"verify", "--before", before_, "--after", after_});
  EXPECT_EQ(kept.exit_code, 0) << kept.err;
  EXPECT_THAT(kept.out, HasSubstr("kept"));
  EXPECT_THAT(read_file(decisions_), HasSubstr("outcome = \"kept\""));
  EXPECT_EQ(index({"sql"}).exit_code, 3) << "nothing waits any more";
  EXPECT_EQ(index({"sql", "--all"}).exit_code, 0);
}

TEST_F(IndexCommand, AnIndexThatFailsIsToldAndTakenBack) {
  ASSERT_EQ(with_captures({"accept", id_of("ON users (email)")}).exit_code, 0);
  const RunResult dry = index({"verify", "--before", before_, "--after", before_, "--dry-run"});
  EXPECT_EQ(dry.exit_code, 1);
  EXPECT_THAT(read_file(decisions_), Not(HasSubstr("outcome")));
  EXPECT_EQ(index({"verify", "--before", before_, "--after", before_}).exit_code, 1);
  EXPECT_THAT(read_file(decisions_), HasSubstr("outcome = \"failed\""));
  EXPECT_THAT(index({"sql"}).out, HasSubstr("\nDROP INDEX CONCURRENTLY IF EXISTS users_email_idx;"));
  // Too few calls are no verdict, and take none back.
  const std::string few = directory_.write("few.log", log_of(0.06, 5));
  const RunResult unclear = index({"verify", "--before", before_, "--after", few});
  EXPECT_EQ(unclear.exit_code, 0);
  EXPECT_THAT(unclear.out, HasSubstr("not enough calls"));
  EXPECT_THAT(read_file(decisions_), HasSubstr("outcome = \"failed\""));
}

TEST_F(IndexCommand, StoresAreCompared) {
  const std::string store = directory_.path("before.sqlite");
  ASSERT_EQ(run_pgsieve({"ingest", before_, "--store", store}).exit_code, 0);
  ASSERT_EQ(index({"accept", "CREATE INDEX ON users (email)"}).exit_code, 0);
  EXPECT_EQ(index({"verify", "--before", store, "--after", after_}).exit_code, 0);
  EXPECT_EQ(index({"verify", "--before", store, "--after", "/nonexistent.log"}).exit_code, 3);
}

TEST_F(IndexCommand, ARejectionNeedsAReasonAndHides) {
  const std::string id = id_of("ON users (email)");
  EXPECT_EQ(with_captures({"reject", id}).exit_code, 2);
  EXPECT_EQ(with_captures({"reject", id, "--reason", "x", "--until", "soon"}).exit_code, 2);
  ASSERT_EQ(with_captures({"reject", id, "--reason", "mail goes through the cache", "--until", "2999-12-31"})
                .exit_code,
            0);
  const RunResult list = with_captures({"list"});
  EXPECT_THAT(list.out, Not(HasSubstr("ON users (email)")));
  EXPECT_THAT(list.out, HasSubstr("1 hidden"));
  EXPECT_THAT(with_captures({"list", "--rejected"}).out, HasSubstr("mail goes through the cache"));
  EXPECT_EQ(index({"sql"}).exit_code, 3);
  // Its time over, it is proposed again.
  std::string text = read_file(decisions_);
  text.replace(text.find("2999-12-31"), 10, "2020-01-01");
  directory_.write("pgsieve-indexes.toml", text);
  EXPECT_THAT(with_captures({"list"}).out, HasSubstr("ON users (email)"));
  // A decision can be changed without the captures.
  EXPECT_EQ(index({"accept", id}).exit_code, 0);
  EXPECT_EQ(index({"sql"}).exit_code, 0);
}

TEST_F(IndexCommand, DropsAreDecidedOn) {
  ASSERT_EQ(with_captures({"accept", id_of("DROP INDEX orders_user")}).exit_code, 0);
  const RunResult sql = index({"sql"});
  EXPECT_THAT(sql.out, HasSubstr("\nDROP INDEX CONCURRENTLY IF EXISTS orders_user;"));
  EXPECT_THAT(sql.out,
              HasSubstr("--   CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_user ON orders (user_id);"));
}

TEST_F(IndexCommand, MigrationsGoIntoTheirFolders) {
  ASSERT_EQ(index({"accept", "CREATE INDEX big ON orders (status) WHERE total > 5"}).exit_code, 0);
  const std::string folder = directory_.path("out");
  const RunResult written = index({"sql", "--format", "prisma", "-o", folder});
  ASSERT_EQ(written.exit_code, 0) << written.err;
  const std::string path = written.out.substr(0, written.out.find('\n'));
  EXPECT_THAT(path, HasSubstr("/prisma/migrations/"));
  EXPECT_THAT(read_file(path),
              HasSubstr("CREATE INDEX CONCURRENTLY IF NOT EXISTS big ON orders (status) WHERE total > 5;"));
}

TEST_F(IndexCommand, MistakesAreUsageErrors) {
  EXPECT_EQ(index({"sql", "--format", "ecto"}).exit_code, 2);
  EXPECT_THAT(index({"sql", "--format", "rail"}).err, HasSubstr("rails"));
  EXPECT_EQ(index({"accept", "CREATE TABLE x (a int)"}).exit_code, 2);
  EXPECT_EQ(index({"accept", "ffffffff"}).exit_code, 2);
  EXPECT_EQ(with_captures({"show", "ffffffff"}).exit_code, 2);
  EXPECT_EQ(index({"verify", "--before", before_, "--after", after_}).exit_code, 2) << "nothing was accepted";
  EXPECT_EQ(run_pgsieve({"index", "list", before_, "--twin"}).exit_code, 2);
  directory_.write("pgsieve-indexes.toml", "[\"x\"]\ndecision = 5\n");
  const RunResult broken = with_captures({"list"});
  EXPECT_EQ(broken.exit_code, 2);
  EXPECT_THAT(broken.err, HasSubstr("pgsieve-indexes.toml:2"));
}

TEST_F(IndexCommand, AFindingLeadsToTheProposal) {
  const RunResult json = run_pgsieve({"lint", "--rule", "missing-index", before_, "--schema", schema_,
                                      "--stats", statistics_, "-o", "json"});
  ASSERT_EQ(json.exit_code, 1) << json.err;
  const nlohmann::json document = nlohmann::json::parse(json.out, nullptr, false);
  ASSERT_FALSE(document.is_discarded());
  const std::string id = document["findings"][0]["properties"]["index_id"];
  const RunResult shown = with_captures({"show", id});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("ON users (email"));
}

TEST_F(IndexCommand, WhatWasRejectedIsNoFindingAnyMore) {
  const auto lint = [this] {
    return run_command({"sh", "-c", "cd \"$0\" && exec \"$@\"", directory_.path(""), PGSIEVE_BINARY, "lint",
                        "--rule", "missing-index", before_, "--schema", schema_, "--stats", statistics_});
  };
  EXPECT_EQ(lint().exit_code, 1);
  ASSERT_EQ(
      index({"reject", "CREATE INDEX ON users (email, id)", "--reason", "cached", "--until", "2999-01-01"})
          .exit_code,
      0);
  const RunResult silenced = lint();
  EXPECT_EQ(silenced.exit_code, 0) << silenced.out;
  EXPECT_THAT(silenced.err, HasSubstr("rejected in pgsieve-indexes.toml"));
  ASSERT_EQ(index({"reject", "CREATE INDEX ON users (id, email)", "--reason", "another"}).exit_code, 0);
  ASSERT_EQ(index({"accept", "CREATE INDEX ON users (email, id)"}).exit_code, 0);
  EXPECT_EQ(lint().exit_code, 1) << "another index was rejected, not this one";
}

TEST_F(IndexCommand, ScaleShowsItsArithmetic) {
  const RunResult text =
      run_pgsieve({"report", before_, "--schema", schema_, "--stats", statistics_, "--scale", "100x"});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("At 100 times the rows"));
  EXPECT_THAT(text.out, HasSubstr(" × 100 = "));
  EXPECT_THAT(text.out, HasSubstr("assumes"));
  const RunResult json = run_pgsieve({"report", before_, "--schema", schema_, "--scale", "10", "-o", "json"});
  const nlohmann::json document = nlohmann::json::parse(json.out, nullptr, false);
  ASSERT_FALSE(document.is_discarded());
  EXPECT_EQ(document["scale"]["factor"], 10);
  EXPECT_EQ(document["scale"]["statements"][0]["growth"], "linear");
  EXPECT_THAT(with_captures({"list", "--scale", "100x"}).out, HasSubstr("At 100 times the rows"));
  for (const char* wrong : {"0.5", "many"})
    EXPECT_EQ(run_pgsieve({"report", before_, "--scale", wrong}).exit_code, 2);
}

}  // namespace
}  // namespace pgsieve
