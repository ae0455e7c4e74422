// Logs as shippers print them for people, and logs with other programs' lines between the server's.
#include <gtest/gtest.h>

#include <string>

#include "tests/capture/collect.h"
#include "tests/capture/unwrap_testing.h"

namespace pgsieve {
namespace {

using testing::ingest_text;
using testing::Ingested;

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

std::string escaped(const std::string& text) {
  return replaced(replaced(replaced(text, "\\", "\\\\"), "\"", "\\\""), "\t", "\\t");
}

std::string each(const std::string& log, const std::string& before, const std::string& after, bool escape) {
  std::string out;
  size_t number = 0;
  for (const std::string& line : lines_of(log))
    out += replaced(before, "#", std::to_string(number++)) + (escape ? escaped(line) : line) + after + "\n";
  return out;
}

// A statement with what the wrappers use as their marks.
std::string marks() {
  return "2026-11-22 00:53:03.318 UTC [77] LOG:  duration: 1.0 ms  statement: SELECT \"a\", E'\\t' FROM "
         "\"t\"\n"
         "\tWHERE b = '\"}]' AND c = ')'\n" +
         kLog;
}

TEST(UnwrapFields, FluentBit) {
  const std::string old = "[#] tail.0: [1700000000.000123, {\"log\"=>\"";
  const std::string recent = "[#] tail.0: [[1700000000.000123, {}], {\"log\"=>\"";
  expect_unwrapped(each(kLog, old, "\"}]", false), kLog, "Fluent Bit");
  expect_unwrapped(each(marks(), recent, "\", \"stream\"=>\"stderr\"}]", true), marks(), "Fluent Bit");
  expect_unwrapped(each(kLog, recent, "\", \"stream\"=>\"stderr\"}]", false), kLog, "Fluent Bit");
  // An entry a record, and the end of its line inside it.
  std::string entries;
  const std::vector<std::string> lines = lines_of(kLog);
  for (size_t i = 0; i + 1 < lines.size(); i += 2)
    entries += replaced(recent, "#", std::to_string(i)) + lines[i] + "\n" + lines[i + 1] + "\n\"}]\n";
  expect_unwrapped(entries, kLog, "Fluent Bit");
}

TEST(UnwrapFields, Logfmt) {
  expect_unwrapped(each(marks(), "time=\"2026-11-22T01:02:03Z\" level=info msg=\"", "\" pod=pg-0", true),
                   marks(), "logfmt");
  // A prefix with a key of its own in front is none.
  const std::string own = replaced(kLog, "2026-11-22", "pid=77 2026-11-22");
  expect_unwrapped(own, own, "");
}

TEST(UnwrapFields, Rubydebug) {
  std::string log;
  for (const std::string& line : lines_of(marks())) {
    log += "{\n    \"@timestamp\" => 2026-11-22T01:02:03.004Z,\n       \"message\" => \"" + escaped(line) +
           "\",\n          \"host\" => \"db1\"\n}\n";
  }
  expect_unwrapped(log, marks(), "rubydebug");
}

TEST(UnwrapFields, DebugExporter) {
  std::string log;
  size_t number = 0;
  for (const std::string& line : lines_of(marks())) {
    log += "LogRecord #" + std::to_string(number++) +
           "\nTimestamp: 1970-01-01 00:00:00 +0000 UTC\nBody: Str(" + line +
           ")\nAttributes:\n     -> log.file.name: Str(pg.log)\nTrace ID: \nFlags: 0\n";
  }
  expect_unwrapped(log, marks(), "OTLP");
}

TEST(UnwrapFields, VerboseJournal) {
  std::string log;
  for (const std::string& line : lines_of(marks())) {
    log +=
        "Sun 2026-11-22 01:02:03.000004 UTC [s=a;i=1;b=2;m=3;t=4;x=5]\n    PRIORITY=6\n    _PID=4\n    "
        "MESSAGE=" +
        line + "\n    _COMM=postgres\n";
    log += "Sun 2026-11-22 01:02:03.000004 UTC [s=a;i=1;b=2;m=3;t=4;x=5]\n    MESSAGE=cron\n    _COMM=cron\n";
  }
  const Unwrapped result = undo(log);
  EXPECT_EQ(result.text, marks());
  EXPECT_EQ(result.report.wrappers, "journald");
  EXPECT_EQ(result.report.other_records, 6U);
}

TEST(UnwrapFields, RecordsBehindATimeAndATag) {
  const auto json = [](const std::string& line) { return "{\"message\":" + json_string(line) + "}"; };
  std::string fluentd, file;
  for (const std::string& line : lines_of(kLog)) {
    fluentd += "2026-11-22 01:02:03.000456789 +0000 pg.log: " + json(line) + "\n";
    file += "tail.0: [1700000000.000123, " + json(line) + "]\n";
  }
  expect_unwrapped(fluentd, kLog, "JSON in led lines");
  expect_unwrapped(file, kLog, "JSON in led lines");
}

TEST(UnwrapFields, HeadersOfTail) {
  const std::vector<std::string> lines = lines_of(kLog);
  // The second file's line comes in the middle of an entry of the first one's.
  const std::string log = "==> a.log <==\n" + lines[0] + "\n\n==> b.log <==\n" + lines[2] +
                          "\n\n==> a.log <==\n" + lines[1] + "\n\n==> b.log <==\n" + lines[3] + "\n";
  const Unwrapped result = undo(log);
  EXPECT_EQ(result.report.wrappers, "tail");
  EXPECT_EQ(result.text.size(), kLog.size());
  EXPECT_NE(result.text.find(lines[0] + "\n" + lines[1] + "\n"), std::string::npos) << result.text;
  EXPECT_NE(result.text.find(lines[2] + "\n"), std::string::npos) << result.text;
}

TEST(UnwrapFields, ClusterManagersLines) {
  std::string log;
  for (const std::string& line : lines_of(kLog)) {
    if (!line.starts_with('\t')) {
      log +=
          "2026-11-22 01:02:03,004 INFO: no action. I am (pg-0), the leader with the lock\n"
          "2026-11-22 01:02:03,004 ERROR: get_cluster\nTraceback (most recent call last):\n"
          "  File \"/usr/lib/patroni.py\", line 1\nlocalhost:5432 - accepting connections\n";
    }
    log += line + "\n";
  }
  const Unwrapped result = undo(log);
  EXPECT_EQ(result.text, kLog);
  EXPECT_EQ(result.report.other_records, 15U);
  // In a statement they are its text.
  const std::string inside = replaced(log, "\tFROM", "\t2026-11-22 01:02:03,004 INFO: x\n\tFROM");
  EXPECT_NE(undo(inside).text.find("INFO: x"), std::string::npos);
}

TEST(UnwrapFields, MessagesWithoutAPrefix) {
  std::string log = "[";
  for (const std::string message : {"duration: 1.5 ms  statement: SELECT 'DETAIL:  x'", "GET | 200 | /rest",
                                    "duration: 2.5 ms  execute a: SELECT 2"}) {
    log += (log.size() > 1 ? "," : "") + std::string("{\"event_message\":") + json_string(message) +
           ",\"id\":\"a\",\"timestamp\":1795402291007000}";
  }
  const Ingested got = ingest_text(log + "]");
  ASSERT_EQ(got.error, "");
  ASSERT_EQ(got.stats.executions, 2U);
  EXPECT_EQ(got.kept.events[0].text, "SELECT 'DETAIL:  x'");
  EXPECT_EQ(got.kept.events[1].duration, 2500);
  EXPECT_EQ(got.stats.no_session, 2U);
}

// The end of a line within a value is the value's.
TEST(UnwrapFields, CarriageReturnsOfAStatement) {
  const std::string log =
      kLog + "2026-11-22 00:53:03.318 UTC [77] LOG:  duration: 1.0 ms  statement: SELECT 'a\r\n\tb'\n";
  std::string stamped;
  for (const std::string& line : lines_of(log)) stamped += "2026-11-22T01:02:03.004000005Z " + line + "\n";
  expect_unwrapped(stamped, log, "stamped lines");
  expect_unwrapped("\xEF\xBB\xBF" + stamped, log, "stamped lines");
}

}  // namespace
}  // namespace pgsieve
