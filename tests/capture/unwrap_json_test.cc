// Log services and collectors whose records are JSON.
#include "tests/capture/unwrap_testing.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pgsieve {
namespace {

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

// A record is cut where it is too long; what is behind the cut has neither prefix nor tab.
TEST(Unwrap, CloudSqlPartsOfALongEntry) {
  const auto record = [](const std::string& text, const std::string& second) {
    return R"({"insertId":"a","textPayload":)" + json_string(text) + R"(,"timestamp":"2026-11-22T10:00:)" +
           second + R"(.5Z"})" + "\n";
  };
  const std::string head = "[7]: [1-1] db=d,user=u LOG:  statement: ";
  const std::string time = "2026-11-22 10:00:00.500 UTC ";
  expect_unwrapped(
      record(head + "SELECT 1,\n\t2,", "00") + record("3,\n\t4", "00") + record(head + "SELECT 5", "01"),
      time + head + "SELECT 1,\n\t2,\n\t3,\n\t4\n2026-11-22 10:00:01.500 UTC " + head + "SELECT 5\n",
      "Cloud Logging");
  // Of another time it is no part of the one before.
  expect_unwrapped(record(head + "SELECT 1", "00") + record("started", "01"),
                   time + head + "SELECT 1\nstarted\n", "Cloud Logging");
}

TEST(Unwrap, AlloyDbMessage) {
  expect_unwrapped(
      R"([{"insertId":"a","jsonPayload":{"message":"2026-11-22 10:00:00.000 UTC [7]: [1-1] db=d,user=u LOG:  statement: SELECT 1"}},
  {"insertId":"b","jsonPayload":{"message":"[postgres.cc:12]  2026-11-22 10:00:01.000 UTC [7]: [2-1] db=d,user=u LOG:  statement: SELECT 2"}},
  {"insertId":"c","jsonPayload":{"message":"[xlog-io.c:7]  2026-11-22 10:00:02.000 UTC [7]: [3-1] db=d,user=u LOG:  statement: SELECT 3"}}])",
      "2026-11-22 10:00:00.000 UTC [7]: [1-1] db=d,user=u LOG:  statement: SELECT 1\n"
      "2026-11-22 10:00:01.000 UTC [7]: [2-1] db=d,user=u LOG:  statement: SELECT 2\n"
      "2026-11-22 10:00:02.000 UTC [7]: [3-1] db=d,user=u LOG:  statement: SELECT 3\n",
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

// The entries of kLog, as log services keep them.
std::vector<std::string> entries() {
  std::vector<std::string> list;
  for (const std::string& line : lines_of(kLog)) {
    if (line.starts_with('\t')) {
      list.back() += "\n" + line;
    } else {
      list.push_back(line);
    }
  }
  return list;
}

TEST(Unwrap, LokiInEitherDirection) {
  std::string forward, backward;
  uint64_t time = 1'795'308'783'318'000'000;
  for (const std::string& entry : entries()) {
    const std::string value = "[\"" + std::to_string(time++) + "\"," + json_string(entry) + "]";
    forward += (forward.empty() ? "" : ",") + value;
    backward = value + (backward.empty() ? "" : ",") + backward;
  }
  for (const std::string& values : {forward, backward}) {
    expect_unwrapped(
        R"({"status":"success","data":{"resultType":"streams","result":[{"stream":{"job":"pg"},"values":[)" +
            values + "]}],\"stats\":{}}}",
        kLog, "Loki");
  }
  EXPECT_EQ(
      undo(
          R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"2"]]}]}})")
          .report.wrappers,
      "");
}

TEST(Unwrap, SplunkAndDatadog) {
  std::string splunk, datadog, splunk_csv = "_serial,_time,source,_raw\n", grafana_csv = "Date,Line,labels\n";
  const auto quoted = [](const std::string& text) {
    std::string field = "\"";
    for (const char c : text) field += c == '"' ? std::string("\"\"") : std::string(1, c);
    return field + "\"";
  };
  for (const std::string& entry : entries()) {
    splunk += R"({"preview":false,"offset":1,"result":{"_raw":)" + json_string(entry) +
              R"(,"_time":"2026-11-22T00:53:03.318+00:00","host":"h"}})"
              "\n";
    datadog += std::string(datadog.empty() ? "" : ",") +
               R"({"id":"a","type":"log","attributes":{"service":"pg","message":)" + json_string(entry) +
               "}}";
    splunk_csv += "1,2026-11-22T00:53:03.318+00:00,/x," + quoted(entry) + "\n";
    grafana_csv += "2026-11-22T00:53:03.318Z," + quoted(entry) + ",\"{job=\"\"pg\"\"}\"\n";
  }
  expect_unwrapped(splunk, kLog, "JSON");
  expect_unwrapped("{\"data\":[" + datadog + "],\"meta\":{}}", kLog, "JSON");
  // A record's own list of that name.
  const std::string line = lines_of(kLog)[2];
  expect_unwrapped(R"({"message":)" + json_string(line) + R"(,"data":[{"a":1},2]})", line + "\n", "JSON");
  expect_unwrapped(splunk_csv, kLog, "CSV");
  expect_unwrapped(grafana_csv, kLog, "CSV");
}

