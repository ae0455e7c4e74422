// Scale: what happens when the tables have a hundred times their rows? Told from how each statement reaches
// its rows (executed plans, else schema and statistics), how that way grows with the table, and what the
// statement takes today.
//
// The arithmetic is plain on purpose: time = overhead + work, the overhead (round trip, parsing) stays, the
// work is multiplied by the growth of its dearest step. It is an estimate of an order of magnitude, and says
// what it assumes. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/schema/column_statistics.h"
#include "analyzer/schema/schema.h"
#include "analyzer/workload/workload.h"

namespace pgsieve {

// How work grows with the number of rows n.
enum class Growth : uint8_t {
  kConstant,      // no rows are looked for
  kLogarithmic,   // an index leads to rows whose number stays
  kLinear,        // all rows, or a share of them that stays
  kLinearithmic,  // the same, sorted
  kQuadratic,     // all rows of one table for each row of another
};
std::string_view growth_name(Growth growth);  // "linear in the rows", …

struct ScaledStatement {
  PatternKey pattern;
  std::string query;
  uint64_t calls = 0;
  Growth growth = Growth::kConstant;
  std::string reason;  // "sequential scan of order_items: no index starts with product_id"
  double now_ms = 0;   // per call
  double then_ms = 0;
  double now_share = 0;  // of the time of all statements
  double then_share = 0;
  std::string arithmetic;  // "0.20 ms + 1.90 ms × 100 = 190.20 ms"
  bool turns = false;      // harmless now, dominant then
};

struct ScaleProjection {
  double factor = 1;
  double overhead_ms = 0;
  double now_total_ms = 0, then_total_ms = 0;
  std::vector<ScaledStatement> statements;  // those that turn first, then by time; growing ones only
  uint64_t without_durations = 0;           // statements that can't be projected
  std::vector<std::string> assumptions;     // sentences
};

// A statement turns when it is harmless today, quicker than kHarmlessMs and less than kDominantShare of all
// time, and then takes kDominantMs per call or kDominantShare of all time.
inline constexpr double kDominantShare = 0.1;
inline constexpr double kHarmlessMs = 50;
inline constexpr double kDominantMs = 1000;

// "100x", "100", "2.5x"; nullopt: no factor above 1.
std::optional<double> parse_scale(std::string_view text);

ScaleProjection project_scale(const Workload& workload, const Schema& schema, const Statistics& statistics,
                              double factor);

}  // namespace pgsieve
