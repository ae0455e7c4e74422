#include "analyzer/capture/event_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "tests/capture/text_source.h"

namespace pgsieve {
namespace {

struct Kept {
  Event event;
  std::string text, trace, location, state, user, database, application;
  std::vector<std::string> parameters;
};

class Keeper final : public EventSink {
 public:
  void on_event(const Event& event) override {
    Kept kept{event,
              std::string(event.text),
              std::string(event.trace_id),
              std::string(event.code_location),
              std::string(event.sqlstate),
              std::string(event.user),
              std::string(event.database),
              std::string(event.application),
              {}};
    for (const BoundValue& value : event.parameters)
      kept.parameters.push_back(value.null ? "NULL" : std::string(value.text));
    events.push_back(std::move(kept));
  }
  std::vector<Kept> events;
};

struct Reading {
  Keeper kept;
  ReadAccount account;
  IngestStats stats;
  Status failed;
};

void read(LogFormatKind kind, const std::string& text, Reading& reading) {
  const auto reader = make_event_reader(kind, {});
  ASSERT_NE(reader, nullptr);
  const std::string head = text.substr(0, 50);
  constexpr size_t kPortion = 37;
  TextSource source(text.substr(head.size()), kPortion);
  reading.failed = reader->read(head, source, 3, reading.kept, reading.account, reading.stats);
  EXPECT_EQ(reading.account.bytes(), text.size());
}

std::string span(const std::string& id, const std::string& parent, int64_t start_ms,
                 const std::string& attributes, const std::string& status = "{}") {
  return R"({"traceId":"t1","spanId":")" + id + R"(","parentSpanId":")" + parent +
         R"(","startTimeUnixNano":")" + std::to_string(1765225374000 + start_ms) +
         R"(000000","endTimeUnixNano":")" + std::to_string(1765225374002 + start_ms) +
         R"(000000","attributes":[)" + attributes + R"(],"status":)" + status + "}";
}

std::string text_attribute(const std::string& key, const std::string& value) {
  return R"({"key":")" + key + R"(","value":{"stringValue":")" + value + R"("}})";
}

std::string export_of(const std::vector<std::string>& spans) {
  std::string out = R"({"resourceSpans":[{"resource":{"attributes":[)" +
                    text_attribute("service.name", "shop") + R"(]},"scopeSpans":[{"spans":[)";
  for (size_t i = 0; i < spans.size(); ++i) out += (i > 0 ? "," : "") + spans[i];
  return out + "]}]}]}\n";
}

TEST(OtlpSpans, StatementsInOrderOfStart) {
  const std::string system = text_attribute("db.system.name", "postgresql") + ",";
  Reading reading;
  read(
      LogFormatKind::kOtlpSpans,
      export_of({span(
          "b", "r", 20,
          system + text_attribute("db.query.text", "SELECT * FROM b WHERE id = $1") + "," +
              R"({"key":"db.postgresql.values","value":{"arrayValue":{"values":[{"stringValue":"7"}]}}})")}) +
          export_of(
              {span("a", "r", 10,
                    system + text_attribute("db.statement", "SELECT 1") + "," +
                        text_attribute("code.filepath", "app.py") +
                        R"(,{"key":"code.lineno","value":{"intValue":"12"}},)" +
                        text_attribute("db.name", "d") + "," + text_attribute("db.user", "u")),
               span("c", "r", 30, system + text_attribute("db.query.text", "SELECT $1"),
                    R"({"code":2,"message":"boom"})"),
               span("m", "r", 1,
                    text_attribute("db.system", "mysql") + "," + text_attribute("db.statement", "SELECT 2")),
               span("r", "", 0, "")}),
      reading);
  ASSERT_EQ(reading.kept.events.size(), 3U);
  const auto& [first, second, third] =
      std::tie(reading.kept.events[0], reading.kept.events[1], reading.kept.events[2]);
  EXPECT_EQ(first.text, "SELECT 1");
  EXPECT_EQ(first.location, "app.py:12");
  EXPECT_EQ(first.database, "d");
  EXPECT_EQ(first.user, "u");
  EXPECT_EQ(first.application, "shop");
  EXPECT_EQ(first.trace, "t1");
  EXPECT_EQ(first.event.duration, 2 * kMillisecond);
  EXPECT_TRUE(first.event.parameters_known);
  EXPECT_EQ(second.parameters, std::vector<std::string>{"7"});
  EXPECT_TRUE(second.event.parameters_known);
  EXPECT_EQ(second.event.session, first.event.session);
  EXPECT_NE(second.event.session, 0U);
  EXPECT_EQ(third.event.kind, Event::Kind::kFailed);
  EXPECT_FALSE(third.event.parameters_known);
}

TEST(OtlpSpans, SpanWithinSpanOfOneStatementCountsOnce) {
  const std::string query = text_attribute("db.query.text", "SELECT 1");
  Reading reading;
  read(LogFormatKind::kOtlpSpans,
       export_of({span("child", "orm", 2, query), span("orm", "r", 1, query), span("again", "r", 9, query)}),
       reading);
  EXPECT_EQ(reading.kept.events.size(), 2U);
  EXPECT_EQ(reading.stats.skipped_duplicates, 1U);
}

