// Syslog records with their length before them.
#include <gtest/gtest.h>

#include <string>

#include "tests/capture/unwrap_testing.h"

namespace pgsieve {
namespace {

std::string frame(const std::string& record) {
  return std::to_string(record.size()) + " " + record;
}

const std::string kFirst =
    "<134>1 2026-11-22T00:53:03.1Z host app postgres.77 - [DATABASE] [1-1]  LOG:  statement: SELECT 1";
const std::string kSecond = "<134>1 2026-11-22T00:53:03.2Z host app postgres.77 - [DATABASE] [1-2] \tFROM t";
const std::string kPlain = "2026-11-22 00:53:03.1 UTC host [77]  LOG:  statement: SELECT 1\n\tFROM t\n";

TEST(UnwrapFrames, NothingBetweenThem) {
  expect_unwrapped(frame(kFirst) + frame(kSecond), kPlain, "syslog in frames");
}

TEST(UnwrapFrames, LineEndsInsideOrBehind) {
  expect_unwrapped(frame(kFirst + "\n") + frame(kSecond), kPlain, "syslog in frames");
  expect_unwrapped(frame(kFirst) + "\n" + frame(kSecond), kPlain, "syslog in frames");
}

TEST(UnwrapFrames, NewlinesOfARecordAreTheStatements) {
  const std::string record =
      "<134>1 2026-11-22T00:53:03.1Z host postgres 77 - - LOG:  statement: SELECT 1\n\tFROM t";
  const std::string plain = "2026-11-22 00:53:03.1 UTC host [77] LOG:  statement: SELECT 1\n\tFROM t\n";
  expect_unwrapped(frame(record) + frame(record), plain + plain, "syslog in frames");
}

TEST(UnwrapFrames, ACutOneIsDamageAndItsStartIsRead) {
  const std::string all = frame(kFirst) + frame(kFirst) + frame(kSecond);
  const Unwrapped got = undo(all.substr(0, all.size() - 3));
  EXPECT_EQ(got.report.damaged_records, 1u);
  EXPECT_NE(got.text.find("\tFRO"), std::string::npos) << got.text;
}

}  // namespace
}  // namespace pgsieve
