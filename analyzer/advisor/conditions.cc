#include "analyzer/advisor/conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "analyzer/advisor/constant_condition.h"
#include "analyzer/advisor/index_term.h"
#include "analyzer/advisor/literals.h"
#include "analyzer/advisor/row_use.h"
#include "analyzer/advisor/sql_expression.h"
#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/scan.h"

namespace pgsieve {

namespace {

bool is_range(PredicateOperator op) {
  return op == PredicateOperator::kLess || op == PredicateOperator::kLessEqual ||
         op == PredicateOperator::kGreater || op == PredicateOperator::kGreaterEqual ||
         op == PredicateOperator::kBetween;
}

bool same_key(const IndexKey& left, const IndexKey& right) {
  return left.column == right.column && left.expression == right.expression && left.opclass == right.opclass;
}

// char(n), whose operator classes are its own.
bool is_padded(std::string_view type) {
  return type == "character" || type.starts_with("character(") || type == "bpchar" || type == "char" ||
         type.starts_with("char(");
}

class Collector {
 public:
  Collector(const Pattern& pattern, uint32_t relation, const ConditionContext& context)
      : pattern_(pattern), shape_(*pattern.shape), context_(context) {
    found_.relation = relation;
    const Relation& place = shape_.relations[relation];
    found_.table = context.schema.find(place.schema, place.name);
  }

  TableConditions run() {
    note_common();
    for (const Predicate& predicate : shape_.predicates)
      if (predicate.column.relation == found_.relation && !predicate.having) add(predicate);
    add_joins();
    drop_broken_alternatives();
    internal::collect_order(shape_, found_);
    internal::collect_group(shape_, found_);
    internal::collect_needed(shape_, found_);
    return std::move(found_);
  }

 private:
  std::string type_of(std::string_view column) const { return internal::column_type(found_.table, column); }

  std::optional<IndexKey> key_of(const Predicate& predicate) {
    if (predicate.column.whole_row()) return std::nullopt;
    IndexKey key;
    if (predicate.expression.empty()) {
      if (found_.table != nullptr && found_.table->find_column(predicate.column.column) == nullptr)
        return std::nullopt;
      if (internal::has_no_order(type_of(predicate.column.column))) return std::nullopt;
      key.column = predicate.column.column;
      return key;
    }
    const std::optional<std::string> expression = with_constant_values(predicate.expression, pattern_);
    if (!expression) return std::nullopt;
    if (!is_immutable_expression(*expression, found_.table)) {
      found_.obstacles.push_back(
          fmt::format("{} is not known to be immutable, so no index can hold it; compare the bare column "
                      "with a range of values instead",
                      *expression));
      return std::nullopt;
    }
    key.expression = *expression;
    return key;
  }

  IndexTerm term_of(const Predicate& predicate, IndexKey key) const {
    return internal::term_of(predicate, std::move(key), found_.table, context_.statistics);
  }

  void add(const Predicate& predicate) {
    const bool own_column =
        predicate.operand == OperandKind::kColumn && predicate.other.relation == found_.relation;
    std::optional<IndexKey> key;
    if (!predicate.negated && !own_column && predicate.operand != OperandKind::kExpression)
      key = key_of(predicate);
    if (predicate.in_or && !is_common(predicate)) {
      add_alternative(predicate, key);
    } else if (key) {
      add_conjunct(predicate, std::move(*key));
    }
  }

  void add_conjunct(const Predicate& predicate, IndexKey key) {
    switch (predicate.op) {
      case PredicateOperator::kEqual:
      case PredicateOperator::kIn: {
        const bool other_rows =
            predicate.operand == OperandKind::kColumn ||
            (predicate.op == PredicateOperator::kIn && predicate.operand == OperandKind::kSubquery);
        IndexTerm term = term_of(predicate, std::move(key));
        term.partner = predicate.other.relation;
        if (!other_rows) note_constant(predicate, term);
        add_once(other_rows ? found_.joined : found_.equal, std::move(term));
        break;
      }
      case PredicateOperator::kIsNull:
      case PredicateOperator::kIsNotNull:
      case PredicateOperator::kIsTrue:
      case PredicateOperator::kIsFalse:
      case PredicateOperator::kIsNotTrue:
      case PredicateOperator::kIsNotFalse:
        add_state(predicate, key);
        break;
      case PredicateOperator::kLike:
      case PredicateOperator::kILike:
      case PredicateOperator::kSimilar:
      case PredicateOperator::kRegex:
        add_pattern(predicate, std::move(key));
        break;
      default:
        if (is_range(predicate.op)) {
          if (predicate.operand != OperandKind::kColumn)
            add_once(found_.range, term_of(predicate, std::move(key)));
        } else {
          add_search(predicate, std::move(key));
        }
    }
  }

