// What a rewrite promises: one statement gives, key by key, the rows that the loop gave. Random data, random
// keys (some without rows, some that do not exist), every class of fix, on a real server.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "analyzer/sql/rewrite.h"
#include "tests/integration/read_cases.h"
#include "tests/integration/rewrite_testing.h"

namespace pgsieve::testing {
namespace {

using Tuple = std::vector<std::string>;

// `$1` … replaced by quoted literals.
std::string with_literals(const std::string& sql, const std::vector<std::string>& values) {
  std::string text = sql;
  for (size_t i = values.size(); i-- > 0;) {
    const std::string name = fmt::format("${}", i + 1);
    const bool number = values[i].find_first_not_of("0123456789") == std::string::npos;
    for (size_t at = text.find(name); at != std::string::npos; at = text.find(name))
      text.replace(at, name.size(), number ? values[i] : "'" + values[i] + "'");
  }
  return text;
}

using RowsByKey = std::map<Tuple, std::multiset<Row>>;

// The values of a batched statement's parameters: arrays of keys, constants, and the literals it hid.
std::vector<DatabaseValue> bind_values(const Rewrite& rewrite, const BatchRequest& request,
                                       const std::set<Tuple>& tuples, const std::vector<uint32_t>& key_slots,
                                       const std::vector<std::string>& constants) {
  StatementScan scan;
  std::string scratch;
  scan_statement(request.text, scan, scratch);
  std::vector<DatabaseValue> values(rewrite.parameters.size());
  for (const RewriteParameter& parameter : rewrite.parameters) {
    DatabaseValue& value = values.at(parameter.number - 1U);
    if (parameter.array) {
      const auto key = static_cast<size_t>(std::find(key_slots.begin(), key_slots.end(), parameter.slot) -
                                           key_slots.begin());
      std::vector<std::string> items;
      for (const Tuple& tuple : tuples) items.push_back(tuple.at(key));
      value = array_of(items);
    } else if (parameter.original != 0) {
      value = constants.at(parameter.original - key_slots.size() - 1U);
    } else {
      value = literal_value(scan.slots.at(parameter.slot));
    }
  }
  return values;
}

void check_read(ServerConnection& database, const ReadCase& test, bool literals, bool keep,
                std::mt19937& random) {
  SCOPED_TRACE(fmt::format("{}{}{}", test.name, literals ? ", literals" : "", keep ? ", kept" : ""));
  std::set<Tuple> tuples;
  while (tuples.size() < 12) {
    Tuple tuple;
    for (const KeyKind kind : test.keys) tuple.push_back(random_key(kind, random));
    tuples.insert(tuple);
    if (tuples.size() >= 5 && test.keys[0] == KeyKind::kRegion && test.keys.size() == 1) break;
    if (tuples.size() >= 6 && test.keys[0] == KeyKind::kName) break;
  }
  // Child by child.
  RowsByKey expected;
  for (const Tuple& tuple : tuples) {
    std::vector<DatabaseValue> values(tuple.begin(), tuple.end());
    values.insert(values.end(), test.constants.begin(), test.constants.end());
    const Result<DatabaseRows> rows = database.query(test.sql, values);
    ASSERT_TRUE(rows.ok()) << test.sql << "\n" << rows.error().message;
    for (const Row& row : rows->rows) expected[tuple].insert(row);
    if (test.existence) expected[tuple] = {Row{rows->rows.empty() ? "f" : "t"}};
  }
  // Batched.
  std::vector<std::string> all(*tuples.begin());
  all.insert(all.end(), test.constants.begin(), test.constants.end());
  const std::string text = literals ? with_literals(test.sql, all) : test.sql;
  const StatementShape shape = draw_shape(text);
  BatchRequest request;
  request.text = text;
  request.shape = &shape;
  request.types = test.types;
  request.one_row_per_key = test.one_row;
  request.keep_literals = keep;
  std::vector<uint32_t> key_slots;
  const StatementShape original = draw_shape(test.sql);
  ASSERT_EQ(original.slots.size(), shape.slots.size());
  for (size_t key = 0; key < test.keys.size(); ++key) {
    for (uint32_t slot = 0; slot < original.slots.size(); ++slot) {
      if (original.slots[slot].parameter != key + 1) continue;
      if (request.varying.size() == key) key_slots.push_back(slot);
      request.varying.push_back(slot);
      break;
    }
  }
  if (literals) {  // one literal per place
    const size_t places = static_cast<size_t>(std::count_if(
        original.slots.begin(), original.slots.end(),
        [&](const SlotUse& use) { return use.parameter != 0 && use.parameter <= test.keys.size(); }));
    if (places != test.keys.size()) return;
  }
  const std::optional<Rewrite> rewrite = batch_rewrite(request);
  ASSERT_TRUE(rewrite.has_value()) << text;
  SCOPED_TRACE(rewrite->sql);
  EXPECT_EQ(fix_class_name(rewrite->kind), fix_class_name(test.expected));
  const std::vector<DatabaseValue> values = bind_values(*rewrite, request, tuples, key_slots, test.constants);
  const Result<DatabaseRows> rows = database.query(rewrite->sql, values);
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  std::vector<int> key_columns;
  for (size_t i = 0; i < rewrite->key_columns.size(); ++i) {
    const int at =
        rewrite->key_positions[i] >= 0 ? rewrite->key_positions[i] : rows->column(rewrite->key_columns[i]);
    ASSERT_GE(at, 0) << rewrite->key_columns[i];
    EXPECT_EQ(rows->columns[static_cast<size_t>(at)], rewrite->key_columns[i]);
    key_columns.push_back(at);
  }
  ASSERT_EQ(key_columns.size(), test.keys.size());
  RowsByKey found;
  for (const Row& row : rows->rows) {
    Tuple tuple;
    for (const int at : key_columns) tuple.push_back(row[static_cast<size_t>(at)].value_or("NULL"));
    Row rest;
    for (size_t i = 0; i < row.size(); ++i) {
      const bool key =
          std::find(key_columns.begin(), key_columns.end(), static_cast<int>(i)) != key_columns.end();
      if (!key || !rewrite->key_added) rest.push_back(row[i]);
    }
    found[tuple].insert(rest);
  }
  EXPECT_EQ(found, expected);
}

TEST(RewriteOnServer, ReadsGiveTheRowsOfTheLoop) {
  PGSIEVE_NEED_SERVER(server);
  Result<ServerConnection> database = ServerConnection::connect(server->url());
  ASSERT_TRUE(database.ok()) << database.error().message;
  for (const unsigned seed : {1U, 2U, 3U}) {
    fill_with_random_data(*database, seed);
    std::mt19937 random(seed);
    for (const ReadCase& test : read_cases()) {
      check_read(*database, test, false, false, random);
      check_read(*database, test, true, false, random);
      check_read(*database, test, true, true, random);
    }
  }
}

TEST(RewriteOnServer, DeferredColumnsComeWithTheList) {
  PGSIEVE_NEED_SERVER(server);
  Result<ServerConnection> database = ServerConnection::connect(server->url());
  ASSERT_TRUE(database.ok()) << database.error().message;
  fill_with_random_data(*database, 5);
  const std::string parent =
      R"(SELECT p."id" FROM "posts" p JOIN users u ON u.id = p.user_id ORDER BY p.id LIMIT 8)";
  const std::optional<Rewrite> rewrite =
      deferred_rewrite(parent, draw_shape(parent), "posts", {"id", "title", "score"});
  ASSERT_TRUE(rewrite.has_value());
  const DatabaseRows list = must(*database, parent);
  const DatabaseRows rich = must(*database, rewrite->sql);
  ASSERT_EQ(list.rows.size(), rich.rows.size());
  for (size_t i = 0; i < list.rows.size(); ++i) {
    const DatabaseRows one =
        must(*database, "SELECT id, title, score FROM posts WHERE id = $1", list.rows[i]);
    EXPECT_EQ(one.rows.at(0), rich.rows[i]) << rewrite->sql;
  }
}

TEST(RewriteOnServer, TreesAreWalkedInOneStatement) {
  PGSIEVE_NEED_SERVER(server);
  Result<ServerConnection> database = ServerConnection::connect(server->url());
  ASSERT_TRUE(database.ok()) << database.error().message;
  fill_with_random_data(*database, 6);
  const std::string child = "SELECT id, path FROM files WHERE parent_id = $1 AND path <> $2 ORDER BY path";
  const StatementShape shape = draw_shape(child);
  BatchRequest request;
  request.text = child;
  request.shape = &shape;
  request.varying = {0};
  const std::optional<Rewrite> rewrite = recursive_rewrite(request, "id");
  ASSERT_TRUE(rewrite.has_value());
  std::multiset<Row> expected;
  std::vector<std::string> open = {"1"};
  while (!open.empty()) {
    const std::string root = open.back();
    open.pop_back();
    const std::vector<DatabaseValue> values = {root, "c"};
    for (const Row& row : must(*database, child, values).rows) {
      expected.insert(row);
      open.push_back(*row[0]);
    }
  }
  const std::vector<DatabaseValue> values = {"1", "c"};
  const DatabaseRows found = must(*database, rewrite->sql, values);
  EXPECT_EQ(std::multiset<Row>(found.rows.begin(), found.rows.end()), expected) << rewrite->sql;
  EXPECT_GT(expected.size(), 3U);
}

}  // namespace
}  // namespace pgsieve::testing
