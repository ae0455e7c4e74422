#include "analyzer/sql/scan.h"
#include "tests/sql/shape_testing.h"

namespace pgsieve {
namespace {

using namespace shape_testing;
using ::testing::ElementsAre;

TEST(ShapeSlots, Roles) {
  EXPECT_THAT(
      slots("SELECT 1, f($1) FROM t WHERE a = $2 AND b > 3 AND c IN (4, 5) AND d LIKE 'x%' AND e <> 6 "
            "LIMIT $3 OFFSET 7"),
      ElementsAre("none", "argument", "equal t.a", "range t.b", "list t.c", "pattern t.d", "other t.e",
                  "limit", "offset"));
  EXPECT_EQ(draw_shape("SELECT 1 FROM t WHERE a = $7").slots[1].parameter, 7);
}

TEST(ShapeSlots, ListsOfOneAndArrays) {
  EXPECT_THAT(
      slots(
          "SELECT x FROM t WHERE a IN ($1) AND b = ANY($2) AND c = ANY('{5}'::int[]) AND d = ANY(ARRAY[$3])"),
      ElementsAre("equal t.a", "equal t.b array", "equal t.c array", "equal t.d"));
}

TEST(ShapeSlots, SignsAndPrefixes) {
  EXPECT_THAT(
      slots("SELECT x FROM t WHERE a = -5 AND b = - 6 AND c = E'a\\'b' AND d = X'1F' AND e = $q$v$q$ AND "
            "f = U&'\\0041' AND g = N'z' AND h = -1.5e3"),
      ElementsAre("equal t.a", "equal t.b", "equal t.c", "equal t.d", "equal t.e", "equal t.f", "equal t.g",
                  "equal t.h"));
  EXPECT_THAT(slots("SELECT x FROM t WHERE a IN (-1, -2) AND b = 3"), ElementsAre("list t.a", "equal t.b"));
}

TEST(ShapeSlots, LiteralsInTheTestedExpression) {
  EXPECT_THAT(
      slots("SELECT x FROM t WHERE payload ->> 'ref' = $1 AND (c AT TIME ZONE 'UTC')::date = '2020-01-01'"),
      ElementsAre("other t.payload", "equal t.payload", "other t.c", "equal t.c"));
}

TEST(ShapeSlots, Placeholders) {
  EXPECT_THAT(slots("SELECT x FROM t WHERE a = ? AND b IN (?, ?) LIMIT ?"),
              ElementsAre("equal t.a", "list t.b", "limit"));
  const StatementShape shape = draw_shape("SELECT x FROM t WHERE a = ? LIMIT ?");
  EXPECT_EQ(shape.predicates[0].operand, OperandKind::kParameter);
  EXPECT_FALSE(shape.blocks[0].limit.value.has_value());
  EXPECT_EQ(draw_shape("SELECT x FROM t WHERE doc ? 'k'").predicates[0].op, PredicateOperator::kJsonExists);
}

TEST(ShapeSlots, ElidedListsOfTracingClients) {
  EXPECT_EQ(draw_shape(R"(select "o".* from "o" where "o"."order_id" in (?, ...))").arity, Arity::kMany);
  EXPECT_EQ(draw_shape("select o.* from o where o.order_id in (?) limit ?").arity, Arity::kOne);
  EXPECT_EQ(draw_shape("insert into t (a, b) values (?, ?), ...").arity, Arity::kRows);
  EXPECT_THAT(slots("select * from o where o.order_id in (?, ...) and b = ?"),
              ElementsAre("list o.order_id", "equal o.b"));
  EXPECT_EQ(draw_shape("select ... from").kind, StatementKind::kUnparsed);
}

TEST(ShapeSlots, OnePerSlotOfTheScan) {
  const std::string_view statements[] = {
      "SELECT 1",
      "BEGIN",
      "SELECT interval '1 day', varchar(10) '5' FROM t WHERE (a, b) IN ((1, 2), (3, 4))",
      "INSERT INTO t VALUES (1, 'x'), (2, 'y') RETURNING 5",
      "not a statement 5",
      "DECLARE c CURSOR FOR SELECT 1",
      "SET x = 5",
      "MERGE INTO t USING (VALUES (1)) s(a) ON t.a = s.a WHEN MATCHED THEN DELETE",
  };
  for (const std::string_view text : statements) {
    StatementScan scan;
    std::string scratch;
    scan_statement(text, scan, scratch);
    EXPECT_EQ(draw_shape(text).slots.size(), scan.slots.size()) << text;
  }
}

TEST(ShapeSlots, Arity) {
  const auto arity = [](std::string_view condition) {
    return arity_name(draw_shape("SELECT * FROM t WHERE " + std::string(condition)).arity);
  };
  EXPECT_EQ(arity("a = 1"), "scalar");
  EXPECT_EQ(arity("a IN (1)"), "one");
  EXPECT_EQ(arity("a = ANY('{5}')"), "one");
  EXPECT_EQ(arity("a = ANY(ARRAY[$1])"), "one");
  EXPECT_EQ(arity("a IN (1, 2)"), "many");
  EXPECT_EQ(arity("a = ANY($1)"), "many");
  EXPECT_EQ(arity("a = ANY('{1,2}')"), "many");
  EXPECT_EQ(arity("a NOT IN (1, 2)"), "scalar");
  // What picks the rows decides.
  EXPECT_EQ(arity("user_id = $1 AND status IN ('a', 'b')"), "scalar");
  EXPECT_EQ(arity("user_id = $1 AND status IN ($2, $3)"), "scalar");
  EXPECT_EQ(arity("owner_type = 'User' AND owner_id IN (1, 2)"), "many");
  EXPECT_EQ(arity("owner_type = $1 AND owner_id IN ($2, $3)"), "many");
  EXPECT_EQ(arity("tenant_id = $1 AND id IN ($2, $3)"), "many");
  EXPECT_EQ(arity("tenant_id = $1 AND id IN ('1', '2')"), "many");
  EXPECT_EQ(arity("status IN ('a', 'b')"), "many");
  // Alternatives of one column are a list; others are none.
  EXPECT_EQ(arity("a = 1 OR a = 2 OR a = $3"), "many");
  EXPECT_EQ(arity("(id = 1 OR id = 2) AND state = 'done'"), "many");
  EXPECT_EQ(arity("user_id = $1 AND (status = 'a' OR status = 'b')"), "scalar");
  EXPECT_EQ(arity("page_name = $1 AND (locale = 'en' OR locale = 'de')"), "scalar");
  EXPECT_EQ(arity("id = 1 OR login = 'x'"), "scalar");
  EXPECT_EQ(arity("id = 1 OR id > 7"), "scalar");
  EXPECT_EQ(arity("NOT (id = 1 OR id = 2)"), "scalar");
  EXPECT_EQ(arity("(a = $1 AND b = $2) OR (a = $2 AND b = $1)"), "scalar");
  EXPECT_EQ(draw_shape("SELECT * FROM posts JOIN unnest($1::int[]) x ON posts.id = x").arity, Arity::kMany);
  EXPECT_EQ(draw_shape("SELECT * FROM posts JOIN (VALUES (1), (2)) x(id) ON posts.id = x.id").arity,
            Arity::kMany);
}

TEST(ShapeSlots, AlternativesOfOneColumnAreAList) {
  const auto roles = [](std::string_view condition) {
    std::vector<SlotRole> found;
    for (const SlotUse& slot : draw_shape("SELECT * FROM t WHERE " + std::string(condition)).slots)
      found.push_back(slot.role);
    return found;
  };
  using Roles = std::vector<SlotRole>;
  EXPECT_EQ(roles("(a = 1 OR a = $1) AND b = 3"),
            (Roles{SlotRole::kList, SlotRole::kList, SlotRole::kEqual}));
  EXPECT_EQ(roles("a = 1 OR b = 2"), (Roles{SlotRole::kEqual, SlotRole::kEqual}));
}

TEST(ShapeSlots, ArityOfInserts) {
  const auto arity = [](std::string_view sql) { return arity_name(draw_shape(sql).arity); };
  EXPECT_EQ(arity("INSERT INTO t (a) VALUES ($1)"), "row");
  EXPECT_EQ(arity("INSERT INTO t (a) VALUES ($1), ($2)"), "rows");
  EXPECT_EQ(arity("INSERT INTO t DEFAULT VALUES"), "row");
  EXPECT_EQ(arity("INSERT INTO t (a) SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM t WHERE a = $1)"), "row");
  EXPECT_EQ(arity("INSERT INTO t SELECT * FROM unnest($1::int[], $2::text[])"), "rows");
  EXPECT_EQ(arity("INSERT INTO t (a, b) SELECT $1, unnest($2::text[])"), "rows");
  EXPECT_EQ(arity("INSERT INTO t (a) SELECT x ->> 'a' FROM jsonb_array_elements($1) AS e(x)"), "rows");
  EXPECT_EQ(arity("INSERT INTO t (a) SELECT a FROM json_to_recordset($1) AS r(a int)"), "rows");
  EXPECT_EQ(arity("INSERT INTO t (a) SELECT lower($1)"), "row");
  EXPECT_EQ(arity("INSERT INTO t SELECT * FROM s WHERE s.id = $1"), "scalar");
  EXPECT_EQ(arity("INSERT INTO t SELECT * FROM s WHERE s.id IN ($1, $2)"), "many");
}

}  // namespace
}  // namespace pgsieve
