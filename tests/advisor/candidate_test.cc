#include "analyzer/advisor/candidate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/advisor/advice_testing.h"

namespace pgsieve::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const Schema& shop() {
  static const Schema schema = schema_from(R"(
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, name varchar(80), born date, seen timestamptz, deleted_at timestamptz, settings jsonb);
    CREATE TABLE orders (id bigint PRIMARY KEY, tenant_id int NOT NULL, user_id bigint REFERENCES users, status text CHECK (status IN ('new', 'paid', 'void')),
                         total numeric, created_at timestamptz, note text, tags text[], paid boolean, local_at timestamp, body tsvector, period tstzrange);
    CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint REFERENCES orders, product_id int, qty int);
    CREATE INDEX items_order ON items (order_id);
    CREATE VIEW open_orders AS SELECT * FROM orders WHERE status = 'new';)");
  return schema;
}

TEST(Candidates, EqualityThenOneRangeOrTheOrder) {
  EXPECT_THAT(candidates_of("SELECT * FROM orders WHERE tenant_id = 1 AND user_id = 2 AND created_at > "
                            "'2024-01-01' AND total > 5",
                            shop()),
              AllOf(Contains("CREATE INDEX ON orders (tenant_id, user_id, created_at)"),
                    Contains("CREATE INDEX ON orders (tenant_id, user_id, total)"),
                    Not(Contains(HasSubstr("created_at, total")))));
  EXPECT_THAT(
      candidates_of("SELECT * FROM orders WHERE user_id = 2 ORDER BY created_at DESC LIMIT 20", shop()),
      Contains("CREATE INDEX ON orders (user_id, created_at)"));
  EXPECT_THAT(
      candidates_of("SELECT * FROM orders WHERE user_id = 2 ORDER BY created_at DESC, id LIMIT 20", shop()),
      Contains("CREATE INDEX ON orders (user_id, created_at, id DESC)"));
  EXPECT_THAT(
      candidates_of("SELECT * FROM orders WHERE user_id = 2 ORDER BY total DESC NULLS LAST LIMIT 5", shop()),
      Contains("CREATE INDEX ON orders (user_id, total NULLS FIRST)"));
  EXPECT_THAT(candidates_of("SELECT * FROM orders WHERE (created_at, id) < ('2024-01-01', 5) ORDER BY "
                            "created_at DESC, id DESC LIMIT 5",
                            shop()),
              Contains("CREATE INDEX ON orders (created_at, id)"));
  EXPECT_THAT(candidates_of("SELECT max(created_at) FROM orders WHERE user_id = 1", shop()),
              Contains("CREATE INDEX ON orders (user_id, created_at)"));
}

TEST(Candidates, JoinsAndGroups) {
  EXPECT_THAT(
      candidates_of("SELECT u.name, o.total FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = 5",
                    shop()),
      AllOf(Contains("CREATE INDEX ON orders (user_id)"),
            Contains("CREATE INDEX ON orders (user_id) INCLUDE (total)")));
  EXPECT_THAT(candidates_of("SELECT note FROM orders, users WHERE user_id = users.id AND name = 'x'", shop()),
              AllOf(Contains("CREATE INDEX ON orders (user_id)"), Contains("CREATE INDEX ON users (name)")));
  EXPECT_THAT(
      candidates_of("SELECT status, count(*) FROM orders WHERE tenant_id = 3 GROUP BY status", shop()),
      Contains("CREATE INDEX ON orders (tenant_id, status)"));
}

TEST(Candidates, PartialFromWhatNeverChanges) {
  EXPECT_THAT(
      candidates_of("SELECT id FROM orders WHERE status = 'new' ORDER BY created_at LIMIT 10", shop()),
      AllOf(Contains("CREATE INDEX ON orders (created_at) WHERE status = 'new'"),
            Contains("CREATE INDEX ON orders (status, created_at)")));
  EXPECT_THAT(candidates_of("SELECT * FROM users WHERE name = 'x' AND deleted_at IS NULL", shop()),
              Contains("CREATE INDEX ON users (name) WHERE deleted_at IS NULL"));
  EXPECT_THAT(candidates_of("SELECT * FROM orders WHERE tenant_id = 4 AND NOT paid", shop()),
              Contains("CREATE INDEX ON orders (tenant_id) WHERE NOT paid"));
  // A key is no state, however constant; a parameter may be anything next time.
  EXPECT_THAT(candidates_of("SELECT * FROM orders WHERE tenant_id = 4", shop()),
              Each(Not(HasSubstr("WHERE"))));
  EXPECT_THAT(candidates_of("SELECT * FROM orders WHERE user_id = 1 AND status = $1", shop()),
              Each(Not(HasSubstr("WHERE"))));
}

