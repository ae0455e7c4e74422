// From met expectations to Events.
#include <algorithm>
#include <cstdlib>

#include "analyzer/capture/sql_prepare.h"
#include "analyzer/wire/byte_cursor.h"
#include "analyzer/wire/connection.h"

namespace pgsieve {
namespace {

uint16_t highest_parameter(const StatementScan& scan) {
  uint16_t highest = 0;
  for (const Slot& slot : scan.slots) {
    if (slot.kind == Slot::Kind::kParameter) highest = std::max(highest, slot.parameter);
  }
  return highest;
}

bool is_word_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80 || c == '$';
}

// The words at the start of a statement, as PREPARE, EXECUTE and DEALLOCATE have them.
struct WordReader {
  std::string_view text;
  size_t at = 0;

  void skip_space() {
    while (at < text.size() && std::string_view(" \t\r\n\f\v").find(text[at]) != std::string_view::npos) ++at;
  }
  // Case folded, unless quoted.
  std::string next() {
    skip_space();
    std::string word;
    if (at < text.size() && text[at] == '"') {
      for (++at; at < text.size(); ++at) {
        if (text[at] == '"' && (at + 1 >= text.size() || text[at + 1] != '"')) break;
        if (text[at] == '"') ++at;
        word.push_back(text[at]);
      }
      ++at;
      return word;
    }
    for (; at < text.size() && is_word_char(text[at]); ++at) {
      word.push_back(text[at] >= 'A' && text[at] <= 'Z' ? static_cast<char>(text[at] | 0x20) : text[at]);
    }
    return word;
  }
};

struct ErrorFields {
  std::string_view sqlstate, message;
  size_t position = 0;  // 1-based, in characters; 0: none
};

ErrorFields read_error(std::string_view body) {
  ErrorFields fields;
  ByteCursor cursor(body);
  while (!cursor.failed()) {
    const char code = static_cast<char>(cursor.u8());
    if (code == '\0') break;
    const std::string_view value = cursor.text();
    if (code == 'C') fields.sqlstate = value;
    if (code == 'M') fields.message = value;
    if (code == 'P')
      fields.position = static_cast<size_t>(std::strtoull(std::string(value).c_str(), nullptr, 10));
  }
  return fields;
}

// Commands of the replication protocol come as queries; they are no SQL.
bool is_replication_command(std::string_view text) {
  WordReader reader{text};
  const std::string word = reader.next();
  for (const std::string_view command :
       {"identify_system", "start_replication", "create_replication_slot", "drop_replication_slot",
        "read_replication_slot", "alter_replication_slot", "timeline_history", "base_backup",
        "upload_manifest"}) {
    if (word == command) return true;
  }
  return false;
}

void set_place(Event& event, const WirePlace& place) {
  event.offset = place.offset;
  event.line = place.packet;
}

}  // namespace

// The number at the end of a command tag: "SELECT 5", "INSERT 0 1". -1: none.
int64_t Connection::rows_of_tag(std::string_view tag) {
  const size_t blank = tag.rfind(' ');
  if (blank == std::string_view::npos || blank + 1 >= tag.size()) return -1;
  const std::string digits(tag.substr(blank + 1));
  if (digits.find_first_not_of("0123456789") != std::string::npos) return -1;
  return std::strtoll(digits.c_str(), nullptr, 10);
}

// A request sent before the last one was done starts when that was.
Microseconds Connection::spent_since(Microseconds sent, Microseconds time) const {
  if (sent == kUnknownTime || time == kUnknownTime) return kUnknownTime;
  const Microseconds start = last_completion_ == kUnknownTime ? sent : std::max(sent, last_completion_);
  return std::max<Microseconds>(0, time - start);
}

// The server's word counts (see on_ready()); BEGIN itself already belongs to what it opens.
void Connection::note_transaction(std::string_view tag) {
  if ((tag == "BEGIN" || tag == "START TRANSACTION") && !in_transaction_) {
    in_transaction_ = true;
    ++transaction_;
  }
}

void Connection::note_sql_names(std::string_view text, std::string_view tag) {
  if (tag == "DISCARD ALL" || tag == "DEALLOCATE ALL") return statements_.clear();
  if (tag != "PREPARE" && tag != "DEALLOCATE") return;
  WordReader reader{text};
  reader.next();
  std::string name = reader.next();
  if (tag == "PREPARE") {
    const std::string_view inner = prepared_text(text);
    if (inner.empty()) return;
    auto statement = std::make_shared<PreparedStatement>(texts_.get(inner));
    statement->name = name;
    statements_.put(std::move(statement));
  } else {
    if (name == "prepare") name = reader.next();
    statements_.erase(name);
  }
}

