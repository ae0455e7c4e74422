// All variants of the vector loop must do the same, byte for byte, whatever the block boundaries.
#include "analyzer/sql/scan_simd.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "tests/sql/mutations.h"
#include "tests/sql/statement_files.h"

namespace pgsieve::lexical {
namespace {

struct Outcome {
  std::string trace;  // the text copied, with stops marked
  bool in_quotes = false;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// Copies a text, stepping over each stop by one byte. Buffers are exact so that the sanitizer sees any
// overrun.
Outcome copy_all(CopyRun run, std::string_view text) {
  const std::unique_ptr<char[]> source(new char[text.size() + 1]);
  text.copy(source.get(), text.size());
  Outcome outcome;
  RunState state;
  for (size_t at = 0; at < text.size(); ++at) {
    const size_t rest = text.size() - at;
    const std::unique_ptr<char[]> out(new char[rest + 32]);
    const size_t copied = run(source.get() + at, rest, out.get(), state);
    outcome.trace.append(out.get(), copied).append("<stop>");
    at += copied;
    if (at < text.size()) state = RunState{};
  }
  outcome.in_quotes = state.in_quotes;
  return outcome;
}

void expect_alike(std::string_view text) {
  const Outcome expected = copy_all(copy_run_portable, text);
  if (const CopyRun run = copy_run_sse2()) {
    EXPECT_EQ(copy_all(run, text), expected) << text;
  }
  if (const CopyRun run = copy_run_avx2()) {
    EXPECT_EQ(copy_all(run, text), expected) << text;
  }
}

TEST(ScanSimd, StopsWhereTheContractSays) {
  const auto stop = [](std::string_view text) {
    std::string out(text.size() + 32, '\0');
    RunState state;
    return copy_run_portable(text.data(), text.size(), out.data(), state);
  };
  EXPECT_EQ(stop("abc 'x'"), 4U);
  EXPECT_EQ(stop("f(x)"), 1U);
  EXPECT_EQ(stop("a1$2 b"), 6U);
  EXPECT_EQ(stop("a = 1"), 4U);
  EXPECT_EQ(stop("a = $1"), 4U);
  EXPECT_EQ(stop("a  b"), 2U);
  EXPECT_EQ(stop("a\tb"), 1U);
  EXPECT_EQ(stop("a - b -- c"), 7U);
  EXPECT_EQ(stop("a / b /* c */"), 7U);
  EXPECT_EQ(stop("\"x';(?$1  --\" ;"), 14U);
  EXPECT_EQ(stop("a.b_c9 < d"), 10U);
  EXPECT_EQ(stop(std::string(100, 'A') + "?"), 100U);
}

TEST(ScanSimd, VariantsAgreeOnStatements) {
  for (const std::string& text : all_statements()) expect_alike(text);
}

TEST(ScanSimd, VariantsAgreeOnRandomBytes) {
  Random random(7);
  constexpr std::string_view kAlphabet = "aZ09_$\"\"' ( );?-/*\n\t\0.~\x80\xff,=@[`{AaMm";
  for (int i = 0; i < 4000; ++i) {
    std::string text;
    const size_t size = random.below(150);
    while (text.size() < size) {
      text +=
          random.chance(8) ? static_cast<char>(random.below(256)) : kAlphabet[random.below(kAlphabet.size())];
      if (random.chance(20)) text.append(random.below(70), 'x');
    }
    expect_alike(text);
  }
}

}  // namespace
}  // namespace pgsieve::lexical
