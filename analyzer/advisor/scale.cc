#include "analyzer/advisor/scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "analyzer/advisor/conditions.h"

namespace pgsieve {

namespace {

constexpr double kRowsIfUnknown = 10'000;  // for logarithms only
constexpr double kMsPerRow = 1e-4;         // to read and test a row in memory
constexpr double kOverheadIfUnknown = 0.05;
constexpr double kMostOverhead = 1;

struct Reach {
  Growth growth = Growth::kConstant;
  std::string reason;
  double rows = 0;  // of the table; 0: unknown
};

struct Facts {
  const Workload& workload;
  const Schema& schema;
  const Statistics& statistics;
  bool guessed_keys = false;  // whether a column's values grow along was guessed, not read
};

double rows_of(const Relation& relation, const Table* table, const Workload& workload) {
  if (table != nullptr && table->rows) return *table->rows;
  const auto fact = workload.tables.find(qualified_name(relation));
  return fact == workload.tables.end() ? 0 : fact->second.max_scanned_rows;
}

std::string key_name(const IndexKey& key) {
  return key.column.empty() ? key.expression : key.column;
}

bool same_key(const IndexKey& left, const IndexKey& right) {
  return left.column == right.column && (!left.column.empty() || left.expression == right.expression);
}

bool has_key(const std::vector<IndexTerm>& terms, const IndexKey& key) {
  return std::ranges::any_of(terms, [&key](const IndexTerm& term) { return same_key(term.key, key); });
}

bool references(const Table& table, std::string_view column) {
  return std::ranges::any_of(table.foreign_keys, [column](const ForeignKey& key) {
    return std::ranges::find(key.columns, column) != key.columns.end();
  });
}

// Does the number of different values grow with the table, so that the rows per value stay as many?
// pg_stats writes a number of values that grows along as a negative share of the rows.
bool values_grow(const IndexTerm& term, const Table& table, Facts& facts) {
  if (!term.key.column.empty()) {
    const ColumnStatistics* column = facts.statistics.find_column(table.schema, table.name, term.key.column);
    if (references(table, term.key.column)) return true;  // the referenced table grows, too
    if (column != nullptr && column->distinct != 0) {
      // ANALYZE takes more values than a tenth of the rows for a share; near it, it may have missed.
      constexpr double kManyValues = 0.02;
      return column->distinct < 0 || (table.rows && column->distinct > kManyValues * *table.rows);
    }
  }
  facts.guessed_keys = true;
  return !term.flag;
}

const IndexTerm* term_of(const TableConditions& conditions, const IndexKey& key) {
  for (const auto* terms : {&conditions.equal, &conditions.joined})
    for (const IndexTerm& term : *terms)
      if (same_key(term.key, key)) return &term;
  return nullptr;
}

struct IndexReach {
  const Index* index = nullptr;
  size_t equalities = 0;
  bool rows_stay = false;  // as many rows however large the table
  bool range = false;
};

// The best way an index offers: one that keeps the number of rows, else one with the most equalities.
IndexReach best_index(const TableConditions& conditions, Facts& facts) {
  IndexReach best;
  const Table& table = *conditions.table;
  for (const Index& index : table.indexes) {
    if (!index.predicate.empty() && conditions.constant.empty()) continue;
    IndexReach reach{.index = &index};
    if (index.method == "gin" || index.method == "gist") {
      reach.range = std::ranges::any_of(index.keys,
                                        [&](const IndexKey& key) { return has_key(conditions.search, key); });
      if (reach.range && best.index == nullptr) best = reach;
      continue;
    }
    for (const IndexKey& key : index.keys) {
      const IndexTerm* term = term_of(conditions, key);
      if (term == nullptr) break;
      ++reach.equalities;
      reach.rows_stay |= values_grow(*term, table, facts);
    }
    const bool more = reach.equalities < index.keys.size();
    const IndexKey* next = more ? &index.keys[reach.equalities] : nullptr;
    const bool ordered =
        next != nullptr && !conditions.order.empty() && same_key(*next, conditions.order.front());
    reach.rows_stay |= ordered && conditions.limited;
    reach.rows_stay |= index.unique && reach.equalities == index.keys.size();
    reach.range = next != nullptr && (has_key(conditions.range, *next) || has_key(conditions.prefix, *next));
    if (reach.equalities == 0 && !reach.range && !reach.rows_stay) continue;
    const bool better = best.index == nullptr || (reach.rows_stay && !best.rows_stay) ||
                        (reach.rows_stay == best.rows_stay && reach.equalities > best.equalities);
    if (better) best = reach;
  }
  return best;
}

std::string wanted_keys(const TableConditions& conditions) {
  std::string names;
  for (const auto* terms :
       {&conditions.equal, &conditions.joined, &conditions.range, &conditions.prefix, &conditions.search})
    for (const IndexTerm& term : *terms)
      if (names.find(key_name(term.key)) == std::string::npos)
        names += (names.empty() ? "" : ", ") + key_name(term.key);
  return names;
}

// Rows of a scalar sub-query are looked up from the outer row, never the other way round.
bool repeated(const StatementShape& shape, uint32_t block) {
  const BlockRole role = shape.blocks[block].role;
  return shape.blocks[block].correlated &&
         (role == BlockRole::kScalarSubquery || role == BlockRole::kArraySubquery);
}

void leave_out_joins(TableConditions& conditions, const StatementShape& shape, bool by_joins) {
  const uint32_t own = shape.relations[conditions.relation].block;
  std::erase_if(conditions.joined, [&](const IndexTerm& term) {
    if (!by_joins) return true;
    const uint32_t other = term.partner < shape.relations.size() ? shape.relations[term.partner].block : own;
    return other != own && repeated(shape, other);
  });
}

// How one table of the statement is reached: by its own conditions alone, or also from the rows of others.
Reach reach_table(const Pattern& pattern, uint32_t at, bool by_joins, Facts& facts) {
  const StatementShape& shape = *pattern.shape;
  const Relation& relation = shape.relations[at];
  const ConditionContext context{facts.schema, facts.statistics};
  TableConditions conditions = collect_conditions(pattern, at, context);
  leave_out_joins(conditions, shape, by_joins);
  Reach reach;
  reach.rows = rows_of(relation, conditions.table, facts.workload);
  const std::string name = qualified_name(relation);

  bool scanned = false, indexed = false;
  for (const PlanFact& fact : pattern.plans) {
    if (fact.relation != relation.name) continue;
    scanned |= fact.access == PlanFact::Access::kSeqScan;
    indexed |= fact.access == PlanFact::Access::kIndexScan ||
               fact.access == PlanFact::Access::kIndexOnlyScan ||
               fact.access == PlanFact::Access::kBitmapScan;
  }
  const IndexReach index = conditions.table == nullptr ? IndexReach{} : best_index(conditions, facts);
  const QueryBlock& block = shape.blocks[relation.block];
  const auto grows = [&](const IndexTerm& term) {
    return conditions.table == nullptr ? !term.flag : values_grow(term, *conditions.table, facts);
  };
  const bool one_value = std::ranges::any_of(conditions.equal, grows);
  // The first rows of an order are found by looking at each row once.
  const bool sorted = !block.order.empty() && !block.limit.present && !one_value;
  if (index.index != nullptr && !(scanned && !indexed)) {
    reach.growth = index.rows_stay ? Growth::kLogarithmic : sorted ? Growth::kLinearithmic : Growth::kLinear;
    reach.reason =
        fmt::format("{} through {}: {}", name, index.index->name.empty() ? "its index" : index.index->name,
                    index.rows_stay ? "the number of rows stays" : "a share of the table that stays");
    return reach;
  }
  const std::string keys = wanted_keys(conditions);
  // LIMIT ends a scan early where the share of rows that match stays.
  const bool unsorted_limit = block.order.empty() && block.limit.present && !block.has_aggregate &&
                              block.group.empty() && !block.distinct;
  const bool finds_them = conditions.joined.empty() && !one_value;
  if (unsorted_limit && finds_them) {
    reach.growth = Growth::kLogarithmic;
    reach.reason = fmt::format("the first rows of {}", name);
    return reach;
  }
  reach.growth = sorted ? Growth::kLinearithmic : Growth::kLinear;
  reach.reason = scanned        ? fmt::format("sequential scan of {} (seen in its plan)", name)
                 : keys.empty() ? fmt::format("all of {}", name)
                 : conditions.table == nullptr
                     ? fmt::format("{} by {}: no schema tells of an index", name, keys)
                     : fmt::format("sequential scan of {}: no index serves {}", name, keys);
  if (sorted) reach.reason += ", and a sort";
  return reach;
}

const Reach& worse(const Reach& left, const Reach& right) {
  return right.growth > left.growth ? right : left;
}

// The tables of one block: one of them is reached by its own conditions, the others from its rows. The
// planner takes the one that makes it cheapest; so does this.
Reach reach_block(const Pattern& pattern, const std::vector<uint32_t>& tables, bool correlated,
                  Facts& facts) {
  std::vector<Reach> joined;
  for (const uint32_t at : tables) joined.push_back(reach_table(pattern, at, true, facts));
  const auto all_joined_but = [&](size_t driver) {
    Reach worst;
    for (size_t other = 0; other < joined.size(); ++other)
      if (other != driver) worst = worse(worst, joined[other]);
    return worst;
  };
  if (correlated) return all_joined_but(joined.size());
  Reach best;
  for (size_t driver = 0; driver < tables.size(); ++driver) {
    Reach reach = worse(reach_table(pattern, tables[driver], false, facts), all_joined_but(driver));
    if (driver == 0 || reach.growth < best.growth) best = std::move(reach);
  }
  return best;
}

Reach reach_rows(const Pattern& pattern, Facts& facts) {
  Reach worst{.growth = Growth::kConstant, .reason = "no rows are looked for"};
  const StatementShape& shape = *pattern.shape;
  for (uint32_t block = 0; block < shape.blocks.size(); ++block) {
    std::vector<uint32_t> tables;
    for (uint32_t at = 0; at < shape.relations.size(); ++at)
      if (shape.relations[at].block == block && is_indexable_relation(shape, at, facts.schema))
        tables.push_back(at);
    if (tables.empty()) continue;
    Reach reach = reach_block(pattern, tables, shape.blocks[block].correlated, facts);
    if (reach.growth >= Growth::kLinear && repeated(shape, block)) {
      reach.growth = Growth::kQuadratic;
      reach.reason += ", again for each row of the outer query";
    }
    worst = worse(worst, reach);
  }
  return worst;
}

double multiplier(Growth growth, double rows, double factor) {
  const double n = std::max(rows > 0 ? rows : kRowsIfUnknown, 2.0);
  const double logarithm = std::log(n * factor) / std::log(n);
  switch (growth) {
    case Growth::kConstant:
      return 1;
    case Growth::kLogarithmic:
      return logarithm;
    case Growth::kLinear:
      return factor;
    case Growth::kLinearithmic:
      return factor * logarithm;
    case Growth::kQuadratic:
      return factor * factor;
  }
  return 1;
}

// What stays whatever the tables hold: the quickest statement that touches a table, in the median.
double overhead(const Workload& workload) {
  constexpr uint64_t kEnough = 3;
  double least = 0;
  for (const auto& [key, pattern] : workload.patterns) {
    if (pattern.shape == nullptr || pattern.durations.count() < kEnough || pattern.shape->relations.empty() ||
        pattern.shape->catalog_only)
      continue;
    const double median = static_cast<double>(pattern.durations.quantile(0.5)) / 1000;
    if (median > 0 && (least == 0 || median < least)) least = median;
  }
  return least == 0 ? kOverheadIfUnknown : std::min(least, kMostOverhead);
}

std::string number(double value) {
  return value >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:.2f}", value);
}

ScaledStatement scale_statement(const Pattern& pattern, const Reach& reach, double overhead_ms,
                                double factor) {
  ScaledStatement scaled{.pattern = pattern.key,
                         .query = pattern.query,
                         .calls = pattern.calls,
                         .growth = reach.growth,
                         .reason = reach.reason,
                         .arithmetic = {}};
  scaled.now_ms = pattern.durations.mean() / 1000;
  double work = std::max(0.0, scaled.now_ms - overhead_ms);
  // Of a quick statement on a small table the overhead hides the work; the rows tell it.
  if (reach.growth >= Growth::kLinear) work = std::max(work, std::min(scaled.now_ms, reach.rows * kMsPerRow));
  const double times = multiplier(reach.growth, reach.rows, factor);
  const double rest = scaled.now_ms - work;
  scaled.then_ms = rest + work * times;
  scaled.arithmetic = fmt::format("{} ms + {} ms × {} = {} ms", number(rest), number(work), number(times),
                                  number(scaled.then_ms));
  return scaled;
}

std::vector<std::string> assumptions_of(double factor, double overhead_ms, const Facts& facts) {
  std::vector<std::string> assumptions{
      fmt::format("every table has {:g} times its rows, and the application sends the same statements",
                  factor),
      fmt::format("{} ms of every statement is overhead that stays; the rest grows with its dearest step",
                  number(overhead_ms)),
      "the same plans, and memory for the data as today: a plan that changes for the better, or a table that "
      "no longer "
      "fits into memory, is not foreseen"};
  if (facts.schema.empty())
    assumptions.emplace_back("no schema was given: only executed plans tell which statements use an index");
  if (facts.guessed_keys)
    assumptions.emplace_back(
        "without statistics of a column, its values are taken to grow along with the table, but for flags");
  return assumptions;
}

}  // namespace

