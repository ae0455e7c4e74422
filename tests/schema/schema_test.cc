#include "analyzer/schema/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace pgsieve {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kFixtures = std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/schema/";

Schema parse(std::string_view ddl) {
  Result<Schema> schema = parse_schema(ddl, "test.sql");
  EXPECT_TRUE(schema.ok()) << (schema.ok() ? "" : schema.error().to_string());
  return schema.ok() ? std::move(*schema) : Schema();
}

const Index* index_named(const Table& table, std::string_view name) {
  for (const Index& index : table.indexes)
    if (index.name == name) return &index;
  return nullptr;
}

TEST(Schema, ReadsADumpWithKeysAndIndexes) {
  const Result<Schema> schema = load_schema(kFixtures + "../quickstart/schema.sql");
  ASSERT_TRUE(schema.ok()) << schema.error().to_string();
  EXPECT_EQ(schema->notes.unparsed_statements, 0U);
  EXPECT_GT(schema->notes.unknown_statements, 0U);
  const Table* audit = schema->find("audit_log");
  ASSERT_NE(audit, nullptr);
  EXPECT_THAT(audit->primary_key, ElementsAre("id"));
  ASSERT_NE(audit->find_column("created_at"), nullptr);
  EXPECT_EQ(audit->find_column("created_at")->type, "timestamp with time zone");
  EXPECT_TRUE(audit->find_column("id")->identity);
  EXPECT_TRUE(audit->find_column("id")->not_null);
  EXPECT_TRUE(audit->unique_by({"id", "email"}));
  EXPECT_FALSE(audit->unique_by({"email"}));
  EXPECT_TRUE(audit->unique_by_exactly({"id"}));
  EXPECT_FALSE(audit->unique_by_exactly({"id", "email"}));
  const Table* items = schema->find("public", "order_items");
  const Table* orders = schema->find("orders");
  ASSERT_NE(items, nullptr);
  ASSERT_NE(orders, nullptr);
  const ForeignKey* key = schema->foreign_key(*items, "order_id", *orders, "id");
  ASSERT_NE(key, nullptr);
  EXPECT_THAT(key->target_columns, ElementsAre("id"));
  EXPECT_EQ(schema->foreign_key(*items, "product_id", *orders, "id"), nullptr);
}

TEST(Schema, ReadsMixedCaseNames) {
  const Result<Schema> schema = load_schema(kFixtures + "mixed_case.sql");
  ASSERT_TRUE(schema.ok()) << schema.error().to_string();
  const Table* audit = schema->find("AuditLogs");
  ASSERT_NE(audit, nullptr);
  EXPECT_NE(audit->find_column("entityType"), nullptr);
  EXPECT_EQ(schema->find("auditlogs"), nullptr);
}

TEST(Schema, ReadsEveryPartOfAnIndex) {
  const Schema schema = parse(R"(CREATE TABLE t (a int, b text, c jsonb, d timestamptz);
CREATE INDEX i1 ON t USING btree (lower(b), a DESC, d DESC NULLS LAST) INCLUDE (c) WHERE (a > 0);
CREATE UNIQUE INDEX i2 ON t (b COLLATE "C" text_pattern_ops) NULLS NOT DISTINCT;
CREATE INDEX i3 ON t USING gin (c jsonb_path_ops);
CREATE INDEX i4 ON t (((c ->> 'ref'::text)));)");
  const Table& table = *schema.find("t");
  const Index& first = *index_named(table, "i1");
  ASSERT_EQ(first.keys.size(), 3U);
  EXPECT_EQ(first.keys[0].expression, "lower(b)");
  EXPECT_TRUE(first.keys[1].descending);
  EXPECT_TRUE(first.keys[1].nulls_first);
  EXPECT_FALSE(first.keys[2].nulls_first);
  EXPECT_THAT(first.include, ElementsAre("c"));
  EXPECT_EQ(first.predicate, "a > 0");
  const Index& second = *index_named(table, "i2");
  EXPECT_TRUE(second.unique);
  EXPECT_TRUE(second.nulls_not_distinct);
  EXPECT_EQ(second.keys[0].collation, "C");
  EXPECT_EQ(second.keys[0].opclass, "text_pattern_ops");
  EXPECT_EQ(index_named(table, "i3")->method, "gin");
  EXPECT_EQ(index_named(table, "i3")->keys[0].opclass, "jsonb_path_ops");
  EXPECT_THAT(index_named(table, "i4")->keys[0].expression, HasSubstr("->>"));
}

