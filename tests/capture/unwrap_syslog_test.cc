// Syslog, as daemons, journalctl and frames on the wire spell it.
#include "tests/capture/unwrap_testing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace pgsieve {
namespace {

std::string fixture(const std::string& name) {
  std::ifstream file(std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/logs/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Syslog, JournalctlFormsFramesAndOldRepeats) {
  const std::string plain = " host [7] u@d LOG:  statement: SELECT 1\n\tFROM t\n";
  const std::string first = " host postgres[7]: [3-1] u@d LOG:  statement: SELECT 1\n";
  const std::string second = " host postgres[7]: [3-2] #011FROM t\n";
  const std::string full = "Sun 2026-11-22 00:53:03 UTC";
  expect_unwrapped(full + first + full + second, "2026-11-22 00:53:03 UTC" + plain, "syslog");
  const Unwrapped precise = undo("Nov 22 00:53:03.123456" + first + "Nov 22 00:53:03.123456" + second);
  EXPECT_NE(precise.text.find(" 00:53:03.123456 host [7] u@d LOG:  statement: SELECT 1\n\tFROM t\n"),
            std::string::npos)
      << precise.text;
  expect_unwrapped(
      "83 <134>1 2026-11-22T00:53:03.1Z host postgres 7 - - [3-1] u@d LOG:  statement: SELECT 1\n"
      "62 <134>1 2026-11-22T00:53:03.1Z host postgres 7 - - [3-2] #011FROM t\n",
      "2026-11-22 00:53:03.1 UTC" + plain, "syslog");
  const std::string head = "2026-11-22T00:53:03Z host ";
  const std::string wrapped = head + "postgres[3]: LOG:  statement: SELECT 3\n";
  const std::string line = "2026-11-22 00:53:03 UTC host [3] LOG:  statement: SELECT 3\n";
  expect_unwrapped(wrapped + wrapped + head + "last message repeated 2 times\n", line + line + line + line,
                   "syslog");
}

// A server that logs to stderr under systemd: each line is a record of its own, whose tab journalctl prints
// as blanks. What a statement's text imitates stays text.
TEST(Syslog, JournalctlPrintsTabsAsBlanks) {
  const std::string tab(8, ' ');
  for (const std::string head :
       {"2026-11-22T00:53:03.500000+00:00 host postgres[3]: ", "1795308783.500000 host postgres[3]: "}) {
    const Unwrapped result =
        undo(head + "2026-11-22 00:53:03.004 UTC [7] LOG:  duration: 1.5 ms  statement: SELECT 1,\n" + head +
             tab + tab + "'\n" + head + tab +
             "2026-11-22 00:53:03.004 UTC [9] LOG:  duration: 9.0 ms  statement: SELECT 9'\n");
    EXPECT_EQ(result.text,
              "2026-11-22 00:53:03.004 UTC host [7] LOG:  duration: 1.5 ms  statement: SELECT 1,\n\t" + tab +
                  "'\n\t2026-11-22 00:53:03.004 UTC [9] LOG:  duration: 9.0 ms  statement: SELECT 9'\n")
        << head;
  }
}

// What journalctl leaves out without --all is counted, and no part of the statement before it.
TEST(Syslog, JournalctlLeavesTextsOut) {
  const std::string head = "Nov 22 00:53:03 host postgres[3]: ";
  const std::string entry = "2026-11-22 00:53:03.004 UTC [7] LOG:  statement: SELECT 1\n";
  const std::string plain = "2026-11-22 00:53:03.004 UTC host [7] LOG:  statement: SELECT 1\n";
  const Unwrapped text =
      undo(head + entry + head + "[146B blob data]\n" + head + "[4.5K blob data]\n" + head + entry);
  EXPECT_EQ(text.text, plain + plain);
  EXPECT_EQ(text.report.omitted_records, 2U);
  EXPECT_EQ(text.report.other_records, 0U);

  const std::string record = R"({"_TRANSPORT":"stdout","__REALTIME_TIMESTAMP":"1795308783500000","MESSAGE":)";
  const std::string line = entry.substr(0, entry.size() - 1);
  const Unwrapped json =
      undo(record + json_string(line) + "}\n" + record + "null}\n" + record + json_string(line) + "}\n");
  EXPECT_EQ(json.text, entry + entry);
  EXPECT_EQ(json.report.omitted_records, 1U);
  EXPECT_EQ(json.report.other_records, 0U);
}

// rsyslog's RFC 5424 template keeps the blank behind "postgres[7]:", its JSON template as well.
TEST(Syslog, BlankOfTheTagIsNoPartOfTheMessage) {
  const std::string plain = " [7] u@d LOG:  statement: SELECT 'a b\n\tFROM t\n";
  const std::string frame = "<134>1 2026-11-22T00:53:03.1Z host postgres 7 - -  ";
  expect_unwrapped(
      frame + "[3-1] u@d LOG:  statement: SELECT 'a\n" + frame + "[3-2]  b\n" + frame + "[3-3] #011FROM t\n",
      "2026-11-22 00:53:03.1 UTC host" + plain, "syslog");
  const auto record = [](const std::string& message) {
    return R"({"timestamp":"2026-11-22T00:53:03.1Z","hostname":"host","syslogtag":"postgres[7]:",)"
           R"("message":)" +
           json_string(message) + "}\n";
  };
  expect_unwrapped(
      record(" [3-1] u@d LOG:  statement: SELECT 'a") + record(" [3-2]  b") + record(" [3-3] #011FROM t"),
      "2026-11-22 00:53:03.100 UTC" + plain, "syslog");
  // The pid and the line's number in log_line_prefix look like it.
  const std::string numbered = "[7-1] u@d LOG:  statement: SELECT 1";
  EXPECT_EQ(undo(record(numbered)).text, "2026-11-22 00:53:03.100 UTC " + numbered + "\n");
}

// The server cuts its messages at newlines, so no record has one.
TEST(Syslog, EscapedNewlineInACutRecordIsTheStatements) {
  const std::string head = "Nov 22 00:53:03 host postgres[7]: [3-1] u@d LOG:  statement: SELECT ";
  EXPECT_NE(undo(head + "'a#012b'\n").text.find("SELECT 'a#012b'\n"), std::string::npos);
}

// syslog_split_messages = off: a message is one record, its DETAIL within it.
TEST(Syslog, UnsplitMessagesHaveTheirDetail) {
  const std::string time = "Nov 22 00:53:03 host postgres[7]: ";
  const std::string text =
      "u@d LOG:  execute <unnamed>: SELECT $1#012#011FROM t#012u@d DETAIL:  parameters: $1 = 'DETAIL:'\n";
  const std::string plain = undo(time + text).text;
  EXPECT_NE(plain.find(" host [7] u@d LOG:  execute <unnamed>: SELECT $1\n\tFROM t\n"), std::string::npos)
      << plain;
  EXPECT_NE(plain.find(" host [7] u@d DETAIL:  parameters: $1 = 'DETAIL:'\n"), std::string::npos) << plain;
  const std::string own =
      undo(time + "[7] " + "u@d LOG:  execute a: SELECT $1#012[7] u@d DETAIL:  parameters: $1 = 'x'\n").text;
  EXPECT_NE(own.find(" host [7] u@d DETAIL:  parameters:"), std::string::npos) << own;
  const std::string numbered = undo(time + "[12] " + text).text;
  EXPECT_NE(numbered.find(" host [7] [12] u@d DETAIL:  parameters:"), std::string::npos) << numbered;
}

TEST(Syslog, LinesFoldedByImfileAreLinesAgain) {
  const std::string entry = "2026-11-22 00:53:03.1 UTC [7] LOG:  statement: SELECT E'a\\nb'\\n\tFROM t";
  const std::string lines = " [7] LOG:  statement: SELECT E'a\\nb'\n\tFROM t\n";
  expect_unwrapped("2026-11-22T00:53:04Z host postgresql: " + entry + "\n",
                   "2026-11-22 00:53:03.1 UTC host" + lines, "syslog");
  EXPECT_EQ(undo("{\"message\":" + json_string(entry) + "}\n").text, "2026-11-22 00:53:03.1 UTC" + lines);
}

// One server run, written to syslog and to stderr with the same prefix.
TEST(Syslog, TextsEqualThoseOfStderr) {
  const Unwrapped result = undo(fixture("run.syslog"));
  EXPECT_EQ(result.report.wrappers, "syslog");
  EXPECT_EQ(result.report.other_records, 0U);
  std::string bare;
  for (const std::string& line : lines_of(result.text))
    bare += (line.starts_with('\t') ? line : line.substr(line.find("] ") + 2)) + "\n";
  const auto entries = [](const std::string& text) {
    std::vector<std::string> list;
    for (const std::string& line : lines_of(text)) {
      if (line.starts_with('\t') && !list.empty()) {
        list.back() += "\n" + line;
      } else {
        list.push_back(line);
      }
    }
    std::sort(list.begin(), list.end());  // sessions interleave differently
    return list;
  };
  EXPECT_EQ(entries(bare), entries(fixture("run.stderr.log")));
}

TEST(Syslog, LongLinesAreJoinedAsTheyWere) {
  const std::string text = undo(fixture("long.syslog")).text;
  std::string sample;
  for (int i = 0; i < 1200; ++i) sample += "\xc3\xa9";
  EXPECT_NE(text.find("SELECT '" + sample + "' AS a,\n\t\t'word word"), std::string::npos);
}

TEST(Syslog, Rfc5424AndIsoDates) {
  const std::string plain =
      "2026-11-22 00:53:03.123456 UTC host [7] u@d LOG:  statement: SELECT 1\n\tFROM t\n";
  expect_unwrapped(
      "<134>1 2026-11-22T00:53:03.123456Z host postgres 7 - - [3-1] u@d LOG:  statement: SELECT 1\n"
      "<134>1 2026-11-22T00:53:03.123456Z host postgres 7 - [a b=\"]\"] [3-2] #011FROM t\n",
      plain, "syslog");
  expect_unwrapped(
      "2026-11-22T00:53:03.123456Z host postgres[7]: [3-1] u@d LOG:  statement: SELECT 1\n"
      "2026-11-22T00:53:03.123456Z host postgres[7]: [3-2] #011FROM t\n",
      plain, "syslog");
}

TEST(Syslog, InterleavedSessionsRepeatsAndOtherPrograms) {
  const std::string head = "2026-11-22T00:53:03Z host ";
  const Unwrapped result =
      undo(head + "postgres[1]: [1-1] LOG:  statement: SELECT a\n" + head +
           "postgres[2]: [1-1] LOG:  statement: SELECT b\n" + head + "cron[9]: (root) CMD (x)\n" + head +
           "postgres[1]: [1-2] #011FROM a\n" + head + "postgres[2]: [1-2] #011FROM b\n" + head +
           "postgres[3]: message repeated 2 times: [ LOG:  statement: SELECT 3]\n");
  const std::string time = "2026-11-22 00:53:03 UTC host ";
  EXPECT_EQ(result.text, time + "[1] LOG:  statement: SELECT a\n\tFROM a\n" + time +
                             "[2] LOG:  statement: SELECT b\n\tFROM b\n" + time +
                             "[3] LOG:  statement: SELECT 3\n" + time + "[3] LOG:  statement: SELECT 3\n");
  EXPECT_EQ(result.report.other_records, 1U);
}

TEST(Syslog, WithoutSequenceNumbers) {
  const std::string head = "Nov 22 00:53:03 host postgres[1]: ";
  const Unwrapped result =
      undo(head + "2026-11-22 00:53:03.001 UTC [1] u@d LOG:  statement: SELECT a\n" + head + "#011FROM a\n" +
           head + "2026-11-22 00:53:03.001 UTC [1] u@d DETAIL:  parameters: $1 = '1'\n");
  EXPECT_EQ(result.text,
            "2026-11-22 00:53:03.001 UTC host [1] u@d LOG:  statement: SELECT a\n\tFROM a\n"
            "2026-11-22 00:53:03.001 UTC host [1] u@d DETAIL:  parameters: $1 = '1'\n");
}

TEST(Syslog, GivenPrefixIsTheServers) {
  IngestOptions options;
  options.prefix = "%m [%p] %u@%d ";
  options.prefix_given = true;
  const Unwrapped result = undo(
      "Nov 22 00:53:03 host postgres[1]: [1-1] 2026-11-22 00:53:03.001 UTC [1] u@d LOG:  x\n", 1000, options);
  EXPECT_TRUE(result.report.inner_prefix_known);
  EXPECT_EQ(result.report.inner_prefix, "%m %L [%p] %u@%d ");
}

}  // namespace
}  // namespace pgsieve
