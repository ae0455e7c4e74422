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

// How many rows there are at most where rows are asked for by their keys.
TEST(StatementValues, KeysOfAList) {
  const auto keys = [](const std::string& condition, const std::vector<std::string>& values = {}) {
    const std::string text = "SELECT * FROM users WHERE " + condition;
    StatementScan scan;
    std::string scratch;
    scan_statement(text, scan, scratch);
    std::vector<BoundValue> bound;
    for (const std::string& value : values) bound.push_back({.text = value});
    Event event;
    event.text = text;
    event.scan = &scan;
    event.parameters = bound;
    const auto info = describe_statement(text, scan, nullptr);
    return info->key_list.empty() ? -1 : count_keys(event, info->key_list);
  };
  EXPECT_EQ(keys("id IN (4, 5, 6)"), 3);
  EXPECT_EQ(keys("users.id IN ($1, $2) AND state = 'new'", {"4", "5"}), 2);
  EXPECT_EQ(keys("id = ANY($1)", {"{4,5,6,7}"}), 4);
  EXPECT_EQ(keys("id = ANY($1)"), -1) << "not in the capture";
  EXPECT_EQ(keys("id = ANY('{4,5}')"), 2);
  EXPECT_EQ(keys("(id = 4 OR id = 5 OR id = $1) AND state IN ('a', 'b')", {"9"}), 3);
  EXPECT_EQ(keys("state IN ('a', 'b')"), -1) << "many users may have one state";
  EXPECT_EQ(keys("id = 4"), -1) << "one row, no list";
  EXPECT_EQ(keys("id = 4 OR login = 'x'"), -1);
}

}  // namespace
}  // namespace pgsieve
