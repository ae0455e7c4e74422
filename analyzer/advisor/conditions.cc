#include "analyzer/advisor/conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <tuple>

#include "analyzer/advisor/literals.h"
#include "analyzer/advisor/sql_expression.h"
#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/scan.h"

namespace pgsieve {

namespace {

// A column with at most this many values splits its table in large parts; its constants are states, not keys.
constexpr double kStateValues = 50;

// A value seen less often proves nothing about the next call.
constexpr uint64_t kConstantCalls = 5;

bool is_range(PredicateOperator op) {
  return op == PredicateOperator::kLess || op == PredicateOperator::kLessEqual ||
         op == PredicateOperator::kGreater || op == PredicateOperator::kGreaterEqual ||
         op == PredicateOperator::kBetween;
}

bool same_key(const IndexKey& left, const IndexKey& right) {
  return left.column == right.column && left.expression == right.expression && left.opclass == right.opclass;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         (static_cast<unsigned char>(c) & 0x80U) != 0;
}

bool names_word(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool starts = at == 0 || !is_word(text[at - 1]);
    const size_t end = at + word.size();
    if (starts && (end == text.size() || !is_word(text[end]))) return true;
  }
  return false;
}

// CHECK (status IN ('new', 'paid', 'void'))
bool has_closed_set(const Table* table, std::string_view column) {
  return table != nullptr && std::ranges::any_of(table->check_constraints, [column](std::string_view check) {
           const bool lists =
               check.find(" IN (") != std::string_view::npos || check.find("ANY (") != std::string_view::npos;
           return lists && check.find(" AND ") == std::string_view::npos && names_word(check, column);
         });
}

// Types without a b-tree operator class: neither = nor < can be looked up.
bool has_no_order(std::string_view type) {
  static constexpr std::array<std::string_view, 9> kTypes = {"json", "xml",  "point",   "line",  "lseg",
                                                             "box",  "path", "polygon", "circle"};
  return std::ranges::find(kTypes, type) != kTypes.end();
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
    add_order();
    add_group();
    add_needed();
    return std::move(found_);
  }

 private:
  std::string type_of(std::string_view column) const {
    const Column* known = found_.table == nullptr ? nullptr : found_.table->find_column(column);
    return known == nullptr ? std::string() : known->type;
  }

