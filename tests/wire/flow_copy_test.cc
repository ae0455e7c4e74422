// What a capture on a network interface keeps: the conversations, without passwords, whatever it missed.
#include "analyzer/wire/flow_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "analyzer/wire/conversation_file.h"
#include "analyzer/wire/flow_table.h"
#include "analyzer/wire/packet_writer.h"
#include "tests/wire/wire_testing.h"

namespace pgsieve {
namespace {

using testing::complete;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Message;
using ::testing::Not;
using testing::query;
using testing::ready;
using testing::startup;

// A client and a server on the network, seen by a FlowTable.
class Network {
 public:
  explicit Network(ConversationSink& copy) { table_.copy_to(copy); }

  void handshake() {
    TcpSegment syn = segment(Side::kClient, {});
    syn.syn = true;
    syn.ack = false;
    table_.add(syn, ++now_, {});
    ++next_[0];
  }
  void say(Side side, std::string_view bytes) {
    table_.add(segment(side, bytes), ++now_, {});
    next_[static_cast<size_t>(side)] += static_cast<uint32_t>(bytes.size());
  }
  void finish() { table_.finish(); }

  testing::EventLog log;
  WireCounts counts;

 private:
  TcpSegment segment(Side side, std::string_view bytes) {
    TcpSegment made;
    Endpoint client, server;
    client.address[0] = 10;
    client.port = 40'000;
    server.address[0] = 10;
    server.address[3] = 2;
    server.port = 5432;
    made.source = side == Side::kClient ? client : server;
    made.target = side == Side::kClient ? server : client;
    made.sequence = next_[static_cast<size_t>(side)];
    made.acknowledged = next_[1 - static_cast<size_t>(side)];
    made.ack = true;
    made.payload = bytes;
    return made;
  }

  FlowTable table_{0, 1, counts, log};
  std::array<uint32_t, 2> next_{1000, 5000};
  Microseconds now_ = 1'000'000;
};

// Both kinds of recordings of the same network, read again.
struct Recordings {
  Recordings() {
    for (const std::string ending : {".pgcap", ".pcap"})
      files.push_back(::testing::TempDir() + "/pgsieve_" + std::to_string(getpid()) + "_flow" + ending);
  }
  ~Recordings() {
    for (const std::string& file : files) ::unlink(file.c_str());
  }
  template <typename Talk>
  void write(Talk talk) {
    Result<std::unique_ptr<ConversationWriter>> pgcap = ConversationWriter::create(files[0]);
    Result<std::unique_ptr<PacketWriter>> pcap = PacketWriter::create(files[1]);
    ASSERT_TRUE(pgcap.ok() && pcap.ok());
    for (ConversationSink* sink : std::initializer_list<ConversationSink*>{pgcap->get(), pcap->get()}) {
      Network network(*sink);
      talk(network);
      network.finish();
      live = network.log.lines;
    }
    EXPECT_TRUE((*pgcap)->finish());
    EXPECT_TRUE((*pcap)->finish());
  }
  std::vector<std::string> files;
  std::vector<std::string> live;
};

TEST(FlowCopy, KeepsTheConversationButNoPassword) {
  Recordings recordings;
  recordings.write([](Network& network) {
    network.handshake();
    network.say(Side::kClient, startup());
    network.say(Side::kServer, Message('R').u32(3).done());
    network.say(Side::kClient, Message('p').text("open sesame").done());
    network.say(Side::kServer, Message('R').u32(0).done() + ready());
    network.say(Side::kClient, query("DELETE FROM t"));
    network.say(Side::kServer, complete("DELETE 3") + ready());
  });
  EXPECT_THAT(recordings.live, ElementsAre("executed DELETE FROM t rows=3"));
  for (const std::string& file : recordings.files) {
    SCOPED_TRACE(file);
    EXPECT_THAT(testing::slurp(file), Not(HasSubstr("sesame")));
    testing::EventLog log;
    const Result<IngestStats> stats = ingest({file}, testing::wire_options(), log);
    ASSERT_TRUE(stats.ok());
    EXPECT_THAT(log.lines, ElementsAre("executed DELETE FROM t rows=3", "end"));
    EXPECT_THAT(stats->incomplete, ::testing::IsEmpty());
  }
}

// The capture begins in the middle of an authentication: what can't be told from a password is not kept.
TEST(FlowCopy, MidStreamNothingIsKeptUntilMessagesAreKnown) {
  Recordings recordings;
  recordings.write([](Network& network) {
    network.say(Side::kClient, std::string_view(" sesame\0", 8));
    network.say(Side::kServer, Message('R').u32(0).done() + ready());
    network.say(Side::kClient, query("DELETE FROM t"));
    network.say(Side::kServer, complete("DELETE 3") + ready());
    network.say(Side::kClient, Message('p').text("open sesame").done());  // wherever it comes
  });
  EXPECT_THAT(recordings.live, ElementsAre("executed DELETE FROM t rows=3"));
  for (const std::string& file : recordings.files) {
    SCOPED_TRACE(file);
    EXPECT_THAT(testing::slurp(file), Not(HasSubstr("sesame")));
    testing::EventLog log;
    const Result<IngestStats> stats = ingest({file}, testing::wire_options(), log);
    ASSERT_TRUE(stats.ok());
    ASSERT_FALSE(log.lines.empty());
    EXPECT_EQ(log.lines.front(), "executed DELETE FROM t rows=3");
    EXPECT_THAT(stats->incomplete, ::testing::IsEmpty());
  }
}

}  // namespace
}  // namespace pgsieve