TEST(Candidates, PartialNeedsTheSameValueInEverySample) {
  Pattern pattern = pattern_of("SELECT id FROM orders WHERE status = 'new' ORDER BY created_at LIMIT 10");
  pattern.samples.add(9, {.duration = 1,
                          .time = 9,
                          .text = "SELECT id FROM orders WHERE status = 'paid' ORDER BY created_at LIMIT 10",
                          .parameters = {}});
  const Statistics statistics;
  for (const Candidate& candidate :
       find_candidates(pattern, {.schema = shop(), .statistics = statistics}, {}, {}).candidates)
    EXPECT_EQ(candidate.index.predicate, "");
}

TEST(Candidates, ExpressionsAndOperatorClasses) {
  EXPECT_THAT(candidates_of("SELECT * FROM users WHERE lower(email) = 'a'", shop()),
              Contains("CREATE INDEX ON users ((lower(email)))"));
  EXPECT_THAT(candidates_of("SELECT * FROM users WHERE settings ->> 'ref' = 'a'", shop()),
              Contains("CREATE INDEX ON users ((settings ->> 'ref'))"));
  EXPECT_THAT(candidates_of("SELECT * FROM users WHERE name LIKE 'ab%'", shop()),
              Contains("CREATE INDEX ON users (name text_pattern_ops)"));
  EXPECT_THAT(candidates_of("SELECT * FROM orders WHERE note ILIKE '%ab%'", shop()),
              Contains("CREATE INDEX ON orders USING gin (note gin_trgm_ops)"));
  EXPECT_THAT(candidates_of("SELECT * FROM users WHERE settings @> '{\"a\": 1}'", shop()),
              Contains("CREATE INDEX ON users USING gin (settings jsonb_path_ops)"));
  EXPECT_THAT(candidates_of("SELECT * FROM users WHERE settings ? 'a'", shop()),
              Contains("CREATE INDEX ON users USING gin (settings)"));
  EXPECT_THAT(candidates_of("SELECT * FROM orders WHERE tags && ARRAY['a']", shop()),
              Contains("CREATE INDEX ON orders USING gin (tags)"));
  EXPECT_THAT(candidates_of("SELECT * FROM orders WHERE body @@ to_tsquery('english', 'x')", shop()),
              Contains("CREATE INDEX ON orders USING gin (body)"));
  EXPECT_THAT(
      candidates_of(
          "SELECT * FROM orders WHERE to_tsvector('english', note) @@ plainto_tsquery('english', 'x')",
          shop()),
      Contains("CREATE INDEX ON orders USING gin ((to_tsvector('english', note)))"));
  EXPECT_THAT(candidates_of("SELECT * FROM orders WHERE period @> now()", shop()),
              Contains("CREATE INDEX ON orders USING gist (period)"));
  EXPECT_THAT(candidates_of("SELECT * FROM orders WHERE local_at::date = '2024-01-01'", shop()),
              Contains("CREATE INDEX ON orders (((local_at)::date))"));
}

TEST(Candidates, NothingInvalid) {
  for (const std::string_view statement : {
           "SELECT * FROM orders WHERE created_at::date = '2024-01-01'",  // depends on the time zone
           "SELECT * FROM orders WHERE to_char(local_at, 'YYYY') = '2024'",
           "SELECT * FROM orders WHERE my_function(total) = 1",
           "SELECT * FROM orders WHERE missing = 1",
           "SELECT * FROM open_orders WHERE id = 1",
           "SELECT * FROM orders WHERE total + id = 5 OR my_function(total) = 1",
           "SELECT * FROM orders WHERE total <> 5",
           "SELECT * FROM orders WHERE note LIKE $1",
           "SELECT * FROM pg_class WHERE relname = 'x'",
           "INSERT INTO orders (id) VALUES (1)",
           "SELECT count(*) FROM orders",
           "SELECT * FROM users WHERE settings ->> $1 = 'a'",
           "not sql at all",
       })
    EXPECT_THAT(candidates_of(statement, shop()), IsEmpty()) << statement;
}

