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

// A csvlog's rows, of which one goes on over lines that look like another log's, and a jsonlog's records.
std::string rows() {
  const auto row = [](int number, const std::string& text) {
    return "2026-11-22 00:53:03.318 UTC,\"u\",\"d\",77,\"10.0.0.1:5\",6b03aa22.4d," + std::to_string(number) +
           ",\"SELECT\",2026-11-22 00:50:00 UTC,3/4,0,LOG,00000,\"duration: 1.000 ms  statement: " + text +
           "\",,,,,,,,,\"app\",\"client backend\",,0\n";
  };
  std::string log = row(1, "SELECT 1\n\n\tFROM t /*\nLOG:  duration: 5.0 ms  statement: SELECT fake\n*/");
  for (int i = 2; i < 9; ++i) log += row(i, "SELECT 2");
  return log;
}
std::string records() {
  std::string log;
  for (int i = 1; i < 9; ++i) {
    log +=
        R"({"timestamp":"2026-11-22 00:53:03.318 UTC","user":"u","dbname":"d","pid":77,"line_num":)" +
        std::to_string(i) +
        R"(,"error_severity":"LOG","message":"duration: 1.000 ms  statement: SELECT 'LOG:  x', \"a\"\n\tFROM t"})"
        "\n";
  }
  return log;
}

TEST(UnwrapFields, RowsAndRecordsInAnyWrapper) {
  for (const std::string& log : {rows(), records()}) {
    std::string tagged, named, streamed, message, fluent, fly;
    for (const std::string& line : lines_of(log)) {
      tagged += "2026-11-22T00:53:03.318000+00:00 db1 postgres: " + line + "\n";
      named += "[pod/pg-0/postgres] 2026-11-22T00:53:03.318000000Z " + line + "\n";
      streamed += "2026-11-22T00:53:03.318000+00:00 prod-db.0 " + line + "\n";
      message += "{\"@timestamp\":\"2026-11-22T00:53:03.318Z\",\"message\":" + json_string(line) + "}\n";
      fluent += "[0] pg: [[1700000000.000123, {}], {\"log\"=>\"" + line + "\"}]\n";
      fly += "2026-11-22T00:53:03Z app[1781965b436389] ams [info]" + line + "\n";
    }
    expect_unwrapped(tagged, log, "syslog");
    expect_unwrapped(named, log, "stamped lines in container output");
    expect_unwrapped(message, log, "JSON");
    expect_unwrapped(fluent, log, "Fluent Bit");
    if (log.starts_with('{')) continue;  // records need no lead to be known
    expect_unwrapped(streamed, log, "led lines");
    expect_unwrapped(fly, log, "led lines");
  }
}

}  // namespace
}  // namespace pgsieve
