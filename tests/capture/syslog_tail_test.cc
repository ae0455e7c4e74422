#include "analyzer/capture/syslog_tail.h"

#include <gtest/gtest.h>

#include "analyzer/capture/input_order.h"
#include "tests/capture/collect.h"

namespace pgsieve {
namespace {

using testing::TempFile;

std::string record(int process, const std::string& mark, const std::string& text) {
  return "Nov 22 00:53:03 host postgres[" + std::to_string(process) + "]: [" + mark + "] " + text + "\n";
}

const std::string kWhole = record(7, "3-1", "LOG:  statement: SELECT 0");
const std::string kFirst = record(7, "4-1", "LOG:  statement: SELECT 1");
const std::string kOther = record(9, "4-1", "LOG:  statement: SELECT 2");
const std::string kOtherRest = record(9, "4-2", "#011FROM t");
const std::string kRest = record(7, "4-2", "#011FROM t");

uint64_t cut_of(const std::string& before, const std::string& behind) {
  const TempFile log(before + behind);
  return end_of_whole_messages(*PlainFile::open(log.path()), before.size());
}

TEST(SyslogTail, NoMessageIsCut) {
  const uint64_t whole = kWhole.size(), first = whole + kFirst.size();
  EXPECT_EQ(cut_of(kWhole + kFirst, kRest), whole);
  EXPECT_EQ(cut_of(kWhole + kFirst + kRest, kOther), first + kRest.size());
  // Before the message that goes on stands a part of another that then goes on, too.
  EXPECT_EQ(cut_of(kWhole + kFirst + kOther + kRest, kOtherRest), whole);
  EXPECT_EQ(cut_of(kWhole + kFirst + kOther, kOtherRest), first);
  EXPECT_EQ(cut_of(kWhole + kFirst, ""), first) << "nothing shows that it goes on";
  EXPECT_EQ(cut_of(kWhole + kFirst, record(8, "4-2", "#011FROM t")), first) << "of another process";
  EXPECT_EQ(cut_of("LOG:  statement: SELECT 1\n", "\tFROM t\n"), 26U);
}

TEST(SyslogTail, IsReadFarFromTheStart) {
  std::string log;
  for (int i = 0; i < 10'000; ++i)
    log += record(7, std::to_string(i + 10) + "-1", "LOG:  statement: SELECT 1");
  const uint64_t whole = log.size();
  EXPECT_EQ(cut_of(log + kFirst, kRest), whole);
}

// The line that is being written is a part of the message.
TEST(SyslogTail, AnUnfinishedLineTellsOfItsMessage) {
  const TempFile log(kWhole + kFirst + kRest.substr(0, kRest.size() - 4));
  EXPECT_EQ(complete_size(log.path(), {}, {}), kWhole.size());
}

}  // namespace
}  // namespace pgsieve