// "EXECUTE st(0, 'x')" of a known PREPARE is that statement with values.
bool Connection::use_prepared(Event& event) {
  WordReader reader{event.text};
  if (event.text.empty() || (event.text[0] | 0x20) != 'e' || reader.next() != "execute") return false;
  const std::shared_ptr<PreparedStatement> statement = statements_.find(reader.next());
  if (statement == nullptr || statement->scan().statements != 1) return false;
  values_.clear();
  const bool whole = execute_arguments(event.text, values_, scratch_);
  event.parameters = whole ? std::span<const BoundValue>(values_) : std::span<const BoundValue>();
  event.text = statement->text();
  part_scan_ = statement->scan();
  event.scan = &part_scan_;
  scratch_ = statement->name;
  event.statement_name = scratch_;
  return true;
}

// Fills in what all events have in common.
void Connection::identify(Event& event) const {
  event.session = origin_.session;
  event.transaction = in_transaction_ ? hash_combine(origin_.session, transaction_) : 0;
  event.user = user_;
  event.database = database_;
  event.application = application_;
  event.host = origin_.host;
  event.file = origin_.file;
}

// Completes the event of a statement, and hands it on.
void Connection::send(Event& event, const PreparedStatement& statement, std::string_view text) {
  identify(event);
  event.text = text;
  event.text_truncated = statement.cut;
  if (text.data() == statement.text().data() && text.size() == statement.text().size()) {
    event.scan = &statement.scan();
  } else {
    scan_statement(text, part_scan_, scratch_);
    event.scan = &part_scan_;
  }
  if (logical_replication_ && is_replication_command(text)) return;
  if (!event.extended) use_prepared(event);
  if (event.scan->incomplete) event.text_truncated = true;
  if (!event.extended) {
    WordReader reader{event.text};
    event.parameters_known =
        highest_parameter(*event.scan) <= event.parameters.size() || reader.next() == "prepare";
  }
  sink_.on_event(event);
}

void Connection::emit_query(Expected& query, std::string_view tag, Microseconds time) {
  const PreparedStatement& statement = *query.statement;
  const size_t part = query.part++;
  const size_t count = statement.parts().empty() ? statement.scan().statements : statement.parts().size();
  if (part >= count) return;  // a rewrite rule can answer twice
  flush_suspended(time);
  const std::string_view text =
      statement.parts().empty() ? std::string_view(statement.text()) : statement.parts()[part];
  note_transaction(tag);
  Event event;
  event.time = time;
  event.duration = spent_since(query.sent, time);
  event.sent = part == 0 ? query.sent_ahead : Event::Sent::kBeforeAnswer;
  set_place(event, query.place);
  event.rows = rows_of_tag(tag);
  if (query_rows_.rows() > 0) {
    event.result_bytes = static_cast<int64_t>(query_rows_.bytes());
  } else if (query_columns_ != nullptr) {
    event.result_bytes = 0;
  }
  if (query_columns_ != nullptr) fill_columns(*query_columns_, columns_);
  if (query_columns_ != nullptr) event.columns = columns_;
  event.cells = query_rows_.cells();
  send(event, statement, text);
  note_sql_names(text, tag);
  query_columns_ = nullptr;
  query_rows_.clear();
  last_completion_ = time;
}

void Connection::emit_portal(Portal& portal, int64_t rows, Microseconds time) {
  if (portal.statement == nullptr) {
    ++counts_.unknown_statements;
    return;
  }
  if (portal.emitted) {
    ++counts_.late_fetches;
    return;
  }
  if (suspended_.get() != &portal) flush_suspended(time);
  portal.emitted = true;
  const PreparedStatement& statement = *portal.statement;
  if (statement.scan().statements == 0) return;
  Event event;
  event.time = time;
  event.duration = portal.spent;
  event.fetches = portal.fetches;
  event.sent = portal.sent;
  set_place(event, portal.place);
  event.extended = true;
  event.statement_name = statement.name;
  event.parameters = portal.values;
  event.parameters_known = portal.values_known && highest_parameter(statement.scan()) <= portal.values.size();
  event.rows = rows;
  const RowShape* shape = portal.columns != nullptr ? portal.columns.get() : statement.columns.get();
  if (shape != nullptr) {
    fill_columns(*shape, columns_);
    event.columns = columns_;
  }
  if (shape != nullptr || portal.result.rows() > 0)
    event.result_bytes = static_cast<int64_t>(portal.result.bytes());
  event.cells = portal.result.cells();
  send(event, statement, statement.text());
  portal.result.clear();
}

