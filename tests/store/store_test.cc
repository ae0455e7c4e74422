#include "analyzer/store/store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "analyzer/store/ingest_record.h"
#include "analyzer/workload/serialize.h"

namespace pgsieve {
namespace {

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    path_ = (std::filesystem::temp_directory_path() /
             ("pgsieve-store-" + std::string(test->name()) + std::to_string(::getpid())))
                .string();
    TearDown();
  }
  void TearDown() override {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
  }

  static Workload make_workload(uint64_t fingerprint, uint64_t calls) {
    Workload workload;
    Pattern pattern;
    pattern.key.fingerprint = fingerprint;
    pattern.reference_text = "SELECT * FROM posts WHERE user_id = 1";
    pattern.query = "SELECT * FROM posts WHERE user_id = $1";
    pattern.calls = calls;
    pattern.durations.add(1500, calls);
    pattern.shape = std::make_shared<const StatementShape>(draw_shape(pattern.reference_text));
    workload.patterns[pattern.key] = pattern;
    Loop loop;
    loop.key.child = pattern.key;
    loop.scopes = 1;
    loop.executions = calls;
    workload.loops[loop.key] = loop;
    workload.executions = calls;
    workload.first = workload.last = 1000;
    return workload;
  }

  static IngestStats make_ingest(const std::string& name) {
    IngestStats ingest;
    ingest.files = {{.name = name,
                     .format = "stderr",
                     .prefix = "%m ",
                     .bytes = 10,
                     .decoded_bytes = 20,
                     .lines = 2,
                     .content = {}}};
    ingest.bytes = 10;
    ingest.lines = 2;
    ingest.format = "stderr";
    ingest.prefix = "%m ";
    ingest.unread_lines = 1;
    ingest.unread_shapes["w w"] = {.lines = 1, .sample = "a b", .file = 0, .line = 2, .offset = 5};
    ingest.settings = {{"log_duration", "on"}};
    ingest.warnings = {"a warning"};
    ingest.first = 5;
    ingest.last = 6;
    return ingest;
  }

  // One run of the program: reads `name`, adds it and commits.
  void add(uint64_t fingerprint, uint64_t calls, const std::string& name) {
    Result<Store> store = Store::open_for_update(path_);
    ASSERT_TRUE(store) << store.error().to_string();
    Result<StoreContents> contents = store->load();
    ASSERT_TRUE(contents) << contents.error().to_string();
    const Workload added = make_workload(fingerprint, calls);
    contents->workload.merge(added);
    merge_ingest(contents->ingest, make_ingest(name));
    const Status failed = store->commit(*contents, added, {{name, {7, {1, fingerprint}}}});
    ASSERT_FALSE(failed) << failed->to_string();
  }

  std::string path_;
};

TEST_F(StoreTest, GivesBackWhatWasCommitted) {
  add(1, 3, "a.log");
  add(2, 4, "b.log");
  add(1, 5, "c.log");
  Result<Store> store = Store::open(path_);
  ASSERT_TRUE(store) << store.error().to_string();
  Result<StoreContents> contents = store->load();
  ASSERT_TRUE(contents);
  Workload expected = make_workload(1, 3);
  expected.merge(make_workload(2, 4));
  expected.merge(make_workload(1, 5));
  EXPECT_EQ(serialize(contents->workload), serialize(expected));
  EXPECT_EQ(contents->ingest.files.size(), 3U);
  EXPECT_EQ(contents->ingest.bytes, 30U);
  EXPECT_EQ(contents->ingest.unread_lines, 3U);
  EXPECT_EQ(contents->ingest.unread_shapes.at("w w").lines, 3U);
  EXPECT_EQ(contents->ingest.warnings.size(), 1U);
  EXPECT_EQ(contents->ingest.settings.at("log_duration"), "on");
  EXPECT_EQ(contents->ingest.first, 5);
  EXPECT_EQ(contents->ingest.min_duration_seen, kUnknownTime);
  const auto inputs = store->inputs();
  ASSERT_TRUE(inputs);
  ASSERT_EQ(inputs->size(), 3U);
  EXPECT_EQ((*inputs)[2].name, "c.log");
  EXPECT_EQ((*inputs)[2].content.identity.low, 1U);
}

TEST_F(StoreTest, ColumnsCanBeQueried) {
  add(0xabc, 3, "a.log");
  Result<Database> database = Database::open(path_, Database::Mode::kRead);
  ASSERT_TRUE(database);
  const auto calls = database->number(
      "SELECT calls FROM patterns WHERE fingerprint = '0000000000000abc' AND total_ms = 4.5");
  ASSERT_TRUE(calls);
  EXPECT_EQ(*calls, 3);
}

