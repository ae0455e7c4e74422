// TCP segments in any order, any number of times, with any of them missing.
#include "analyzer/wire/tcp_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace pgsieve {
namespace {

using ::testing::ElementsAre;

class Collector final : public StreamSink {
 public:
  void on_bytes(int direction, std::string_view bytes, Microseconds /*time*/, WirePlace /*place*/) override {
    streams[static_cast<size_t>(direction)] += bytes;
    lines.push_back(fmt::format("{}:{}", direction, bytes));
  }
  void on_gap(int direction, uint64_t count, Microseconds /*time*/) override {
    streams[static_cast<size_t>(direction)] += std::string(count, '?');
    lines.push_back(fmt::format("{} lost {}", direction, count));
  }
  std::array<std::string, 2> streams;
  std::vector<std::string> lines;
};

struct Sent {
  int direction = 0;
  TcpSegment segment;
  std::string bytes;  // what segment.payload views
};

// A conversation: both sides speak in turns, and each segment acknowledges all that came before it.
std::vector<Sent> conversation(uint32_t first_client, uint32_t first_server,
                               const std::vector<std::pair<int, std::string>>& spoken) {
  std::array<uint32_t, 2> next{first_client, first_server};
  std::vector<Sent> sent;
  const auto add = [&](int direction, std::string bytes, bool syn) {
    Sent one;
    one.direction = direction;
    one.bytes = std::move(bytes);
    one.segment.sequence = next[static_cast<size_t>(direction)];
    one.segment.acknowledged = next[static_cast<size_t>(1 - direction)];
    one.segment.syn = syn;
    one.segment.ack = !syn || direction == 1;
    next[static_cast<size_t>(direction)] += static_cast<uint32_t>(one.bytes.size()) + (syn ? 1 : 0);
    sent.push_back(std::move(one));
  };
  add(0, {}, true);
  add(1, {}, true);
  for (const auto& [direction, bytes] : spoken) add(direction, bytes, false);
  return sent;
}

Collector play(const std::vector<Sent>& sent) {
  Collector collector;
  TcpStream stream;
  Microseconds time = 0;
  for (const Sent& one : sent) {
    TcpSegment segment = one.segment;
    segment.payload = one.bytes;
    stream.add(one.direction, segment, time += 10, {}, collector);
  }
  stream.flush(collector);
  return collector;
}

const std::vector<std::pair<int, std::string>> kTalk = {{0, "ask one"}, {1, "answer "},    {1, "one"},
                                                        {0, "ask two"}, {1, "answer two"}, {0, "bye"}};

TEST(TcpStream, InOrder) {
  EXPECT_THAT(play(conversation(100, 900, kTalk)).lines,
              ElementsAre("0:ask one", "1:answer ", "1:one", "0:ask two", "1:answer two", "0:bye"));
}

TEST(TcpStream, SequenceNumbersWrap) {
  for (uint32_t back = 0; back < 30; ++back) {
    const Collector collector = play(conversation(0U - back, 0U - back / 2, kTalk));
    EXPECT_EQ(collector.streams[0], "ask oneask twobye");
    EXPECT_EQ(collector.streams[1], "answer oneanswer two");
    EXPECT_EQ(collector.lines.size(), 6U);
  }
}

// Whatever order the capture has them in, they are handed on in the order in which they happened.
TEST(TcpStream, AnyOrderGivesTheSame) {
  const std::vector<Sent> sent = conversation(100, 900, kTalk);
  std::vector<size_t> order = {2, 3, 4, 5, 6, 7};
  do {
    std::vector<Sent> shuffled(sent.begin(), sent.begin() + 2);
    for (const size_t index : order) shuffled.push_back(sent[index]);
    ASSERT_THAT(play(shuffled).lines,
                ElementsAre("0:ask one", "1:answer ", "1:one", "0:ask two", "1:answer two", "0:bye"));
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(TcpStream, SentAgainIsSeenOnce) {
  std::vector<Sent> twice;
  for (const Sent& one : conversation(100, 900, kTalk)) {
    twice.push_back(one);
    twice.push_back(one);
  }
  EXPECT_THAT(play(twice).lines,
              ElementsAre("0:ask one", "1:answer ", "1:one", "0:ask two", "1:answer two", "0:bye"));
}

// Sent again in other pieces: the part that is known is cut off.
TEST(TcpStream, OverlapsAreCut) {
  std::vector<Sent> sent = conversation(100, 900, {{0, "abcdef"}, {0, "ghi"}});
  Sent again = sent[2];
  again.segment.sequence += 3;
  again.bytes = "defghi";
  sent.insert(sent.begin() + 3, again);
  EXPECT_EQ(play(sent).streams[0], "abcdefghi");
}

TEST(TcpStream, WhatIsMissingIsAHoleOfThatSize) {
  for (size_t missing = 2; missing < 7; ++missing) {
    std::vector<Sent> sent = conversation(100, 900, kTalk);
    const size_t size = sent[missing].bytes.size();
    const auto direction = static_cast<size_t>(sent[missing].direction);
    sent.erase(sent.begin() + static_cast<std::ptrdiff_t>(missing));
    const Collector collector = play(sent);
    EXPECT_EQ(std::count(collector.streams[direction].begin(), collector.streams[direction].end(), '?'),
              static_cast<std::ptrdiff_t>(size))
        << missing;
    EXPECT_EQ(collector.streams[0].size(), 17U);
    EXPECT_EQ(collector.streams[1].size(), 20U);
  }
}

// Loss, repetition and disorder together never give bytes that were not sent, nor any of them twice.
TEST(TcpStream, NothingIsInvented) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::pair<int, std::string>> spoken;
    std::array<std::string, 2> all;
    for (int i = 0; i < 40; ++i) {
      const int direction = static_cast<int>(random() % 2);
      std::string bytes;
      for (size_t j = 0; j < 1 + random() % 9; ++j) bytes.push_back(static_cast<char>('a' + random() % 26));
      all[static_cast<size_t>(direction)] += bytes;
      spoken.emplace_back(direction, std::move(bytes));
    }
    std::vector<Sent> sent =
        conversation(static_cast<uint32_t>(random()), static_cast<uint32_t>(random()), spoken);
    for (size_t i = 2; i < sent.size(); ++i) {
      if (random() % 8 == 0) std::swap(sent[i], sent[2 + random() % (sent.size() - 2)]);
      if (random() % 10 == 0) sent.push_back(sent[i]);
    }
    std::erase_if(sent, [&](const Sent& one) { return !one.segment.syn && random() % 12 == 0; });
    const Collector collector = play(sent);
    for (size_t side = 0; side < 2; ++side) {
      const std::string& got = collector.streams[side];
      ASSERT_LE(got.size(), all[side].size());
      for (size_t i = 0; i < got.size(); ++i) {
        ASSERT_TRUE(got[i] == '?' || got[i] == all[side][i]) << "round " << round << " byte " << i;
      }
    }
  }
}

TEST(TcpStream, HoldsNoMoreThanItsBounds) {
  Collector collector;
  TcpStream stream;
  TcpSegment segment;
  segment.syn = true;
  stream.add(0, segment, 0, {}, collector);
  segment.syn = false;
  const std::string bytes(1000, 'x');
  for (uint32_t i = 0; i < 5000; ++i) {  // the first thousand bytes never come
    segment.sequence = 1 + (i + 1) * 1000;
    segment.payload = bytes;
    stream.add(0, segment, i, {}, collector);
  }
  EXPECT_EQ(collector.lines.front(), "0 lost 1000");
  EXPECT_GT(collector.streams[0].size(), size_t{4'000'000});
}

}  // namespace
}  // namespace pgsieve
