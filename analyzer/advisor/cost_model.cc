#include "analyzer/advisor/cost_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "analyzer/advisor/access_path.h"
#include "analyzer/advisor/index_size.h"
#include "analyzer/schema/resolve_columns.h"

namespace pgsieve {

namespace {

using internal::AccessPath;
using internal::kOperator;
using internal::kRow;
using internal::kUnlimited;
using internal::sort_cost;

constexpr double kGroupShare = 0.1;
constexpr int kMaxDepth = 16;

// What a statement costs: its query blocks, and in each the tables joined.
class Estimate {
 public:
  Estimate(const Pattern& pattern, const std::vector<TableConditions>& tables, const Statistics& statistics,
           std::span<const IndexDefinition> offered)
      : shape_(*pattern.shape), tables_(tables), paths_(pattern, statistics, offered) {}

  PlanAnswer run() {
    answer_.cost = block_cost(0, 0, answer_.rows);
    std::ranges::sort(answer_.used);
    answer_.used.erase(std::unique(answer_.used.begin(), answer_.used.end()), answer_.used.end());
    return std::move(answer_);
  }

 private:
  void note(const AccessPath& path, int depth, double cost) {
    answer_.plan += fmt::format("{}{}  (cost={:.2f} rows={:.0f})\n",
                                std::string(static_cast<size_t>(depth) * 2, ' '), path.text, cost, path.rows);
    if (path.offered != SIZE_MAX) answer_.used.push_back(path.offered);
    if (!path.existing.empty()) answer_.existing.push_back(path.existing);
    if (path.text.starts_with("Seq Scan on ")) answer_.scanned.push_back(path.text.substr(12));
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
      return paths_.rows_of(*one) * paths_.filter_share(*one) <
             paths_.rows_of(*other) * paths_.filter_share(*other);
    });
    const bool correlated = shape_.blocks[block].correlated;
    double cost = 0;
    rows = 0;
    bool first = true;
    for (const TableConditions* conditions : left) {
      if (first) {
        const AccessPath path = paths_.cheapest(*conditions, correlated, limit);
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
    const AccessPath whole = paths_.cheapest(conditions, false, kUnlimited);
    const double hashed = whole.cost + (whole.rows + rows) * (kOperator + kRow / 2);
    double share = paths_.filter_share(conditions);
    const double matching =
        conditions.joined.empty() ? 1 : paths_.share_of(conditions.joined.front(), conditions);
    const AccessPath single = paths_.cheapest(conditions, true, kUnlimited);
    const bool usable = single.text.starts_with("Index") && !conditions.joined.empty();
    const double looped = usable ? rows * single.cost : kUnlimited;
    rows = std::max(1.0, rows * paths_.rows_of(conditions) * share * matching);
    if (looped < hashed) {
      note(single, depth, looped);
      return looped;
    }
    note(whole, depth, hashed);
    return hashed;
  }

  const StatementShape& shape_;
  const std::vector<TableConditions>& tables_;
  internal::AccessPaths paths_;
  PlanAnswer answer_;
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
