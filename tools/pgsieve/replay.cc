#include "tools/pgsieve/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/rewrite.h"
#include "analyzer/sql/scan.h"
#include "rules/common.h"
#include "rules/fixes/plan.h"

namespace pgsieve {

namespace {

using Row = std::vector<DatabaseValue>;
using RowsByKey = std::map<std::string, std::multiset<Row>>;

constexpr int kRounds = 3;
constexpr std::string_view kOnlyKey;  // where the keys' text can't be compared, all rows stand under one

Error refused(std::string message, std::string hint = {}) {
  Error error;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

std::string array_text(const std::vector<std::string>& values) {
  std::string text = "{";
  for (const std::string& value : values) {
    if (text.size() > 1) text += ',';
    text += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + "}";
}

// The loop's statement for one value: bound where it was a parameter, else in place of the literal.
struct ChildStatement {
  std::string before, after;  // of the literal; empty `after` and no literal: a parameter
  bool literal = false;
  bool array = false;
  uint16_t parameter = 0;
  std::vector<DatabaseValue> parameters;

  std::string text(const std::string& value) const {
    return literal ? before + quote_literal(array ? array_text({value}) : value) + after : before;
  }
  std::vector<DatabaseValue> bound(const std::string& value) const {
    std::vector<DatabaseValue> values = parameters;
    if (!literal) values.at(parameter - 1U) = array ? array_text({value}) : value;
    return values;
  }
};

// Number of parameters the text has, by its slots; inside lists by looking for `$n`.
size_t parameter_count(const Pattern& child) {
  size_t count = 0;
  for (const SlotUse& slot : child.shape->slots) count = std::max<size_t>(count, slot.parameter);
  const std::string& text = child.reference_text;
  for (size_t at = text.find('$'); at != std::string::npos; at = text.find('$', at + 1)) {
    size_t number = 0;
    for (size_t i = at + 1; i < text.size() && text[i] >= '0' && text[i] <= '9' && number < 10'000; ++i)
      number = number * 10 + static_cast<size_t>(text[i] - '0');
    if (number < 10'000) count = std::max(count, number);
  }
  return count;
}

Result<ChildStatement> child_statement(const Pattern& child, uint32_t slot) {
  ChildStatement made;
  const SlotUse& use = child.shape->slots[slot];
  made.array = use.array;
  const size_t count = parameter_count(child);
  made.parameters.resize(count);
  for (size_t number = 1; number <= count; ++number) {
    if (number == use.parameter) continue;
    made.parameters[number - 1] = sample_parameter(child.slowest.parameters, static_cast<unsigned>(number));
    if (!made.parameters[number - 1] &&
        child.slowest.parameters.find(fmt::format("${} = NULL", number)) == std::string::npos)
      return refused(fmt::format("the value of ${} was not captured", number),
                     "Parameters are logged with log_parameter_max_length = -1");
  }
  if (use.parameter != 0) {
    made.before = child.reference_text;
    made.parameter = use.parameter;
    return made;
  }
  StatementScan scan;
  std::string scratch;
  scan_statement(child.reference_text, scan, scratch);
  if (slot >= scan.slots.size()) return refused("the varying value can't be found in the statement");
  const Slot& literal = scan.slots[slot];
  const auto end =
      static_cast<size_t>(literal.text.data() - child.reference_text.data()) + literal.text.size();
  size_t after = end;
  if (literal.kind == Slot::Kind::kString) {  // what closes it: ' or $tag$
    const char opens = child.reference_text[end];
    after = opens == '$' ? child.reference_text.find('$', end + 1) + 1 : end + 1;
  }
  size_t begin = literal.offset;
  if (begin > 0 && child.reference_text[begin - 1] == '-' && literal.kind == Slot::Kind::kNumber) --begin;
  made.literal = true;
  made.before = child.reference_text.substr(0, begin);
  made.after = child.reference_text.substr(std::min(after, child.reference_text.size()));
  return made;
}

std::vector<DatabaseValue> batch_values(const Rewrite& rewrite, const ChildStatement& child,
                                        const std::vector<std::string>& values) {
  std::vector<DatabaseValue> bound(rewrite.parameters.size());
  for (const RewriteParameter& parameter : rewrite.parameters) {
    bound[parameter.number - 1U] = parameter.array           ? DatabaseValue(array_text(values))
                                   : parameter.original != 0 ? child.parameters.at(parameter.original - 1U)
                                                             : DatabaseValue();
  }
  return bound;
}

bool answers_exists(const Rewrite& rewrite, const StatementShape& shape) {
  return rewrite.kind == FixClass::kExists && !shape.blocks.empty() && shape.blocks[0].has_from;
}

// Rows of the batch under their key, the key taken away where it was added.
RowsByKey by_key(const DatabaseRows& rows, const Rewrite& rewrite, bool one_heap) {
  RowsByKey found;
  int key = rewrite.key_positions.empty() ? -1 : rewrite.key_positions[0];
  if (key < 0 && !rewrite.key_columns.empty()) key = rows.column(rewrite.key_columns[0]);
  for (const Row& row : rows.rows) {
    Row rest;
    for (size_t i = 0; i < row.size(); ++i) {
      if (static_cast<int>(i) != key || !rewrite.key_added) rest.push_back(row[i]);
    }
    const bool keyed = !one_heap && key >= 0 && static_cast<size_t>(key) < row.size();
    found[keyed ? row[static_cast<size_t>(key)].value_or("NULL") : std::string(kOnlyKey)].insert(
        std::move(rest));
  }
  return found;
}

uint64_t count_rows(const RowsByKey& rows) {
  uint64_t count = 0;
  for (const auto& [key, of_key] : rows) count += of_key.size();
  return count;
}

// 5 and '5.0' may be one key: when the batch shows keys that were not asked for in that spelling, only the
// rows count.
bool same_spelling(const RowsByKey& batch, const std::vector<std::string>& values) {
  return std::all_of(batch.begin(), batch.end(), [&](const auto& item) {
    return std::find(values.begin(), values.end(), item.first) != values.end();
  });
}

void compare(const RowsByKey& loop, const RowsByKey& batch, Replay& replay) {
  replay.loop_rows = count_rows(loop);
  replay.batch_rows = count_rows(batch);
  replay.agree = loop == batch;
  if (replay.agree) return;
  static const std::multiset<Row> kNone;
  const auto rows_of = [](const RowsByKey& rows, const std::string& key) -> const std::multiset<Row>& {
    const auto at = rows.find(key);
    return at == rows.end() ? kNone : at->second;
  };
  std::set<std::string> keys;
  for (const auto& [key, rows] : loop) keys.insert(key);
  for (const auto& [key, rows] : batch) keys.insert(key);
  for (const std::string& key : keys) {
    const auto& left = rows_of(loop, key);
    const auto& right = rows_of(batch, key);
    if (left == right) continue;
    replay.difference = fmt::format("{}: {} rows from the loop, {} from the one statement{}",
                                    key.empty() ? std::string("all keys") : "key " + key, left.size(),
                                    right.size(), left.size() == right.size() ? ", not the same ones" : "");
    return;
  }
}

class Timer {
 public:
  double ms() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

Result<Replay> run(ServerConnection& database, const Pattern& child, const BatchRequest& request,
                   const Rewrite& rewrite, const ChildStatement& statement, Replay replay) {
  const bool existence = answers_exists(rewrite, *request.shape);
  RowsByKey loop;
  DatabaseRows batch;
  for (int round = 0; round < kRounds; ++round) {
    loop.clear();
    const Timer loop_timer;
    for (const std::string& value : replay.values) {
      Result<DatabaseRows> rows = database.query(statement.text(value), statement.bound(value));
      if (!rows) return refused("the loop's statement failed: " + rows.error().message);
      std::multiset<Row>& of_key = loop[value];
      if (existence) {
        of_key.insert(Row{rows->rows.empty() ? "f" : "t"});
      } else {
        for (Row& row : rows->rows) of_key.insert(std::move(row));
      }
      if (of_key.empty()) loop.erase(value);
    }
    const double loop_ms = loop_timer.ms();
    const std::vector<DatabaseValue> bound = batch_values(rewrite, statement, replay.values);
    const Timer batch_timer;
    Result<DatabaseRows> rows = database.query(rewrite.sql, bound);
    if (!rows) return refused("the one statement failed: " + rows.error().message);
    const double batch_ms = batch_timer.ms();
    batch = std::move(*rows);
    replay.loop_ms = round == 0 ? loop_ms : std::min(replay.loop_ms, loop_ms);
    replay.batch_ms = round == 0 ? batch_ms : std::min(replay.batch_ms, batch_ms);
  }
  RowsByKey found = by_key(batch, rewrite, false);
  if (!same_spelling(found, replay.values)) {
    found = by_key(batch, rewrite, true);
    std::multiset<Row> heap;
    for (auto& [key, rows] : loop) heap.merge(rows);
    loop.clear();
    loop.emplace(kOnlyKey, std::move(heap));
    replay.notes.emplace_back(
        "The keys are spelled differently in the result, so rows are compared without them.");
  }
  compare(loop, found, replay);
  if (child.slowest.text.empty())
    replay.notes.emplace_back("Values other than the keys' are those of the sample.");
  return replay;
}

}  // namespace

Result<Replay> replay_loop(ServerConnection& database, const RuleContext& context, const Pattern& child,
                           const LoopExample& example) {
  if (child.shape == nullptr || !is_read(child.shape->kind))
    return refused("only loops of queries can be replayed: a write would change the data");
  BatchRequest request = batch_request(context, child, example);
  if (request.varying.size() != 1)
    return refused("more than one value varies from turn to turn, and the capture keeps samples of one only");
  if (example.sample_values.empty()) return refused("no values of this loop were captured");
  if (!child.shape->blocks.empty() && child.shape->blocks[0].for_update)
    return refused("the loop takes row locks, which a read-only transaction does not allow");
  const std::optional<Rewrite> shown = batch_rewrite(request);
  request.keep_literals = true;
  const std::optional<Rewrite> rewrite = batch_rewrite(request);
  if (!shown || !rewrite) return refused("there is no single statement for this loop");
  Result<ChildStatement> statement = child_statement(child, request.varying[0]);
  if (!statement) return statement.error();

  Replay replay;
  replay.loop_sql = child.query;
  replay.batch_sql = shown->sql;
  for (std::string value : example.sample_values) {
    if (statement->array && value.size() >= 2 && value.front() == '{')
      value = value.substr(1, value.size() - 2);
    if (std::find(replay.values.begin(), replay.values.end(), value) == replay.values.end())
      replay.values.push_back(std::move(value));
  }
  for (const std::string_view sql :
       {"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", "SET LOCAL statement_timeout = '60s'",
        "SET LOCAL lock_timeout = '5s'"}) {
    const Result<DatabaseRows> done = database.query(std::string(sql));
    if (!done) return refused("can't open a read-only transaction: " + done.error().message);
  }
  Result<Replay> result = run(database, child, request, *rewrite, *statement, std::move(replay));
  const Result<DatabaseRows> rolled_back = database.query("ROLLBACK");
  if (result.ok() && !rolled_back) return refused("the server went away: " + rolled_back.error().message);
  return result;
}

}  // namespace pgsieve
