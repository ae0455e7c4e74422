#include "analyzer/report/source_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgsieve {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> sql_of(const std::vector<SourceStatement>& statements) {
  std::vector<std::string> texts;
  for (const SourceStatement& statement : statements)
    texts.push_back(std::to_string(statement.line) + ": " + statement.sql);
  return texts;
}
std::vector<std::string> program(std::string_view source, bool markup = false) {
  return sql_of(statements_in_program(source, markup));
}

TEST(SourceText, LiteralsOfManyLanguages) {
  EXPECT_THAT(program("x = 1\ncur.execute(\"SELECT a FROM t WHERE id = %s\", (i,))\n"),
              ElementsAre("2: SELECT a FROM t WHERE id = $1"));
  EXPECT_THAT(program("db.query('select a from t where b = ?', [b]);"),
              ElementsAre("1: select a from t where b = $1"));
  EXPECT_THAT(program("const q = `SELECT a\n FROM t WHERE b = ${b}`;"),
              ElementsAre("1: SELECT a\n FROM t WHERE b = $1"));
  EXPECT_THAT(program("q = \"\"\"\n  SELECT \"a\" FROM t\n  WHERE b = :b\n\"\"\"\n"),
              ElementsAre("2: SELECT \"a\" FROM t\n  WHERE b = $1\n"));
  EXPECT_THAT(program("rows, err := db.Query(\"SELECT a FROM t WHERE b = $1\", b)"),
              ElementsAre("1: SELECT a FROM t WHERE b = $1"));
  EXPECT_THAT(program("sql(\"UPDATE t SET a = @a WHERE b = @b\")"),
              ElementsAre("1: UPDATE t SET a = $1 WHERE b = $2"));
}

TEST(SourceText, JoinedLiteralsAreOne) {
  EXPECT_THAT(program("(\"SELECT a \"\n \"FROM t\")"), ElementsAre("1: SELECT a FROM t"));
  EXPECT_THAT(program("\"SELECT a \" +\n   \"FROM t\""), ElementsAre("1: SELECT a FROM t"));
  EXPECT_THAT(program("'SELECT a '\n . 'FROM t'"), ElementsAre("1: SELECT a FROM t"));
  EXPECT_THAT(program("'SELECT a FROM t', 'other'"), ElementsAre("1: SELECT a FROM t"));
}

TEST(SourceText, HereDocuments) {
  EXPECT_THAT(program("rows = db.exec(<<~SQL)\n  SELECT a FROM t\n  WHERE b = #{b}\n  SQL\nputs 'x'\n"),
              ElementsAre("2: SELECT a FROM t\n  WHERE b = $1"));
  EXPECT_THAT(program("$q = <<<'SQL'\nSELECT a FROM t\nSQL;\n"), ElementsAre("2: SELECT a FROM t"));
  EXPECT_THAT(program("std::cout << SELECT << FROM;\n"), IsEmpty());
  EXPECT_THAT(program("x = <<~SQL\n SELECT never closed\n"), IsEmpty());
}

TEST(SourceText, MarkupOnlyWhereAsked) {
  const std::string mapper = "<select id=\"a\">\n SELECT a FROM t WHERE b = #{b}\n</select>";
  EXPECT_THAT(program(mapper, true), ElementsAre("2: SELECT a FROM t WHERE b = $1\n"));
  EXPECT_THAT(program(mapper, false), IsEmpty());
}

TEST(SourceText, QuotesInCommentsThrowNothingOff) {
  EXPECT_THAT(program("# don't\nq = 'SELECT 1 FROM t'\n"), ElementsAre("2: SELECT 1 FROM t"));
  EXPECT_THAT(program("if (/['\"]/.test(x)) { q = \"SELECT 1 FROM t\"; }"),
              ElementsAre("1: SELECT 1 FROM t"));
}

TEST(SourceText, WordsThatOnlyLookLikeVerbs) {
  EXPECT_THAT(program("\"selection of things\", \"with\", \"Update\", 'deleted'"), IsEmpty());
  EXPECT_THAT(program("\"SELECT never closed"), IsEmpty());
}

TEST(SourceText, HostileSourcesEnd) {
  for (const char* source :
       {"\"", "'select", "<<A", "<<", "\"select \\", "`select ${", "\"\"\"select \"\"", "%("})
    EXPECT_THAT(program(source, true), IsEmpty()) << source;
}

TEST(SourceText, StatementsOfSqlFiles) {
  EXPECT_THAT(sql_of(statements_in_sql(
                  "-- name: One :one\nSELECT a FROM t\nWHERE b = @b;\n\nCREATE TABLE x (a int);\n"
                  "DELETE FROM t WHERE a = :a;")),
              ElementsAre("2: SELECT a FROM t\nWHERE b = $1", "6: DELETE FROM t WHERE a = $1"));
}

TEST(SourceText, PlaceholdersBecomeParameters) {
  EXPECT_EQ(with_numbered_parameters("a = %s AND b = %(b)s AND c = '%s'"), "a = $1 AND b = $2 AND c = '%s'");
  EXPECT_EQ(with_numbered_parameters("a IN %s AND b::text = :b"), "a IN ($1) AND b::text = $2");
  EXPECT_EQ(with_numbered_parameters("a IN (?) AND b ?| c"), "a IN ($1) AND b ?| c");
  EXPECT_EQ(with_numbered_parameters("a = $2 AND b = {b} AND c @> d"), "a = $1 AND b = $2 AND c @> d");
  EXPECT_EQ(with_numbered_parameters("a % 10"), "a % 10");
}

std::vector<std::string> tables(std::string_view source, std::string_view app = {}) {
  std::vector<std::string> found;
  for (const TableDefinition& definition : tables_defined_in(source, app))
    found.push_back(std::to_string(definition.line) + ": " + definition.table);
  return found;
}

TEST(SourceText, TablesOfMigrations) {
  EXPECT_THAT(tables("\nCREATE TABLE IF NOT EXISTS public.\"Posts\" (id int);"), ElementsAre("2: posts"));
  EXPECT_THAT(tables("CREATE UNLOGGED TABLE a.b (c int)"), ElementsAre("1: b"));
  EXPECT_THAT(tables("  create_table \"posts\", force: :cascade do |t|"), ElementsAre("1: posts"));
  EXPECT_THAT(tables("create_table :posts do |t|"), ElementsAre("1: posts"));
  EXPECT_THAT(tables("op.create_table('posts', sa.Column('id'))"), ElementsAre("1: posts"));
  EXPECT_THAT(tables("knex.schema.createTable('posts', (t) => {"), ElementsAre("1: posts"));
  EXPECT_THAT(tables("create table(:posts) do"), ElementsAre("1: posts"));
  EXPECT_THAT(tables("Schema::create('posts', function (Blueprint $table) {"), ElementsAre("1: posts"));
  EXPECT_THAT(tables("migrations.CreateModel(\n name='Post',", "blog"), ElementsAre("1: blog_post"));
  EXPECT_THAT(tables("model Post {\n id Int\n @@map(\"posts\")\n}"), ElementsAre("1: post", "3: posts"));
  EXPECT_THAT(tables("CREATE INDEX a ON posts (b); user.create!(name: 'x')"), IsEmpty());
  EXPECT_THAT(tables("CREATE TABLE"), IsEmpty());
}

}  // namespace
}  // namespace pgsieve
