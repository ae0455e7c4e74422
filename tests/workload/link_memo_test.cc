#include "analyzer/workload/link_memo.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

namespace pgsieve {
namespace {

// Statements on tables that refer to each other, numbered from `first`: links of every strength, and none.
std::vector<StatementInfo> numbered_statements(uint32_t first) {
  std::vector<StatementInfo> statements;
  const auto add = [&](const std::string& text) {
    StatementInfo info;
    info.link = std::make_shared<const LinkProfile>(draw_link_profile(draw_shape(text), nullptr));
    info.link_number = info.parent_number = first + static_cast<uint32_t>(statements.size());
    statements.push_back(std::move(info));
  };
  for (const std::string table : {"users", "orders", "items", "tags", "countries", "titles"}) {
    add(fmt::format("SELECT * FROM {} WHERE active", table));
    add(fmt::format("SELECT id, name FROM {} LIMIT 10", table));
    add(fmt::format("SELECT id, user_id, country_id FROM {} WHERE user_id = $1", table));
    add(fmt::format("SELECT id, name FROM {} WHERE id = $1", table));
    add(fmt::format("SELECT name FROM {} WHERE isbn = $1", table));
    add(fmt::format("SELECT note FROM {} WHERE owner_id = $1 AND owner_type = $2", table));
  }
  return statements;
}

LinkStrength strength_of(const StatementInfo& parent, const StatementInfo& child) {
  return find_link(*parent.link, *child.link, nullptr).strength;
}

// From 4090 on, some have a row in the memo and some have none.
TEST(LinkMemo, AnswersLikeTheSearchWhateverTheOrder) {
  for (const uint32_t first : {1U, 4090U, 65530U}) {
    const std::vector<StatementInfo> statements = numbered_statements(first);
    LinkMemo memo(nullptr);
    std::mt19937 random(first);
    std::uniform_int_distribution<size_t> any(0, statements.size() - 1);
    for (int i = 0; i < 20'000; ++i) {
      const StatementInfo& parent = statements[any(random)];
      const StatementInfo& child = statements[any(random)];
      const LinkStrength strength =
          memo.between(parent.parent_number, child, [&]() -> const LinkProfile& { return *parent.link; });
      ASSERT_EQ(strength, strength_of(parent, child));
    }
  }
}

TEST(LinkMemo, LooksAtEachPairOnceAtMost) {
  const std::vector<StatementInfo> statements = numbered_statements(1);
  LinkMemo memo(nullptr);
  size_t looked_at = 0;
  const auto ask_for_all = [&] {
    for (const StatementInfo& parent : statements) {
      for (const StatementInfo& child : statements) {
        memo.between(parent.parent_number, child, [&]() -> const LinkProfile& {
          ++looked_at;
          return *parent.link;
        });
      }
    }
  };
  ask_for_all();
  EXPECT_GT(looked_at, 0U);
  EXPECT_LT(looked_at, statements.size() * statements.size());  // the words alone refuse many
  looked_at = 0;
  ask_for_all();
  EXPECT_EQ(looked_at, 0U);
}

}  // namespace
}  // namespace pgsieve
