// Events kept as text, and streams made by hand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/capture/event.h"
#include "analyzer/capture/ingest.h"
#include "analyzer/wire/connection.h"

namespace pgsieve::testing {

// Builds one message: type byte, length, body. An empty type gives a start-up packet.
class Message {
 public:
  explicit Message(char type = '\0') : type_(type) {}
  Message& u8(uint8_t value) { return number(value, 1); }
  Message& u16(uint16_t value) { return number(value, 2); }
  Message& u32(uint32_t value) { return number(value, 4); }
  Message& u64(uint64_t value) { return number(value, 8); }
  Message& text(std::string_view value) {  // with its zero
    body_ += value;
    body_.push_back('\0');
    return *this;
  }
  Message& bytes(std::string_view value) {
    body_ += value;
    return *this;
  }
  std::string done() const;
  const std::string& body() const { return body_; }

 private:
  Message& number(uint64_t value, int size);
  char type_;
  std::string body_;
};

// The messages that occur everywhere.
std::string startup(std::string_view user = "me", std::string_view database = "shop",
                    uint32_t version = 196608);
std::string query(std::string_view text);
std::string parse(std::string_view name, std::string_view text, const std::vector<uint32_t>& types = {});
struct Value {
  std::string bytes;
  bool binary = false;
  bool null = false;
};
std::string bind(std::string_view portal, std::string_view statement, const std::vector<Value>& values,
                 bool binary_results = false);
std::string describe(char what, std::string_view name);
std::string execute(std::string_view portal, uint32_t limit = 0);
std::string close_name(char what, std::string_view name);
std::string sync();
struct Column {
  std::string name;
  uint32_t table = 0;
  uint16_t attribute = 0;
  uint32_t type = 23;
};
std::string row_description(const std::vector<Column>& columns);
std::string row(const std::vector<std::string>& values);
std::string complete(std::string_view tag);
std::string ready(char status = 'I');
std::string error(std::string_view sqlstate, std::string_view message, std::string_view position = {});
std::string simple(char type);  // without a body
std::string welcome();          // AuthenticationOk … ReadyForQuery

// "executed user@database[application] TEXT ($1 = '…') rows=3", one line per event.
class EventLog final : public EventSink {
 public:
  void on_event(const Event& event) override;
  std::vector<std::string> lines;       // without sessions and times
  std::vector<std::string> by_session;  // "SESSION LINE"
  std::vector<std::vector<ResultCell>> cells;
  std::vector<Microseconds> durations;
  std::vector<uint64_t> transactions;
  std::vector<Event::Sent> sent;
  bool with_rows = true;
};

// One connection played by hand.
class Talk {
 public:
  explicit Talk(bool started = true);
  Talk& client(std::string_view bytes);
  Talk& server(std::string_view bytes);
  Talk& wait(Microseconds time) {
    now += time;
    return *this;
  }
  std::vector<std::string> finish();

  EventLog log;
  WireCounts counts;
  Microseconds now = 1'000'000;
  StatementTexts texts;
  Connection connection;
};

IngestOptions wire_options();
std::string wire_fixture(const std::string& name);  // path of fixtures/wire/NAME
std::string slurp(const std::string& path);
void spill(const std::string& path, std::string_view content);

}  // namespace pgsieve::testing
