#include "analyzer/report/escape.h"

#include <gtest/gtest.h>

#include "analyzer/report/layout.h"

namespace pgsieve {
namespace {

TEST(Escape, TerminalShowsWhatWouldAct) {
  EXPECT_EQ(escape_terminal("a\x1b]0;x\x07 b\x7f"), "a\\x1b]0;x\\x07 b\\x7f");
  EXPECT_EQ(escape_terminal("\xc2\x9b"
                            "31m"),
            "\\x9b31m");
  EXPECT_EQ(escape_terminal("\xe2\x80\xae\xe2\x81\xa6"), "\\u202e\\u2066");
  EXPECT_EQ(escape_terminal("line\n\tcaf\xc3\xa9\r"), "line\n\tcaf\xc3\xa9\\x0d");
}

TEST(Escape, XmlHasNoForbiddenCharacters) {
  EXPECT_EQ(escape_xml("<a & \"b\">\x01\n"), "&lt;a &amp; &quot;b&quot;&gt;\xEF\xBF\xBD&#10;");
}

TEST(Escape, MarkdownCodeOutlastsItsContent) {
  EXPECT_EQ(markdown_code("a``b`"), "``` a``b` ```");
  EXPECT_EQ(markdown_fence("```\nx", "sql"), "````sql\n```\nx\n````\n");
  EXPECT_EQ(escape_markdown("*a* <b> [x](y)\n@me"), "\\*a\\* &lt;b\\> \\[x\\]\\(y\\) @\xE2\x80\x8Bme");
}

TEST(Escape, WorkflowCommandsCannotBeForged) {
  EXPECT_EQ(escape_workflow_data("a%\r\n::b"), "a%25%0D%0A::b");
  EXPECT_EQ(escape_workflow_property("a:b,c"), "a%3Ab%2Cc");
}

TEST(Escape, CsvQuotesAndDefuses) {
  EXPECT_EQ(csv_field("plain"), "plain");
  EXPECT_EQ(csv_field("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
  EXPECT_EQ(csv_field("=1+1"), "'=1+1");
}

TEST(Layout, NumbersForPeople) {
  EXPECT_EQ(human_count(1234567), "1,234,567");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(43'209), "43.2 kB");
  EXPECT_EQ(human_bytes(999'999), "1.0 MB");
  EXPECT_EQ(human_duration(0.217), "0.217 ms");
  EXPECT_EQ(human_duration(1400), "1.4 s");
  EXPECT_EQ(human_duration(200'000), "3 min 20 s");
  EXPECT_EQ(counted(1, "query"), "1 query");
  EXPECT_EQ(counted(2, "query"), "2 queries");
  EXPECT_EQ(counted(0, "file"), "0 files");
}

TEST(Layout, CompactQueriesKeepWhatMatters) {
  EXPECT_EQ(compact_query("SELECT \"a\".\"id\", (SELECT x FROM y), \"a\".\"b\" FROM \"a\"\nWHERE z = $1", 10),
            "SELECT \"a\".\"id\", … FROM \"a\" WHERE z = $1");
  EXPECT_EQ(compact_query("SELECT a, b FROM c", 10), "SELECT a, b FROM c");
  EXPECT_EQ(compact_query("SELECT coalesce(aaaaaaaaaaaa, b) FROM c", 10),
            "SELECT coalesce(aaaaaaaaaaaa, b) FROM c");
  EXPECT_EQ(compact_query("INSERT INTO t (aaaaaaa, bbbbbbb) VALUES ($1, $2)", 10),
            "INSERT INTO t (aaaaaaa, …) VALUES ($1, $2)");
  EXPECT_EQ(compact_query("COMMIT", 10), "COMMIT");
  EXPECT_EQ(compact_query("SELECT ')\"(", 0), "SELECT ')\"(");
}

TEST(Layout, WrapsAtBlanksAndKeepsLongWords) {
  EXPECT_EQ(wrap("aa bb cc", 5, "> "), "aa bb\n> cc");
  EXPECT_EQ(wrap("abcdefgh x", 4, ""), "abcdefgh\nx");
  EXPECT_EQ(wrap("a\nb", 40, "  "), "a\n  b");
  EXPECT_EQ(shorten("caf\xc3\xa9s", 4), "caf…");
}

}  // namespace
}  // namespace pgsieve
