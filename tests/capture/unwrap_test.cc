#include "analyzer/capture/unwrap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace pgsieve {
namespace {

// Hands out a text in portions of any size.
class TextSource final : public Source {
 public:
  TextSource(std::string text, size_t portion) : text_(std::move(text)), portion_(portion) {}
  Result<size_t> read(std::string& buffer, size_t want) override {
    const size_t part = std::min({want, portion_, text_.size() - used_});
    buffer.append(text_, used_, part);
    used_ += part;
    return part;
  }
  const std::string& name() const override { return name_; }
  std::string encoding() const override { return ""; }
  uint64_t stored_bytes() const override { return used_; }
  uint64_t stored_size() const override { return text_.size(); }

 private:
  std::string text_, name_ = "text";
  size_t portion_, used_ = 0;
};

struct Unwrapped {
  std::string text;
  UnwrapReport report;
};

Unwrapped undo(const std::string& text, size_t portion = 100'000, const IngestOptions& options = {}) {
  Unwrapped result;
  const auto source = unwrap(std::make_unique<TextSource>(text, portion), options, result.report);
  while (true) {
    const Result<size_t> got = source->read(result.text, 1000);
    EXPECT_TRUE(got.ok());
    if (!got.ok() || *got == 0) return result;
  }
}

void expect_unwrapped(const std::string& wrapped, const std::string& plain, const std::string& wrappers) {
  for (const size_t portion : {size_t{100'000}, size_t{1}, size_t{7}}) {
    const Unwrapped result = undo(wrapped, portion);
    EXPECT_EQ(result.text, plain) << "in portions of " << portion;
    EXPECT_EQ(result.report.wrappers, wrappers);
    EXPECT_EQ(result.report.damaged_records, 0U);
  }
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string fixture(const std::string& name) {
  std::ifstream file(std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/logs/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

const std::string kLog =
    "2026-11-22 00:53:03.318 UTC [25940] u@d LOG:  duration: 1.5 ms  statement: SELECT 1\n"
    "\tFROM t /* \\ \"x\" */\n"
    "2026-11-22 00:53:04.000 UTC [25941] u@d LOG:  duration: 0.1 ms  execute <unnamed>: SELECT $1\n"
    "2026-11-22 00:53:04.000 UTC [25941] u@d DETAIL:  parameters: $1 = 'it''s'\n";

std::string docker(const std::string& log, size_t piece = 16384) {
  std::string out;
  for (const std::string& line : lines_of(log)) {
    const std::string whole = line + "\n";
    for (size_t at = 0; at < whole.size(); at += piece) {
      out += R"({"log":)" + json_string(whole.substr(at, piece)) +
             R"(,"stream":"stderr","time":"2026-11-22T00:53:03.3Z"})" + "\n";
    }
  }
  return out;
}

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

TEST(Unwrap, CloudWatchJson) {
  const std::string entry =
      "2019-08-08 00:49:34 UTC:10.0.0.1(123):u@d:[12]:LOG:  duration: 1 ms  statement: SELECT 1\nFROM t";
  const std::string plain =
      "2019-08-08 00:49:34 UTC:10.0.0.1(123):u@d:[12]:LOG:  duration: 1 ms  statement: SELECT 1\n\tFROM t\n";
  expect_unwrapped(R"({"events": [ {"timestamp": 1565225374000, "message": )" + json_string(entry) +
                       R"(, "ingestionTime": 1565225375000}, {"timestamp": 1565225375000, "message": )" +
                       json_string(entry) +
                       R"(, "ingestionTime": 1565225375000} ], "nextForwardToken": "f/1"})",
                   plain + plain, "CloudWatch");
  const std::string insights =
      R"({"results":[[{"field":"@timestamp","value":"2019-08-08 00:49:34.000"},{"field":"@message","value":)" +
      json_string(entry) + R"(}]],"statistics":{"recordsMatched":1.0},"status":"Complete"})";
  const Unwrapped result = undo(insights);
  EXPECT_EQ(result.text, plain);
}

TEST(Unwrap, CloudSqlNewestFirstIsTurnedRound) {
  std::string wrapped, plain;
  for (int i = 0; i < 300; ++i) {
    const std::string minute = std::to_string(10 + i / 60), second = std::to_string(100 + i % 60).substr(1);
    const std::string text = "[42]: [" + std::to_string(i + 1) +
                             "-1] db=d,user=u LOG:  duration: 1.0 ms  statement: SELECT " + std::to_string(i);
    wrapped = R"({"insertId":"x","textPayload":)" + json_string(text) + R"(,"timestamp":"2026-11-22T10:)" +
              minute + ":" + second +
              R"(.5Z"})"
              "\n" +
              wrapped;
    plain += "2026-11-22 10:" + minute + ":" + second + ".500 UTC " + text + "\n";
  }
  expect_unwrapped(wrapped, plain, "Cloud Logging");
  EXPECT_FALSE(undo(wrapped).report.warning.empty());
}

TEST(Unwrap, AlloyDbMessage) {
  expect_unwrapped(
      R"([{"insertId":"a","jsonPayload":{"message":"2026-11-22 10:00:00.000 UTC [7]: [1-1] db=d,user=u LOG:  statement: SELECT 1"}},
  {"insertId":"b","jsonPayload":{"message":"[postgres.cc:12]  2026-11-22 10:00:01.000 UTC [7]: [2-1] db=d,user=u LOG:  statement: SELECT 2"}}])",
      "2026-11-22 10:00:00.000 UTC [7]: [1-1] db=d,user=u LOG:  statement: SELECT 1\n"
      "2026-11-22 10:00:01.000 UTC [7]: [2-1] db=d,user=u LOG:  statement: SELECT 2\n",
      "Cloud Logging");
}

TEST(Unwrap, AzureDiagnostics) {
  expect_unwrapped(
      R"({"records":[{"time":"2020-08-05T17:42:20Z","properties":{"errorLevel":"LOG","message":"2020-08-05 17:42:20 UTC-5f2a.2d-LOG:  duration: 0.1 ms  execute <unnamed>: SELECT $1","detail":"parameters: $1 = 'a\nb'"}}]})",
      "2020-08-05 17:42:20 UTC-5f2a.2d-LOG:  duration: 0.1 ms  execute <unnamed>: SELECT $1\n"
      "2020-08-05 17:42:20 UTC-5f2a.2d-DETAIL:  parameters: $1 = 'a\n\tb'\n",
      "Azure");
  expect_unwrapped(
      R"({"TimeGenerated":"2020-08-05T17:42:20.5Z","record_message_s":"statement: SELECT 1","record_errorLevel_s":"LOG","processId_d":77})"
      "\n",
      "2020-08-05 17:42:20.500 UTC [77] LOG:  statement: SELECT 1\n", "Azure");
}

TEST(Unwrap, CloudNativePgBecomesJsonlog) {
  const Unwrapped result = undo(
      R"({"level":"info","ts":"2026-01-01T00:00:00Z","logger":"wal-archive","msg":"archived"})"
      "\n"
      R"({"level":"info","ts":"2026-01-01T00:00:00Z","logger":"postgres","msg":"record","record":{"log_time":"2026-01-01 00:00:00.123 UTC","user_name":"app","database_name":"d","process_id":"42","connection_from":"10.0.0.1:999","session_id":"66.2a","session_line_num":"3","error_severity":"LOG","message":"duration: 1 ms  statement: SELECT \"a\"\nFROM t","query_id":"-5"},"logging_pod":"p-1"})"
      "\n");
  EXPECT_EQ(result.report.wrappers, "CloudNativePG");
  EXPECT_EQ(result.report.other_records, 1U);
  EXPECT_EQ(result.report.inner, LogFormatKind::kJson);
  EXPECT_EQ(
      result.text,
      R"({"timestamp":"2026-01-01 00:00:00.123 UTC","user":"app","dbname":"d","pid":42,"remote_host":"10.0.0.1","session_id":"66.2a","line_num":3,"error_severity":"LOG","message":"duration: 1 ms  statement: SELECT \"a\"\u000aFROM t","query_id":-5})"
      "\n");
}

