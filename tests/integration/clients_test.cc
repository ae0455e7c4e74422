// Real clients through the tap: whatever works directly works through it, and nothing of it is lost on the
// decoder. Which clients there are is the machine's business: those that tools/setup.sh --tests installs.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "analyzer/wire/conversation_decoder.h"
#include "analyzer/wire/tap.h"
#include "tests/integration/postgres_server.h"
#include "tests/tools/run_program.h"

namespace pgsieve::testing {
namespace {

// Where tools/setup.sh --tests puts what comes from npm.
std::string npm_modules() {
  return std::string(PGSIEVE_SOURCE_DIR) + "/build/npm/node_modules";
}

// Counts, and keeps the texts in which something of the client shows.
class Tally final : public EventSink {
 public:
  void on_event(const Event& event) override {
    if (event.kind == Event::Kind::kSessionEnd) return;
    ++statements;
    if (!event.parameters_known) ++without_values;
  }
  uint64_t statements = 0, without_values = 0;
};

struct Client {
  std::string name;
  std::string present;  // a shell command that succeeds where the client is installed
  std::string command;  // $HOST, $PORT; $WORK is a folder of its own, $CLIENTS that of the scripts
};

std::string python(const std::string& scenario) {
  return "/usr/bin/python3 $CLIENTS/clients.py " + scenario + " $HOST $PORT";
}
// Node's pg takes "prefer" for "require".
std::string node(const std::string& scenario) {
  return "PGSSLMODE=disable NODE_PATH=" + npm_modules() + " node $CLIENTS/clients.cjs " + scenario + " $HOST $PORT";
}
const std::string kServerTools = "PATH=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1):$PATH; ";

std::vector<Client> clients() {
  const std::string pgbench = kServerTools + "pgbench -h $HOST -p $PORT -U postgres ";
  return {
      {"psql", "command -v psql",
       "seq 1 50000 > $WORK/n; psql -X -v ON_ERROR_STOP=1 -c 'drop table if exists c' -c 'create unlogged "
       "table c (a int)' "
       "-c \"\\\\copy c from $WORK/n\" -c \"\\\\copy (select a from c order by a) to $WORK/m\" -c 'drop "
       "table c' && "
       "cmp $WORK/n $WORK/m && test \"$(psql -XAt -v FETCH_COUNT=100 -c 'select generate_series(1, 2000)' | "
       "wc -l)\" = 2000"},
      {"psql_cancel", "command -v psql",
       "psql -Xc 'select pg_sleep(20)' > $WORK/out 2>&1 & sleep 0.5; kill -INT $!; wait $!; "
       "grep -q 'canceling statement' $WORK/out"},
      {"pgbench", kServerTools + "command -v pgbench",
       pgbench + "-i -q postgres && for m in simple extended prepared; do " + pgbench +
           "-n -S -M $m -c 4 -t 50 postgres || exit 1; done; " + pgbench +
           "-n -M prepared -c 4 -t 20 postgres && " + pgbench + "-n -S -C -c 2 -t 20 postgres"},
      {"pgbench_pipeline", kServerTools + "command -v pgbench",
       "printf '\\\\startpipeline\\nselect 1;\\nselect 2;\\nselect 3;\\n\\\\endpipeline\\n' > $WORK/p.sql; " +
           pgbench + "-n -M extended -f $WORK/p.sql -c 2 -t 100 postgres"},
      {"pg_dump", kServerTools + "command -v pg_dump",
       "psql -Xqc 'create table if not exists dumped as select g, md5(g::text) from generate_series(1, 5000) "
       "g' && "
       "pg_dump -Fc -t dumped -f $WORK/d && psql -Xqc 'drop table dumped' && pg_restore -d postgres $WORK/d "
       "&& "
       "test \"$(psql -XAtc 'select count(*) from dumped')\" = 5000 && psql -Xqc 'drop table dumped'"},
      {"pg_basebackup", kServerTools + "command -v pg_basebackup",
       kServerTools + "pg_basebackup -D $WORK/base -X stream -c fast && pg_verifybackup -q $WORK/base"},
      {"pg_recvlogical", kServerTools + "command -v pg_recvlogical",
       kServerTools + "pg_recvlogical -d postgres -S tapped -P test_decoding --create-slot && "
                      "psql -Xqc 'create table replicated (a int); insert into replicated values (31)'; "
                      "timeout 2 pg_recvlogical -d postgres -S tapped --start -f $WORK/changes; "
                      "psql -Xqc 'drop table replicated'; pg_recvlogical -d postgres -S tapped --drop-slot; "
                      "grep -q 'a\\[integer\\]:31' $WORK/changes"},
      {"psycopg2", "/usr/bin/python3 -c 'import psycopg2'", python("psycopg2_named_cursor_and_copy")},
      {"psycopg2_threads", "/usr/bin/python3 -c 'import psycopg2'", python("psycopg2_many_connections")},
      {"psycopg", "/usr/bin/python3 -c 'import psycopg'", python("psycopg_pipeline_and_binary")},
      {"asyncpg", "/usr/bin/python3 -c 'import asyncpg'", python("asyncpg_prepared_and_cancel")},
      {"node_pg", "command -v node && test -e " + npm_modules() + "/pg", node("pg")},
      {"node_postgres", "command -v node && test -e " + npm_modules() + "/postgres", node("postgres")},
  };
}

class Clients : public ::testing::TestWithParam<Client> {
 protected:
  static void SetUpTestSuite() {
    server_ = PostgresServer::start(why_, missing_, "-c wal_level=logical -c max_wal_senders=5").release();
  }
  static void TearDownTestSuite() { delete server_; }
  static inline PostgresServer* server_ = nullptr;
  static inline std::string why_;
  static inline bool missing_ = false;
};

TEST_P(Clients, WorkThroughTheTap) {
  if (server_ == nullptr && missing_) GTEST_SKIP() << why_;
  ASSERT_NE(server_, nullptr) << why_;
  if (run_command({"bash", "-c", GetParam().present}).exit_code != 0)
    GTEST_SKIP() << GetParam().name << " is not installed (tools/setup.sh --tests)";
  WireCounts counts;
  Tally tally;
  ConversationDecoder decoder(1, 0, counts, tally);
  Recorder recorder({&decoder}, Recorder::Overflow::kWait);
  TapSettings settings;
  settings.listen = {"127.0.0.1", 0, {}};
  settings.upstream = {{}, 0, server_->folder() + "/.s.PGSQL.5432"};
  Result<std::unique_ptr<Tap>> tap = Tap::start(settings, recorder);
  ASSERT_TRUE(tap.ok());
  const TemporaryDirectory work;
  const std::string port = std::to_string((*tap)->port());
  const RunResult result =
      run_command({"timeout", "60", "bash", "-c", GetParam().command}, {},
                  {"HOST=127.0.0.1", "PORT=" + port, "PGHOST=127.0.0.1", "PGPORT=" + port, "PGUSER=postgres",
                   "PGDATABASE=postgres", "PGSSLMODE=prefer", "WORK=" + work.path(""),
                   "CLIENTS=" + std::string(PGSIEVE_SOURCE_DIR) + "/tests/integration/clients"});
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  (*tap)->stop(2 * kSecond);
  recorder.finish();
  decoder.finish();
  EXPECT_GT(tally.statements + counts.replication, 0U);
  EXPECT_EQ(tally.without_values, 0U);
  EXPECT_EQ(recorder.dropped_bytes(), 0U);
  EXPECT_EQ(counts.gaps + counts.unmatched + counts.unresolved + counts.undecodable +
                counts.unknown_statements + counts.damaged_messages + counts.late_fetches +
                counts.dropped_requests,
            0U);
}

INSTANTIATE_TEST_SUITE_P(Wire, Clients, ::testing::ValuesIn(clients()),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace pgsieve::testing
