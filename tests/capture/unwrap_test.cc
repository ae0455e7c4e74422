#include "analyzer/capture/unwrap.h"

#include <gtest/gtest.h>

#include "tests/capture/unwrap_testing.h"

namespace pgsieve {
namespace {

std::string cri(const std::string& log, size_t piece = 1000) {
  std::string out;
  for (const std::string& line : lines_of(log)) {
    for (size_t at = 0; at == 0 || at < line.size(); at += piece) {
      out += "2026-11-22T00:53:03.318123456Z stderr ";
      out += at + piece < line.size() ? "P " : "F ";
      out += line.substr(at, piece) + "\n";
      out += "2026-11-22T00:53:03.318123457Z stdout F \n";  // another stream in between
    }
  }
  return out;
}

std::string without_empty_lines(const std::string& text) {
  std::string out;
  for (const std::string& line : lines_of(text)) {
    if (!line.empty()) out += line + "\n";
  }
  return out;
}

TEST(Unwrap, PlainLogsPass) {
  const std::string json =
      R"({"timestamp":"2026-11-22 00:53:03.318 UTC","pid":1,"error_severity":"LOG","message":"x"})"
      "\n";
  const std::string csv =
      "2026-11-22 00:53:03.318 UTC,,,25940,,6b.65,1,,2026-11-22 00:50:19 "
      "UTC,,0,LOG,00000,\"a\nb\",,,,,,,,,\"\"\n";
  for (const std::string& log : {kLog, json, csv, std::string("garbage\n"), std::string(), std::string("{\n"),
                                 std::string(300'000, 'x')}) {
    expect_unwrapped(log, log, "");
  }
}

TEST(Unwrap, Docker) {
  expect_unwrapped(docker(kLog), kLog, "docker");
  const std::string longer =
      "2026-11-22 00:53:03.318 UTC [1] LOG:  statement: SELECT '" + std::string(70'000, 'y') + "'\n";
  expect_unwrapped(docker(longer), longer, "docker");
}

TEST(Unwrap, Cri) {
  for (const size_t piece : {size_t{1000}, size_t{10}}) {
    const Unwrapped result = undo(cri(kLog, piece));
    EXPECT_EQ(without_empty_lines(result.text), kLog);
    EXPECT_EQ(result.report.wrappers, "CRI");
  }
}

TEST(Unwrap, WrappersNest) {
  expect_unwrapped(docker(docker(kLog)), kLog, "docker in docker");
  EXPECT_EQ(undo(docker(cri(kLog))).report.wrappers, "CRI in docker");
  EXPECT_EQ(without_empty_lines(undo(docker(cri(kLog))).text), kLog);
}

TEST(Unwrap, CloudWatchLines) {
  const std::string entry =
      "2019-08-08 00:49:34 UTC:10.0.0.1(123):u@d:[12]:LOG:  duration: 1 ms  statement: SELECT 1\n";
  expect_unwrapped("2019-08-08T00:49:34.000Z " + entry + "FROM t\n2019-08-08T00:49:35.000Z " + entry,
                   entry + "\tFROM t\n" + entry, "stamped lines");
}

// kubectl logs --timestamps, GitHub Actions; Grafana puts a number in front, logcli the labels behind.
TEST(Unwrap, StampedLinesOfEveryKind) {
  std::string stamped, numbered, labelled, rows;
  const std::string row =
      "2026-11-22 00:53:03.318 UTC,\"u\",\"d\",77,,6b.4d,1,\"SELECT\",,3/4,0,LOG,00000,\"statement: SELECT "
      "1\n";
  const std::string json =
      R"({"timestamp":"2026-11-22 00:53:03.318 UTC","pid":77,"error_severity":"LOG","message":"statement: SELECT 1"})"
      "\n";
  for (const std::string& line : lines_of(kLog)) {
    stamped += "2026-11-22T00:53:03.318000000Z " + line + "\n";
    numbered += "1795308783318\t2026-11-22T00:53:03.318Z\t" + line + "\n";
    labelled += "2026-11-22T00:53:03Z {job=\"pg\", host=\"a\"} " + line + "\n";
  }
  expect_unwrapped(stamped, kLog, "stamped lines");
  expect_unwrapped(numbered, kLog, "stamped lines");
  expect_unwrapped("2026-11-22T00:53:03.318Z " + json, json, "stamped lines");
  expect_unwrapped("2026-11-22T00:53:03.318Z " + row + "2026-11-22T00:53:03.318Z FROM t\",,,\n",
                   row + "FROM t\",,,\n", "stamped lines");
  expect_unwrapped("2026-11-22T00:53:03.318Z " + row + "FROM t\",,,\n", row + "FROM t\",,,\n",
                   "stamped lines");
  // Entries that logcli gives are whole: their further lines have no labels.
  const std::string first = lines_of(kLog)[0] + "\n";
  expect_unwrapped("2026-11-22T00:53:03Z {job=\"pg\", host=\"a\"} " + first + "\tFROM t\n",
                   first + "\tFROM t\n", "stamped lines");
}

// docker compose logs, docker service logs, kubectl logs --prefix: other containers write, too.
TEST(Unwrap, NamesOfContainers) {
  std::string compose, coloured, pods, stamped;
  for (const std::string& line : lines_of(kLog)) {
    compose += "postgres-1  | " + line + "\nweb-1       | GET /orders 200\n";
    coloured += "\x1b[36mdb_1   |\x1b[0m " + line + "\n\x1b[33mweb_1  |\x1b[0m GET /orders 200\n";
    pods += "[pod/postgres-0/postgres] " + line + "\n[pod/web-7d9f/app] GET /orders 200\n";
    stamped += "postgres-1  | 2026-11-22T00:53:03.318000000Z " + line + "\n";
  }
  expect_unwrapped(compose, kLog, "container output");
  expect_unwrapped(coloured, kLog, "container output");
  expect_unwrapped(pods, kLog, "container output");
  expect_unwrapped(stamped, kLog, "stamped lines in container output");
  EXPECT_EQ(undo(compose).report.other_records, 4U);
}

// Two servers' lines come in any order, and a statement goes on behind the other's line.
TEST(Unwrap, LinesOfTwoContainersStayTogether) {
  const std::string entry = lines_of(kLog)[0] + "\n", more = lines_of(kLog)[1] + "\n";
  expect_unwrapped("a-1  | " + entry + "b-1  | " + entry + "a-1  | " + more + "b-1  | " + more,
                   entry + more + entry + more, "container output");
}

// A prefix with bars in it is the server's own: continuation lines have a tab and no name.
TEST(Unwrap, APrefixWithBarsIsNoContainer) {
  const std::string own =
      "jo        | 2026-11-22 00:53:03.318 UTC [77] LOG:  statement: SELECT 1\n\tFROM t\n";
  expect_unwrapped(own, own, "");
  expect_unwrapped("jo | 2026-11-22 00:53:03.318 UTC [77] LOG:  statement: SELECT 1\n",
                   "jo | 2026-11-22 00:53:03.318 UTC [77] LOG:  statement: SELECT 1\n", "");
}

TEST(Unwrap, Journal) {
  const std::string plain = "2025-12-08 20:22:54.000 UTC [77] u@d LOG:  statement: SELECT 1\n\tFROM t\n";
  expect_unwrapped(
      R"({"MESSAGE":"[5-1] u@d LOG:  statement: SELECT 1","_PID":"77","__REALTIME_TIMESTAMP":"1765225374000000"})"
      "\n"
      R"({"MESSAGE":"[5-2] \tFROM t","_PID":"77","__REALTIME_TIMESTAMP":"1765225374000000"})"
      "\n",
      plain, "journald");
  std::string binary =
      "__CURSOR=s\n__REALTIME_TIMESTAMP=1765225374000000\n_PID=77\nMESSAGE=[5-1] u@d LOG:  statement: SELECT "
      "1\n\n"
      "__CURSOR=t\n__REALTIME_TIMESTAMP=1765225374000000\n_PID=77\nMESSAGE\n";
  binary += std::string("\x0d\0\0\0\0\0\0\0", 8) + "[5-2] \tFROM t\n\n";
  expect_unwrapped(binary, plain, "journald");
}

// A service's standard error: the journal's pid is the postmaster's, and the prefix may be without a time.
TEST(Unwrap, JournalOfAServicesStandardError) {
  const auto entry = [](const std::string& message) {
    const std::string head = "__CURSOR=s\n__REALTIME_TIMESTAMP=1765225374000000\n_TRANSPORT=stdout\n_PID=9\n";
    if (message.find('\t') == std::string::npos) return head + "MESSAGE=" + message + "\n\n";
    std::string size(8, '\0');
    size[0] = static_cast<char>(message.size());
    return head + "MESSAGE\n" + size + message + "\n\n";
  };
  expect_unwrapped(entry("[77] u@d LOG:  statement: SELECT 1") + entry("\tFROM t") +
                       entry("[78] u@d LOG:  statement: SELECT 2"),
                   "2025-12-08 20:22:54.000 UTC [77] u@d LOG:  statement: SELECT 1\n\tFROM t\n"
                   "2025-12-08 20:22:54.000 UTC [78] u@d LOG:  statement: SELECT 2\n",
                   "journald");
  const std::string row =
      "2026-11-22 01:02:03.004 UTC,\"u\",\"d\",77,,6a1b2c3d.4d,1,,,,,LOG,00000,\"statement: SELECT 1";
  expect_unwrapped(entry(row) + entry("\tFROM t\",,,,,,,,"), row + "\n\tFROM t\",,,,,,,,\n", "journald");
}

TEST(Unwrap, Heroku) {
  expect_unwrapped(
      "2026-11-22T00:53:03.5+00:00 app[postgres.5925]: [DATABASE] [12-1]  sql_error_code = 00000 LOG:  "
      "statement: SELECT 1\n"
      "2026-11-22T00:53:03.6+00:00 app[postgres.5925]: [DATABASE] [12-2] \tFROM t\n",
      "2026-11-22 00:53:03.5 +00:00 [5925]  sql_error_code = 00000 LOG:  statement: SELECT 1\n\tFROM t\n",
      "logplex");
}

// Tables exported as CSV: the columns are those of the service's records, newest rows may come first.
TEST(Unwrap, CsvExportsOfLogServices) {
  const std::string entry =
      "2019-08-08 00:49:34 UTC:10.0.0.1(123):u@d:[12]:LOG:  duration: 1 ms  statement: SELECT \"\"a\"\",\nb";
  const std::string later = "2019-08-08 00:49:35 UTC:10.0.0.1(123):u@d:[12]:LOG:  statement: SELECT 2";
  const std::string plain =
      "2019-08-08 00:49:34 UTC:10.0.0.1(123):u@d:[12]:LOG:  duration: 1 ms  statement: SELECT \"a\",\n\tb\n" +
      later + "\n";
  expect_unwrapped("@timestamp,@message\r\n2019-08-08 00:49:34.000,\"" + entry +
                       "\"\r\n2019-08-08 00:49:35.000," + later + "\r\n",
                   plain, "CloudWatch CSV");
  expect_unwrapped(
      "\"event_message\",\"timestamp\"\n" + later + ",1565225375000000\n\"" + entry + "\",1565225374000000",
      plain, "CSV");
  expect_unwrapped("insertId,textPayload,timestamp\nx,\"" + entry + "\",2019-08-08T00:49:34Z\ny," + later +
                       ",2019-08-08T00:49:35Z\n",
                   plain, "Cloud Logging CSV");
  expect_unwrapped(
      "TimeGenerated,errorLevel_s,Message,detail_s,prefix_s\n"
      "2020-08-05T17:42:20Z,LOG,2020-08-05 17:42:20 UTC-5f2a.2d-LOG:  duration: 0.1 ms  execute "
      "<unnamed>: SELECT $1,\"parameters: $1 = 'a, \"\"b\"\"'\",2020-08-05 17:42:20 UTC-5f2a.2d-\n",
      "2020-08-05 17:42:20 UTC-5f2a.2d-LOG:  duration: 0.1 ms  execute <unnamed>: SELECT $1\n"
      "2020-08-05 17:42:20 UTC-5f2a.2d-DETAIL:  parameters: $1 = 'a, \"b\"'\n",
      "Azure CSV");
  const std::string other = "name,message\njo,hello\n";  // a table, but no log
  expect_unwrapped(other, other, "");
}

TEST(Unwrap, CsvCutInsideQuotesIsDamage) {
  const Unwrapped result = undo(
      "@timestamp,@message\n2019-08-08 00:49:34.000,2019-08-08 00:49:34 UTC:[12]:LOG:  statement: SELECT 1\n"
      "2019-08-08 00:49:34.000,\"2019-08-08 00:49:34 UTC:[12]:LOG:  statement: SELECT");
  EXPECT_EQ(result.text, "2019-08-08 00:49:34 UTC:[12]:LOG:  statement: SELECT 1\n");
  EXPECT_EQ(result.report.damaged_records, 1U);
}

// Another program on a container's other stream doesn't cut an entry in two.
TEST(Unwrap, OtherStreamBetweenTheLinesOfAnEntry) {
  const std::string head = "2026-11-22T00:53:03.318123456Z ";
  std::string wrapped = head + "stdout F noise 0\n";
  std::string json = R"({"log":"noise 0\n","stream":"stdout"})"
                     "\n";
  size_t number = 0;
  for (const std::string& line : lines_of(kLog)) {
    const std::string noise = "noise " + std::to_string(++number);
    wrapped += head + "stderr F " + line + "\n" + head + "stdout F " + noise + "\n";
    json += R"({"log":)" + json_string(line + "\n") + R"(,"stream":"stderr"})" + "\n" + R"({"log":")" +
            noise + R"(\n","stream":"stdout"})" + "\n";
  }
  for (const std::string& text : {undo(wrapped).text, undo(json).text}) {
    EXPECT_NE(text.find("SELECT 1\n\tFROM t"), std::string::npos) << text;
    EXPECT_EQ(lines_of(text).size(), lines_of(kLog).size() + 5);
  }
}

TEST(Unwrap, CloudWatchTailNamesItsStream) {
  const std::string entry =
      "2019-08-08 00:49:34 UTC:10.0.0.1(123):u@d:[12]:LOG:  duration: 1 ms  statement: SELECT 1\n";
  expect_unwrapped(
      "2019-08-08T00:49:34+00:00 shop-db.0 " + entry + "FROM t\n2019-08-08T00:49:35+00:00 shop-db.0 " + entry,
      entry + "\tFROM t\n" + entry, "stamped lines");
}

}  // namespace
}  // namespace pgsieve
