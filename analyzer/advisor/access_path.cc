#include "analyzer/advisor/access_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "analyzer/advisor/cost_model.h"
#include "analyzer/advisor/index_size.h"
#include "analyzer/advisor/selectivity.h"
#include "analyzer/advisor/sql_expression.h"

namespace pgsieve::internal {

namespace {

constexpr double kRowsPerPage = 60;

bool same_key(const IndexKey& left, const IndexKey& right) {
  return left.column.empty() ? right.column.empty() &&
                                   normal_expression(left.expression) == normal_expression(right.expression)
                             : left.column == right.column;
}

const IndexTerm* term_on(const std::vector<IndexTerm>& terms, const IndexKey& key) {
  const auto found =
      std::ranges::find_if(terms, [&key](const IndexTerm& term) { return same_key(term.key, key); });
  return found == terms.end() ? nullptr : &*found;
}

// Keys after the equalities follow ORDER BY, forwards or backwards.
bool gives_order(const IndexDefinition& index, size_t equalities, const TableConditions& conditions) {
  if (conditions.order.empty() || index.method != "btree") return false;
  std::vector<IndexKey> wanted;
  for (const IndexKey& key : conditions.order)
    if (term_on(conditions.equal, key) == nullptr) wanted.push_back(key);
  if (equalities + wanted.size() > index.keys.size()) return false;
  bool forwards = true;
  bool backwards = true;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const IndexKey& own = index.keys[equalities + i];
    if (!same_key(own, wanted[i])) return false;
    forwards &= own.descending == wanted[i].descending;
    backwards &= own.descending != wanted[i].descending;
  }
  return forwards || backwards;
}

bool covers_columns(const IndexDefinition& index, const TableConditions& conditions) {
  if (conditions.whole_row || conditions.needed.empty() || index.method != "btree") return false;
  return std::ranges::all_of(conditions.needed, [&index](const std::string& column) {
    return std::ranges::find(index.include, column) != index.include.end() ||
           std::ranges::find(index.keys, column, &IndexKey::column) != index.keys.end();
  });
}

}  // namespace

// An index the statement could use, offered or real.
struct AccessPaths::Source {
  const IndexDefinition& definition;
  size_t offered;  // SIZE_MAX: it exists
  std::string name;
};

struct AccessPaths::Fetch {
  double rows, share, fetched, limit;
  bool covering;
};

double sort_cost(double rows) {
  return rows < 2 ? 0 : 2 * kOperator * rows * std::log2(rows);
}

AccessPath AccessPaths::cheapest(const TableConditions& conditions, bool lookup, double limit) const {
  const double rows = rows_of(conditions);
  const double share = filter_share(conditions);
  AccessPath best = scan(conditions, rows, share, limit);
  const auto consider = [&](const Source& source) {
    AccessPath path = by_index(source, conditions, rows, share, lookup, limit);
    if (path.cost < best.cost) best = std::move(path);
  };
  for (size_t i = 0; i < offered_.size(); ++i)
    if (is_on(offered_[i], conditions)) consider({offered_[i], i, index_name(offered_[i]) + " (proposed)"});
  if (conditions.table == nullptr) return best;
  for (const Index& index : conditions.table->indexes) {
    const IndexDefinition definition = definition_of(*conditions.table, index);
    consider({definition, SIZE_MAX, index.name});
  }
  return best;
}

double AccessPaths::rows_of(const TableConditions& conditions) const {
  const double rows = conditions.table == nullptr ? 0 : table_rows(*conditions.table);
  return rows > 0 ? rows : CostModel::kUnknownRows;
}

double AccessPaths::pages_of(const TableConditions& conditions) const {
  const std::optional<double> pages = conditions.table == nullptr ? std::nullopt : conditions.table->pages;
  return pages && *pages > 0 ? *pages : std::max(1.0, rows_of(conditions) / kRowsPerPage);
}

double AccessPaths::share_of(const IndexTerm& term, const TableConditions& conditions) const {
  return selectivity(term, conditions.table, statistics_, pattern_);
}

