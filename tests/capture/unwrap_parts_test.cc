// Messages that the server cut for syslog, in records that are no lines of a syslog file.
#include "tests/capture/unwrap_testing.h"

#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>

namespace pgsieve {
namespace {

constexpr const char* kFixtures[] = {"run.syslog", "long.syslog"};

std::vector<std::string> fixture_lines(const std::string& name) {
  std::ifstream file(std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/logs/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return lines_of(text.str());
}

// "MMM dd hh:mm:ss", host, process and message of a syslog line.
std::smatch parts_of(const std::string& line) {
  static const std::regex kLine(R"((.{15}) (\S+) postgres\[(\d+)\]: (.*)\n?)");
  std::smatch parts;
  EXPECT_TRUE(std::regex_match(line, parts, kLine)) << line;
  return parts;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line.ends_with('\n') ? line : line + "\n";
  return text;
}

// The same with the tabs that the daemon wrote as "#011".
std::string with_tabs(std::string text) {
  for (size_t at = text.find("#011"); at != std::string::npos; at = text.find("#011", at))
    text.replace(at, 4, "\t");
  return text;
}

// A daemon that does not read records puts a time and a host of its own before them.
TEST(SyslogParts, RecordsThatWereNotReadAreRead) {
  for (const char* name : kFixtures) {
    const std::vector<std::string> lines = fixture_lines(name);
    std::vector<std::string> bare, with_host;
    for (const std::string& line : lines) {
      const std::smatch parts = parts_of(line);
      const std::string head = parts.str(1) + " " + parts.str(2) + " <134>" + parts.str(1) + " ";
      const std::string tail = "postgres[" + parts.str(3) + "]: " + parts.str(4);
      bare.push_back(head + tail);
      with_host.push_back(head + parts.str(2) + " " + tail);
    }
    const Unwrapped plain = undo(joined(lines));
    EXPECT_EQ(undo(joined(bare)).text, plain.text) << name;
    EXPECT_EQ(undo(joined(with_host)).text, plain.text) << name;
  }
}

TEST(SyslogParts, OfTheJournalWithAllFieldsAreJoined) {
  for (const char* name : kFixtures) {
    std::vector<std::string> lines = fixture_lines(name), records;
    for (std::string& line : lines) {
      const std::smatch parts = parts_of(line);
      const std::string time = "2026-11-22 " + parts.str(1).substr(7);
      records.push_back(
          "Sun " + time + " UTC [s=a;i=1;b=2;m=3;t=4;x=5]\n    _TRANSPORT=syslog\n    MESSAGE=" +
          with_tabs(parts.str(4)) + "\n    SYSLOG_IDENTIFIER=postgres\n    SYSLOG_PID=" + parts.str(3));
      // What remains of a line with a time of its own and no host.
      line = time + "Z host postgres[" + parts.str(3) + "]: " + parts.str(4);
      line[10] = 'T';
    }
    std::string plain = undo(joined(lines)).text;
    for (size_t at = plain.find(" UTC host ["); at != std::string::npos; at = plain.find(" UTC host [", at))
      plain.erase(at + 4, 5);
    const Unwrapped verbose = undo(joined(records));
    EXPECT_EQ(verbose.text, plain) << name;
    EXPECT_EQ(verbose.report.wrappers, "journald") << name;
  }
}

// `journalctl -o cat`: the messages and nothing else.
TEST(SyslogParts, WithNothingAroundThemAreJoined) {
  const std::string first = "2026-11-22 00:53:03.1 UTC [7] u@d LOG:  ";
  const std::string second = "2026-11-22 00:53:03.2 UTC [9] u@d LOG:  ";
  const std::string detail = "2026-11-22 00:53:03.1 UTC [7] u@d DETAIL:  parameters: $1 = 'x'\n";
  const std::string full(880, 'x');
  expect_unwrapped("[3-1] " + first + "statement: SELECT 1\n" +  // another process's message 3
                       "[3-1] " + second + "statement: SELECT '" + full + "\n" +
                       "[3-2] abc def\n" +  // cut without a blank
                       "[3-3]  ghi'\n" +    // and at one
                       "[3-4] \tFROM t -- LOG:  no entry\n" + "[4-1] " + first +
                       "execute <unnamed>: SELECT $1\n" + "[4-1] " + second +
                       "execute <unnamed>: SELECT 2\n" + "[4-2] " + detail,  // of the one with its prefix
                   first + "statement: SELECT 1\n" + second + "statement: SELECT '" + full +
                       "abc def ghi'\n" + "\tFROM t -- LOG:  no entry\n" + first +
                       "execute <unnamed>: SELECT $1\n" + detail + second + "execute <unnamed>: SELECT 2\n",
                   "syslog");
}

// What a rate limit or the network drops shows in the numbers. A process id that comes again counts anew.
TEST(SyslogParts, MissingOnesAreCounted) {
  const auto record = [](int process, const std::string& mark, const std::string& text) {
    return "Nov 22 00:53:03 host postgres[" + std::to_string(process) + "]: [" + mark + "] " + text + "\n";
  };
  const std::string entry = "u@d LOG:  statement: SELECT 1", further = "#011FROM t";
  const std::string whole = record(7, "8-1", entry) + record(9, "3-1", entry) + record(7, "8-2", further) +
                            record(7, "9-1", entry) + record(7, "4-1", entry) + record(7, "5-1", entry);
  EXPECT_EQ(undo(whole).report.missing_messages, 0U);
  EXPECT_EQ(undo(whole + record(9, "6-1", entry)).report.missing_messages, 2U);
  EXPECT_EQ(undo(whole + record(9, "6-1", entry) + record(9, "5-1", entry) + record(9, "7-1", entry))
                .report.missing_messages,
            1U)
      << "one came late";
  EXPECT_EQ(undo(whole + record(7, "6-1", entry) + record(7, "6-3", further)).report.missing_messages, 1U);
  const auto journal = [](const std::string& mark) {
    return R"({"_PID":"7","__REALTIME_TIMESTAMP":"1795308783500000","MESSAGE":"[)" + mark +
           R"(] u@d LOG:  statement: SELECT 1"})" + "\n";
  };
  EXPECT_EQ(undo(journal("8-1") + journal("9-1")).report.missing_messages, 0U);
  EXPECT_EQ(undo(journal("8-1") + journal("11-1")).report.missing_messages, 2U);
  for (const char* name : kFixtures)
    EXPECT_EQ(undo(joined(fixture_lines(name))).report.missing_messages, 0U) << name;
  const std::vector<std::string> warnings =
      warnings_of(undo(whole + record(9, "6-1", entry)).report, "a.log");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("a.log: 2 messages of the server are missing"), std::string::npos)
      << warnings[0];
}

// "[%p-%l] " is a log_line_prefix.
TEST(SyslogParts, APrefixOfTwoNumbersIsNone) {
  std::string log;
  for (int i = 1; i < 9; ++i)
    log += "[77-" + std::to_string(i) + "] LOG:  statement: SELECT " + std::to_string(i) + "\n\tFROM t\n";
  EXPECT_EQ(undo(log).report.wrappers, "");
  EXPECT_EQ(undo(log).text, log);
}

}  // namespace
}  // namespace pgsieve
