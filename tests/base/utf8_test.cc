#include "analyzer/base/utf8.h"

#include <gtest/gtest.h>

namespace pgsieve {
namespace {

TEST(Utf8, KnowsWellFormedSequences) {
  EXPECT_EQ(utf8_sequence_length("a"), 1U);
  EXPECT_EQ(utf8_sequence_length("\xc3\xa9x"), 2U);
  EXPECT_EQ(utf8_sequence_length("\xe2\x82\xac"), 3U);
  EXPECT_EQ(utf8_sequence_length("\xf0\x9f\x98\x80"), 4U);
  EXPECT_EQ(utf8_sequence_length(""), 0U);
}

TEST(Utf8, RejectsWhatOnlyLooksLikeIt) {
  EXPECT_FALSE(is_valid_utf8("\xc0\xaf"));          // overlong
  EXPECT_FALSE(is_valid_utf8("\xe0\x9f\xbf"));      // overlong
  EXPECT_FALSE(is_valid_utf8("\xed\xa0\x80"));      // surrogate
  EXPECT_FALSE(is_valid_utf8("\xf4\x90\x80\x80"));  // above U+10FFFF
  EXPECT_FALSE(is_valid_utf8("\x80"));
  EXPECT_FALSE(is_valid_utf8("abc\xe2\x82"));
}

// The examples of the Unicode standard, table 3-8.
TEST(Utf8, RepairsEachMaximalRunOnce) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(repair_utf8("\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64"),
            mark + mark + mark + "b" + mark + "c" + mark + mark + "d");
  EXPECT_EQ(repair_utf8("plain"), "plain");
  EXPECT_TRUE(is_valid_utf8(repair_utf8("\xff\xfe\xc3")));
}

TEST(Utf8, CutsBetweenCharacters) {
  EXPECT_EQ(utf8_prefix("ab\xe2\x82\xac", 4), "ab");
  EXPECT_EQ(utf8_prefix("ab\xe2\x82\xac", 5), "ab\xe2\x82\xac");
  EXPECT_EQ(utf8_prefix("ab", 9), "ab");
  EXPECT_EQ(utf8_columns("ab\xe2\x82\xac"), 3U);
}

}  // namespace
}  // namespace pgsieve