// The plan in plan_ is of a statement that has its own event, before or after this: in the extended protocol
// it comes when the portal is closed. Of a string of several statements it shows the whole; which of them it
// is of tells the part that is being executed.
void Connection::emit_plan(Microseconds time) {
  std::string_view text = plan_->query;
  if (const std::string_view inner = prepared_text(text); !inner.empty()) text = inner;
  scan_statement(text, part_scan_, scratch_);
  if (part_scan_.statements > 1) {
    if (expected_.empty() || expected_.front().kind != Expected::Kind::kQuery) return;
    const Expected& query = expected_.front();
    if (query.statement->text() != plan_->query || query.part >= query.statement->parts().size()) return;
    text = query.statement->parts()[query.part];
    scan_statement(text, part_scan_, scratch_);
  }
  if (part_scan_.statements != 1) return;
  Event event;
  identify(event);
  event.kind = Event::Kind::kNestedPlan;
  event.time = time;
  event.text = text;
  event.scan = &part_scan_;
  event.plan = &plan_->plan;
  sink_.on_event(event);
}

// A portal that waits for more fetches comes before what runs between them.
void Connection::flush_suspended(Microseconds time) {
  if (suspended_ == nullptr) return;
  const std::shared_ptr<Portal> portal = std::move(suspended_);
  suspended_ = nullptr;
  emit_portal(*portal, static_cast<int64_t>(portal->result.rows()),
              last_completion_ == kUnknownTime ? time : last_completion_);
}

void Connection::emit_failure(const Expected& expected, std::string_view body, Microseconds time) {
  const PreparedStatement* statement = expected.statement.get();
  if (expected.portal != nullptr) statement = expected.portal->statement.get();
  if (statement == nullptr || statement->scan().statements == 0) return;
  const ErrorFields fields = read_error(body);
  std::string_view text = statement->text();
  if (!statement->parts().empty()) {
    text = statement->parts()[std::min(expected.part, statement->parts().size() - 1)];
    if (expected.part == 0 && fields.position > 0) {  // the whole string was rejected: where it says
      for (const std::string_view part : statement->parts()) {
        if (static_cast<size_t>(part.data() - statement->text().data()) < fields.position) text = part;
      }
    }
  }
  flush_suspended(time);
  Event event;
  event.kind = Event::Kind::kFailed;
  event.time = time;
  set_place(event, expected.place);
  event.sqlstate = fields.sqlstate;
  event.error_message = fields.message;
  event.extended = expected.kind != Expected::Kind::kQuery;
  if (event.extended) event.statement_name = statement->name;
  if (expected.portal != nullptr) {
    event.parameters = expected.portal->values;
    event.parameters_known = expected.portal->values_known &&
                             highest_parameter(statement->scan()) <= expected.portal->values.size();
  } else if (event.extended) {
    event.parameters_known = highest_parameter(statement->scan()) == 0;
  }
  send(event, *statement, text);
}

// The answers were not captured, but the client went on: the statements ran, with unknown outcome. Only when
// one request was in flight; of several, nobody knows which failed.
void Connection::emit_unresolved(Microseconds time) {
  drop_copy_ends();
  const auto ends = [](const Expected& expected) {
    return expected.kind == Expected::Kind::kSync || expected.kind == Expected::Kind::kQuery;
  };
  const bool one = std::count_if(expected_.begin(), expected_.end(), ends) <= 1 && !lost_;
  if (client_hole_ && !expected_.empty() && expected_.back().kind == Expected::Kind::kBind)
    expected_.back().kind = Expected::Kind::kExecute;  // what came of it is in the hole
  Fifo<Expected> waiting;
  waiting.swap(expected_);
  for (Expected& expected : waiting) {
    const bool query = expected.kind == Expected::Kind::kQuery && !expected.failed;
    if (!query && expected.kind != Expected::Kind::kExecute) continue;
    ++counts_.unresolved;
    if (!one) continue;
    if (query) {
      const size_t count = std::max<size_t>(1, expected.statement->parts().size());
      query_columns_ = nullptr;
      query_rows_.clear();
      while (expected.part < count) emit_query(expected, {}, time);
    } else {
      expected.portal->spent += std::max<Microseconds>(0, spent_since(expected.sent, time));
      expected.portal->result.clear();
      emit_portal(*expected.portal, -1, time);
    }
  }
  server_damaged_ = client_hole_ = false;
  last_bound_ = nullptr;
}

}  // namespace pgsieve
