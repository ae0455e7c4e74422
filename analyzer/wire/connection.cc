#include "analyzer/wire/connection.h"

#include <algorithm>

namespace pgsieve {

Connection::Connection(Origin origin, StatementTexts& texts, WireCounts& counts, EventSink& sink)
    : origin_(std::move(origin)), texts_(texts), counts_(counts), sink_(sink) {
  server_.set_mode(Framer::Mode::kMessages);
}

void Connection::become(State state) {
  if (state_ == state) return;
  state_ = state;
  switch (state) {
    case State::kEncrypted:
      ++counts_.connections;
      ++counts_.encrypted;
      break;
    case State::kUndecodable:
      ++counts_.connections;
      ++counts_.undecodable;
      break;
    case State::kReplication:
      ++counts_.connections;
      ++counts_.replication;
      break;
    case State::kRunning:
      ++counts_.connections;
      break;
    case State::kCancel:
      ++counts_.cancels;
      break;
    case State::kStarting:
      break;
  }
}

void Connection::start_mid_stream() {
  fresh_ = false;
  become(State::kRunning);
  ++counts_.mid_stream;
  client_.set_mode(Framer::Mode::kLost);
  server_.set_mode(Framer::Mode::kLost);
}

void Connection::feed(Side side, std::string_view bytes, Microseconds time, WirePlace place) {
  if (state_ != State::kStarting && state_ != State::kRunning) return;
  fresh_ = false;
  Framer& framer = side == Side::kClient ? client_ : server_;
  if (side == Side::kClient && state_ == State::kStarting && !framer.inside_message() && bytes.size() >= 2 &&
      bytes[0] == 0x16 && bytes[1] == 3) {
    become(State::kEncrypted);  // TLS without asking first (sslnegotiation=direct)
    return;
  }
  if (side == Side::kServer) last_server_time_ = time;
  if (framer.mode() == Framer::Mode::kLost) {
    // An answer's last messages are recognised even when its segment starts inside a row.
    const size_t end = side == Side::kServer && !looks_like_messages(side, bytes) ? find_answer_end(bytes)
                                                                                  : std::string_view::npos;
    if (end != std::string_view::npos) bytes.remove_prefix(end);
    if (end == std::string_view::npos && !looks_like_messages(side, bytes)) return;
    ++counts_.resyncs;
    framer.set_mode(Framer::Mode::kMessages);
  }
  WireMessage message;
  while (framer.next(bytes, message)) {
    ++counts_.messages;
    if (!message.whole && keep_limit(side, message.type) > 0) ++counts_.damaged_messages;
    if (side == Side::kClient) {
      on_client(message, time, place);
    } else {
      on_server(message, time);
    }
    if (state_ != State::kStarting && state_ != State::kRunning) return;
  }
  if (framer.mode() != Framer::Mode::kLost) return;
  if (state_ == State::kStarting) {
    become(State::kUndecodable);
    return;
  }
  gap(side, 0, time);
}

void Connection::gap(Side side, uint64_t count, Microseconds time) {
  if (state_ != State::kStarting && state_ != State::kRunning) return;
  ++counts_.gaps;
  counts_.gap_bytes += count;
  Framer& framer = side == Side::kClient ? client_ : server_;
  if (state_ == State::kStarting) {
    if (side == Side::kServer && framer.mode() == Framer::Mode::kAnswer) {
      become(State::kUndecodable);
      return;
    }
    if (side ==
        Side::kClient) {  // part of the start-up is missing: go on as if it had been before the capture
      become(State::kRunning);
      client_.set_mode(Framer::Mode::kLost);
      client_hole_ = true;
      return;
    }
  }
  if (side == Side::kServer) {
    last_server_time_ = time;
    server_damaged_ = greeted_ = true;
  }
  WireMessage message;
  const bool under_way = side == Side::kClient && framer.interrupted(message);
  std::string begun(under_way ? message.body : std::string_view());
  if (count > 0 && framer.skip(count)) {
    feed(side, {}, time, {});
    return;
  }
  framer.set_mode(Framer::Mode::kLost);
  if (side == Side::kServer) return;
  client_hole_ = true;
  message.body = begun;
  if (under_way) on_client(message, time, {});
}

void Connection::close(Microseconds time, bool ended) {
  if (state_ == State::kRunning) {
    flush_suspended(time);
    if (server_damaged_ || server_.mode() == Framer::Mode::kLost) {
      emit_unresolved(last_server_time_ == kUnknownTime ? time : last_server_time_);
    } else {
      uint64_t& count = ended ? counts_.abandoned : counts_.unresolved;
      count += static_cast<uint64_t>(
          std::count_if(expected_.begin(), expected_.end(), [](const Expected& expected) {
            return expected.kind == Expected::Kind::kExecute ||
                   (expected.kind == Expected::Kind::kQuery && !expected.failed &&
                    expected.part < std::max<size_t>(expected.statement->scan().statements, 0));
          }));
    }
  }
  expected_.clear();
  if (!ended || (state_ != State::kRunning && state_ != State::kStarting)) return;
  if (user_.empty() && state_ == State::kStarting) return;
  Event event;
  event.kind = Event::Kind::kSessionEnd;
  event.session = origin_.session;
  event.user = user_;
  event.database = database_;
  event.application = application_;
  event.host = origin_.host;
  event.time = time;
  event.file = origin_.file;
  sink_.on_event(event);
  state_ = State::kUndecodable;
}

}  // namespace pgsieve
