#include "analyzer/sql/fingerprint.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/sql/statement_files.h"

namespace pgsieve {
namespace {

TEST(Fingerprint, IsLibpgQuerysOwn) {
  // Published by the pg_query family for this text since fingerprint version 3.
  EXPECT_EQ(fingerprint_hex(fingerprint_statement("SELECT 1").hash), "50fde20626009aba");
  EXPECT_EQ(fingerprint_statement("select a from t where b in (1)").hash,
            fingerprint_statement("SELECT a FROM t WHERE b IN (1, 2) -- c").hash);
  EXPECT_NE(fingerprint_statement("select a from t").hash, fingerprint_statement("select b from t").hash);
  EXPECT_FALSE(fingerprint_statement("").approximate);
}

TEST(Fingerprint, ReadsOnlyTheViewItWasGiven) {
  const std::string text = "select 1 garbage (";
  EXPECT_EQ(fingerprint_statement(std::string_view(text).substr(0, 8)).hash,
            fingerprint_statement("select 1").hash);
}

TEST(Fingerprint, FallsBackToTheTokenStream) {
  const Fingerprint one = fingerprint_statement("selekt a from t where b = 'x'");
  EXPECT_TRUE(one.approximate);
  EXPECT_EQ(one.parse_error, "syntax error at or near \"selekt\"");
  const Fingerprint placeholder = fingerprint_statement("select a from t where b = ?");
  EXPECT_TRUE(placeholder.approximate);
  EXPECT_EQ(placeholder.hash, fingerprint_statement("SELECT a  FROM t /* c */ WHERE b = ?;").hash);
  EXPECT_NE(placeholder.hash, fingerprint_statement("select a from t where c = ?").hash);
}

TEST(Fingerprint, NamesWhatItWasNotGiven) {
  const Fingerprint nul = fingerprint_statement(std::string_view("select 1\0, 2", 12));
  EXPECT_TRUE(nul.approximate);
  EXPECT_NE(nul.parse_error.find("NUL"), std::string::npos);
  const Fingerprint huge = fingerprint_statement("select '" + std::string(kMaxParsedBytes, 'x') + "'");
  EXPECT_TRUE(huge.approximate);
  EXPECT_NE(huge.parse_error.find("longer"), std::string::npos);
}

TEST(Fingerprint, IsSafeInManyThreads) {
  const std::vector<std::string> statements = read_statements("nasty.sql");
  std::vector<uint64_t> expected;
  for (const std::string& text : statements) expected.push_back(fingerprint_statement(text).hash);
  std::vector<std::vector<uint64_t>> seen(4);
  std::vector<std::thread> threads;
  for (auto& hashes : seen) {
    threads.emplace_back([&] {
      for (const std::string& text : statements) hashes.push_back(fingerprint_statement(text).hash);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& hashes : seen) EXPECT_EQ(hashes, expected);
}

TEST(Fingerprint, PrintsSixteenDigits) {
  EXPECT_EQ(fingerprint_hex(0), "0000000000000000");
  EXPECT_EQ(fingerprint_hex(0xABCDEF), "0000000000abcdef");
}

TEST(Arity, NamesGoBothWays) {
  for (const Arity arity : {Arity::kScalar, Arity::kOne, Arity::kMany, Arity::kRow, Arity::kRows}) {
    Arity back = Arity::kScalar;
    EXPECT_TRUE(arity_from_name(arity_name(arity), back));
    EXPECT_EQ(back, arity);
  }
  Arity unchanged = Arity::kRows;
  EXPECT_FALSE(arity_from_name("lots", unchanged));
  EXPECT_EQ(unchanged, Arity::kRows);
}

}  // namespace
}  // namespace pgsieve