double AccessPaths::filter_share(const TableConditions& conditions) const {
  double share = 1;
  for (const std::vector<IndexTerm>* terms :
       {&conditions.equal, &conditions.range, &conditions.prefix, &conditions.search})
    for (const IndexTerm& term : *terms) share *= share_of(term, conditions);
  for (size_t i = 0; i < conditions.constant.size(); ++i) {
    const bool counted = std::ranges::any_of(conditions.equal, [&](const IndexTerm& term) {
      return same_key(term.key, conditions.constant_keys[i]);
    });
    if (!counted)
      share *= constant_selectivity(conditions.constant[i], conditions.constant_keys[i], conditions.table,
                                    statistics_);
  }
  return std::max(share, 1e-9);
}

// A partial index serves when the statement says what its predicate says. Its share of the rows; 0: it does
// not serve.
double AccessPaths::predicate_share(const IndexDefinition& index, const TableConditions& conditions) const {
  if (index.predicate.empty()) return 1;
  const std::string wanted = normal_expression(index.predicate);
  std::string all;
  double share = 1;
  for (size_t i = 0; i < conditions.constant.size(); ++i) {
    const double own = constant_selectivity(conditions.constant[i], conditions.constant_keys[i],
                                            conditions.table, statistics_);
    if (normal_expression(conditions.constant[i]) == wanted) return own;
    all += (i == 0 ? "" : " AND ") + conditions.constant[i];
    share *= own;
  }
  if (!all.empty() && normal_expression(all) == wanted) return share;
  for (const IndexTerm& term : conditions.equal) {
    const ColumnStatistics* known =
        conditions.table == nullptr
            ? nullptr
            : statistics_.find_column(conditions.table->schema, conditions.table->name, term.key.column);
    if (wanted == normal_expression(term.key.column + " IS NOT NULL"))
      return known == nullptr ? 0.5 : 1 - known->null_fraction;
  }
  return 0;
}

bool AccessPaths::is_on(const IndexDefinition& index, const TableConditions& conditions) const {
  const Relation& relation = shape_.relations[conditions.relation];
  if (index.table != relation.name) return false;
  return conditions.table == nullptr || index.schema.empty() || index.schema == conditions.table->schema;
}

AccessPath AccessPaths::scan(const TableConditions& conditions, double rows, double share,
                             double limit) const {
  AccessPath path;
  path.rows = std::max(rows * share, 1.0);
  path.cost = pages_of(conditions) * kSequentialPage + rows * (kRow + kOperator);
  path.text = fmt::format("Seq Scan on {}", shape_.relations[conditions.relation].name);
  if (!conditions.order.empty()) {
    path.cost += sort_cost(path.rows);
  } else if (limit < path.rows && conditions.equal.empty() && conditions.prefix.empty() &&
             conditions.search.empty()) {
    // The rows that are looked for may stand at the end, or not exist: only where most rows qualify does
    // LIMIT end a scan.
    path.cost *= limit / path.rows;
    path.rows = limit;
  }
  return path;
}