TEST(Schema, ReadsInlineConstraintsAndIdentities) {
  const Schema schema = parse(R"(
CREATE TABLE parent (id bigserial PRIMARY KEY, code varchar(10) UNIQUE NOT NULL, at timestamp(3) with time zone[]);
CREATE TABLE child (
  id int GENERATED ALWAYS AS IDENTITY,
  parent_id bigint REFERENCES parent ON DELETE CASCADE,
  code varchar(10) REFERENCES parent (code),
  n numeric(10,2) DEFAULT 0 CHECK (n >= 0),
  CONSTRAINT child_key PRIMARY KEY (id, parent_id),
  EXCLUDE USING gist (n WITH =));)");
  const Table& parent = *schema.find("parent");
  EXPECT_EQ(parent.find_column("id")->type, "bigint");
  EXPECT_TRUE(parent.find_column("id")->identity);
  EXPECT_EQ(parent.find_column("code")->type, "character varying(10)");
  EXPECT_EQ(parent.find_column("at")->type, "timestamp(3) with time zone[]");
  EXPECT_TRUE(parent.unique_by({"code"}));
  EXPECT_EQ(parent.indexes[0].name, "parent_pkey");
  EXPECT_EQ(parent.indexes[1].name, "parent_code_key");
  const Table& child = *schema.find("child");
  EXPECT_THAT(child.primary_key, ElementsAre("id", "parent_id"));
  EXPECT_TRUE(child.find_column("parent_id")->not_null);
  EXPECT_TRUE(child.find_column("id")->identity);
  EXPECT_EQ(child.find_column("n")->default_sql, "0");
  EXPECT_EQ(child.find_column("n")->type, "numeric(10,2)");
  EXPECT_THAT(child.check_constraints, ElementsAre("n >= 0"));
  ASSERT_EQ(child.foreign_keys.size(), 2U);
  EXPECT_THAT(child.foreign_keys[0].target_columns, ElementsAre("id"));
  EXPECT_EQ(child.foreign_keys[0].name, "child_parent_id_fkey");
  EXPECT_THAT(child.foreign_keys[1].target_columns, ElementsAre("code"));
  EXPECT_EQ(child.indexes.back().method, "gist");
}

TEST(Schema, AppliesAlterations) {
  const Schema schema = parse(R"(
CREATE TABLE public.a (id integer NOT NULL, old text, gone text);
ALTER TABLE ONLY public.a ALTER COLUMN id SET DEFAULT nextval('public.a_id_seq'::regclass);
ALTER TABLE public.a ADD COLUMN b_id bigint, ALTER COLUMN old TYPE varchar(5), ALTER COLUMN old SET NOT NULL;
CREATE UNIQUE INDEX ready ON public.a (id);
ALTER TABLE public.a ADD CONSTRAINT a_pkey PRIMARY KEY USING INDEX ready;
CREATE INDEX a_gone ON a (gone);
ALTER TABLE a DROP COLUMN gone;
ALTER TABLE a RENAME COLUMN old TO fresh;
CREATE TABLE dropped (x int); DROP TABLE dropped;
ALTER TABLE a RENAME TO renamed;)");
  EXPECT_EQ(schema.find("a"), nullptr);
  EXPECT_EQ(schema.find("dropped"), nullptr);
  const Table* table = schema.find("renamed");
  ASSERT_NE(table, nullptr);
  EXPECT_TRUE(table->find_column("id")->identity);
  EXPECT_EQ(table->find_column("fresh")->type, "character varying(5)");
  EXPECT_TRUE(table->find_column("fresh")->not_null);
  EXPECT_EQ(table->find_column("gone"), nullptr);
  EXPECT_THAT(table->primary_key, ElementsAre("id"));
  ASSERT_EQ(table->indexes.size(), 1U);
  EXPECT_EQ(table->indexes[0].name, "a_pkey");
}

