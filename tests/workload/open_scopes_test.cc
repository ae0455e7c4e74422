// A stream cut anywhere, read in two runs with what is open carried over, gives what one run gives.
#include "analyzer/workload/open_scopes.h"

#include <gtest/gtest.h>

#include <span>

#include "analyzer/workload/archive.h"
#include "analyzer/workload/serialize.h"
#include "tests/workload/stream.h"

namespace pgsieve {
namespace {

using testing::facts_of;
using testing::random_stream;
using testing::send;
using testing::Step;
using testing::Stream;

// As the store does: what is open goes on in the new facts.
void extend(Workload& stored, std::span<const Step> steps, const WorkloadOptions& options = {}) {
  WorkloadBuilder builder(options);
  builder.resume(stored);
  for (const Step& step : steps) send(step, builder);
  const Workload added = builder.finish(/*close_scopes=*/false);
  stored.open_scopes.clear();
  stored.merge(added);
}

// Through bytes, as a store would keep it.
void reload(Workload& workload) {
  Result<Workload> loaded = deserialize_workload(serialize(workload));
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  workload = std::move(*loaded);
}

void close(Workload& stored, const WorkloadOptions& options = {}) {
  WorkloadBuilder builder(options);
  builder.resume(stored);
  stored.open_scopes.clear();
  stored.merge(builder.finish());
}

// Names the first fact that differs.
void expect_same(const Workload& left, const Workload& right, const std::string& where) {
  if (serialize(left) == serialize(right)) return;
  ADD_FAILURE() << where;
  EXPECT_EQ(left.patterns.size(), right.patterns.size());
  for (const auto& [key, pattern] : left.patterns) {
    const Pattern* other = right.find(key);
    ASSERT_NE(other, nullptr) << pattern.query;
    EXPECT_EQ(serialize(pattern), serialize(*other)) << pattern.query;
  }
  EXPECT_EQ(left.loops.size(), right.loops.size());
  for (const auto& [key, loop] : left.loops) {
    const auto other = right.loops.find(key);
    const std::string query = left.patterns.at(key.child).query;
    ASSERT_NE(other, right.loops.end()) << query;
    EXPECT_EQ(loop.scopes, other->second.scopes) << query;
    EXPECT_EQ(loop.executions, other->second.executions) << query;
    EXPECT_EQ(loop.examples == other->second.examples, true) << query;
    EXPECT_EQ(serialize(loop), serialize(other->second)) << query;
  }
  EXPECT_EQ(left.latent_pairs.size(), right.latent_pairs.size());
  EXPECT_EQ(left.latent_pairs == right.latent_pairs, true);
  EXPECT_EQ(left.repeats.size(), right.repeats.size());
  EXPECT_EQ(left.tables == right.tables, true);
  EXPECT_EQ(left.dropped == right.dropped, true);
  EXPECT_EQ(left.sessions, right.sessions);
  EXPECT_EQ(left.executions, right.executions);
  EXPECT_EQ(left.errors, right.errors);
}

TEST(OpenScopes, CutAtEveryPosition) {
  for (const uint32_t seed : {1U, 2U, 3U}) {
    const std::vector<Step> steps = random_stream(seed, 150, 1, "app");
    const Workload whole = facts_of(steps);
    for (size_t cut = 0; cut <= steps.size(); ++cut) {
      Workload stored;
      extend(stored, std::span(steps).first(cut));
      reload(stored);
      extend(stored, std::span(steps).subspan(cut));
      close(stored);
      expect_same(stored, whole, "seed " + std::to_string(seed) + " cut at " + std::to_string(cut));
      if (::testing::Test::HasFailure()) return;
    }
  }
}

TEST(OpenScopes, CutAfterEveryEvent) {
  for (const uint32_t seed : {11U, 12U}) {
    const std::vector<Step> steps = random_stream(seed, 120, 1, "app");
    Workload stored;
    for (size_t at = 0; at < steps.size(); ++at) {
      extend(stored, std::span(steps).subspan(at, 1));
      reload(stored);
    }
    EXPECT_FALSE(stored.open_scopes.empty());
    close(stored);
    expect_same(stored, facts_of(steps), "seed " + std::to_string(seed));
  }
}

TEST(OpenScopes, JudgingACopyLeavesTheStoredOnesOpen) {
  Stream stream;
  stream.run(1, "SELECT id FROM posts");
  for (int i = 0; i < 10; ++i)
    stream.run(1, "SELECT * FROM comments WHERE post_id = $1", {std::to_string(i)});
  const std::span<const Step> steps(stream.steps);
  Workload stored;
  extend(stored, steps.first(6));
  EXPECT_TRUE(stored.loops.empty());
  Workload judged = stored;
  close(judged);
  ASSERT_EQ(judged.loops.size(), 1U);
  EXPECT_EQ(judged.loops.begin()->second.executions, 5U);
  extend(stored, steps.subspan(6));
  close(stored);
  ASSERT_EQ(stored.loops.size(), 1U);
  EXPECT_EQ(stored.loops.begin()->second.executions, 10U);
  EXPECT_EQ(stored.loops.begin()->second.scopes, 1U);
  EXPECT_EQ(stored.sessions, 1U);
}

TEST(OpenScopes, WithoutValuesNoSampleIsWritten) {
  Stream stream;
  stream.run(1, "SELECT id FROM posts");
  for (const char* value : {"first-secret", "second-secret"})
    stream.run(1, "SELECT * FROM comments WHERE post_id = $1", {value});
  WorkloadOptions options;
  options.keep_values = false;
  Workload stored;
  extend(stored, stream.steps, options);
  EXPECT_EQ(stored.open_scopes.find("secret"), std::string::npos);
  close(stored, options);
  EXPECT_EQ(stored.loops.size(), 1U);
}

// Nowhere in what is stored; and the loop goes on all the same.
TEST(OpenScopes, WithoutValuesNoLiteralIsKept) {
  Stream stream;
  stream.run(1, "SET application_name = 'tenant-secret'");
  stream.run(1, "SELECT id FROM posts WHERE kind = 'first-secret' /* third-secret */ LIMIT 10");
  for (int i = 0; i < 10; ++i)
    stream.run(1, "SELECT * FROM comments WHERE post_id = 'secret" + std::to_string(i) + "'");
  stream.run(1, "SELECT 'unclosed-secret FROM");
  WorkloadOptions options;
  options.keep_values = false;
  Workload stored;
  const std::span<const Step> steps(stream.steps);
  extend(stored, steps.first(6), options);
  EXPECT_EQ(serialize(stored).find("secret"), std::string::npos);
  extend(stored, steps.subspan(6), options);
  EXPECT_EQ(serialize(stored).find("secret"), std::string::npos);
  close(stored, options);
  EXPECT_EQ(serialize(stored).find("secret"), std::string::npos);
  ASSERT_EQ(stored.loops.size(), 1U);
  EXPECT_EQ(stored.loops.begin()->second.executions, 10U);
}

TEST(OpenScopes, MergedHostsGoOnEachOnItsOwn) {
  const std::vector<Step> one = random_stream(21, 200, 1, "one");
  const std::vector<Step> two = random_stream(22, 200, 100, "two");
  Workload first, second;
  extend(first, std::span(one).first(101));
  extend(second, std::span(two).first(77));
  Workload forth = first, back = second;
  forth.merge(second);
  back.merge(first);
  EXPECT_EQ(serialize(forth), serialize(back));
  EXPECT_EQ(split_scopes(forth.open_scopes).size(), 2U);
  extend(forth, std::span(one).subspan(101));
  extend(forth, std::span(two).subspan(77));
  close(forth);
  Workload whole = facts_of(one);
  whole.merge(facts_of(two));
  expect_same(forth, whole, "merged");
}

TEST(OpenScopes, MoreSessionsThanFitAreClosedAndCounted) {
  Stream stream;
  for (uint64_t session = 1; session <= 10; ++session) {
    stream.run(session, "SELECT id FROM posts");
    for (int i = 0; i < 3; ++i)
      stream.run(session, "SELECT * FROM comments WHERE post_id = $1", {std::to_string(i)});
  }
  Workload stored;
  extend(stored, stream.steps);
  EXPECT_EQ(stored.dropped.scopes, 0U);
  WorkloadOptions few;
  few.max_open_scopes = 4;
  extend(stored, {}, few);
  EXPECT_EQ(stored.dropped.scopes, 6U);
  close(stored);
  EXPECT_EQ(stored.loops.begin()->second.scopes, 10U);
}

TEST(OpenScopes, DamagedBytesAreCountedAndLeftOut) {
  Workload stored;
  extend(stored, random_stream(31, 50, 1, "app"));
  const std::vector<std::string> parts = split_scopes(stored.open_scopes);
  ASSERT_EQ(parts.size(), 1U);
  const uint64_t before = stored.dropped.scopes;
  for (size_t length = 0; length < parts[0].size(); length += 5) {  // cut short
    Workload damaged = stored;
    damaged.open_scopes = join_scopes({parts[0].substr(0, length)});
    close(damaged);
    EXPECT_EQ(damaged.dropped.scopes, before + 1) << length;
  }
  for (size_t at = 0; at < parts[0].size(); at += 4) {  // other bytes: whatever comes out, no crash
    constexpr char kChanges[] = {'\x01', '\x7f', '\x80'};
    Workload damaged = stored;
    std::string part = parts[0];
    part[at] = static_cast<char>(part[at] ^ kChanges[at / 4 % 3]);
    damaged.open_scopes = join_scopes({part});
    extend(damaged, random_stream(32, 8, 1, "app"));
    close(damaged);
  }
  stored.open_scopes = "no such thing";
  close(stored);
  EXPECT_EQ(stored.dropped.scopes, before + 1);
}

TEST(OpenScopes, AScopeOfAnUnknownPatternIsLeftOut) {
  Workload stored;
  extend(stored, random_stream(41, 60, 1, "app"));
  stored.patterns.clear();
  close(stored);
  EXPECT_EQ(stored.dropped.scopes, 1U);
  EXPECT_TRUE(stored.patterns.empty());
}

}  // namespace
}  // namespace pgsieve
