#include "analyzer/schema/ddl_split.h"

#include <gtest/gtest.h>

#include <string>

namespace pgsieve {
namespace {

TEST(SplitDdl, KeepsLinesAndSkipsWhatIsNotSql) {
  const auto statements = split_ddl(R"(-- comment; with semicolon
\restrict x;y
SELECT 1;
/* a /* nested */ ; */ CREATE TABLE t
  (a text DEFAULT ';');
COPY public.t (a) FROM stdin;
SELECT 'data, not SQL';
\.
COPY t TO stdout;
SELECT 2)");
  ASSERT_EQ(statements.size(), 5U);
  EXPECT_EQ(statements[0].text, "SELECT 1");
  EXPECT_EQ(statements[0].line, 3U);
  EXPECT_EQ(statements[1].line, 4U);
  EXPECT_EQ(statements[2].text, "COPY public.t (a) FROM stdin");
  EXPECT_EQ(statements[3].text, "COPY t TO stdout");
  EXPECT_EQ(statements[4].text, "SELECT 2");
  EXPECT_EQ(statements[4].line, 10U);
}

TEST(SplitDdl, KeepsFunctionBodiesWhole) {
  const auto statements =
      split_ddl(R"(CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $_$ BEGIN; RETURN 1; END $_$;
CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;
CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2);
SELECT E'it\'s; fine', U&"a;b", $1;
)");
  ASSERT_EQ(statements.size(), 4U);
  EXPECT_EQ(statements[1].line, 2U);
  EXPECT_EQ(statements[3].text, R"(SELECT E'it\'s; fine', U&"a;b", $1)");
}

TEST(SplitDdl, ResynchronisesAfterAnOpenParenthesis) {
  const auto statements =
      split_ddl("CREATE TABLE broken (a int;\n\nCREATE TABLE fine (a int);\nSELECT 'open;\nALTER TABLE x;");
  ASSERT_EQ(statements.size(), 4U);
  EXPECT_EQ(statements[1].text, "CREATE TABLE fine (a int)");
  EXPECT_EQ(statements[1].line, 3U);
  EXPECT_EQ(statements[3].text, "ALTER TABLE x");
}

}  // namespace
}  // namespace pgsieve
