// What the tap makes of the traffic is what the server itself wrote down, event by event: the same statements
// with the same values, in the same order, on the same connections, with the same errors. Row counts, which
// the server's log does not have, are what the client got.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <thread>

#include "analyzer/capture/ingest.h"
#include "analyzer/wire/conversation_decoder.h"
#include "analyzer/wire/tap.h"
#include "tests/integration/postgres_server.h"
#include "tests/integration/wire_client.h"

namespace pgsieve::testing {
namespace {

using Lines = std::vector<std::string>;

std::string undone(const BoundValue& value) {
  std::string text(value.text);
  if (!value.escaped) return text;
  for (size_t at = text.find("''"); at != std::string::npos; at = text.find("''", at + 1)) text.erase(at, 1);
  return text;
}

// "SQL $1='x' !22012 message", by application.
class Story final : public EventSink {
 public:
  void on_event(const Event& event) override {
    if (event.kind == Event::Kind::kSessionEnd || event.application.empty()) return;
    std::string line(event.text);
    for (size_t i = 0; i < event.parameters.size(); ++i) {
      const BoundValue& value = event.parameters[i];
      line += fmt::format(" ${}={}", i + 1, value.null ? "NULL" : fmt::format("'{}'", undone(value)));
    }
    if (event.kind == Event::Kind::kFailed) line += fmt::format(" !{}", event.sqlstate);
    if (event.kind == Event::Kind::kFailed) line += fmt::format(" {}", event.error_message);
    rows[std::string(event.application)].push_back(event.rows);
    lines[std::string(event.application)].push_back(std::move(line));
  }
  std::map<std::string, Lines> lines;
  std::map<std::string, std::vector<int64_t>> rows;
};

// A server that logs everything as JSON, a tap before it, and both stories.
class Attribution : public ::testing::Test {
 protected:
  void SetUp() override {
    bool missing = false;
    std::string why;
    server_ = PostgresServer::start(
        why, missing,
        "-c logging_collector=on -c log_destination=jsonlog -c log_directory=log -c log_filename=server.log "
        "-c log_min_duration_statement=0 -c log_parameter_max_length=-1 "
        "-c log_parameter_max_length_on_error=-1 -c log_min_error_statement=error");
    if (server_ == nullptr && missing) GTEST_SKIP() << why;
    ASSERT_NE(server_, nullptr) << why;
    decoder_ = std::make_unique<ConversationDecoder>(1, 0, counts_, wire_);
    recorder_ = std::make_unique<Recorder>(std::vector<ConversationSink*>{decoder_.get()});
    TapSettings settings;
    settings.listen = {"127.0.0.1", 0, {}};
    settings.upstream = {{}, 0, server_->folder() + "/.s.PGSQL.5432"};
    Result<std::unique_ptr<Tap>> tap = Tap::start(settings, *recorder_);
    ASSERT_TRUE(tap.ok());
    tap_ = std::move(*tap);
  }

  // Ends the tap and the server; compares. Statements of the set-up, without a tap, are not counted.
  void compare() {
    tap_->stop(5 * kSecond);
    recorder_->finish();
    decoder_->finish();
    const std::string file = server_->folder() + "/data/log/server.json";
    server_->stop();  // the log is complete
    IngestOptions options;
    const Result<IngestStats> stats = ingest({file}, options, log_);
    ASSERT_TRUE(stats.ok()) << (stats.ok() ? "" : stats.error().message);
    EXPECT_EQ(recorder_->dropped_bytes(), 0U);
    EXPECT_EQ(counts_.gaps + counts_.unmatched + counts_.unresolved + counts_.unknown_statements, 0U);
    for (const auto& [application, lines] : log_.lines) {
      SCOPED_TRACE(application);
      const Lines& seen = wire_.lines[application];
      for (size_t i = 0; i < std::max(seen.size(), lines.size()); ++i) {
        const std::string logged = i < lines.size() ? lines[i] : "(nothing)";
        std::string tapped = i < seen.size() ? seen[i] : "(nothing)";
        // A value that the server could not read is not in its log.
        if (logged.find(" !22P02") != std::string::npos && logged.find(" $1=") == std::string::npos &&
            tapped.find(" $1=") != std::string::npos)
          tapped.erase(tapped.find(" $1="), tapped.find(" !") - tapped.find(" $1="));
        ASSERT_EQ(tapped, logged) << "event " << i << " of " << lines.size();
      }
    }
    for (const auto& [application, lines] : wire_.lines)
      EXPECT_EQ(log_.lines.count(application), 1U) << application;
  }

