#include "tests/sql/shape_testing.h"

namespace pgsieve {
namespace {

using namespace shape_testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ShapeNames, AliasesAndSchemas) {
  EXPECT_THAT(predicates(R"(SELECT p0."id" FROM "posts" AS p0 WHERE (p0."user_id" = ANY($1)))"),
              ElementsAre("posts.user_id = ANY {0}"));
  EXPECT_THAT(predicates(R"(SELECT 1 FROM "public"."users" WHERE "public"."users"."id" = $1)"),
              ElementsAre("public.users.id = {1}"));
  EXPECT_THAT(predicates("SELECT 1 FROM a.t JOIN b.t ON b.t.x = a.t.y"), ElementsAre("b.t.x = a.t.y join"));
  EXPECT_THAT(
      predicates("SELECT 1 FROM people p JOIN people boss ON boss.id = p.boss_id WHERE boss.name = $1"),
      ElementsAre("people.id = people.boss_id join", "people.name = {1}"));
}

TEST(ShapeNames, UnqualifiedColumns) {
  EXPECT_THAT(predicates("SELECT 1 FROM t WHERE a = 5"), ElementsAre("t.a = {1}"));
  EXPECT_THAT(predicates("SELECT 1 FROM a, b WHERE x = 5"), ElementsAre("?.x = {1}"));
  // The derived table's columns are known: x can only be the other's.
  EXPECT_THAT(predicates("SELECT 1 FROM a, (SELECT n FROM b) s WHERE x = 5 AND n = 6"),
              ElementsAre("a.x = {1}", "b.n = {2}"));
  EXPECT_THAT(predicates("SELECT 1 FROM posts, unnest($1::int[]) AS wanted WHERE id = wanted"),
              ElementsAre("posts.id = unnest.wanted"));
}

TEST(ShapeNames, ThroughDerivedTables) {
  EXPECT_THAT(predicates("SELECT 1 FROM (SELECT a AS x FROM t) s WHERE s.x = 1"), ElementsAre("t.a = {1}"));
  EXPECT_THAT(predicates("SELECT 1 FROM (SELECT * FROM (SELECT t.* FROM t) i) s WHERE s.x = 1"),
              ElementsAre("t.x = {1}"));
  EXPECT_THAT(predicates("SELECT 1 FROM (SELECT a, b FROM t) s(p, q) WHERE s.q = 1"),
              ElementsAre("t.b = {1}"));
  EXPECT_THAT(predicates("SELECT 1 FROM (SELECT count(*) AS n FROM t) s WHERE s.n = 1"),
              ElementsAre("s.n = {1}"));
  EXPECT_THAT(predicates("SELECT 1 FROM (VALUES (1, 2)) v(a, b) WHERE v.a = 1"), ElementsAre("v.a = {3}"));
}

TEST(ShapeNames, CommonTableExpressions) {
  const StatementShape shape =
      draw_shape("WITH x AS (SELECT user_id AS uid FROM posts) SELECT * FROM users u JOIN x ON x.uid = u.id");
  EXPECT_THAT(predicates(shape), ElementsAre("users.id = posts.user_id join"));
  ASSERT_EQ(shape.relations.size(), 3U);
  EXPECT_EQ(shape.relations[2].kind, Relation::Kind::kCte);
  EXPECT_EQ(shape.relations[2].source_block, 1U);
  EXPECT_EQ(shape.blocks[1].role, BlockRole::kCte);
  EXPECT_EQ(shape.blocks[1].cte_name, "x");
  // A CTE does not hide a schema-qualified table, and is not visible before its definition.
  EXPECT_EQ(draw_shape("WITH t AS (SELECT 1 AS a) SELECT * FROM public.t").relations[0].kind,
            Relation::Kind::kTable);
  EXPECT_EQ(draw_shape("WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a").relations[0].kind,
            Relation::Kind::kTable);
}

TEST(ShapeNames, RecursiveCommonTableExpressions) {
  const StatementShape shape = draw_shape(
      "WITH RECURSIVE tree(id, parent) AS (SELECT id, parent_id FROM cats WHERE id = $1 UNION ALL "
      "SELECT c.id, c.parent_id FROM cats c JOIN tree t ON t.id = c.parent_id) SELECT * FROM tree WHERE "
      "parent = 3");
  EXPECT_TRUE(shape.recursive);
  EXPECT_THAT(predicates(shape),
              ElementsAre("cats.id = {0}", "cats.parent_id = cats.id join", "cats.parent_id = {1}"));
  EXPECT_TRUE(shape.blocks[1].set_operation);
  EXPECT_TRUE(shape.blocks[1].recursive);
}

TEST(ShapeNames, Correlation) {
  const StatementShape shape = draw_shape(
      "SELECT (SELECT count(*) FROM posts p WHERE p.user_id = u.id) FROM users u WHERE EXISTS (SELECT 1 FROM "
      "x)");
  ASSERT_EQ(shape.blocks.size(), 3U);
  EXPECT_FALSE(shape.blocks[0].correlated);
  EXPECT_FALSE(shape.blocks[1].correlated);
  EXPECT_TRUE(shape.blocks[2].correlated);
  EXPECT_EQ(shape.blocks[2].role, BlockRole::kScalarSubquery);
  // The block between refers outward too.
  const StatementShape nested = draw_shape(
      "SELECT * FROM u LEFT JOIN LATERAL (SELECT json_agg(p) FROM (SELECT * FROM posts WHERE posts.uid = "
      "u.id) p) d ON true");
  EXPECT_TRUE(nested.blocks[1].correlated);
  EXPECT_TRUE(nested.blocks[2].correlated);
  EXPECT_EQ(nested.blocks[1].role, BlockRole::kLateral);
}

TEST(ShapeNames, WholeRows) {
  const StatementShape shape = draw_shape("SELECT u FROM users u");
  EXPECT_THAT(targets(shape), ElementsAre("users.* as u"));
  EXPECT_TRUE(shape.blocks[0].targets[0].use.whole_row());
}

TEST(ShapeNames, Joins) {
  EXPECT_THAT(joins("SELECT * FROM tags INNER JOIN posts_tags ON tags.id = posts_tags.tag_id"),
              ElementsAre("inner tags.id = posts_tags.tag_id"));
  EXPECT_THAT(
      joins("SELECT * FROM tags, posts_tags WHERE 1 = posts_tags.post_id AND posts_tags.tag_id = tags.id"),
      ElementsAre("comma tags.id = posts_tags.tag_id"));
  EXPECT_THAT(joins("SELECT * FROM a LEFT JOIN b ON b.x = a.x RIGHT JOIN c USING (y)"),
              ElementsAre("left a.x = b.x", "right a.y = c.y"));
  EXPECT_THAT(joins("SELECT * FROM a CROSS JOIN b"), ElementsAre("cross a.* = b.*"));
  EXPECT_THAT(joins("SELECT * FROM a, b WHERE a.x = 1"), ElementsAre("comma a.* = b.*"));
  EXPECT_THAT(joins("SELECT * FROM a, b WHERE x = y"), IsEmpty());             // the schema must tell
  EXPECT_THAT(joins("SELECT * FROM a, b WHERE lower(a.x) = b.y"), IsEmpty());  // connected, if not by columns
  EXPECT_THAT(joins("SELECT * FROM a NATURAL JOIN b"), IsEmpty());
  EXPECT_THAT(joins("SELECT * FROM a, LATERAL (SELECT * FROM b WHERE b.x = a.x) s"), IsEmpty());
  EXPECT_THAT(joins("SELECT * FROM a JOIN b ON a.x = b.x OR a.y = b.y"), ElementsAre("inner a.* = b.*"));
  EXPECT_THAT(joins("UPDATE t SET n = 1 FROM s WHERE s.id = t.id"), ElementsAre("comma t.id = s.id"));
}

TEST(ShapeNames, NullableSides) {
  const auto nullable = [](std::string_view sql) {
    std::string result;
    for (const Relation& relation : draw_shape(sql).relations) result += relation.nullable ? 'n' : '-';
    return result;
  };
  EXPECT_EQ(nullable("SELECT * FROM a LEFT JOIN b ON a.x = b.x"), "-n");
  EXPECT_EQ(nullable("SELECT * FROM a RIGHT JOIN b ON a.x = b.x"), "n-");
  EXPECT_EQ(nullable("SELECT * FROM a FULL JOIN b ON a.x = b.x JOIN c ON true"), "nn-");
  EXPECT_EQ(nullable("SELECT * FROM a LEFT JOIN (b JOIN c ON b.x = c.x) ON a.x = b.x"), "-nn");
}

TEST(ShapeNames, MainRelation) {
  EXPECT_EQ(main_table("SELECT * FROM a JOIN b ON a.x = b.x WHERE b.id = $1"), "b");
  EXPECT_EQ(main_table("SELECT * FROM a JOIN b ON a.x = b.x"), "a");
  EXPECT_EQ(main_table("UPDATE t SET n = 1 FROM s WHERE s.id = $1"), "t");
  EXPECT_EQ(main_table("SELECT EXISTS(SELECT 1 FROM posts WHERE user_id = $1)"), "posts");
  EXPECT_EQ(main_table("SELECT 1"), "");
}

TEST(ShapeNames, CatalogOnly) {
  EXPECT_TRUE(
      draw_shape("SELECT a.attname FROM pg_attribute a JOIN pg_catalog.pg_class c ON true").catalog_only);
  EXPECT_TRUE(draw_shape("SELECT * FROM information_schema.tables").catalog_only);
  EXPECT_FALSE(draw_shape("SELECT * FROM pg_class, users").catalog_only);
  EXPECT_FALSE(draw_shape("SELECT 1").catalog_only);
  EXPECT_FALSE(draw_shape("SELECT * FROM app.pg_things").catalog_only);
}

}  // namespace
}  // namespace pgsieve
