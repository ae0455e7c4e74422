// Hand-made and random streams of events, and the facts they give.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "analyzer/workload/builder.h"

namespace pgsieve::testing {

// One event that owns what it refers to.
struct Step {
  uint64_t session = 1;
  std::string text;
  std::vector<std::string> parameters;
  Microseconds time = 0;  // end of the execution
  Microseconds duration = 500;
  int64_t rows = -1;
  uint64_t transaction = 0;
  Event::Sent sent = Event::Sent::kUnknown;
  Event::Kind kind = Event::Kind::kExecuted;
  std::string application = "app", database = "db";
  std::string table;                            // of the result's columns, where its rows are known
  std::vector<std::string> columns;             // key columns
  std::vector<std::vector<std::string>> cells;  // of each row
};

void send(const Step& step, EventSink& sink);
Workload facts_of(const std::vector<Step>& steps, const WorkloadOptions& options = {});

// A stream by hand: times go on by themselves.
class Stream {
 public:
  static constexpr Microseconds kStart = 1'790'000'000LL * kSecond;
  // One statement of a session, `gap` after the end of the one before it in the stream.
  Stream& run(uint64_t session, std::string text, std::vector<std::string> parameters = {}, int64_t rows = -1,
              Microseconds gap = 300);
  Stream& fail(uint64_t session, std::string text);
  Stream& end(uint64_t session);
  Stream& wait(Microseconds pause);
  Step& last() { return steps.back(); }
  // The same with %t for its times: all that a log tells then is when a statement ended, to the second
  // before.
  Stream in_whole_seconds() const;
  Workload facts(const WorkloadOptions& options = {}) const { return facts_of(steps, options); }

  std::vector<Step> steps;

 private:
  Microseconds now_ = kStart;
};

// Traffic of several sessions that do what applications do: lists with loops over their rows, on one
// connection or spread over several, nested loops, repeats, transactions with pauses, cursors, pool resets,
// failures, tags. Sessions are numbered from `first_session`; `application` should differ between streams
// that are to be independent.
std::vector<Step> random_stream(uint32_t seed, size_t length, uint64_t first_session,
                                const std::string& application, Microseconds start = Stream::kStart);

// The pattern with that text for people, and the loop of such a child after such a parent ("": none); null:
// there is none. The facts own them.
const Pattern* pattern_of(const Workload& facts, const std::string& query);
const Loop* loop_of(const Workload& facts, const std::string& child, const std::string& parent);

}  // namespace pgsieve::testing
