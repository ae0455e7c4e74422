#include "analyzer/sql/scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/sql/statement_files.h"

namespace pgsieve {
namespace {

StatementScan scan_of(std::string_view text) {
  StatementScan scan;
  std::string scratch;
  scan_statement(text, scan, scratch);
  return scan;
}

Hash128 key_of(std::string_view text) {
  return scan_of(text).key;
}

// The slots as "kind:text", the parameter number or element count behind it.
std::vector<std::string> slots_of(std::string_view text) {
  std::vector<std::string> slots;
  for (const Slot& slot : scan_of(text).slots) {
    std::string line(1, "nspl"[static_cast<size_t>(slot.kind)]);
    line += ':';
    line += slot.text;
    if (slot.kind == Slot::Kind::kParameter) line += " #" + std::to_string(slot.parameter);
    if (slot.kind == Slot::Kind::kList) line += " x" + std::to_string(slot.elements);
    slots.push_back(line);
  }
  return slots;
}

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Scan, KeyIgnoresLiteralsWhiteSpaceCommentsAndCase) {
  const Hash128 key = key_of("select a from t where b = 1 and c = 'x'");
  EXPECT_EQ(key, key_of("SELECT a\n  FROM t WHERE b = 27.5e3 AND c = 'it''s'"));
  EXPECT_EQ(key, key_of("/* tag */ select a /* b */ from t where b = 2 and c = $$x$$ -- end"));
  EXPECT_EQ(key, key_of(" ;select a from t where b = 1 and c = '' ; ;"));
  EXPECT_NE(key, key_of("select a from t where b = 1 or c = 'x'"));
  EXPECT_NE(key, key_of("select \"A\" from t where b = 1 and c = 'x'"));
}

TEST(Scan, QuotedIdentifiersKeepTheirCase) {
  EXPECT_NE(key_of("select \"A\""), key_of("select \"a\""));
  EXPECT_NE(key_of("select \"a  b\""), key_of("select \"a b\""));
  EXPECT_NE(key_of("select \"a\"\"b\""), key_of("select \"a\" \"b\""));
  EXPECT_NE(key_of("select \"x 1\""), key_of("select \"x 2\""));
  EXPECT_EQ(key_of("SELECT \"x\".A"), key_of("select \"x\".a"));
}

TEST(Scan, TokensDoNotRunTogether) {
  EXPECT_NE(key_of("select a b"), key_of("select ab"));
  EXPECT_EQ(key_of("select a/**/b"), key_of("select a b"));
  EXPECT_NE(key_of("select a - -1"), key_of("select a --1"));
  EXPECT_NE(key_of("select @ -5"), key_of("select @-5"));
  EXPECT_NE(key_of("select -1"), key_of("select -$1"));
  EXPECT_NE(key_of("select a.5"), key_of("select a5"));
  EXPECT_NE(key_of("select 1x"), key_of("select 2x"));  // junk, kept
}

TEST(Scan, NullAndBooleansAreWords) {
  EXPECT_NE(key_of("select null"), key_of("select 1"));
  EXPECT_NE(key_of("select true"), key_of("select false"));
  EXPECT_THAT(slots_of("select null, true, false"), IsEmpty());
}

TEST(Scan, FindsEverySortOfLiteral) {
  EXPECT_THAT(slots_of("select 1, 1.5e-3, .5, 0x1F, 1_000, 1., 1..2"),
              ElementsAre("n:1", "n:1.5e-3", "n:.5", "n:0x1F", "n:1_000", "n:1.", "n:1", "n:2"));
  EXPECT_THAT(slots_of("select 'a''b', E'c\\'d', U&'e', B'01', x'1f', N'g', $$h$$, $t$i$$j$t$, ''"),
              ElementsAre("s:a''b", "s:c\\'d", "s:e", "s:01", "s:1f", "s:g", "s:h", "s:i$$j", "s:"));
  EXPECT_THAT(slots_of("select $1, $23, $99999, a$1, \"$1\", '$1'"),
              ElementsAre("p:$1 #1", "p:$23 #23", "p:$99999 #65535", "s:$1"));
  EXPECT_THAT(slots_of("select name'x', a1, t2.b3, e, table1e'y'"), ElementsAre("s:x", "s:y"));
}

TEST(Scan, BackslashEscapesOnlyInEStrings) {
  EXPECT_THAT(slots_of("select 'a\\', 1, E'a\\', 2', type'\\', 3"),
              ElementsAre("s:a\\", "n:1", "s:a\\', 2", "s:\\", "n:3"));
}

TEST(Scan, StringsGoOnOnTheNextLine) {
  EXPECT_THAT(slots_of("select 'a'\n  'b', 'c' -- d\n'e'"), ElementsAre("s:a'\n  'b", "s:c' -- d\n'e"));
  EXPECT_EQ(key_of("select 'a'\n  'b'"), key_of("select 'a'"));
  EXPECT_NE(key_of("select 'a'  'b'"), key_of("select 'a'"));
}

TEST(Scan, OffsetsAreWhereTheTokensStart) {
  const StatementScan scan = scan_of("select E'a', -5, $1, U&'b', N'c' where d in (-1, 2)");
  ASSERT_EQ(scan.slots.size(), 6U);
  EXPECT_EQ(scan.slots[0].offset, 7U);
  EXPECT_EQ(scan.slots[1].offset, 14U);
  EXPECT_EQ(scan.slots[2].offset, 17U);
  EXPECT_EQ(scan.slots[3].offset, 21U);
  EXPECT_EQ(scan.slots[4].offset, 29U);  // the N is a token of its own
  EXPECT_EQ(scan.slots[5].offset, 45U);
  EXPECT_EQ(scan.slots[5].text, "-1, 2");
}

TEST(Scan, ValueHashesCompareWithBoundValues) {
  const StatementScan scan = scan_of("select 17, '17', $1, 18");
  EXPECT_EQ(scan.slots[0].value_hash, slot_value_hash("17"));
  EXPECT_EQ(scan.slots[0].value_hash, scan.slots[1].value_hash);
  EXPECT_EQ(scan.slots[2].value_hash, 0U);
  EXPECT_NE(scan.slots[0].value_hash, scan.slots[3].value_hash);
  const auto list_hash = [](std::string_view text) { return scan_of(text).slots.at(0).value_hash; };
  EXPECT_EQ(list_hash("select a in (1,2)"), list_hash("select a in ( '1', 2 )"));
  EXPECT_NE(list_hash("select a in (1,2)"), list_hash("select a in (2,1)"));
  EXPECT_NE(list_hash("select a in (1,2)"), list_hash("select a in (-1,2)"));
  EXPECT_NE(list_hash("select a in ($1,$2)"), list_hash("select a in ($1,$3)"));
}

TEST(Scan, ConstantListsAreOneSlot) {
  EXPECT_THAT(slots_of("select a in (1, 2, 3), b not in ('x','y'), c in ($4, $5)"),
              ElementsAre("l:1, 2, 3 x3", "l:'x','y' x2", "l:$4, $5 x2"));
  EXPECT_THAT(slots_of("select a in (1), b in ((1, 2)), c in (1, d), array[1, 2], e(1, 2)"),
              ElementsAre("n:1", "n:1", "n:2", "n:1", "n:1", "n:2", "n:1", "n:2"));
  EXPECT_THAT(
      slots_of("select a in ('1'::int, '2'::int), (b, c) in ((1, 'x'), (2, 'y')), d in (.5, /* x */ 2e3)"),
      ElementsAre("l:'1'::int, '2'::int x2", "l:(1, 'x'), (2, 'y') x2", "l:.5, /* x */ 2e3 x2"));
  EXPECT_THAT(slots_of("select a in ('1'::int, '2'::text), b in (1, null)"),
              ElementsAre("s:1", "s:2", "n:1"));
}

TEST(Scan, ListKeysTellOneFromMany) {
  const Hash128 many = key_of("select a from t where b in (1, 2)");
  EXPECT_EQ(many, key_of("select a from t where b in (1,2,3,4,5,-6)"));
  EXPECT_NE(many, key_of("select a from t where b in (1)"));
  EXPECT_NE(many, key_of("select a from t where b = 1"));
  EXPECT_NE(many, key_of("select a from t where b not in (1, 2)"));
  EXPECT_NE(key_of("select a from t where b in ($1)"), key_of("select a from t where b = $1"));
  EXPECT_NE(key_of("select array[1, 2]"), key_of("select array[1, 2, 3]"));
  EXPECT_NE(key_of("select t.in (1, 2)"), key_of("select t.in (1, 2, 3)"));
  EXPECT_NE(key_of("select f(1, 2)"), key_of("select f(1, 2, 3)"));
}

TEST(Scan, RepeatedRowsAreCounted) {
  const StatementScan one = scan_of("insert into t values (1, 'a')");
  const StatementScan many = scan_of("insert into t values (1, 'a'), (2, 'b') , (3, null)");
  EXPECT_EQ(one.rows, 1U);
  EXPECT_EQ(many.rows, 3U);
  EXPECT_EQ(many.slots.size(), 2U);
  EXPECT_NE(one.key, many.key);
  EXPECT_EQ(many.key, key_of("insert into t values (9, ''), ($1, $2), (-1, true), (0, 'x')"));
  EXPECT_NE(many.key, key_of("insert into t values (1, 'a'), (2, default)"));
  EXPECT_EQ(scan_of("select 1").rows, 0U);
  EXPECT_THAT(slots_of("insert into t values (f(1)), (g(2)), (f(3))"), ElementsAre("n:1", "n:2"));
}

TEST(Scan, DefinitionsKeepTheirLiterals) {
  EXPECT_NE(key_of("copy t from '/a'"), key_of("copy t from '/b'"));
  EXPECT_NE(key_of("fetch 5 from c"), key_of("fetch 6 from c"));
  EXPECT_NE(key_of("create table p partition of t for values in (1, 2)"),
            key_of("create table p partition of t for values in (1, 2, 3)"));
  EXPECT_NE(key_of("explain (buffers 0) select 1"), key_of("explain (buffers 1) select 1"));
  EXPECT_EQ(key_of("explain (buffers 0) select 1"), key_of("explain (buffers 0) select 2"));
  EXPECT_EQ(key_of("explain analyze select 1"), key_of("EXPLAIN ANALYZE select 2"));
  EXPECT_EQ(key_of("set x = 1"), key_of("set x = 2"));
  EXPECT_EQ(key_of("begin; select 1"), key_of("begin;select 2"));
  EXPECT_THAT(slots_of("comment on table t is 'x'"), ElementsAre("s:x"));
}

TEST(Scan, LiteralsThatDecideStay) {
  EXPECT_NE(key_of("select a::float(10)"), key_of("select a::float(50)"));
  EXPECT_NE(key_of("select U&\"d!0061\" uescape '!'"), key_of("select U&\"d!0061\" uescape '?'"));
}

TEST(Scan, QuestionMarksAreOperatorsOrPlaceholders) {
  EXPECT_THAT(
      slots_of("select a ? 'k', b ?| $1, c @? '$.x' from t where d = ? and e in (?, ?) and f > ? limit ?"),
      ElementsAre("s:k", "p:$1 #1", "s:$.x", "p:? #1", "l:?, ? x2", "p:? #4", "p:? #5"));
  EXPECT_EQ(key_of("select a from t where b in (?, ?)"), key_of("select a from t where b in (?, ?, ?)"));
}

TEST(Scan, KeepsFirstAndLastComment) {
  const StatementScan scan = scan_of("/*app='x'*/ select 1 -- two\n + 2 /* three */;");
  EXPECT_EQ(scan.comment_first, "app='x'");
  EXPECT_EQ(scan.comment_last, " three ");
  const StatementScan single = scan_of("select 1 -- only");
  EXPECT_EQ(single.comment_first, " only");
  EXPECT_EQ(single.comment_last, " only");
  EXPECT_EQ(scan_of("select '/* no */'").comment_first, "");
  EXPECT_EQ(scan_of("select 1 /* a /* b */ c */").comment_last, " a /* b */ c ");
}

TEST(Scan, CountsStatements) {
  EXPECT_EQ(scan_of("").statements, 0U);
  EXPECT_EQ(scan_of(" /* c */ ; ").statements, 0U);
  EXPECT_EQ(scan_of("select 1;").statements, 1U);
  EXPECT_EQ(scan_of("begin; select ';' ; ; commit").statements, 3U);
  EXPECT_EQ(scan_of("create rule r as on insert to t do (select 1; select 2)").statements, 1U);
}

TEST(Scan, SaysWhenTheTextWasCut) {
  for (const std::string_view text : {"select 'a", "select \"a", "select $x$ a $x", "select 1 /* a",
                                      "select E'a\\'", "insert into t values (1, 'a", "select a in (1, 'b",
                                      "select 'a'\n'b", "insert into t values (1), (\"a"}) {
    EXPECT_TRUE(scan_of(text).incomplete) << text;
  }
  for (const std::string_view text :
       {"select 'a'", "select $1 -- a", "select (", "insert into t values (1, "}) {
    EXPECT_FALSE(scan_of(text).incomplete) << text;
  }
}

TEST(Scan, NulIsWhiteSpace) {
  EXPECT_EQ(key_of(std::string_view("select\0 1\0", 10)), key_of("select 1"));
}

TEST(Scan, EveryPrefixAndSuffixIsScanned) {
  StatementScan scan;
  std::string scratch;
  for (const std::string& text : all_statements()) {
    for (size_t at = 0; at <= text.size(); ++at) {
      // Exact copies, so that the sanitizer sees a read beyond the end.
      const std::vector<char> prefix(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at));
      scan_statement({prefix.data(), prefix.size()}, scan, scratch);
      EXPECT_LE(scan.slots.size(), at);
      scan_statement(std::string_view(text).substr(at), scan, scratch);
    }
  }
}

TEST(Scan, TheKeysTextStaysBehind) {
  StatementScan scan;
  std::string scratch;
  for (const std::string& text : all_statements()) {
    scan_statement(text, scan, scratch);
    ASSERT_LE(scan.key_bytes, scratch.size());
    EXPECT_EQ(hash128(std::string_view(scratch).substr(0, scan.key_bytes)), scan.key) << text;
  }
  scan_statement("SELECT 1  FROM t WHERE a IN (1, 2)", scan, scratch);
  EXPECT_EQ(scratch.substr(0, scan.key_bytes), "select 0 from t where a in (0+)");
  scan_statement("", scan, scratch);
  EXPECT_EQ(scan.key_bytes, 0u);
}

TEST(Scan, DeepAndRepetitiveTextsTakeLinearWork) {
  for (const std::string_view piece : {"(", "in (1,", "values (1),(", "$a$", "'a'\n", "/*", "explain (;",
                                       "\"", "a;", "in (((", "-- x\n", "E'", "values ((1,null"}) {
    std::string text = "select ";
    while (text.size() < 2000000) text += piece;
    EXPECT_LE(scan_of(text).slots.size(), text.size());
    normalize_for_display(text);
  }
}

}  // namespace
}  // namespace pgsieve
