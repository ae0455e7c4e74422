#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "analyzer/sql/scan.h"
#include "tests/sql/statement_files.h"

namespace pgsieve {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Split, TrimsAndLeavesOutEmptyStatements) {
  EXPECT_THAT(split_statements(""), IsEmpty());
  EXPECT_THAT(split_statements(" ; -- only a comment\n ; /* ; */ "), IsEmpty());
  EXPECT_THAT(split_statements("select 1"), ElementsAre("select 1"));
  EXPECT_THAT(split_statements(";; /* c */ select 1 ;\n\n-- d\nselect 2; "),
              ElementsAre("select 1", "select 2"));
}

TEST(Split, IgnoresSemicolonsInsideQuotesAndComments) {
  EXPECT_THAT(split_statements("select ';', \"a;b\", $x$ ; $x$, E'\\';' /* ; */ -- ;\n; b"),
              ElementsAre("select ';', \"a;b\", $x$ ; $x$, E'\\';'", "b"));
}

TEST(Split, KeepsRulesAndRoutineBodiesWhole) {
  const std::string rule = "create rule r as on insert to t do (insert into u values (1); delete from v)";
  const std::string body =
      "create function g() returns int begin atomic select 1; select case when true then 2 end; end";
  EXPECT_THAT(split_statements(rule + ";select 1"), ElementsAre(rule, "select 1"));
  EXPECT_THAT(split_statements(body + "; select 1"), ElementsAre(body, "select 1"));
  EXPECT_THAT(split_statements("begin; select 1; end; select 2"),
              ElementsAre("begin", "select 1", "end", "select 2"));
}

TEST(Split, AgreesWithTheScansCount) {
  StatementScan scan;
  std::string scratch;
  for (const std::string& text : all_statements()) {
    scan_statement(text, scan, scratch);
    EXPECT_EQ(scan.statements, split_statements(text).size()) << text;
    const std::string twice = text + "\n; " + text + " ; ";
    scan_statement(twice, scan, scratch);
    EXPECT_EQ(scan.statements, 2 * split_statements(text).size()) << twice;
  }
}

}  // namespace
}  // namespace pgsieve
