// The scanner's invariant over every statement we own and thousands of mutants of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <unordered_map>

#include "analyzer/sql/fingerprint.h"
#include "analyzer/sql/scan.h"
#include "tests/sql/grammar_tokens.h"
#include "tests/sql/mutations.h"
#include "tests/sql/statement_files.h"

namespace pgsieve {
namespace {

Hash128 key_of(std::string_view text) {
  StatementScan scan;
  std::string scratch;
  scan_statement(text, scan, scratch);
  return scan.key;
}

std::string fold(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return text;
}

// Whether the scanner promises to leave literals out of the key of all its parts.
bool drops_literals(const std::string& text) {
  bool starts = true;
  for (const GrammarToken& token : grammar_tokens(text)) {
    const std::string word = fold(std::string(spelling(text, token)));
    if (token.kind == GrammarToken::Kind::kComment || word == "(") continue;
    if (starts && word != ";") {
      static const std::vector<std::string> kQueries = {"select", "insert", "update", "delete",
                                                        "with",   "values", "merge",  "set"};
      if (std::find(kQueries.begin(), kQueries.end(), word) == kQueries.end()) return false;
    }
    starts = word == ";";
  }
  return true;
}

// One fingerprint per key, of the texts the grammar accepts.
class Invariant {
 public:
  void check(const std::string& text) {
    const Fingerprint fingerprint = fingerprint_statement(text);
    if (fingerprint.approximate) return;
    ++checked_;
    const auto [known, is_new] = keys_.try_emplace(key_of(text), Known{fingerprint.hash, text});
    if (is_new) return;
    EXPECT_EQ(known->second.hash, fingerprint.hash) << known->second.text << "\n  has the key of\n" << text;
    EXPECT_EQ(fold(normalize_for_display(known->second.text)), fold(normalize_for_display(text))) << text;
  }
  size_t checked() const { return checked_; }

 private:
  struct Known {
    uint64_t hash;
    std::string text;
  };
  std::unordered_map<Hash128, Known, Hash128Hasher> keys_;
  size_t checked_ = 0;
};

TEST(ScanProperty, FixturesAreThere) {
  EXPECT_GT(read_statements("traffic.sql").size(), 300U);
  EXPECT_GT(read_statements("nasty.sql").size(), 90U);
}

TEST(ScanProperty, EqualKeysImplyEqualFingerprints) {
  Invariant invariant;
  Random random(1);
  for (const std::string& text : all_statements()) {
    invariant.check(text);
    for (int i = 0; i < 30; ++i) {
      std::string mutant = mutate_wildly(text, random);
      invariant.check(mutant);
      if (random.chance(2)) mutant = mutate_wildly(mutant, random);
      invariant.check(mutate_harmlessly(mutant, random, true));
      invariant.check(lengthen_lists(mutant, random));
    }
  }
  EXPECT_GT(invariant.checked(), 10000U);
}

TEST(ScanProperty, HarmlessChangesKeepTheKey) {
  Random random(2);
  for (const std::string& text : all_statements()) {
    if (grammar_tokens(text).empty()) continue;
    const bool literals = drops_literals(text);
    for (int i = 0; i < 20; ++i) {
      const std::string mutant = mutate_harmlessly(text, random, literals);
      ASSERT_EQ(key_of(text), key_of(mutant)) << text << "\n  changed to\n" << mutant;
      if (!literals) continue;
      const std::string longer = lengthen_lists(text, random);
      ASSERT_EQ(key_of(text), key_of(longer)) << text << "\n  lengthened to\n" << longer;
    }
  }
}

// Every literal and parameter of the grammar's scanner is a slot at the same place, or lies in a list or a
// dropped row.
TEST(ScanProperty, SlotsAreTheGrammarsLiterals) {
  Random random(3);
  StatementScan scan;
  std::string scratch;
  size_t compared = 0;
  for (const std::string& original : all_statements()) {
    for (int i = 0; i < 10; ++i) {
      const std::string text =
          i == 0 ? original : mutate_harmlessly(original, random, drops_literals(original));
      scan_statement(text, scan, scratch);
      std::vector<size_t> expected;
      for (const GrammarToken& token : grammar_tokens(text)) {
        if (is_literal(token) || token.kind == GrammarToken::Kind::kParameter)
          expected.push_back(token.begin);
      }
      if (expected.empty()) continue;
      size_t at = 0;
      for (const Slot& slot : scan.slots) {
        EXPECT_EQ(slot.text.data() >= text.data(), true);
        while (at < expected.size() && expected[at] < slot.offset) ++at;  // dropped rows
        ASSERT_LT(at, expected.size()) << text;
        if (slot.kind != Slot::Kind::kList) {
          ASSERT_EQ(expected[at++], slot.offset) << text;
          continue;
        }
        const size_t end = slot.offset + slot.text.size();
        size_t inside = 0;
        for (; at < expected.size() && expected[at] < end; ++at) ++inside;
        EXPECT_GE(inside, slot.elements) << text;
      }
      if (scan.rows <= 1) {
        EXPECT_EQ(at, expected.size()) << text;
      }
      ++compared;
    }
  }
  EXPECT_GT(compared, 2000U);
}

}  // namespace
}  // namespace pgsieve
