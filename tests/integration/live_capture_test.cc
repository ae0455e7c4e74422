// pgsieve tap --interface, on the loopback device: what passes is judged as it would be through a tap.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "analyzer/wire/live_capture.h"
#include "analyzer/wire/tap.h"
#include "tests/integration/postgres_server.h"
#include "tests/tools/run_program.h"

namespace pgsieve::testing {
namespace {

// Why nothing can be captured here; "": it can.
std::string obstacle() {
  if (!LiveCapture::available()) return "built without libpcap";
  const std::vector<uint16_t> ports = {5432};
  const Result<std::unique_ptr<LiveCapture>> capture =
      LiveCapture::start("lo", ports, [](const TcpSegment& /*segment*/, Microseconds /*time*/) {});
  return capture ? std::string() : capture.error().message;
}

TEST(LiveCapture, JudgesAndKeepsWhatPassesTheInterface) {
  PGSIEVE_NEED_SERVER(server);
  if (const std::string why = obstacle(); !why.empty()) GTEST_SKIP() << why;
  // The server has only a Unix socket: a tap gives it a port.
  Recorder unused({});
  TapSettings settings;
  settings.listen = {"127.0.0.1", 0, {}};
  settings.upstream = {{}, 0, server->folder() + "/.s.PGSQL.5432"};
  const Result<std::unique_ptr<Tap>> tap = Tap::start(settings, unused);
  ASSERT_TRUE(tap.ok());
  const TemporaryDirectory folder;
  for (const std::string kept : {"kept.pgcap", "kept.pcap"}) {
    const std::string script = fmt::format(R"sh(cd '{}'; exec 2>>shell.err
psql() {{ command psql -h 127.0.0.1 -p {} -U postgres -d postgres -XAtq "$@"; }}
rm -f tap.err live.json kept.json
psql -c 'DROP SCHEMA IF EXISTS seen CASCADE; CREATE SCHEMA seen; CREATE TABLE seen.users (id int, name text)' \
  -c 'CREATE TABLE seen.posts (id int, user_id int, title text)' \
  -c "INSERT INTO seen.users SELECT g * 7, 'user ' || g FROM generate_series(1, 12) g" \
  -c "INSERT INTO seen.posts SELECT g, 7 * (1 + g % 12), 'post' FROM generate_series(1, 500) g"
mkfifo talk; psql <talk >/dev/null & before=$!; exec 3>talk
"{}" tap --interface lo --port {} --write {} -o json:live.json 2>tap.err 3>&- & tap=$!
for i in $(seq 200); do grep -q 'capturing on lo' tap.err && break; sleep 0.05; done
(echo 'SELECT id, name FROM seen.users;'
 for i in $(seq 12); do echo "SELECT id, title FROM seen.posts WHERE user_id = $((i * 7));"; done) | psql >/dev/null
echo "SELECT 'an old connection';" >&3; exec 3>&-; wait $before; rm talk
sleep 0.5; kill -TERM $tap; wait $tap; echo "code $?"
"{}" lint {} -o json:kept.json; echo "code $?")sh",
                                           folder.path(""), (*tap)->port(), PGSIEVE_BINARY, (*tap)->port(),
                                           kept, PGSIEVE_BINARY, kept);
    const RunResult result = run_command({"timeout", "60", "sh", "-c", script});
    const std::string error = read_file(folder.path("tap.err")) + read_file(folder.path("shell.err"));
    EXPECT_EQ(result.out, "code 0\ncode 1\n") << error;
    for (const std::string name : {"live.json", "kept.json"}) {
      const nlohmann::json report = nlohmann::json::parse(read_file(folder.path(name)));
      EXPECT_EQ(report.at("ingest").at("executions"), 14) << kept << name;
      ASSERT_EQ(report.at("findings").size(), 1U) << kept << name;
      EXPECT_EQ(report.at("findings")[0].at("rule"), "n-plus-one");
      EXPECT_EQ(report.at("findings")[0].at("confidence"), "proved");
    }
  }
}

}  // namespace
}  // namespace pgsieve::testing
