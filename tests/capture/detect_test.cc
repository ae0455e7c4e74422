// Formats are told apart by what their entries say, however few there are and whatever their statements hold.
#include "analyzer/capture/detect.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/capture/collect.h"

namespace pgsieve {
namespace {

// Statements that look like other formats: many commas, quotes, JSON, a csvlog row, a jsonlog line.
std::vector<std::string> tricky_statements() {
  std::string rows = "INSERT INTO comments (a, b, c, d) VALUES ";
  for (int i = 0; i < 40; ++i)
    rows += (i == 0 ? "" : ", ") + std::string("('Order', 1, ") + std::to_string(i) + ", 'text')";
  return {
      "SELECT 1",
      rows,
      R"(SELECT a, b, c, 'it''s', "Quoted, Column" FROM "T")",
      R"(INSERT INTO t VALUES ('{"error_severity":"LOG","message":"duration: 1 ms  statement: SELECT 2","pid":7}'))",
      R"(SELECT '2026-11-22 01:06:00.570 UTC,"u","d",7,"h",6b.7,1,"SELECT",2026-11-22,3/4,0,LOG,00000,"x",,,,,,,,,"a"')",
      R"(SELECT '",",",",",",",",",",",",",",",",",",",",",",",",",","')",
      "SELECT ',,,,,,,,,,,LOG,00000,,,,,,,,,,,,,,'",
      R"({"error_severity":"LOG"})",
  };
}

std::string doubled(const std::string& text, char quote) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == quote) out += c;
  }
  return out;
}

std::string csv_row(const std::string& statement, bool quote_all) {
  const std::string q = quote_all ? "\"" : "";
  return q + "2026-11-22 01:06:00.570 UTC" + q + ",\"app\",\"shop\"," + q + "77" + q + ",\"127.0.0.1:5\"," +
         q + "6b.4d" + q + "," + q + "3" + q + ",\"SELECT\"," + q + "2026-11-22 01:05:00 UTC" + q + "," + q +
         "3/4" + q + "," + q + "0" + q + "," + q + "LOG" + q + "," + q + "00000" + q + ",\"" +
         doubled("duration: 1.000 ms  statement: " + statement, '"') +
         "\",,,,,,,,,\"psql\",\"client backend\",,0\n";
}

std::string json_line(const std::string& statement) {
  std::string message;
  for (const char c : "duration: 1.000 ms  statement: " + statement) {
    if (c == '"' || c == '\\') message += '\\';
    message += c;
  }
  return R"({"timestamp":"2026-11-22 01:06:00.570 UTC","user":"app","dbname":"shop","pid":77,"session_id":"6b.4d",)"
         R"("line_num":3,"error_severity":"LOG","message":")" +
         message + "\"}\n";
}

void expect_detected(const std::string& entry, int copies, const std::string& statement, LogFormatKind kind) {
  std::string text;
  for (int i = 0; i < copies; ++i) text += entry;
  const Result<Detection> detection = detect_log(text, true, {});
  ASSERT_TRUE(detection.ok()) << text;
  EXPECT_EQ(log_format_name(detection->kind), log_format_name(kind)) << text;
  const testing::Ingested got = testing::ingest_text(text);
  EXPECT_EQ(got.error, "");
  EXPECT_EQ(got.stats.unread_lines, 0U) << text;
  EXPECT_EQ(got.stats.entries, static_cast<uint64_t>(copies)) << text;
  for (const testing::KeptEvent& event : got.kept.events) {
    EXPECT_EQ(event.text, statement);
    EXPECT_EQ(event.duration, 1000);
  }
}

TEST(Detect, TinyStderrLogs) {
  for (const std::string& statement : tricky_statements()) {
    for (const std::string prefix :
         {"2026-11-22 01:06:00.570 UTC [77] ", "2026-11-22 01:06:00.570 UTC [77] app@shop [unknown] ",
          "2026-11-22 01:06:00 UTC [77]: [3-1] user=app,db=shop,app=a,client=::1 ",
          "2026-11-22 01:06:00.570 UTC,app,shop,77,6b.4d,3,SELECT,", "[77]: ", ""}) {
      const std::string entry = prefix + "LOG:  duration: 1.000 ms  statement: " + statement + "\n";
      for (const int copies : {1, 2, 3}) expect_detected(entry, copies, statement, LogFormatKind::kStderr);
    }
  }
}

TEST(Detect, TinyCsvLogs) {
  for (const std::string& statement : tricky_statements()) {
    for (const int copies : {1, 2, 3}) {
      expect_detected(csv_row(statement, false), copies, statement, LogFormatKind::kCsv);
      expect_detected(csv_row(statement, true), copies, statement, LogFormatKind::kCsv);
    }
  }
}

