#include "analyzer/sql/like_pattern.h"

#include "analyzer/sql/tree.h"

namespace pgsieve::internal {

using namespace tree;

namespace {

bool is_string(const Node* node) {
  return is(node, PG_QUERY__NODE__NODE_A_CONST) && node->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL;
}

// Where a pattern has wildcards.
struct Wildcards {
  bool leading = false;
  bool trailing = false;  // ends in %
  bool any = false;
};

LikePattern classify(const Wildcards& found) {
  if (found.leading) return found.trailing ? LikePattern::kContains : LikePattern::kSuffix;
  return found.any ? LikePattern::kPrefix : LikePattern::kExact;
}

Wildcards wildcards_of(std::string_view pattern, char escape) {
  Wildcards found;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (escape != '\0' && c == escape) {
      ++i;
      found.trailing = false;
      continue;
    }
    const bool wildcard = c == '%' || c == '_';
    found.any = found.any || wildcard;
    found.leading = found.leading || (wildcard && i == 0);
    found.trailing = c == '%';
  }
  return found;
}

LikePattern regex_pattern(std::string_view pattern) {
  const bool anchored = pattern.size() > 1 && pattern[0] == '^' &&
                        std::string_view(".*+?[({|\\").find(pattern[1]) == std::string_view::npos;
  return anchored && pattern.find('|') == std::string_view::npos ? LikePattern::kPrefix
                                                                 : LikePattern::kContains;
}

// First and last operand of a || b || c.
void ends_of(const Node* node, const Node*& first, const Node*& last) {
  const auto is_concatenation = [](const Node* at) {
    return is(at, PG_QUERY__NODE__NODE_A_EXPR) && last_name(operator_name(*at->a_expr)) == "||";
  };
  first = last = node;
  while (is_concatenation(first)) first = without_casts(first->a_expr->lexpr);
  while (is_concatenation(last)) last = without_casts(last->a_expr->rexpr);
  if (first == last && is(node, PG_QUERY__NODE__NODE_FUNC_CALL) && node->func_call->n_args > 1 &&
      last_name(function_name(*node->func_call)) == "concat") {
    first = without_casts(node->func_call->args[0]);
    last = without_casts(node->func_call->args[node->func_call->n_args - 1]);
  }
}

}  // namespace

bool slot_role_is_pattern(PredicateOperator op) {
  using enum PredicateOperator;
  return op == kLike || op == kNotLike || op == kILike || op == kNotILike || op == kSimilar || op == kRegex;
}

LikePattern pattern_of(const Node* pattern, PredicateOperator op, char escape) {
  if (!slot_role_is_pattern(op)) return LikePattern::kNone;
  const Node* bare = without_casts(pattern);
  if (bare == nullptr) return LikePattern::kUnknown;
  if (is_string(bare)) {
    const std::string_view value = text(bare->a_const->sval->sval);
    if (op == PredicateOperator::kRegex) return regex_pattern(value);
    return classify(wildcards_of(value, escape));
  }
  const Node* first = nullptr;
  const Node* last = nullptr;
  ends_of(bare, first, last);
  if (first == last || op == PredicateOperator::kRegex) return LikePattern::kUnknown;
  const bool leading = is_string(first) && wildcards_of(text(first->a_const->sval->sval), escape).leading;
  const bool trailing = is_string(last) && wildcards_of(text(last->a_const->sval->sval), escape).trailing;
  if (leading) return trailing ? LikePattern::kContains : LikePattern::kSuffix;
  return trailing ? LikePattern::kPrefix : LikePattern::kUnknown;
}

char escape_character(const Node* escape) {
  const Node* bare = without_casts(escape);
  if (!is_string(bare)) return '\\';
  const std::string_view value = text(bare->a_const->sval->sval);
  return value.empty() ? '\0' : value[0];
}

bool looks_like_json_path(const Node* constant) {
  if (!is_string(constant)) return false;
  const std::string_view value = text(constant->a_const->sval->sval);
  return value.starts_with('$') || value.starts_with("strict ") || value.starts_with("lax ");
}

}  // namespace pgsieve::internal