  std::optional<IndexKey> key_of(const Predicate& predicate) {
    if (predicate.column.whole_row()) return std::nullopt;
    IndexKey key;
    if (predicate.expression.empty()) {
      if (found_.table != nullptr && found_.table->find_column(predicate.column.column) == nullptr)
        return std::nullopt;
      if (has_no_order(type_of(predicate.column.column))) return std::nullopt;
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
    IndexTerm term{.key = std::move(key), .predicate = &predicate};
    term.distinct =
        term.key.column.empty() ? 0 : distinct_values(found_.table, term.key.column, context_.statistics);
    const std::string type = type_of(term.key.column);
    term.flag = type == "boolean" || has_closed_set(found_.table, term.key.column) ||
                (term.distinct > 0 && term.distinct <= 5);
    return term;
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
    const std::string name = key.column.empty() ? "(" + key.expression + ")" : quote_identifier(key.column);
    std::string sql;
    switch (predicate.op) {
      case PredicateOperator::kIsNull:
        sql = name + " IS NULL";
        break;
      case PredicateOperator::kIsNotNull:
        sql = name + " IS NOT NULL";
        break;
      case PredicateOperator::kIsTrue:
        sql = name;
        break;
      case PredicateOperator::kIsFalse:
        sql = "NOT " + name;
        break;
      case PredicateOperator::kIsNotTrue:
        sql = name + " IS NOT TRUE";
        break;
      default:
        sql = name + " IS NOT FALSE";
        break;
    }
    found_.constant.push_back(std::move(sql));
    found_.constant_keys.push_back(key);
    // As the only condition there is, IS NULL on a column that rarely is would still be worth a look-up.
    if (predicate.op == PredicateOperator::kIsNull) {
      IndexTerm term = term_of(predicate, key);
      term.flag = true;
      add_once(found_.equal, std::move(term));
    }
  }

  // status = 'pending', where every execution says so and the column holds states.
  void note_constant(const Predicate& predicate, const IndexTerm& term) {
    if (pattern_.calls < kConstantCalls) return;
    if (predicate.op != PredicateOperator::kEqual || term.key.column.empty() || predicate.slots.size() != 1)
      return;
    const Column* column = found_.table == nullptr ? nullptr : found_.table->find_column(term.key.column);
    if (column == nullptr) return;
    const bool textual = column->type.starts_with("character") || column->type == "text" ||
                         column->type.starts_with("varchar");
    const bool builtin_number =
        column->type.find("int") != std::string::npos || column->type.starts_with("numeric");
    const ColumnStatistics* known =
        context_.statistics.find_column(found_.table->schema, found_.table->name, term.key.column);
    if (known != nullptr && known->distinct < 0) return;  // as many values as rows, more or less
    const bool states =
        term.flag || (term.distinct > 0 && term.distinct <= kStateValues && (textual || !builtin_number));
    if (!states || references(term.key.column)) return;
    const std::optional<std::string> literal = constant_literal(pattern_, predicate.slots[0]);
    if (!literal) return;
    found_.constant.push_back(quote_identifier(term.key.column) + " = " + *literal);
    found_.constant_keys.push_back(term.key);
  }

  bool references(std::string_view column) const {
    return std::ranges::any_of(found_.table->foreign_keys, [column](const ForeignKey& key) {
      return std::ranges::find(key.columns, column) != key.columns.end();
    });
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

  std::optional<IndexKey> sort_key(const OrderKey& key) const {
    IndexKey made;
    if (key.use.relation == found_.relation && !key.use.column.empty()) {
      made.column = key.use.column;
      if (found_.table != nullptr && found_.table->find_column(made.column) == nullptr) return std::nullopt;
    } else if (!key.expression.empty() && lone_relation() &&
               is_immutable_expression(key.expression, found_.table)) {
      made.expression = key.expression;
    } else {
      return std::nullopt;
    }
    made.descending = key.descending;
    made.nulls_first = key.nulls == 0 ? key.descending : key.nulls < 0;
    return made;
  }

  // The only relation of its block, so that an expression can only be about it.
  bool lone_relation() const {
    const uint32_t block = shape_.relations[found_.relation].block;
    return std::ranges::count_if(shape_.relations,
                                 [block](const Relation& each) { return each.block == block; }) == 1;
  }

  void add_order() {
    const QueryBlock& block = shape_.blocks[shape_.relations[found_.relation].block];
    found_.limited = block.limit.present && !block.limit.all;
    if (block.set_operation || !block.group.empty()) return;
    if (block.has_aggregate) return add_extreme(block);
    for (const OrderKey& key : block.order) {
      const std::optional<IndexKey> made = sort_key(key);
      if (!made) {
        found_.order.clear();
        return;
      }
      found_.order.push_back(*made);
    }
    // Read backwards, an index gives the opposite order: one that starts ascending stands for both.
    if (!found_.order.empty() && found_.order.front().descending)
      for (IndexKey& key : found_.order) {
        key.descending = !key.descending;
        key.nulls_first = !key.nulls_first;
      }
  }

  // SELECT max(created_at): the last entry of an index.
  void add_extreme(const QueryBlock& block) {
    if (block.targets.size() != 1 || !lone_relation()) return;
    const std::string& call = block.targets[0].expression;
    if (!(call.starts_with("max(") || call.starts_with("min(")) || !call.ends_with(")")) return;
    IndexKey key;
    key.column = call.substr(4, call.size() - 5);
    if (found_.table == nullptr || found_.table->find_column(key.column) == nullptr) return;
    found_.order.push_back(std::move(key));
    found_.limited = true;
  }

  void add_group() {
    const QueryBlock& block = shape_.blocks[shape_.relations[found_.relation].block];
    for (const OrderKey& key : block.group) {
      std::optional<IndexKey> made = sort_key(key);
      if (!made || made->column.empty()) {
        found_.group.clear();
        return;
      }
      made->descending = made->nulls_first = false;
      found_.group.push_back(std::move(*made));
    }
  }

  void add_needed() {
    std::set<std::string> names;
    const auto note = [&](const ColumnUse& use, const std::string& expression) {
      if (use.relation == found_.relation) {
        if (use.whole_row()) found_.whole_row = true;
        names.insert(use.column);
      }
      if (expression.empty() || found_.table == nullptr) return;
      for (const Column& column : found_.table->columns)
        if (names_word(expression, column.name)) names.insert(column.name);
    };
    for (const QueryBlock& block : shape_.blocks) {
      for (const TargetColumn& target : block.targets) {
        if (target.star && target.star_over_base &&
            (target.use.relation == kNoIndex || target.use.relation == found_.relation))
          found_.whole_row = true;
        note(target.star ? ColumnUse{} : target.use, target.expression);
      }
      for (const std::vector<OrderKey>* keys : {&block.order, &block.group})
        for (const OrderKey& key : *keys) note(key.use, key.expression);
    }
    for (const Predicate& predicate : shape_.predicates) {
      note(predicate.column, predicate.expression);
      note(predicate.other, predicate.other_expression);
    }
    for (const IndexTerm& term : found_.joined) names.insert(term.key.column);
    if (shape_.relations[found_.relation].dml_target) found_.whole_row = true;
    names.erase("");
    found_.needed.assign(names.begin(), names.end());
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

double distinct_values(const Table* table, std::string_view column, const Statistics& statistics) {
  if (table == nullptr || column.empty()) return 0;
  const ColumnStatistics* known = statistics.find_column(table->schema, table->name, column);
  const double rows = table->rows.value_or(0);
  if (known != nullptr && known->distinct > 0) return known->distinct;
  if (known != nullptr && known->distinct < 0 && rows > 0) return -known->distinct * rows;
  if (table->unique_by({std::string(column)})) return rows;
  const Column* found = table->find_column(column);
  return found != nullptr && found->type == "boolean" ? 2 : 0;
}

}  // namespace pgsieve
