#include <gtest/gtest.h>

#include <string>

#include "analyzer/sql/fingerprint.h"
#include "analyzer/sql/scan.h"
#include "tests/sql/statement_files.h"

namespace pgsieve {
namespace {

TEST(Display, NumbersLiteralsAndParametersInOrder) {
  EXPECT_EQ(normalize_for_display(
                "SELECT  *\n FROM t -- why\n WHERE a = 'x' AND \"B\" = $1 AND c > -5.5e3 /* tag */ ;"),
            "SELECT * FROM t WHERE a = $1 AND \"B\" = $2 AND c > -$3");
  EXPECT_EQ(normalize_for_display("select E'a\\'', $q$b$q$, date'2020-01-01', U&'d', B'1', null, true"),
            "select $1, $2, date $3, $4, $5, null, true");
}

TEST(Display, CutsConstantLists) {
  EXPECT_EQ(normalize_for_display("select a from t where b in (1, 2, 3) and c = 4"),
            "select a from t where b in ($1, ...) and c = $2");
  EXPECT_EQ(normalize_for_display("select a from t where b in ( $7 )"), "select a from t where b in ( $1 )");
  EXPECT_EQ(normalize_for_display("delete from t where (a, b) in ((1, 2), (3, 4)) and c in ('1'::character "
                                  "varying, '2'::character varying )"),
            "delete from t where (a, b) in (($1,$2), ...) and c in ($3::character varying, ...)");
  EXPECT_EQ(normalize_for_display("select a in (1, b), c in (-1,-2)"),
            "select a in ($1, b), c in (-$2, ...)");
}

TEST(Display, CutsRows) {
  EXPECT_EQ(normalize_for_display(
                "insert into t (a, b) values (1, f('x')), (2, f('y')), (3, null) on conflict do nothing"),
            "insert into t (a, b) values ($1, f($2)), ... on conflict do nothing");
  EXPECT_EQ(normalize_for_display("insert into t values (1)"), "insert into t values ($1)");
}

TEST(Display, TellsPlaceholdersFromOperators) {
  EXPECT_EQ(normalize_for_display("select a ? 'k', b ?| $1 from t where c = ? and d in (?, ?) limit ?"),
            "select a ? $1, b ?| $2 from t where c = $3 and d in ($4, ...) limit $5");
}

TEST(Display, SeparatesStatements) {
  EXPECT_EQ(normalize_for_display("; begin ;\n;select 1 ; "), "begin; select $1");
  EXPECT_EQ(normalize_for_display("  -- nothing\n ; "), "");
}

TEST(Display, IsCutAtACharacter) {
  EXPECT_EQ(normalize_for_display("select abcdef", 12), "select ab…");
  EXPECT_EQ(normalize_for_display("select ääääää", 13), "select ä…");
  EXPECT_EQ(normalize_for_display("select abcdef", 13), "select abcdef");
  EXPECT_EQ(normalize_for_display("select abcdef", 2), "");
  for (const std::string& text : all_statements()) {
    for (const size_t size : {0U, 3U, 10U, 40U}) EXPECT_LE(normalize_for_display(text, size).size(), size);
  }
}

TEST(Display, EndsOnBrokenInput) {
  for (const std::string& text : all_statements()) {
    for (size_t size = 0; size < text.size(); size += 1 + text.size() / 40) {
      normalize_for_display(text.substr(0, size));
      normalize_for_display(text.substr(size));
    }
  }
}

}  // namespace
}  // namespace pgsieve
