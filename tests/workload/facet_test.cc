#include "analyzer/workload/facet.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace pgsieve {
namespace {

// A random stream of values, few of them or many.
std::vector<std::string> values(uint32_t seed, size_t length, uint32_t distinct) {
  std::mt19937 random(seed);
  std::vector<std::string> stream;
  for (size_t i = 0; i < length; ++i) stream.push_back("value " + std::to_string(random() % distinct));
  return stream;
}

FacetCounts counted(const std::vector<std::string>& stream) {
  FacetCounts facet;
  for (const std::string& value : stream) facet.add(value);
  return facet;
}

FacetCounts merged(FacetCounts left, const FacetCounts& right) {
  left.merge(right);
  return left;
}

TEST(FacetCounts, MergingEqualsCountingJointly) {
  for (const uint32_t distinct : {1U, 5U, 31U, 32U, 33U, 200U, 5000U}) {
    const std::vector<std::string> a = values(1, 700, distinct), b = values(2, 900, distinct);
    std::vector<std::string> both = a;
    both.insert(both.end(), b.begin(), b.end());
    EXPECT_EQ(merged(counted(a), counted(b)), counted(both)) << distinct;
    EXPECT_EQ(merged(counted(b), counted(a)), counted(both)) << distinct;
  }
}

TEST(FacetCounts, MergingIsAssociative) {
  const FacetCounts a = counted(values(3, 300, 100)), b = counted(values(4, 300, 100)),
                    c = counted(values(5, 300, 100));
  EXPECT_EQ(merged(merged(a, b), c), merged(a, merged(b, c)));
  EXPECT_EQ(merged(a, FacetCounts()), a);
  EXPECT_EQ(merged(FacetCounts(), a), a);
}

TEST(FacetCounts, KeptCountsAreExact) {
  const std::vector<std::string> stream = values(6, 5000, 300);
  std::map<std::string, uint64_t> truth;
  for (const std::string& value : stream) ++truth[value];
  const FacetCounts facet = counted(stream);
  EXPECT_EQ(facet.values().size(), FacetCounts::kCapacity);
  EXPECT_EQ(facet.total(), stream.size());
  EXPECT_FALSE(facet.complete());
  for (const FacetCounts::Value& value : facet.values()) EXPECT_EQ(value.count, truth[value.text]);
}

TEST(FacetCounts, MostFrequentFirstTiesByText) {
  FacetCounts facet;
  facet.add("b");
  facet.add("a");
  facet.add("c", 5);
  ASSERT_EQ(facet.by_frequency().size(), 3U);
  EXPECT_EQ(facet.by_frequency()[0].text, "c");
  EXPECT_EQ(facet.by_frequency()[1].text, "a");
  EXPECT_TRUE(facet.complete());
}

}  // namespace
}  // namespace pgsieve
