// pgsieve prove's core: a captured loop beside its rewrite on a real server.
#include "tools/pgsieve/replay.h"

#include <gtest/gtest.h>

#include "analyzer/sql/scan.h"
#include "tests/integration/rewrite_testing.h"

namespace pgsieve::testing {
namespace {

Pattern pattern_of(const std::string& text, const std::string& parameters = {}) {
  Pattern pattern;
  pattern.reference_text = text;
  pattern.query = normalize_for_display(text);
  pattern.shape = std::make_shared<const StatementShape>(draw_shape(text));
  pattern.slowest.text = text;
  pattern.slowest.parameters = parameters;
  return pattern;
}

LoopExample example_of(uint32_t slot, std::vector<std::string> values) {
  LoopExample example;
  example.varying_slot = slot;
  example.varying_slots = 1U << slot;
  example.count = static_cast<uint32_t>(values.size());
  example.sample_values = std::move(values);
  return example;
}

TEST(Replay, LoopsAgreeWithTheirRewrites) {
  PGSIEVE_NEED_SERVER(server);
  Result<ServerConnection> database = ServerConnection::connect(server->url());
  ASSERT_TRUE(database.ok()) << database.error().message;
  fill_with_random_data(*database, 7);
  const Workload workload;
  const Schema schema;
  const RuleContext context{.workload = workload, .schema = schema, .orm = {}, .options = {}};
  struct Case {
    std::string text;
    std::string parameters;
    uint32_t slot;
    std::vector<std::string> values;
  };
  const std::vector<Case> cases = {
      {"SELECT id, title FROM posts WHERE user_id = $1 AND status = $2",
       "$1 = '1', $2 = 'live'",
       0,
       {"1", "2", "3", "3", "44"}},
      {"SELECT id, title FROM posts WHERE user_id = 5 AND status = 'live' LIMIT 21",
       "",
       0,
       {"1", "2", "3", "44"}},
      {"SELECT id FROM users WHERE name = 'a' AND org_id IN (1, 2)", "", 0, {"a", "b", "c'd"}},
      {"SELECT count(*) FROM posts WHERE user_id = $1", "$1 = '1'", 0, {"1", "2", "44"}},
      {"SELECT 1 AS one FROM posts WHERE user_id = $1 LIMIT $2", "$1 = '1', $2 = '1'", 0, {"1", "2", "44"}},
      {"SELECT id FROM posts WHERE user_id = ANY($1)", "$1 = '{1}'", 0, {"{1}", "{2}"}},
      {"SELECT balance_of($1)", "$1 = '1'", 0, {"1", "2"}},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.text);
    const Pattern child = pattern_of(test.text, test.parameters);
    const Result<Replay> replay = replay_loop(*database, context, child, example_of(test.slot, test.values));
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
  const RuleContext context{.workload = workload, .schema = schema, .orm = {}, .options = {}};
  const auto outcome = [&](const std::string& text, const std::string& parameters,
                           std::vector<std::string> values) {
    const Pattern child = pattern_of(text, parameters);
    return replay_loop(*database, context, child, example_of(0, std::move(values)));
  };
  EXPECT_FALSE(outcome("UPDATE users SET name = 'x' WHERE id = $1", "", {"1"}).ok());
  EXPECT_FALSE(outcome("SELECT id FROM users WHERE id = $1 FOR UPDATE", "", {"1"}).ok());
  EXPECT_FALSE(outcome("SELECT id FROM users WHERE id = $1", "", {}).ok());
  EXPECT_FALSE(outcome("SELECT id FROM users WHERE id = $1 AND name = $2", "", {"1"}).ok());  // $2 unknown
  const Result<Replay> writes = outcome("SELECT touch($1)", "", {"1"});
  ASSERT_FALSE(writes.ok());
  EXPECT_NE(writes.error().message.find("read-only"), std::string::npos) << writes.error().message;
  EXPECT_EQ(must(*database, "SELECT count(*) FROM users WHERE name = 'x'").rows[0][0], "0");
}

}  // namespace
}  // namespace pgsieve::testing
