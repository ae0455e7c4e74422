// pgsieve prove's core: a captured loop beside its rewrite on a real server.
#include "tools/pgsieve/replay.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "analyzer/base/hash.h"
#include "analyzer/sql/scan.h"
#include "tests/integration/rewrite_testing.h"
#include "tests/tools/run_program.h"

namespace pgsieve::testing {
namespace {

Pattern pattern_of(const std::string& text, const std::string& parameters = {}) {
  Pattern pattern;
  pattern.key.fingerprint = hash64(text);
  pattern.reference_text = text;
  pattern.query = normalize_for_display(text);
  pattern.shape = std::make_shared<const StatementShape>(draw_shape(text));
  pattern.slowest.text = text;
  pattern.slowest.parameters = parameters;
  return pattern;
}

using Turns = std::vector<std::vector<std::string>>;

// Of the slots with these ordinals, each turn's values; those that differ between the turns vary.
LoopExample example_of(const std::vector<uint16_t>& slots, const Turns& turns) {
  LoopExample example;
  example.sample_slots = slots;
  std::vector<SampleTurn> sample;
  for (const std::vector<std::string>& turn : turns) {
    sample.emplace_back();
    for (const std::string& value : turn) sample.back().push_back({value != "?", value});
  }
  example.sample = pack_turns(sample);
  for (size_t i = 0; i < slots.size(); ++i) {
    const std::vector<std::string> values = example.sample_values(slots[i]);
    const std::set<std::string> distinct(values.begin(), values.end());
    if (distinct.size() < 2) continue;
    if (example.varying_slots == 0) example.varying_slot = slots[i];
    example.varying_slots |= 1U << slots[i];
    example.distinct_values = std::max(example.distinct_values, static_cast<uint32_t>(distinct.size()));
  }
  example.count = static_cast<uint32_t>(turns.size());
  example.distinct_tuples =
      static_cast<uint32_t>(std::set<std::vector<std::string>>(turns.begin(), turns.end()).size());
  return example;
}

TEST(Replay, LoopsAgreeWithTheirRewrites) {
  PGSIEVE_NEED_SERVER(server);
  Result<ServerConnection> database = ServerConnection::connect(server->url());
  ASSERT_TRUE(database.ok()) << database.error().message;
  fill_with_random_data(*database, 7);
  const Workload workload;
  const Schema schema;
  struct Case {
    std::string text;
    std::string parameters;  // of the slowest execution, which need not be of this loop
    std::vector<uint16_t> slots;
    Turns turns;
  };
  const std::vector<Case> cases = {
      {"SELECT id, title FROM posts WHERE user_id = $1 AND status = $2",
       "$1 = '1', $2 = 'draft'",
       {0, 1},
       {{"1", "live"}, {"2", "live"}, {"3", "live"}, {"3", "live"}, {"44", "live"}}},
      {"SELECT id, title FROM posts WHERE user_id = $1 AND status = $2",
       "$1 = '1', $2 = 'live'",
       {0},
       {{"1"}, {"2"}, {"3"}}},
      {"SELECT id, title FROM posts WHERE user_id = 5 AND status = 'draft' LIMIT 21",
       "",
       {0, 1},
       {{"1", "live"}, {"2", "live"}, {"3", "live"}, {"44", "live"}}},
      {"SELECT id FROM users WHERE name = 'a' AND org_id IN (1, 2)", "", {0}, {{"a"}, {"b"}, {"c'd"}}},
      {"SELECT count(*) FROM posts WHERE user_id = $1", "$1 = '1'", {0}, {{"1"}, {"2"}, {"44"}}},
      {"SELECT 1 AS one FROM posts WHERE user_id = $1 LIMIT $2",
       "$1 = '1', $2 = '1'",
       {1},
       {{"1"}, {"2"}, {"44"}}},
      {"SELECT id FROM posts WHERE user_id = ANY($1)", "$1 = '{1}'", {0}, {{"1"}, {"2"}}},
      {"SELECT id FROM posts WHERE user_id = ANY('{1}')", "", {0}, {{"1"}, {"2"}}},
      {"SELECT balance_of($1)", "$1 = '1'", {0}, {{"1"}, {"2"}}},
      {"SELECT balance_of(7)", "", {0}, {{"1"}, {"-2"}}},
      // Several values a turn: composite keys, a type and an id, a range beside the key, the same column
      // twice.
      {"SELECT total FROM stats WHERE region = $1 AND day = $2",
       "",
       {0, 1},
       {{"r1", "2026-01-02"}, {"r2", "2026-01-03"}, {"r2", "2026-01-04"}, {"rx", "2026-01-03"}}},
      {"SELECT total FROM stats WHERE region = 'r1' AND day = '2026-01-02' LIMIT 1",
       "",
       {0, 1},
       {{"r1", "2026-01-02"}, {"r2", "2026-01-03"}, {"rx", "2026-01-03"}}},
      {"SELECT comments.* FROM comments WHERE commentable_type = $1 AND commentable_id = $2",
       "",
       {0, 1},
       {{"Post", "1"}, {"User", "1"}, {"Post", "2"}, {"User", "30"}, {"Post", "77"}}},
      {"SELECT id, score FROM posts WHERE status = $1 AND user_id = $2 AND created_at > $3 ORDER BY id",
       "",
       {0, 1, 2},
       {{"live", "1", "2026-01-05"}, {"live", "2", "2026-01-10"}, {"live", "3", "2026-01-01"}}},
      {"SELECT id FROM posts WHERE user_id = 4 AND id > -5 ORDER BY id DESC LIMIT 2",
       "",
       {0, 1},
       {{"1", "-1"}, {"2", "-2"}, {"3", "20"}}},
      {"SELECT count(*), max(score) FROM posts WHERE user_id = $1 AND status = $2",
       "",
       {0, 1},
       {{"1", "live"}, {"1", "draft"}, {"2", "live"}, {"77", "live"}}},
      {"SELECT 1 AS one FROM stats WHERE region = $1 AND day = $2 LIMIT 1",
       "",
       {1, 2},
       {{"r1", "2026-01-02"}, {"r2", "2026-01-03"}, {"r2", "2026-01-02"}}},
      // A turn whose value is not known is left out.
      {"SELECT id, title FROM posts WHERE user_id = $1", "", {0}, {{"1"}, {"?"}, {"3"}}},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.text);
    const Pattern child = pattern_of(test.text, test.parameters);
    const RuleContext context{.workload = workload, .schema = schema, .orm = {}, .options = {}};
    const Result<Replay> replay = replay_loop(*database, context, child, example_of(test.slots, test.turns));
    ASSERT_TRUE(replay.ok()) << replay.error().message;
    EXPECT_TRUE(replay->agree) << replay->batch_sql << "\n" << replay->difference;
    EXPECT_GT(replay->loop_rows, 0U);
    EXPECT_EQ(replay->loop_rows, replay->batch_rows);
  }
  const DatabaseRows open = must(*database, "SHOW transaction_read_only");
  EXPECT_EQ(open.rows[0][0], "off") << "the transaction was left open";
}

TEST(Replay, RefusesWhatItMustNotOrCannotRun) {
  PGSIEVE_NEED_SERVER(server);
  Result<ServerConnection> database = ServerConnection::connect(server->url());
  ASSERT_TRUE(database.ok()) << database.error().message;
  fill_with_random_data(*database, 8);
  must(*database,
       "CREATE FUNCTION touch(bigint) RETURNS bigint LANGUAGE sql AS 'UPDATE users SET name = ''x'' WHERE id "
       "= $1; SELECT $1'");
  const Workload workload;
  const Schema schema;
  const auto outcome = [&](const std::string& text, const std::string& parameters, const Turns& turns,
                           std::vector<uint16_t> slots = {0}) {
    const Pattern child = pattern_of(text, parameters);
    const RuleContext context{.workload = workload, .schema = schema, .orm = {}, .options = {}};
    return replay_loop(*database, context, child, example_of(slots, turns));
  };
  const auto why = [&](const std::string& text, const Turns& turns, std::vector<uint16_t> slots = {0}) {
    const Result<Replay> replay = outcome(text, {}, turns, std::move(slots));
    return replay.ok() ? std::string("it was replayed") : replay.error().message;
  };
  using ::testing::HasSubstr;
  EXPECT_THAT(why("UPDATE users SET name = 'x' WHERE id = $1", {{"1"}, {"2"}}), HasSubstr("loop of writes"));
  EXPECT_THAT(why("SELECT id FROM users WHERE id = $1 FOR UPDATE", {{"1"}, {"2"}}), HasSubstr("row locks"));
  EXPECT_THAT(why("SELECT id FROM users WHERE id = $1", {{"?"}}), HasSubstr("no values"));
  EXPECT_THAT(why("SELECT id FROM users WHERE id = $1 AND name = $2", {{"1"}, {"2"}}), HasSubstr("$2"));
  EXPECT_THAT(why("SELECT id FROM users WHERE org_id = $1 LIMIT $2", {{"1", "2"}, {"2", "3"}}, {0, 1}),
              HasSubstr("LIMIT"));
  EXPECT_THAT(why("SELECT nextval($1)", {{"a"}, {"b"}}), HasSubstr("no single statement"));
  const Result<Replay> writes = outcome("SELECT touch($1)", "", {{"1"}, {"2"}});
  ASSERT_FALSE(writes.ok());
  EXPECT_NE(writes.error().message.find("read-only"), std::string::npos) << writes.error().message;
  EXPECT_EQ(must(*database, "SELECT count(*) FROM users WHERE name = 'x'").rows[0][0], "0");
}

// A finding about a table that is walked down row by row names its own statement as the list.
TEST(Replay, ProvesAWalkDownATree) {
  PGSIEVE_NEED_SERVER(server);
  Result<ServerConnection> database = ServerConnection::connect(server->url());
  ASSERT_TRUE(database.ok()) << database.error().message;
  const std::string ddl =
      "CREATE TABLE branches (id integer PRIMARY KEY, parent_id integer REFERENCES branches)";
  must(*database, ddl);
  must(*database, "INSERT INTO branches SELECT i, nullif(i / 2, 0) FROM generate_series(1, 60) i");
  const TemporaryDirectory folder;
  std::string log;
  for (int i = 1; i <= 20; ++i)
    log += fmt::format(
        "2026-03-01 10:00:00.{:03} UTC [77] u@db app LOG:  duration: 0.100 ms  statement: SELECT id FROM "
        "branches WHERE parent_id = {}\n",
        i, i);
  const std::string capture = folder.write("postgresql.log", log);
  const std::string schema = folder.write("schema.sql", ddl + ";\n");
  const std::vector<std::string> input = {"--prefix", "%m [%p] %q%u@%d %a ", "--schema", schema, capture};
  std::vector<std::string> arguments = {"report", "--output", "json"};
  arguments.insert(arguments.end(), input.begin(), input.end());
  const std::string report = run_pgsieve(arguments).out;
  const size_t id = report.find("\"v1:");
  ASSERT_NE(id, std::string::npos) << report;
  arguments = {"prove", "--db", server->url(), report.substr(id + 1, 15)};
  arguments.insert(arguments.end(), input.begin(), input.end());
  const RunResult proof = run_pgsieve(arguments);
  EXPECT_EQ(proof.exit_code, 0) << proof.out << proof.err;
  EXPECT_THAT(proof.out, ::testing::HasSubstr("they agree"));
}

}  // namespace
}  // namespace pgsieve::testing