TEST(Schema, FollowsPartitionsAndInheritance) {
  const Schema schema = parse(R"(
CREATE TABLE m (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE INDEX m_at ON m (at);
CREATE TABLE m1 PARTITION OF m FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE m2 (id bigint NOT NULL, at date NOT NULL);
ALTER TABLE ONLY m ATTACH PARTITION m2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE INDEX m2_at_idx ON m2 (at);
CREATE TABLE base (id int); CREATE TABLE derived (extra text) INHERITS (base);)");
  const Table& parent = *schema.find("m");
  EXPECT_EQ(parent.partition_strategy, "range");
  EXPECT_THAT(parent.partition_columns, ElementsAre("at"));
  EXPECT_EQ(schema.find("m1")->partition_of, "public.m");
  EXPECT_NE(schema.find("m1")->find_column("id"), nullptr);
  EXPECT_EQ(schema.find("m1")->indexes.size(), 1U);
  EXPECT_EQ(schema.find("m2")->partition_of, "public.m");
  EXPECT_EQ(schema.find("m2")->indexes.size(), 1U);
  EXPECT_NE(schema.find("derived")->find_column("id"), nullptr);
  EXPECT_THAT(schema.find("derived")->partition_of, IsEmpty());
}

TEST(Schema, ReadsViews) {
  const Schema schema = parse(R"(CREATE TABLE t (a int, b int);
CREATE VIEW v AS SELECT t.a, t.b AS c, count(*) FROM t GROUP BY 1, 2;
CREATE MATERIALIZED VIEW mv AS SELECT a FROM t WITH NO DATA;
CREATE UNIQUE INDEX mv_a ON mv (a);)");
  const Table& view = *schema.find("v");
  EXPECT_TRUE(view.view);
  ASSERT_EQ(view.columns.size(), 3U);
  EXPECT_EQ(view.columns[1].name, "c");
  EXPECT_THAT(view.view_sql, HasSubstr("SELECT t.a"));
  EXPECT_TRUE(schema.find("mv")->materialized);
  EXPECT_TRUE(schema.find("mv")->unique_by({"a"}));
}

TEST(Schema, LooksNamesUpAsTheSearchPathWould) {
  const Schema schema =
      parse(R"(CREATE TABLE public.t (a int); CREATE TABLE s.t (b int); CREATE TABLE s.only (c int);
CREATE TABLE s1.two (x int); CREATE TABLE s2.two (x int);
SET search_path = late, pg_catalog; CREATE TABLE in_late (id int PRIMARY KEY); CREATE TABLE refers (id int REFERENCES in_late);)");
  EXPECT_NE(schema.find("t")->find_column("a"), nullptr);
  EXPECT_NE(schema.find("s", "t")->find_column("b"), nullptr);
  EXPECT_NE(schema.find("only"), nullptr);
  EXPECT_EQ(schema.find("other", "only"), nullptr);
  EXPECT_EQ(schema.find("two"), nullptr);
  EXPECT_NE(schema.find("late", "in_late"), nullptr);
  EXPECT_THAT(schema.find("late", "refers")->foreign_keys.at(0).target_columns, ElementsAre("id"));
}

TEST(Schema, CountsWhatItCannotReadAndGoesOn) {
  const Schema schema = parse(R"(\restrict abc
CREATE TABLE a (id int);
THIS IS NOT SQL;
GRANT SELECT ON a TO PUBLIC;
CREATE TABLE b (id int, v int GENERATED SOMETIMES AS (id) NEVER, CONSTRAINT b_pkey PRIMARY KEY (id));
\unrestrict abc
)");
  EXPECT_EQ(schema.notes.statements, 4U);
  EXPECT_EQ(schema.notes.unknown_statements, 1U);
  EXPECT_EQ(schema.notes.unparsed_statements, 2U);
  ASSERT_EQ(schema.notes.samples.size(), 2U);
  EXPECT_THAT(schema.notes.samples[0], HasSubstr("line 3: THIS IS NOT SQL"));
  const Table* salvaged = schema.find("b");
  ASSERT_NE(salvaged, nullptr);
  EXPECT_EQ(salvaged->columns.size(), 1U);
  EXPECT_THAT(salvaged->primary_key, ElementsAre("id"));
}

TEST(Schema, RefusesWhatIsNoSchema) {
  for (const std::string_view text :
       {"", "-- only a comment\n", "hello world", "PGDMP\x01\x0e\x00", "\x7f\x45\x4c\x46"}) {
    const Result<Schema> schema = parse_schema(text, "x.sql");
    ASSERT_FALSE(schema.ok()) << text;
    EXPECT_FALSE(schema.error().hint.empty());
    EXPECT_EQ(schema.error().file, "x.sql");
  }
  EXPECT_FALSE(load_schema("/nonexistent/schema.sql").ok());
  EXPECT_FALSE(load_schema("/").ok());
}

TEST(Schema, SurvivesHostileNesting) {
  const std::string deep(100'000, '(');
  const Schema schema = parse("CREATE TABLE t (a int);\nSELECT " + deep + ";\nCREATE TABLE u (b int);");
  EXPECT_NE(schema.find("t"), nullptr);
  EXPECT_NE(schema.find("u"), nullptr);
  std::string chain = "CREATE TABLE c (a int CHECK (a = 0";
  for (int i = 0; i < 100'000; ++i) chain += " + 1";
  EXPECT_EQ(parse("CREATE TABLE t (a int);\n" + chain + "));").notes.unparsed_statements, 1U);
  std::string opened = "CREATE TABLE t (a int);\n";
  for (int i = 0; i < 20'000; ++i) opened += "CREATE TABLE (\n";
  EXPECT_NE(parse(opened).find("t"), nullptr);
}

class StatisticsFile {
 public:
  explicit StatisticsFile(std::string_view text)
      : path_(testing::TempDir() + "pgsieve_statistics_test_" + std::to_string(getpid())) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~StatisticsFile() { std::remove(path_.c_str()); }
  StatisticsFile(const StatisticsFile&) = delete;
  StatisticsFile& operator=(const StatisticsFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(Statistics, ReadsEveryShape) {
  const std::string_view shapes[] = {
      R"([{"table": "t", "reltuples": 12, "relpages": 3}, {"table": "s.u", "reltuples": -1}, {"table": "zz", "reltuples": 1}])",
      R"({"relations": [{"rel": "t", "kind": "r", "tuples": 12, "pages": 3}, {"rel": "t_pkey", "kind": "i", "tuples": 9, "pages": 1}]})",
      "schema,table,rows,pages\r\npublic,\"t\",12,3\r\npublic,nope,4,1\r\n"};
  for (const std::string_view shape : shapes) {
    Schema schema = parse("CREATE TABLE t (a int); CREATE TABLE s.u (a int);");
    const Result<uint64_t> unknown = load_statistics(schema, StatisticsFile(shape).path());
    ASSERT_TRUE(unknown.ok()) << unknown.error().to_string();
    EXPECT_EQ(*unknown, 1U);
    EXPECT_EQ(schema.find("t")->rows, 12.0);
    EXPECT_EQ(schema.find("t")->pages, 3.0);
    EXPECT_EQ(schema.find("s", "u")->rows, std::nullopt);
  }
}

TEST(Statistics, RefusesOtherFiles) {
  Schema schema = parse("CREATE TABLE t (a int)");
  for (const std::string_view text : {"", "[1, 2", "{\"a\": 1}", "a,b\n1,2\n"})
    EXPECT_FALSE(load_statistics(schema, StatisticsFile(text).path()).ok()) << text;
}

}  // namespace
}  // namespace pgsieve
