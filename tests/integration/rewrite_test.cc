// What a rewrite promises: one statement gives, key by key, the rows that the loop gave. Random data, random
// keys (some without rows, some that do not exist), every class of fix, on a real server.
#include "analyzer/sql/rewrite.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "analyzer/sql/scan.h"
#include "tests/integration/postgres_server.h"
#include "tools/pgsieve/database.h"

namespace pgsieve {
namespace {

using Row = std::vector<DatabaseValue>;
using Tuple = std::vector<std::string>;

constexpr std::string_view kSchema = R"(
CREATE TABLE users (id bigint PRIMARY KEY, name text, email text UNIQUE, org_id int);
CREATE TABLE posts (id bigint PRIMARY KEY, user_id bigint, editor_id bigint, title text, status text, score numeric, created_at timestamptz);
CREATE TABLE comments (id bigint PRIMARY KEY, post_id bigint, commentable_type text, commentable_id bigint, body varchar(40));
CREATE TABLE tags (id bigint PRIMARY KEY, name text UNIQUE, note text DEFAULT 'none');
CREATE TABLE posts_tags (post_id bigint, tag_id bigint, PRIMARY KEY (post_id, tag_id));
CREATE TABLE stats (region text, day date, total int, PRIMARY KEY (region, day));
CREATE TABLE accounts (uuid uuid PRIMARY KEY, owner text);
CREATE TABLE files (id bigint PRIMARY KEY, parent_id bigint, path text);
CREATE FUNCTION balance_of(bigint) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT coalesce(sum(score), 0) FROM posts WHERE user_id = $1';
CREATE FUNCTION posts_of(bigint) RETURNS SETOF posts LANGUAGE sql STABLE AS 'SELECT * FROM posts WHERE user_id = $1';
)";

std::vector<std::string> random_data(unsigned seed) {
  std::mt19937 random(seed);
  const auto pick = [&](int from, int to) { return std::uniform_int_distribution<int>(from, to)(random); };
  const auto word = [&] { return std::string(1, static_cast<char>('a' + pick(0, 5))); };
  std::vector<std::string> sql;
  for (int id = 1; id <= 40; ++id) {
    sql.push_back(fmt::format("INSERT INTO users VALUES ({}, '{}', '{}{}@Example.org', {})", id, word(),
                              word(), id, pick(1, 4)));
    sql.push_back(fmt::format("INSERT INTO tags VALUES ({}, 't{}', '{}')", id, id, word()));
    sql.push_back(fmt::format("INSERT INTO accounts VALUES ('00000000-0000-4000-8000-0000000000{:02}', '{}')",
                              id, word()));
    sql.push_back(fmt::format("INSERT INTO files VALUES ({}, {}, '{}')", id,
                              id == 1 ? "NULL" : std::to_string(pick(1, id - 1)), word()));
    sql.push_back(
        fmt::format("INSERT INTO stats VALUES ('r{}', date '2026-01-01' + {}, {})", id % 4, id, pick(0, 9)));
  }
  for (int id = 1; id <= 160; ++id) {
    sql.push_back(
        fmt::format("INSERT INTO posts VALUES ({}, {}, {}, '{}', '{}', {}, timestamptz '2026-01-01 00:00Z' + "
                    "{} * interval '1 hour')",
                    id, pick(1, 30), pick(0, 3) == 0 ? "NULL" : std::to_string(pick(1, 40)), word(),
                    pick(0, 2) == 0 ? "draft" : "live", pick(0, 99), pick(0, 500)));
    sql.push_back(fmt::format("INSERT INTO comments VALUES ({}, {}, '{}', {}, '{}')", id, pick(1, 150),
                              pick(0, 1) == 0 ? "Post" : "User", pick(1, 40), word()));
    sql.push_back(fmt::format("INSERT INTO posts_tags VALUES ({}, {}) ON CONFLICT DO NOTHING", pick(1, 60),
                              pick(1, 40)));
  }
  return sql;
}

enum class KeyKind { kId, kName, kEmail, kUuid, kRegion, kDay, kTagName };

std::string random_key(KeyKind kind, std::mt19937& random) {
  const int n = std::uniform_int_distribution<int>(1, 45)(random);
  switch (kind) {
    case KeyKind::kId:
      return std::to_string(n);
    case KeyKind::kName:
      return std::string(1, static_cast<char>('a' + n % 8));
    case KeyKind::kEmail:
      return fmt::format("{}{}@example.org", static_cast<char>('a' + n % 6), n);
    case KeyKind::kUuid:
      return fmt::format("00000000-0000-4000-8000-0000000000{:02}", n);
    case KeyKind::kRegion:
      return fmt::format("r{}", n % 5);
    case KeyKind::kDay:
      return fmt::format("2026-01-{:02}", n % 28 + 1);
    case KeyKind::kTagName:
      return fmt::format("t{}", n);
  }
  return {};
}

struct ReadCase {
  std::string name;
  std::string sql;  // keys are $1 …, what stays the same follows
  std::vector<KeyKind> keys;
  std::vector<std::string> constants;
  FixClass expected;
  std::vector<std::string> types;
  bool one_row = false;
  bool existence = false;  // a row or none becomes true or false
};

const std::vector<ReadCase>& read_cases() {
  using K = KeyKind;
  static const std::vector<ReadCase> kCases = {
      {"has-many",
       R"(SELECT "posts".* FROM "posts" WHERE "posts"."user_id" = $1)",
       {K::kId},
       {},
       FixClass::kGet,
       {}},
      {"has-many ordered",
       "SELECT id, title FROM posts WHERE user_id = $1 AND status = $2 ORDER BY 2 DESC, id",
       {K::kId},
       {"live"},
       FixClass::kGet,
       {}},
      {"reversed operands",
       "SELECT posts.id AS posts_id FROM posts WHERE $1 = posts.user_id",
       {K::kId},
       {},
       FixClass::kGet,
       {}},
      {"one-element list",
       R"(select "posts".* from "posts" where "posts"."user_id" in ($1))",
       {K::kId},
       {},
       FixClass::kGet,
       {}},
      {"cast",
       "SELECT posts.id, posts.score FROM posts WHERE posts.user_id = $1::INTEGER",
       {K::kId},
       {},
       FixClass::kGet,
       {}},
      {"redundant condition",
       R"(select * from "posts" where "posts"."user_id" = $1 and "posts"."user_id" is not null)",
       {K::kId},
       {},
       FixClass::kGet,
       {}},
      {"belongs-to",
       R"(SELECT "users".* FROM "users" WHERE "users"."id" = $1 LIMIT $2)",
       {K::kId},
       {"1"},
       FixClass::kGet,
       {},
       true},
      {"belongs-to, prisma",
       R"(SELECT "public"."users"."id", "public"."users"."name" FROM "public"."users" WHERE ("public"."users"."id" = $1 AND 1=1) LIMIT $2 OFFSET 0)",
       {K::kId},
       {"1"},
       FixClass::kGet,
       {},
       true},
      {"get by name, limited",
       R"(SELECT "tags"."id" FROM "tags" WHERE "tags"."name" = $1 LIMIT 21)",
       {K::kTagName},
       {},
       FixClass::kTopN,
       {"text"}},
      {"get by uuid", "SELECT owner FROM accounts WHERE uuid = $1", {K::kUuid}, {}, FixClass::kGet, {}},
      {"expression key", "SELECT id FROM users WHERE lower(email) = $1", {K::kEmail}, {}, FixClass::kGet, {}},
      {"function of the key",
       "SELECT id FROM users WHERE lower(email) = lower($1)",
       {K::kEmail},
       {},
       FixClass::kGet,
       {"text"}},
      {"many-to-many",
       R"(SELECT "tags".* FROM "tags" INNER JOIN "posts_tags" ON "tags"."id" = "posts_tags"."tag_id" WHERE "posts_tags"."post_id" = $1)",
       {K::kId},
       {},
       FixClass::kManyToMany,
       {}},
      {"many-to-many, comma",
       "SELECT tags.id AS tags_id, tags.name AS tags_name FROM tags, posts_tags WHERE $1 = "
       "posts_tags.post_id AND tags.id = posts_tags.tag_id",
       {K::kId},
       {},
       FixClass::kManyToMany,
       {}},
      {"through",
       R"(SELECT "comments".* FROM "comments" INNER JOIN "posts" ON "comments"."post_id" = "posts"."id" WHERE "posts"."user_id" = $1)",
       {K::kId},
       {},
       FixClass::kThrough,
       {}},
      {"key in the join condition",
       "SELECT c.body FROM comments c JOIN posts p ON c.post_id = p.id AND p.user_id = $1 ORDER BY c.id",
       {K::kId},
       {},
       FixClass::kThrough,
       {}},
      {"outer join",
       "SELECT p.id, u.name FROM posts p LEFT JOIN users u ON u.id = p.editor_id WHERE p.user_id = $1",
       {K::kId},
       {},
       FixClass::kGet,
       {}},
      {"top one",
       R"(SELECT "posts".* FROM "posts" WHERE "posts"."user_id" = $1 ORDER BY "posts"."id" DESC LIMIT $2)",
       {K::kId},
       {"1"},
       FixClass::kTopN,
       {"bigint"}},
      {"top three",
       "SELECT id, title FROM posts WHERE user_id = $1 ORDER BY created_at DESC, id LIMIT 3",
       {K::kId},
       {},
       FixClass::kTopN,
       {}},
      {"second page of each",
       "SELECT id FROM posts WHERE user_id = $1 ORDER BY id LIMIT 2 OFFSET 2",
       {K::kId},
       {},
       FixClass::kTopN,
       {}},
      {"count",
       R"(SELECT COUNT(*) FROM "posts" WHERE "posts"."user_id" = $1)",
       {K::kId},
       {},
       FixClass::kCount,
       {"bigint"}},
      {"count with a condition",
       R"(SELECT COUNT(*) AS "__count" FROM "posts" WHERE ("posts"."user_id" = $1 AND "posts"."status" IN ('live', 'draft', 'x')))",
       {K::kId},
       {},
       FixClass::kCount,
       {"bigint"}},
      {"several aggregates",
       "SELECT count(*), sum(score), max(created_at), count(DISTINCT title) FROM posts WHERE user_id = $1",
       {K::kId},
       {},
       FixClass::kCount,
       {"bigint"}},
      {"expression of aggregates",
       "SELECT coalesce(sum(score), 0) + 1 AS s FROM posts WHERE user_id = $1",
       {K::kId},
       {},
       FixClass::kCount,
       {"bigint"}},
      {"count over a join",
       "SELECT count(*) FROM comments c JOIN posts p ON p.id = c.post_id WHERE p.user_id = $1",
       {K::kId},
       {},
       FixClass::kCount,
       {"bigint"}},
      {"group by",
       "SELECT status, count(*) FROM posts WHERE user_id = $1 GROUP BY status HAVING count(*) > 1",
       {K::kId},
       {},
       FixClass::kCount,
       {}},
      {"group by position",
       "SELECT status, date_trunc('month', created_at) m, count(*) FROM posts WHERE user_id = $1 GROUP BY 1, "
       "date_trunc('month', created_at) ORDER BY 3 DESC",
       {K::kId},
       {},
       FixClass::kCount,
       {}},
      {"exists",
       R"(SELECT 1 AS one FROM "posts" WHERE "posts"."user_id" = $1 LIMIT $2)",
       {K::kId},
       {"1"},
       FixClass::kExists,
       {"bigint"},
       false,
       true},
      {"exists, ordered",
       R"(SELECT (1) AS "a" FROM "posts" WHERE ("posts"."user_id" = $1 AND "posts"."status" = 'live') ORDER BY "posts"."id" LIMIT 1)",
       {K::kId},
       {},
       FixClass::kExists,
       {"bigint"},
       false,
       true},
      {"select exists",
       R"(select exists(select * from "posts" where "posts"."user_id" = $1) as "exists")",
       {K::kId},
       {},
       FixClass::kExists,
       {"bigint"}},
      {"polymorphic",
       R"(SELECT "comments".* FROM "comments" WHERE "comments"."commentable_id" = $1 AND "comments"."commentable_type" = $2)",
       {K::kId},
       {"Post"},
       FixClass::kPolymorphic,
       {}},
      {"lock",
       R"(SELECT "users".* FROM "users" WHERE "users"."id" = $1 LIMIT $2 FOR UPDATE)",
       {K::kId},
       {"1"},
       FixClass::kLock,
       {},
       true},
      {"lock with a limit",
       R"(SELECT "posts".* FROM "posts" WHERE "posts"."user_id" = $1 ORDER BY id LIMIT 1 FOR UPDATE)",
       {K::kId},
       {},
       FixClass::kLock,
       {}},
      {"function", "SELECT balance_of($1)", {K::kId}, {}, FixClass::kFunction, {"bigint"}},
      {"function and more",
       "SELECT balance_of($1) AS b, $2::text AS c",
       {K::kId},
       {"x"},
       FixClass::kFunction,
       {"bigint"}},
      {"table function",
       "SELECT id, title FROM posts_of($1) WHERE status = $2",
       {K::kId},
       {"live"},
       FixClass::kFunction,
       {"bigint"}},
      {"composite key",
       "SELECT total FROM stats WHERE region = $1 AND day = $2",
       {K::kRegion, K::kDay},
       {},
       FixClass::kGet,
       {"text", "date"}},
      {"composite key, limited",
       "SELECT total FROM stats WHERE stats.region = $1 AND day = $2 LIMIT 1",
       {K::kRegion, K::kDay},
       {},
       FixClass::kTopN,
       {"text", "date"}},
      {"row comparison",
       "SELECT total FROM stats WHERE (region, day) = ($1, $2)",
       {K::kRegion, K::kDay},
       {},
       FixClass::kGet,
       {"text", "date"}},
      {"distinct",
       "SELECT DISTINCT status FROM posts WHERE user_id = $1 ORDER BY status",
       {K::kId},
       {},
       FixClass::kGet,
       {}},
      {"distinct on",
       "SELECT DISTINCT ON (status) status, id FROM posts WHERE user_id = $1 ORDER BY status, created_at "
       "DESC, id",
       {K::kId},
       {},
       FixClass::kTopN,
       {"bigint"}},
      {"union",
       "SELECT id FROM posts WHERE user_id = $1 UNION SELECT id FROM posts WHERE editor_id = $1",
       {K::kId},
       {},
       FixClass::kGet,
       {"bigint"}},
      {"key under OR",
       "SELECT id, title FROM posts WHERE (user_id = $1 OR editor_id = $1) AND status = $2",
       {K::kId},
       {"live"},
       FixClass::kGet,
       {"bigint"}},
      {"with",
       "WITH live AS (SELECT * FROM posts WHERE status = 'live') SELECT id, title FROM live WHERE user_id = "
       "$1",
       {K::kId},
       {},
       FixClass::kGet,
       {"bigint"}},
      {"key inside a sub-select",
       "SELECT name FROM users WHERE id IN (SELECT user_id FROM posts WHERE editor_id = $1)",
       {K::kId},
       {},
       FixClass::kGet,
       {"bigint"}},
      {"window",
       "SELECT id, rank() OVER (ORDER BY score DESC, id) FROM posts WHERE user_id = $1",
       {K::kId},
       {},
       FixClass::kGet,
       {"bigint"}},
      {"range beside the key",
       "SELECT id FROM posts WHERE user_id = $1 AND created_at >= $2 AND score BETWEEN 10 AND 90",
       {K::kId},
       {"2026-01-05"},
       FixClass::kGet,
       {}},
      {"alias k taken",
       "SELECT k.id, x.name FROM posts k JOIN users x ON x.id = k.editor_id WHERE k.user_id = $1 ORDER BY "
       "k.id LIMIT 2",
       {K::kId},
       {},
       FixClass::kTopN,
       {"bigint"}},
      {"same name twice",
       "SELECT u.id, p.id, u.id AS user_id FROM users u JOIN posts p ON p.user_id = u.id WHERE p.editor_id = "
       "$1",
       {K::kId},
       {},
       FixClass::kGet,
       {}},
      {"typeorm",
       R"(SELECT "Post"."id" AS "Post_id", "Post"."title" AS "Post_title" FROM "posts" "Post" WHERE (("Post"."user_id" = $1)))",
       {K::kId},
       {},
       FixClass::kGet,
       {}},
      {"hibernate",
       "select p1_0.user_id,p1_0.id,p1_0.title from posts p1_0 where p1_0.user_id=$1",
       {K::kId},
       {},
       FixClass::kGet,
       {}},
      {"any of one",
       "SELECT id FROM posts WHERE user_id = ANY(ARRAY[$1]::bigint[])",
       {K::kId},
       {},
       FixClass::kGet,
       {"bigint"}},
  };
  return kCases;
}

// `$1` … replaced by quoted literals.
std::string with_literals(const std::string& sql, const std::vector<std::string>& values) {
  std::string text = sql;
  for (size_t i = values.size(); i-- > 0;) {
    const std::string name = fmt::format("${}", i + 1);
    const bool number = values[i].find_first_not_of("0123456789") == std::string::npos;
    for (size_t at = text.find(name); at != std::string::npos; at = text.find(name))
      text.replace(at, name.size(), number ? values[i] : "'" + values[i] + "'");
  }
  return text;
}

std::string array_of(const std::vector<std::string>& values) {
  std::string text = "{";
  for (const std::string& value : values) text += (text.size() > 1 ? "," : "") + ("\"" + value + "\"");
  return text + "}";
}

// The value of a hidden literal as a parameter.
std::string literal_value(const Slot& slot) {
  if (slot.kind != Slot::Kind::kList) return std::string(slot.text);
  std::string list(slot.text);
  std::replace(list.begin(), list.end(), '\'', '"');
  return "{" + list + "}";
}

class RewriteOnServer : public ::testing::Test {
 protected:
  // Prepares the database with fresh random data.
  void fill(Database& database, unsigned seed) {
    must(database, "DROP SCHEMA public CASCADE");
    must(database, "CREATE SCHEMA public");
    std::string statement;
    for (const char c : kSchema) {
      statement += c;
      if (c == ';') must(database, std::exchange(statement, {}));
    }
    must(database, "BEGIN");
    for (const std::string& sql : random_data(seed)) must(database, sql);
    must(database, "COMMIT");
  }

