#include "tests/sql/shape_testing.h"

namespace pgsieve {
namespace {

using namespace shape_testing;
using ::testing::ElementsAre;

TEST(ShapeTargets, ColumnsExpressionsAndNames) {
  EXPECT_THAT(targets(draw_shape("SELECT u.id, name AS n, lower(email), id::text, count(*), 1 FROM users u")),
              ElementsAre("users.id as id", "users.name as n", "lower(email) as lower", "(id)::text as id",
                          "count(*) as count aggregate", "1"));
}

TEST(ShapeTargets, Stars) {
  EXPECT_THAT(targets(draw_shape("SELECT * FROM t")), ElementsAre("base star"));
  EXPECT_THAT(targets(draw_shape("SELECT p.* FROM posts p JOIN users u ON true")), ElementsAre("base star"));
  EXPECT_THAT(targets(draw_shape("SELECT * FROM (SELECT a, b FROM t) s")), ElementsAre("star"));
  EXPECT_THAT(targets(draw_shape("SELECT s.* FROM (SELECT * FROM t) s")), ElementsAre("base star"));
  EXPECT_THAT(targets(draw_shape("WITH c AS (SELECT a FROM t) SELECT * FROM c")), ElementsAre("star"));
  EXPECT_THAT(targets(draw_shape("SELECT * FROM generate_series(1, 2)")), ElementsAre("star"));
  EXPECT_THAT(targets(draw_shape("DELETE FROM t RETURNING *")), ElementsAre("base star"));
  EXPECT_EQ(draw_shape("SELECT 1 WHERE EXISTS (SELECT * FROM t)").blocks[1].role, BlockRole::kExists);
}

// What is left-joined comes along, however many of its columns are listed.
TEST(ShapeTargets, RowsAreNotOfAnOptionalTable) {
  const auto tables = [](std::string_view sql) {
    const StatementShape shape = draw_shape(sql);
    const auto name = [&shape](uint32_t relation) {
      return relation < shape.relations.size() ? std::string(shape.relations[relation].name) : std::string();
    };
    return name(shape.row_relation()) + " " + name(shape.main_relation());
  };
  EXPECT_EQ(
      tables("SELECT p.title, u.name, u.email, u.phone FROM posts p LEFT JOIN users u ON u.id = p.author "
             "WHERE u.id = $1"),
      "posts posts");
  EXPECT_EQ(tables("SELECT p.title, u.name, u.email FROM users u RIGHT JOIN posts p ON u.id = p.author"),
            "posts posts");
  // There is nothing else that it could be of.
  EXPECT_EQ(tables("SELECT p.id, u.name FROM posts p LEFT JOIN users u ON u.id = p.author WHERE p.id = $1"),
            "users posts");
  EXPECT_EQ(
      tables("SELECT p.title, u.name, u.email FROM posts p JOIN users u ON u.id = p.author WHERE u.id = $1"),
      "users users");
}

TEST(ShapeTargets, AggregatesAndWindows) {
  EXPECT_TRUE(draw_shape("SELECT max(x) FROM t").blocks[0].has_aggregate);
  EXPECT_TRUE(draw_shape("SELECT my_agg(DISTINCT x) FROM t").blocks[0].has_aggregate);
  EXPECT_FALSE(draw_shape("SELECT lower(x) FROM t").blocks[0].has_aggregate);
  const QueryBlock window = draw_shape("SELECT count(*) OVER (PARTITION BY a) FROM t").blocks[0];
  EXPECT_TRUE(window.has_window);
  EXPECT_FALSE(window.has_aggregate);
  EXPECT_FALSE(draw_shape("SELECT (SELECT max(x) FROM s) FROM t").blocks[0].has_aggregate);
  const QueryBlock having = draw_shape("SELECT a FROM t GROUP BY a HAVING count(*) > 1").blocks[0];
  EXPECT_TRUE(having.has_having);
  EXPECT_TRUE(having.has_aggregate);
}

TEST(ShapeTargets, OrderResolvesPositionsAndNames) {
  const auto order = [](std::string_view sql) {
    const StatementShape shape = draw_shape(sql);
    return keys(shape, shape.blocks[0].order);
  };
  EXPECT_THAT(
      order("SELECT id, lower(n) AS l FROM t ORDER BY 1, l DESC, other NULLS FIRST, t.x DESC NULLS LAST"),
      ElementsAre("t.id", "lower(n) desc", "t.other nulls first", "t.x desc nulls last"));
  EXPECT_THAT(order("SELECT * FROM t ORDER BY 2, lower(a)"), ElementsAre("2", "lower(a)"));
  EXPECT_THAT(order("SELECT a FROM x UNION SELECT b FROM y ORDER BY a"), ElementsAre("x.a"));
}

TEST(ShapeTargets, GroupResolvesNamesAndSets) {
  const auto group = [](std::string_view sql) {
    const StatementShape shape = draw_shape(sql);
    return keys(shape, shape.blocks[0].group);
  };
  EXPECT_THAT(group("SELECT date_trunc('day', c) AS day, a FROM t GROUP BY day, 2"),
              ElementsAre("date_trunc('day', c)", "t.a"));
  EXPECT_THAT(group("SELECT a FROM t GROUP BY ROLLUP (a, b)"), ElementsAre("t.a", "t.b"));
}

TEST(ShapeTargets, DistinctAndLocks) {
  EXPECT_TRUE(draw_shape("SELECT DISTINCT a FROM t").blocks[0].distinct);
  EXPECT_FALSE(draw_shape("SELECT DISTINCT a FROM t").blocks[0].distinct_on);
  EXPECT_TRUE(draw_shape("SELECT DISTINCT ON (a) a FROM t").blocks[0].distinct_on);
  EXPECT_FALSE(draw_shape("SELECT count(DISTINCT a) FROM t").blocks[0].distinct);
  const QueryBlock locked = draw_shape("SELECT * FROM t FOR UPDATE SKIP LOCKED").blocks[0];
  EXPECT_TRUE(locked.for_update);
  EXPECT_TRUE(locked.skip_locked);
  EXPECT_FALSE(locked.no_wait);
  EXPECT_TRUE(draw_shape("SELECT * FROM t FOR KEY SHARE NOWAIT").blocks[0].no_wait);
}

TEST(ShapeTargets, Limits) {
  const auto limit = [](std::string_view tail) {
    return draw_shape("SELECT a FROM t " + std::string(tail)).blocks[0].limit;
  };
  EXPECT_FALSE(limit("").present);
  EXPECT_EQ(limit("LIMIT 21").value, 21);
  EXPECT_EQ(limit("LIMIT 21").slot, 0U);
  EXPECT_TRUE(limit("LIMIT ALL").all);
  EXPECT_EQ(limit("LIMIT '10'::bigint").value, 10);
  EXPECT_EQ(limit("LIMIT 3000000000").value, 3000000000);
  EXPECT_FALSE(limit("LIMIT $1").value.has_value());
  EXPECT_EQ(limit("LIMIT $1").slot, 0U);
  EXPECT_EQ(limit("FETCH FIRST 5 ROWS ONLY").value, 5);
  EXPECT_EQ(limit("FETCH FIRST ROW ONLY").value, 1);
  EXPECT_EQ(limit("OFFSET $1 ROWS FETCH NEXT $2 ROWS ONLY").slot, 1U);
  const StatementShape prisma = draw_shape("SELECT id FROM t WHERE id = $1 OFFSET $2");
  EXPECT_FALSE(prisma.blocks[0].limit.present);
  EXPECT_TRUE(prisma.blocks[0].offset.present);
  EXPECT_EQ(prisma.blocks[0].offset.slot, 1U);
}

TEST(ShapeTargets, SetOperations) {
  const StatementShape shape =
      draw_shape("SELECT a FROM x UNION ALL SELECT b FROM y EXCEPT SELECT c FROM z LIMIT 5");
  ASSERT_EQ(shape.blocks.size(), 4U);
  EXPECT_TRUE(shape.blocks[0].set_operation);
  for (uint32_t arm = 1; arm < 4; ++arm) {
    EXPECT_EQ(shape.blocks[arm].role, BlockRole::kSetArm);
    EXPECT_EQ(shape.blocks[arm].parent, 0U);
    EXPECT_EQ(shape.relations[arm - 1].name, std::string(1, static_cast<char>('x' + arm - 1)));
  }
  EXPECT_TRUE(shape.blocks[0].limit.present);
}

TEST(ShapeTargets, Functions) {
  const StatementShape shape =
      draw_shape("SELECT get_balance($1), App.F(2) FROM unnest($2) WHERE pg_try_advisory_lock(3)");
  ASSERT_EQ(shape.functions.size(), 4U);
  EXPECT_EQ(shape.functions[0].name, "unnest");
  EXPECT_TRUE(shape.functions[0].in_from);
  EXPECT_EQ(shape.functions[1].name, "pg_try_advisory_lock");
  EXPECT_EQ(shape.functions[2].name, "get_balance");
  EXPECT_TRUE(shape.functions[2].in_target);
  EXPECT_THAT(shape.functions[2].argument_slots, ElementsAre(0U));
  EXPECT_EQ(shape.functions[3].name, "app.f");
}

TEST(ShapeTargets, LongExpressionsAreCut) {
  const StatementShape shape = draw_shape("SELECT concat('" + std::string(500, 'x') + "', a) FROM t");
  EXPECT_LE(shape.blocks[0].targets[0].expression.size(), 200U);
}

}  // namespace
}  // namespace pgsieve
