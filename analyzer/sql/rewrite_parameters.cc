// The parameters of a rewrite, and its text.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "analyzer/sql/deparse.h"
#include "analyzer/sql/rewrite_draft.h"
#include "analyzer/sql/rewrite_nodes.h"

namespace pgsieve::internal {

namespace {

// Literals are hidden where they are values, and kept where they are part of what the statement does.
bool is_value(SlotRole role) {
  switch (role) {
    case SlotRole::kEqual:
    case SlotRole::kRange:
    case SlotRole::kList:
    case SlotRole::kPattern:
    case SlotRole::kWritten:
    case SlotRole::kOtherPredicate:
    case SlotRole::kFunctionArgument:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool Draft::replace_by_parameter(const Leaf& leaf, uint16_t number) {
  if (leaf.list == nullptr) {
    const Node* target = snippet_target(fmt::format("${}", number));
    if (target == nullptr) return false;
    *leaf.node = *target->res_target->val;
    return true;
  }
  // col IN (1, 2, 3) → col = ANY($n); NOT IN → <> ALL($n).
  if (!tree::is(leaf.list, PG_QUERY__NODE__NODE_A_EXPR) ||
      leaf.list->a_expr->kind != PG_QUERY__A__EXPR__KIND__AEXPR_IN ||
      tree::is(leaf.list->a_expr->lexpr, PG_QUERY__NODE__NODE_ROW_EXPR))
    return false;
  const bool in = tree::last_name(tree::operator_name(*leaf.list->a_expr)) == "=";
  const Node* condition = snippet_condition(in ? fmt::format("true = ANY(${})", number)
                                               : fmt::format("true <> ALL(${})", number));
  if (condition == nullptr) return false;
  Node* column = leaf.list->a_expr->lexpr;
  *leaf.list = *condition;
  leaf.list->a_expr->lexpr = column;
  return true;
}

// What a rewrite has dropped (LIMIT, ORDER BY) needs no parameter.
void Draft::collect_nodes(Node* node, std::set<const Node*>& nodes) const {
  if (node == nullptr || !nodes.insert(node).second) return;
  const auto visit = [&](auto& self, ProtobufCMessage& message) -> void {
    for_each_node(message, [&](Node* child, ProtobufCMessage& inner) {
      if (child != nullptr) {
        nodes.insert(child);
      }
      self(self, inner);
    });
  };
  auto* message = const_cast<ProtobufCMessage*>(tree::message_of(node));
  if (message != nullptr) visit(visit, *message);
}

bool Draft::keys_within(Node* root) const {
  std::set<const Node*> below;
  collect_nodes(root, below);
  return std::all_of(keys_.begin(), keys_.end(), [&](const Key& key) {
    return std::all_of(key.leaves.begin(), key.leaves.end(),
                       [&](const Leaf& leaf) { return below.contains(leaf.node); });
  });
}

bool Draft::number_others(Node* root, Rewrite& rewrite) {
  std::set<const Node*> present;
  collect_nodes(root, present);
  auto next = static_cast<uint16_t>(rewrite.parameters.size() + 1);
  std::map<uint16_t, uint16_t> numbers;  // of parameters
  std::map<std::string, uint16_t, std::less<>>
      words;  // of function arguments, which must stay equal to each other
  std::map<uint32_t, uint16_t> slots;
  std::stable_sort(leaves_.begin(), leaves_.end(),
                   [](const Leaf& left, const Leaf& right) { return left.slot < right.slot; });
  std::set<const Node*> lists;
  for (const Leaf& leaf : leaves_) {
    const SlotUse& use = request_.shape->slots[leaf.slot];
    const bool is_key = std::any_of(keys_.begin(), keys_.end(), [&](const Key& key) {
      return key.slot == leaf.slot || (use.parameter != 0 && use.parameter == key.original);
    });
    if (is_key || !present.contains(leaf.node)) continue;
    const bool parameter = scan_.slots[leaf.slot].kind == Slot::Kind::kParameter;
    const bool list_of_parameters =
        leaf.list != nullptr && tree::is(leaf.node, PG_QUERY__NODE__NODE_PARAM_REF);
    const bool hidden = !request_.keep_literals && is_value(use.role);
    if (!parameter && !list_of_parameters && !hidden) continue;
    const bool whole_list = leaf.list != nullptr && !request_.keep_literals;
    if (whole_list && !lists.insert(leaf.list).second) continue;
    const auto original =
        static_cast<uint16_t>(parameter                           ? use.parameter
                              : list_of_parameters && !whole_list ? leaf.node->param_ref->number
                                                                  : 0);
    uint16_t number = 0;
    if (original != 0 && numbers.contains(original)) {
      number = numbers[original];
    } else if (!parameter && use.role == SlotRole::kFunctionArgument &&
               words.contains(scan_.slots[leaf.slot].text)) {
      number = words.find(scan_.slots[leaf.slot].text)->second;
    } else {
      number = next++;
      RewriteParameter made;
      made.number = number;
      made.name = use.column.column;
      made.slot = leaf.slot;
      made.original = original;
      rewrite.parameters.push_back(std::move(made));
      if (original != 0) numbers[original] = number;
      if (original == 0) words.emplace(std::string(scan_.slots[leaf.slot].text), number);
    }
    const Leaf single{leaf.node, leaf.cast, nullptr, leaf.slot};
    if (!replace_by_parameter(whole_list ? leaf : single, number)) return false;
  }
  return true;
}

std::optional<Rewrite> Draft::finish(FixClass kind, Node* root) {
  Rewrite rewrite;
  rewrite.kind = kind;
  rewrite.json = json_;
  if (json_) {
    RewriteParameter rows;
    rows.number = 1;
    rows.array = true;
    rows.name = "rows";
    rows.type = "jsonb";
    rewrite.parameters.push_back(std::move(rows));
  }
  if (count_) {
    RewriteParameter count;
    count.number = 1;
    count.name = "how many";
    rewrite.parameters.push_back(std::move(count));
  }
  for (size_t i = 0; i < keys_.size() && !json_; ++i) {
    RewriteParameter made;
    made.number = static_cast<uint16_t>(i + 1);
    made.array = true;
    made.name = keys_[i].name;
    made.type = keys_[i].type;
    made.slot = keys_[i].slot;
    made.original = keys_[i].original;
    rewrite.parameters.push_back(std::move(made));
  }
  if (root == nullptr) root = statement_;
  if (!number_others(root, rewrite)) return std::nullopt;
  PgQuery__RawStmt raw = PG_QUERY__RAW_STMT__INIT;
  raw.stmt = root;
  PgQuery__RawStmt* statements[] = {&raw};
  PgQuery__ParseResult result = PG_QUERY__PARSE_RESULT__INIT;
  result.version = PG_VERSION_NUM;
  result.n_stmts = 1;
  result.stmts = statements;
  Result<std::string> sql = deparse(result);
  if (!sql) return std::nullopt;
  size_t statements_again = 0;
  visit_tree(*sql, [&](const PgQuery__ParseResult& again) { statements_again = again.n_stmts; });
  if (statements_again != 1) return std::nullopt;
  rewrite.sql = std::move(*sql);
  return rewrite;
}

}  // namespace pgsieve::internal
