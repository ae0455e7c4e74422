#include "analyzer/advisor/index_definition.h"

#include <gtest/gtest.h>

#include "analyzer/advisor/sql_expression.h"

namespace pgsieve {
namespace {

IndexDefinition index_of(std::string_view ddl) {
  const Result<IndexDefinition> definition = parse_index_definition(ddl);
  EXPECT_TRUE(definition.ok()) << ddl;
  return definition.ok() ? *definition : IndexDefinition{};
}

std::string key_of(std::string_view ddl) {
  return definition_key(index_of(ddl));
}

TEST(IndexDefinition, OneIdentityForManySpellings) {
  EXPECT_EQ(key_of("CREATE INDEX ON orders (tenant_id, created_at)"),
            key_of("create index concurrently if not exists x on public.orders using btree "
                   "(\"tenant_id\",created_at ASC)"));
  EXPECT_EQ(key_of("CREATE INDEX ON users (lower(email))"),
            key_of("CREATE INDEX ON users USING btree (lower((email)::text))"));
  EXPECT_EQ(key_of("CREATE INDEX ON products ((attrs->>'brand'))"),
            key_of("CREATE INDEX ON products (((attrs ->> 'brand'::text)))"));
  EXPECT_EQ(key_of("CREATE INDEX ON orders (created_at) WHERE status = 'pending'"),
            key_of("CREATE INDEX ON orders (created_at) WHERE ((status)::text = 'pending'::text)"));
  EXPECT_EQ(key_of("CREATE INDEX ON t (a) INCLUDE (b, c)"), key_of("CREATE INDEX ON t (a) INCLUDE (c, b)"));
  // Read backwards, these are the same.
  EXPECT_EQ(key_of("CREATE INDEX ON t (a, b DESC)"), key_of("CREATE INDEX ON t (a DESC, b)"));
  EXPECT_EQ(key_of("CREATE INDEX ON t (a DESC)"), key_of("CREATE INDEX ON t (a)"));
}

TEST(IndexDefinition, WhatDiffersStaysApart) {
  const std::vector<std::string> ddl = {
      "CREATE INDEX ON t (a, b)",
      "CREATE INDEX ON t (b, a)",
      "CREATE INDEX ON t (a, b DESC)",
      "CREATE INDEX ON t (a NULLS FIRST)",
      "CREATE INDEX ON t (a)",
      "CREATE UNIQUE INDEX ON t (a)",
      "CREATE INDEX ON t (a) INCLUDE (b)",
      "CREATE INDEX ON t (a) WHERE b",
      "CREATE INDEX ON t (a) WHERE c = 'b'",
      "CREATE INDEX ON t (a) WHERE c = 'B'",
      "CREATE INDEX ON t (a text_pattern_ops)",
      "CREATE INDEX ON t USING gin (a)",
      "CREATE INDEX ON t USING hash (a)",
      "CREATE INDEX ON s.t (a)",
      "CREATE INDEX ON \"T\" (a)",
      "CREATE INDEX ON t ((a + b))",
      "CREATE INDEX ON t ((a * (b + c)))",
      "CREATE INDEX ON t ((a * b + c))",
      "CREATE INDEX ON t (a COLLATE \"C\")",
  };
  for (size_t i = 0; i < ddl.size(); ++i)
    for (size_t k = 0; k < i; ++k) {
      EXPECT_NE(key_of(ddl[i]), key_of(ddl[k]));
      EXPECT_NE(definition_id(index_of(ddl[i])), definition_id(index_of(ddl[k])));
    }
}

// What is remembered in files must not change with the program.
TEST(IndexDefinition, TheKeyIsWrittenInStone) {
  EXPECT_EQ(
      key_of("CREATE INDEX ON orders (tenant_id, created_at DESC) INCLUDE (total) WHERE status = 'pending'"),
      "public.orders btree (tenant_id, created_at DESC) include (total) where (status = 'pending')");
  EXPECT_EQ(definition_id(index_of("CREATE INDEX ON orders (tenant_id)")).size(), 8U);
}

TEST(IndexDefinition, DdlComesBackTheSame) {
  for (const std::string ddl : {
           "CREATE INDEX ON orders (tenant_id, created_at DESC) INCLUDE (total)",
           "CREATE UNIQUE INDEX ON \"Order\" (\"userId\" DESC NULLS LAST)",
           "CREATE INDEX ON sales.t USING gin (attrs jsonb_path_ops)",
           "CREATE INDEX ON users ((lower(email)) text_pattern_ops)",
           "CREATE INDEX ON t ((payload ->> 'a''b')) WHERE deleted_at IS NULL AND kind = 'x'",
       })
    EXPECT_EQ(create_index_sql(index_of(ddl)), ddl);
  EXPECT_EQ(create_index_sql(index_of("CREATE INDEX ON t (a)"),
                             {.name = "T_a", .concurrently = true, .if_not_exists = true}),
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS \"T_a\" ON t (a)");
}

TEST(IndexDefinition, NamesAreFreeAndShort) {
  const IndexDefinition plain = index_of("CREATE INDEX ON orders (user_id, created_at)");
  EXPECT_EQ(index_name(plain), "orders_user_id_created_at_idx");
  const std::vector<std::string> taken = {"orders_user_id_created_at_idx", "orders_user_id_created_at_idx1"};
  EXPECT_EQ(index_name(plain, taken), "orders_user_id_created_at_idx2");
  EXPECT_EQ(index_name(index_of("CREATE INDEX ON users (lower(email))")), "users_lower_idx");
  EXPECT_EQ(index_name(index_of("CREATE INDEX ON p ((attrs->>'brand'))")), "p_brand_idx");
  IndexDefinition wide = plain;
  wide.table = std::string(70, 'x');
  EXPECT_EQ(index_name(wide).size(), 63U);
  wide.table.clear();
  for (int i = 0; i < 30; ++i) wide.table += "ä";
  EXPECT_LE(index_name(wide).size(), 63U);
}

TEST(IndexDefinition, Covers) {
  const auto covered = [](std::string_view wide, std::string_view narrow) {
    return covers(index_of(wide), index_of(narrow));
  };
  EXPECT_TRUE(covered("CREATE INDEX ON t (a, b)", "CREATE INDEX ON t (a)"));
  EXPECT_TRUE(covered("CREATE UNIQUE INDEX ON t (a, b)", "CREATE INDEX ON t (a)"));
  EXPECT_TRUE(covered("CREATE INDEX ON t (a, b)", "CREATE INDEX ON t (a) INCLUDE (b)"));
  EXPECT_TRUE(covered("CREATE INDEX ON t (a DESC, b)", "CREATE INDEX ON t (a)"));
  EXPECT_TRUE(covered("CREATE INDEX ON t (a)", "CREATE INDEX ON t (a) WHERE b"));
  EXPECT_FALSE(covered("CREATE INDEX ON t (a) WHERE b", "CREATE INDEX ON t (a)"));
  EXPECT_FALSE(covered("CREATE INDEX ON t (a)", "CREATE INDEX ON t (a, b)"));
  EXPECT_FALSE(covered("CREATE INDEX ON t (b, a)", "CREATE INDEX ON t (a)"));
  EXPECT_FALSE(covered("CREATE INDEX ON t (a, b)", "CREATE UNIQUE INDEX ON t (a)"));
  EXPECT_FALSE(covered("CREATE INDEX ON t (a, b)", "CREATE INDEX ON t (a, b DESC)"));
  EXPECT_FALSE(covered("CREATE INDEX ON t (a)", "CREATE INDEX ON t (a text_pattern_ops)"));
  EXPECT_FALSE(covered("CREATE INDEX ON t (a)", "CREATE INDEX ON u (a)"));
  EXPECT_TRUE(covered("CREATE INDEX ON t USING gin (a, b)", "CREATE INDEX ON t USING gin (b)"));
  EXPECT_FALSE(covered("CREATE INDEX ON t USING gin (a)", "CREATE INDEX ON t USING gin (a jsonb_path_ops)"));
}

TEST(IndexDefinition, OtherTextsAreErrors) {
  for (const std::string_view text :
       {"", "SELECT 1", "CREATE INDEX", "DROP INDEX x", "CREATE INDEX ON t (a); SELECT 1"})
    EXPECT_FALSE(parse_index_definition(text).ok()) << text;
}

TEST(SqlExpression, OnlyWhatIsKnownToBeImmutable) {
  const Result<Schema> schema = parse_schema(
      "CREATE TABLE t (a int, n numeric, s text, v varchar(9), j jsonb, at timestamp, z timestamptz, d date, "
      "u uuid, tags text[], e mood)",
      "t.sql");
  ASSERT_TRUE(schema.ok());
  const Table* table = schema->find("t");
  for (const std::string_view yes : {"lower(s)",
                                     "upper(v)",
                                     "j ->> 'a'",
                                     "(j ->> 'a')::int",
                                     "(j -> 'a') ->> 'b'",
                                     "j #>> '{a,b}'",
                                     "date_trunc('day', at)",
                                     "at::date",
                                     "(z AT TIME ZONE 'UTC')::date",
                                     "EXTRACT(year FROM d)",
                                     "COALESCE(s, '')",
                                     "a + 1",
                                     "abs(n)",
                                     "s || v",
                                     "to_tsvector('english', s)",
                                     "to_tsvector('english'::regconfig, s)",
                                     "substring(s, 1, 3)",
                                     "md5(s)",
                                     "u::text",
                                     "a % 10"})
    EXPECT_TRUE(is_immutable_expression(yes, table)) << yes;
  for (const std::string_view no : {"z::date",
                                    "date_trunc('day', z)",
                                    "to_char(at, 'YYYY')",
                                    "now()",
                                    "random()",
                                    "s || a",
                                    "d::text",
                                    "z::text",
                                    "(j ->> 'a')::date",
                                    "unaccent(s)",
                                    "my_function(s)",
                                    "to_tsvector(s)",
                                    "lower(missing)",
                                    "EXTRACT(year FROM z)",
                                    "age(at)",
                                    "count(*)",
                                    "e::text",
                                    "'x'",
                                    "(SELECT 1)",
                                    "a +",
                                    "s COLLATE \"x\"",
                                    "concat(s, v)"})
    EXPECT_FALSE(is_immutable_expression(no, table)) << no;
}

TEST(SqlExpression, NormalFormsAreIdempotent) {
  for (const std::string_view text : {"lower( email )", "((attrs ->> 'it''s'::text))",
                                      "(status)::text = 'a::text'::text", "a*(b+c)", "not sql ("}) {
    const std::string once = normal_expression(text);
    EXPECT_EQ(normal_expression(once), once);
  }
  EXPECT_EQ(normal_expression("(status)::text = 'a::text'::text"), "status = 'a::text'");
}

}  // namespace
}  // namespace pgsieve
