// ValueTable: where the key values that a session has fetched came from. ValueVotes: how many of a loop's
// values came out of its parent's rows.
//
// Known on the wire only: a log has no rows. A value is a hash of its text (slot_value_hash), its origin a
// statement, a result column and a row. The table is a cache, eight places per bucket. It grows, as buckets
// fill, from almost nothing to 32 KiB; from then on a statement's next execution takes the places of its last
// ones, and those of the oldest when it has none: what the statements of a loop fetch does not push out the
// rows that the loop came from.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/capture/event.h"
#include "analyzer/workload/loop.h"
#include "analyzer/workload/statement_event.h"

namespace pgsieve {

struct ValueOrigin {
  uint32_t pattern = 0;    // ordinal of the statement
  uint32_t execution = 0;  // counts the session's results, from 1
  uint32_t row = 0;
  uint16_t column = 0;
};

class ValueTable {
 public:
  static constexpr size_t kCells = 2048;  // at most
  static constexpr size_t kWays = 8;
  static constexpr size_t kMaxPatterns = 64;

  // Copying copies nothing: a table is worth its session's lifetime only.
  ValueTable() = default;
  ValueTable(const ValueTable& /*other*/) {}
  ValueTable& operator=(const ValueTable& /*other*/) { return *this; }
  ValueTable(ValueTable&&) = default;
  ValueTable& operator=(ValueTable&&) = default;
  ~ValueTable() = default;

  bool empty() const { return cells_.empty(); }
  void clear();

  // Takes in the cells of a result of the statement `pattern`. Its number is of this run only, its key stays.
  // The results are numbered; returns the number of this one, or what the next will have when it has no rows.
  uint32_t add(uint32_t pattern, const PatternKey& key, const Event& event);

  // Calls visit(const ValueOrigin&) for every known origin of a value.
  template <typename Visit>
  void find(uint64_t hash, Visit&& visit) const {
    if (cells_.empty() || hash == 0) return;
    const size_t first = bucket_of(hash);
    for (size_t i = first; i < first + kWays; ++i) {
      const Cell& cell = cells_[i];
      if (cell.hash == hash)
        visit(ValueOrigin{results_[cell.statement].pattern, cell.execution, cell.row,
                          static_cast<uint16_t>(cell.column)});
    }
  }

  // "table.column" of a statement's result column; the column alone when its table is not known.
  std::string column_name(uint32_t pattern, uint16_t column) const;

 private:
  template <typename Archive>
  friend void fields(Archive& archive, ValueTable& value);  // open_scopes.cc
  template <typename Archive>
  friend void cell_fields(Archive& archive, ValueTable& value);

  static constexpr size_t kFirstCells = 32, kGrowth = 4;
  static constexpr uint32_t kMaxExecution = (1U << 24U) - 1, kMaxRow = (1U << 21U) - 1;
  static constexpr uint32_t kMaxColumn = (1U << 11U) - 1;  // a result has at most 1664
  struct Cell {
    uint64_t hash = 0;
    uint32_t execution : 24 = 0;  // 0: the place is free
    uint32_t statement : 8 = 0;   // index into results_
    uint32_t row : 21 = 0;
    uint32_t column : 11 = 0;
  };
  static_assert(sizeof(Cell) == 16);
  struct ResultNames {
    uint32_t pattern = 0;
    PatternKey key;
    std::vector<std::string> columns;
  };

  size_t bucket_of(uint64_t hash) const {
    return static_cast<size_t>(hash >> 32U) % (cells_.size() / kWays) * kWays;
  }
  const ResultNames* find_result(uint32_t pattern) const;
  // kMaxPatterns: no room
  size_t statement_for(uint32_t pattern, const PatternKey& key, const Event& event);
  void put(const Cell& cell);
  void grow();

  std::vector<Cell> cells_;
  std::vector<ResultNames> results_;  // of the statements that cells are of
  uint32_t executions_ = 0;
};

// Whether a statement asks for a value that is in the rows of the statement `pattern`.
enum class ValueMatch : uint8_t {
  kNone,
  kPlain,    // a small number: any list of rows may hold it
  kTelling,  // a value that two tables hardly share by chance
};
// Rows before the result `since` don't count.
ValueMatch match_values(const StatementEvent& child, uint32_t pattern, uint32_t since,
                        const ValueTable& values);

// Counts for one run, per slot of the child and column of the parent. Bounded.
class ValueVotes {
 public:
  static constexpr size_t kMaxValues = 64;
  struct Vote {
    uint16_t slot = 0, column = 0;
    uint32_t in_order = 0;
    std::pair<uint32_t, uint32_t> last;  // execution and row
    std::vector<uint64_t> values;        // distinct, at most kMaxValues
    std::string name;
  };

  bool empty() const { return votes_.empty(); }
  // Rows of the parent before the result `since` don't count: they are of other loops.
  void add(const StatementEvent& child, uint32_t parent_pattern, uint32_t since, const ValueTable& values);
  // The column that most of the values came from.
  void describe(LoopExample& example) const;

 private:
  template <typename Archive>
  friend void fields(Archive& archive, ValueVotes& value);  // open_scopes.cc

  static constexpr size_t kMaxVotes = 16;
  std::vector<Vote> votes_;
};

}  // namespace pgsieve
