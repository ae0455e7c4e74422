#include "analyzer/sql/canonical.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/sql/scan.h"
#include "tests/sql/statement_files.h"

namespace pgsieve {
namespace {

using testing::Test;

void expect_same(std::string_view left, std::string_view right) {
  EXPECT_EQ(canonical_form(left), canonical_form(right)) << left << "\n" << right;
}

void expect_different(std::string_view left, std::string_view right) {
  EXPECT_NE(canonical_form(left), canonical_form(right)) << left << "\n" << right;
}

TEST(Canonical, LiteralsAndParametersAreOneThing) {
  expect_same("SELECT * FROM items WHERE order_id = 7", "SELECT * FROM items WHERE order_id = $1");
  expect_same("SELECT * FROM items WHERE order_id = -7 AND name = 'x'::text",
              "SELECT * FROM items WHERE order_id = $1 AND name = $2");
  expect_same("SELECT * FROM items WHERE created > interval '1 day'",
              "SELECT * FROM items WHERE created > interval $1");
}

TEST(Canonical, SpellingDoesNotMatter) {
  expect_same("select * from Items  where ORDER_ID = 7 -- why\n",
              "SELECT * FROM \"items\" WHERE \"order_id\" = $1");
  expect_same("SELECT * FROM items WHERE a = 1 AND b = 2", "SELECT * FROM items WHERE (b = $1) AND a = $2");
  expect_same("SELECT * FROM public.items", "SELECT * FROM items");
  expect_same("SELECT * FROM shop.public.items", "SELECT * FROM items");
  expect_same("SELECT CAST(a AS integer) FROM t", "SELECT a::int FROM t");
}

TEST(Canonical, AliasesDoNotMatter) {
  expect_same("SELECT o.id, o.total FROM orders o WHERE o.user_id = $1",
              "SELECT \"orders\".\"id\", orders.total FROM orders WHERE user_id = 5");
  expect_same("SELECT a.* FROM orders a JOIN users b ON b.id = a.user_id WHERE b.name = $1",
              "SELECT o.* FROM orders AS o JOIN users u ON o.user_id = u.id WHERE u.name = 'x'");
  expect_same("SELECT count(*) AS n, kind FROM t GROUP BY kind ORDER BY n DESC",
              "SELECT count(*) AS total, kind FROM t GROUP BY kind ORDER BY total DESC");
  expect_same("SELECT s.n FROM (SELECT count(*) AS n FROM t) s WHERE s.n > 3",
              "SELECT x.total FROM (SELECT count(*) AS total FROM t) AS x WHERE x.total > $1");
  expect_same("WITH recent AS (SELECT id FROM posts) SELECT * FROM recent r",
              "WITH p AS (SELECT id FROM posts) SELECT p.* FROM p");
  expect_same("SELECT * FROM a WHERE EXISTS (SELECT 1 FROM b x WHERE x.a_id = a.id)",
              "SELECT q.* FROM a q WHERE EXISTS (SELECT 1 FROM b WHERE q.id = b.a_id)");
  expect_same("UPDATE orders o SET total = 1 WHERE o.id = $1",
              "UPDATE orders SET total = $1 WHERE orders.id = $2");
}

TEST(Canonical, LengthsDoNotMatter) {
  expect_same("SELECT * FROM t WHERE id IN (1)", "SELECT * FROM t WHERE id IN ($1, $2, $3)");
  expect_same("SELECT * FROM t WHERE id IN (1, 2)", "SELECT * FROM t WHERE id = ANY($1)");
  expect_same("INSERT INTO t (a, b) VALUES (1, 2)", "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4)");
  expect_same("SELECT * FROM t WHERE a = 1 OR a = 2", "SELECT * FROM t WHERE a = 1 OR a = 2 OR a = 3");
}

TEST(Canonical, AColumnAddedByAMigrationDoesNotMatter) {
  expect_same("SELECT o.id, o.total FROM orders o WHERE o.user_id = $1",
              "SELECT o.id, o.total, o.note FROM orders o WHERE o.user_id = $1");
  expect_same("SELECT * FROM orders WHERE user_id = $1", "SELECT id, total FROM orders WHERE user_id = $1");
  expect_same("INSERT INTO t (a) VALUES (1) RETURNING id", "INSERT INTO t (a, b) VALUES (1, 2) RETURNING id");
}

TEST(Canonical, WhatAStatementDoesMatters) {
  expect_different("SELECT * FROM items WHERE order_id = 7", "SELECT * FROM items WHERE product_id = 7");
  expect_different("SELECT * FROM items WHERE order_id = 7", "SELECT * FROM lines WHERE order_id = 7");
  expect_different("SELECT * FROM a.items", "SELECT * FROM b.items");
  expect_different("SELECT * FROM items WHERE id = 7", "SELECT * FROM items WHERE id IN (7)");
  expect_different("SELECT * FROM items WHERE id = 7", "SELECT * FROM items WHERE id > 7");
  expect_different("SELECT * FROM items WHERE a = 1 AND b = 2", "SELECT * FROM items WHERE a = 1 OR b = 2");
  expect_different("SELECT id FROM t", "SELECT name FROM t");
  expect_different("SELECT count(*) FROM t", "SELECT * FROM t");
  expect_different("SELECT * FROM t ORDER BY a", "SELECT * FROM t ORDER BY a DESC");
  expect_different("SELECT * FROM t", "SELECT * FROM t LIMIT 10");
  expect_different("SELECT * FROM t", "SELECT * FROM t FOR UPDATE");
  expect_different("SELECT * FROM t WHERE a IS NULL", "SELECT * FROM t WHERE a IS NOT NULL");
  expect_different("SELECT * FROM a JOIN b ON a.id = b.a_id", "SELECT * FROM a LEFT JOIN b ON a.id = b.a_id");
  expect_different("SELECT a.x FROM t a JOIN t b ON a.id = b.parent WHERE a.id = 1",
                   "SELECT a.x FROM t a JOIN t b ON a.id = b.parent WHERE b.id = 1");
  expect_different("UPDATE t SET a = 1 WHERE id = 1", "UPDATE t SET b = 1 WHERE id = 1");
  expect_different("INSERT INTO t (a) VALUES (1)", "INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING");
  expect_different("SELECT * FROM t WHERE a LIKE 'x'", "SELECT * FROM t WHERE a ILIKE 'x'");
  expect_different("SELECT * FROM t UNION SELECT * FROM u", "SELECT * FROM t UNION ALL SELECT * FROM u");
}

TEST(Canonical, RefusedTextsKeepTheirTokens) {
  expect_same("SELEC  x FROM t WHERE a = 1", "selec x from T where a = 99");
  expect_different("SELEC x FROM t", "SELEC y FROM t");
}

TEST(Canonical, DeepTextsEnd) {
  std::string deep = "SELECT 1 FROM t WHERE ";
  for (int i = 0; i < 2000; ++i) deep += "(a = 1 AND NOT ";
  deep += "true" + std::string(2000, ')');
  EXPECT_FALSE(canonical_form(deep).empty());
}

// The form is kept in files: the texts that reports print must lead back to it.
TEST(Canonical, DisplayedTextsHaveTheFormOfTheirStatement) {
  size_t checked = 0;
  for (const std::string& statement : read_statements("traffic.sql")) {
    if (statement.size() > 20'000) continue;
    const std::string form = canonical_form(statement);
    if (form.starts_with("~") || form.find("stmt{") != std::string::npos) continue;  // no data statement
    EXPECT_EQ(canonical_form(normalize_for_display(statement)), form) << statement;
    ++checked;
  }
  EXPECT_GT(checked, 50U);
}

}  // namespace
}  // namespace pgsieve
