#include "rules/missing_index/conditions.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>

#include "rules/common.h"

namespace pgsieve::missing_index {
namespace {

bool is_range(PredicateOperator op) {
  return op == PredicateOperator::kLess || op == PredicateOperator::kLessEqual ||
         op == PredicateOperator::kGreater || op == PredicateOperator::kGreaterEqual ||
         op == PredicateOperator::kBetween;
}

bool is_like(PredicateOperator op) {
  return op == PredicateOperator::kLike || op == PredicateOperator::kILike;
}

std::string type_of(const Table* table, std::string_view column) {
  const Column* found = table == nullptr ? nullptr : table->find_column(column);
  return found == nullptr ? std::string() : found->type;
}

bool names_column(std::string_view text, std::string_view column) {
  const auto part_of_name = [text](size_t at) {
    return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) != 0 || text[at] == '_');
  };
  for (size_t at = text.find(column); at != std::string_view::npos; at = text.find(column, at + 1))
    if (!(at > 0 && part_of_name(at - 1)) && !part_of_name(at + column.size())) return true;
  return false;
}

// CHECK (status IN ('new', 'paid', 'void')): a handful of values split the table in a handful of large parts.
bool has_closed_set(const Table* table, std::string_view column) {
  return table != nullptr && !column.empty() &&
         std::ranges::any_of(table->check_constraints, [column](std::string_view check) {
           const bool lists =
               check.find(" IN (") != std::string_view::npos || check.find("ANY (") != std::string_view::npos;
           return lists && check.find(" AND ") == std::string_view::npos && names_column(check, column);
         });
}

