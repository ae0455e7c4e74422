// From the tap's thread to the sinks: order, holes, secrets.
#include "analyzer/wire/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/wire/wire_testing.h"

namespace pgsieve {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Writes down what it gets; can be made to wait.
class Listener final : public ConversationSink {
 public:
  void open(uint64_t id, std::string_view client, Microseconds /*time*/) override {
    note(fmt::format("open {} {}", id, client));
  }
  void data(uint64_t id, Side side, std::string_view bytes, Microseconds /*time*/) override {
    note(fmt::format("{} {} {}", side == Side::kClient ? "client" : "server", id,
                     bytes.size() > 20 ? std::to_string(bytes.size()) : std::string(bytes)));
    total += bytes.size();
  }
  void lost(uint64_t id, Side /*side*/, uint64_t bytes, Microseconds /*time*/) override {
    note(fmt::format("lost {} {}", id, bytes));
    total += bytes;
  }
  void close(uint64_t id, Microseconds /*time*/) override { note(fmt::format("close {}", id)); }

  void hold(bool yes) {
    const std::lock_guard<std::mutex> guard(lock_);
    held_ = yes;
    changed_.notify_all();
  }
  std::vector<std::string> lines;
  uint64_t total = 0;

 private:
  void note(std::string line) {
    std::unique_lock<std::mutex> guard(lock_);
    changed_.wait(guard, [this] { return !held_; });
    lines.push_back(std::move(line));
  }
  std::mutex lock_;
  std::condition_variable changed_;
  bool held_ = false;
};

void say(Recorder& recorder, uint64_t id, Side side, std::string bytes) {
  recorder.data(id, side, std::span<char>(bytes.data(), bytes.size()));
}

TEST(Recorder, HandsOnInOrder) {
  Listener listener;
  Recorder recorder({&listener});
  recorder.open(1, "10.0.0.1");
  say(recorder, 1, Side::kServer, "b");
  recorder.open(2, "[local]");
  say(recorder, 2, Side::kServer, "c");
  say(recorder, 1, Side::kServer, "d");
  recorder.close(1);
  say(recorder, 1, Side::kServer, "after its end");
  recorder.finish();
  EXPECT_THAT(listener.lines, ElementsAre("open 1 10.0.0.1", "server 1 b", "open 2 [local]", "server 2 c",
                                          "server 1 d", "close 1"));
}

TEST(Recorder, SecretsNeverArrive) {
  Listener listener;
  Recorder recorder({&listener});
  recorder.open(1, "x");
  std::string start = testing::startup();
  recorder.data(1, Side::kClient, std::span<char>(start.data(), start.size()));
  say(recorder, 1, Side::kClient, testing::Message('p').text("sesame").done());
  recorder.finish();
  EXPECT_THAT(listener.lines.back(), Not(HasSubstr("sesame")));
}

TEST(Recorder, WhatDoesNotFitIsCountedAndTheHoleIsWhereItWas) {
  Listener listener;
  listener.hold(true);
  Recorder recorder({&listener}, Recorder::Overflow::kDrop, 4096);
  recorder.open(1, "x");
  uint64_t said = 0;
  for (int i = 0; i < 20; ++i) {
    say(recorder, 1, Side::kServer, std::string(500, 'x'));
    said += 500;
  }
  EXPECT_GT(recorder.dropped_bytes(), 0U);
  EXPECT_LT(recorder.dropped_bytes(), said);
  recorder.open(2, "nobody hears of it");
  say(recorder, 2, Side::kServer, "nor of this");
  EXPECT_EQ(recorder.dropped_connections(), 1U);
  recorder.close(2);
  listener.hold(false);
  while (recorder.queued_bytes() > 0) std::this_thread::yield();
  say(recorder, 1, Side::kServer, "again");
  recorder.close(1);
  recorder.finish();
  EXPECT_EQ(listener.lines.back(), "close 1");
  EXPECT_EQ(listener.lines[listener.lines.size() - 2], "server 1 again");
  EXPECT_THAT(listener.lines[listener.lines.size() - 3], HasSubstr("lost 1 "));  // perhaps not the only one
  EXPECT_EQ(listener.total, said + 5);
}

TEST(Recorder, AConnectionThatEndsWhileThereIsNoRoomIsClosedLater) {
  Listener listener;
  listener.hold(true);
  Recorder recorder({&listener}, Recorder::Overflow::kDrop, 4096);
  recorder.open(1, "x");
  while (recorder.dropped_bytes() == 0) say(recorder, 1, Side::kServer, std::string(64, 'x'));
  recorder.close(1);
  listener.hold(false);
  recorder.finish();
  EXPECT_EQ(listener.lines.back(), "close 1");
}

TEST(Recorder, NothingIsDroppedWhenTheTrafficMayWait) {
  Listener listener;
  Recorder recorder({&listener}, Recorder::Overflow::kWait, 4096);
  recorder.open(1, "x");
  for (int i = 0; i < 5000; ++i)
    say(recorder, 1, Side::kServer, std::string(static_cast<size_t>(i % 1900), 'x'));
  recorder.close(1);
  recorder.finish();
  EXPECT_EQ(recorder.dropped_bytes(), 0U);
  EXPECT_EQ(listener.lines.size(), 5002U);
}

TEST(SecretEraser, FindsPasswordsWhereverTheStreamIsCut) {
  const std::string stream = testing::Message().u32(80'877'103).done() + testing::startup() +
                             testing::Message('p').text("open sesame").done() +
                             testing::Message('p').bytes("n,,n=,r=nonce").done() +
                             testing::query("SELECT 'p'") + testing::Message('p').text("open sesame").done() +
                             testing::query("SELECT 'q'");
  for (size_t cut = 0; cut < stream.size(); ++cut) {
    std::string first = stream.substr(0, cut), second = stream.substr(cut);
    SecretEraser eraser;
    eraser.erase(std::span<char>(first.data(), first.size()));
    eraser.erase(std::span<char>(second.data(), second.size()));
    const std::string kept = first + second;
    ASSERT_EQ(kept.find("sesame"), std::string::npos) << cut;
    ASSERT_EQ(kept.find("nonce"), std::string::npos) << cut;
    ASSERT_NE(kept.find("SELECT 'p'"), std::string::npos) << cut;
    ASSERT_NE(kept.find("SELECT 'q'"), std::string::npos) << cut;
  }
}

TEST(SecretEraser, ErasesEverythingItDoesNotUnderstand) {
  SecretEraser eraser;
  std::string bytes = testing::startup() + "?this is no message at all, and may be a password";
  eraser.erase(std::span<char>(bytes.data(), bytes.size()));
  EXPECT_EQ(bytes.find("password"), std::string::npos);
}

}  // namespace
}  // namespace pgsieve