  std::unique_ptr<PostgresServer> server_;
  WireCounts counts_;
  Story wire_, log_;
  std::unique_ptr<ConversationDecoder> decoder_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Tap> tap_;
};

// A thousand different statements with one Sync behind them, and among them, with several Syncs, some that
// fail.
TEST_F(Attribution, PipelineOfAThousand) {
  const std::string url = fmt::format(
      "host=127.0.0.1 port={} user=postgres dbname=postgres sslmode=disable application_name=pipeline",
      tap_->port());
  std::vector<int64_t> expected_rows;
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(url.c_str()), PQfinish);
  ASSERT_EQ(PQstatus(connection.get()), CONNECTION_OK);
  ASSERT_EQ(PQenterPipelineMode(connection.get()), 1);
  PQsetnonblocking(connection.get(), 1);
  constexpr int kStatements = 1000;
  const auto ask = [&](int i, const std::string& divisor) {
    const std::string sql =
        fmt::format("SELECT {} AS n, $1::text, g / $2 FROM generate_series(1, {}) g", i, i % 7);
    const std::string first = fmt::format("value '{}'", i);
    const char* values[] = {i % 11 == 0 ? nullptr : first.c_str(), divisor.c_str()};
    ASSERT_EQ(PQsendQueryParams(connection.get(), sql.c_str(), 2, nullptr, values, nullptr, nullptr, 0), 1);
  };
  for (int i = 0; i < kStatements; ++i) ask(i, "3");
  ASSERT_EQ(PQpipelineSync(connection.get()), 1);
  for (int i = 0; i < 60; ++i) {
    ask(i + 7 * kStatements, i % 10 == 4 ? "0" : "1");
    if (i % 6 == 5) {
      ASSERT_EQ(PQpipelineSync(connection.get()), 1);
    }
  }
  PQsetnonblocking(connection.get(), 0);
  int failed = 0, skipped = 0;
  for (int syncs = 0; syncs < 11;) {
    std::unique_ptr<PGresult, decltype(&PQclear)> result(PQgetResult(connection.get()), PQclear);
    if (result == nullptr) continue;
    switch (PQresultStatus(result.get())) {
      case PGRES_TUPLES_OK:
        expected_rows.push_back(PQntuples(result.get()));
        break;
      case PGRES_FATAL_ERROR:
        ++failed;
        expected_rows.push_back(-1);
        break;
      case PGRES_PIPELINE_ABORTED:
        ++skipped;
        break;
      case PGRES_PIPELINE_SYNC:
        ++syncs;
        break;
      default:
        FAIL() << PQresStatus(PQresultStatus(result.get()));
    }
  }
  EXPECT_GT(failed, 0);
  EXPECT_GT(skipped, 0);
  connection.reset();
  compare();
  EXPECT_EQ(wire_.rows["pipeline"], expected_rows);
  EXPECT_EQ(wire_.lines["pipeline"].size(), expected_rows.size());
}

TEST_F(Attribution, PortalsCrosswise) {
  WireClient talk(tap_->port(), "portals");
  ASSERT_TRUE(talk.connected());
  talk.query("BEGIN").until('Z');
  talk.parse("a", "SELECT g, $1::text FROM generate_series(1, 10) g").parse("b", "SELECT 'b' WHERE $1 = 'x'");
  talk.bind("pa", "a", {"one"}).bind("pb", "b", {"x"}).bind("pa2", "a", {std::nullopt});
  talk.execute("pb").execute("pa", 4).execute("pa2", 3).execute("pa").execute("pa2").sync();
  EXPECT_EQ(talk.until('Z'), "11222DCDDDDsDDDsDDDDDDCDDDDDDDCZ");
  // A name that is given again, and one whose refusal leaves the old meaning.
  talk.close('S', "b")
      .parse("b", "SELECT 'another b', $1::int")
      .bind("", "b", {"5"})
      .execute("")
      .sync()
      .until('Z');
  talk.parse("a", "SELECT 'never'").bind("", "a", {"lost"}).execute("").sync().until('Z');
  talk.query("ROLLBACK").until('Z');
  talk.bind("", "a", {"still the first"}).execute("", 2).execute("", 2).sync();
  talk.bind("", "b", {"7"}).execute("").sync().until('Z', 2);
  // The same name space: SQL's PREPARE and the protocol's Parse.
  for (const char* sql : {"PREPARE c AS SELECT $1::int + 1", "EXECUTE c(41)", "DEALLOCATE c"})
    talk.query(sql).until('Z');
  talk.parse("c", "SELECT 'parsed c'").bind("", "c").execute("").sync().until('Z');
  talk.query("DISCARD ALL").until('Z');
  talk.parse("a", "SELECT 'a anew'").bind("", "a").execute("").sync().until('Z');
  talk.leave();
  compare();
}

TEST_F(Attribution, AfterErrors) {
  WireClient talk(tap_->port(), "errors");
  ASSERT_TRUE(talk.connected());
  talk.query("SELECT 'whole'; SELEC syntax error; SELECT 'never'").until('Z');
  talk.query("SELECT ';' ; ; SELECT $$;$$").until('Z');
  talk.query("").until('Z');
  // Refused when parsed, bound, executed; what stands behind, up to the Sync, does not run.
  talk.parse("", "SELECT no_such_column").bind("", "").execute("").sync();
  talk.parse("n", "SELECT $1::int").bind("", "n", {"not a number"}).execute("").sync();
  talk.parse("", "SELECT 10 / $1::int").bind("", "", {"0"}).execute("");
  talk.parse("", "SELECT 'skipped'").bind("", "").execute("").sync();
  talk.bind("", "n", {"12"}).execute("").sync();
  talk.parse("m", "SELECT 'kept'").bind("", "no such statement").execute("").sync();
  talk.bind("", "m").execute("").sync();
  EXPECT_EQ(talk.until('Z', 6), "EZ1EZ1EZ2DCZ1EZ2DCZ");
  talk.query("BEGIN").until('Z');
  talk.query("SELECT oops").until('Z');
  talk.parse("", "SELECT 'in a failed transaction'").bind("", "").execute("").sync().until('Z');
  talk.query("ROLLBACK").until('Z');
  talk.query("SELECT 'after'").until('Z');
  talk.leave();
  compare();
  EXPECT_THAT(wire_.lines["errors"],
              ::testing::Contains(::testing::HasSubstr("SELECT 10 / $1::int $1='0' !22012")));
}

// Of a string that failed when it ran, the log says neither what ran before nor which statement failed.
TEST_F(Attribution, TheFailedStatementOfAString) {
  WireClient talk(tap_->port(), "");
  ASSERT_TRUE(talk.connected());
  talk.query("SET application_name = 'string'").until('Z');
  talk.query("SELECT 1; SELECT 1/0; SELECT 'never'").until('Z');
  talk.leave();
  tap_->stop(5 * kSecond);
  recorder_->finish();
  EXPECT_THAT(wire_.lines["string"],
              ::testing::ElementsAre("SELECT 1", "SELECT 1/0 !22012 division by zero"));
}

TEST_F(Attribution, DuringCopy) {
  WireClient talk(tap_->port(), "copy");
  ASSERT_TRUE(talk.connected());
  talk.query("CREATE TEMP TABLE t (a int)").until('Z');
  talk.query("COPY t FROM STDIN").until('G');
  talk.copy_data("1\n2\n").copy_data("3\n").copy_done().until('Z');
  talk.query("COPY t FROM STDIN").until('G');
  talk.copy_data("4\n").copy_fail("changed my mind").until('Z');
  talk.query("SELECT count(*) FROM t").until('Z');
  // The server refuses while data is still on its way; the rest of it is dropped.
  talk.query("COPY t FROM STDIN").until('G');
  talk.copy_data("5\n").copy_data("x\n").flush();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  talk.copy_data("6\n").copy_done().until('Z');
  talk.query("COPY t TO STDOUT; SELECT 'behind the copy'").until('Z');
  // By the extended protocol: Flush and Sync sent ahead of the data are not answered.
  talk.parse("", "COPY t FROM STDIN").bind("", "").execute("").ask_to_flush().until('G');
  talk.copy_data("7\n").copy_done().sync().until('Z');
  talk.parse("", "COPY t FROM STDIN").bind("", "").execute("").sync().until('G');
  talk.copy_data("8\n").copy_done().sync().until('Z');
  talk.parse("", "COPY (SELECT generate_series(1, 1000)) TO STDOUT").bind("", "").execute("").sync();
  talk.parse("", "SELECT sum(a) FROM t").bind("", "").execute("").sync().until('Z', 2);
  talk.leave();
  compare();
  EXPECT_EQ(wire_.lines["copy"].size(), 11U);
}

}  // namespace
}  // namespace pgsieve::testing
