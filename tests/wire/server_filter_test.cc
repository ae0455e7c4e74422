// What the tap takes out of a server's stream, whatever pieces it comes in.
#include "analyzer/wire/server_filter.h"

#include <gtest/gtest.h>

#include "analyzer/wire/greeting.h"
#include "tests/wire/wire_testing.h"

namespace pgsieve {
namespace {

using testing::complete;
using testing::Message;
using testing::ready;
using testing::row;

std::string notice(std::string_view severity, std::string_view message) {
  return Message('N')
      .u8('S')
      .text(severity)
      .u8('V')
      .text(severity)
      .u8('C')
      .text("00000")
      .u8('M')
      .text(message)
      .u8('R')
      .text("explain_ExecutorEnd")
      .u8(0)
      .done();
}

std::string methods(std::initializer_list<std::string_view> names) {
  Message message('R');
  message.u32(10);
  for (const std::string_view name : names) message.text(name);
  return message.u8(0).done();
}

// In one piece, in two cut anywhere, and byte by byte.
void expect_passes(bool strip, bool plans, const std::string& stream, const std::string& wanted) {
  for (size_t cut = 0; cut <= stream.size(); ++cut) {
    ServerFilter filter(strip, plans);
    std::string out(filter.pass(std::string_view(stream).substr(0, cut)));
    out += filter.pass(std::string_view(stream).substr(cut));
    ASSERT_EQ(out == wanted, true) << "cut at " << cut;
  }
  ServerFilter filter(strip, plans);
  std::string out;
  for (const char byte : stream) out += filter.pass(std::string_view(&byte, 1));
  EXPECT_EQ(out == wanted, true);
}

TEST(ServerFilter, TakesOutPlansAndNothingElse) {
  const std::string plan =
      "duration: 0.123 ms  plan:\n{\"Query Text\": \"SELECT 1\", \"Plan\": {" + std::string(600, ' ') + "}}";
  const std::string plain = notice("NOTICE", "duration: 0.123 ms  plan:\nsaid by somebody else") +
                            notice("INFO", "duration: 5 ms") + notice("INFO", "x") + row({"N"}) +
                            complete("SELECT 1") + ready();
  std::string with = Message('R').u32(0).done() + ready();
  std::string without = with;
  with += notice("INFO", plan) + plain + notice("INFO", plan) + notice("INFO", plan) + ready();
  without += plain + ready();
  expect_passes(false, true, with, without);
  ServerFilter filter(false, true);
  filter.pass(with);
  EXPECT_EQ(filter.plans(), 3U);
}

TEST(ServerFilter, TakesChannelBindingOutOfTheMethods) {
  const std::string rest = Message('R').u32(11).bytes("r=nonce").done() + Message('R').u32(0).done() +
                           ready() + row({std::string(10'000, 'R')});
  expect_passes(true, false, methods({"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}) + rest,
                methods({"SCRAM-SHA-256"}) + rest);
  expect_passes(true, false, methods({"SCRAM-SHA-256"}) + rest, methods({"SCRAM-SHA-256"}) + rest);
  expect_passes(true, true, methods({"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}) + rest,
                methods({"SCRAM-SHA-256"}) + rest);
}

TEST(ServerFilter, IsOutOfTheWayOnceAuthenticationIsOver) {
  ServerFilter filter(true, false);
  filter.pass(Message('R').u32(0).done());
  EXPECT_TRUE(filter.idle());
  const std::string bytes = methods({"SCRAM-SHA-256-PLUS"});  // not that any server would
  EXPECT_EQ(filter.pass(bytes).data(), bytes.data());
}

TEST(ServerFilter, WhatIsNotConcernedIsNotCopied) {
  ServerFilter filter(false, true);
  filter.pass(Message('R').u32(0).done() + ready());
  const std::string bytes = row({std::string(100'000, 'x')}) + complete("SELECT 1") + ready();
  EXPECT_EQ(filter.pass(bytes).data(), bytes.data());
}

TEST(Greeting, TellsWhatAClientWants) {
  const std::string start = testing::startup("me", "shop");
  EXPECT_EQ(read_greeting(start).kind, Greeting::Kind::kStartup);
  EXPECT_EQ(read_greeting(start).size, start.size());
  EXPECT_EQ(read_greeting(testing::startup("me", "shop", 196'610)).kind, Greeting::Kind::kStartup);  // 3.2
  for (size_t size = 0; size < start.size(); ++size)
    EXPECT_EQ(read_greeting(start.substr(0, size)).kind, Greeting::Kind::kIncomplete) << size;
  EXPECT_EQ(read_greeting(kTlsRequestPacket).kind, Greeting::Kind::kTlsRequest);
  EXPECT_EQ(read_greeting(Message().u32(80'877'104).done()).kind, Greeting::Kind::kGssRequest);
  // The key of a cancel request is longer since protocol 3.2.
  EXPECT_EQ(read_greeting(Message().u32(80'877'102).u32(1).bytes(std::string(32, 'k')).done()).kind,
            Greeting::Kind::kCancel);
  EXPECT_EQ(read_greeting("\x16\x03\x01").kind, Greeting::Kind::kTls);
  EXPECT_EQ(read_greeting("GET / HTTP/1.1\r\n\r\n").kind, Greeting::Kind::kOther);
  EXPECT_EQ(read_greeting(testing::startup("me", "shop", 131'072)).kind, Greeting::Kind::kOther);  // 2.0
}

TEST(Greeting, SettingsGoBehindTheClientsOwn) {
  const std::string start = testing::startup("me", "shop");
  EXPECT_EQ(startup_parameter(start, "user"), "me");
  EXPECT_EQ(startup_parameter(start, "options"), "");
  const std::string once = with_options(start, "-c a=1");
  EXPECT_EQ(startup_parameter(once, "options"), "-c a=1");
  EXPECT_EQ(startup_parameter(once, "database"), "shop");
  EXPECT_EQ(read_greeting(once).size, once.size());
  EXPECT_EQ(startup_parameter(with_options(once, "-c b=2"), "options"), "-c a=1 -c b=2");
}

}  // namespace
}  // namespace pgsieve
