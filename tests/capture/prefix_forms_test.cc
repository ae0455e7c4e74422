#include "analyzer/capture/prefix_forms.h"

#include <gtest/gtest.h>

namespace pgsieve::internal {
namespace {

TEST(PrefixForms, HostsEndBehindTheirPort) {
  EXPECT_EQ(host_length("127.0.0.1(5432) x"), 15U);
  EXPECT_EQ(host_length("127.0.0.1:user"), 9U);
  EXPECT_EQ(host_length("::1(5432)"), 9U);
  EXPECT_EQ(host_length("fe80::1 x"), 7U);
  EXPECT_EQ(host_length("2001:db8:0:0:0:0:0:1(5432) x"), 26U);
  EXPECT_EQ(host_length("::ffff:10.0.0.1(54321)"), 22U);
  EXPECT_EQ(host_length("::1:user"), 3U);
  EXPECT_EQ(host_length("1:2:3:4:5:6:10.0.0.1]"), 20U);
  EXPECT_EQ(host_length("10.0.0.1(54"), 8U) << "a bracket that does not close is no port";
}

TEST(PrefixForms, NumbersAndNamesAreNoHosts) {
  for (const char* text :
       {"1.2.3", "12:34", "::", "a:::b", "10:20:", "shop", "[local]", "", "10:20:30", ":5400:2026", "::1::2",
        "1:2:3:4:5:6:7:8:9", "12345::1", "2001:db8:1", "a:b::", "1:2:3:4:5:6:7::8:9"})
    EXPECT_EQ(host_length(text), 0U) << text;
}

TEST(PrefixForms, ANumberMayFollowAName) {
  EXPECT_EQ(number_after_name("PostgreSQL JDBC Driver 5407 00000 "), 22U);
  EXPECT_EQ(number_after_name("psql 5407"), 4U);
  EXPECT_EQ(number_after_name("worker 3 of queue5 2x "), 22U);
}

TEST(PrefixForms, BackendTypesEndWhereTheWordDoes) {
  EXPECT_EQ(backend_type_length("client backend,"), 14U);
  EXPECT_EQ(backend_type_length("logical replication worker"), 26U);
  EXPECT_EQ(backend_type_length("startup"), 7U);
  EXPECT_EQ(backend_type_length("startups"), 0U);
  EXPECT_EQ(backend_type_length("client"), 0U);
}

TEST(PrefixForms, CommandTags) {
  EXPECT_EQ(command_tag_length("SELECT LOG:  x"), 6U);
  EXPECT_EQ(command_tag_length("CREATE TABLE AS|"), 15U);
  EXPECT_EQ(command_tag_length("idle in transaction (aborted) x"), 29U);
  EXPECT_EQ(command_tag_length("SELECT waiting "), 14U);
  for (const char* text : {"selector", "SELECTED", "shop", "", "IDLE"})
    EXPECT_EQ(command_tag_length(text), 0U) << text;
}

TEST(PrefixForms, QueryIdsAreLongerThanAnythingElse) {
  EXPECT_EQ(query_id_length("-35555901471978006 "), 18U);
  EXPECT_EQ(query_id_length("5948044967000000001]"), 19U);
  for (const char* text :
       {"0 ", "26866 ", "-1 ", "1763773323.004 ", "12345678901.5", "123456789012345678901234"})
    EXPECT_EQ(query_id_length(text), 0U) << text;
}

TEST(PrefixForms, KeysAreKnownInAnyCase) {
  EXPECT_EQ(escape_of_key("DB"), "%d");
  EXPECT_EQ(escape_of_key("application_name"), "%a");
  EXPECT_EQ(escape_of_key("shop"), "");
}

TEST(PrefixForms, ANameEndsBeforeWhatIsNoName) {
  EXPECT_EQ(name_limit("my app 127.0.0.1"), 6U);
  EXPECT_EQ(name_limit("my app from 127.0.0.1"), 6U);
  EXPECT_EQ(name_limit("my app 3/17"), 6U);
  EXPECT_EQ(name_limit("my app client backend"), 6U);
  EXPECT_EQ(name_limit("my app/10.0.0.1"), 6U);
  EXPECT_EQ(name_limit("my app/[local]"), 6U);
  EXPECT_EQ(name_limit("my/own app"), 10U);
}

}  // namespace
}  // namespace pgsieve::internal
