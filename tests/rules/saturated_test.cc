// A load test: requests of two or three kinds follow each other on one connection without a pause. That they
// are no loops can't be seen for certain, but nothing is certain of a loop either.
#include <gtest/gtest.h>

#include <random>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

constexpr Microseconds kAtOnce = 300;

// Never std::uniform_int_distribution: what it gives differs between libraries.
class Dice {
 public:
  explicit Dice(uint32_t seed) : generator_(seed) {}
  int below(int end) { return static_cast<int>(generator_() % static_cast<uint32_t>(end)); }

 private:
  std::mt19937 generator_;
};

std::string number(int value) {
  return std::to_string(value);
}

void show_task(SequenceBench& bench, Dice& dice) {
  const std::string task = number(80'000 + dice.below(6'000));
  bench.run("SELECT id, project_id, title FROM tasks WHERE id = " + task, kAtOnce);
  bench.run("SELECT id, body FROM comments WHERE task_id = " + task + " ORDER BY id LIMIT 50", kAtOnce);
  bench.run("SELECT id, filename FROM attachments WHERE task_id = " + task, kAtOnce);
}

void list_tasks(SequenceBench& bench, Dice& dice) {
  bench.run("SELECT id, title, state FROM tasks WHERE project_id = " + number(dice.below(300)) +
                " ORDER BY position LIMIT 20",
            kAtOnce);
}

void move_task(SequenceBench& bench, Dice& dice) {
  bench.run("UPDATE tasks SET state = 'done' WHERE id = " + number(80'000 + dice.below(6'000)), kAtOnce);
}

// A list, and a query for each of its eight rows.
void board(SequenceBench& bench, Dice& dice) {
  bench.run("SELECT id, title, position FROM tasks WHERE board_id = " + number(dice.below(300)) +
                " ORDER BY position LIMIT 8",
            kAtOnce);
  const int first = 80'000 + dice.below(6'000);
  for (int row = 0; row < 8; ++row)
    bench.run("SELECT name FROM labels WHERE task_id = " + number(first + row), kAtOnce);
}

using Request = void (*)(SequenceBench&, Dice&);

std::vector<Finding> load(const std::vector<Request>& requests, std::string_view rule) {
  SequenceBench bench;
  Dice dice(7);
  for (int i = 0; i < 300; ++i)
    requests[static_cast<size_t>(dice.below(static_cast<int>(requests.size())))](bench, dice);
  return bench.findings(rule);
}

TEST(Saturated, RequestsOfTwoKindsAreNoCertainLoop) {
  for (const Finding& finding : load({show_task, list_tasks}, "n-plus-one")) {
    EXPECT_LT(finding.confidence, Confidence::kHigh) << finding.query;
    EXPECT_FALSE(finding.why_not_higher.empty());
  }
  for (const Finding& finding : load({list_tasks, move_task}, "write-loop"))
    EXPECT_LT(finding.confidence, Confidence::kHigh) << finding.query;
}

TEST(Saturated, ALoopAmongThemIsCertain) {
  bool found = false;
  for (const Finding& finding : load({show_task, list_tasks, board}, "n-plus-one")) {
    const bool loop = finding.query.find("labels") != std::string::npos;
    found = found || loop;
    EXPECT_EQ(finding.confidence >= Confidence::kHigh, loop) << finding.query;
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace pgsieve
