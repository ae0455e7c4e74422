#include "analyzer/advisor/cost_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analyzer/advisor/index_size.h"
#include "analyzer/advisor/selectivity.h"
#include "analyzer/advisor/sql_expression.h"
#include "analyzer/schema/resolve_columns.h"

namespace pgsieve {

namespace {

// PostgreSQL's cost units; a random page as people set it for an SSD.
constexpr double kSequentialPage = 1;
constexpr double kRandomPage = 1.1;
constexpr double kRow = 0.01;
constexpr double kIndexRow = 0.005;
constexpr double kOperator = 0.0025;
constexpr double kDescent = 0.4;
constexpr double kRowsPerPage = 60;
constexpr double kUnlimited = std::numeric_limits<double>::infinity();
constexpr double kGroupShare = 0.1;
constexpr int kMaxDepth = 16;

// One way to read a table.
struct Path {
  double cost = 0;            // all of it
  double rows = 0;            // that come out
  bool ordered = false;       // as ORDER BY wants
  size_t offered = SIZE_MAX;  // position among the offered indexes
  std::string existing;       // name of the index, when it exists
  std::string text;
};

// An index the statement could use, offered or real.
struct Source {
  const IndexDefinition* definition;
  size_t offered;
  std::string name;
};

bool same_key(const IndexKey& left, const IndexKey& right) {
  return left.column.empty() ? right.column.empty() &&
                                   normal_expression(left.expression) == normal_expression(right.expression)
                             : left.column == right.column;
}

class Estimate {
 public:
  Estimate(const Pattern& pattern, const std::vector<TableConditions>& tables, const Statistics& statistics,
           std::span<const IndexDefinition> offered)
      : pattern_(pattern),
        shape_(*pattern.shape),
        tables_(tables),
        statistics_(statistics),
        offered_(offered) {}

  PlanAnswer run() {
    PlanAnswer answer;
    answer_ = &answer;
    answer.cost = block_cost(0, 0, answer.rows);
    std::ranges::sort(answer.used);
    answer.used.erase(std::unique(answer.used.begin(), answer.used.end()), answer.used.end());
    return answer;
  }

 private:
  double rows_of(const TableConditions& conditions) const {
    const double rows = conditions.table == nullptr ? 0 : table_rows(*conditions.table);
    return rows > 0 ? rows : CostModel::kUnknownRows;
  }
  double pages_of(const TableConditions& conditions) const {
    const std::optional<double> pages = conditions.table == nullptr ? std::nullopt : conditions.table->pages;
    return pages && *pages > 0 ? *pages : std::max(1.0, rows_of(conditions) / kRowsPerPage);
  }

  double of(const IndexTerm& term, const TableConditions& conditions) const {
    return selectivity(term, conditions.table, statistics_, pattern_);
  }