std::string_view growth_name(Growth growth) {
  switch (growth) {
    case Growth::kConstant:
      return "constant";
    case Growth::kLogarithmic:
      return "logarithmic";
    case Growth::kLinear:
      return "linear";
    case Growth::kLinearithmic:
      return "n log n";
    case Growth::kQuadratic:
      return "quadratic";
  }
  return "";
}

std::optional<double> parse_scale(std::string_view text) {
  if (text.ends_with('x') || text.ends_with('X')) text.remove_suffix(1);
  double factor = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), factor);
  if (error != std::errc() || end != text.data() + text.size() || !(factor > 1) || factor > 1e9) return {};
  return factor;
}

ScaleProjection project_scale(const Workload& workload, const Schema& schema, const Statistics& statistics,
                              double factor) {
  Facts facts{workload, schema, statistics};
  ScaleProjection projection;
  projection.factor = factor;
  projection.overhead_ms = overhead(workload);
  for (const auto& [key, pattern] : workload.patterns) {
    if (pattern.calls == 0 || pattern.shape == nullptr || pattern.shape->catalog_only) continue;
    if (pattern.durations.count() == 0) {
      ++projection.without_durations;
      continue;
    }
    ScaledStatement scaled =
        scale_statement(pattern, reach_rows(pattern, facts), projection.overhead_ms, factor);
    const auto calls = static_cast<double>(pattern.calls);
    projection.now_total_ms += calls * scaled.now_ms;
    projection.then_total_ms += calls * scaled.then_ms;
    projection.statements.push_back(std::move(scaled));
  }
  for (ScaledStatement& each : projection.statements) {
    const auto calls = static_cast<double>(each.calls);
    if (projection.now_total_ms > 0) each.now_share = calls * each.now_ms / projection.now_total_ms;
    if (projection.then_total_ms > 0) each.then_share = calls * each.then_ms / projection.then_total_ms;
    const bool harmless = each.now_share < kDominantShare && each.now_ms < kHarmlessMs;
    each.turns = harmless && each.growth >= Growth::kLinear &&
                 (each.then_share >= kDominantShare || each.then_ms >= kDominantMs);
  }
  std::erase_if(projection.statements,
                [](const ScaledStatement& each) { return each.growth < Growth::kLinear; });
  std::ranges::sort(projection.statements, [](const ScaledStatement& a, const ScaledStatement& b) {
    if (a.turns != b.turns) return a.turns;
    if (a.then_share != b.then_share) return a.then_share > b.then_share;
    return a.pattern < b.pattern;
  });
  projection.assumptions = assumptions_of(factor, projection.overhead_ms, facts);
  return projection;
}

}  // namespace pgsieve
