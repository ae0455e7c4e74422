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
                   entry + "\tFROM t\n" + entry, "CloudWatch");
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
      entry + "\tFROM t\n" + entry, "CloudWatch");
}

}  // namespace
}  // namespace pgsieve