  // What all conditions with values leave of the table.
  double filter_share(const TableConditions& conditions) const {
    double share = 1;
    for (const std::vector<IndexTerm>* terms :
         {&conditions.equal, &conditions.range, &conditions.prefix, &conditions.search})
      for (const IndexTerm& term : *terms) share *= of(term, conditions);
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
  double predicate_share(const IndexDefinition& index, const TableConditions& conditions) const {
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

  std::vector<Source> sources(const TableConditions& conditions) {
    std::vector<Source> found;
    for (size_t i = 0; i < offered_.size(); ++i)
      if (is_on(offered_[i], conditions))
        found.push_back({&offered_[i], i, index_name(offered_[i]) + " (proposed)"});
    if (conditions.table != nullptr)
      for (const Index& index : conditions.table->indexes) {
        existing_.push_back(std::make_unique<IndexDefinition>(definition_of(*conditions.table, index)));
        found.push_back({existing_.back().get(), SIZE_MAX, index.name});
      }
    return found;
  }

  bool is_on(const IndexDefinition& index, const TableConditions& conditions) const {
    const Relation& relation = shape_.relations[conditions.relation];
    if (index.table != relation.name) return false;
    return conditions.table == nullptr || index.schema.empty() || index.schema == conditions.table->schema;
  }

  // Reads the table once per row of `lookups` (0: once in all), each time for one value of `join`.
  Path read(const TableConditions& conditions, double lookups, double limit) {
    const double rows = rows_of(conditions);
    const double share = filter_share(conditions);
    Path best = scan(conditions, rows, share, limit);
    for (const Source& source : sources(conditions)) {
      const Path path = by_index(source, conditions, rows, share, lookups > 0, limit);
      if (path.cost < best.cost) best = path;
    }
    return best;
  }

  Path scan(const TableConditions& conditions, double rows, double share, double limit) const {
    Path path;
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

  static double sort_cost(double rows) { return rows < 2 ? 0 : 2 * kOperator * rows * std::log2(rows); }

  static const IndexTerm* term_on(const std::vector<IndexTerm>& terms, const IndexKey& key) {
    const auto found =
        std::ranges::find_if(terms, [&key](const IndexTerm& term) { return same_key(term.key, key); });
    return found == terms.end() ? nullptr : &*found;
  }

  Path by_index(const Source& source, const TableConditions& conditions, double rows, double share, bool join,
                double limit) {
    const IndexDefinition& index = *source.definition;
    Path path;
    path.cost = kUnlimited;
    const double held = predicate_share(index, conditions);
    if (held <= 0) return path;
    if (index.method == "brin") return by_block_range(source, conditions, rows, share);
    if (index.method == "gin" || index.method == "gist") return by_search(source, conditions, rows, share);
    if (index.method != "btree" && index.method != "hash") return path;
    double boundary = 1;
    size_t at = 0;
    bool searched = false;
    bool pattern_class = false;
    for (; at < index.keys.size(); ++at) {
      const IndexTerm* equal = term_on(conditions.equal, index.keys[at]);
      const IndexTerm* joined =
          join && equal == nullptr ? term_on(conditions.joined, index.keys[at]) : nullptr;
      if (equal == nullptr && joined == nullptr) break;
      boundary *= of(equal == nullptr ? *joined : *equal, conditions);
      searched = true;
    }
    const size_t equalities = at;
    pattern_class = at < index.keys.size() && index.keys[at].opclass.ends_with("_pattern_ops");
    if (at < index.keys.size() && index.method == "btree") {
      const IndexTerm* range = term_on(conditions.range, index.keys[at]);
      const IndexTerm* prefix = term_on(conditions.prefix, index.keys[at]);
      if (prefix != nullptr && prefix->key.opclass != index.keys[at].opclass && !pattern_class)
        prefix = nullptr;
      if (range != nullptr && pattern_class) range = nullptr;
      if (range != nullptr || prefix != nullptr) {
        boundary *= of(range != nullptr ? *range : *prefix, conditions);
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

  struct Fetch {
    double rows, share, fetched, limit;
    bool covering;
  };

  Path priced(const Source& source, const TableConditions& conditions, Fetch fetch, Path path) const {
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
    path.text = fmt::format("{} using {} on {}", fetch.covering ? "Index Only Scan" : "Index Scan",
                            source.name, shape_.relations[conditions.relation].name);
    return path;
  }

  // Keys after the equalities follow ORDER BY, forwards or backwards.
  static bool gives_order(const IndexDefinition& index, size_t equalities,
                          const TableConditions& conditions) {
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

  static bool covers_columns(const IndexDefinition& index, const TableConditions& conditions) {
    if (conditions.whole_row || conditions.needed.empty() || index.method != "btree") return false;
    return std::ranges::all_of(conditions.needed, [&index](const std::string& column) {
      return std::ranges::find(index.include, column) != index.include.end() ||
             std::ranges::find(index.keys, column, &IndexKey::column) != index.keys.end();
    });
  }

  Path by_block_range(const Source& source, const TableConditions& conditions, double rows,
                      double share) const {
    Path path;
    path.cost = kUnlimited;
    const IndexTerm* range = term_on(conditions.range, source.definition->keys.front());
    if (range == nullptr) return path;
    const double read = std::min(1.0, of(*range, conditions) + 0.01);
    path.rows = std::max(rows * share, 1.0);
    path.cost = 5 + pages_of(conditions) * read * kSequentialPage + rows * read * (kRow + kOperator);
    if (!conditions.order.empty()) path.cost += sort_cost(path.rows);
    path.offered = source.offered;
    if (source.offered == SIZE_MAX) path.existing = source.name;
    path.text =
        fmt::format("Bitmap Heap Scan by {} on {}", source.name, shape_.relations[conditions.relation].name);
    return path;
  }

  Path by_search(const Source& source, const TableConditions& conditions, double rows, double share) const {
    Path path;
    path.cost = kUnlimited;
    const IndexKey& key = source.definition->keys.front();
    const IndexTerm* term = term_on(conditions.search, key);
    if (term == nullptr || term->key.opclass != key.opclass) return path;
    return priced(source, conditions,
                  {.rows = rows,
                   .share = share,
                   .fetched = std::max(rows * of(*term, conditions), 1.0),
                   .limit = kUnlimited,
                   .covering = false},
                  Path());
  }

  void note(const Path& path, int depth, double cost) {
    answer_->plan +=
        fmt::format("{}{}  (cost={:.2f} rows={:.0f})\n", std::string(static_cast<size_t>(depth) * 2, ' '),
                    path.text, cost, path.rows);
    if (path.offered != SIZE_MAX) answer_->used.push_back(path.offered);
    if (!path.existing.empty()) answer_->existing.push_back(path.existing);
    if (path.text.starts_with("Seq Scan on ")) answer_->scanned.push_back(path.text.substr(12));
  }

  // One query block: its tables joined one after the other, from the one with the fewest rows left;
  // sub-queries are added, correlated ones for every row.
  double block_cost(uint32_t block, int depth, double& rows) {
    rows = 1;
    if (depth > kMaxDepth || block >= shape_.blocks.size()) return 0;
    std::vector<const TableConditions*> left;
    for (const TableConditions& conditions : tables_)
      if (conditions.relation != kNoIndex && shape_.relations[conditions.relation].block == block)
        left.push_back(&conditions);
    double cost = 0;
    double inner_rows = 0;
    for (uint32_t child = 0; child < shape_.blocks.size(); ++child) {
      if (shape_.blocks[child].parent != block || child == block || shape_.blocks[child].correlated) continue;
      cost += block_cost(child, depth + 1, inner_rows);
    }
    cost += join_all(left, block, depth, rows);
    for (uint32_t child = 0; child < shape_.blocks.size(); ++child) {
      if (shape_.blocks[child].parent != block || child == block || !shape_.blocks[child].correlated)
        continue;
      cost += std::max(rows, 1.0) * block_cost(child, depth + 1, inner_rows);
    }
    const QueryBlock& query = shape_.blocks[block];
    if (!query.group.empty() || query.distinct) {
      cost += rows * 2 * kOperator;
      rows = std::max(1.0, rows * kGroupShare);
      if (!query.order.empty()) cost += sort_cost(rows);
    } else if (query.has_aggregate) {
      cost += rows * kOperator;
      rows = 1;
    }
    return cost;
  }

  double join_all(std::vector<const TableConditions*> left, uint32_t block, int depth, double& rows) {
    if (left.empty()) return 0;
    const RowBound& bound = shape_.blocks[block].limit;
    double limit = kUnlimited;
    if (bound.present && !bound.all)
      limit = static_cast<double>(std::max<int64_t>(bound.value.value_or(20), 1));
    if (left.size() > 1 || shape_.blocks[block].has_aggregate) limit = kUnlimited;
    std::ranges::stable_sort(left, [this](const TableConditions* one, const TableConditions* other) {
      return rows_of(*one) * filter_share(*one) < rows_of(*other) * filter_share(*other);
    });
    const bool correlated = shape_.blocks[block].correlated;
    double cost = 0;
    rows = 0;
    bool first = true;
    for (const TableConditions* conditions : left) {
      if (first) {
        const Path path = read(*conditions, correlated ? 1 : 0, limit);
        note(path, depth, path.cost);
        cost += path.cost;
        rows = path.rows;
        first = false;
        continue;
      }
      cost += join_one(*conditions, depth, rows);
    }
    return cost;
  }

  // Either one look-up per row so far, or the whole table hashed.
  double join_one(const TableConditions& conditions, int depth, double& rows) {
    const Path whole = read(conditions, 0, kUnlimited);
    const double hashed = whole.cost + (whole.rows + rows) * (kOperator + kRow / 2);
    double share = filter_share(conditions);
    const double matching = conditions.joined.empty() ? 1 : of(conditions.joined.front(), conditions);
    const Path single = read(conditions, 1, kUnlimited);
    const bool usable = single.text.starts_with("Index") && !conditions.joined.empty();
    const double looped = usable ? rows * single.cost : kUnlimited;
    rows = std::max(1.0, rows * rows_of(conditions) * share * matching);
    if (looped < hashed) {
      note(single, depth, looped);
      return looped;
    }
    note(whole, depth, hashed);
    return hashed;
  }

  const Pattern& pattern_;
  const StatementShape& shape_;
  const std::vector<TableConditions>& tables_;
  const Statistics& statistics_;
  std::span<const IndexDefinition> offered_;
  std::vector<std::unique_ptr<IndexDefinition>> existing_;
  PlanAnswer* answer_ = nullptr;
};

}  // namespace

const CostModel::Known& CostModel::know(std::string_view statement) {
  const auto found = known_.find(statement);
  if (found != known_.end()) return *found->second;
  std::unique_ptr<Known>& known = known_[std::string(statement)];
  known = std::make_unique<Known>();
  known->pattern.reference_text = std::string(statement);
  known->pattern.shape =
      std::make_shared<const StatementShape>(resolve_columns(draw_shape(statement), schema_));
  known->pattern.calls = 1;
  known->pattern.samples.add(0, {.duration = 0, .time = 0, .text = std::string(statement), .parameters = {}});
  const ConditionContext context{.schema = schema_, .statistics = statistics_, .c_collation = c_collation_};
  const StatementShape& shape = *known->pattern.shape;
  known->tables.resize(shape.relations.size());
  for (uint32_t i = 0; i < shape.relations.size(); ++i)
    if (is_indexable_relation(shape, i, schema_))
      known->tables[i] = collect_conditions(known->pattern, i, context);
  return *known;
}

Result<PlanAnswer> CostModel::plan(std::string_view statement, std::span<const IndexDefinition> offered) {
  ++calls_;
  const Known& known = know(statement);
  if (!is_read(known.pattern.shape->kind) && !is_write(known.pattern.shape->kind)) {
    Error error;
    error.message = "not a statement that has a plan";
    return error;
  }
  return Estimate(known.pattern, known.tables, statistics_, offered).run();
}

bool CostModel::can_imagine(const IndexDefinition& definition) {
  return definition.method == "btree" || definition.method == "brin" || definition.method == "hash";
}

double CostModel::size_bytes(const IndexDefinition& definition) {
  const Table* table = schema_.find(definition.schema, definition.table);
  return table == nullptr ? 0 : estimate_index_bytes(definition, *table, statistics_);
}

std::string CostModel::describe() const {
  return statistics_.empty() ? "pgsieve's own cost model, without statistics" : "pgsieve's own cost model";
}

}  // namespace pgsieve
