// What the client sends: expectations.
#include <algorithm>

#include "analyzer/wire/bind.h"
#include "analyzer/wire/byte_cursor.h"
#include "analyzer/wire/connection.h"

namespace pgsieve {
namespace {

// src/include/libpq/pqcomm.h
constexpr uint32_t kCancelRequest = 80'877'102, kSslRequest = 80'877'103, kGssRequest = 80'877'104;
constexpr uint32_t kProtocolMajor = 3;

}  // namespace

void Connection::on_startup(const WireMessage& message) {
  ByteCursor cursor(message.body);
  const uint32_t code = cursor.u32();
  if (code == kCancelRequest) {
    become(State::kCancel);
  } else if (code == kSslRequest || code == kGssRequest) {
    server_.set_mode(Framer::Mode::kAnswer);
  } else if (code >> 16U == kProtocolMajor) {
    read_parameters(cursor.rest());
    if (state_ == State::kReplication) return;
    become(State::kRunning);
    greeted_ = false;
    client_.set_mode(Framer::Mode::kMessages);
    server_.set_mode(Framer::Mode::kMessages);
  } else {
    become(State::kUndecodable);
  }
}

void Connection::read_parameters(std::string_view body) {
  ByteCursor cursor(body);
  bool physical = false;
  for (;;) {
    const std::string_view name = cursor.text();
    if (name.empty()) break;
    const std::string_view value = cursor.text();
    if (name == "user") user_ = value;
    if (name == "database") database_ = value;
    if (name == "application_name") application_ = value;
    if (name == "replication") {
      logical_replication_ = value == "database";
      physical =
          !logical_replication_ && (value == "true" || value == "on" || value == "yes" || value == "1");
    }
  }
  if (database_.empty()) database_ = user_;
  if (physical) become(State::kReplication);
}

// A new expectation; nullptr when there are too many.
Connection::Expected* Connection::expect(Expected::Kind kind, Microseconds sent, WirePlace place) {
  if (expected_.size() >= kMaxExpected) {
    ++counts_.dropped_requests;
    lost_ = true;
    return nullptr;
  }
  Expected& expected = expected_.emplace_back();
  expected.kind = kind;
  expected.sent = sent;
  expected.place = place;
  return &expected;
}

// Of a statement that the client sends now. The one before it, if it is still to be answered, is among the
// last expectations: Parse, Bind, Describe, Close and Sync are all that stand between two executions.
Event::Sent Connection::sent_now() {
  constexpr std::ptrdiff_t kBetween = 8;
  if (lost_ || server_damaged_ || client_hole_) return Event::Sent::kUnknown;
  const auto end = expected_.end();
  const auto from = end - std::min<std::ptrdiff_t>(kBetween, end - expected_.begin());
  const bool waiting = std::any_of(from, end, [](const Expected& expected) {
    return expected.kind == Expected::Kind::kExecute || expected.kind == Expected::Kind::kQuery;
  });
  return waiting ? Event::Sent::kBeforeAnswer : Event::Sent::kAfterAnswer;
}

void Connection::on_parse(const WireMessage& message, Microseconds time, WirePlace place) {
  ByteCursor cursor(message.body);
  const std::string name(cursor.text());
  std::string_view text = cursor.text();
  const bool cut = cursor.failed() || !message.whole;
  if (cursor.failed()) {  // the end of the text was not kept
    const size_t start = std::min(name.size() + 1, message.body.size());
    text = message.body.substr(start);
  }
  auto statement = std::make_shared<PreparedStatement>(texts_.get(text));
  statement->name = name;
  statement->cut = cut;
  if (!cut) {
    const size_t count = std::min<size_t>(cursor.u16(), cursor.left() / 4);
    for (size_t i = 0; i < count; ++i) statement->parameter_types.push_back(cursor.u32());
  }
  std::shared_ptr<PreparedStatement> previous = statements_.put(statement);
  if (Expected* expected = expect(Expected::Kind::kParse, time, place)) {
    expected->previous_statement = std::move(previous);
    expected->statement = std::move(statement);
  }
}

void Connection::on_bind(const WireMessage& message, Microseconds time, WirePlace place) {
  const BindNames names = bind_names(message.body);
  std::shared_ptr<Portal> portal;
  if (retired_.empty()) {
    portal = std::make_shared<Portal>();
  } else {
    portal = std::move(retired_.back());
    retired_.pop_back();
  }
  portal->name = names.portal;
  portal->statement = statements_.find(names.statement);
  portal->place = place;
  read_bind(message.body, message.whole, *portal, counts_);
  if (portals_.size() >= kMaxPortals) portals_.clear();
  std::shared_ptr<Portal>& known = portals_[portal->name];
  if (Expected* expected = expect(Expected::Kind::kBind, time, place)) {
    expected->previous_portal = std::move(known);
    expected->portal = portal;
  }
  known = std::move(portal);
}

void Connection::on_describe(const WireMessage& message, Microseconds time, WirePlace place) {
  ByteCursor cursor(message.body);
  const char what = static_cast<char>(cursor.u8());
  const std::string name(cursor.text());
  Expected* expected = expect(Expected::Kind::kDescribe, time, place);
  if (expected == nullptr) return;
  if (what == 'S') {
    expected->statement = statements_.find(name);
  } else if (const auto found = portals_.find(name); found != portals_.end()) {
    expected->portal = found->second;
  }
}

void Connection::on_execute(const WireMessage& message, Microseconds time, WirePlace place) {
  ByteCursor cursor(message.body);
  const auto found = portals_.find(std::string(cursor.text()));
  const bool known = found != portals_.end() && found->second != nullptr;
  const Event::Sent sent = sent_now();
  Expected* expected = expect(Expected::Kind::kExecute, time, place);
  if (expected == nullptr) return;
  expected->portal = known ? found->second : std::make_shared<Portal>();
  if (expected->portal->fetches == 0) expected->portal->sent = sent;
}

void Connection::on_close(const WireMessage& message, Microseconds time, WirePlace place) {
  ByteCursor cursor(message.body);
  const char what = static_cast<char>(cursor.u8());
  const std::string name(cursor.text());
  if (what == 'S') {
    statements_.erase(name);
  } else {
    portals_.erase(name);
  }
  expect(Expected::Kind::kClose, time, place);
}

void Connection::on_client(const WireMessage& message, Microseconds time, WirePlace place) {
  if (client_.mode() == Framer::Mode::kStartup) return on_startup(message);
  // A client that asks again after its Sync has seen the answer, even when we have not.
  const bool asks = std::string_view("QPBDECF").find(message.type) != std::string_view::npos;
  if (asks && server_damaged_ && server_.mode() == Framer::Mode::kLost && !expected_.empty() &&
      (client_hole_ || expected_.back().kind == Expected::Kind::kSync ||
       expected_.back().kind == Expected::Kind::kQuery)) {
    emit_unresolved(last_server_time_ == kUnknownTime ? time : last_server_time_);
  }
  if (skipping_ && message.type != 'S' && message.type != 'X') return;
  switch (message.type) {
    case 'Q': {
      std::string_view text = message.body;
      if (message.whole && text.ends_with('\0')) text.remove_suffix(1);
      auto statement = std::make_shared<PreparedStatement>(std::make_shared<StatementText>(text));
      statement->cut = !message.whole;
      const Event::Sent sent = sent_now();
      if (Expected* expected = expect(Expected::Kind::kQuery, time, place)) {
        expected->statement = std::move(statement);
        expected->sent_ahead = sent;
      }
      break;
    }
    case 'P':
      on_parse(message, time, place);
      break;
    case 'B':
      on_bind(message, time, place);
      break;
    case 'D':
      on_describe(message, time, place);
      break;
    case 'E':
      on_execute(message, time, place);
      break;
    case 'C':
      on_close(message, time, place);
      break;
    case 'S':
      skipping_ = false;
      if (!copying_in_) expect(Expected::Kind::kSync, time, place);
      break;
    case 'F':
      ++counts_.function_calls;
      expect(Expected::Kind::kFunctionCall, time, place);
      break;
    case 'c':
    case 'f':
      copying_in_ = false;
      if (!expected_.empty()) expect(Expected::Kind::kCopyEnd, time, place);
      break;
    default:  // Flush, passwords, COPY data, Terminate
      break;
  }
}

}  // namespace pgsieve
