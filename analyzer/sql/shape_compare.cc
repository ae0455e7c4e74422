// One comparison → a predicate: which side is tested, what stands on the other, what the slots in it are for.
#include <algorithm>

#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/like_pattern.h"
#include "analyzer/sql/shape_builder.h"

namespace pgsieve::internal {

using namespace tree;

namespace {

constexpr size_t kMaxPredicates = 8192;

struct OperatorName {
  std::string_view name;
  PredicateOperator op;
};

PredicateOperator operator_from_name(std::string_view name) {
  using enum PredicateOperator;
  static constexpr OperatorName kNames[] = {
      {"=", kEqual},        {"<>", kNotEqual},   {"!=", kNotEqual},     {"<", kLess},
      {"<=", kLessEqual},   {">", kGreater},     {">=", kGreaterEqual}, {"~~", kLike},
      {"!~~", kNotLike},    {"~~*", kILike},     {"!~~*", kNotILike},   {"~", kRegex},
      {"~*", kRegex},       {"!~", kRegex},      {"!~*", kRegex},       {"@>", kContains},
      {"<@", kContainedBy}, {"&&", kOverlaps},   {"?", kJsonExists},    {"?|", kJsonExists},
      {"?&", kJsonExists},  {"@?", kJsonExists}, {"@@", kTextSearch},   {"@@@", kTextSearch},
      {"<->", kDistance},   {"<#>", kDistance},  {"<=>", kDistance},    {"<+>", kDistance},
  };
  for (const OperatorName& known : kNames) {
    if (known.name == name) return known.op;
  }
  return kOther;
}

// What `a OP b` is when written `b OP' a`.
PredicateOperator commuted(PredicateOperator op) {
  using enum PredicateOperator;
  switch (op) {
    case kLess:
      return kGreater;
    case kLessEqual:
      return kGreaterEqual;
    case kGreater:
      return kLess;
    case kGreaterEqual:
      return kLessEqual;
    case kContains:
      return kContainedBy;
    case kContainedBy:
      return kContains;
    case kEqual:
    case kNotEqual:
    case kOverlaps:
    case kTextSearch:
    case kDistance:
      return op;
    default:
      return kOther;  // `$1 LIKE column` is no LIKE on the column
  }
}

std::string_view commuted_text(std::string_view text) {
  if (text == "<") return ">";
  if (text == "<=") return ">=";
  if (text == ">") return "<";
  if (text == ">=") return "<=";
  if (text == "@>") return "<@";
  if (text == "<@") return "@>";
  return text;
}

// NOT (a OP b) as one operator. False: there is none.
bool fold_negation(PredicateOperator& op) {
  using enum PredicateOperator;
  static constexpr std::pair<PredicateOperator, PredicateOperator> kPairs[] = {
      {kEqual, kNotEqual}, {kLess, kGreaterEqual}, {kLessEqual, kGreater}, {kIn, kNotIn},
      {kLike, kNotLike},   {kILike, kNotILike},    {kIsNull, kIsNotNull},  {kIsTrue, kIsFalse},
  };
  for (const auto& [one, other] : kPairs) {
    if (op == one || op == other) {
      op = op == one ? other : one;
      return true;
    }
  }
  if (op == kIsNotTrue || op == kIsNotFalse) {
    op = op == kIsNotTrue ? kIsTrue : kIsFalse;
    return true;
  }
  return false;
}

bool is_key_name(std::string_view column) {
  return column == "id" || column.ends_with("_id") || column.ends_with("Id") || column.ends_with("ID");
}

// A number of another family on a key: `user_id = $1::numeric` compares as numeric and leaves the integer
// index unused.
bool casts_away(const Node* other, std::string_view column) {
  if (!is(other, PG_QUERY__NODE__NODE_TYPE_CAST) || other->type_cast->type_name == nullptr ||
      !is_key_name(column)) {
    return false;
  }
  const PgQuery__TypeName& type = *other->type_cast->type_name;
  const std::string_view name = last_name(nodes(type.n_names, type.names));
  return name == "numeric" || name == "decimal" || name == "float4" || name == "float8";
}

SlotRole role_of(const Predicate& predicate, const Operand& other) {
  using enum PredicateOperator;
  if (predicate.negated || other.kind == OperandKind::kExpression) return SlotRole::kOtherPredicate;
  switch (predicate.op) {
    case kEqual:
      return SlotRole::kEqual;
    case kIn:
      if (other.kind != OperandKind::kList) return SlotRole::kOtherPredicate;
      return other.array || other.elements < 2 ? SlotRole::kEqual : SlotRole::kList;
    case kLess:
    case kLessEqual:
    case kGreater:
    case kGreaterEqual:
    case kBetween:
      return SlotRole::kRange;
    case kLike:
    case kNotLike:
    case kILike:
    case kNotILike:
    case kSimilar:
    case kRegex:
      return SlotRole::kPattern;
    default:
      return predicate.op_text == "IS NOT DISTINCT FROM" ? SlotRole::kEqual : SlotRole::kOtherPredicate;
  }
}

}  // namespace

void ShapeBuilder::describe_tested(Predicate& predicate, const Operand& tested) const {
  if (!tested.has_column()) return;  // EXISTS
  predicate.column = tested.facts.columns.front().use;
  if (!tested.bare_column) predicate.expression = expression_text(*tested.node);
}

void ShapeBuilder::describe_other(Predicate& predicate, const Operand& other) const {
  predicate.operand = other.kind;
  predicate.other_block = other.block;
  predicate.slots = other.facts.slots;
  switch (other.kind) {
    case OperandKind::kColumn:
    case OperandKind::kExpression:
      if (other.has_column()) predicate.other = other.facts.columns.front().use;
      if (!other.bare_column && other.node != nullptr)
        predicate.other_expression = expression_text(*other.node);
      break;
    case OperandKind::kStable:
      if (other.node != nullptr) predicate.other_expression = expression_text(*other.node);
      break;
    case OperandKind::kSubquery:
      if (other.block != kNoIndex && shape_.blocks[other.block].targets.size() == 1 &&
          !shape_.blocks[other.block].targets[0].star) {
        predicate.other = shape_.blocks[other.block].targets[0].use;
      }
      break;
    default:
      predicate.implicit_cast = casts_away(other.node, predicate.column.column);
  }
}

uint32_t ShapeBuilder::add_predicate(const Operand& tested, const Operand* other, PredicateOperator op,
                                     std::string_view op_text, const Condition& condition) {
  if (shape_.predicates.size() >= kMaxPredicates) {
    shape_.truncated = true;
    return kNoIndex;
  }
  Predicate predicate;
  predicate.block = condition.place.block;
  predicate.op = op;
  predicate.op_text = op_text;
  predicate.operand = OperandKind::kNothing;
  predicate.negated = condition.negated && !fold_negation(predicate.op);
  predicate.in_or = condition.in_or;
  predicate.or_group = condition.or_group;
  predicate.from_join = condition.from_join;
  predicate.having = condition.having;
  const auto index = static_cast<uint32_t>(shape_.predicates.size());
  describe_tested(predicate, tested);
  set_role(tested.facts.slots, SlotRole::kOtherPredicate, index, predicate.column);
  if (other != nullptr) {
    describe_other(predicate, *other);
    set_role(other->facts.slots, role_of(predicate, *other), index, predicate.column);
    for (const uint32_t slot : other->facts.slots) shape_.slots[slot].array = other->array;
    if (predicate.in_or && role_of(predicate, *other) == SlotRole::kEqual && other->elements == 0)
      alternatives_.push_back({index, is_one_word(other->node)});
  }
  shape_.predicates.push_back(std::move(predicate));
  return index;
}

void ShapeBuilder::compare(Operand left, Operand right, PredicateOperator op, std::string_view op_text,
                           const Condition& condition) {
  if (!left.has_column() && !right.has_column()) return;  // WHERE 1 = 1
  const auto is_column = [](const Operand& operand) { return operand.bare_column || operand.cast_column; };
  if (left.has_column() && right.has_column()) {
    if (op == PredicateOperator::kEqual && is_column(left) && is_column(right))
      add_join(left, right, condition);
    note_connection(left, right, condition);
  }
  // Of two columns the one an index could serve is the tested one: of this block, bare, of a table.
  const auto reads_table = [&](const Operand& operand) {
    const uint32_t direct = operand.facts.columns.front().direct;
    return direct != kNoIndex && shape_.relations[direct].kind == Relation::Kind::kTable;
  };
  bool swap = !left.has_column();
  if (left.has_column() && right.has_column()) {
    const bool left_outer = left.facts.columns.front().outer;
    const bool right_outer = right.facts.columns.front().outer;
    swap = left_outer != right_outer                 ? left_outer
           : left.bare_column != right.bare_column   ? right.bare_column
           : reads_table(left) != reads_table(right) ? reads_table(right)
                                                     : false;
  }
  if (swap) {
    std::swap(left, right);
    op = commuted(op);
    op_text = commuted_text(op_text);
  }
  const uint32_t index = add_predicate(left, &right, op, op_text, condition);
  if (index == kNoIndex) return;
  Predicate& predicate = shape_.predicates[index];
  if (predicate.op == PredicateOperator::kTextSearch && right.kind == OperandKind::kConstant &&
      looks_like_json_path(without_casts(right.node))) {
    predicate.op = PredicateOperator::kJsonExists;
  }
  if (slot_role_is_pattern(predicate.op)) predicate.pattern = pattern_of(right.node, predicate.op, '\\');
}

// Remembers that WHERE ties two items of a comma list together, by whatever comparison of their columns.
void ShapeBuilder::note_connection(const Operand& left, const Operand& right, const Condition& condition) {
  if (condition.from_join || condition.place.scope == nullptr) return;
  const auto item_of = [&](const ResolvedColumn& column) {
    return column.direct == kNoIndex ? kNoIndex : relation_details_[column.direct].from_item;
  };
  for (const ResolvedColumn& one : left.facts.columns) {
    for (const ResolvedColumn& other : right.facts.columns) {
      if (one.outer || other.outer || item_of(one) == item_of(other)) {
        if (one.direct != kNoIndex || other.direct != kNoIndex) continue;
      }
      connected_items_.emplace_back(condition.place.block, item_of(one));
      connected_items_.emplace_back(condition.place.block, item_of(other));
    }
  }
}

void ShapeBuilder::draw_comparison(const PgQuery__AExpr& expression, const Condition& condition) {
  std::string_view name = last_name(operator_name(expression));
  PredicateOperator op = operator_from_name(name);
  if (expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT) {
    op = PredicateOperator::kNotEqual;
    name = "IS DISTINCT FROM";
  } else if (expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT) {
    op = PredicateOperator::kOther;  // no index serves it, unlike "="
    name = "IS NOT DISTINCT FROM";
  }
  if (is(expression.lexpr, PG_QUERY__NODE__NODE_ROW_EXPR) &&
      is(expression.rexpr, PG_QUERY__NODE__NODE_ROW_EXPR)) {
    return draw_row_comparison(expression, op, condition);
  }
  Operand left = operand_of(expression.lexpr, condition.place);
  Operand right = operand_of(expression.rexpr, condition.place);
  Condition inner = condition;
  if (name == "!~" || name == "!~*") inner.negated = !inner.negated;
  compare(std::move(left), std::move(right), op, name, inner);
}

// (a, b) = (x, y) is a = x AND b = y. (a, b) > (x, y), keyset pagination, bounds a; b only breaks ties, so it
// gets no predicate, but its slots are range slots all the same.
void ShapeBuilder::draw_row_comparison(const PgQuery__AExpr& expression, PredicateOperator op,
                                       const Condition& condition) {
  const PgQuery__RowExpr& left = *expression.lexpr->row_expr;
  const PgQuery__RowExpr& right = *expression.rexpr->row_expr;
  const std::string_view name = last_name(operator_name(expression));
  const bool pairwise = op == PredicateOperator::kEqual || op == PredicateOperator::kNotEqual;
  Condition inner = condition;
  const bool is_or = (op == PredicateOperator::kNotEqual) != condition.negated;
  if (pairwise && is_or && left.n_args > 1 && !inner.in_or) {
    inner.in_or = true;
    inner.or_group = or_groups_++;
  }
  for (size_t i = 0; i < left.n_args && i < right.n_args; ++i) {
    Operand one = operand_of(left.args[i], condition.place);
    Operand other = operand_of(right.args[i], condition.place);
    if (i == 0 || pairwise) {
      compare(std::move(one), std::move(other), op, name, inner);
    } else {
      const Operand& tested = one.has_column() ? one : other;
      const Operand& value = one.has_column() ? other : one;
      if (tested.has_column())
        set_role(value.facts.slots, SlotRole::kRange, kNoIndex, tested.facts.columns.front().use);
    }
  }
}

void ShapeBuilder::draw_between(const PgQuery__AExpr& expression, const Condition& condition) {
  Condition inner = condition;
  if (expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN ||
      expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM) {
    inner.negated = !inner.negated;
  }
  const Operand tested = operand_of(expression.lexpr, condition.place);
  const Nodes bounds = list_items(expression.rexpr);
  if (bounds.size() != 2) return;
  Operand low = operand_of(bounds[0], condition.place);
  Operand high = operand_of(bounds[1], condition.place);
  if (!tested.has_column()) {  // now() BETWEEN starts_at AND ends_at
    compare(std::move(low), tested, PredicateOperator::kLessEqual, "<=", inner);
    compare(std::move(high), tested, PredicateOperator::kGreaterEqual, ">=", inner);
    return;
  }
  // The two bounds are one operand, of the kind of the harder one.
  const bool high_is_harder = static_cast<int>(high.kind) > static_cast<int>(low.kind);
  Operand& both = high_is_harder ? high : low;
  const Operand& rest = high_is_harder ? low : high;
  std::vector<uint32_t> slots = low.facts.slots;
  slots.insert(slots.end(), high.facts.slots.begin(), high.facts.slots.end());
  both.facts.columns.insert(both.facts.columns.end(), rest.facts.columns.begin(), rest.facts.columns.end());
  both.facts.slots = std::move(slots);
  add_predicate(tested, &both, PredicateOperator::kBetween, "BETWEEN", inner);
}

void ShapeBuilder::draw_like(const PgQuery__AExpr& expression, const Condition& condition) {
  const std::string_view name = last_name(operator_name(expression));
  PredicateOperator op = operator_from_name(name);
  Condition inner = condition;
  if (expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_SIMILAR) {
    op = PredicateOperator::kSimilar;
    if (name.starts_with('!')) inner.negated = !inner.negated;
  }
  // The grammar wraps the pattern: like_escape(pattern, escape), similar_to_escape(pattern[, escape]).
  const Node* pattern = expression.rexpr;
  char escape = '\\';
  if (is(pattern, PG_QUERY__NODE__NODE_FUNC_CALL) && pattern->func_call->n_args > 0 &&
      last_name(function_name(*pattern->func_call)).ends_with("_escape")) {
    const Nodes wrapped = arguments(*pattern->func_call);
    if (wrapped.size() > 1) {
      examine(wrapped[1], condition.place);
      escape = escape_character(wrapped[1]);
    }
    pattern = wrapped[0];
  }
  Operand left = operand_of(expression.lexpr, condition.place);
  Operand right = operand_of(pattern, condition.place);
  const bool straight = left.has_column();
  const size_t before = shape_.predicates.size();
  compare(std::move(left), std::move(right), op, name, inner);
  if (straight && shape_.predicates.size() > before) {
    shape_.predicates.back().pattern = pattern_of(pattern, shape_.predicates.back().op, escape);
  }
}

}  // namespace pgsieve::internal
