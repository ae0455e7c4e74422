#include "rules/missing_index/candidate.h"

#include <algorithm>
#include <array>

#include "analyzer/sql/expression_text.h"
#include "rules/common.h"
#include "rules/missing_index/conditions.h"

namespace pgsieve::missing_index {
namespace {

constexpr size_t kMaxKeys = 4;
constexpr int64_t kSmallLimit = 1000;  // rows up to which reading in index order beats sorting

// A key whose SQL can stand in CREATE INDEX without parentheses of its own: a plain function call.
bool is_call(std::string_view expression) {
  const size_t open = expression.find('(');
  if (open == std::string_view::npos || open == 0 || expression.back() != ')') return false;
  const bool name = std::ranges::all_of(expression.substr(0, open), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
  int depth = 0;
  for (size_t at = open; at < expression.size(); ++at) {
    depth += expression[at] == '(' ? 1 : expression[at] == ')' ? -1 : 0;
    if (depth == 0) return name && at + 1 == expression.size();
  }
  return false;
}

std::string expression_key(std::string_view expression) {
  const bool wrapped = is_call(expression) || (expression.starts_with("((") && expression.ends_with("))"));
  return wrapped ? std::string(expression) : "(" + std::string(expression) + ")";
}

class Finder {
 public:
  Finder(const Pattern& pattern, const Schema& schema)
      : pattern_(pattern), shape_(*pattern.shape), schema_(schema) {}

  std::vector<IndexCandidate> run() {
    std::vector<Conditions> conditions(shape_.relations.size());
    for (uint32_t i = 0; i < shape_.relations.size(); ++i)
      if (is_searched(i))
        conditions[i] = collect_conditions(pattern_, i, table_behind(schema_, shape_.relations[i]));
    measure_distances(conditions);
    for (uint32_t i = 0; i < shape_.relations.size(); ++i)
      if (is_searched(i)) add_for(i, conditions[i]);
    return std::move(candidates_);
  }

 private:
  bool is_searched(uint32_t at) const {
    const Relation& relation = shape_.relations[at];
    if (relation.kind != Relation::Kind::kTable || is_catalog_relation(relation)) return false;
    if (relation.dml_target && shape_.kind == StatementKind::kInsert) return false;
    const Table* known = schema_.find(relation.schema, relation.name);
    return known == nullptr || !known->view || known->materialized;
  }

  // How far each table is from a condition with a value: 0 has one itself, n + 1 is joined to one at n,
  // kNoIndex is not cut down at all. Rows flow from low to high, so a table is looked up by its join column
  // only from a table below it. A join between tables that are read whole wants a hash join, not an index.
  void measure_distances(const std::vector<Conditions>& conditions) {
    distance_.assign(conditions.size(), kNoIndex);
    for (size_t i = 0; i < conditions.size(); ++i) {
      const Conditions& own = conditions[i];
      const bool cut =
          !own.equal.empty() || !own.prefix.empty() || !own.search.empty() ||
          std::ranges::any_of(own.range, [&own](const Condition& each) { return own.bounded(each); });
      if (cut) distance_[i] = 0;
    }
    for (uint32_t reach = 0; reach < conditions.size(); ++reach)
      for (size_t i = 0; i < conditions.size(); ++i)
        for (const Condition& join : conditions[i].joined)
          if (distance_[i] == kNoIndex && join.partner < distance_.size() && distance_[join.partner] == reach)
            distance_[i] = reach + 1;
  }

  // Each row of the partner looks this table up: the partner is cut down by conditions nearer to it, or it
  // belongs to the outer query of a correlated sub-query.
  bool looked_up(uint32_t at, const Condition& join) const {
    if (join.partner >= distance_.size()) return false;
    const uint32_t own_block = shape_.relations[at].block;
    const uint32_t partner_block = shape_.relations[join.partner].block;
    for (uint32_t block = shape_.blocks[own_block].parent; block != kNoIndex;
         block = shape_.blocks[block].parent)
      if (block == partner_block) return true;
    return distance_[join.partner] < distance_[at];
  }

  std::vector<std::string> lookup_columns(uint32_t at, const Conditions& conditions) const {
    std::vector<std::string> columns;
    for (const Condition& join : conditions.joined) {
      const bool partner_cut = join.partner < distance_.size() && distance_[join.partner] == 0;
      if (!join.key.column.empty() && (partner_cut || looked_up(at, join)))
        columns.push_back(join.key.column);
    }
    return columns;
  }

  void add_for(uint32_t at, const Conditions& conditions) {
    const size_t first = candidates_.size();
    choose(at, conditions);
    for (size_t i = first; i < candidates_.size(); ++i)
      candidates_[i].lookup_columns = lookup_columns(at, conditions);
  }

  void choose(uint32_t at, const Conditions& conditions) {
    if (!conditions.equal.empty()) {
      add_equality(at, conditions);
    } else if (!conditions.prefix.empty()) {
      add(at, Need::kPrefix, {conditions.prefix.front()});
    } else if (!conditions.range.empty() && add_range(at, conditions)) {
    } else if (!conditions.search.empty()) {
      add_searches(at, conditions);
    } else if (add_join(at, conditions)) {
    } else if (!add_alternatives(at, conditions) && conditions.alternatives.empty()) {
      add_order(at);
    }
  }

  // Equality columns, most useful first: a reference or a plain value before a flag; then one range or the
  // ORDER BY.
  void add_equality(uint32_t at, const Conditions& conditions) {
    std::vector<Condition> keys;
    for (const bool flags : {false, true})
      for (const Condition& each : conditions.equal)
        if (each.flag == flags && keys.size() < kMaxKeys - 1) keys.push_back(each);
    if (keys.size() > 1) std::erase_if(keys, [](const Condition& each) { return each.flag; });
    if (keys.empty()) keys.push_back(conditions.equal.front());
    const size_t equalities = keys.size();
    const std::vector<CandidateKey> order = usable_order(at);
    const Condition* range = preferred_range(conditions, order);
    IndexCandidate& made = add(at, Need::kEquality, keys);
    made.equalities = equalities;
    if (range != nullptr && !range->volatile_expression) {
      append(made, range->key);
    } else if (small_limit(at)) {
      for (const CandidateKey& key : order) append(made, key);
    }
  }

  bool add_range(uint32_t at, const Conditions& conditions) {
    const std::vector<CandidateKey> order = usable_order(at);
    const Condition& range = *preferred_range(conditions, order);
    const bool ordered = !order.empty() && order.front() == range.key && small_limit(at);
    if (!ordered && !conditions.bounded(range) && !conditions.search.empty()) return false;
    add(at, ordered ? Need::kOrder : conditions.bounded(range) ? Need::kRange : Need::kOpenRange, {range});
    return true;
  }

  static const Condition* preferred_range(const Conditions& conditions,
                                          const std::vector<CandidateKey>& order) {
    if (conditions.range.empty()) return nullptr;
    for (const Condition& each : conditions.range)
      if (!order.empty() && each.key == order.front()) return &each;
    for (const Condition& each : conditions.range)
      if (conditions.bounded(each)) return &each;
    return &conditions.range.front();
  }

  void add_searches(uint32_t at, const Conditions& conditions) {
    for (const Condition& each : conditions.search)
      add(at, Need::kSearch, {each}).method = conditions.search_method.at(each.predicate);
  }

  bool add_join(uint32_t at, const Conditions& conditions) {
    for (const Condition& each : conditions.joined) {
      if (!looked_up(at, each)) continue;
      add(at, Need::kJoin, {each}).equalities = 1;
      return true;
    }
    return false;
  }

  // OR over different columns: each branch needs an index of its own, and one branch without makes the others
  // useless.
  bool add_alternatives(uint32_t at, const Conditions& conditions) {
    bool added = false;
    for (const auto& [group, branches] : conditions.alternatives) {
      if (std::ranges::find(conditions.unusable_groups, group) != conditions.unusable_groups.end()) continue;
      if (touches_other_tables(group, at)) continue;
      const std::vector<CandidateKey> order = usable_order(at);
      // (a > x) OR (a = x AND b > y): a keyset page, which wants the order, not one index per branch.
      const bool keyset = !order.empty() && std::ranges::any_of(branches, [&order](const Condition& each) {
        return each.key == order.front() && each.predicate->op != PredicateOperator::kEqual;
      });
      if (keyset) return false;
      std::vector<CandidateKey> seen;
      for (const Condition& each : branches) {
        if (std::ranges::find(seen, each.key) != seen.end()) continue;
        seen.push_back(each.key);
        IndexCandidate& made = add(at, Need::kOr, {each});
        made.equalities =
            each.predicate->op == PredicateOperator::kEqual || each.predicate->op == PredicateOperator::kIn;
        added = true;
      }
      if (seen.size() == 1)
        candidates_.back().need = candidates_.back().equalities > 0 ? Need::kEquality : Need::kRange;
    }
    return added;
  }

  bool touches_other_tables(uint32_t group, uint32_t at) const {
    return std::ranges::any_of(shape_.predicates, [&](const Predicate& predicate) {
      return predicate.or_group == group && predicate.column.relation != at;
    });
  }

  void add_order(uint32_t at) {
    const std::vector<CandidateKey> order = usable_order(at);
    if (order.empty() || !small_limit(at) || shape_.kind != StatementKind::kSelect) return;
    IndexCandidate& made = add(at, Need::kOrder, {});
    for (const CandidateKey& key : order) append(made, key);
  }

  // ORDER BY of the relation's block, when all of it is plain columns of this relation in one direction.
  std::vector<CandidateKey> usable_order(uint32_t at) const {
    const QueryBlock& block = shape_.blocks[shape_.relations[at].block];
    if (block.has_aggregate || !block.group.empty() || block.distinct || block.set_operation) return {};
    std::vector<CandidateKey> keys;
    for (const OrderKey& key : block.order) {
      if (key.use.relation != at || key.use.column.empty() ||
          key.descending != block.order.front().descending)
        return {};
      keys.push_back({.column = key.use.column, .expression = {}, .opclass = {}});
    }
    return keys;
  }

  bool small_limit(uint32_t at) const {
    const RowBound& limit = shape_.blocks[shape_.relations[at].block].limit;
    if (!limit.present || limit.all) return false;
    if (limit.value) return *limit.value <= kSmallLimit;
    return pattern_.limits.count() == 0 || pattern_.limits.quantile(0.5) <= kSmallLimit;
  }

  IndexCandidate& add(uint32_t at, Need need, const std::vector<Condition>& conditions) {
    IndexCandidate& made = candidates_.emplace_back();
    made.relation = at;
    made.table = table_behind(schema_, shape_.relations[at]);
    made.need = need;
    for (const Condition& condition : conditions) {
      append(made, condition.key);
      made.volatile_expression |= condition.volatile_expression;
    }
    if (!conditions.empty()) {
      made.unselective = conditions.front().flag;
      made.foreign_key = references_other(made.table, conditions.front().key.column);
    }
    if (made.volatile_expression)
      made.note =
          "the expression depends on the session's time zone or settings, so it can't be indexed: compare "
          "the bare "
          "column with a range instead";
    return made;
  }

  static void append(IndexCandidate& candidate, const CandidateKey& key) {
    const bool known = std::ranges::find(candidate.keys, key) != candidate.keys.end();
    if (!known && candidate.keys.size() < kMaxKeys) candidate.keys.push_back(key);
  }

  // A table that references itself is a tree, mostly a small one; its own parent column proves nothing about
  // its size.
  static bool references_other(const Table* table, const std::string& column) {
    return table != nullptr && std::ranges::any_of(table->foreign_keys, [&](const ForeignKey& key) {
             return key.columns.size() == 1 && key.columns.front() == column &&
                    key.target_table != table->name;
           });
  }

  const Pattern& pattern_;
  const StatementShape& shape_;
  const Schema& schema_;
  std::vector<uint32_t> distance_;
  std::vector<IndexCandidate> candidates_;
};

}  // namespace

std::string CandidateKey::name() const {
  return column.empty() ? expression_key(expression) : column;
}

std::string CandidateKey::sql() const {
  const std::string key = column.empty() ? expression_key(expression) : quote_identifier(column);
  return opclass.empty() ? key : key + " " + opclass;
}

std::vector<IndexCandidate> find_candidates(const Pattern& pattern, const Schema& schema) {
  const StatementKind kind = pattern.shape->kind;
  if (!is_read(kind) && !is_write(kind)) return {};
  return Finder(pattern, schema).run();
}

}  // namespace pgsieve::missing_index
