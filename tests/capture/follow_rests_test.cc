// A program that follows a log may be killed at any moment: what a checkpoint has of it is enough to go on.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "tests/capture/collect.h"

namespace pgsieve {
namespace {

using testing::Keeper;
using testing::KeptEvent;
using testing::TempFile;

std::string line(int second, int process, const std::string& message) {
  return "2026-11-22 01:00:" + std::to_string(10 + second) + ".000 UTC [" + std::to_string(process) + "] " +
         message + "\n";
}

// Two sessions whose latest statements wait: for a duration, and for whatever may belong to it.
std::string before_the_kill() {
  std::string log;
  for (int i = 0; i < 20; ++i)
    log +=
        line(i, 7, "LOG:  statement: SELECT " + std::to_string(i)) + line(i, 7, "LOG:  duration: 0.500 ms");
  return log + line(20, 8, "LOG:  statement: SELECT 'other'") + line(20, 8, "LOG:  duration: 0.700 ms") +
         line(21, 7, "LOG:  statement: SELECT 'waits'");
}
const std::string kAfter = line(22, 7, "LOG:  duration: 0.900 ms") +
                           line(23, 8, "LOG:  statement: SELECT 'last'") +
                           line(23, 8, "LOG:  duration: 0.100 ms");

TEST(FollowRests, ACheckpointHasWhatWaits) {
  const TempFile first(before_the_kill());
  std::atomic<bool> stop{false};
  Keeper followed;
  size_t emitted = 0;
  std::string left;
  IngestOptions options;
  options.follow = true;
  options.stop = &stop;
  options.session_rests = "";
  options.checkpoint = [&](const std::string&, uint64_t bytes, const IngestOptions::Rests& rests) {
    if (bytes < before_the_kill().size() || !left.empty()) return;
    emitted = followed.events.size();
    left = rests();
  };
  std::thread stopper([&stop] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    stop = true;
  });
  const bool read = ingest({first.path()}, options, followed).ok();
  stopper.join();
  ASSERT_TRUE(read);
  ASSERT_FALSE(left.empty());
  EXPECT_LT(emitted, 22U);

  IngestOptions next;
  next.session_rests = left;
  const testing::Ingested rest = testing::ingest_text(kAfter, next);
  std::vector<KeptEvent> all(followed.events.begin(),
                             followed.events.begin() + static_cast<std::ptrdiff_t>(emitted));
  all.insert(all.end(), rest.kept.events.begin(), rest.kept.events.end());
  std::erase_if(all, [](const KeptEvent& event) { return event.kind != Event::Kind::kExecuted; });
  const auto times = [&](const std::string& text) {
    return std::ranges::count_if(all, [&](const KeptEvent& event) { return event.text == text; });
  };
  for (int i = 0; i < 20; ++i) EXPECT_EQ(times("SELECT " + std::to_string(i)), 1) << i;
  EXPECT_EQ(times("SELECT 'other'"), 1);
  EXPECT_EQ(times("SELECT 'waits'"), 1);
  for (const KeptEvent& event : all) {
    if (event.text != "SELECT 'waits'") continue;
    EXPECT_EQ(event.duration, 900);
  }
}

}  // namespace
}  // namespace pgsieve