  void add_state(const Predicate& predicate, const IndexKey& key) {
    found_.constant.push_back(internal::state_condition(predicate.op, key));
    found_.constant_keys.push_back(key);
    // As the only condition there is, IS NULL on a column that rarely is would still be worth a look-up.
    if (predicate.op == PredicateOperator::kIsNull) {
      IndexTerm term = term_of(predicate, key);
      term.flag = true;
      add_once(found_.equal, std::move(term));
    }
  }

  void note_constant(const Predicate& predicate, const IndexTerm& term) {
    std::optional<std::string> condition =
        internal::constant_condition(predicate, term, pattern_, found_.table, context_.statistics);
    if (!condition) return;
    found_.constant.push_back(std::move(*condition));
    found_.constant_keys.push_back(term.key);
  }

  void add_pattern(const Predicate& predicate, IndexKey key) {
    const LikePattern form = like_pattern_of(predicate, pattern_);
    const std::string type = type_of(key.column);
    const bool textual = key.column.empty() || type.empty() || type == "text" ||
                         type.starts_with("character") || type.starts_with("varchar");
    if (!textual) return;
    if (form == LikePattern::kExact && predicate.op == PredicateOperator::kLike) {
      add_once(found_.equal, term_of(predicate, std::move(key)));
    } else if (form == LikePattern::kPrefix && predicate.op == PredicateOperator::kLike) {
      // One class serves text and varchar.
      if (!context_.c_collation) key.opclass = is_padded(type) ? "bpchar_pattern_ops" : "text_pattern_ops";
      add_once(found_.prefix, term_of(predicate, std::move(key)));
    } else if (form != LikePattern::kUnknown && form != LikePattern::kNone && !is_padded(type)) {
      key.opclass = "gin_trgm_ops";
      add_inverted(predicate, std::move(key), "gin");
    } else {
      found_.obstacles.push_back(
          "the pattern of LIKE is not known: an index for 'x%' and one for '%x%' are different ones");
    }
  }

  void add_search(const Predicate& predicate, IndexKey key) {
    const std::string type = type_of(key.column);
    if (key.column.empty() && predicate.op != PredicateOperator::kTextSearch) return;
    const bool json = type == "jsonb";
    switch (predicate.op) {
      case PredicateOperator::kContains:
        if (json) key.opclass = "jsonb_path_ops";
        [[fallthrough]];
      case PredicateOperator::kContainedBy:
      case PredicateOperator::kOverlaps:
        if (type.ends_with("range")) return add_inverted(predicate, std::move(key), "gist");
        if (json && predicate.op != PredicateOperator::kContains) return;
        if (json || type.ends_with("[]") || type == "ARRAY") add_inverted(predicate, std::move(key), "gin");
        break;
      case PredicateOperator::kJsonExists:
        if (!json) return;
        if (predicate.op_text == "@?" || predicate.op_text == "@@") key.opclass = "jsonb_path_ops";
        add_inverted(predicate, std::move(key), "gin");
        break;
      case PredicateOperator::kTextSearch:
        if (key.column.empty() || type == "tsvector") add_inverted(predicate, std::move(key), "gin");
        break;
      default:
        break;
    }
  }

  void add_inverted(const Predicate& predicate, IndexKey key, std::string method) {
    found_.search_method[&predicate] = std::move(method);
    add_once(found_.search, term_of(predicate, std::move(key)));
  }