// jq's output, or a tool's: an array, or an object over several lines. As the server writes it, it is no
// wrapper.
TEST(Unwrap, JsonlogLaidOutAnew) {
  const std::string
      first = R"({"timestamp":"2026-11-22 00:53:03.318 UTC","pid":77,"error_severity":"LOG","message":"a"})",
      second =
          R"({"timestamp":"2026-11-22 00:53:03.319 UTC","pid":77,"error_severity":"LOG","message":"b\n{"})";
  const std::string plain = first + "\n" + second + "\n";
  const auto spread = [](std::string text) {
    for (size_t at = text.find(','); at != std::string::npos; at = text.find(',', at + 1))
      text.insert(at + 1, "\n  ");
    return "{\n  " + text.substr(1);
  };
  expect_unwrapped("[" + first + "," + second + "]", plain, "JSON");
  expect_unwrapped("[\n" + first + ",\n" + second + "\n]\n", plain, "JSON");
  expect_unwrapped(spread(first) + "\n" + spread(second) + "\n", plain, "JSON");
  expect_unwrapped(plain, plain, "");
  const std::string server = "[77] LOG:  statement: SELECT '" + first + "'\n";
  expect_unwrapped(server, server, "");
}

// A table that csvlogs were loaded into, exported in whatever way.
TEST(Unwrap, TablesOfLogs) {
  const std::string plain =
      R"({"timestamp":"2026-11-22 00:53:03.318 UTC","user":"u","pid":77,"session_id":"6b.4d","line_num":3,)"
      R"("error_severity":"LOG","message":"statement: SELECT 1;\u000a-- \"x\""})"
      "\n";
  for (const char separator : {',', ';', '\t'}) {
    std::string table =
        "message,log_time,user_name,process_id,session_id,session_line_num,error_severity,detail,hint\n"
        "\"statement: SELECT 1;\n-- \"\"x\"\"\",2026-11-22 00:53:03.318 UTC,u,77,6b.4d,3,LOG,NULL,\\N\n";
    std::replace(table.begin(), table.end(), ',', separator);
    expect_unwrapped(table, plain, "table");
  }
  expect_unwrapped(
      R"([{"log_time":"2026-11-22 00:53:03.318 UTC","user_name":"u","database_name":null,"process_id":77,)"
      R"("session_id":"6b.4d","session_line_num":3,"error_severity":"LOG","message":"statement: SELECT 1;\n-- \"x\""}])",
      plain, "table");
}

// Supabase: the columns of the csvlog beside the message; in brackets or not.
TEST(Unwrap, ColumnsUnderMetadata) {
  const std::string columns =
      R"({"timestamp":"2026-11-22 00:53:03.318 UTC","error_severity":"LOG","user_name":"u","database_name":"d",)"
      R"("process_id":25940,"session_id":"6b.65","session_line_num":2,"sql_state_code":"00000","hint":null,)"
      R"("detail":"parameters: $1 = 'x'"})";
  const std::string head =
      R"({"id":"1","timestamp":1795308783318000,"event_message":"duration: 1.5 ms  execute <unnamed>: SELECT $1","metadata":)";
  for (const std::string& record :
       {head + R"([{"host":"db","parsed":[)" + columns + "]}]}", head + R"({"parsed":)" + columns + "}}"}) {
    const Unwrapped result = undo("[" + record + "," + record + "]");
    const std::vector<std::string> lines = lines_of(result.text);
    ASSERT_EQ(lines.size(), 2U) << result.text;
    EXPECT_NE(lines[0].find(R"("timestamp":"2026-11-22 00:53:03.318 UTC")"), std::string::npos) << lines[0];
    EXPECT_NE(lines[0].find(R"("message":"duration: 1.5 ms  execute <unnamed>: SELECT $1")"),
              std::string::npos);
    EXPECT_NE(lines[0].find(R"("pid":25940)"), std::string::npos);
    EXPECT_NE(lines[0].find(R"("detail":"parameters: $1 = 'x'")"), std::string::npos);
  }
}

// GELF puts the line under a name of its own; Aiven lists records under "logs".
TEST(Unwrap, GelfAndListsOfLogs) {
  std::string gelf, list;
  for (const std::string& line : lines_of(kLog)) {
    gelf += R"({"version":"1.1","host":"h","short_message":)" + json_string(line) + ",\"level\":6}\n";
    list +=
        (list.empty() ? "" : ",") + std::string(R"({"unit":"postgresql","msg":)") + json_string(line) + "}";
  }
  expect_unwrapped(gelf, kLog, "JSON");
  expect_unwrapped(R"({"first_log_offset":"1","logs":[)" + list + R"(],"offset":"9"})", kLog, "JSON");
}

// Portions of a file of Amazon RDS, one after the other, cut where the service did.
TEST(Unwrap, DownloadedPortions) {
  std::string portions;
  for (const std::string& part : {kLog.substr(0, 150), kLog.substr(150)})
    portions += "{\n    \"LogFileData\": " + json_string(part) + ",\n    \"Marker\": \"1\"\n}\n";
  expect_unwrapped(portions, kLog, "JSON");
}

}  // namespace
}  // namespace pgsieve
