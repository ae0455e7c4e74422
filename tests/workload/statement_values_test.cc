#include "analyzer/workload/statement_values.h"

#include <gtest/gtest.h>

#include "analyzer/sql/scan.h"
#include "analyzer/workload/pattern.h"

namespace pgsieve {
namespace {

// The two patterns of one array parameter are two statements to whoever follows sessions: each has a number.
TEST(StatementValues, AnArrayOfOneBelongsToAPatternOfItsOwn) {
  const std::string text = "SELECT * FROM users WHERE id = ANY($1)";
  StatementScan scan;
  std::string scratch;
  scan_statement(text, scan, scratch);
  Pattern many, one;
  StatementEvent statement;
  statement.info = describe_statement(text, scan, nullptr);
  statement.info->pattern = &many;
  statement.info->ordinal = 7;
  statement.info->one_pattern = &one;
  statement.info->one_ordinal = 3;
  const auto run = [&](std::string_view array) {
    Event event;
    event.text = text;
    event.scan = &scan;
    BoundValue value;
    value.text = array;
    event.parameters = {&value, 1};
    event.parameters_known = true;
    fill_values(event, statement);
    choose_pattern(event, statement);
    EXPECT_EQ(
        statement.info->ordinal_of(statement.pattern == &one ? statement.info->one_key : statement.info->key),
        statement.pattern_ordinal);
    return std::pair(statement.pattern, statement.pattern_ordinal);
  };
  EXPECT_EQ(run("{5}"), std::pair(&one, 3U));
  EXPECT_EQ(run("{5,6}"), std::pair(&many, 7U));
  EXPECT_EQ(run("{}"), std::pair(&many, 7U));
}

}  // namespace
}  // namespace pgsieve
