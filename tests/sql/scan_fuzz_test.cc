// The fuzzer's checks over its kept corpus and the fixtures' statements, as a plain test.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/sql/statement_files.h"
#include "tools/fuzz/scan_fuzz.cc"  // NOLINT(bugprone-suspicious-include): its entry is the thing under test

namespace pgsieve {
namespace {

int run(const std::string& text) {
  return LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

TEST(ScanFuzz, CorpusPasses) {
  size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/fuzz/scan")) {
    EXPECT_EQ(run(read_file(entry.path().string())), 0) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 8U);
}

TEST(ScanFuzz, FixturesPass) {
  for (const std::string& text : all_statements()) EXPECT_EQ(run(text), 0);
}

}  // namespace
}  // namespace pgsieve