TEST(Candidates, WhatExistsIsTakenOut) {
  EXPECT_THAT(candidates_of("SELECT * FROM items WHERE order_id = 1", shop()), IsEmpty());
  EXPECT_THAT(candidates_of("SELECT * FROM users WHERE id = 1 AND name = 'x'", shop()), IsEmpty())
      << "a unique key finds the row";
  EXPECT_THAT(candidates_of("UPDATE users SET name = 'y' WHERE email = 'x'", shop()), IsEmpty());
  EXPECT_THAT(candidates_of("SELECT * FROM items WHERE order_id = 1 AND product_id = 2", shop()),
              Not(Contains("CREATE INDEX ON items (order_id)")));
  EXPECT_THAT(
      candidates_of("SELECT i.qty FROM orders o JOIN items i ON i.order_id = o.id WHERE o.tenant_id = 1",
                    shop()),
      AllOf(Not(Contains("CREATE INDEX ON items (order_id)")), Each(Not(HasSubstr("ON orders (id")))));
}

TEST(Candidates, BothBranchesOfAnOrOrNone) {
  EXPECT_THAT(
      candidates_of("SELECT * FROM orders WHERE user_id = 1 OR tenant_id = 2", shop()),
      AllOf(Contains("CREATE INDEX ON orders (user_id)"), Contains("CREATE INDEX ON orders (tenant_id)")));
  EXPECT_THAT(candidates_of("SELECT * FROM orders WHERE user_id = 1 OR note <> 'x'", shop()), IsEmpty());
}

TEST(Candidates, SmallTablesAndMostOfATable) {
  Schema schema = shop();
  Table& orders = *schema.find_mutable({}, "orders");
  orders.rows = 100;
  orders.pages = 3;
  EXPECT_THAT(candidates_of("SELECT * FROM orders WHERE note = 'x'", schema), IsEmpty());
  orders.rows = 1'000'000;
  orders.pages = 20'000;
  Statistics statistics;
  ColumnStatistics& status = statistics.relation("public", "orders").columns["status"];
  status.distinct = 3;
  status.common_values = {"paid", "new"};
  status.common_frequencies = {0.9, 0.01};
  EXPECT_THAT(candidates_of("SELECT sum(total) FROM orders WHERE status = 'paid'", schema, statistics),
              IsEmpty());
  EXPECT_THAT(candidates_of("SELECT sum(total) FROM orders WHERE status = 'new'", schema, statistics),
              Not(IsEmpty()));
}

TEST(Candidates, BlockRangesWhereRowsLieInOrder) {
  Schema schema = shop();
  Table& orders = *schema.find_mutable({}, "orders");
  orders.rows = 1'000'000;
  orders.pages = 20'000;
  Statistics statistics;
  statistics.relation("public", "orders").columns["created_at"].correlation = 0.99;
  statistics.relation("public", "orders").columns["total"].correlation = 0.1;
  EXPECT_THAT(
      candidates_of("SELECT count(*) FROM orders WHERE created_at > '2024-01-01'", schema, statistics),
      Contains("CREATE INDEX ON orders USING brin (created_at)"));
  EXPECT_THAT(candidates_of("SELECT count(*) FROM orders WHERE total > 5", schema, statistics),
              Each(Not(HasSubstr("brin"))));
}

TEST(Candidates, ForeignKeysOfChildren) {
  const Schema schema = schema_from(R"(
    CREATE TABLE a (id int PRIMARY KEY, x int, y int, UNIQUE (x, y));
    CREATE TABLE b (a_id int REFERENCES a); CREATE TABLE c (a_id int REFERENCES a); CREATE INDEX ON c (a_id);
    CREATE TABLE d (y int, x int, FOREIGN KEY (x, y) REFERENCES a (x, y)); CREATE INDEX ON d (y, x);
    CREATE TABLE e (a_id int REFERENCES a); CREATE INDEX ON e (a_id) WHERE a_id > 5;)");
  std::vector<std::string> found;
  for (const Candidate& candidate : reference_candidates(schema, *schema.find("a")))
    found.push_back(create_index_sql(candidate.index));
  EXPECT_THAT(found, ::testing::UnorderedElementsAre("CREATE INDEX ON b (a_id)", "CREATE INDEX ON e (a_id)"));
}

}  // namespace
}  // namespace pgsieve::testing
