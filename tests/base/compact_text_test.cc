#include "analyzer/base/compact_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace pgsieve {
namespace {

std::vector<std::string> some_texts() {
  std::vector<std::string> texts = {"",       "a", "id", std::string("\0x", 2), std::string(70'000, 'y'),
                                    "Ünïcode"};
  std::mt19937 random(5);
  for (int i = 0; i < 200; ++i) {
    std::string text(random() % 40, ' ');
    for (char& character : text) character = static_cast<char>('a' + random() % 3);
    texts.push_back(std::move(text));
  }
  return texts;
}

TEST(CompactText, IsTheTextItWasMadeOf) {
  for (const std::string& text : some_texts()) {
    const CompactText compact = text;
    EXPECT_EQ(compact.view(), text);
    EXPECT_EQ(compact.size(), text.size());
    EXPECT_EQ(compact.empty(), text.empty());
    EXPECT_EQ(std::string(compact), text);
    EXPECT_TRUE(std::equal(compact.begin(), compact.end(), text.begin(), text.end()));
    EXPECT_EQ(fmt::format("<{}>", compact), "<" + text + ">");
    EXPECT_EQ("<" + compact + ">", "<" + text + ">");
  }
  EXPECT_EQ(sizeof(CompactText), sizeof(void*));
}

TEST(CompactText, JoinsTwoTexts) {
  const std::vector<std::string> texts = some_texts();
  for (size_t i = 0; i + 1 < texts.size(); ++i)
    EXPECT_EQ(CompactText::joined(texts[i], texts[i + 1]).view(), texts[i] + texts[i + 1]);
  EXPECT_TRUE(CompactText::joined({}, {}).empty());
}

TEST(CompactText, ComparesAsTextsDo) {
  const std::vector<std::string> texts = some_texts();
  for (const std::string& left : texts) {
    for (const std::string& right : texts) {
      EXPECT_EQ(CompactText(left) == CompactText(right), left == right);
      EXPECT_EQ(CompactText(left) < CompactText(right), left < right);
      EXPECT_EQ(CompactText(left) == right, left == right);
      EXPECT_EQ(left < CompactText(right), left < right);
    }
  }
}

TEST(CompactText, CopiesAreIndependentAndWhatWasMovedFromIsEmpty) {
  CompactText first = "users";
  CompactText copy = first;
  first = CompactText("orders");
  EXPECT_EQ(copy, "users");
  const CompactText& itself = copy;
  copy = itself;
  EXPECT_EQ(copy, "users");
  const CompactText moved = std::move(copy);
  EXPECT_EQ(moved, "users");
  first.clear();
  EXPECT_TRUE(first.empty());
}

}  // namespace
}  // namespace pgsieve
