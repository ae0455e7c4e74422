// Clients that share connections statement by statement, as pools lend them: the order of the statements on
// one connection is nobody's. And keys that are texts.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

constexpr Microseconds kAtOnce = 300;

// The same numbers in every run, in no order.
class Numbers {
 public:
  uint32_t below(uint32_t end) {
    state_ = state_ * 1664525U + 1013904223U;
    return (state_ >> 8U) % end;
  }
  std::string text() {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (int i = 0; i < 32; ++i) text += kDigits[below(16)];
    return text;
  }

 private:
  uint32_t state_ = 20;
};

void read_ticket(SequenceBench& bench, const std::string& code) {
  bench.run("SELECT guest_id, used FROM ticket WHERE code = '" + code + "'", kAtOnce);
}
void read_guest(SequenceBench& bench, uint32_t id) {
  bench.run("SELECT id, name FROM guest WHERE id = " + std::to_string(id), kAtOnce);
}
void read_visits(SequenceBench& bench, uint32_t guest) {
  bench.run(
      "SELECT id, begins FROM visit WHERE guest_id = " + std::to_string(guest) + " ORDER BY begins LIMIT 10",
      kAtOnce);
}

void count_visits(SequenceBench& bench, uint32_t guest) {
  bench.run("SELECT count(*) FROM visit WHERE guest_id = " + std::to_string(guest), kAtOnce);
}

// Requests that read a ticket, its guest, and the guest's visits; eight at a time, over as many connections,
// each of which is reset after every statement.
TEST(SharedConnections, LookUpsOfManyRequestsMix) {
  constexpr uint32_t kConnections = 8, kRequests = 80;
  SequenceBench bench;
  Numbers numbers;
  std::deque<std::pair<uint32_t, int>> open;  // guest and step
  uint32_t begun = 0;
  for (uint32_t statement = 0; begun < kRequests || !open.empty(); ++statement) {
    while (open.size() < kConnections && begun < kRequests) {
      open.emplace_back(numbers.below(400) + 1, 0);
      ++begun;
    }
    const bool first = statement < kConnections;
    const size_t next = first ? statement : numbers.below(static_cast<uint32_t>(open.size()));
    auto& [guest, step] = open[next];
    bench.session(1 + (first ? statement : numbers.below(kConnections)));
    if (step == 0) read_ticket(bench, numbers.text());
    if (step == 1) read_guest(bench, guest);
    if (step == 2) read_visits(bench, guest);
    bench.run("RESET ALL", kAtOnce);
    if (++step == 3) open.erase(open.begin() + static_cast<std::ptrdiff_t>(next));
  }
  for (const Finding& finding : bench.findings("n-plus-one")) ADD_FAILURE() << finding.message;
}

TEST(SharedConnections, AListFromElsewhereIsStillALoop) {
  SequenceBench bench;
  Numbers numbers;
  for (int i = 0; i < 15; ++i) {
    read_ticket(bench, numbers.text());
    bench.run("RESET ALL", kAtOnce);
  }
  const std::vector<Finding> found = bench.findings("n-plus-one");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].count, 15U);
}

// Clients of one pool, at full speed: after most of the lists one look-up, now and then two or three.
TEST(SharedConnections, AFewLookUpsAmongListsThatMostlyHaveOneAreNoLoop) {
  SequenceBench bench;
  int key = 17;
  for (const int look_ups : {1, 3, 0, 1, 1, 3, 0, 1, 0, 1, 1, 0}) {
    bench.run("SELECT id, patient_id FROM visits WHERE ward_id = " + std::to_string(key % 40), 3500);
    for (int i = 0; i < look_ups; ++i) {
      if (i == 1) bench.run("UPDATE wards SET seen = now() WHERE id = " + std::to_string(key % 40), 900);
      bench.run("SELECT name FROM patients WHERE id = " + std::to_string(key = key * 31 % 9973), 2800);
    }
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

TEST(TextKeys, InNoOrderTheyAreRequests) {
  SequenceBench bench;
  Numbers numbers;
  for (int i = 0; i < 30; ++i) {
    const uint32_t guest = numbers.below(400) + 1;
    read_ticket(bench, numbers.text());
    read_guest(bench, guest);
    count_visits(bench, guest);
  }
  for (const Finding& finding : bench.findings("n-plus-one")) ADD_FAILURE() << finding.message;
}

TEST(TextKeys, InOrderTheyAreAList) {
  SequenceBench bench;
  Numbers numbers;
  std::vector<std::string> codes;
  for (int i = 0; i < 30; ++i) codes.push_back(numbers.text());
  std::ranges::sort(codes);
  for (const std::string& code : codes) {
    const uint32_t guest = numbers.below(400) + 1;
    read_ticket(bench, code);
    read_guest(bench, guest);
    count_visits(bench, guest);
  }
  EXPECT_FALSE(bench.findings("n-plus-one").empty());
}

// Some columns of a row, and later the others: one look-up of a row, for each of some keys.
TEST(TextKeys, ARowInTwoStepsIsNoRequest) {
  SequenceBench bench;
  Numbers numbers;
  for (int i = 0; i < 12; ++i) {
    const std::string code = numbers.text();
    bench.run("SELECT code FROM ticket WHERE code = '" + code + "'", kAtOnce);
    bench.run("SELECT code, used, guest_id FROM ticket WHERE code = '" + code + "'", kAtOnce);
  }
  EXPECT_FALSE(bench.findings("n-plus-one").empty());
}

}  // namespace
}  // namespace pgsieve