TEST(Detect, TinyJsonLogs) {
  for (const std::string& statement : tricky_statements()) {
    for (const int copies : {1, 2, 3})
      expect_detected(json_line(statement), copies, statement, LogFormatKind::kJson);
  }
}

TEST(Detect, StatementsOfSeveralLines) {
  const std::string statement = "SELECT a,\n\t{\"b\": 1},\n\tc";
  const std::string read = "SELECT a,\n{\"b\": 1},\nc";
  expect_detected("2026-11-22 01:06:00.570 UTC [77] LOG:  duration: 1.000 ms  statement: " + statement + "\n",
                  1, read, LogFormatKind::kStderr);
  expect_detected(csv_row(read, false), 1, read, LogFormatKind::kCsv);
}

TEST(Detect, HeaderLineOfAnExportIsNoLoss) {
  const std::string header =
      "log_time,user_name,database_name,process_id,connection_from,session_id,session_line_num,command_tag\n";
  for (const std::string& first : {header, "\"" + header}) {
    const testing::Ingested got = testing::ingest_text(first + csv_row("SELECT 1", false));
    EXPECT_EQ(got.stats.executions, 1u);
    EXPECT_EQ(got.stats.unread_lines, 0u);
    EXPECT_EQ(got.stats.blank_bytes, first.size());
  }
}

TEST(Detect, CsvInAnUnknownLanguage) {
  std::string row = csv_row("SELECT 1", false);
  row.replace(row.find(",LOG,"), 5, ",GÜNLÜK,");
  const Result<Detection> detection = detect_log(row, true, {});
  ASSERT_TRUE(detection.ok());
  EXPECT_EQ(detection->kind, LogFormatKind::kCsv);
}

TEST(Detect, AnythingElseIsNoCsv) {
  std::string commas = "2026-11-22 01:06:00.570 UTC";
  for (int i = 0; i < 30; ++i) commas += ",x";
  EXPECT_FALSE(detect_log(commas + "\n", true, {}).ok());
}

// Programs beside the server are named, also where their lines fit some prefix.
TEST(Detect, OtherProgramsAreNamed) {
  const std::pair<const char*, const char*> logs[] = {
      {"PgBouncer",
       "2024-01-01 10:00:00.123 UTC [12] LOG C-0x55a: db/user@1.2.3.4:5 login attempt: db=db user=user\n"},
      {"Patroni", "2024-01-01 10:00:00,123 INFO: no action. I am (pg1), the leader with the lock\n"},
      {"pgBackRest", "2024-01-01 10:00:00.123 P00   INFO: backup command begin 2.48: --exec-id=1\n"},
      {"Pgpool-II", "2024-01-01 10:00:00.123: child pid 12: LOG:  new connection received\n"},
      {"MySQL",
       "# Time: 2024-01-01T10:00:00.123456Z\n# User@Host: root[root] @ localhost []  Id: 8\nSELECT 1;\n"}};
  for (const auto& [name, log] : logs) {
    const testing::Ingested got = testing::ingest_text(log);
    EXPECT_NE(got.error.find("this is a log of " + std::string(name)), std::string::npos) << got.error;
  }
  // In the same stream as a server's lines they are but lines that are not read.
  std::string stream;
  for (const auto& [name, log] : logs) stream += log;
  stream += "2026-11-22 01:02:03.004 UTC [77] LOG:  duration: 1.5 ms  statement: select 1\n";
  EXPECT_EQ(testing::ingest_text(stream).stats.executions, 1u);
}

// In a table of some tool a statement imitates a log: that is no reason to read the table as one.
TEST(Detect, AFewImitationsAreNoLog) {
  std::string table;
  for (int i = 0; i < 20; ++i) {
    table +=
        "2026-11-22 01:06:00.570 UTC;app;shop;77;\"duration: 1.000 ms  statement: SELECT 1\n  AND name <> "
        "'LOG:  duration: 9.0 "
        "ms  statement: fake'\";psql\nx;y;z\nx;y;z\n";
  }
  EXPECT_NE(testing::ingest_text(table).error, "");
}

TEST(Detect, TablesOfPsqlAreNamed) {
  for (const char* text : {" query | calls \n-------+-------\n a     |     1 \n(1 row)\n",
                           "-[ RECORD 1 ]\nquery | a\ncalls | 1\n"})
    EXPECT_NE(testing::ingest_text(text).error.find("as psql shows it"), std::string::npos) << text;
}

TEST(Detect, JsonOfNobodyIsNoStderr) {
  std::string log;
  for (int i = 0; i < 3; ++i)
    log += R"({"a":{"b":"2026-11-22 01:02:03.004 UTC [77] LOG:  duration: 1.5 ms  statement: select 1"}})"
           "\n";
  EXPECT_NE(testing::ingest_text(log).error.find("jq -r"), std::string::npos);
}

}  // namespace
}  // namespace pgsieve
