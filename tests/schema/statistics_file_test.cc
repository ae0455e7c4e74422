#include "analyzer/schema/statistics_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgsieve {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kHeader =
    R"({"pgsieve" : "statistics/1", "database" : "shop", "collate" : "C", "server_version_num" : 150008, )"
    R"("block_size" : 8192, "values" : true, "settings" : {"work_mem" : "4MB"}, )"
    R"("extensions" : [{"name" : "pg_trgm", "schema" : "public"}]})"
    "\n";

std::string file_of(std::string_view lines) {
  return std::string(kHeader) + std::string(lines);
}

TEST(StatisticsFile, HoldsWhatTheLinesSay) {
  const std::string text = file_of(
      R"({"kind" : "r", "schema" : "public", "relation" : "orders", "relpages" : 10, "tuples" : 1e+03, "pages" : 20}
{"kind" : "i", "schema" : "public", "relation" : "orders_pkey", "relpages" : 3, "tuples" : 1000, "pages" : 3, "scans" : 7}
{"column" : "status", "schema" : "public", "relation" : "orders", "inherited" : false, "null_fraction" : 0.25, "width" : 6, "distinct" : -0.5, "correlation" : null, "common_frequencies" : [0.5,0.25], "common_values" : "{done,\"a b\"}", "histogram" : "{a,b,c}"}
{"level" : 1, "schema" : "public", "relation" : "orders_pkey"}
{"something" : "new"}
)");
  ASSERT_TRUE(is_statistics_file(text));
  const Result<StatisticsFile> file = parse_statistics_file(text, "s.jsonl");
  ASSERT_TRUE(file.ok()) << file.error().to_string();
  EXPECT_EQ(file->header.database, "shop");
  EXPECT_EQ(file->header.settings.at("work_mem"), "4MB");
  ASSERT_EQ(file->header.extensions.size(), 1U);
  ASSERT_EQ(file->relations.size(), 2U);
  EXPECT_EQ(file->relations[1].level, 1);
  EXPECT_EQ(file->relations[1].scans, 7U);
  // The table has doubled since the last ANALYZE.
  EXPECT_EQ(file->columns.find("", "orders")->rows, 2000);
  EXPECT_EQ(file->columns.find("", "orders")->pages, 20);
  const ColumnStatistics* status = file->columns.find_column("public", "orders", "status");
  ASSERT_NE(status, nullptr);
  EXPECT_EQ(status->distinct, -0.5);
  EXPECT_EQ(status->correlation, std::nullopt);
  EXPECT_THAT(status->common_values, ElementsAre("done", "a b"));
  EXPECT_THAT(status->histogram, ElementsAre("a", "b", "c"));
}

TEST(StatisticsFile, TheWholeTreeOfAParentTableWins) {
  const std::string_view own =
      R"({"column" : "a", "schema" : "public", "relation" : "t", "inherited" : false, "distinct" : 1})";
  const std::string_view tree =
      R"({"column" : "a", "schema" : "public", "relation" : "t", "inherited" : true, "distinct" : 9})";
  const std::string table = R"({"kind" : "p", "schema" : "public", "relation" : "t", "tuples" : 5})";
  for (const auto& order : {std::pair(own, tree), std::pair(tree, own)}) {
    const Result<StatisticsFile> file = parse_statistics_file(
        file_of(table + "\n" + std::string(order.first) + "\n" + std::string(order.second)), "s");
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(file->columns.find_column("", "t", "a")->distinct, 9);
  }
}

TEST(StatisticsFile, GivesSizesToASchema) {
  Result<Schema> schema =
      parse_schema("CREATE TABLE app.t (a int PRIMARY KEY); CREATE TABLE u (a int);", "x");
  ASSERT_TRUE(schema.ok());
  Statistics statistics;
  statistics.relation("app", "t") = {.rows = 12, .pages = 2, .scans = {}, .columns = {}};
  statistics.relation("app", "t_pkey") = {.rows = 12, .pages = 2, .scans = {}, .columns = {}};
  statistics.relation("public", "u") = {.rows = -1, .pages = 4, .scans = {}, .columns = {}};
  statistics.relation("public", "gone") = {.rows = 1, .pages = 1, .scans = {}, .columns = {}};
  EXPECT_EQ(apply_sizes(statistics, *schema), 1U);
  EXPECT_EQ(schema->find("app", "t")->rows, 12.0);
  EXPECT_EQ(schema->find("u")->rows, std::nullopt);
  EXPECT_EQ(schema->find("u")->pages, 4.0);
}

TEST(StatisticsFile, SaysWhatIsWrong) {
  EXPECT_FALSE(is_statistics_file(R"([{"table": "t"}])"));
  EXPECT_FALSE(is_statistics_file(""));
  const auto message = [](std::string_view text) {
    const Result<StatisticsFile> file = parse_statistics_file(text, "s.jsonl");
    return file.ok() ? std::string("no error") : file.error().to_string();
  };
  EXPECT_THAT(message(""), HasSubstr("empty"));
  EXPECT_THAT(message("{\"pgsieve\": \"statistics/2\"}"), HasSubstr("statistics/2"));
  EXPECT_THAT(message(kHeader), HasSubstr("no table"));
  EXPECT_THAT(message(file_of("{\"kind\" : ")), HasSubstr("s.jsonl:2"));
}

TEST(ArrayLiteral, IsTakenApart) {
  const auto elements = [](std::string_view text) { return parse_array_literal(text).value(); };
  EXPECT_THAT(elements("{}"), ElementsAre());
  EXPECT_THAT(elements("{a,b c,\"d,e\"}"), ElementsAre("a", "b c", "d,e"));
  EXPECT_THAT(elements(R"({"a\"b","c\\d",NULL,"NULL"})"), ElementsAre("a\"b", "c\\d", "NULL"));
  EXPECT_THAT(elements("{{a,b},{c}}"), ElementsAre("{a,b}", "{c}"));
  EXPECT_THAT(elements("{\"\",x}"), ElementsAre("", "x"));
  EXPECT_EQ(parse_array_literal("a,b"), std::nullopt);
  EXPECT_EQ(parse_array_literal("{\"a}"), std::nullopt);
}

}  // namespace
}  // namespace pgsieve
