// Connection: follows one connection of the PostgreSQL protocol (3.0 and 3.2), both directions, and reports
// what was executed as Events.
//
// What the client sends makes expectations, in order; what the server sends meets them. That order is the
// protocol's only link between the two, so everything hangs on keeping the queue right:
//   * the extended protocol may be pipelined: any number of messages before the first answer;
//   * after an error in it, the server passes over everything up to the next Sync;
//   * while it takes COPY data, it ignores Sync and Flush;
//   * a simple Query is one expectation and as many statements as its text has, each with its own
//     CommandComplete;
//   * a portal that is suspended by a row limit is one execution with the fetches that follow.
// (src/backend/tcop/postgres.c, PostgresMain; src/backend/commands/copyfromparse.c, CopyGetData.)
//
// Nothing here fails: what can't be read is counted in WireCounts. Passwords are never kept. Memory is
// bounded: see StatementBook, Framer, kMaxExpected. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyzer/capture/event.h"
#include "analyzer/capture/plan_parser.h"
#include "analyzer/wire/fifo.h"
#include "analyzer/wire/framer.h"
#include "analyzer/wire/statement_book.h"
#include "analyzer/wire/wire_counts.h"

namespace pgsieve {

class Connection {
 public:
  struct Origin {
    uint64_t session = 0;  // Event::session
    std::string host;      // of the client
    uint32_t file = 0;
  };

  // texts, counts and sink outlive the connection.
  Connection(Origin origin, StatementTexts& texts, WireCounts& counts, EventSink& sink);

  // The capture began after the connection did: no start-up packet will come.
  void start_mid_stream();

  // Nothing is known of it yet.
  bool fresh() const { return fresh_; }

  // The next bytes of one direction. `time`: when they were seen; `place`: where the capture has them.
  // Bytes of the two directions are given in the order in which they happened.
  void feed(Side side, std::string_view bytes, Microseconds time, WirePlace place);
  // Bytes are missing here; count 0: nobody knows how many.
  void gap(Side side, uint64_t count, Microseconds time);
  // The connection is over, or the capture is (`ended` false). Emits what is held back.
  void close(Microseconds time, bool ended);

  enum class State : uint8_t { kStarting, kRunning, kEncrypted, kCancel, kReplication, kUndecodable };
  State state() const { return state_; }
  const std::string& database() const { return database_; }
  const std::string& application() const { return application_; }

 private:
  struct Expected {
    enum class Kind : uint8_t {
      kQuery,
      kParse,
      kBind,
      kDescribe,
      kExecute,
      kClose,
      kSync,
      kFunctionCall,
      kCopyEnd,  // CopyDone or CopyFail: no answer of its own
    };
    Kind kind = Kind::kSync;
    Microseconds sent = kUnknownTime;
    WirePlace place;
    std::shared_ptr<PreparedStatement> statement;           // kQuery, kParse, kDescribe of a statement
    std::shared_ptr<Portal> portal;                         // kBind, kExecute, kDescribe of a portal
    std::shared_ptr<PreparedStatement> previous_statement;  // what kParse replaced
    std::shared_ptr<Portal> previous_portal;                // what kBind replaced
    bool failed = false;                                    // kQuery: an error was reported
    size_t part = 0;                                        // kQuery: the statement being executed
    Event::Sent sent_ahead = Event::Sent::kUnknown;         // kQuery
  };
  static constexpr size_t kMaxExpected = 65'536;
  static constexpr size_t kMaxPortals = 1024;
  static constexpr size_t kMaxRetired = 4;

  // connection_client.cc
  void on_client(const WireMessage& message, Microseconds time, WirePlace place);
  void on_startup(const WireMessage& message);
  void read_parameters(std::string_view body);
  void on_parse(const WireMessage& message, Microseconds time, WirePlace place);
  void on_bind(const WireMessage& message, Microseconds time, WirePlace place);
  void on_describe(const WireMessage& message, Microseconds time, WirePlace place);
  void on_execute(const WireMessage& message, Microseconds time, WirePlace place);
  void on_close(const WireMessage& message, Microseconds time, WirePlace place);
  Expected* expect(Expected::Kind kind, Microseconds sent, WirePlace place);
  Event::Sent sent_now();