  static DatabaseRows must(Database& database, const std::string& sql,
                           std::span<const DatabaseValue> values = {}) {
    Result<DatabaseRows> rows = database.query(sql, values);
    EXPECT_TRUE(rows.ok()) << sql << "\n" << (rows.ok() ? "" : rows.error().message);
    return rows.ok() ? std::move(*rows) : DatabaseRows();
  }
};

using RowsByKey = std::map<Tuple, std::multiset<Row>>;

// The values of a batched statement's parameters: arrays of keys, constants, and the literals it hid.
std::vector<DatabaseValue> bind_values(const Rewrite& rewrite, const BatchRequest& request,
                                       const std::set<Tuple>& tuples, const std::vector<uint32_t>& key_slots,
                                       const std::vector<std::string>& constants) {
  StatementScan scan;
  std::string scratch;
  scan_statement(request.text, scan, scratch);
  std::vector<DatabaseValue> values(rewrite.parameters.size());
  for (const RewriteParameter& parameter : rewrite.parameters) {
    DatabaseValue& value = values.at(parameter.number - 1U);
    if (parameter.array) {
      const auto key = static_cast<size_t>(std::find(key_slots.begin(), key_slots.end(), parameter.slot) -
                                           key_slots.begin());
      std::vector<std::string> items;
      for (const Tuple& tuple : tuples) items.push_back(tuple.at(key));
      value = array_of(items);
    } else if (parameter.original != 0) {
      value = constants.at(parameter.original - key_slots.size() - 1U);
    } else {
      value = literal_value(scan.slots.at(parameter.slot));
    }
  }
  return values;
}

void check_read(Database& database, const ReadCase& test, bool literals, bool keep, std::mt19937& random) {
  SCOPED_TRACE(fmt::format("{}{}{}", test.name, literals ? ", literals" : "", keep ? ", kept" : ""));
  std::set<Tuple> tuples;
  while (tuples.size() < 12) {
    Tuple tuple;
    for (const KeyKind kind : test.keys) tuple.push_back(random_key(kind, random));
    tuples.insert(tuple);
    if (tuples.size() >= 5 && test.keys[0] == KeyKind::kRegion && test.keys.size() == 1) break;
    if (tuples.size() >= 6 && test.keys[0] == KeyKind::kName) break;
  }
  // Child by child.
  RowsByKey expected;
  for (const Tuple& tuple : tuples) {
    std::vector<DatabaseValue> values(tuple.begin(), tuple.end());
    values.insert(values.end(), test.constants.begin(), test.constants.end());
    const Result<DatabaseRows> rows = database.query(test.sql, values);
    ASSERT_TRUE(rows.ok()) << test.sql << "\n" << rows.error().message;
    for (const Row& row : rows->rows) expected[tuple].insert(row);
    if (test.existence) expected[tuple] = {Row{rows->rows.empty() ? "f" : "t"}};
  }
  // Batched.
  std::vector<std::string> all(*tuples.begin());
  all.insert(all.end(), test.constants.begin(), test.constants.end());
  const std::string text = literals ? with_literals(test.sql, all) : test.sql;
  const StatementShape shape = draw_shape(text);
  BatchRequest request;
  request.text = text;
  request.shape = &shape;
  request.types = test.types;
  request.one_row_per_key = test.one_row;
  request.keep_literals = keep;
  std::vector<uint32_t> key_slots;
  const StatementShape original = draw_shape(test.sql);
  ASSERT_EQ(original.slots.size(), shape.slots.size());
  for (size_t key = 0; key < test.keys.size(); ++key) {
    for (uint32_t slot = 0; slot < original.slots.size(); ++slot) {
      if (original.slots[slot].parameter != key + 1) continue;
      if (request.varying.size() == key) key_slots.push_back(slot);
      request.varying.push_back(slot);
      break;
    }
  }
  if (literals) {  // one literal per place
    const size_t places = static_cast<size_t>(std::count_if(
        original.slots.begin(), original.slots.end(),
        [&](const SlotUse& use) { return use.parameter != 0 && use.parameter <= test.keys.size(); }));
    if (places != test.keys.size()) return;
  }
  const std::optional<Rewrite> rewrite = batch_rewrite(request);
  ASSERT_TRUE(rewrite.has_value()) << text;
  SCOPED_TRACE(rewrite->sql);
  EXPECT_EQ(fix_class_name(rewrite->kind), fix_class_name(test.expected));
  const std::vector<DatabaseValue> values = bind_values(*rewrite, request, tuples, key_slots, test.constants);
  const Result<DatabaseRows> rows = database.query(rewrite->sql, values);
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  std::vector<int> key_columns;
  for (size_t i = 0; i < rewrite->key_columns.size(); ++i) {
    const int at =
        rewrite->key_positions[i] >= 0 ? rewrite->key_positions[i] : rows->column(rewrite->key_columns[i]);
    ASSERT_GE(at, 0) << rewrite->key_columns[i];
    EXPECT_EQ(rows->columns[static_cast<size_t>(at)], rewrite->key_columns[i]);
    key_columns.push_back(at);
  }
  ASSERT_EQ(key_columns.size(), test.keys.size());
  RowsByKey found;
  for (const Row& row : rows->rows) {
    Tuple tuple;
    for (const int at : key_columns) tuple.push_back(row[static_cast<size_t>(at)].value_or("NULL"));
    Row rest;
    for (size_t i = 0; i < row.size(); ++i) {
      const bool key =
          std::find(key_columns.begin(), key_columns.end(), static_cast<int>(i)) != key_columns.end();
      if (!key || !rewrite->key_added) rest.push_back(row[i]);
    }
    found[tuple].insert(rest);
  }
  EXPECT_EQ(found, expected);
}

TEST_F(RewriteOnServer, ReadsGiveTheRowsOfTheLoop) {
  PGSIEVE_NEED_SERVER(server);
  Result<Database> database = Database::connect(server->url());
  ASSERT_TRUE(database.ok()) << database.error().message;
  must(*database, "SET TimeZone = 'UTC'");
  must(*database, "SET client_min_messages = warning");
  for (const unsigned seed : {1U, 2U, 3U}) {
    fill(*database, seed);
    std::mt19937 random(seed);
    for (const ReadCase& test : read_cases()) {
      check_read(*database, test, false, false, random);
      check_read(*database, test, true, false, random);
      check_read(*database, test, true, true, random);
    }
  }
}

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

TEST_F(RewriteOnServer, WritesLeaveTheTableOfTheLoop) {
  PGSIEVE_NEED_SERVER(server);
  Result<Database> database = Database::connect(server->url());
  ASSERT_TRUE(database.ok()) << database.error().message;
  must(*database, "SET client_min_messages = warning");
  fill(*database, 4);
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

TEST_F(RewriteOnServer, DeferredColumnsComeWithTheList) {
  PGSIEVE_NEED_SERVER(server);
  Result<Database> database = Database::connect(server->url());
  ASSERT_TRUE(database.ok()) << database.error().message;
  must(*database, "SET client_min_messages = warning");
  fill(*database, 5);
  const std::string parent =
      R"(SELECT p."id" FROM "posts" p JOIN users u ON u.id = p.user_id ORDER BY p.id LIMIT 8)";
  const std::optional<Rewrite> rewrite =
      deferred_rewrite(parent, draw_shape(parent), "posts", {"id", "title", "score"});
  ASSERT_TRUE(rewrite.has_value());
  const DatabaseRows list = must(*database, parent);
  const DatabaseRows rich = must(*database, rewrite->sql);
  ASSERT_EQ(list.rows.size(), rich.rows.size());
  for (size_t i = 0; i < list.rows.size(); ++i) {
    const DatabaseRows one =
        must(*database, "SELECT id, title, score FROM posts WHERE id = $1", list.rows[i]);
    EXPECT_EQ(one.rows.at(0), rich.rows[i]) << rewrite->sql;
  }
}

TEST_F(RewriteOnServer, TreesAreWalkedInOneStatement) {
  PGSIEVE_NEED_SERVER(server);
  Result<Database> database = Database::connect(server->url());
  ASSERT_TRUE(database.ok()) << database.error().message;
  must(*database, "SET client_min_messages = warning");
  fill(*database, 6);
  const std::string child = "SELECT id, path FROM files WHERE parent_id = $1 AND path <> $2 ORDER BY path";
  const StatementShape shape = draw_shape(child);
  BatchRequest request;
  request.text = child;
  request.shape = &shape;
  request.varying = {0};
  const std::optional<Rewrite> rewrite = recursive_rewrite(request, "id");
  ASSERT_TRUE(rewrite.has_value());
  std::multiset<Row> expected;
  std::vector<std::string> open = {"1"};
  while (!open.empty()) {
    const std::string root = open.back();
    open.pop_back();
    const std::vector<DatabaseValue> values = {root, "c"};
    for (const Row& row : must(*database, child, values).rows) {
      expected.insert(row);
      open.push_back(*row[0]);
    }
  }
  const std::vector<DatabaseValue> values = {"1", "c"};
  const DatabaseRows found = must(*database, rewrite->sql, values);
  EXPECT_EQ(std::multiset<Row>(found.rows.begin(), found.rows.end()), expected) << rewrite->sql;
  EXPECT_GT(expected.size(), 3U);
}

}  // namespace
}  // namespace pgsieve