TEST(OtlpSpans, DamageIsCounted) {
  const std::string good = export_of({span("a", "r", 1, text_attribute("db.query.text", "SELECT 1"))});
  Reading reading;
  read(LogFormatKind::kOtlpSpans,
       good + "{\"resourceSpans\":[{\"x\": nonsense}]}\n" + good.substr(0, good.size() / 2), reading);
  EXPECT_EQ(reading.kept.events.size(), 1U);
  EXPECT_EQ(reading.account.damaged_records, 2U);
}

TEST(StatStatements, OldAndNewColumnNames) {
  Reading reading;
  read(LogFormatKind::kStatStatements,
       "userid,datname,queryid,query,calls,total_exec_time,min_exec_time,max_exec_time,mean_exec_time,rows\n"
       "10,shop,-5,\"SELECT \"\"a\"\",\nb FROM t WHERE id = $1\",100,50.5,0.1,9.5,0.505,100\r\n"
       "10,shop,6,not enough\n"
       "10,shop,7,SELECT 2,3,3,1,1,1,3\n",
       reading);
  ASSERT_EQ(reading.kept.events.size(), 2U);
  const Kept& row = reading.kept.events[0];
  EXPECT_EQ(row.event.kind, Event::Kind::kCount);
  EXPECT_EQ(row.text, "SELECT \"a\",\nb FROM t WHERE id = $1");
  EXPECT_EQ(row.event.calls, 100U);
  EXPECT_DOUBLE_EQ(row.event.mean_ms, 0.505);
  EXPECT_DOUBLE_EQ(row.event.min_ms, 0.1);
  EXPECT_DOUBLE_EQ(row.event.max_ms, 9.5);
  EXPECT_EQ(row.event.rows, 100);
  EXPECT_EQ(row.database, "shop");
  EXPECT_FALSE(row.event.parameters_known);
  EXPECT_EQ(row.event.line, 2U);
  EXPECT_EQ(reading.kept.events[1].event.line, 5U);
  EXPECT_EQ(reading.account.unread_lines, 1U);

  Reading old;
  read(LogFormatKind::kStatStatements, "query\tcalls\ttotal_time\trows\nSELECT 1\t4\t10\t4\n", old);
  ASSERT_EQ(old.kept.events.size(), 1U);
  EXPECT_DOUBLE_EQ(old.kept.events[0].event.mean_ms, 2.5);
}

// json_agg() over the view, and an object per line.
// COPY's text format writes line ends and tabs as letters.
TEST(StatStatements, CopyText) {
  Reading reading;
  read(LogFormatKind::kStatStatements,
       "query\tcalls\ttotal_time\nSELECT a, -- b\\n\\tc FROM \"t\\\\u\"\t4\t10\n", reading);
  ASSERT_EQ(reading.kept.events.size(), 1U);
  EXPECT_EQ(reading.kept.events[0].text, "SELECT a, -- b\n\tc FROM \"t\\u\"");
}
TEST(StatStatements, Json) {
  const std::string first =
      R"({"userid":10,"queryid":-5,"query":"SELECT \"a\",\nb FROM t WHERE id = $1","calls":100,"total_exec_time":50.5,"min_exec_time":0.1,"rows":100,"plans":null})";
  const std::string second = R"({"query":"SELECT 2","calls":"3","total_exec_time":3,"mean_exec_time":1})";
  for (const std::string& text : {"[" + first + ", \n " + second + "]\n", first + "\n" + second + "\n",
                                  "[\n" + first + ",\n{\"x\": 1}," + second + "]"}) {
    EXPECT_EQ(detect_event_format(text), LogFormatKind::kStatStatements);
    Reading reading;
    read(LogFormatKind::kStatStatements, text, reading);
    ASSERT_EQ(reading.kept.events.size(), 2U) << text;
    EXPECT_EQ(reading.kept.events[0].text, "SELECT \"a\",\nb FROM t WHERE id = $1");
    EXPECT_EQ(reading.kept.events[0].event.calls, 100U);
    EXPECT_DOUBLE_EQ(reading.kept.events[0].event.mean_ms, 0.505);
    EXPECT_EQ(reading.kept.events[0].event.rows, 100);
    EXPECT_EQ(reading.kept.events[1].event.calls, 3U);
    EXPECT_EQ(reading.account.bytes(), text.size());
  }
  EXPECT_EQ(detect_event_format(R"([{"query":"SELECT 1","user":"jo"}])"), LogFormatKind::kUnknown);
}

TEST(EventFormats, Detection) {
  EXPECT_EQ(detect_event_format(export_of({})), LogFormatKind::kOtlpSpans);
  EXPECT_EQ(detect_event_format("query,calls,total_time\nSELECT 1,1,1\n"), LogFormatKind::kStatStatements);
  EXPECT_EQ(detect_event_format("query,calls\nSELECT 1,1\n"), LogFormatKind::kUnknown);
  EXPECT_EQ(detect_event_format("2026-11-22 00:00:00 UTC [1] LOG:  statement: SELECT 1\n"),
            LogFormatKind::kUnknown);
  EXPECT_EQ(detect_event_format(R"({"timestamp":"x","message":"resourceSpans"})"), LogFormatKind::kUnknown);
  EXPECT_EQ(detect_event_format(""), LogFormatKind::kUnknown);
}

}  // namespace
}  // namespace pgsieve