TEST_F(StoreTest, WithoutCommitNothingChanges) {
  add(1, 3, "a.log");
  {
    Result<Store> store = Store::open_for_update(path_);
    ASSERT_TRUE(store);
  }
  Result<Store> store = Store::open(path_);
  ASSERT_TRUE(store);
  EXPECT_EQ(store->load()->workload.executions, 3U);
}

TEST_F(StoreTest, AReaderSeesOneStateWhileAWriterCommits) {
  add(1, 3, "a.log");
  Result<Store> reader = Store::open(path_);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->inputs()->size(), 1U);
  add(2, 4, "b.log");
  EXPECT_EQ(reader->inputs()->size(), 1U);
  EXPECT_EQ(reader->load()->workload.executions, 3U);
}

TEST_F(StoreTest, RefusesWhatIsNoStore) {
  EXPECT_FALSE(Store::open(path_));  // missing
  std::ofstream(path_)
      << "this is a text file, and long enough to be taken for a database header by nobody at all....";
  Result<Store> text = Store::open(path_);
  ASSERT_FALSE(text);
  EXPECT_NE(text.error().message.find("not a pgsieve store"), std::string::npos) << text.error().message;
  EXPECT_FALSE(Store::open_for_update(path_));
  std::filesystem::remove(path_);
  {
    Result<Database> other = Database::open(path_, Database::Mode::kWrite);
    ASSERT_TRUE(other);
    ASSERT_FALSE(other->execute("CREATE TABLE somebody_elses(x)"));
  }
  EXPECT_FALSE(Store::open(path_));
  EXPECT_FALSE(Store::open_for_update(path_));
}

TEST_F(StoreTest, RefusesANewerVersion) {
  add(1, 3, "a.log");
  {
    Result<Database> database = Database::open(path_, Database::Mode::kWrite);
    ASSERT_TRUE(database);
    ASSERT_FALSE(database->execute("PRAGMA user_version=999"));
  }
  Result<Store> store = Store::open(path_);
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("version 999"), std::string::npos);
}

TEST_F(StoreTest, WhatAnEarlierVersionMadeIsOfThisOneOnceWrittenTo) {
  const auto version = [this] {
    const Result<Database> database = Database::open(path_, Database::Mode::kRead);
    return *database->number("PRAGMA user_version");
  };
  add(1, 3, "a.log");
  {
    Result<Database> database = Database::open(path_, Database::Mode::kWrite);
    ASSERT_TRUE(database);
    ASSERT_FALSE(database->execute("PRAGMA user_version=1"));
  }
  EXPECT_TRUE(Store::open(path_));
  EXPECT_EQ(version(), 1);
  add(4, 6, "b.log");
  EXPECT_EQ(version(), kStoreSchemaVersion);
}

TEST_F(StoreTest, DamagedFactsAreAnError) {
  add(1, 3, "a.log");
  {
    Result<Database> database = Database::open(path_, Database::Mode::kWrite);
    ASSERT_TRUE(database);
    ASSERT_FALSE(database->execute("UPDATE patterns SET facts = x'0102'"));
  }
  Result<Store> store = Store::open(path_);
  ASSERT_TRUE(store);
  EXPECT_FALSE(store->load());
}

TEST(MergeIngest, TakesFormatsThatDifferForMixed) {
  IngestStats all;
  IngestStats first;
  first.files.resize(1);
  first.format = "stderr";
  first.prefix = "%m ";
  first.pin_options = "--format stderr";
  merge_ingest(all, first);
  EXPECT_EQ(all.format, "stderr");
  EXPECT_EQ(all.pin_options, "--format stderr");
  IngestStats second;
  second.files.resize(1);
  second.format = "csvlog";
  merge_ingest(all, second);
  EXPECT_EQ(all.format, "mixed");
  EXPECT_EQ(all.prefix, "%m ");
  EXPECT_EQ(all.pin_options, "");
}

TEST(MergeIngest, UnreadShapesPointAtTheirFile) {
  IngestStats all;
  all.files.resize(2);
  IngestStats later;
  later.files.resize(1);
  later.unread_shapes["w"] = {.lines = 2, .sample = "x", .file = 0, .line = 1, .offset = 0};
  merge_ingest(all, later);
  EXPECT_EQ(all.unread_shapes.at("w").file, 2U);
  merge_ingest(all, later);
  EXPECT_EQ(all.unread_shapes.at("w").lines, 4U);
}

}  // namespace
}  // namespace pgsieve