  void add_alternative(const Predicate& predicate, const std::optional<IndexKey>& key) {
    std::vector<IndexTerm>& branches = found_.alternatives[predicate.or_group];
    const bool equality = predicate.op == PredicateOperator::kEqual || predicate.op == PredicateOperator::kIn;
    const bool value =
        predicate.operand != OperandKind::kColumn && predicate.operand != OperandKind::kExpression;
    if (!key || !value || !(equality || is_range(predicate.op))) {
      broken_.insert(predicate.or_group);
      return;
    }
    add_once(branches, term_of(predicate, *key));
  }

  using Place = std::tuple<uint32_t, uint32_t, std::string, PredicateOperator, uint32_t, std::string>;
  static Place place_of(const Predicate& predicate) {
    return {
        predicate.or_group, predicate.column.relation, predicate.column.column + predicate.expression,
        predicate.op,       predicate.other.relation,  predicate.other.column + predicate.other_expression};
  }

  // (a = b AND x) OR (a = b AND y): the planner takes a = b out in front. Taken to hold for an equality that
  // stands in the OR as often as anything does.
  void note_common() {
    for (const Predicate& predicate : shape_.predicates)
      if (predicate.in_or)
        most_[predicate.or_group] = std::max(most_[predicate.or_group], ++times_[place_of(predicate)]);
  }
  bool is_common(const Predicate& predicate) const {
    if (predicate.op != PredicateOperator::kEqual) return false;
    const auto times = times_.find(place_of(predicate));
    return predicate.operand == OperandKind::kColumn && times != times_.end() && times->second > 1 &&
           times->second == most_.at(predicate.or_group);
  }

  // A branch without an index makes those of the other branches useless; so does one on another table.
  void drop_broken_alternatives() {
    for (const Predicate& predicate : shape_.predicates)
      if (predicate.in_or && predicate.column.relation != found_.relation) broken_.insert(predicate.or_group);
    for (const uint32_t group : broken_) found_.alternatives.erase(group);
  }

  void add_joins() {
    for (const Predicate& predicate : shape_.predicates) {
      const bool mirrored =
          predicate.op == PredicateOperator::kEqual && predicate.operand == OperandKind::kColumn &&
          predicate.other.relation == found_.relation && predicate.column.relation != found_.relation;
      if (!mirrored || (predicate.in_or && !is_common(predicate)) || predicate.negated ||
          !predicate.other_expression.empty())
        continue;
      add_join_column(predicate.other.column, predicate.column.relation);
    }
    for (const Join& join : shape_.joins) {
      if (join.left == join.right) continue;
      if (join.left == found_.relation) add_join_column(join.left_column, join.right);
      if (join.right == found_.relation) add_join_column(join.right_column, join.left);
    }
  }

  void add_join_column(const std::string& column, uint32_t partner) {
    if (column.empty() || (found_.table != nullptr && found_.table->find_column(column) == nullptr)) return;
    IndexTerm term;
    term.key.column = column;
    term.partner = partner;
    term.distinct = distinct_values(found_.table, column, context_.statistics);
    add_once(found_.joined, std::move(term));
  }

  static void add_once(std::vector<IndexTerm>& list, IndexTerm term) {
    if (std::ranges::none_of(list, [&term](const IndexTerm& each) { return same_key(each.key, term.key); }))
      list.push_back(std::move(term));
  }

  const Pattern& pattern_;
  const StatementShape& shape_;
  const ConditionContext& context_;
  TableConditions found_;
  std::set<uint32_t> broken_;
  std::map<Place, int> times_;    // under an OR
  std::map<uint32_t, int> most_;  // per OR group
};

}  // namespace

bool is_indexable_relation(const StatementShape& shape, uint32_t at, const Schema& schema) {
  const Relation& relation = shape.relations[at];
  if (relation.kind != Relation::Kind::kTable || relation.name.empty()) return false;
  if (relation.schema == "pg_catalog" || relation.schema == "information_schema") return false;
  if (relation.schema.empty() && relation.name.starts_with("pg_")) return false;
  if (relation.dml_target && shape.kind == StatementKind::kInsert) return false;
  const Table* table = schema.find(relation.schema, relation.name);
  if (table == nullptr) return schema.empty();
  return !table->view || table->materialized;
}

TableConditions collect_conditions(const Pattern& pattern, uint32_t relation,
                                   const ConditionContext& context) {
  return Collector(pattern, relation, context).run();
}

}  // namespace pgsieve
