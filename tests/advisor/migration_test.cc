#include "analyzer/advisor/migration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/advisor/migration_cases.h"

namespace pgsieve {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string only_text(const std::vector<IndexChange>& changes, MigrationFormat format,
                      const MigrationOptions& options = {}) {
  const std::vector<MigrationFile> files = write_migration(changes, format, options);
  EXPECT_EQ(files.size(), 1U);
  return files.front().text;
}

TEST(Migration, PlainSqlIsConcurrentRepeatableAndReversible) {
  const std::string text =
      only_text({make_change("CREATE INDEX ON orders (user_id, created_at DESC)")}, MigrationFormat::kSql);
  EXPECT_THAT(text, HasSubstr("SET lock_timeout = '5s';"));
  EXPECT_THAT(
      text,
      HasSubstr("CREATE INDEX CONCURRENTLY IF NOT EXISTS changed_idx ON orders (user_id, created_at DESC);"));
  EXPECT_THAT(text, HasSubstr("--   DROP INDEX CONCURRENTLY IF EXISTS changed_idx;"));
  EXPECT_THAT(text, HasSubstr("indisvalid"));
  EXPECT_THAT(text, Not(HasSubstr("BEGIN")));
}

TEST(Migration, ADropBringsTheIndexBackOnRollback) {
  IndexChange change = make_change("CREATE INDEX ON orders (status)");
  change.drop = true;
  const std::string text = only_text({change}, MigrationFormat::kSql);
  EXPECT_THAT(text, HasSubstr("\nDROP INDEX CONCURRENTLY IF EXISTS changed_idx;"));
  EXPECT_THAT(text,
              HasSubstr("--   CREATE INDEX CONCURRENTLY IF NOT EXISTS changed_idx ON orders (status);"));
}

TEST(Migration, RailsSpeaksItsOwnLanguageWhereItCan) {
  const std::string text =
      only_text({make_change("CREATE INDEX ON orders (user_id, created_at DESC) WHERE status = 'new'")},
                MigrationFormat::kRails);
  EXPECT_THAT(text, HasSubstr("disable_ddl_transaction!"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "add_index \"orders\", [:user_id, :created_at], name: \"changed_idx\", order: { created_at: :desc "
          "}, "
          "where: \"status = 'new'\", algorithm: :concurrently, if_not_exists: true"));
  EXPECT_THAT(
      text,
      HasSubstr("remove_index \"orders\", name: \"changed_idx\", algorithm: :concurrently, if_exists: true"));
  EXPECT_THAT(only_text({make_change("CREATE INDEX ON users (lower(email))")}, MigrationFormat::kRails),
              HasSubstr("add_index \"users\", \"(lower(email))\""));
  EXPECT_THAT(only_text({make_change("CREATE INDEX ON products USING gin (title gin_trgm_ops)")},
                        MigrationFormat::kRails),
              AllOf(HasSubstr("opclass: { title: :gin_trgm_ops }"), HasSubstr("using: :gin")));
}

TEST(Migration, TextCantLeaveItsQuotes) {
  const IndexChange change = make_change("CREATE INDEX ON t (a) WHERE b = '#{x} $y \"z\" \\ :c'");
  const std::string rails = only_text({change}, MigrationFormat::kRails);
  EXPECT_THAT(rails, HasSubstr("\\#{x}"));
  const std::string laravel = only_text({change}, MigrationFormat::kLaravel);
  EXPECT_THAT(laravel, HasSubstr("\\$y"));
  const std::string alembic = only_text({change}, MigrationFormat::kAlembic);
  EXPECT_THAT(alembic, HasSubstr("\\\\:c")) << "no bind parameter";
}

TEST(Migration, DjangoNamesTheModelOnlyWhenItIsKnown) {
  const IndexChange change = make_change("CREATE INDEX ON shop_order (user_id, created_at DESC)");
  const std::string known =
      only_text({change}, MigrationFormat::kDjango, {.django_app = "shop", .previous = "0007_more"});
  EXPECT_THAT(known, HasSubstr("atomic = False"));
  EXPECT_THAT(known, HasSubstr("AddIndexConcurrently"));
  EXPECT_THAT(known, HasSubstr("model_name=\"order\""));
  EXPECT_THAT(known, HasSubstr("fields=[\"user_id\", \"-created_at\"]"));
  EXPECT_THAT(known, HasSubstr("(\"shop\", \"0007_more\")"));
  const std::string unknown = only_text({change}, MigrationFormat::kDjango);
  EXPECT_THAT(unknown, Not(HasSubstr("AddIndexConcurrently")));
  EXPECT_THAT(unknown, HasSubstr("CREATE INDEX CONCURRENTLY IF NOT EXISTS changed_idx"));
  // What an Index of a model can't say, or a name it refuses.
  const std::string raw = only_text({make_change("CREATE INDEX ON shop_order (lower(note))")},
                                    MigrationFormat::kDjango, {.django_app = "shop"});
  EXPECT_THAT(raw, HasSubstr("RunSQL"));
}

TEST(Migration, PrismaGetsOneStatementPerFile) {
  IndexChange trigram = make_change("CREATE INDEX ON products USING gin (title gin_trgm_ops)");
  trigram.extension = "pg_trgm";
  const std::vector<MigrationFile> files =
      write_migration({make_change("CREATE INDEX ON orders (a)"), trigram}, MigrationFormat::kPrisma, {});
  ASSERT_EQ(files.size(), 3U);
  for (const MigrationFile& file : files) {
    EXPECT_TRUE(file.name.ends_with("/migration.sql"));
    size_t statements = 0;
    for (size_t at = 0; at < file.text.size();) {
      const size_t end = file.text.find('\n', at);
      const std::string line = file.text.substr(at, end - at);
      statements += line.starts_with("--") ? 0 : 1;
      at = end + 1;
    }
    EXPECT_EQ(statements, 1U) << file.text;
  }
  EXPECT_LT(files[0].name, files[1].name);
}

TEST(Migration, FlywayRunsOutsideOfATransaction) {
  const std::vector<MigrationFile> files = write_migration(
      {make_change("CREATE INDEX ON orders (a)")}, MigrationFormat::kFlyway, {.stamp = "20261122080000"});
  ASSERT_EQ(files.size(), 4U);
  EXPECT_EQ(files[0].name, "V20261122080000__suggested_indexes.sql");
  EXPECT_EQ(files[1].name, files[0].name + ".conf");
  EXPECT_THAT(files[1].text, HasSubstr("executeInTransaction=false"));
  EXPECT_THAT(files[2].text, HasSubstr("DROP INDEX CONCURRENTLY"));
}

TEST(Migration, PartitionsAreIndexedOneByOne) {
  const Result<Schema> schema = parse_schema(
      "CREATE TABLE events (at date, kind text) PARTITION BY RANGE (at);"
      "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');"
      "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');",
      "x");
  ASSERT_TRUE(schema.ok());
  const std::vector<std::string> statements =
      change_statements(make_change("CREATE INDEX ON events (kind)"), false, &*schema);
  ASSERT_EQ(statements.size(), 5U);
  EXPECT_THAT(statements[0], HasSubstr("ON ONLY events"));
  EXPECT_THAT(statements[1], HasSubstr("CONCURRENTLY IF NOT EXISTS events_1_kind_idx ON events_1"));
  EXPECT_EQ(statements[2], "ALTER INDEX changed_idx ATTACH PARTITION events_1_kind_idx");
  EXPECT_EQ(change_statements(make_change("CREATE INDEX ON events (kind)"), true, &*schema).front(),
            "DROP INDEX IF EXISTS changed_idx");
}

TEST(Migration, FormatsHaveNames) {
  for (const std::string& name : migration_format_names()) EXPECT_TRUE(migration_format(name)) << name;
  EXPECT_EQ(migration_format_names().size(), 7U);
  EXPECT_FALSE(migration_format("ecto"));
}

}  // namespace
}  // namespace pgsieve
