#include "analyzer/capture/prefix_forms.h"

#include <gtest/gtest.h>

namespace pgsieve::internal {
namespace {

TEST(PrefixForms, HostsEndBehindTheirPort) {
  EXPECT_EQ(host_length("127.0.0.1(5432) x"), 15U);
  EXPECT_EQ(host_length("127.0.0.1:user"), 9U);
  EXPECT_EQ(host_length("::1(5432)"), 9U);
  EXPECT_EQ(host_length("fe80::1 x"), 7U);
  EXPECT_EQ(host_length("10.0.0.1(54"), 8U) << "a bracket that does not close is no port";
}

TEST(PrefixForms, NumbersAndNamesAreNoHosts) {
  for (const char* text : {"1.2.3", "12:34", "::", "a:::b", "10:20:", "shop", "[local]", ""})
    EXPECT_EQ(host_length(text), 0U) << text;
}

TEST(PrefixForms, BackendTypesEndWhereTheWordDoes) {
  EXPECT_EQ(backend_type_length("client backend,"), 14U);
  EXPECT_EQ(backend_type_length("logical replication worker"), 26U);
  EXPECT_EQ(backend_type_length("startup"), 7U);
  EXPECT_EQ(backend_type_length("startups"), 0U);
  EXPECT_EQ(backend_type_length("client"), 0U);
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
  EXPECT_EQ(name_limit("my own app"), 10U);
}

}  // namespace
}  // namespace pgsieve::internal
