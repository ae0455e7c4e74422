#include "tools/pgsieve/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/literal_text.h"
#include "analyzer/sql/rewrite.h"
#include "analyzer/sql/scan.h"
#include "rules/common.h"
#include "rules/fixes/plan.h"

namespace pgsieve {

namespace {

using Row = std::vector<DatabaseValue>;

constexpr int kRounds = 3;

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

using Keys = std::vector<std::string>;                 // of one turn, in the order of the batch's arrays
using RowsByKey = std::map<Keys, std::multiset<Row>>;  // where the keys' text can't be compared: all under {}
using SlotValues = std::map<uint32_t, std::string>;

// Where a literal stands in the text, quotes and sign included.
struct Extent {
  size_t begin = 0, end = 0;
};

Extent literal_extent(const Slot& slot, std::string_view text) {
  Extent extent{sign_of(slot, text), static_cast<size_t>(slot.text.data() - text.data()) + slot.text.size()};
  if (slot.kind == Slot::Kind::kString && extent.end < text.size()) {  // what closes it: ' or $tag$
    extent.end = text[extent.end] == '$' ? text.find('$', extent.end + 1) + 1 : extent.end + 1;
  }
  return extent;
}

bool is_number(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("0123456789.", text[0] == '-' ? 1 : 0) == std::string_view::npos &&
         text.back() != '-';
}

// The text with other values in place of some of its literals.
std::string with_literals(const std::string& text, const StatementShape& shape, const SlotValues& values) {
  StatementScan scan;
  std::string scratch;
  scan_statement(text, scan, scratch);
  std::string out = text;
  for (auto value = values.rbegin(); value != values.rend(); ++value) {
    if (value->first >= scan.slots.size() || value->first >= shape.slots.size()) continue;
    const Slot& slot = scan.slots[value->first];
    if (slot.kind == Slot::Kind::kParameter || slot.kind == Slot::Kind::kList) continue;
    const Extent place = literal_extent(slot, text);
    const bool array = shape.slots[value->first].array;
    std::string literal = slot.kind == Slot::Kind::kNumber && is_number(value->second)
                              ? value->second
                              : quote_literal(array ? array_text({value->second}) : value->second);
    if (literal[0] == '-') literal.insert(0, " ");
    out.replace(place.begin, place.end - place.begin, literal);
  }
  return out;
}

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

// The loop as it ran: its statement with the values that never changed, and the keys of each turn.
struct CapturedLoop {
  std::string text;
  StatementShape shape;
  std::vector<DatabaseValue> parameters;  // by number; of those that vary, any value
  std::vector<uint32_t> key_slots;        // in the order of the batch's arrays
  std::vector<Keys> turns;                // each tuple once
  bool foreign_values = false;            // some constants are another execution's

