#include <fmt/format.h>
#include <algorithm>
#include <map>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

constexpr std::string_view kDdl =
    "CREATE TABLE folders (id bigint PRIMARY KEY, up_id bigint REFERENCES folders, name text);";
const std::vector<std::string> kColumns = {"folders.id", "folders.up_id", "folders.name"};

std::string by_id(int id) {
  return fmt::format("SELECT id, up_id, name FROM folders WHERE id = {}", id);
}

void walk_up(SequenceBench& bench) {
  const std::vector<int> path = {811, 270, 94, 33, 12, 5};
  for (size_t i = 0; i < path.size(); ++i) {
    const std::string up = i + 1 < path.size() ? std::to_string(path[i + 1]) : "0";
    bench.run_with_rows(by_id(path[i]), kColumns, {{{std::to_string(path[i]), up, "x"}}});
  }
}

TEST(RecursiveWalk, AForeignKeyToItselfProvesThePath) {
  SequenceBench bench(kDdl);
  walk_up(bench);
  const std::vector<Finding> findings = bench.findings("recursive-walk");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].confidence, Confidence::kProved);
  ASSERT_FALSE(findings[0].fixes.empty());
}

TEST(RecursiveWalk, RowsAloneSufficeAndNPlusOneStaysSilent) {
  SequenceBench bench;
  walk_up(bench);
  EXPECT_EQ(bench.findings("recursive-walk").size(), 1U);
  SequenceBench again;
  walk_up(again);
  EXPECT_TRUE(again.findings("n-plus-one").empty());
}

TEST(RecursiveWalk, WithoutRowsItSaysNothing) {
  SequenceBench bench(kDdl);
  for (const int id : {811, 270, 94, 33, 12, 5}) bench.run(by_id(id));
  EXPECT_TRUE(bench.findings("recursive-walk").empty());
}

// The rows that a log has not may have named one another: both ways out are shown.
TEST(RecursiveWalk, WithoutRowsADeclaredPathAddsItsQueryToTheLoop) {
  const auto fixes_of = [](std::string_view ddl) {
    SequenceBench bench(ddl);
    for (const int id : {811, 270, 94, 33, 12, 5}) bench.run(by_id(id));
    const std::vector<Finding> findings = bench.findings("n-plus-one");
    EXPECT_EQ(findings.size(), 1U);
    return findings.empty() ? std::vector<Fix>() : findings[0].fixes;
  };
  const std::vector<Fix> fixes = fixes_of(kDdl);
  ASSERT_GE(fixes.size(), 2U);
  EXPECT_NE(fixes.front().code.find("ANY("), std::string::npos) << fixes.front().code;
  EXPECT_NE(fixes.back().code.find("WITH RECURSIVE"), std::string::npos) << fixes.back().code;
  for (const Fix& fix : fixes_of("CREATE TABLE folders (id bigint PRIMARY KEY, up_id bigint, name text);"))
    EXPECT_EQ(fix.code.find("RECURSIVE"), std::string::npos) << fix.code;
}

TEST(RecursiveWalk, LookUpsOfListedRowsAreNoWalk) {
  SequenceBench bench(kDdl);
  for (const int id : {811, 270, 94, 33, 12, 5})
    bench.run_with_rows(by_id(id), kColumns, {{{std::to_string(id), "4", "x"}}});
  EXPECT_TRUE(bench.findings("recursive-walk").empty());
}

// Some of the people a list names are the superiors of others on it.
TEST(RecursiveWalk, WhatAListExplainsIsNoWalk) {
  SequenceBench bench(
      "CREATE TABLE folders (id bigint PRIMARY KEY, up_id bigint REFERENCES folders, name text);"
      "CREATE TABLE files (id bigint PRIMARY KEY, kept_in bigint REFERENCES folders);");
  const std::vector<int> kept_in = {811, 270, 94, 33, 12, 905, 401};
  std::vector<SequenceBench::Row> files;
  for (const int folder : kept_in) files.push_back({{std::to_string(5000 + folder), std::to_string(folder)}});
  bench.run_with_rows("SELECT id, kept_in FROM files ORDER BY id", {"files.id", "files.kept_in"}, files);
  for (size_t i = 0; i < kept_in.size(); ++i) {
    const int up = i < 4 ? kept_in[i + 1] : 7;
    bench.run_with_rows(by_id(kept_in[i]), kColumns,
                        {{{std::to_string(kept_in[i]), std::to_string(up), "x"}}});
  }
  EXPECT_TRUE(bench.findings("recursive-walk").empty());
}

TEST(RecursiveWalk, CountingUpIsChance) {
  SequenceBench bench;
  for (int i = 1; i < 9; ++i)
    bench.run_with_rows(fmt::format("SELECT id, stock FROM items WHERE id = {}", i),
                        {"items.id", "items.stock"}, {{{std::to_string(i), std::to_string(i + 1)}}});
  EXPECT_TRUE(bench.findings("recursive-walk").empty());
}

// Keys of a test database are small numbers: a pet's owner is some pet's number, too.
TEST(RecursiveWalk, AReferenceToAnotherTableIsNoPath) {
  const auto findings = [](std::string_view ddl, std::string_view rule) {
    SequenceBench bench(ddl);
    for (const int id : {9, 4, 7, 2, 5, 1}) {
      const std::map<int, int> owners = {{9, 4}, {4, 7}, {7, 2}, {2, 5}, {5, 1}, {1, 3}};
      bench.run_with_rows(fmt::format("SELECT id, owner_id FROM pets WHERE id = {}", id),
                          {"pets.id", "pets.owner_id"},
                          {{{std::to_string(id), std::to_string(owners.at(id))}}});
    }
    return bench.findings(rule).size();
  };
  constexpr std::string_view kPets =
      "CREATE TABLE owners (id bigint PRIMARY KEY); CREATE TABLE pets (id bigint PRIMARY KEY, owner_id "
      "bigint";
  EXPECT_EQ(findings(std::string(kPets) + " REFERENCES owners);", "recursive-walk"), 0U);
  EXPECT_EQ(findings(std::string(kPets) + " REFERENCES pets);", "recursive-walk"), 1U);
}

TEST(RecursiveWalk, ATreeKeepsItsLoopAndGetsTheProof) {
  SequenceBench bench("CREATE TABLE nodes (id bigint PRIMARY KEY, parent_id bigint REFERENCES nodes);");
  const std::vector<std::string> columns = {"nodes.id"};
  bench.run_with_rows("SELECT id FROM nodes WHERE parent_id IS NULL", columns, {{{"1"}}, {{"2"}}});
  const auto children = [&](int of, std::vector<SequenceBench::Row> rows) {
    bench.run_with_rows(fmt::format("SELECT id FROM nodes WHERE parent_id = {}", of), columns, rows);
  };
  children(1, {{{"17"}}, {{"31"}}});
  children(17, {{{"40"}}});
  children(40, {});
  children(31, {});
  children(2, {{{"55"}}, {{"56"}}});
  children(55, {});
  children(56, {});
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].properties.at("walk"), "tree");
  EXPECT_TRUE(
      std::any_of(findings[0].evidence.begin(), findings[0].evidence.end(),
                  [](const std::string& each) { return each.find("down a tree") != std::string::npos; }));
}

}  // namespace
}  // namespace pgsieve
