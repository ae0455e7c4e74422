// Rewrites without a server: what they look like, and what gets none.
#include "analyzer/sql/rewrite.h"

#include <gtest/gtest.h>

namespace pgsieve {
namespace {

std::optional<Rewrite> rewrite_of(const std::string& text, std::vector<uint32_t> varying = {0}) {
  const StatementShape shape = draw_shape(text);
  BatchRequest request;
  request.text = text;
  request.shape = &shape;
  request.varying = std::move(varying);
  return batch_rewrite(request);
}

TEST(Rewrite, KeepsConditionsAndHidesLiterals) {
  const auto rewrite =
      rewrite_of("SELECT title FROM posts WHERE user_id = 7 AND status = 'secret' AND kind IN (1, 2, 3)");
  ASSERT_TRUE(rewrite);
  EXPECT_EQ(rewrite->sql,
            "SELECT user_id, title FROM posts WHERE user_id = ANY($1) AND status = $2 AND kind = ANY($3) "
            "ORDER BY user_id");
  EXPECT_TRUE(rewrite->key_added);
  ASSERT_EQ(rewrite->parameters.size(), 3U);
  EXPECT_TRUE(rewrite->parameters[0].array);
  EXPECT_FALSE(rewrite->parameters[1].array);
}

TEST(Rewrite, ReadsPlaceholdersOfTracingClients) {
  const auto rewrite = rewrite_of("SELECT id FROM posts WHERE user_id = ? AND status = ?");
  ASSERT_TRUE(rewrite);
  EXPECT_EQ(rewrite->sql,
            "SELECT user_id, id FROM posts WHERE user_id = ANY($1) AND status = $2 ORDER BY user_id");
}

// A library that orders every look-up by its key.
TEST(Rewrite, TheKeyIsOrderedByOnce) {
  const auto once = rewrite_of("SELECT id, title FROM posts WHERE user_id = 7 ORDER BY user_id DESC, title");
  ASSERT_TRUE(once);
  EXPECT_EQ(once->sql,
            "SELECT user_id, id, title FROM posts WHERE user_id = ANY($1) ORDER BY user_id, title");
}

TEST(Rewrite, ALimitThatBoundsNothingGoes) {
  const std::string text = "SELECT user_id, title FROM posts WHERE user_id = 7 LIMIT 9007199254740991";
  const StatementShape shape = draw_shape(text);
  BatchRequest request;
  request.text = text;
  request.shape = &shape;
  request.varying = {0};
  request.no_limit = true;
  const std::optional<Rewrite> rewrite = batch_rewrite(request);
  ASSERT_TRUE(rewrite);
  EXPECT_EQ(rewrite->sql, "SELECT user_id, title FROM posts WHERE user_id = ANY($1) ORDER BY user_id");
}

TEST(Rewrite, StatementsWithoutABatchedForm) {
  EXPECT_FALSE(rewrite_of("SELECT nextval($1)"));
  EXPECT_FALSE(rewrite_of("SELECT pg_advisory_lock($1)"));
  EXPECT_FALSE(rewrite_of("SELECT id INTO copy FROM t WHERE a = $1"));
  EXPECT_FALSE(rewrite_of("WITH gone AS (DELETE FROM t WHERE a = $1 RETURNING *) SELECT * FROM gone"));
  EXPECT_FALSE(rewrite_of("UPDATE t SET a = $1"));
  EXPECT_FALSE(rewrite_of("SELECT id FROM t WHERE a = $1; SELECT 2"));
  EXPECT_FALSE(rewrite_of("SELECT id FROM t WHERE a IN (1, 2)"));  // a list already
  EXPECT_FALSE(rewrite_of("SELECT id FROM t WHERE a = $1", {9}));
  EXPECT_FALSE(rewrite_of("not a statement $1"));
  EXPECT_FALSE(rewrite_of(""));
}

TEST(Rewrite, WritesThatDependOnTheTurnBeforeHaveNone) {
  // The table is read again by the statement itself: each turn sees what those before it wrote.
  EXPECT_FALSE(rewrite_of("INSERT INTO t (a, n) VALUES ($1, (SELECT max(n) + 1 FROM t))"));
  EXPECT_FALSE(
      rewrite_of("UPDATE t SET n = 1 WHERE a = $1 AND NOT EXISTS (SELECT 1 FROM t u WHERE u.n = 1)"));
  EXPECT_FALSE(rewrite_of("DELETE FROM t WHERE a = $1 AND b < (SELECT min(b) FROM t)"));
  // A counter that goes up more than once for a key.
  const std::string counter = "UPDATE t SET n = n + 1 WHERE a = $1";
  const std::string assigned = "UPDATE t SET n = $1 WHERE a = $2";
  const StatementShape counter_shape = draw_shape(counter);
  const StatementShape assigned_shape = draw_shape(assigned);
  BatchRequest request;
  request.text = counter;
  request.shape = &counter_shape;
  request.varying = {1};  // the number added is a slot, too
  EXPECT_TRUE(batch_rewrite(request));
  request.keys_repeat = true;
  EXPECT_FALSE(batch_rewrite(request));
  request.text = assigned;
  request.shape = &assigned_shape;
  request.varying = {0, 1};
  EXPECT_FALSE(batch_rewrite(request));
  request.keys_repeat = false;
  EXPECT_TRUE(batch_rewrite(request));
}

TEST(Rewrite, MergeOfOneRowOfValuesOnly) {
  const auto merge = [](const std::string& source, const std::string& set = "s.n") {
    return rewrite_of("MERGE INTO t USING " + source + " ON t.id = s.id WHEN MATCHED THEN UPDATE SET n = " +
                          set + " WHEN NOT MATCHED THEN INSERT (id, n) VALUES (s.id, s.n)",
                      {0, 1});
  };
  EXPECT_TRUE(merge("(VALUES ($1, $2)) AS s(id, n)"));
  EXPECT_TRUE(merge("(SELECT $1::bigint AS id, $2::int AS n) AS s"));
  EXPECT_FALSE(merge("(VALUES ($1, $2), ($3, $4)) AS s(id, n)"));
  EXPECT_FALSE(merge("(SELECT id, n FROM u WHERE id = $1 AND n = $2) AS s"));
  EXPECT_FALSE(merge("(SELECT id, n FROM t WHERE id = $1 AND n = $2) AS s"));
  EXPECT_FALSE(
      rewrite_of("MERGE INTO t USING u AS s ON t.id = $1 WHEN MATCHED THEN UPDATE SET n = $2", {0, 1}));
}

TEST(Rewrite, NumbersOfASequence) {
  const auto numbers = [](const std::string& text) { return sequence_rewrite(text, draw_shape(text)); };
  const auto rewrite = numbers("SELECT nextval('tags_id_seq')");
  ASSERT_TRUE(rewrite);
  EXPECT_EQ(rewrite->sql, "SELECT nextval($2) FROM generate_series(1, $1)");
  EXPECT_TRUE(numbers("select nextval ('a.b_seq'::regclass) as id"));
  EXPECT_FALSE(numbers("SELECT currval('tags_id_seq')"));
  EXPECT_FALSE(numbers("SELECT nextval('s') FROM t"));
  EXPECT_FALSE(numbers("SELECT nextval('s'), nextval('t')"));
  EXPECT_FALSE(numbers("INSERT INTO t VALUES (nextval('s'))"));
}

TEST(Rewrite, HostileTextsGiveNoneAndDoNoHarm) {
  std::string deep = "SELECT id FROM t WHERE a = $1 AND ";
  for (int i = 0; i < 5000; ++i) deep += "(";
  deep += "b = 1";
  for (int i = 0; i < 5000; ++i) deep += ")";
  rewrite_of(deep);
  std::string wide = "SELECT id FROM t WHERE a = $1";
  for (int i = 0; i < 20000; ++i) wide += " OR b = " + std::to_string(i);
  rewrite_of(wide);
  std::string chain = "SELECT id FROM t WHERE a = $1 AND b = 1";
  for (int i = 0; i < 3000; ++i) chain += " + 1";
  EXPECT_FALSE(rewrite_of(chain));
}

TEST(Rewrite, GuessesTypesByAllValues) {
  EXPECT_EQ(guess_type({"1", "-20"}), "bigint");
  EXPECT_EQ(guess_type({"1", "2.5"}), "numeric");
  EXPECT_EQ(guess_type({"007"}), "text");
  EXPECT_EQ(guess_type({"1", "x"}), "text");
  EXPECT_EQ(guess_type({"0b7c1e9a-0000-4000-8000-00000000000a"}), "uuid");
  EXPECT_EQ(guess_type({"2026-01-01"}), "date");
  EXPECT_EQ(guess_type({"2026-01-01 10:00:00"}), "timestamp without time zone");
  EXPECT_EQ(guess_type({"2026-01-01T10:00:00+02"}), "timestamp with time zone");
  EXPECT_EQ(guess_type({}), "");
}

}  // namespace
}  // namespace pgsieve
