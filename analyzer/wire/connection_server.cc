// What the server sends: it meets the expectations.
#include <algorithm>

#include "analyzer/wire/byte_cursor.h"
#include "analyzer/wire/connection.h"
#include "analyzer/wire/server_filter.h"

namespace pgsieve {

void Connection::on_answer_byte(char answer) {
  if (answer == 'S' || answer == 'G') {
    become(State::kEncrypted);
  } else if (answer == 'N') {
    server_.set_mode(Framer::Mode::kMessages);
  } else {
    become(State::kUndecodable);  // an error report of a server that knows no such request
  }
}

void Connection::drop_copy_ends() {
  while (!expected_.empty() && expected_.front().kind == Expected::Kind::kCopyEnd) expected_.pop_front();
}

// Answers no longer fit the requests: wait until it is clear again which request is being answered.
void Connection::mismatch() {
  if (!lost_) ++counts_.unmatched;
  lost_ = true;
}

// True when the first expectation is of that kind.
bool Connection::meet(Expected::Kind kind) {
  drop_copy_ends();
  if (!expected_.empty() && expected_.front().kind == kind) return true;
  if (!expected_.empty() || !client_hole_) mismatch();
  return false;
}

void Connection::on_parsed() {
  if (!meet(Expected::Kind::kParse)) return;
  last_parsed_ = expected_.front().statement;
  last_bound_ = nullptr;
  expected_.pop_front();
}

void Connection::on_bound(Microseconds time) {
  if (meet(Expected::Kind::kBind)) {
    last_bound_ = expected_.front().portal;
    last_bound_->bound = true;
    last_bound_sent_ = expected_.front().sent;
    expected_.pop_front();
  } else if (client_hole_ && !lost_ && last_parsed_ != nullptr) {
    last_bound_ = std::make_shared<Portal>();
    last_bound_->statement = last_parsed_;
    last_bound_sent_ = time;
  }
}

// The portal that rows and completions belong to now; nullptr: none.
Portal* Connection::executing() {
  drop_copy_ends();
  if (!expected_.empty())
    return expected_.front().kind == Expected::Kind::kExecute ? expected_.front().portal.get() : nullptr;
  return client_hole_ ? last_bound_.get() : nullptr;
}

void Connection::on_row_description(const WireMessage& message) {
  drop_copy_ends();
  if (expected_.empty()) {
    if (!client_hole_) return mismatch();
    if (last_bound_ != nullptr) last_bound_->columns = shape_of(message, last_columns_);
    return;
  }
  Expected& front = expected_.front();
  if (front.kind == Expected::Kind::kQuery) {
    query_columns_ = shape_of(message, last_columns_);
    query_rows_.clear();
    return;
  }
  if (!meet(Expected::Kind::kDescribe)) return;
  if (front.statement != nullptr) shape_of(message, front.statement->columns);
  if (front.portal != nullptr) {
    PreparedStatement* statement = front.portal->statement.get();
    front.portal->columns =
        shape_of(message, statement != nullptr ? statement->portal_columns : last_columns_);
  }
  expected_.pop_front();
}

// A statement that runs again is described by the same bytes: `known` serves as long as it does.
std::shared_ptr<const RowShape> Connection::shape_of(const WireMessage& message,
                                                     std::shared_ptr<const RowShape>& known) {
  if (!message.whole) {
    known = nullptr;
  } else if (known == nullptr || known->source != message.body) {
    known = RowShape::parse(message.body);
  }
  return known;
}

// At the end of a transaction its portals are gone. The unnamed one comes again: its place stays, empty.
void Connection::retire_portals() {
  for (auto entry = portals_.begin(); entry != portals_.end();) {
    if (entry->second == nullptr || !entry->second->bound) {
      ++entry;
      continue;
    }
    std::shared_ptr<Portal> portal = std::move(entry->second);
    entry = entry->first.empty() ? std::next(entry) : portals_.erase(entry);
    if (portal.use_count() != 1 || portal->is_large() || retired_.size() >= kMaxRetired) continue;
    portal->reset();
    retired_.push_back(std::move(portal));
  }
}

void Connection::on_parameter_description(const WireMessage& message) {
  if (!meet(Expected::Kind::kDescribe)) return;
  PreparedStatement* statement = expected_.front().statement.get();
  if (statement == nullptr || !message.whole) return;
  ByteCursor cursor(message.body);
  const size_t count = std::min<size_t>(cursor.u16(), cursor.left() / 4);
  statement->parameter_types.clear();
  for (size_t i = 0; i < count; ++i) statement->parameter_types.push_back(cursor.u32());
}

void Connection::on_row(const WireMessage& message) {
  drop_copy_ends();
  if (!expected_.empty() && expected_.front().kind == Expected::Kind::kQuery) {
    query_rows_.add_row(message.body, message.size, query_columns_.get(), nullptr);
  } else if (Portal* const found = executing(); found != nullptr) {
    Portal& portal = *found;
    const RowShape* shape = portal.columns != nullptr     ? portal.columns.get()
                            : portal.statement == nullptr ? nullptr
                                                          : portal.statement->columns.get();
    portal.result.add_row(message.body, message.size, shape, &portal.binary_results);
  } else if (!expected_.empty() || !client_hole_) {
    mismatch();
  }
}

void Connection::on_command_complete(const WireMessage& message, Microseconds time) {
  drop_copy_ends();
  std::string_view tag = message.body;
  if (tag.ends_with('\0')) tag.remove_suffix(1);
  copying_in_ = false;
  if (!expected_.empty() && expected_.front().kind == Expected::Kind::kQuery)
    return emit_query(expected_.front(), tag, time);
  const bool inferred = expected_.empty() && executing() != nullptr;
  if (!inferred && !meet(Expected::Kind::kExecute)) return;
  const std::shared_ptr<Portal> portal = inferred ? last_bound_ : expected_.front().portal;
  const Microseconds sent = inferred ? last_bound_sent_ : expected_.front().sent;
  portal->spent += std::max<Microseconds>(0, spent_since(sent, time));
  if (inferred) {
    last_bound_ = nullptr;
  } else {
    expected_.pop_front();
  }
  if (portal == suspended_) suspended_ = nullptr;
  portal->suspended = false;
  note_transaction(tag);
  // The tag counts the last fetch only.
  emit_portal(*portal, portal->fetches > 0 ? static_cast<int64_t>(portal->result.rows()) : rows_of_tag(tag),
              time);
  if (portal->statement != nullptr) note_sql_names(portal->statement->text(), tag);
  last_completion_ = time;
}

void Connection::on_suspended(Microseconds time) {
  if (!meet(Expected::Kind::kExecute)) return;
  const std::shared_ptr<Portal> portal = expected_.front().portal;
  portal->spent += std::max<Microseconds>(0, spent_since(expected_.front().sent, time));
  expected_.pop_front();
  last_completion_ = time;
  ++portal->fetches;
  portal->suspended = true;
  if (portal->emitted) {
    ++counts_.late_fetches;
    return;
  }
  if (suspended_ != portal) flush_suspended(time);
  suspended_ = portal;
}

// After an error in the extended protocol the server passes over what follows, up to the next Sync.
void Connection::on_error(const WireMessage& message, Microseconds time) {
  if (!greeted_) {  // the connection is refused
    if (message.body.find("channel binding check failed") != std::string_view::npos)
      ++counts_.channel_binding;
    return;
  }
  drop_copy_ends();
  copying_in_ = false;
  if (expected_.empty() || lost_) return;
  Expected& front = expected_.front();
  if (front.kind == Expected::Kind::kSync) return;  // at the commit that a Sync is
  emit_failure(front, message.body, time);
  last_completion_ = time;
  if (front.kind == Expected::Kind::kQuery || front.kind == Expected::Kind::kFunctionCall) {
    front.failed = true;
    query_rows_.clear();
    query_columns_ = nullptr;
    return;
  }
  // Newest first, so that names go back to what they meant.
  const auto end = std::find_if(expected_.begin(), expected_.end(), [](const Expected& expected) {
    return expected.kind == Expected::Kind::kSync;
  });
  for (auto at = end; at != expected_.begin();) take_back(*--at);
  skipping_ = end == expected_.end();
  expected_.erase(expected_.begin(), end);
}

void Connection::take_back(const Expected& expected) {
  if (expected.kind == Expected::Kind::kParse) {
    statements_.take_back(*expected.statement, expected.previous_statement);
  } else if (expected.kind == Expected::Kind::kBind) {
    const auto found = portals_.find(expected.portal->name);
    if (found == portals_.end() || found->second != expected.portal) return;
    if (expected.previous_portal != nullptr) {
      found->second = expected.previous_portal;
    } else {
      portals_.erase(found);
    }
  }
}

void Connection::on_ready(const WireMessage& message, Microseconds time) {
  if (!greeted_) {  // requests that were sent before it are not answered yet
    greeted_ = true;
    return;
  }
  drop_copy_ends();
  copying_in_ = false;
  const char status = message.body.empty() ? 'I' : message.body[0];
  if (status == 'I') {
    flush_suspended(time);
    in_transaction_ = false;
    last_bound_ = nullptr;
    retire_portals();
  } else if (!in_transaction_) {
    in_transaction_ = true;
    ++transaction_;
  }
  server_damaged_ = client_hole_ = false;
  last_bound_ = nullptr;
  if (lost_) {
    // With one request in flight it is its answer that just ended.
    const auto ends = [](const Expected& expected) {
      return expected.kind == Expected::Kind::kSync || expected.kind == Expected::Kind::kQuery ||
             expected.kind == Expected::Kind::kFunctionCall;
    };
    const auto requests = std::count_if(expected_.begin(), expected_.end(), ends);
    if (requests > 1) {
      const auto first = std::find_if(expected_.begin(), expected_.end(), ends);
      expected_.erase(expected_.begin(), first + 1);
      ++counts_.unresolved;
      return;
    }
    counts_.unresolved += static_cast<uint64_t>(requests);
    expected_.clear();
    lost_ = false;
    return;
  }
  query_columns_ = nullptr;
  query_rows_.clear();
  if (expected_.empty()) return;
  const Expected::Kind kind = expected_.front().kind;
  if (kind != Expected::Kind::kSync && kind != Expected::Kind::kQuery &&
      kind != Expected::Kind::kFunctionCall)
    return mismatch();
  expected_.pop_front();
}

// COPY data begins to flow. A Sync that was sent before the data is ignored by the server.
void Connection::on_copy(char type) {
  drop_copy_ends();
  if (type == 'H' || expected_.empty()) return;
  auto copy_end = std::find_if(expected_.begin(), expected_.end(), [](const Expected& expected) {
    return expected.kind == Expected::Kind::kCopyEnd;
  });
  copying_in_ = copy_end == expected_.end();
  const auto first = std::remove_if(expected_.begin() + 1, copy_end, [](const Expected& expected) {
    return expected.kind == Expected::Kind::kSync;
  });
  expected_.erase(first, copy_end);
}

// auto_explain reports plans as notices where the session's settings say so.
void Connection::on_notice(const WireMessage& message, Microseconds time) {
  double milliseconds = 0;
  const std::string_view text = plan_of_notice(message.body, milliseconds);
  if (text.empty()) return;
  if (plan_ == nullptr) plan_ = std::make_unique<ParsedPlan>();
  if (!parse_plan(text, *plan_) || plan_->query.empty()) return;
  plan_->plan.duration = static_cast<Microseconds>(milliseconds * 1000);
  emit_plan(time);
}

void Connection::on_server(const WireMessage& message, Microseconds time) {
  if (server_.mode() == Framer::Mode::kAnswer) return on_answer_byte(message.type);
  if (message.type == 'S') {
    ByteCursor cursor(message.body);
    if (cursor.text() == "application_name") application_ = cursor.text();
    return;
  }
  if (lost_ && message.type != 'Z') return;
  switch (message.type) {
    case '1':
      on_parsed();
      break;
    case '2':
      on_bound(time);
      break;
    case '3':
      if (meet(Expected::Kind::kClose)) expected_.pop_front();
      break;
    case 'n':
      if (meet(Expected::Kind::kDescribe)) expected_.pop_front();
      break;
    case 't':
      on_parameter_description(message);
      break;
    case 'T':
      on_row_description(message);
      break;
    case 'D':
      on_row(message);
      break;
    case 'C':
      on_command_complete(message, time);
      break;
    case 'I':
      drop_copy_ends();
      if (!expected_.empty() && expected_.front().kind == Expected::Kind::kExecute) expected_.pop_front();
      break;
    case 's':
      on_suspended(time);
      break;
    case 'E':
      on_error(message, time);
      break;
    case 'Z':
      on_ready(message, time);
      break;
    case 'G':
    case 'H':
    case 'W':
      on_copy(message.type);
      break;
    case 'N':
      on_notice(message, time);
      break;
    case 'd':
      drop_copy_ends();
      query_rows_.add_row({}, message.size, nullptr, nullptr);
      break;
    default:  // authentication, keys, notifications, function results, negotiation
      break;
  }
}

}  // namespace pgsieve
