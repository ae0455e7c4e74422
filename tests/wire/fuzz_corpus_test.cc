// The fuzzers' checks over their kept corpora and over real captures, whole and damaged, as plain tests.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "analyzer/wire/conversation_file.h"
#include "tests/wire/wire_testing.h"

// Each fuzzer's entry, under a name of its own.
#define LLVMFuzzerTestOneInput fuzz_pcap
#include "tools/fuzz/pcap_fuzz.cc"  // NOLINT(bugprone-suspicious-include)
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_protocol
#include "tools/fuzz/protocol_fuzz.cc"  // NOLINT(bugprone-suspicious-include)
#undef LLVMFuzzerTestOneInput

namespace pgsieve {
namespace {

using Entry = int (*)(const uint8_t* data, size_t size);

// The entry aborts when what it checks does not hold.
void run(Entry entry, const std::string& bytes) {
  EXPECT_EQ(entry(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()), 0);
}

// Copies with bytes changed, taken out, repeated; the head stays, so that it is still known for what it is.
void run_damaged(Entry entry, const std::string& bytes, size_t head, uint32_t seed) {
  std::mt19937 random(seed);
  const auto any = [&](size_t below) { return random() % std::max<size_t>(below, 1); };
  for (int copy = 0; copy < 40; ++copy) {
    std::string damaged = bytes;
    for (size_t changes = 1 + any(8); changes > 0 && damaged.size() > head + 1; --changes) {
      const size_t at = head + any(damaged.size() - head);
      const size_t size = std::min(damaged.size() - at, any(64));
      switch (any(5)) {
        case 0:
          damaged[at] = static_cast<char>(random());
          break;
        case 1:
          damaged.erase(at, size);
          break;
        case 2:
          damaged.insert(at, damaged.substr(at, size));
          break;
        case 3:
          damaged.resize(at);
          break;
        default:  // a length, perhaps
          damaged.replace(at, std::min<size_t>(4, damaged.size() - at), 4, '\xff');
      }
    }
    run(entry, damaged);
  }
}

std::vector<std::string> files_in(const std::string& folder, std::string_view ending) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(PGSIEVE_SOURCE_DIR) +
                                                                         "/fixtures/" + folder)) {
    if (entry.is_regular_file() && entry.path().string().ends_with(ending))
      files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(WireFuzzCorpus, Kept) {
  for (const std::string& file : files_in("fuzz/pcap", "")) run(fuzz_pcap, testing::slurp(file));
  for (const std::string& file : files_in("fuzz/protocol", "")) run(fuzz_protocol, testing::slurp(file));
}

TEST(WireFuzzCorpus, DamagedCaptures) {
  const std::vector<std::string> captures = files_in("wire", ".pcap");
  EXPECT_GE(captures.size(), 5U);
  for (const std::string& file : captures) run_damaged(fuzz_pcap, testing::slurp(file), 24, 1);
}

// What a tap writes of a talk that has a bit of everything.
std::string recording() {
  using namespace testing;  // NOLINT(google-build-using-namespace)
  const std::string path = ::testing::TempDir() + "/pgsieve_fuzz_" + std::to_string(getpid()) + ".pgcap";
  const Result<std::unique_ptr<ConversationWriter>> writer = ConversationWriter::create(path);
  if (!writer) return {};
  ConversationWriter& file = **writer;
  for (uint64_t id = 1; id <= 3; ++id) {
    file.open(id, "127.0.0.1", 1000);
    file.data(id, Side::kClient, startup(), 1001);
    file.data(id, Side::kServer, Message('R').u32(0).done() + ready(), 1002);
    file.data(id, Side::kClient,
              parse("s", "SELECT id FROM t WHERE id = $1", {23}) + bind("", "s", {{"7"}}) +
                  describe('P', "") + execute("") + sync(),
              1003);
    file.data(id, Side::kServer,
              Message('1').done() + Message('2').done() + row_description({{"id", 5, 1}}) + row({"7"}) +
                  complete("SELECT 1") + ready(),
              1004);
    if (id == 2) file.lost(id, Side::kServer, 12, 1005);
    file.data(id, Side::kClient, query("COPY t FROM STDIN; SELECT 1"), 1006);
    file.data(id, Side::kServer, Message('G').u8(0).u16(0).done(), 1007);
    file.data(id, Side::kClient, Message('d').bytes("1\n").done() + Message('c').done(), 1008);
    file.close(id, 1009);
  }
  file.finish();
  std::string bytes = slurp(path);
  std::filesystem::remove(path);
  return bytes;
}

TEST(WireFuzzCorpus, DamagedRecordings) {
  const std::string whole = recording();
  ASSERT_TRUE(is_conversation_file(whole));
  run(fuzz_pcap, whole);
  for (uint32_t seed = 1; seed <= 25; ++seed) run_damaged(fuzz_pcap, whole, 16, seed);
}

}  // namespace
}  // namespace pgsieve
