// Loops and their look-alikes by sequences of statements.
#include <gtest/gtest.h>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

const std::string kList = "SELECT id, title FROM visits ORDER BY id LIMIT 20";

std::string visit(int id) {
  return "SELECT id, title, notes FROM visits WHERE id = " + std::to_string(id);
}

TEST(NPlusOne, ListedRowsReadAgainByKey) {
  SequenceBench bench;
  bench.run(kList);
  for (int id = 1; id <= 7; ++id) bench.run(visit(id), 800);
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].count, 7U);
}

TEST(NPlusOne, RowsOfAListOpenedOneByOneAreNoLoop) {
  for (const Microseconds think : {9 * kMillisecond, 60 * kMillisecond, 200 * kMillisecond}) {
    SequenceBench bench;
    bench.run(kList);
    for (const int id : {4, 17, 2, 9, 11, 6}) bench.run(visit(id), think);
    EXPECT_TRUE(bench.findings("n-plus-one").empty()) << think;
  }
}

// As many as were listed: a loop, however slow.
TEST(NPlusOne, ASlowLoopOverAWholePage) {
  SequenceBench bench;
  bench.run(kList);
  for (int id = 1; id <= 20; ++id) bench.run(visit(id), 60 * kMillisecond);
  EXPECT_EQ(bench.findings("n-plus-one").size(), 1U);
}

// The list was read on another connection: what runs here at leisure are requests.
TEST(NPlusOne, RequestsBesideAListOfAnotherConnection) {
  SequenceBench bench;
  for (int id = 1; id <= 12; ++id) {
    if (id % 3 == 1) {
      bench.session(2);
      bench.run(kList, 8 * kMillisecond);
      bench.session(1);
    }
    bench.run(visit(id * 37), 8 * kMillisecond);
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

// A relation's loader may find the row by the child's key: it reads another table than the one written.
TEST(NPlusOne, AReadThatOnlyJoinsTheWrittenTableIsItsOwnLoop) {
  SequenceBench bench(
      "CREATE TABLE doctors (id bigint PRIMARY KEY, name text);"
      "CREATE TABLE visits (id bigint PRIMARY KEY, doctor_id bigint REFERENCES doctors, notes text);");
  bench.run("SELECT id, notes FROM visits ORDER BY id LIMIT 6");
  for (int id = 1; id <= 6; ++id) {
    const std::string key = std::to_string(id);
    bench.run("SELECT d.id, d.name FROM doctors d JOIN visits v ON v.doctor_id = d.id WHERE v.id = " + key,
              500);
    bench.run("UPDATE visits SET notes = 'n" + key + "' WHERE id = " + key, 500);
  }
  const std::vector<Finding> reads = bench.findings("n-plus-one");
  ASSERT_EQ(reads.size(), 1U);
  EXPECT_EQ(reads[0].count, 6U);
}

TEST(NPlusOne, ACheckOfTheRowThatIsWrittenNextBelongsToTheWrite) {
  SequenceBench bench;
  for (int id = 1; id <= 6; ++id) {
    const std::string key = std::to_string(id);
    bench.run("SELECT id, notes FROM visits WHERE id = " + key, 500);
    bench.run("UPDATE visits SET notes = 'n" + key + "' WHERE id = " + key, 500);
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

TEST(WriteLoop, RequestsThatWriteOneRowEachAreNoLoop) {
  for (const Microseconds think : {8 * kMillisecond, 50 * kMillisecond}) {
    SequenceBench bench;
    for (int i = 0; i < 12; ++i)
      bench.run("INSERT INTO events (kind, body) VALUES ('click', 'b" + std::to_string(i) + "')", think);
    EXPECT_TRUE(bench.findings("write-loop").empty()) << think;
  }
}

TEST(WriteLoop, RowsWrittenOneAfterAnother) {
  SequenceBench bench;
  for (int i = 0; i < 12; ++i)
    bench.run("INSERT INTO events (kind, body) VALUES ('click', 'b" + std::to_string(i) + "')", 900);
  EXPECT_EQ(bench.findings("write-loop").size(), 1U);
}

}  // namespace
}  // namespace pgsieve
