#include "tools/pgsieve/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "rules/common.h"
#include "rules/fixes/batching.h"
#include "tools/pgsieve/captured_loop.h"

namespace pgsieve {

namespace {

using Row = std::vector<DatabaseValue>;
using Keys = ReplayKeys;
using RowsByKey = std::map<Keys, std::multiset<Row>>;  // where the keys' text can't be compared: all under {}

constexpr int kRounds = 3;

// A list, LIMIT or OFFSET that changes with the turn can't be one value of one statement.
Result<bool> check_varying(const Pattern& child, const LoopExample& example, bool one_row_per_key) {
  for (uint32_t slot = 0; slot < std::min<size_t>(child.shape->slots.size(), 32); ++slot) {
    if ((example.varying_slots & (1U << slot)) == 0) continue;
    const SlotRole role = child.shape->slots[slot].role;
    if (role == SlotRole::kList)
      return replay_refused(
          "a list of values differs from turn to turn, and one statement can't hold a list for each key");
    if (role == SlotRole::kOffset || (role == SlotRole::kLimit && !one_row_per_key))
      return replay_refused(
          "LIMIT or OFFSET differs from turn to turn: there is no single statement for that");
  }
  return true;
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
  const std::vector<DatabaseValue> all = captured.bound(rewrite);
  RowsByKey loop;
  DatabaseRows batch;
  for (int round = 0; round < kRounds; ++round) {
    loop.clear();
    const Timer loop_timer;
    for (size_t turn = 0; turn < captured.turns.size(); ++turn) {
      Result<DatabaseRows> rows = database.query(texts[turn], captured.bound(captured.turns[turn]));
      if (!rows) return replay_refused("the loop's statement failed: " + rows.error().message);
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
    if (!rows) return replay_refused("the one statement failed: " + rows.error().message);
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
  if (child.shape == nullptr) return replay_refused("the loop's statement can't be parsed");
  if (!is_read(child.shape->kind))
    return replay_refused(
        "this is a loop of writes, and only queries are replayed: a write would wait for locks and hold "
        "them, fire "
        "triggers and use up sequence numbers, which no rollback gives back",
        "Try the one statement on a copy of the database.");
  if (!child.shape->blocks.empty() && child.shape->blocks[0].for_update)
    return replay_refused("the loop takes row locks, which a read-only transaction does not allow");
  return true;
}

}  // namespace

Result<Replay> replay_loop(ServerConnection& database, const RuleContext& context, const Pattern& child,
                           const LoopExample& example) {
  if (Result<bool> fine = check_replayable(child); !fine) return fine.error();
  BatchRequest request = batch_request(context, child, example);
  if (Result<bool> fine = check_varying(child, example, request.one_row_per_key); !fine) return fine.error();
  const std::optional<Rewrite> shown = batch_rewrite(request);
  if (!shown)
    return replay_refused("there is no single statement for this loop that is sure to mean the same");

  const Result<CapturedLoop> captured = captured_loop(child, example, *shown, request.varying);
  if (!captured) return captured.error();
  const CapturedLoop& loop = *captured;
  request.text = loop.text;
  request.shape = &loop.shape;
  request.keep_literals = true;
  const std::optional<Rewrite> rewrite =
      loop.shape.slots.size() == child.shape->slots.size() ? batch_rewrite(request) : std::nullopt;
  if (!rewrite) return replay_refused("the loop's own values can't be put into its statement");

  Replay replay;
  replay.loop_sql = child.query;
  replay.batch_sql = shown->sql;
  replay.turns = loop.turns.size();
  for (const std::string_view sql :
       {"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", "SET LOCAL statement_timeout = '60s'",
        "SET LOCAL lock_timeout = '5s'"}) {
    const Result<DatabaseRows> done = database.query(std::string(sql));
    if (!done) return replay_refused("can't open a read-only transaction: " + done.error().message);
  }
  Result<Replay> result = run(database, *rewrite, loop, std::move(replay));
  const Result<DatabaseRows> rolled_back = database.query("ROLLBACK");
  if (result.ok() && !rolled_back)
    return replay_refused("the server went away: " + rolled_back.error().message);
  return result;
}

}  // namespace pgsieve
