#include "tests/sql/shape_testing.h"

namespace pgsieve {
namespace {

using namespace shape_testing;
using ::testing::ElementsAre;

std::vector<std::string> written(const StatementShape& shape) {
  std::vector<std::string> result;
  for (const ColumnUse& use : shape.written_columns) result.push_back(column_name(shape, use));
  return result;
}

TEST(ShapeDml, Insert) {
  const std::string_view sql =
      R"(INSERT INTO "tags" ("name", "n") VALUES ($1, -5) ON CONFLICT ("name") WHERE n > 1 DO UPDATE SET "n" = tags.n + EXCLUDED.n + 7 WHERE tags.n < 10 RETURNING "id")";
  const StatementShape shape = draw_shape(sql);
  EXPECT_EQ(shape.kind, StatementKind::kInsert);
  EXPECT_TRUE(shape.on_conflict);
  EXPECT_TRUE(shape.returning);
  EXPECT_TRUE(shape.relations.at(0).dml_target);
  EXPECT_THAT(written(shape), ElementsAre("tags.name", "tags.n"));
  EXPECT_THAT(slots(sql),
              ElementsAre("written tags.name", "written tags.n", "none", "written tags.n", "range tags.n"));
  EXPECT_THAT(predicates(shape), ElementsAre("tags.n < {4}"));
  EXPECT_THAT(targets(shape), ElementsAre("tags.id as id"));
}

TEST(ShapeDml, InsertSelect) {
  const StatementShape shape = draw_shape("INSERT INTO t (a, b) SELECT $1, s.b FROM s WHERE s.id = $2");
  EXPECT_EQ(shape.blocks.at(1).role, BlockRole::kInsertSource);
  EXPECT_THAT(predicates(shape), ElementsAre("s.id = {1}"));
  EXPECT_THAT(slots("INSERT INTO t (a, b) SELECT $1, s.b FROM s WHERE s.id = $2"),
              ElementsAre("written t.a", "equal s.id"));
  EXPECT_EQ(shape.main_relation(), 0U);
}

TEST(ShapeDml, Update) {
  const std::string_view sql =
      "UPDATE users u SET name = $1, n = n + 1, (a, b) = ($2, $3), c = DEFAULT FROM accounts x "
      "WHERE x.user_id = u.id AND u.id = $4 RETURNING u.id";
  const StatementShape shape = draw_shape(sql);
  EXPECT_EQ(shape.kind, StatementKind::kUpdate);
  EXPECT_THAT(written(shape), ElementsAre("users.name", "users.n", "users.a", "users.b", "users.c"));
  EXPECT_THAT(slots(sql), ElementsAre("written users.name", "written users.n", "written users.a",
                                      "written users.b", "equal users.id"));
  EXPECT_TRUE(shape.returning);
}

TEST(ShapeDml, DeleteUsing) {
  const StatementShape shape =
      draw_shape("DELETE FROM posts USING users u WHERE u.id = posts.user_id AND u.email = $1");
  EXPECT_EQ(shape.kind, StatementKind::kDelete);
  EXPECT_TRUE(shape.relations.at(0).dml_target);
  EXPECT_THAT(predicates(shape), ElementsAre("users.id = posts.user_id", "users.email = {0}"));
}

TEST(ShapeDml, Merge) {
  const StatementShape shape = draw_shape(
      "MERGE INTO t USING (VALUES (1, 2), (3, 4)) AS s(id, v) ON t.id = s.id WHEN MATCHED AND t.v > 9 THEN "
      "UPDATE SET v = "
      "s.v WHEN NOT MATCHED THEN INSERT (id, w) VALUES (s.id, $1)");
  EXPECT_EQ(shape.kind, StatementKind::kMerge);
  EXPECT_EQ(shape.arity, Arity::kRows);
  EXPECT_THAT(written(shape), ElementsAre("t.v", "t.id", "t.w"));
  EXPECT_EQ(shape.slots.back().role, SlotRole::kWritten);
  EXPECT_EQ(shape.predicates.at(0).column.column, "id");
}

TEST(ShapeDml, WritesInsideWith) {
  const StatementShape shape =
      draw_shape("WITH moved AS (DELETE FROM a WHERE id = $1 RETURNING *) INSERT INTO b SELECT * FROM moved");
  EXPECT_EQ(shape.kind, StatementKind::kInsert);
  EXPECT_FALSE(shape.returning);
  EXPECT_TRUE(shape.relations.at(0).dml_target);
  EXPECT_EQ(shape.relations.at(0).name, "a");
  EXPECT_THAT(predicates(shape), ElementsAre("a.id = {0}"));
}

struct UtilityCase {
  std::string_view sql;
  StatementKind kind;
  std::string_view name;
};

TEST(ShapeUtility, KindsAndNames) {
  const UtilityCase cases[] = {
      {"BEGIN", StatementKind::kBegin, ""},
      {"START TRANSACTION ISOLATION LEVEL SERIALIZABLE", StatementKind::kBegin, ""},
      {"COMMIT", StatementKind::kCommit, ""},
      {"END", StatementKind::kCommit, ""},
      {"ROLLBACK", StatementKind::kRollback, ""},
      {"SAVEPOINT Active_Record_1", StatementKind::kSavepoint, "active_record_1"},
      {"ROLLBACK TO SAVEPOINT \"Sp\"", StatementKind::kRollbackTo, "Sp"},
      {"RELEASE SAVEPOINT s", StatementKind::kRelease, "s"},
      {"PREPARE TRANSACTION 'x'", StatementKind::kPrepareTransaction, ""},
      {"SET search_path TO a, b", StatementKind::kSet, "search_path"},
      {"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", StatementKind::kSet,
       "session characteristics"},
      {"RESET ALL", StatementKind::kReset, ""},
      {"SHOW TimeZone", StatementKind::kShow, "timezone"},
      {"DISCARD ALL", StatementKind::kDiscard, ""},
      {"EXECUTE p(5)", StatementKind::kExecute, "p"},
      {"DEALLOCATE pdo_stmt_00000001", StatementKind::kDeallocate, "pdo_stmt_00000001"},
      {"DEALLOCATE ALL", StatementKind::kDeallocate, ""},
      {"CLOSE \"_django_curs_1\"", StatementKind::kCloseCursor, "_django_curs_1"},
      {"LISTEN jobs", StatementKind::kListen, "jobs"},
      {"NOTIFY jobs, 'x'", StatementKind::kNotify, "jobs"},
      {"LOCK TABLE t IN EXCLUSIVE MODE", StatementKind::kLock, ""},
      {"TRUNCATE t", StatementKind::kTruncate, ""},
      {"VACUUM t", StatementKind::kVacuum, ""},
      {"REFRESH MATERIALIZED VIEW v", StatementKind::kRefresh, ""},
      {"COPY t FROM STDIN", StatementKind::kCopy, ""},
      {"CALL p(1)", StatementKind::kCall, ""},
      {"DO $$ BEGIN END $$", StatementKind::kDo, ""},
      {"CREATE INDEX ON t (a)", StatementKind::kDdl, ""},
      {"CREATE TABLE x AS SELECT 1", StatementKind::kDdl, ""},
      {"SELECT 1 AS a INTO x", StatementKind::kDdl, ""},
      {"ALTER TABLE t ADD COLUMN a int", StatementKind::kDdl, ""},
      {"DROP TABLE t", StatementKind::kDdl, ""},
      {"CHECKPOINT", StatementKind::kOther, ""},
      {"VALUES (1)", StatementKind::kValues, ""},
      {"TABLE t", StatementKind::kSelect, ""},
      {"-- nothing\n;", StatementKind::kEmpty, ""},
      {"", StatementKind::kEmpty, ""},
      {"SELECT FROM WHERE", StatementKind::kUnparsed, ""},
  };
  for (const UtilityCase& expected : cases) {
    const StatementShape shape = draw_shape(expected.sql);
    EXPECT_EQ(statement_kind_name(shape.kind), statement_kind_name(expected.kind)) << expected.sql;
    EXPECT_EQ(shape.name, expected.name) << expected.sql;
    EXPECT_FALSE(shape.truncated) << expected.sql;
  }
  EXPECT_TRUE(draw_shape("SET LOCAL x.y = 5").set_local);
  EXPECT_EQ(main_table("TRUNCATE a.t"), "a.t");
}

TEST(ShapeUtility, InnerStatements) {
  EXPECT_EQ(
      draw_shape("DECLARE \"c\" NO SCROLL CURSOR WITH HOLD FOR SELECT a FROM t WHERE b = 'for';").inner_text,
      "SELECT a FROM t WHERE b = 'for'");
  EXPECT_EQ(draw_shape("PREPARE p (int) AS SELECT * FROM t WHERE id = $1").inner_text,
            "SELECT * FROM t WHERE id = $1");
  EXPECT_EQ(draw_shape("EXPLAIN (ANALYZE, BUFFERS) SELECT 1").inner_text, "SELECT 1");
  EXPECT_EQ(draw_shape("EXPLAIN ANALYZE VERBOSE SELECT 1").inner_text, "SELECT 1");
  EXPECT_EQ(draw_shape("/* x */ EXPLAIN UPDATE t SET a = 1").inner_text, "UPDATE t SET a = 1");
  EXPECT_EQ(draw_shape("COPY (SELECT f(1) FROM t) TO STDOUT").inner_text, "SELECT f(1) FROM t");
}

TEST(ShapeUtility, Fetch) {
  EXPECT_EQ(draw_shape("FETCH FORWARD 100 FROM c").fetch_count, 100U);
  EXPECT_EQ(draw_shape("FETCH 5 c").fetch_count, 5U);
  EXPECT_EQ(draw_shape("FETCH NEXT FROM c").fetch_count, 1U);
  EXPECT_EQ(draw_shape("FETCH ALL FROM c").fetch_count, UINT32_MAX);
  EXPECT_EQ(draw_shape("FETCH FORWARD 100 FROM c").name, "c");
}

}  // namespace
}  // namespace pgsieve
