// Loops within loops, and walks through a table that refers to itself.
#include <gtest/gtest.h>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

// wards → patients of each → the one doctor of each patient → the rooms of the doctor's clinic.
TEST(LoopChain, AChainThroughASingleRowNamesItsRoot) {
  SequenceBench bench;
  bench.run("SELECT id, name FROM wards ORDER BY id LIMIT 3");
  int patient = 500;
  for (int ward = 1; ward <= 3; ++ward) {
    bench.run("SELECT id, doctor_id FROM patients WHERE ward_id = " + std::to_string(ward));
    for (int i = 0; i < 4; ++i, ++patient) {
      bench.run("SELECT id, clinic_id FROM doctors WHERE id = " + std::to_string(patient));
      bench.run("SELECT id, floor FROM rooms WHERE clinic_id = " + std::to_string(900 - patient));
    }
  }
  for (const Finding& finding : bench.findings("n-plus-one")) {
    if (finding.table != "rooms") continue;
    EXPECT_EQ(finding.count, 12U);
    std::vector<std::string> path;
    std::vector<uint64_t> counts;
    for (const ChainLink& link : finding.chain) {
      path.push_back(link.table);
      counts.push_back(link.count);
    }
    EXPECT_EQ(path, (std::vector<std::string>{"wards", "patients", "doctors", "rooms"}));
    EXPECT_EQ(counts, (std::vector<uint64_t>{1, 3, 12, 12}));
    return;
  }
  ADD_FAILURE() << "not found";
}

// A child that brings no rows of its own is counted under each of its parents just as well.
TEST(LoopChain, AChainCountsTheListsInBetween) {
  SequenceBench bench;
  bench.run("SELECT id, name FROM wards ORDER BY id LIMIT 3");
  for (int ward = 1; ward <= 3; ++ward) {
    bench.run("SELECT id, name FROM patients WHERE ward_id = " + std::to_string(ward));
    for (int i = 0; i < 4; ++i)
      bench.run("SELECT count(*) FROM visits WHERE patient_id = " + std::to_string(100 * ward + i));
  }
  for (const Finding& finding : bench.findings("n-plus-one")) {
    if (finding.table != "visits") continue;
    ASSERT_EQ(finding.chain.size(), 3U);
    EXPECT_EQ(finding.chain[1].count, 3U);
    EXPECT_EQ(finding.chain[2].count, 12U);
    return;
  }
  ADD_FAILURE() << "not found";
}

// The inner loop's rows carry the outer list's key as well: that is no way from the one list to the other.
TEST(LoopChain, ALoopIsNoPartOfTheWayToItself) {
  SequenceBench bench(
      "CREATE TABLE wards (id int PRIMARY KEY, name text);"
      "CREATE TABLE patients (id int PRIMARY KEY, ward int REFERENCES wards, name text);"
      "CREATE TABLE visits (id int PRIMARY KEY, patient int REFERENCES patients, begins date, room text);");
  bench.run("SELECT id, name FROM wards ORDER BY id LIMIT 4");
  for (int ward = 1; ward <= 4; ++ward) {
    bench.run(
        "SELECT p.id, p.ward, p.name, w.id, w.name FROM patients p LEFT JOIN wards w ON w.id = p.ward WHERE "
        "w.id = " +
        std::to_string(ward));
    for (int i = 0; i < 3; ++i)
      bench.run(
          "SELECT v.id, v.begins, v.room, p.id, p.ward, p.name FROM visits v LEFT JOIN patients p ON p.id = "
          "v.patient WHERE p.id = " +
          std::to_string(100 * ward + i));
  }
  for (const Finding& finding : bench.findings("n-plus-one")) {
    if (finding.table != "visits") continue;
    std::vector<std::string> path;
    for (const ChainLink& link : finding.chain) path.push_back(link.table);
    EXPECT_EQ(path, (std::vector<std::string>{"wards", "patients", "visits"}));
    return;
  }
  ADD_FAILURE() << "not found";
}

// A record, one row it refers to, and a list of its kind, page after page: the list of the page before is no
// parent of this page's rows.
TEST(LoopChain, PagesThatEndWithAListAreNoChain) {
  SequenceBench bench;
  for (int i = 0; i < 12; ++i) {
    const std::string key = std::to_string(100 + i * 37);
    bench.run("SELECT id, patient_id FROM visits WHERE id = " + key, (9 + i % 7 * 5) * kMillisecond);
    bench.run("SELECT id, name FROM patients WHERE id = " + std::to_string(9000 - i * 31), 500);
    bench.run("SELECT id, patient_id FROM visits WHERE room = " + std::to_string(i), 500);
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

// Slow pages that look a row up and then what belongs to it: the row of one page is none of the list of the
// page before.
TEST(LoopChain, PagesOfARowAndItsChildrenAreNoChain) {
  SequenceBench bench;
  for (int i = 0; i < 12; ++i) {
    bench.run("SELECT id, name FROM doctors WHERE id = " + std::to_string(100 + i * 37),
              (9 + i % 5) * kMillisecond);
    bench.run("SELECT id, begins FROM shifts WHERE doctor_id = " + std::to_string(100 + i * 37), 500);
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

constexpr const char* kPlaces =
    "CREATE TABLE place (nr integer PRIMARY KEY, inside integer REFERENCES place, label text);";

// From one node down there is no list before the loop: its own rows are.
TEST(LoopChain, ChildrenOfChildrenAreAWalk) {
  SequenceBench bench(kPlaces);
  bench.run("SELECT nr, label FROM place WHERE nr = 3");
  for (int i = 0; i < 12; ++i)
    bench.run("SELECT nr, label FROM place WHERE inside = " + std::to_string(3 + i * i), 500);
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].confidence, Confidence::kMedium);
  EXPECT_EQ(findings[0].parent_query, findings[0].query);
  ASSERT_FALSE(findings[0].fixes.empty());
  EXPECT_TRUE(findings[0].fixes[0].code.starts_with("WITH RECURSIVE")) << findings[0].fixes[0].code;
}

// Rows of such a table, by a list of keys from elsewhere.
TEST(LoopChain, TheKeyOfATableThatRefersToItselfIsNoWalk) {
  SequenceBench bench(kPlaces);
  for (int i = 0; i < 12; ++i)
    bench.run("SELECT nr, inside, label FROM place WHERE nr = " + std::to_string(3 + i * i), 500);
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].confidence, Confidence::kLow);
  EXPECT_EQ(findings[0].parent_query, "");
  EXPECT_FALSE(findings[0].fixes[0].code.starts_with("WITH RECURSIVE")) << findings[0].fixes[0].code;
}

// Somebody opens one folder after another.
TEST(LoopChain, ChildrenOfOneNodeInEachRequestAreNoWalk) {
  SequenceBench bench(kPlaces);
  for (int i = 0; i < 12; ++i)
    bench.run("SELECT nr, label FROM place WHERE inside = " + std::to_string(3 + i * i),
              (30 + i % 5 * 35) * kMillisecond);
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

}  // namespace
}  // namespace pgsieve
