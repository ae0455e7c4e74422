#include "tests/workload/stream.h"

#include <array>

#include "analyzer/sql/scan.h"

namespace pgsieve::testing {

void send(const Step& step, EventSink& sink) {
  StatementScan scan;
  std::string scratch;
  scan_statement(step.text, scan, scratch);
  std::vector<BoundValue> bound(step.parameters.size());
  for (size_t i = 0; i < bound.size(); ++i) {
    bound[i].text = step.parameters[i];
    bound[i].hash = slot_value_hash(step.parameters[i]);
  }
  Event event;
  event.kind = step.kind;
  event.session = step.session;
  event.transaction = step.transaction;
  event.sent = step.sent;
  event.application = step.application;
  event.database = step.database;
  event.user = "user";
  event.time = step.time;
  event.duration = step.duration;
  event.text = step.text;
  event.scan = &scan;
  event.parameters = bound;
  event.parameters_known = true;
  event.extended = !bound.empty();
  event.rows = step.rows;
  std::vector<ResultColumn> columns;
  for (const std::string& column : step.columns) columns.push_back({column, 1, 1, step.table, column});
  std::vector<ResultCell> cells;
  for (uint32_t row = 0; row < step.cells.size(); ++row) {
    for (uint16_t column = 0; column < step.cells[row].size(); ++column)
      cells.push_back({row, column, slot_value_hash(step.cells[row][column])});
  }
  event.columns = columns;
  event.cells = cells;
  sink.on_event(event);
}

Workload facts_of(const std::vector<Step>& steps, const WorkloadOptions& options) {
  WorkloadBuilder builder(options);
  for (const Step& step : steps) send(step, builder);
  return builder.finish();
}

Stream& Stream::run(uint64_t session, std::string text, std::vector<std::string> parameters, int64_t rows,
                    Microseconds gap) {
  Step step;
  step.session = session;
  step.text = std::move(text);
  step.parameters = std::move(parameters);
  step.rows = rows;
  now_ += gap + step.duration;
  step.time = now_;
  steps.push_back(std::move(step));
  return *this;
}

Stream& Stream::fail(uint64_t session, std::string text) {
  run(session, std::move(text));
  steps.back().kind = Event::Kind::kFailed;
  return *this;
}

Stream& Stream::end(uint64_t session) {
  Step step;
  step.session = session;
  step.kind = Event::Kind::kSessionEnd;
  step.time = now_;
  steps.push_back(step);
  return *this;
}

Stream Stream::in_whole_seconds() const {
  Stream stream = *this;
  for (Step& step : stream.steps) step.time -= step.time % kSecond;
  return stream;
}

Stream& Stream::wait(Microseconds pause) {
  now_ += pause;
  return *this;
}

namespace {

class Generator {
 public:
  Generator(uint32_t seed, uint64_t first_session, std::string application, Microseconds start)
      : random_(seed), first_session_(first_session), application_(std::move(application)), now_(start) {}

  std::vector<Step> make(size_t length) {
    while (steps_.size() < length) scene();
    steps_.resize(length);
    return std::move(steps_);
  }

 private:
  uint32_t pick(uint32_t below) { return static_cast<uint32_t>(random_() % below); }
  uint64_t session() { return first_session_ + pick(5); }
  std::string number() { return std::to_string(pick(1000)); }

