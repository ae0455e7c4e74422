// Loops whose statements share no telling name, and no schema to ask: what the order of the statements and
// the columns that other statements name say.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

const Finding* about(const std::vector<Finding>& findings, std::string_view table) {
  const auto found = std::find_if(findings.begin(), findings.end(),
                                  [&](const Finding& finding) { return finding.table == table; });
  return found == findings.end() ? nullptr : &*found;
}

constexpr std::string_view kLoans = "SELECT * FROM loan WHERE due < '2026-03-01' LIMIT 25";

void run_loans(SequenceBench& bench) {
  bench.run(kLoans);
  for (int i = 0; i < 25; ++i) {
    bench.run(fmt::format("SELECT full_name FROM member WHERE member_no = {}", 70 + i * 3));
    bench.run(fmt::format("SELECT name, publisher_code FROM title WHERE isbn = '97{}'", i * 7));
    bench.run(fmt::format("SELECT label FROM publisher WHERE code = 'P{}'", i));
  }
}

TEST(WithoutSchema, AsManyTurnsAsTheListHasRows) {
  SequenceBench bench;
  run_loans(bench);
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  ASSERT_EQ(findings.size(), 3U);
  for (const std::string_view table : {"member", "title", "publisher"}) {
    const Finding* finding = about(findings, table);
    ASSERT_NE(finding, nullptr) << table;
    EXPECT_EQ(finding->count, 25U) << table;
    EXPECT_TRUE(finding->parent_query.starts_with("SELECT * FROM loan")) << table;
    EXPECT_GE(finding->confidence, Confidence::kMedium) << table;
  }
  EXPECT_EQ(about(findings, "publisher")->chain.size(), 3U);
}

// INSERT INTO loan (…, isbn) says that its rows carry one.
TEST(WithoutSchema, ColumnsThatOtherStatementsNameLink) {
  SequenceBench bench;
  bench.run("INSERT INTO loan (member_no, isbn, due) VALUES (1, 'x', '2026-01-01')");
  run_loans(bench);
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  const Finding* member = about(findings, "member");
  ASSERT_NE(member, nullptr);
  EXPECT_EQ(member->confidence, Confidence::kHigh);
  EXPECT_EQ(member->columns, std::vector<std::string>{"member_no"});
  const Finding* title = about(findings, "title");
  ASSERT_NE(title, nullptr);
  EXPECT_EQ(title->evidence.front(), "both sides use the column: title.isbn = loan.isbn");
}

// Pages come with a count, which belongs to a list before it as a row would.
TEST(WithoutSchema, ACountIsNoRowBetween) {
  SequenceBench bench;
  bench.run("SELECT id, name FROM products ORDER BY id LIMIT 10");
  bench.run("SELECT id, name FROM shops ORDER BY id");
  bench.run("SELECT count(*) FROM products WHERE shop_id = 3");
  for (int i = 0; i < 10; ++i) {
    bench.run(fmt::format("SELECT name, note FROM products WHERE id = {}", 40 + 3 * i));
    bench.run(fmt::format("SELECT label FROM facets WHERE kind = {}", i % 3));
  }
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  const Finding* product = about(findings, "products");
  ASSERT_NE(product, nullptr);
  EXPECT_TRUE(product->parent_query.starts_with("SELECT id, name FROM products")) << product->parent_query;
  EXPECT_EQ(product->confidence, Confidence::kHigh);
}

// WHERE channel = 4 AND offer = $1: which channel it is ties no list of channels to the offers.
TEST(WithoutSchema, WhatNeverChangesLinksNothing) {
  const auto about_offers = [](bool channel_changes) {
    SequenceBench bench;
    bench.run("SELECT p.amount, p.channel_id FROM prices p ORDER BY p.amount LIMIT 10");
    for (int i = 0; i < 10; ++i)
      bench.run(
          fmt::format("SELECT count(*) FROM channels c JOIN offers o ON o.grp = c.grp WHERE c.id = {} AND "
                      "o.weight = {}",
                      channel_changes ? 50 + 2 * i : 4, 17 + 5 * i));
    const std::vector<Finding> findings = bench.findings("n-plus-one");
    return findings.empty() ? Confidence::kLow : findings[0].confidence;
  };
  EXPECT_EQ(about_offers(true), Confidence::kHigh);
  EXPECT_EQ(about_offers(false), Confidence::kLow);
}

// The row between brings one row each time, though nothing in its text says so: it is no parent of what
// follows it.
TEST(WithoutSchema, ALookUpByAnUnknownKeyIsNoListInItsTurn) {
  SequenceBench bench;
  for (int i = 0; i < 20; ++i) {
    bench.run(fmt::format("SELECT * FROM parcel WHERE barcode = 'A{}'", 1000 + i * 17));
    bench.run(fmt::format("SELECT * FROM depot WHERE id = {}", 500 + i * 3));
  }
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  const Finding* depot = about(findings, "depot");
  ASSERT_NE(depot, nullptr);
  EXPECT_GE(depot->count, 19U);
  EXPECT_NE(about(findings, "parcel"), nullptr);
}

// … but when it is followed by several turns each time, it is a list.
TEST(WithoutSchema, AListByAnUnknownColumnKeepsItsTurns) {
  SequenceBench bench;
  bench.run("SELECT * FROM depot_kind LIMIT 50");
  for (int shelf = 0; shelf < 4; ++shelf) {
    bench.run(fmt::format("SELECT * FROM parcel WHERE shelf = 'S{}'", shelf));
    for (int i = 0; i < 8; ++i)
      bench.run(fmt::format("SELECT * FROM depot WHERE id = {}", 500 + shelf * 100 + i));
  }
  bench.run("UPDATE parcel SET depot_id = 7 WHERE barcode = 'x'");
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  const Finding* depot = about(findings, "depot");
  ASSERT_NE(depot, nullptr);
  EXPECT_TRUE(depot->parent_query.starts_with("SELECT * FROM parcel"));
  EXPECT_EQ(depot->count, 32U);
}

}  // namespace
}  // namespace pgsieve