  std::string text_of(const Keys& keys) const {
    SlotValues values;
    for (size_t i = 0; i < keys.size(); ++i) values[key_slots[i]] = keys[i];
    return with_literals(text, shape, values);
  }
  std::vector<DatabaseValue> bound(const Keys& keys) const {
    std::vector<DatabaseValue> values = parameters;
    for (size_t i = 0; i < keys.size(); ++i) {
      const SlotUse& use = shape.slots[key_slots[i]];
      if (use.parameter != 0) values.at(use.parameter - 1U) = use.array ? array_text({keys[i]}) : keys[i];
    }
    return values;
  }
};

// The values of the slots that were the same in all turns.
SlotValues constants_of(const LoopExample& example, const std::set<uint32_t>& varying) {
  SlotValues constants;
  for (const uint16_t slot : example.sample_slots) {
    const std::vector<std::string> values = example.sample_values(slot);
    if (!varying.contains(slot) && !values.empty()) constants[slot] = values.front();
  }
  return constants;
}

// Fills `parameters`: those the turns had, else those of the slowest execution that was kept whole.
Result<bool> find_parameters(const Pattern& child, const SlotValues& constants,
                             const std::set<uint32_t>& varying, CapturedLoop& loop) {
  const size_t count = parameter_count(child);
  loop.parameters.resize(count);
  std::set<size_t> found;
  for (uint32_t slot = 0; slot < child.shape->slots.size(); ++slot) {
    const SlotUse& use = child.shape->slots[slot];
    if (use.parameter == 0) continue;
    if (varying.contains(slot)) found.insert(use.parameter);
    const auto constant = constants.find(slot);
    if (constant == constants.end()) continue;
    loop.parameters[use.parameter - 1U] = use.array ? array_text({constant->second}) : constant->second;
    found.insert(use.parameter);
  }
  for (size_t number = 1; number <= count; ++number) {
    if (found.contains(number)) continue;
    DatabaseValue& value = loop.parameters[number - 1];
    value = sample_parameter(child.slowest.parameters, static_cast<unsigned>(number));
    if (!value && child.slowest.parameters.find(fmt::format("${} = NULL", number)) == std::string::npos)
      return refused(fmt::format("the value of ${} was not captured", number),
                     "Parameters are logged with log_parameter_max_length = -1");
    loop.foreign_values = true;
  }
  return true;
}

// A list, LIMIT or OFFSET that changes with the turn can't be one value of one statement.
Result<bool> check_varying(const Pattern& child, const LoopExample& example, bool one_row_per_key) {
  for (uint32_t slot = 0; slot < std::min<size_t>(child.shape->slots.size(), 32); ++slot) {
    if ((example.varying_slots & (1U << slot)) == 0) continue;
    const SlotRole role = child.shape->slots[slot].role;
    if (role == SlotRole::kList)
      return refused(
          "a list of values differs from turn to turn, and one statement can't hold a list for each key");
    if (role == SlotRole::kOffset || (role == SlotRole::kLimit && !one_row_per_key))
      return refused("LIMIT or OFFSET differs from turn to turn: there is no single statement for that");
  }
  return true;
}

void collect_turns(const LoopExample& example, CapturedLoop& loop) {
  std::set<Keys> seen;
  for (const std::vector<SampleValue>& turn : example.sample_turns) {
    Keys keys;
    for (const uint32_t slot : loop.key_slots) {
      const auto at = std::find(example.sample_slots.begin(), example.sample_slots.end(), slot);
      const auto index = static_cast<size_t>(at - example.sample_slots.begin());
      if (index < turn.size() && turn[index].known) keys.push_back(turn[index].text);
    }
    if (keys.size() == loop.key_slots.size() && seen.insert(keys).second)
      loop.turns.push_back(std::move(keys));
  }
}

std::vector<DatabaseValue> batch_values(const Rewrite& rewrite, const CapturedLoop& loop) {
  std::vector<DatabaseValue> bound(rewrite.parameters.size());
  size_t key = 0;
  for (const RewriteParameter& parameter : rewrite.parameters) {
    DatabaseValue& value = bound[parameter.number - 1U];
    if (parameter.array) {
      std::vector<std::string> values;
      for (const Keys& keys : loop.turns) values.push_back(keys.at(key));
      value = array_text(values);
      ++key;
    } else if (parameter.original != 0) {
      value = loop.parameters.at(parameter.original - 1U);
    }
  }
  return bound;
}

bool answers_exists(const Rewrite& rewrite, const StatementShape& shape) {
  return rewrite.kind == FixClass::kExists && !shape.blocks.empty() && shape.blocks[0].has_from;
}

// Rows of the batch under their keys, these taken away where they were added.
RowsByKey by_key(const DatabaseRows& rows, const Rewrite& rewrite, bool one_heap) {
  std::vector<int> positions = rewrite.key_positions;
  for (size_t i = 0; i < positions.size(); ++i) {
    if (positions[i] < 0) positions[i] = rows.column(rewrite.key_columns[i]);
  }
  RowsByKey found;
  for (const Row& row : rows.rows) {
    Row rest;
    Keys keys;
    for (const int position : positions) {
      if (position >= 0 && static_cast<size_t>(position) < row.size())
        keys.push_back(row[static_cast<size_t>(position)].value_or("NULL"));
    }
    for (size_t i = 0; i < row.size(); ++i) {
      const bool key = std::find(positions.begin(), positions.end(), static_cast<int>(i)) != positions.end();
      if (!key || !rewrite.key_added) rest.push_back(row[i]);
    }
    if (one_heap) keys.clear();
    found[std::move(keys)].insert(std::move(rest));
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
bool same_spelling(const RowsByKey& batch, const std::vector<Keys>& turns) {
  const std::set<Keys> asked(turns.begin(), turns.end());
  return std::all_of(batch.begin(), batch.end(),
                     [&](const auto& item) { return asked.contains(item.first); });
}

std::string joined(const Keys& keys) {
  std::string text;
  for (const std::string& key : keys) text += (text.empty() ? "" : ", ") + key;
  return text;
}

void compare(const RowsByKey& loop, const RowsByKey& batch, Replay& replay) {
  replay.loop_rows = count_rows(loop);
  replay.batch_rows = count_rows(batch);
  replay.agree = loop == batch;
  if (replay.agree) return;
  static const std::multiset<Row> kNone;
  const auto rows_of = [](const RowsByKey& rows, const Keys& keys) -> const std::multiset<Row>& {
    const auto at = rows.find(keys);
    return at == rows.end() ? kNone : at->second;
  };
  std::set<Keys> all;
  for (const auto& [keys, rows] : loop) all.insert(keys);
  for (const auto& [keys, rows] : batch) all.insert(keys);
  for (const Keys& keys : all) {
    const auto& left = rows_of(loop, keys);
    const auto& right = rows_of(batch, keys);
    if (left == right) continue;
    replay.difference =
        fmt::format("{}: {} rows from the loop, {} from the one statement{}",
                    keys.empty() ? std::string("all keys") : "key " + joined(keys), left.size(), right.size(),
                    left.size() == right.size() ? ", not the same ones" : "");
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

Result<Replay> run(ServerConnection& database, const Rewrite& rewrite, const CapturedLoop& captured,
                   Replay replay) {
  const bool existence = answers_exists(rewrite, captured.shape);
  std::vector<std::string> texts;
  for (const Keys& keys : captured.turns) texts.push_back(captured.text_of(keys));
  const std::vector<DatabaseValue> all = batch_values(rewrite, captured);
  RowsByKey loop;
  DatabaseRows batch;
  for (int round = 0; round < kRounds; ++round) {
    loop.clear();
    const Timer loop_timer;
    for (size_t turn = 0; turn < captured.turns.size(); ++turn) {
      Result<DatabaseRows> rows = database.query(texts[turn], captured.bound(captured.turns[turn]));
      if (!rows) return refused("the loop's statement failed: " + rows.error().message);
      std::multiset<Row> of_key;
      if (existence) {
        of_key.insert(Row{rows->rows.empty() ? "f" : "t"});
      } else {
        for (Row& row : rows->rows) of_key.insert(std::move(row));
      }
      if (!of_key.empty()) loop[captured.turns[turn]] = std::move(of_key);
    }
    const double loop_ms = loop_timer.ms();
    const Timer batch_timer;
    Result<DatabaseRows> rows = database.query(rewrite.sql, all);
    if (!rows) return refused("the one statement failed: " + rows.error().message);
    const double batch_ms = batch_timer.ms();
    batch = std::move(*rows);
    replay.loop_ms = round == 0 ? loop_ms : std::min(replay.loop_ms, loop_ms);
    replay.batch_ms = round == 0 ? batch_ms : std::min(replay.batch_ms, batch_ms);
  }
  RowsByKey found = by_key(batch, rewrite, false);
  if (!same_spelling(found, captured.turns)) {
    found = by_key(batch, rewrite, true);
    std::multiset<Row> heap;
    for (auto& [keys, rows] : loop) heap.merge(rows);
    loop.clear();
    loop.emplace(Keys(), std::move(heap));
    replay.notes.emplace_back(
        "The keys are spelled differently in the result, so rows are compared without them.");
  }
  compare(loop, found, replay);
  if (captured.foreign_values)
    replay.notes.emplace_back(
        "The turns' own values are known for their keys only; the others are those of the slowest "
        "execution.");
  return replay;
}

// Why a loop is not replayed at all.
Result<bool> check_replayable(const Pattern& child) {
  if (child.shape == nullptr) return refused("the loop's statement can't be parsed");
  if (!is_read(child.shape->kind))
    return refused(
        "this is a loop of writes, and only queries are replayed: a write would wait for locks and hold "
        "them, fire "
        "triggers and use up sequence numbers, which no rollback gives back",
        "Try the one statement on a copy of the database.");
  if (!child.shape->blocks.empty() && child.shape->blocks[0].for_update)
    return refused("the loop takes row locks, which a read-only transaction does not allow");
  return true;
}

}  // namespace

Result<Replay> replay_loop(ServerConnection& database, const RuleContext& context, const Pattern& child,
                           const LoopExample& example) {
  if (Result<bool> fine = check_replayable(child); !fine) return fine.error();
  BatchRequest request = batch_request(context, child, example);
  if (Result<bool> fine = check_varying(child, example, request.one_row_per_key); !fine) return fine.error();
  const std::optional<Rewrite> shown = batch_rewrite(request);
  if (!shown) return refused("there is no single statement for this loop that is sure to mean the same");

  CapturedLoop loop;
  for (const RewriteParameter& parameter : shown->parameters) {
    if (parameter.array) loop.key_slots.push_back(parameter.slot);
  }
  const std::set<uint32_t> varying(request.varying.begin(), request.varying.end());
  const SlotValues constants = constants_of(example, varying);
  loop.text = with_literals(child.reference_text, *child.shape, constants);
  loop.shape = draw_shape(loop.text);
  if (Result<bool> fine = find_parameters(child, constants, varying, loop); !fine) return fine.error();
  collect_turns(example, loop);
  if (loop.turns.empty())
    return refused("no values of this loop were captured, or only ones too long to be kept",
                   "Parameters are logged with log_parameter_max_length = -1");
  request.text = loop.text;
  request.shape = &loop.shape;
  request.keep_literals = true;
  const std::optional<Rewrite> rewrite =
      loop.shape.slots.size() == child.shape->slots.size() ? batch_rewrite(request) : std::nullopt;
  if (!rewrite) return refused("the loop's own values can't be put into its statement");

  Replay replay;
  replay.loop_sql = child.query;
  replay.batch_sql = shown->sql;
  replay.turns = loop.turns.size();
  for (const std::string_view sql :
       {"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", "SET LOCAL statement_timeout = '60s'",
        "SET LOCAL lock_timeout = '5s'"}) {
    const Result<DatabaseRows> done = database.query(std::string(sql));
    if (!done) return refused("can't open a read-only transaction: " + done.error().message);
  }
  Result<Replay> result = run(database, *rewrite, loop, std::move(replay));
  const Result<DatabaseRows> rolled_back = database.query("ROLLBACK");
  if (result.ok() && !rolled_back) return refused("the server went away: " + rolled_back.error().message);
  return result;
}

}  // namespace pgsieve
