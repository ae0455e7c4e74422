// What a rewrite of writes promises: the table looks as after the loop.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "analyzer/sql/rewrite.h"
#include "tests/integration/rewrite_testing.h"

namespace pgsieve::testing {
namespace {

struct WriteCase {
  std::string name;
  std::string sql;
  std::vector<std::string> types;
  FixClass expected;
  std::string table;
  std::vector<std::vector<std::string>> rows;  // one turn each, $1 first; what never varies is a constant
  std::vector<uint32_t> constant = {};         // numbers of the parameters that never vary
  std::vector<std::string> conflict = {};
  bool json = false;
  bool no_unique_index = false;
};

const std::vector<WriteCase>& write_cases() {
  static const std::vector<WriteCase> kCases = {
      {"insert",
       R"(INSERT INTO "tags" ("id", "name") VALUES ($1, $2) RETURNING "id")",
       {"bigint", "text"},
       FixClass::kInsert,
       "tags",
       {{"101", "x"}, {"102", "it's"}, {"103", "y"}}},
      {"insert with a constant and DEFAULT",
       "INSERT INTO tags (id, name, note) VALUES ($1, $2, DEFAULT)",
       {"bigint", "text"},
       FixClass::kInsert,
       "tags",
       {{"101", "x"}, {"102", "z"}, {"103", "y"}}},
      {"insert with expressions",
       "INSERT INTO posts (id, user_id, title, created_at) VALUES ($1, $2, upper($3), timestamptz "
       "'2026-01-01')",
       {"bigint", "text"},
       FixClass::kInsert,
       "posts",
       {{"901", "1", "x"}, {"902", "1", "z"}, {"903", "1", "y"}},
       {2}},
      {"insert, types from the table",
       "INSERT INTO stats (region, day, total) VALUES ($1, $2, $3)",
       {},
       FixClass::kInsert,
       "stats",
       {{"q", "2026-01-01", "1"}, {"q", "2026-01-02", "5"}},
       {},
       {},
       true},
      {"insert on conflict",
       "INSERT INTO tags (id, name) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET note = 'again'",
       {"bigint", "text"},
       FixClass::kUpsert,
       "tags",
       {{"101", "t5"}, {"102", "new"}}},
      {"get or create",
       "INSERT INTO tags (id, name) VALUES ($1, $2)",
       {"bigint", "text"},
       FixClass::kUpsert,
       "tags",
       {{"101", "n5"}, {"102", "new"}},
       {},
       {"name"}},
      {"update",
       R"(UPDATE "users" SET "name" = $1 WHERE "users"."id" = $2)",
       {"text", "bigint"},
       FixClass::kUpdate,
       "users",
       {{"n", "1"}, {"m", "2"}, {"o", "77"}}},
      {"update, unqualified",
       "UPDATE users SET name = $1, org_id = org_id + $2 WHERE id = $3 AND org_id > 0 RETURNING id, name",
       {"text", "int", "bigint"},
       FixClass::kUpdate,
       "users",
       {{"n", "5", "1"}, {"m", "6", "2"}}},
      {"update, one value for all",
       "UPDATE posts SET status = $1 WHERE id = $2 AND status = 'live'",
       {"bigint"},
       FixClass::kUpdate,
       "posts",
       {{"done", "1"}, {"done", "2"}, {"done", "3"}},
       {1}},
      {"update, types from the table",
       "UPDATE posts SET score = $1, created_at = $2 WHERE id = $3",
       {},
       FixClass::kUpdate,
       "posts",
       {{"1.5", "2026-05-01 00:00:00+00", "1"}, {"2.5", "2026-06-01 00:00:00+00", "2"}},
       {},
       {},
       true},
      {"update by two keys",
       "UPDATE stats SET total = $1 WHERE region = $2 AND day = $3",
       {"int", "text", "date"},
       FixClass::kUpdate,
       "stats",
       {{"7", "r1", "2026-01-02"}, {"8", "r2", "2026-01-03"}}},
      {"update with a sub-select",
       "UPDATE users SET name = $1 WHERE id = $2 AND EXISTS (SELECT 1 FROM posts WHERE user_id = users.id)",
       {"text", "bigint"},
       FixClass::kUpdate,
       "users",
       {{"n", "1"}, {"m", "2"}}},
      {"delete",
       R"(DELETE FROM "posts" WHERE "posts"."id" = $1)",
       {},
       FixClass::kDelete,
       "posts",
       {{"1"}, {"5"}, {"999"}}},
      {"delete with a condition",
       "DELETE FROM posts WHERE user_id = $1 AND status = $2",
       {},
       FixClass::kDelete,
       "posts",
       {{"1", "live"}, {"5", "live"}},
       {2}},
      {"get or create without a unique index",
       "INSERT INTO comments (id, post_id, body, commentable_type) VALUES ($1, $2, $3, 'Post')",
       {"bigint", "bigint", "text"},
       FixClass::kUpsert,
       "comments",
       {{"901", "1", "qq"}, {"902", "2", "qq"}, {"903", "2", "rr"}},
       {},
       {"post_id", "body"},
       false,
       true},
      {"delete, a condition per key",
       "DELETE FROM posts WHERE user_id = $1 AND score < $2",
       {"bigint", "numeric"},
       FixClass::kDelete,
       "posts",
       {{"1", "50"}, {"2", "20"}, {"3", "99"}, {"3", "10"}}},
      {"delete, a condition per key, types from the table",
       "DELETE FROM posts p WHERE p.user_id = $1 AND created_at >= $2",
       {},
       FixClass::kDelete,
       "posts",
       {{"1", "2026-01-05 00:00:00+00"}, {"2", "2026-01-15 00:00:00+00"}},
       {},
       {},
       true},
      {"delete with another table and a condition per key",
       "DELETE FROM comments USING posts WHERE posts.id = post_id AND posts.user_id = $1 AND score > $2",
       {"bigint", "numeric"},
       FixClass::kDelete,
       "comments",
       {{"1", "10"}, {"2", "60"}}},
      {"merge",
       "MERGE INTO tags t USING (VALUES ($1::bigint, $2)) AS s(id, name) ON t.id = s.id WHEN MATCHED THEN "
       "UPDATE SET "
       "name = s.name WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)",
       {"bigint", "text"},
       FixClass::kUpsert,
       "tags",
       {{"1", "changed"}, {"101", "new"}, {"102", "it's"}}},
      {"merge, source a select, a constant",
       "MERGE INTO stats USING (SELECT $1 AS region, $2::date AS day, 7 + $3::int AS more) AS s ON "
       "stats.region = "
       "s.region AND stats.day = s.day WHEN MATCHED THEN UPDATE SET total = total + s.more WHEN NOT MATCHED "
       "THEN "
       "INSERT VALUES (s.region, s.day, s.more)",
       {"text", "date"},
       FixClass::kUpsert,
       "stats",
       {{"r1", "2026-01-02", "4"}, {"r2", "2026-01-03", "4"}, {"r9", "2026-01-03", "4"}},
       {3}},
      {"delete by two keys",
       "DELETE FROM posts_tags WHERE post_id = $1 AND tag_id = $2",
       {"bigint", "bigint"},
       FixClass::kDelete,
       "posts_tags",
       {{"1", "1"}, {"5", "2"}, {"6", "3"}}},
  };
  return kCases;
}

std::string json_rows(const WriteCase& test, const StatementShape& shape,
                      const std::vector<uint32_t>& varying) {
  std::string text;
  for (const std::vector<std::string>& row : test.rows) {
    std::string object;
    for (const uint32_t slot : varying) {
      object += fmt::format("{}\"{}\": \"{}\"", object.empty() ? "" : ", ", shape.slots[slot].column.column,
                            row.at(shape.slots[slot].parameter - 1U));
    }
    text += fmt::format("{}{{{}}}", text.empty() ? "" : ", ", object);
  }
  return "[" + text + "]";
}

TEST(RewriteOnServer, WritesLeaveTheTableOfTheLoop) {
  PGSIEVE_NEED_SERVER(server);
  Result<ServerConnection> database = ServerConnection::connect(server->url());
  ASSERT_TRUE(database.ok()) << database.error().message;
  fill_with_random_data(*database, 4);
  for (const WriteCase& test : write_cases()) {
    SCOPED_TRACE(test.name);
    const std::string look = fmt::format("SELECT t::text FROM {} t ORDER BY 1", test.table);
    must(*database, "BEGIN");
    for (const std::vector<std::string>& row : test.rows)
      must(*database, test.sql, std::vector<DatabaseValue>(row.begin(), row.end()));
    const DatabaseRows expected = must(*database, look);
    must(*database, "ROLLBACK");

    const StatementShape shape = draw_shape(test.sql);
    BatchRequest request;
    request.text = test.sql;
    request.shape = &shape;
    request.types = test.types;
    request.types_exact = !test.types.empty();
    request.conflict_columns = test.conflict;
    request.no_unique_index = test.no_unique_index;
    for (uint32_t slot = 0; slot < shape.slots.size(); ++slot) {
      const uint16_t number = shape.slots[slot].parameter;
      if (number != 0 && std::find(test.constant.begin(), test.constant.end(), number) == test.constant.end())
        request.varying.push_back(slot);
    }
    const std::optional<Rewrite> rewrite = batch_rewrite(request);
    ASSERT_TRUE(rewrite.has_value());
    SCOPED_TRACE(rewrite->sql);
    EXPECT_EQ(fix_class_name(rewrite->kind), fix_class_name(test.expected));
    EXPECT_EQ(rewrite->json, test.json);
    std::vector<DatabaseValue> values;
    for (const RewriteParameter& parameter : rewrite->parameters) {
      std::vector<std::string> items;
      if (rewrite->json && parameter.array) {
        values.emplace_back(json_rows(test, shape, request.varying));
        continue;
      }
      if (parameter.array) {
        for (const std::vector<std::string>& row : test.rows)
          items.push_back(row.at(parameter.original - 1U));
        values.emplace_back(array_of(items));
      } else if (parameter.original != 0) {
        values.emplace_back(test.rows[0].at(parameter.original - 1U));
      } else {
        StatementScan scan;
        std::string scratch;
        scan_statement(test.sql, scan, scratch);
        values.emplace_back(literal_value(scan.slots.at(parameter.slot)));
      }
    }
    must(*database, "BEGIN");
    must(*database, rewrite->sql, values);
    const DatabaseRows found = must(*database, look);
    must(*database, "ROLLBACK");
    EXPECT_EQ(found.rows, expected.rows);
  }
}

TEST(RewriteOnServer, NumbersOfASequenceAreFetchedAtOnce) {
  PGSIEVE_NEED_SERVER(server);
  Result<ServerConnection> database = ServerConnection::connect(server->url());
  ASSERT_TRUE(database.ok()) << database.error().message;
  must(*database, "CREATE SEQUENCE numbers INCREMENT 5 START 10");
  const std::string text = "SELECT nextval('numbers')";
  DatabaseRows expected;
  for (int i = 0; i < 4; ++i) expected.rows.push_back(must(*database, text).rows.at(0));
  must(*database, "ALTER SEQUENCE numbers RESTART");
  const std::optional<Rewrite> rewrite = sequence_rewrite(text, draw_shape(text));
  ASSERT_TRUE(rewrite);
  const std::vector<DatabaseValue> values = {"4", "numbers"};
  EXPECT_EQ(must(*database, rewrite->sql, values).rows, expected.rows) << rewrite->sql;
}

}  // namespace
}  // namespace pgsieve::testing
