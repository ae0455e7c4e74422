#include "tests/sql/shape_testing.h"

namespace pgsieve {
namespace {

using namespace shape_testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ShapePredicates, EqualityInEitherOrderTestsTheColumn) {
  EXPECT_THAT(predicates("SELECT * FROM posts WHERE posts.user_id = $1"), ElementsAre("posts.user_id = {0}"));
  EXPECT_THAT(predicates("SELECT 1 = 1, posts.* FROM posts WHERE $1 = posts.user_id"),
              ElementsAre("posts.user_id = {2}"));
  EXPECT_THAT(predicates("SELECT * FROM posts WHERE 5 > posts.n AND $1 <= posts.m"),
              ElementsAre("posts.n < {0}", "posts.m >= {1}"));
  EXPECT_EQ(predicate("5 > n").op, PredicateOperator::kLess);
  EXPECT_EQ(predicate("'{\"a\":1}' @> doc").op, PredicateOperator::kContainedBy);
}

TEST(ShapePredicates, OperandKinds) {
  EXPECT_EQ(predicate("a = 5").operand, OperandKind::kConstant);
  EXPECT_EQ(predicate("a = -5").operand, OperandKind::kConstant);
  EXPECT_EQ(predicate("a = true").operand, OperandKind::kConstant);
  EXPECT_EQ(predicate("a = $1").operand, OperandKind::kParameter);
  EXPECT_EQ(predicate("a = $1::uuid").operand, OperandKind::kParameter);
  EXPECT_EQ(predicate("a = CAST($1 AS int)").operand, OperandKind::kParameter);
  EXPECT_EQ(predicate("a = '5'::bigint").operand, OperandKind::kConstant);
  EXPECT_EQ(predicate("a = lower($1)").operand, OperandKind::kStable);
  EXPECT_EQ(predicate("a > now() - interval '1 day'").operand, OperandKind::kStable);
  EXPECT_EQ(predicate("a = nextval('s')").operand, OperandKind::kExpression);
  EXPECT_EQ(predicate("a = b").operand, OperandKind::kColumn);
  EXPECT_EQ(predicate("a = b + 1").operand, OperandKind::kExpression);
  EXPECT_EQ(predicate("a IN (1, $2)").operand, OperandKind::kList);
  EXPECT_EQ(predicate("a = ANY($1)").operand, OperandKind::kList);
  EXPECT_EQ(predicate("a = (SELECT max(x) FROM s)").operand, OperandKind::kSubquery);
  EXPECT_EQ(predicate("a IS NULL").operand, OperandKind::kNothing);
}

TEST(ShapePredicates, ConstantComparisonsGiveNothing) {
  EXPECT_THAT(predicates("SELECT * FROM t WHERE 1=1 AND true AND $1 = 5 AND now() > '2020-01-01'"),
              IsEmpty());
}

TEST(ShapePredicates, RedundantNotNullStays) {
  EXPECT_THAT(
      predicates(R"(select * from "posts" where "posts"."user_id" = $1 and "posts"."user_id" is not null)"),
      ElementsAre("posts.user_id = {0}", "posts.user_id IS NOT NULL"));
}

TEST(ShapePredicates, NegationFoldsIntoOperators) {
  EXPECT_EQ(predicate("NOT a = 1").op, PredicateOperator::kNotEqual);
  EXPECT_EQ(predicate("NOT a < 1").op, PredicateOperator::kGreaterEqual);
  EXPECT_EQ(predicate("a NOT IN (1, 2)").op, PredicateOperator::kNotIn);
  EXPECT_EQ(predicate("NOT (a IN (1, 2))").op, PredicateOperator::kNotIn);
  EXPECT_EQ(predicate("NOT a IS NULL").op, PredicateOperator::kIsNotNull);
  EXPECT_EQ(predicate("NOT active").op, PredicateOperator::kIsFalse);
  EXPECT_EQ(predicate("active").op, PredicateOperator::kIsTrue);
  EXPECT_EQ(predicate("a IS NOT TRUE").op, PredicateOperator::kIsNotTrue);
  EXPECT_EQ(predicate("NOT NOT a = 1").op, PredicateOperator::kEqual);
  EXPECT_FALSE(predicate("NOT a = 1").negated);
  EXPECT_TRUE(predicate("a NOT BETWEEN 1 AND 2").negated);
  EXPECT_TRUE(predicate("NOT (a @> '{}')").negated);
}

TEST(ShapePredicates, OrGroups) {
  EXPECT_THAT(predicates("SELECT * FROM t WHERE (a = 1 OR b = 2) AND c = 3 AND (d = 4 OR (e = 5 AND f = 6))"),
              ElementsAre("t.a = {0} or0", "t.b = {1} or0", "t.c = {2}", "t.d = {3} or1", "t.e = {4} or1",
                          "t.f = {5} or1"));
  // De Morgan: NOT (a OR b) has no OR, NOT (a AND b) has one.
  EXPECT_THAT(predicates("SELECT * FROM t WHERE NOT (a = 1 OR b IS NULL)"),
              ElementsAre("t.a = {0}", "t.b IS NULL"));
  EXPECT_THAT(predicates("SELECT * FROM t WHERE NOT (a = 1 AND b = 2)"),
              ElementsAre("t.a = {0} or0", "t.b = {1} or0"));
}

TEST(ShapePredicates, ListsAndArrays) {
  EXPECT_THAT(predicates("SELECT * FROM t WHERE a IN ($1) AND b IN (1,2) AND c = ANY($2) AND d <> ALL($3)"),
              ElementsAre("t.a IN {0}", "t.b IN {1}", "t.c = ANY {2}", "t.d <> ALL {3}"));
  EXPECT_EQ(predicate("a = ANY('{1,2}'::int[])").op, PredicateOperator::kIn);
  EXPECT_EQ(predicate("a <> ALL($1)").op, PredicateOperator::kNotIn);
  EXPECT_EQ(predicate("$1 = ANY(tags)").op, PredicateOperator::kOther);
  EXPECT_EQ(predicate("$1 = ANY(tags)").column.column, "tags");
  EXPECT_THAT(predicates("SELECT * FROM t WHERE $1 IN (a, b)"),
              ElementsAre("t.a = {0} or0", "t.b = {0} or0"));
}

TEST(ShapePredicates, Between) {
  EXPECT_THAT(predicates("SELECT * FROM t WHERE a BETWEEN $1 AND $2"), ElementsAre("t.a BETWEEN {0,1}"));
  EXPECT_THAT(predicates("SELECT * FROM t WHERE now() BETWEEN starts_at AND ends_at"),
              ElementsAre("t.starts_at <= [now()]", "t.ends_at >= [now()]"));
}

TEST(ShapePredicates, RowComparisonBoundsTheFirstColumn) {
  EXPECT_THAT(predicates("SELECT * FROM t WHERE (a, b) > ($1, $2)"), ElementsAre("t.a > {0}"));
  EXPECT_THAT(slots("SELECT * FROM t WHERE (a, b) > ($1, $2)"), ElementsAre("range t.a", "range t.b"));
  EXPECT_THAT(predicates("SELECT * FROM t WHERE (a, b) = ($1, $2)"), ElementsAre("t.a = {0}", "t.b = {1}"));
  EXPECT_THAT(predicates("SELECT * FROM t WHERE (a, b) <> ($1, $2)"),
              ElementsAre("t.a <> {0} or0", "t.b <> {1} or0"));
  EXPECT_THAT(predicates("SELECT * FROM t WHERE (a, b) IN (SELECT x, y FROM s)"),
              ElementsAre("t.a IN block 1", "t.b IN block 1"));
}

TEST(ShapePredicates, LikePatterns) {
  EXPECT_EQ(predicate("a LIKE 'x%'").pattern, LikePattern::kPrefix);
  EXPECT_EQ(predicate("a LIKE '%x%'").pattern, LikePattern::kContains);
  EXPECT_EQ(predicate("a LIKE '%x'").pattern, LikePattern::kSuffix);
  EXPECT_EQ(predicate("a LIKE 'x'").pattern, LikePattern::kExact);
  EXPECT_EQ(predicate("a LIKE 'x_y'").pattern, LikePattern::kPrefix);
  EXPECT_EQ(predicate("a LIKE '\\%x'").pattern, LikePattern::kExact);
  EXPECT_EQ(predicate("a LIKE '!%x%' ESCAPE '!'").pattern, LikePattern::kPrefix);
  EXPECT_EQ(predicate("a LIKE $1").pattern, LikePattern::kUnknown);
  EXPECT_EQ(predicate("a LIKE $1 || '%'").pattern, LikePattern::kPrefix);
  EXPECT_EQ(predicate("a LIKE '%' || $1 || '%'").pattern, LikePattern::kContains);
  EXPECT_EQ(predicate("a LIKE concat('%', $1, '%')").pattern, LikePattern::kContains);
  EXPECT_EQ(predicate("a ILIKE '%x%'").op, PredicateOperator::kILike);
  EXPECT_EQ(predicate("a NOT LIKE 'x%'").op, PredicateOperator::kNotLike);
  EXPECT_EQ(predicate("a NOT ILIKE 'x%'").op, PredicateOperator::kNotILike);
  EXPECT_EQ(predicate("a SIMILAR TO 'x%'").op, PredicateOperator::kSimilar);
  EXPECT_EQ(predicate("a ~ '^x'").op, PredicateOperator::kRegex);
  EXPECT_EQ(predicate("a = 'x'").pattern, LikePattern::kNone);
}

TEST(ShapePredicates, ExpressionsReadLikeIndexDefinitions) {
  const auto expression = [](std::string_view condition) { return predicate(condition).expression; };
  EXPECT_EQ(expression("t.a = 1"), "");
  EXPECT_EQ(expression("lower(t.email) = $1"), "lower(email)");
  EXPECT_EQ(expression("t.payload ->> 'ref' = $1"), "payload ->> 'ref'");
  EXPECT_EQ(expression("payload #>> '{a,b}' = $1"), "payload #>> '{a,b}'");
  EXPECT_EQ(expression("(payload -> 'a' ->> 'b')::int = 5"), "((payload -> 'a') ->> 'b')::integer");
  EXPECT_EQ(expression("created_at::date = $1"), "(created_at)::date");
  EXPECT_EQ(expression("CAST(created_at AS date) = $1"), "(created_at)::date");
  EXPECT_EQ(expression("(created_at AT TIME ZONE 'America/Chicago')::date = $1"),
            "(created_at AT TIME ZONE 'America/Chicago')::date");
  EXPECT_EQ(expression("date_trunc('day', created_at) = $1"), "date_trunc('day', created_at)");
  EXPECT_EQ(expression("extract(year from created_at) = 2020"), "EXTRACT(year FROM created_at)");
  EXPECT_EQ(expression("COALESCE(x, 0) = 5"), "COALESCE(x, 0)");
  EXPECT_EQ(expression("first || ' ' || last = 'x'"), "(first || ' ') || last");
  EXPECT_EQ(expression("a + 1 > 5"), "a + 1");
  EXPECT_EQ(expression("lower(\"Email\") = 'x'"), "lower(\"Email\")");
  EXPECT_EQ(expression("a::varchar(10) = 'x'"), "(a)::character varying(10)");
  EXPECT_EQ(expression("a::timestamptz = 'x'"), "(a)::timestamp with time zone");
  EXPECT_EQ(expression("CASE WHEN a = 1 THEN 2 END = 2"), "CASE WHEN a = 1 THEN 2 END");
  EXPECT_EQ(predicate("lower(t.email) = lower($1)").other_expression, "lower($1)");
  EXPECT_EQ(predicate("lower(t.email) = $1").column.column, "email");
}

TEST(ShapePredicates, Operators) {
  EXPECT_EQ(predicate("tags @> ARRAY['a']").op, PredicateOperator::kContains);
  EXPECT_EQ(predicate("tags <@ $1").op, PredicateOperator::kContainedBy);
  EXPECT_EQ(predicate("tags && $1").op, PredicateOperator::kOverlaps);
  EXPECT_EQ(predicate("doc ? 'k'").op, PredicateOperator::kJsonExists);
  EXPECT_EQ(predicate("doc @? '$.a'").op, PredicateOperator::kJsonExists);
  EXPECT_EQ(predicate("doc @@ '$.a > 1'").op, PredicateOperator::kJsonExists);
  EXPECT_EQ(predicate("v @@ to_tsquery($1)").op, PredicateOperator::kTextSearch);
  EXPECT_EQ(predicate("e <-> $1 < 5").expression, "e <-> $1");
  EXPECT_EQ(predicate("starts_with(name, $1)").op, PredicateOperator::kOther);
  EXPECT_EQ(predicate("starts_with(name, $1)").op_text, "starts_with");
  EXPECT_EQ(predicate("a IS DISTINCT FROM $1").op, PredicateOperator::kNotEqual);
  EXPECT_EQ(predicate("a IS NOT DISTINCT FROM $1").op, PredicateOperator::kOther);
  EXPECT_EQ(predicate("a OPERATOR(pg_catalog.=) 5").op, PredicateOperator::kEqual);
  EXPECT_TRUE(predicate("user_id = $1::numeric").implicit_cast);
  EXPECT_FALSE(predicate("user_id = $1::bigint").implicit_cast);
}

TEST(ShapePredicates, JoinConditionsAndHaving) {
  EXPECT_THAT(
      predicates("SELECT * FROM a JOIN b ON b.a_id = a.id AND b.kind = 'x' GROUP BY 1 HAVING sum(a.n) > 5"),
      ElementsAre("b.a_id = a.id join", "b.kind = {0} join", "sum(n) > {2} having"));
  EXPECT_THAT(predicates("SELECT * FROM a JOIN b USING (x)"), ElementsAre("a.x = b.x join"));
}

TEST(ShapePredicates, SubQueries) {
  EXPECT_THAT(predicates("SELECT * FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id)"),
              ElementsAre("b.a_id = a.id", "EXISTS block 1"));
  // The column of the inner block is the tested one in either order: that is where an index would help.
  EXPECT_THAT(predicates("SELECT * FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE a.id = b.a_id)"),
              ElementsAre("b.a_id = a.id", "EXISTS block 1 negated"));
  EXPECT_THAT(predicates("SELECT * FROM a WHERE a.id IN (SELECT b.a_id FROM b WHERE b.n = 5)"),
              ElementsAre("b.n = {0}", "a.id IN block 1"));
  const StatementShape shape = draw_shape("SELECT * FROM a WHERE a.id NOT IN (SELECT b.a_id FROM b)");
  ASSERT_EQ(shape.predicates.size(), 1U);
  EXPECT_EQ(shape.predicates[0].op, PredicateOperator::kNotIn);
  EXPECT_EQ(column_name(shape, shape.predicates[0].other), "b.a_id");
}

}  // namespace
}  // namespace pgsieve
