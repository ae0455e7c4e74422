// The law the whole program rests on: facts merge, and the order does not matter.
#include "analyzer/workload/workload.h"

#include <gtest/gtest.h>

#include "analyzer/workload/serialize.h"
#include "tests/workload/stream.h"

namespace pgsieve {
namespace {

using testing::facts_of;
using testing::random_stream;
using testing::Step;
using testing::Stream;

Workload merged(Workload left, const Workload& right) {
  left.merge(right);
  return left;
}

std::vector<Step> joined(std::vector<Step> first, const std::vector<Step>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

class Merge : public ::testing::TestWithParam<uint32_t> {
 protected:
  // Three captures without a common session, one after the other in time.
  std::vector<Step> part(uint32_t index) const {
    return random_stream(GetParam() * 10 + index, 300, 1 + index * 100, "app " + std::to_string(index),
                         Stream::kStart + index * 3600 * kSecond);
  }
};

TEST_P(Merge, EqualsReadingBothInOneRun) {
  const std::vector<Step> a = part(0), b = part(1);
  EXPECT_EQ(serialize(merged(facts_of(a), facts_of(b))), serialize(facts_of(joined(a, b))));
}

TEST_P(Merge, CompactingChangesNoFact) {
  Workload facts = facts_of(part(0));
  const std::string before = serialize(facts);
  facts.compact();
  EXPECT_EQ(serialize(facts), before);
  for (const auto& [key, pattern] : facts.patterns) ASSERT_NE(pattern.shape, nullptr);
  EXPECT_EQ(serialize(merged(facts, facts_of(part(1)))),
            serialize(merged(facts_of(part(0)), facts_of(part(1)))));
}

TEST_P(Merge, IsCommutative) {
  const Workload a = facts_of(part(0)), b = facts_of(part(1));
  EXPECT_EQ(serialize(merged(a, b)), serialize(merged(b, a)));
}

TEST_P(Merge, IsAssociative) {
  const Workload a = facts_of(part(0)), b = facts_of(part(1)), c = facts_of(part(2));
  EXPECT_EQ(serialize(merged(merged(a, b), c)), serialize(merged(a, merged(b, c))));
}

TEST_P(Merge, TheEmptyWorkloadIsNeutral) {
  const Workload a = facts_of(part(0));
  EXPECT_EQ(serialize(merged(a, Workload())), serialize(a));
  EXPECT_EQ(serialize(merged(Workload(), a)), serialize(a));
}

TEST_P(Merge, DoesNotAskWhichCameFirst) {
  const std::vector<Step> a = part(0), b = part(1);
  EXPECT_EQ(serialize(facts_of(joined(b, a))), serialize(facts_of(joined(a, b))));
}

INSTANTIATE_TEST_SUITE_P(Seeds, Merge, ::testing::Range(1U, 9U));

TEST(MergeLaw, ManyTagsAndManyDatabases) {
  const auto stream = [](uint64_t session, int from, int to) {
    Stream made;
    for (int i = from; i < to; ++i) {
      made.run(session, "SELECT * FROM t /*tag" + std::to_string(i % 40) + "='x" + std::to_string(i) + "'*/");
      made.last().database = "db" + std::to_string(i);
    }
    return made.steps;
  };
  const std::vector<Step> a = stream(1, 0, 60), b = stream(2, 30, 90);
  EXPECT_EQ(serialize(merged(facts_of(a), facts_of(b))), serialize(facts_of(joined(a, b))));
  EXPECT_EQ(facts_of(joined(a, b)).patterns.begin()->second.tags.size(), kMaxTagKeys);
}

// One fingerprint, many spellings, at one moment: which is kept must not depend on which came first.
TEST(MergeLaw, TextsOfOneMoment) {
  const auto one = [](uint64_t session, std::string text) {
    Step step;
    step.session = session;
    step.text = std::move(text);
    step.time = Stream::kStart;
    return step;
  };
  const std::vector<Step> a = {one(1, "SELECT * FROM t WHERE a = 9"), one(1, "select * from T where a = 3")};
  const std::vector<Step> b = {one(2, "select *  from t where a = 4"), one(2, "SELECT * FROM t WHERE a = 1")};
  const std::string joint = serialize(facts_of(joined(a, b)));
  EXPECT_EQ(serialize(merged(facts_of(a), facts_of(b))), joint);
  EXPECT_EQ(serialize(facts_of(joined(b, a))), joint);
}

TEST(MergeLaw, TextsTheGrammarRejects) {
  Stream a, b;
  a.run(1, "SELEC * FROM t WHERE a = 1").run(1, "SELEC * FROM t WHERE a = 2");
  b.run(2, "SELEC * FROM t WHERE a = 3");
  EXPECT_EQ(serialize(merged(a.facts(), b.facts())), serialize(facts_of(joined(a.steps, b.steps))));
}

TEST(MergeLaw, AWorkloadMayHaveNoTimes) {
  Stream a, b;
  a.run(1, "SELECT * FROM t WHERE a = 7");
  b.run(2, "SELECT * FROM t WHERE a = 2").run(2, "SELECT * FROM t WHERE a = 5");
  for (Step& step : a.steps) step.time = kUnknownTime;
  for (Step& step : b.steps) step.time = kUnknownTime;
  EXPECT_EQ(serialize(merged(a.facts(), b.facts())), serialize(facts_of(joined(a.steps, b.steps))));
  EXPECT_EQ(serialize(merged(b.facts(), a.facts())), serialize(facts_of(joined(a.steps, b.steps))));
}

TEST(MergeLaw, LimitsOfOneRow) {
  const auto stream = [](uint64_t session, const std::string& limit) {
    Stream made;
    made.run(session, "SELECT id FROM posts ORDER BY id LIMIT " + limit);
    for (int i = 0; i < 4; ++i)
      made.run(session, "SELECT * FROM comments WHERE post_id = $1", {std::to_string(i)});
    for (Step& step : made.steps) step.application = "app " + limit;  // no common request
    return made.steps;
  };
  const std::vector<Step> a = stream(1, "1"), b = stream(2, "10");
  EXPECT_EQ(serialize(merged(facts_of(a), facts_of(b))), serialize(facts_of(joined(a, b))));
  EXPECT_EQ(serialize(merged(facts_of(a), facts_of(b))), serialize(facts_of(joined(b, a))));
}

TEST(MergeLaw, ABuilderCanBeUsedAgain) {
  WorkloadBuilder builder;
  const std::vector<Step> steps = random_stream(5, 100, 1, "app");
  for (const Step& step : steps) testing::send(step, builder);
  const std::string first = serialize(builder.finish());
  for (const Step& step : steps) testing::send(step, builder);
  EXPECT_EQ(serialize(builder.finish()), first);
  EXPECT_EQ(builder.finish().patterns.size(), 0U);
}

}  // namespace
}  // namespace pgsieve
