#include "analyzer/sql/steady_names.h"

#include <gtest/gtest.h>

#include "analyzer/sql/fingerprint.h"

namespace pgsieve {
namespace {

constexpr std::string_view kDrawn = R"("22ea0362_761c_46da_a299_38849a7450c2")";

std::string articles_as(std::string_view alias) {
  const std::string name(alias);
  return "SELECT a.id, (SELECT json_agg(t.id) FROM (SELECT id FROM articles " + name + " WHERE " + name +
         ".author_id = a.id ORDER BY " + name + ".id LIMIT $1) t) FROM authors a WHERE a.id = $2";
}

TEST(SteadyNames, WhatIsMadeUp) {
  for (const char* name : {"22ea0362_761c_46da_a299_38849a7450c2", "t22ea0362761c46daa29938849a7450c2",
                           "q_1732406400123", "22EA0362-761C-46DA-A299-38849A7450C2"})
    EXPECT_TRUE(is_made_up(name)) << name;
  for (const char* name : {"author0_", "users_1", "t0_r12", "deadbeef_facade_added", "orders_2026_11_23", "",
                           "e1_e2_e3", "sales_20261123"})
    EXPECT_FALSE(is_made_up(name)) << name;
}

TEST(SteadyNames, AliasesAreNumbered) {
  const std::optional<std::string> steady = with_steady_names(articles_as(kDrawn));
  ASSERT_TRUE(steady.has_value());
  EXPECT_EQ(*steady, articles_as(R"("alias_1")"));
  EXPECT_EQ(with_steady_names(articles_as(R"("f3a90c11_0b0e_4c7d_9a51_6be2a1d4c983")")), steady);
  EXPECT_EQ(with_steady_names(*steady), std::nullopt);
}

TEST(SteadyNames, EachAliasIsItsOwn) {
  EXPECT_EQ(with_steady_names("SELECT 1 FROM t q_1732406400123, t q_1732406400124 WHERE "
                              "q_1732406400124.a = q_1732406400123.b AND q_17324064001234 = 1"),
            "SELECT 1 FROM t alias_1, t alias_2 WHERE alias_2.a = alias_1.b AND q_17324064001234 = 1");
}

TEST(SteadyNames, ANumberThatTheStatementHasIsLeftOut) {
  EXPECT_EQ(
      with_steady_names("SELECT 1 FROM t alias_1, t q_1732406400123 WHERE q_1732406400123.a = alias_1.b"),
      "SELECT 1 FROM t alias_1, t alias_2 WHERE alias_2.a = alias_1.b");
}

TEST(SteadyNames, TablesAndValuesAreLeftAlone) {
  for (const char* text : {"SELECT id FROM tenant_22ea0362761c46daa29938849a7450c2.orders WHERE id = $1",
                           "SELECT id FROM tenant_22ea0362761c46daa29938849a7450c2 WHERE id = $1",
                           "SELECT id FROM orders WHERE key = '22ea0362-761c-46da-a299-38849a7450c2'",
                           "SELECT 17324064001234", "no grammar q_1732406400123",
                           R"(SELECT 1 FROM t "q""1732406400123")", "SELECT 1 FROM t Q_A1732406400123"})
    EXPECT_EQ(with_steady_names(text), std::nullopt) << text;
}

}  // namespace
}  // namespace pgsieve