bool mentions(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

// Expressions whose value depends on the session's time zone or settings: PostgreSQL refuses an index on
// them. The best known are dates taken from a timestamp with time zone without saying in which zone.
bool depends_on_session(std::string_view expression, std::string_view type) {
  if (mentions(expression, "to_char(") || mentions(expression, "unaccent(") || mentions(expression, "now()"))
    return true;
  if (!mentions(type, "with time zone") || mentions(expression, "AT TIME ZONE") ||
      mentions(expression, "timezone("))
    return false;
  static constexpr std::array<std::string_view, 7> kZoned = {
      "date(", "::date", "::time", "date_trunc(", "extract(", "EXTRACT(", "date_part("};
  return std::ranges::any_of(kZoned,
                             [expression](std::string_view form) { return mentions(expression, form); });
}

// Replaces a parameter inside an expression (payload ->> $1) by the value seen; nullopt when it isn't known.
std::optional<std::string> with_values(std::string expression, const Pattern& pattern) {
  size_t at = 0;
  while ((at = expression.find('$', at)) != std::string::npos) {
    size_t end = at + 1;
    unsigned number = 0;
    while (end < expression.size() && expression[end] >= '0' && expression[end] <= '9' && number < 100'000)
      number = number * 10 + static_cast<unsigned>(expression[end++] - '0');
    if (end == at + 1) {
      ++at;
      continue;
    }
    const std::optional<std::string> value = sample_parameter(pattern.slowest.parameters, number);
    if (!value || value->find('\'') != std::string::npos) return std::nullopt;
    const std::string literal = "'" + *value + "'";
    expression.replace(at, end - at, literal);
    at += literal.size();
  }
  return expression;
}

// A pattern that came as a parameter: judged by the value seen in the sample.
LikePattern pattern_of(const Predicate& predicate, const Pattern& pattern) {
  if (predicate.pattern != LikePattern::kUnknown && predicate.pattern != LikePattern::kNone)
    return predicate.pattern;
  for (const uint32_t slot : predicate.slots) {
    if (slot >= pattern.shape->slots.size() || pattern.shape->slots[slot].parameter == 0) continue;
    const std::optional<std::string> value =
        sample_parameter(pattern.slowest.parameters, pattern.shape->slots[slot].parameter);
    if (!value || value->empty()) continue;
    const bool first = value->front() == '%' || value->front() == '_';
    const size_t wildcard = value->find_first_of("%_");
    if (wildcard == std::string::npos) return LikePattern::kExact;
    return first ? LikePattern::kContains : LikePattern::kPrefix;
  }
  return LikePattern::kUnknown;
}

class Collector {
 public:
  Collector(const Pattern& pattern, uint32_t relation, const Table* table)
      : pattern_(pattern), relation_(relation), table_(table) {}

  Conditions run() {
    for (const Predicate& predicate : pattern_.shape->predicates)
      if (predicate.column.relation == relation_) add(predicate);
    add_joins();
    return std::move(conditions_);
  }

 private:
  void add(const Predicate& predicate) {
    if (predicate.having) return;
    Condition condition;
    condition.predicate = &predicate;
    const bool usable = !predicate.negated && make_key(predicate, condition);
    if (predicate.in_or) {
      add_alternative(predicate, condition, usable);
    } else if (usable) {
      add_conjunct(predicate, condition);
    }
  }

  bool make_key(const Predicate& predicate, Condition& condition) {
    const std::string type = type_of(table_, predicate.column.column);
    condition.flag = type == "boolean" || has_closed_set(table_, predicate.column.column);
    condition.key.column = predicate.column.column;
    if (predicate.column.whole_row()) return false;
    if (predicate.expression.empty()) return true;
    if (depends_on_session(predicate.expression, type)) {
      condition.volatile_expression = true;
      return true;
    }
    const std::optional<std::string> expression = with_values(predicate.expression, pattern_);
    if (!expression) return false;
    condition.key.column.clear();
    condition.key.expression = *expression;
    return true;
  }

  void add_conjunct(const Predicate& predicate, Condition condition) {
    const bool own_column =
        predicate.operand == OperandKind::kColumn && predicate.other.relation == relation_;
    if (own_column || predicate.operand == OperandKind::kExpression) return;
    if (predicate.op == PredicateOperator::kEqual && predicate.operand == OperandKind::kColumn) {
      condition.partner = predicate.other.relation;
      add_once(conditions_.joined, condition);
    } else if (predicate.op == PredicateOperator::kEqual || predicate.op == PredicateOperator::kIn) {
      add_once(conditions_.equal, condition);
    } else if (is_range(predicate.op) && predicate.operand != OperandKind::kColumn) {
      conditions_.range_ends[condition.key.name()] += predicate.op == PredicateOperator::kBetween ? 2 : 1;
      add_once(conditions_.range, condition);
    } else if (is_like(predicate.op)) {
      add_like(predicate, condition);
    } else {
      add_search(predicate, condition);
    }
  }

  void add_like(const Predicate& predicate, Condition condition) {
    const LikePattern form = pattern_of(predicate, pattern_);
    if (form == LikePattern::kExact && predicate.op == PredicateOperator::kLike) {
      add_once(conditions_.equal, condition);
    } else if (form == LikePattern::kPrefix && predicate.op == PredicateOperator::kLike) {
      const std::string type = type_of(table_, predicate.column.column);
      condition.key.opclass =
          type.starts_with("character varying") ? "varchar_pattern_ops" : "text_pattern_ops";
      add_once(conditions_.prefix, condition);
    } else if (form != LikePattern::kUnknown) {
      condition.key.opclass = "gin_trgm_ops";
      conditions_.search_method[&predicate] = "gin";
      add_once(conditions_.search, condition);
    }
  }

  void add_search(const Predicate& predicate, Condition condition) {
    const std::string type = type_of(table_, predicate.column.column);
    std::string method;
    switch (predicate.op) {
      case PredicateOperator::kContains:
      case PredicateOperator::kContainedBy:
      case PredicateOperator::kOverlaps:
        method = mentions(type, "range") ? "gist" : "gin";
        break;
      case PredicateOperator::kJsonExists:
      case PredicateOperator::kTextSearch:
        method = "gin";
        break;
      default:
        return;
    }
    conditions_.search_method[&predicate] = method;
    add_once(conditions_.search, condition);
  }

  void add_alternative(const Predicate& predicate, const Condition& condition, bool usable) {
    const bool value =
        predicate.operand != OperandKind::kColumn && predicate.operand != OperandKind::kExpression;
    const bool indexable = predicate.op == PredicateOperator::kEqual ||
                           predicate.op == PredicateOperator::kIn || is_range(predicate.op);
    conditions_.alternatives[predicate.or_group].push_back(condition);
    if (!usable || !value || !indexable || condition.flag)
      conditions_.unusable_groups.push_back(predicate.or_group);
  }

  // The other spelling of a join condition, and joins without a predicate of their own (USING, NATURAL).
  void add_joins() {
    for (const Predicate& predicate : pattern_.shape->predicates) {
      const bool mirrored = predicate.op == PredicateOperator::kEqual &&
                            predicate.operand == OperandKind::kColumn &&
                            predicate.other.relation == relation_ && predicate.column.relation != relation_;
      if (!mirrored || predicate.in_or || predicate.negated || !predicate.other_expression.empty()) continue;
      add_join_column(predicate.other.column, predicate.column.relation);
    }
    for (const Join& join : pattern_.shape->joins) {
      if (join.left == join.right) continue;
      if (join.left == relation_) add_join_column(join.left_column, join.right);
      if (join.right == relation_) add_join_column(join.right_column, join.left);
    }
  }

  void add_join_column(const std::string& column, uint32_t partner) {
    if (column.empty()) return;
    Condition condition;
    condition.key.column = column;
    condition.partner = partner;
    add_once(conditions_.joined, condition);
  }

  static void add_once(std::vector<Condition>& list, const Condition& condition) {
    const bool known =
        std::ranges::any_of(list, [&condition](const Condition& each) { return each.key == condition.key; });
    if (!known) list.push_back(condition);
  }

  const Pattern& pattern_;
  uint32_t relation_;
  const Table* table_;
  Conditions conditions_;
};

}  // namespace

bool Conditions::bounded(const Condition& condition) const {
  const auto found = range_ends.find(condition.key.name());
  return found != range_ends.end() && found->second >= 2;
}

Conditions collect_conditions(const Pattern& pattern, uint32_t relation, const Table* table) {
  return Collector(pattern, relation, table).run();
}

}  // namespace pgsieve::missing_index
