// .pgcap: what is written is read again; what is damaged is said and never a crash.
#include "analyzer/wire/conversation_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/wire/wire_testing.h"

namespace pgsieve {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ConversationFile : public ::testing::Test {
 protected:
  ~ConversationFile() override { ::unlink(file_.c_str()); }

  std::string recorded(bool with_hole = false) {
    Result<std::unique_ptr<ConversationWriter>> writer = ConversationWriter::create(file_);
    EXPECT_TRUE(writer.ok());
    (*writer)->open(7, "10.1.2.3", 1'000'000);
    (*writer)->data(7, Side::kClient, testing::startup("me", "shop"), 1'000'100);
    (*writer)->data(7, Side::kServer, testing::welcome(), 1'000'200);
    (*writer)->data(7, Side::kClient, testing::query("SELECT 1"), 1'000'300);
    if (with_hole) {
      (*writer)->lost(7, Side::kServer, 100, 1'000'400);
    } else {
      (*writer)->data(7, Side::kServer,
                      testing::row_description({{"a"}}) + testing::row({"1"}) +
                          testing::complete("SELECT 1") + testing::ready(),
                      1'000'400);
    }
    (*writer)->data(7, Side::kClient, testing::query("DELETE FROM t"), 1'000'500);
    (*writer)->data(7, Side::kServer, testing::complete("DELETE 2") + testing::ready(), 1'000'600);
    (*writer)->close(7, 1'000'700);
    EXPECT_TRUE((*writer)->finish());
    return testing::slurp(file_);
  }
  Result<IngestStats> read() {
    log_.lines.clear();
    return ingest({file_}, testing::wire_options(), log_);
  }

  std::string file_ = ::testing::TempDir() + "/pgsieve_" + std::to_string(getpid()) + ".pgcap";
  testing::EventLog log_;
};

TEST_F(ConversationFile, IsReadAgain) {
  const std::string bytes = recorded();
  const Result<IngestStats> stats = read();
  ASSERT_TRUE(stats.ok());
  EXPECT_EQ(stats->format, "pgcap");
  EXPECT_EQ(stats->entry_bytes, bytes.size());
  EXPECT_THAT(stats->incomplete, IsEmpty());
  EXPECT_THAT(log_.lines, ElementsAre("executed SELECT 1 rows=1", "executed DELETE FROM t rows=2", "end"));
  EXPECT_EQ(log_.durations.front(), 100);
}

TEST_F(ConversationFile, AHoleMakesTheVerdictPartial) {
  recorded(/*with_hole=*/true);
  const Result<IngestStats> stats = read();
  ASSERT_TRUE(stats.ok());
  EXPECT_THAT(stats->incomplete, ::testing::Contains(HasSubstr("1 holes (100 bytes")));
  EXPECT_THAT(log_.lines, ::testing::Contains("executed DELETE FROM t rows=2"));
}

TEST_F(ConversationFile, CutAnywhereKeepsWhatIsWhole) {
  const std::string bytes = recorded();
  for (size_t size = 8; size < bytes.size(); ++size) {
    testing::spill(file_, bytes.substr(0, size));
    const Result<IngestStats> stats = read();
    if (size < 16) {
      EXPECT_FALSE(stats.ok()) << size;
    } else {
      ASSERT_TRUE(stats.ok()) << size;
      EXPECT_THAT(stats->incomplete, ::testing::Not(IsEmpty())) << size;
      EXPECT_EQ(stats->entry_bytes + stats->unread_bytes, size);
    }
  }
}

TEST_F(ConversationFile, AnotherVersionIsNotGuessedAt) {
  std::string bytes = recorded();
  bytes[8] = 2;
  testing::spill(file_, bytes);
  const Result<IngestStats> stats = read();
  ASSERT_FALSE(stats.ok());
  EXPECT_THAT(stats.error().message, HasSubstr("version 2"));
}

TEST_F(ConversationFile, AnyByteMayBeWrong) {
  const std::string bytes = recorded();
  for (size_t at = 16; at < bytes.size(); ++at) {
    for (const char wrong : {'\0', '\x7f', '\xff'}) {
      std::string damaged = bytes;
      damaged[at] = wrong;
      testing::spill(file_, damaged);
      const Result<IngestStats> stats = read();
      if (stats.ok()) {
        EXPECT_EQ(stats->entry_bytes + stats->unread_bytes, bytes.size());
      }
    }
  }
}

}  // namespace
}  // namespace pgsieve