TEST(Unwrap, OtlpLogs) {
  expect_unwrapped(
      R"({"resourceLogs":[{"resource":{},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1765225374000000000","body":{"stringValue":)" +
          json_string("2026-11-22 00:00:00.000 UTC [1] LOG:  statement: SELECT 1\n\tFROM t") + R"(}}]}]}]})" +
          "\n",
      "2026-11-22 00:00:00.000 UTC [1] LOG:  statement: SELECT 1\n\tFROM t\n", "OTLP");
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

TEST(Unwrap, DamagedJsonIsCounted) {
  const Unwrapped result = undo(docker(kLog) + "{\"log\": nonsense}\n" + docker(kLog) + "{\"log\":\"cut");
  EXPECT_EQ(result.text, kLog + kLog);
  EXPECT_EQ(result.report.damaged_records, 2U);
}

TEST(Unwrap, ForgedLinesStayInside) {
  const std::string forged =
      "2026-11-22 00:00:00.000 UTC [1] LOG:  statement: SELECT 1 /*\nLOG:  duration: 9 ms  statement: "
      "fake\nDETAIL:  x */";
  const Unwrapped result =
      undo(R"({"@timestamp":"2026-11-22T00:00:00Z","message":)" + json_string(forged) + "}\n");
  EXPECT_EQ(result.text,
            "2026-11-22 00:00:00.000 UTC [1] LOG:  statement: SELECT 1 /*\n\tLOG:  duration: 9 ms  "
            "statement: fake\n\tDETAIL:  x */\n");
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

TEST(Unwrap, LogAnalyticsTables) {
  expect_unwrapped(
      R"({"tables":[{"name":"PrimaryResult","columns":[{"name":"TimeGenerated","type":"datetime"},)"
      R"({"name":"errorLevel_s","type":"string"},{"name":"Message","type":"string"},{"name":"processId_d","type":"real"}],)"
      R"("rows":[["2020-08-05T17:42:20.5Z","LOG","statement: SELECT 1",77],["2020-08-05T17:42:21.5Z","LOG","statement: SELECT 2",77]]}]})",
      "2020-08-05 17:42:20.500 UTC [77] LOG:  statement: SELECT 1\n"
      "2020-08-05 17:42:21.500 UTC [77] LOG:  statement: SELECT 2\n",
      "Azure");
}

// Receivers that take the line apart send a map, or the message with the other fields as attributes.
TEST(Unwrap, OtlpMaps) {
  const auto record = [](const std::string& body) {
    return R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1765225374000000000",)" + body +
           "}]}]}]}\n";
  };
  const auto text = [](const std::string& key, const std::string& value) {
    return R"({"key":")" + key + R"(","value":{"stringValue":)" + json_string(value) + "}}";
  };
  const std::string line = "2026-11-22 00:00:00.000 UTC [1] LOG:  statement: SELECT 1\n\tFROM t";
  expect_unwrapped(record(R"("body":{"kvlistValue":{"values":[)" + text("message", line) + "]}}"),
                   line + "\n", "OTLP");
  const std::string fields = text("error_severity", "LOG") + R"(,{"key":"pid","value":{"intValue":"42"}},)" +
                             text("timestamp", "2026-11-22 00:00:00.000 UTC");
  expect_unwrapped(
      record(R"("body":{"kvlistValue":{"values":[)" + fields + "," + text("message", "statement: SELECT 1") +
             "]}}"),
      R"({"error_severity":"LOG","pid":42,"timestamp":"2026-11-22 00:00:00.000 UTC","message":"statement: SELECT 1"})"
      "\n",
      "OTLP");
  expect_unwrapped(
      record(R"("body":{"stringValue":"statement: SELECT 1"},"attributes":[)" + fields + "]"),
      R"({"message":"statement: SELECT 1","error_severity":"LOG","pid":42,"timestamp":"2026-11-22 00:00:00.000 UTC"})"
      "\n",
      "OTLP");
}

TEST(Unwrap, JsonlogInsideOtherRecords) {
  const std::string json =
      R"({"timestamp":"2026-11-22 00:53:03.318 UTC","pid":1,"error_severity":"LOG","message":"statement: SELECT 1"})";
  expect_unwrapped(R"({"insertId":"x","jsonPayload":)" + json + "}\n", json + "\n", "Cloud Logging");
  expect_unwrapped(R"({"_index":"x","_source":)" + json + "}\n", json + "\n", "JSON");
  expect_unwrapped(R"({"hits":{"total":1,"hits":[{"_source":)" + json + "}]}}\n", json + "\n", "JSON");
  expect_unwrapped(R"({"@timestamp":"2026-11-22T00:53:03Z","message":)" + json_string(json) + "}\n",
                   json + "\n", "JSON");
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
