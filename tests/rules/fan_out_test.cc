// Loops whose turns run on several connections at once, as the resolvers of an API start them.
#include <gtest/gtest.h>

#include <string>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

constexpr Microseconds kAtOnce = 300;
constexpr uint64_t kConnections = 5, kTurns = 4;  // of each
const std::string kProducts = "SELECT id, name FROM products WHERE shown ORDER BY name LIMIT 20";

std::string variants_of(uint64_t product) {
  return "SELECT id, product_id, size FROM variants WHERE product_id = " + std::to_string(product) +
         " ORDER BY size";
}

// The stock of a product's variants, which it names, too.
std::string stock_of(uint64_t product) {
  const std::string first = std::to_string(10 * product), second = std::to_string(10 * product + 1);
  return "SELECT product_id, variant_id, level FROM stock WHERE variant_id IN (" + first + ", " + second +
         ")";
}

// Each connection does its turns one after the other, statement by statement beside the others.
void resolve(SequenceBench& bench) {
  for (uint64_t turn = 0; turn < kTurns; ++turn) {
    for (const bool stock : {false, true}) {
      for (uint64_t connection = 0; connection < kConnections; ++connection) {
        const uint64_t product = 1 + turn * kConnections + connection;
        bench.session(1 + connection);
        bench.run(stock ? stock_of(product) : variants_of(product), kAtOnce);
      }
    }
  }
}

const Finding* about_variants(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings)
    if (finding.query.find("FROM variants") != std::string::npos) return &finding;
  return nullptr;
}

TEST(FanOut, WhatATurnListsIsNotTheListOfTheNextTurn) {
  SequenceBench bench;
  bench.run(kProducts);
  resolve(bench);
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  const Finding* loop = about_variants(findings);
  ASSERT_NE(loop, nullptr);
  EXPECT_EQ(std::string(loop->parent_query).substr(0, 30), kProducts.substr(0, 30));
  EXPECT_GE(loop->count, 4 * kTurns * kConnections / 5);
}

// The list may have been read by somebody else: there is only one.
TEST(FanOut, AfterOneListOnlyItIsNoHigherThanMedium) {
  SequenceBench bench;
  bench.session(77);
  bench.run(kProducts.substr(0, kProducts.find(" LIMIT")));
  resolve(bench);
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  const Finding* loop = about_variants(findings);
  ASSERT_NE(loop, nullptr);
  EXPECT_EQ(loop->confidence, Confidence::kMedium);
  EXPECT_FALSE(loop->why_not_higher.empty());
}

// A list that ran once since the loop began has a loop of its own.
TEST(FanOut, ASecondListIsNotTheFirstOnes) {
  SequenceBench bench;
  const std::string reduced = "SELECT id, name FROM products WHERE reduced ORDER BY id";
  bench.run(kProducts);
  for (uint64_t product = 1; product <= 3; ++product) {
    bench.session(1 + product % kConnections);
    bench.run(variants_of(product), kAtOnce);
  }
  bench.session(77);
  bench.run(reduced, kAtOnce);
  for (uint64_t product = 31; product <= 42; ++product) {
    bench.session(11 + product % kConnections);
    bench.run(variants_of(product), kAtOnce);
  }
  bool after_second = false;
  for (const Finding& finding : bench.findings("n-plus-one"))
    after_second = after_second || finding.parent_query.find("reduced") != std::string::npos;
  EXPECT_TRUE(after_second);
}

}  // namespace
}  // namespace pgsieve
