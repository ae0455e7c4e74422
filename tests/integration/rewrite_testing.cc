#include "tests/integration/rewrite_testing.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

namespace pgsieve::testing {

namespace {

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

}  // namespace

DatabaseRows must(ServerConnection& database, const std::string& sql, std::span<const DatabaseValue> values) {
  Result<DatabaseRows> rows = database.query(sql, values);
  EXPECT_TRUE(rows.ok()) << sql << "\n" << (rows.ok() ? "" : rows.error().message);
  return rows.ok() ? std::move(*rows) : DatabaseRows();
}

void fill_with_random_data(ServerConnection& database, unsigned seed) {
  must(database, "SET client_min_messages = warning");
  must(database, "SET TimeZone = 'UTC'");
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

}  // namespace pgsieve::testing
