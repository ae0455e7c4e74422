#include "tests/wire/wire_testing.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "analyzer/wire/capture_reader.h"
#include "analyzer/wire/conversation_file.h"

namespace pgsieve::testing {

Message& Message::number(uint64_t value, int size) {
  for (int i = size - 1; i >= 0; --i)
    body_.push_back(static_cast<char>(value >> (8 * static_cast<unsigned>(i))));
  return *this;
}

std::string Message::done() const {
  std::string out;
  if (type_ != '\0') out.push_back(type_);
  out += Message('x').u32(static_cast<uint32_t>(body_.size() + 4)).body();
  return out + body_;
}

std::string startup(std::string_view user, std::string_view database, uint32_t version) {
  return Message().u32(version).text("user").text(user).text("database").text(database).u8(0).done();
}
std::string query(std::string_view text) {
  return Message('Q').text(text).done();
}
std::string parse(std::string_view name, std::string_view text, const std::vector<uint32_t>& types) {
  Message message('P');
  message.text(name).text(text).u16(static_cast<uint16_t>(types.size()));
  for (const uint32_t type : types) message.u32(type);
  return message.done();
}
std::string bind(std::string_view portal, std::string_view statement, const std::vector<Value>& values,
                 bool binary_results) {
  Message message('B');
  message.text(portal).text(statement).u16(static_cast<uint16_t>(values.size()));
  for (const Value& value : values) message.u16(value.binary ? 1 : 0);
  message.u16(static_cast<uint16_t>(values.size()));
  for (const Value& value : values) {
    message.u32(value.null ? UINT32_MAX : static_cast<uint32_t>(value.bytes.size()));
    if (!value.null) message.bytes(value.bytes);
  }
  message.u16(binary_results ? 1 : 0);
  if (binary_results) message.u16(1);
  return message.done();
}
std::string describe(char what, std::string_view name) {
  return Message('D').u8(static_cast<uint8_t>(what)).text(name).done();
}
std::string execute(std::string_view portal, uint32_t limit) {
  return Message('E').text(portal).u32(limit).done();
}
std::string close_name(char what, std::string_view name) {
  return Message('C').u8(static_cast<uint8_t>(what)).text(name).done();
}
std::string sync() {
  return Message('S').done();
}
std::string row_description(const std::vector<Column>& columns) {
  Message message('T');
  message.u16(static_cast<uint16_t>(columns.size()));
  for (const Column& column : columns) {
    message.text(column.name)
        .u32(column.table)
        .u16(column.attribute)
        .u32(column.type)
        .u16(4)
        .u32(UINT32_MAX)
        .u16(0);
  }
  return message.done();
}
std::string row(const std::vector<std::string>& values) {
  Message message('D');
  message.u16(static_cast<uint16_t>(values.size()));
  for (const std::string& value : values) message.u32(static_cast<uint32_t>(value.size())).bytes(value);
  return message.done();
}
std::string complete(std::string_view tag) {
  return Message('C').text(tag).done();
}
std::string ready(char status) {
  return Message('Z').u8(static_cast<uint8_t>(status)).done();
}
std::string error(std::string_view sqlstate, std::string_view message, std::string_view position) {
  Message out('E');
  out.u8('S').text("ERROR").u8('C').text(sqlstate).u8('M').text(message);
  if (!position.empty()) out.u8('P').text(position);
  return out.u8(0).done();
}
std::string simple(char type) {
  return Message(type).done();
}
std::string welcome() {
  return Message('R').u32(0).done() + Message('S').text("application_name").text("tests").done() +
         Message('K').u32(7).u32(9).done() + ready();
}

void EventLog::on_event(const Event& event) {
  std::string line;
  switch (event.kind) {
    case Event::Kind::kExecuted:
      line = "executed ";
      break;
    case Event::Kind::kFailed:
      line = fmt::format("failed {} ", event.sqlstate);
      break;
    case Event::Kind::kSessionEnd:
      line = "end";
      break;
    default:
      line = "? ";
      break;
  }
  line += event.text;
  for (size_t i = 0; i < event.parameters.size(); ++i) {
    const BoundValue& value = event.parameters[i];
    line += fmt::format(" ${}={}", i + 1, value.null ? std::string("NULL") : fmt::format("'{}'", value.text));
  }
  if (with_rows && event.rows >= 0) line += fmt::format(" rows={}", event.rows);
  by_session.push_back(fmt::format("{:x} {}", event.session, line));
  lines.push_back(std::move(line));
  cells.emplace_back(event.cells.begin(), event.cells.end());
  durations.push_back(event.duration);
  sent.push_back(event.sent);
  transactions.push_back(event.transaction);
}

Talk::Talk(bool started) : connection({1, "127.0.0.1", 0}, texts, counts, log) {
  if (started) client(startup()).server(welcome());
}
Talk& Talk::client(std::string_view bytes) {
  connection.feed(Side::kClient, bytes, now, {});
  now += 1000;
  return *this;
}
Talk& Talk::server(std::string_view bytes) {
  connection.feed(Side::kServer, bytes, now, {});
  now += 1000;
  return *this;
}
std::vector<std::string> Talk::finish() {
  connection.close(now, false);
  return log.lines;
}

IngestOptions wire_options() {
  IngestOptions options;
  options.formats.push_back(packet_capture_format());
  options.formats.push_back(conversation_format());
  return options;
}
std::string wire_fixture(const std::string& name) {
  return std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/wire/" + name;
}
std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}
void spill(const std::string& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
}

}  // namespace pgsieve::testing