  // connection_server.cc
  void on_server(const WireMessage& message, Microseconds time);
  void on_answer_byte(char answer);
  void on_row_description(const WireMessage& message);
  void on_parameter_description(const WireMessage& message);
  void on_row(const WireMessage& message);
  void on_command_complete(const WireMessage& message, Microseconds time);
  void on_suspended(Microseconds time);
  void on_error(const WireMessage& message, Microseconds time);
  void on_ready(const WireMessage& message, Microseconds time);
  void on_copy(char type);
  static std::shared_ptr<const RowShape> shape_of(const WireMessage& message,
                                                  std::shared_ptr<const RowShape>& known);
  void retire_portals();
  void on_notice(const WireMessage& message, Microseconds time);
  bool meet(Expected::Kind kind);
  void on_parsed();
  void on_bound(Microseconds time);
  Portal* executing();
  void mismatch();
  void take_back(const Expected& expected);
  void drop_copy_ends();

  // connection_events.cc
  void emit_query(Expected& query, std::string_view tag, Microseconds time);
  void emit_portal(Portal& portal, int64_t rows, Microseconds time);
  void emit_failure(const Expected& expected, std::string_view body, Microseconds time);
  void emit_unresolved(Microseconds time);
  void emit_plan(Microseconds time);
  void identify(Event& event) const;
  void flush_suspended(Microseconds time);
  void send(Event& event, const PreparedStatement& statement, std::string_view text);
  bool use_prepared(Event& event);
  void note_sql_names(std::string_view text, std::string_view tag);
  void note_transaction(std::string_view tag);
  static int64_t rows_of_tag(std::string_view tag);
  Microseconds spent_since(Microseconds sent, Microseconds time) const;

  void become(State state);

  Origin origin_;
  StatementTexts& texts_;
  WireCounts& counts_;
  EventSink& sink_;
  State state_ = State::kStarting;
  bool fresh_ = true;
  Framer client_{Side::kClient}, server_{Side::kServer};
  std::string user_, database_, application_;
  bool logical_replication_ = false;

  Fifo<Expected> expected_;
  bool greeted_ = true;          // false: the server's first ReadyForQuery, which answers nothing, is to come
  bool skipping_ = false;        // the server passes over everything up to a Sync not seen yet
  bool lost_ = false;            // answers can't be matched until the queue is short again
  bool server_damaged_ = false;  // part of the current answers is missing
  bool copying_in_ = false;
  // Requests are missing. Until the next ReadyForQuery the server's messages tell what they were: the latest
  // statement was bound, the latest portal executed.
  bool client_hole_ = false;
  std::shared_ptr<PreparedStatement> last_parsed_;
  std::shared_ptr<Portal> last_bound_;
  Microseconds last_bound_sent_ = kUnknownTime;

  StatementBook statements_;
  std::unordered_map<std::string, std::shared_ptr<Portal>> portals_;  // null: none of that name
  std::vector<std::shared_ptr<Portal>> retired_;                      // to be used again; at most kMaxRetired
  std::shared_ptr<Portal> suspended_;
  std::shared_ptr<const RowShape> last_columns_;  // of a simple query, or of a portal without a statement
  std::shared_ptr<const RowShape> query_columns_;
  ResultRows query_rows_;

  bool in_transaction_ = false;
  uint64_t transaction_ = 0;
  Microseconds last_completion_ = kUnknownTime;
  Microseconds last_server_time_ = kUnknownTime;

  StatementScan part_scan_;
  std::string scratch_;
  std::vector<BoundValue> values_;
  std::vector<ResultColumn> columns_;
  std::unique_ptr<ParsedPlan> plan_;  // of a notice; made when the first one comes
};

}  // namespace pgsieve
