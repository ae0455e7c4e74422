// Rows written in a pipeline and rows written in a loop, as the tap and the server's log show them.
#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "analyzer/capture/ingest.h"
#include "analyzer/wire/conversation_decoder.h"
#include "analyzer/wire/tap.h"
#include "analyzer/workload/builder.h"
#include "rules/rule.h"
#include "tests/integration/postgres_server.h"

namespace pgsieve::testing {
namespace {

constexpr int kRows = 60;

using Session = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

void run(PGconn* connection, const std::string& sql) {
  const Answer answer(PQexec(connection, sql.c_str()), PQclear);
  ASSERT_EQ(PQresultStatus(answer.get()), PGRES_COMMAND_OK) << PQerrorMessage(connection);
}

void write_one_by_one(PGconn* connection) {
  for (int i = 0; i < kRows; ++i) {
    const std::string value = std::to_string(i);
    const char* values[] = {value.c_str()};
    const Answer answer(PQexecParams(connection, "INSERT INTO looped (value) VALUES ($1)", 1, nullptr, values,
                                     nullptr, nullptr, 0),
                        PQclear);
    ASSERT_EQ(PQresultStatus(answer.get()), PGRES_COMMAND_OK) << PQerrorMessage(connection);
  }
}

void write_at_once(PGconn* connection) {
  ASSERT_EQ(PQenterPipelineMode(connection), 1);
  for (int i = 0; i < kRows; ++i) {
    const std::string value = std::to_string(i);
    const char* values[] = {value.c_str()};
    ASSERT_EQ(PQsendQueryParams(connection, "INSERT INTO piped (value) VALUES ($1)", 1, nullptr, values,
                                nullptr, nullptr, 0),
              1);
  }
  ASSERT_EQ(PQpipelineSync(connection), 1);
  for (bool synced = false; !synced;) {
    const Answer answer(PQgetResult(connection), PQclear);
    synced = PQresultStatus(answer.get()) == PGRES_PIPELINE_SYNC;
  }
  ASSERT_EQ(PQexitPipelineMode(connection), 1);
}

// The write-loop about that table; null: none.
const Finding* about(const std::vector<Finding>& findings, const std::string& table) {
  const auto found = std::ranges::find(findings, table, &Finding::table);
  return found == findings.end() ? nullptr : &*found;
}

std::vector<Finding> write_loops(WorkloadBuilder& builder) {
  const Workload workload = builder.finish();
  const Schema schema;
  const std::vector<std::string> only = {"write-loop"};
  return run_rules({workload, schema, {}, {}}, only);
}

TEST(Batch, IsNoLoopOnTheWireAndNoCertainOneInTheLog) {
  bool missing = false;
  std::string why;
  const auto server = PostgresServer::start(
      why, missing,
      "-c logging_collector=on -c log_destination=jsonlog -c log_directory=log -c log_filename=server.log "
      "-c log_min_duration_statement=0 -c log_parameter_max_length=-1");
  if (server == nullptr && missing) GTEST_SKIP() << why;
  ASSERT_NE(server, nullptr) << why;
  WireCounts counts;
  WorkloadBuilder wire;
  ConversationDecoder decoder(1, 0, counts, wire);
  Recorder recorder(std::vector<ConversationSink*>{&decoder});
  TapSettings settings;
  settings.listen = {"127.0.0.1", 0, {}};
  settings.upstream = {{}, 0, server->folder() + "/.s.PGSQL.5432"};
  Result<std::unique_ptr<Tap>> tap = Tap::start(settings, recorder);
  ASSERT_TRUE(tap.ok());
  const std::string url = "host=127.0.0.1 port=" + std::to_string((*tap)->port()) +
                          " user=postgres dbname=postgres sslmode=disable application_name=writer";
  {
    const Session session(PQconnectdb(url.c_str()), PQfinish);
    ASSERT_EQ(PQstatus(session.get()), CONNECTION_OK);
    run(session.get(), "CREATE TABLE looped (value text)");
    run(session.get(), "CREATE TABLE piped (value text)");
    write_one_by_one(session.get());
    write_at_once(session.get());
  }
  (*tap)->stop(5 * kSecond);
  recorder.finish();
  decoder.finish();
  server->stop();  // the log is complete

  const std::vector<Finding> seen = write_loops(wire);
  EXPECT_EQ(about(seen, "piped"), nullptr);
  const Finding* loop = about(seen, "looped");
  ASSERT_NE(loop, nullptr);
  EXPECT_EQ(loop->confidence, Confidence::kHigh);
  EXPECT_EQ(loop->count, static_cast<uint64_t>(kRows));

  WorkloadBuilder log;
  const IngestOptions options;
  ASSERT_TRUE(ingest({server->folder() + "/data/log/server.json"}, options, log).ok());
  const std::vector<Finding> logged = write_loops(log);
  EXPECT_NE(about(logged, "looped"), nullptr);
  const Finding* batch = about(logged, "piped");
  EXPECT_TRUE(batch == nullptr || batch->confidence < Confidence::kHigh);
}

}  // namespace
}  // namespace pgsieve::testing