  Step& run(uint64_t session, std::string text, std::vector<std::string> parameters = {}) {
    if (pick(30) == 0) noise();
    Step step;
    step.session = session;
    step.application = application_;
    step.text = std::move(text);
    step.parameters = std::move(parameters);
    step.duration = 50 + pick(3000);
    now_ += step.duration + pick(2000);
    if (pick(40) == 0) now_ += pick(4) * kSecond;
    step.time = now_;
    if (pick(3) == 0) step.rows = pick(20);
    steps_.push_back(std::move(step));
    return steps_.back();
  }
  // Another session says something in between.
  void noise() {
    static constexpr std::array kNoise = {"SET statement_timeout = 0", "SELECT 1", "SELECT version()",
                                          "SET search_path = tenant_1", "SELECT * FROM settings"};
    run(session(), kNoise[pick(kNoise.size())]);
  }
  void loop() {
    const uint64_t parent = session();
    const bool spread = pick(3) == 0;
    run(parent, "SELECT id, title FROM posts ORDER BY created_at LIMIT " + std::to_string(2 + pick(20)));
    for (uint32_t left = 1 + pick(8); left > 0; --left) {
      const uint64_t child = spread ? session() : parent;
      run(child, "SELECT * FROM comments WHERE post_id = $1 /*controller='posts',action='index'*/",
          {number()});
      if (pick(2) == 0) run(child, "SELECT * FROM users WHERE id = $1", {number()});
    }
  }
  // As a tap sees it: the list's rows bring the values, sometimes too late for some of them.
  void loop_with_rows() {
    const uint64_t parent = session();
    Step list;
    list.table = "users";
    list.columns = {"id", "org_id"};
    const uint32_t rows = 1 + pick(10);
    for (uint32_t row = 0; row < rows; ++row) list.cells.push_back({number(), number()});
    Step& sent = run(parent, "SELECT id, org_id FROM users ORDER BY name LIMIT 20");
    sent.table = list.table;
    sent.columns = list.columns;
    sent.cells = list.cells;
    sent.rows = rows;
    const bool spread = pick(3) == 0;
    for (const std::vector<std::string>& row : list.cells)
      run(spread ? session() : parent, "SELECT * FROM orders WHERE user_id = $1 AND state = $2",
          {pick(6) == 0 ? number() : row[0], "it''s"});
  }
  void nested() {
    const uint64_t on = session();
    run(on, "SELECT id FROM authors");
    for (uint32_t left = 1 + pick(3); left > 0; --left) {
      run(on, "SELECT id, name FROM books WHERE author_id = " + number());
      for (uint32_t inner = 1 + pick(3); inner > 0; --inner)
        run(on, "SELECT * FROM chapters WHERE book_id = " + number());
    }
  }
  void transaction() {
    const uint64_t on = session();
    run(on, "BEGIN");
    for (uint32_t left = 1 + pick(5); left > 0; --left) {
      run(on, "INSERT INTO order_items (order_id, product_id) VALUES ($1, $2)", {number(), number()});
      if (pick(3) == 0) run(on, "SELECT * FROM products WHERE id = ANY($1)", {"{" + number() + "}"});
      if (pick(3) == 0) run(on, "SELECT * FROM products WHERE id = ANY($1)", {"{1," + number() + "}"});
      if (pick(4) == 0) now_ += pick(2) * kSecond;
      if (pick(6) == 0) run(on, "SELECT * FROM nowhere").kind = Event::Kind::kFailed;
    }
    run(on, pick(5) == 0 ? "ROLLBACK" : "COMMIT");
  }
  void cursor() {
    const uint64_t on = session();
    run(on, "DECLARE c1 CURSOR FOR SELECT id FROM accounts");
    for (uint32_t left = 1 + pick(3); left > 0; --left) {
      run(on, "FETCH 100 FROM c1");
      run(on, "SELECT * FROM transfers WHERE account_id = $1", {number()});
    }
    run(on, "CLOSE c1");
  }
  void repeat() {
    const uint64_t on = session();
    const std::string value = number();
    for (uint32_t left = 2 + pick(5); left > 0; --left) {
      run(on, "SELECT value FROM settings WHERE name = $1", {pick(4) == 0 ? number() : value});
      if (pick(6) == 0) run(on, "UPDATE settings SET value = $1 WHERE name = $2", {number(), value});
    }
  }
  void change_hands() {
    const uint64_t on = session();
    if (pick(2) == 0) {
      run(on, "DISCARD ALL");
      return;
    }
    Step& step = run(on, "");
    step.text.clear();
    step.kind = Event::Kind::kSessionEnd;
  }
  void scene() {
    switch (pick(10)) {
      case 0:
      case 1:
        return loop();
      case 2:
        return nested();
      case 3:
        return transaction();
      case 4:
        return cursor();
      case 5:
        return repeat();
      case 6:
        return noise();
      case 7:
      case 8:
        return loop_with_rows();
      default:
        return change_hands();
    }
  }

  std::mt19937 random_;
  uint64_t first_session_;
  std::string application_;
  Microseconds now_;
  std::vector<Step> steps_;
};

}  // namespace

std::vector<Step> random_stream(uint32_t seed, size_t length, uint64_t first_session,
                                const std::string& application, Microseconds start) {
  return Generator(seed, first_session, application, start).make(length);
}

const Pattern* pattern_of(const Workload& facts, const std::string& query) {
  for (const auto& [key, pattern] : facts.patterns) {
    if (pattern.query == query) return &pattern;
  }
  return nullptr;
}

const Loop* loop_of(const Workload& facts, const std::string& child, const std::string& parent) {
  const Pattern* below = pattern_of(facts, child);
  const Pattern* above = parent.empty() ? nullptr : pattern_of(facts, parent);
  if (below == nullptr || (above == nullptr && !parent.empty())) return nullptr;
  const auto found = facts.loops.find({below->key, above == nullptr ? kNoPattern : above->key});
  return found == facts.loops.end() ? nullptr : &found->second;
}

}  // namespace pgsieve::testing
