// The fuzzers' checks over their kept corpora, as plain tests.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/capture/collect.h"

// Each fuzzer's entry, under a name of its own.
#define LLVMFuzzerTestOneInput fuzz_log_reader
#include "tools/fuzz/log_reader_fuzz.cc"  // NOLINT(bugprone-suspicious-include)
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_plan
#include "tools/fuzz/plan_fuzz.cc"  // NOLINT(bugprone-suspicious-include)
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_prefix
#include "tools/fuzz/prefix_fuzz.cc"  // NOLINT(bugprone-suspicious-include)
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_syslog
#include "tools/fuzz/syslog_fuzz.cc"  // NOLINT(bugprone-suspicious-include)
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_unwrap
#include "tools/fuzz/unwrap_fuzz.cc"  // NOLINT(bugprone-suspicious-include)
#undef LLVMFuzzerTestOneInput

namespace pgsieve {
namespace {

using Entry = int (*)(const uint8_t* data, size_t size);

void expect_passes(const std::string& corpus, Entry run) {
  size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/fuzz/" + corpus)) {
    const std::string text = testing::slurp(entry.path().string());
    EXPECT_EQ(run(reinterpret_cast<const uint8_t*>(text.data()), text.size()), 0) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 3U);
}

TEST(FuzzCorpus, LogReader) {
  expect_passes("log_reader", fuzz_log_reader);
}
TEST(FuzzCorpus, Plan) {
  expect_passes("plan", fuzz_plan);
}
TEST(FuzzCorpus, Prefix) {
  expect_passes("prefix", fuzz_prefix);
}
TEST(FuzzCorpus, Syslog) {
  expect_passes("syslog", fuzz_syslog);
}
TEST(FuzzCorpus, Unwrap) {
  expect_passes("unwrap", fuzz_unwrap);
}

}  // namespace
}  // namespace pgsieve