AccessPath AccessPaths::by_index(const Source& source, const TableConditions& conditions, double rows,
                                 double share, bool join, double limit) const {
  const IndexDefinition& index = source.definition;
  AccessPath path;
  path.cost = kUnlimited;
  const double held = predicate_share(index, conditions);
  if (held <= 0) return path;
  if (index.method == "brin") return by_block_range(source, conditions, rows, share);
  if (index.method == "gin" || index.method == "gist") return by_search(source, conditions, rows, share);
  if (index.method != "btree" && index.method != "hash") return path;
  double boundary = 1;
  size_t at = 0;
  bool searched = false;
  for (; at < index.keys.size(); ++at) {
    const IndexTerm* equal = term_on(conditions.equal, index.keys[at]);
    const IndexTerm* joined = join && equal == nullptr ? term_on(conditions.joined, index.keys[at]) : nullptr;
    if (equal == nullptr && joined == nullptr) break;
    boundary *= share_of(equal == nullptr ? *joined : *equal, conditions);
    searched = true;
  }
  const size_t equalities = at;
  const bool pattern_class = at < index.keys.size() && index.keys[at].opclass.ends_with("_pattern_ops");
  if (at < index.keys.size() && index.method == "btree") {
    const IndexTerm* range = term_on(conditions.range, index.keys[at]);
    const IndexTerm* prefix = term_on(conditions.prefix, index.keys[at]);
    if (prefix != nullptr && prefix->key.opclass != index.keys[at].opclass && !pattern_class)
      prefix = nullptr;
    if (range != nullptr && pattern_class) range = nullptr;
    if (range != nullptr || prefix != nullptr) {
      boundary *= share_of(range != nullptr ? *range : *prefix, conditions);
      searched = true;
    }
  }
  path.ordered = gives_order(index, equalities, conditions);
  const bool covering = covers_columns(index, conditions);
  if (!searched && held > 0.5 && !(path.ordered && limit < kUnlimited) && !covering) return path;
  return priced(source, conditions,
                {.rows = rows,
                 .share = share,
                 .fetched = std::max(rows * held * boundary, 1.0),
                 .limit = limit,
                 .covering = covering},
                std::move(path));
}

AccessPath AccessPaths::priced(const Source& source, const TableConditions& conditions, Fetch fetch,
                               AccessPath path) const {
  const double out = std::max(fetch.rows * fetch.share, 1.0);
  const bool joins_left = !conditions.joined.empty();
  path.rows = std::min(out, fetch.fetched);
  double fetched = fetch.fetched;
  if (path.ordered && fetch.limit < path.rows && !joins_left) {
    fetched *= fetch.limit / path.rows;
    path.rows = fetch.limit;
  }
  const double pages = pages_of(conditions);
  // Pages touched by so many rows in random order (Mackert and Lohman), never more than there are.
  const double touched = std::min(pages, 2 * pages * fetched / (2 * pages + fetched));
  const double index_pages = std::max(1.0, fetched / 200);
  path.cost = kDescent + index_pages * kSequentialPage + fetched * (kIndexRow + kOperator);
  path.cost += fetch.covering ? fetched * kRow : touched * kRandomPage + fetched * kRow;
  if (!path.ordered && !conditions.order.empty()) path.cost += sort_cost(path.rows);
  path.offered = source.offered;
  if (source.offered == SIZE_MAX) path.existing = source.name;
  path.text = fmt::format("{} using {} on {}", fetch.covering ? "Index Only Scan" : "Index Scan", source.name,
                          shape_.relations[conditions.relation].name);
  return path;
}

AccessPath AccessPaths::by_block_range(const Source& source, const TableConditions& conditions, double rows,
                                       double share) const {
  AccessPath path;
  path.cost = kUnlimited;
  const IndexTerm* range = term_on(conditions.range, source.definition.keys.front());
  if (range == nullptr) return path;
  const double read = std::min(1.0, share_of(*range, conditions) + 0.01);
  path.rows = std::max(rows * share, 1.0);
  path.cost = 5 + pages_of(conditions) * read * kSequentialPage + rows * read * (kRow + kOperator);
  if (!conditions.order.empty()) path.cost += sort_cost(path.rows);
  path.offered = source.offered;
  if (source.offered == SIZE_MAX) path.existing = source.name;
  path.text =
      fmt::format("Bitmap Heap Scan by {} on {}", source.name, shape_.relations[conditions.relation].name);
  return path;
}

AccessPath AccessPaths::by_search(const Source& source, const TableConditions& conditions, double rows,
                                  double share) const {
  AccessPath path;
  path.cost = kUnlimited;
  const IndexKey& key = source.definition.keys.front();
  const IndexTerm* term = term_on(conditions.search, key);
  if (term == nullptr || term->key.opclass != key.opclass) return path;
  return priced(source, conditions,
                {.rows = rows,
                 .share = share,
                 .fetched = std::max(rows * share_of(*term, conditions), 1.0),
                 .limit = kUnlimited,
                 .covering = false},
                AccessPath());
}

}  // namespace pgsieve::internal
