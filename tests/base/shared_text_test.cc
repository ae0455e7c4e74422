#include "analyzer/base/shared_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace pgsieve {
namespace {

TEST(SharedText, CopiesShareTheText) {
  const SharedText text(std::string(100, 'x'));
  const SharedText copy = text;
  EXPECT_EQ(copy.data(), text.data());
  EXPECT_EQ(copy, text);
  const SharedText again(std::string(100, 'x'));
  EXPECT_NE(again.data(), text.data());
  EXPECT_EQ(again, text);
}

TEST(SharedText, OutlivesTheOneItWasCopiedFrom) {
  SharedText copy;
  {
    const SharedText text("SELECT id FROM posts");
    copy = text;
  }
  EXPECT_EQ(copy, "SELECT id FROM posts");
}

TEST(SharedText, LikeSharesWhatIsTheSame) {
  const SharedText known("SELECT 1");
  EXPECT_EQ(SharedText::like("SELECT 1", known).data(), known.data());
  EXPECT_EQ(SharedText::like("SELECT 2", known), "SELECT 2");
  EXPECT_TRUE(SharedText::like("", known).empty());
  EXPECT_EQ(SharedText::like("SELECT 1", SharedText()), "SELECT 1");
}

TEST(SharedText, ReadsLikeAString) {
  const SharedText text("SELECT a, b");
  const std::string& string = text;
  const std::string_view view = text;
  EXPECT_EQ(string, "SELECT a, b");
  EXPECT_EQ(view, string);
  EXPECT_EQ(std::string(text), string);
  EXPECT_EQ(text.size(), 11U);
  EXPECT_EQ(text.find('a'), 7U);
  EXPECT_EQ(text.find("b", 8), 10U);
  EXPECT_EQ(text.substr(7), "a, b");
  EXPECT_TRUE(text.starts_with("SELECT"));
  EXPECT_EQ(text + "!", "SELECT a, b!");
  EXPECT_EQ("(" + text, "(SELECT a, b");
  EXPECT_EQ(fmt::format("{:>13}", text), "  SELECT a, b");
  EXPECT_TRUE(SharedText().empty());
  EXPECT_EQ(SharedText(), "");
  EXPECT_EQ(SharedText(""), SharedText());
}

TEST(SharedText, HasTheOrderOfStrings) {
  const std::map<SharedText, int> numbers = {{"b", 2}, {"a", 1}, {"", 0}};
  int expected = 0;
  for (const auto& [text, number] : numbers) EXPECT_EQ(number, expected++);
  EXPECT_LT(SharedText("a"), "b");
  EXPECT_GT("b", SharedText("a"));
}

}  // namespace
}  // namespace pgsieve
