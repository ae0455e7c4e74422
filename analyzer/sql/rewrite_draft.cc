#include "analyzer/sql/rewrite_draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analyzer/sql/deparse.h"
#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/statement_text.h"

namespace pgsieve::internal {

namespace {

constexpr size_t kMaxDepth = 400;
constexpr size_t kMaxText = 256 * 1024;

// Calls visit(Node&, ProtobufCMessage&) for every message directly below; Node is nullptr for messages that
// stand in their field without a Node around them.
template <typename Visit>
void for_each_node(ProtobufCMessage& message, Visit&& visit) {
  const auto enter = [&](ProtobufCMessage* child) {
    if (child == nullptr) return;
    if (child->descriptor != &pg_query__node__descriptor) return visit(nullptr, *child);
    auto* node = reinterpret_cast<Node*>(child);
    auto* inner = const_cast<ProtobufCMessage*>(tree::message_of(node));
    if (inner != nullptr) visit(node, *inner);
  };
  auto* base = reinterpret_cast<std::byte*>(&message);
  const ProtobufCMessageDescriptor& type = *message.descriptor;
  for (unsigned i = 0; i < type.n_fields; ++i) {
    const ProtobufCFieldDescriptor& field = type.fields[i];
    if (field.type != PROTOBUF_C_TYPE_MESSAGE) continue;
    if (field.label == PROTOBUF_C_LABEL_REPEATED) {
      size_t count = 0;
      ProtobufCMessage** items = nullptr;
      std::memcpy(&count, base + field.quantifier_offset, sizeof count);
      std::memcpy(&items, base + field.offset, sizeof items);
      for (size_t item = 0; item < count; ++item) enter(items[item]);
      continue;
    }
    if ((field.flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
      uint32_t active = 0;
      std::memcpy(&active, base + field.quantifier_offset, sizeof active);
      if (active != field.id) continue;
    }
    ProtobufCMessage* child = nullptr;
    std::memcpy(&child, base + field.offset, sizeof child);
    enter(child);
  }
}

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

bool same_place(const Node* left, const Node* right) {
  return left == right || (left != nullptr && right != nullptr && left->node_case == right->node_case &&
                           tree::message_of(left) == tree::message_of(right));
}

}  // namespace

std::string_view column_name_of(const Node* node) {
  if (!tree::is(node, PG_QUERY__NODE__NODE_COLUMN_REF) || tree::is_star(*node->column_ref)) return {};
  return tree::last_name(tree::nodes(node->column_ref->n_fields, node->column_ref->fields));
}

std::unique_ptr<Draft> Draft::make(const BatchRequest& request) {
  if (request.shape == nullptr || request.varying.empty() || request.text.size() > kMaxText) return nullptr;
  std::unique_ptr<Draft> draft(new Draft(request));
  if (!draft->parse() || !draft->find_leaves() || !draft->make_keys()) return nullptr;
  return draft;
}

std::unique_ptr<Draft> Draft::whole(const BatchRequest& request) {
  if (request.shape == nullptr || request.text.size() > kMaxText) return nullptr;
  std::unique_ptr<Draft> draft(new Draft(request));
  if (!draft->parse() || !draft->find_leaves()) return nullptr;
  return draft;
}

void Draft::keep_keys_single() {
  for (size_t i = 0; i < keys_.size(); ++i) {
    for (const Leaf& leaf : keys_[i].leaves) replace_by_parameter(leaf, static_cast<uint16_t>(i + 1));
  }
}

bool Draft::parse() {
  std::string scratch;
  text_ = std::string(request_.text);
  scan_statement(text_, scan_, scratch);
  if (scan_.slots.size() != request_.shape->slots.size()) return false;
  std::string parsed = text_;
  tree_ = std::make_unique<ParseTree>(parsed);
  if (tree_->outcome() == ParseTree::Outcome::kRejected && replace_placeholders(parsed))
    tree_ = std::make_unique<ParseTree>(parsed);
  if (!tree_->ok() || tree_->statements().size() != 1) return false;
  statement_ = tree_->statements()[0]->stmt;
  return statement_ != nullptr;
}

// As the shape finds it: the slot that covers a location, or directly follows a sign or a string's prefix.
uint32_t Draft::slot_at(int32_t location) const {
  if (location < 0) return kNoIndex;
  const auto at = static_cast<size_t>(location);
  const auto& slots = scan_.slots;
  const auto after = std::upper_bound(slots.begin(), slots.end(), at,
                                      [](size_t place, const Slot& slot) { return place < slot.offset; });
  if (after != slots.begin()) {
    const Slot& before = *(after - 1);
    const size_t end = static_cast<size_t>(before.text.data() - text_.data()) + before.text.size();
    if (at == before.offset || at < end) return static_cast<uint32_t>(after - 1 - slots.begin());
  }
  if (after == slots.end()) return kNoIndex;
  constexpr std::string_view kMayPrecede = "+- \t\r\n\f\veEbBxXnNuU&";
  for (size_t i = at; i < after->offset && i < text_.size(); ++i) {
    if (kMayPrecede.find(text_[i]) == std::string_view::npos) return kNoIndex;
  }
  return static_cast<uint32_t>(after - slots.begin());
}

bool Draft::collect(ProtobufCMessage& message, Node* above, size_t depth) {
  if (depth > kMaxDepth) return false;
  bool fine = true;
  for_each_node(message, [&](Node* node, ProtobufCMessage& child) {
    if (node != nullptr &&
        (tree::is(node, PG_QUERY__NODE__NODE_A_CONST) || tree::is(node, PG_QUERY__NODE__NODE_PARAM_REF))) {
      const bool constant = tree::is(node, PG_QUERY__NODE__NODE_A_CONST);
      const uint32_t slot = slot_at(constant ? node->a_const->location : node->param_ref->location);
      if (slot == kNoIndex) return;
      Leaf leaf;
      leaf.node = node;
      leaf.slot = slot;
      if (tree::is(above, PG_QUERY__NODE__NODE_TYPE_CAST)) leaf.cast = above;
      if (scan_.slots[slot].kind == Slot::Kind::kList) leaf.list = above;
      leaves_.push_back(leaf);
      return;
    }
    // The elements of an IN list stand in a List below the expression.
    const bool list = tree::is(node, PG_QUERY__NODE__NODE_LIST);
    fine = collect(child, list || node == nullptr ? above : node, depth + 1) && fine;
  });
  return fine;
}

bool Draft::find_leaves() {
  return collect(*const_cast<ProtobufCMessage*>(tree::message_of(statement_)), statement_, 0);
}

bool Draft::make_keys() {
  std::set<std::string> names;
  for (size_t i = 0; i < request_.varying.size(); ++i) {
    const uint32_t slot = request_.varying[i];
    if (slot >= scan_.slots.size() || scan_.slots[slot].kind == Slot::Kind::kList) return false;
    const SlotUse& use = request_.shape->slots[slot];
    const bool known = std::any_of(keys_.begin(), keys_.end(), [&](const Key& key) {
      return key.slot == slot || (use.parameter != 0 && key.original == use.parameter);
    });
    if (known) continue;
    Key key;
    key.slot = slot;
    key.original = use.parameter;
    for (const Leaf& leaf : leaves_) {
      const bool same = leaf.slot == slot || (use.parameter != 0 && leaf.list == nullptr &&
                                              request_.shape->slots[leaf.slot].parameter == use.parameter);
      if (same) key.leaves.push_back(leaf);
    }
    if (key.leaves.empty()) return false;
    key.name = use.column.column.empty() ? "key" : use.column.column;
    if (use.role == SlotRole::kLimit || use.role == SlotRole::kOffset) return false;
    for (int n = 2; !names.insert(key.name).second; ++n)
      key.name = fmt::format("{}_{}", use.column.column.empty() ? std::string("key") : use.column.column, n);
    for (const Leaf& leaf : key.leaves) {
      if (leaf.cast == nullptr || leaf.cast->type_cast->type_name == nullptr) continue;
      key.type = type_text(*leaf.cast->type_cast->type_name);
      key.type_known = !key.type.empty();
    }
    if (key.type.empty() && i < request_.types.size()) {
      key.type = request_.types[i];
      key.type_known = request_.types_exact && !key.type.empty();
      key.type_seen = !key.type.empty();
    }
    if (key.type.empty()) key.type = key.name.ends_with("id") || key.name.ends_with("Id") ? "bigint" : "text";
    keys_.push_back(std::move(key));
  }
  return true;
}

std::string Draft::free_alias(std::string_view wish) const {
  const auto taken = [&](std::string_view name) {
    const auto& relations = request_.shape->relations;
    return std::any_of(relations.begin(), relations.end(), [&](const Relation& relation) {
      return relation.alias == name || relation.name == name;
    });
  };
  std::string name(wish);
  for (int n = 2; taken(name); ++n) name = fmt::format("{}{}", wish, n);
  return name;
}

Node* Draft::snippet(const std::string& sql) {
  auto parsed = std::make_unique<ParseTree>(sql);
  if (!parsed->ok() || parsed->statements().size() != 1) return nullptr;
  Node* statement = parsed->statements()[0]->stmt;
  snippets_.push_back(std::move(parsed));
  return statement;
}

Node* Draft::snippet_target(const std::string& expression) {
  Node* select = snippet("SELECT " + expression);
  return select == nullptr || select->select_stmt->n_target_list == 0 ? nullptr
                                                                      : select->select_stmt->target_list[0];
}

Node* Draft::snippet_condition(const std::string& condition) {
  Node* select = snippet("SELECT WHERE " + condition);
  return select == nullptr ? nullptr : select->select_stmt->where_clause;
}

void Draft::substitute_keys(std::string_view alias) {
  for (const Key& key : keys_) {
    const std::string column = fmt::format("{}.{}", quote_identifier(alias), quote_identifier(key.name));
    for (const Leaf& leaf : key.leaves) {
      const bool array = request_.shape->slots[leaf.slot].array;  // = ANY('{5}')
      const Node* target = snippet_target(array ? "ARRAY[" + column + "]" : column);
      if (target != nullptr) *leaf.node = *target->res_target->val;
    }
  }
}

std::string Draft::unnest_call() const {
  std::string arguments;
  for (size_t i = 0; i < keys_.size(); ++i) {
    std::string_view type = keys_[i].type;
    if (type.ends_with("[]")) type.remove_suffix(2);
    arguments += fmt::format("{}${}::{}[]", i == 0 ? "" : ", ", i + 1, type);
  }
  return "unnest(" + arguments + ")";
}

std::string Draft::unnest_item(std::string_view alias) const {
  std::string columns;
  for (const Key& key : keys_) columns += (columns.empty() ? "" : ", ") + quote_identifier(key.name);
  return fmt::format("{} AS {}({})", unnest_call(), quote_identifier(alias), columns);
}

std::string Draft::key_list(std::string_view alias) const {
  std::string list;
  for (const Key& key : keys_) {
    list +=
        fmt::format("{}{}.{}", list.empty() ? "" : ", ", quote_identifier(alias), quote_identifier(key.name));
  }
  return list;
}

void Draft::collect_conjuncts(Node* condition, bool in_where) {
  if (condition == nullptr) return;
  if (tree::is(condition, PG_QUERY__NODE__NODE_BOOL_EXPR) &&
      condition->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR) {
    for (Node* item : tree::nodes(condition->bool_expr->n_args, condition->bool_expr->args))
      collect_conjuncts(item, in_where);
    return;
  }
  conjuncts_.push_back({condition, in_where});
}

// Conditions of inner joins restrict all rows; of an outer join those inside its preserved side do.
void Draft::collect_from(Node* item) {
  if (!tree::is(item, PG_QUERY__NODE__NODE_JOIN_EXPR)) return;
  PgQuery__JoinExpr& join = *item->join_expr;
  if (join.jointype == PG_QUERY__JOIN_TYPE__JOIN_INNER) {
    collect_conjuncts(join.quals, false);
    collect_from(join.larg);
    collect_from(join.rarg);
  } else if (join.jointype == PG_QUERY__JOIN_TYPE__JOIN_LEFT) {
    collect_from(join.larg);
  }
}

void Draft::add_select_conditions(PgQuery__SelectStmt& select) {
  conjuncts_.clear();
  collect_conjuncts(select.where_clause, true);
  for (Node* item : tree::nodes(select.n_from_clause, select.from_clause)) collect_from(item);
}

void Draft::add_conditions(Node*& where) {
  conjuncts_.clear();
  collect_conjuncts(where, true);
}

std::optional<KeyPredicate> Draft::flat_predicate(const Key& key) {
  if (key.leaves.size() != 1) return std::nullopt;
  const Leaf& leaf = key.leaves[0];
  const auto is_key = [&](const Node* side) {
    return side != nullptr && (same_place(side, leaf.node) || same_place(side, leaf.cast));
  };
  for (const Conjunct& conjunct : conjuncts_) {
    if (!tree::is(conjunct.node, PG_QUERY__NODE__NODE_A_EXPR)) continue;
    const PgQuery__AExpr& expression = *conjunct.node->a_expr;
    const Nodes name = tree::operator_name(expression);
    if (name.size() != 1 || tree::string_of(name[0]) != "=") continue;
    Node* column = nullptr;
    if (expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP ||
        expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY) {
      if (is_key(expression.rexpr)) column = expression.lexpr;
      if (is_key(expression.lexpr) && expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP)
        column = expression.rexpr;
      const bool array = tree::is(expression.rexpr, PG_QUERY__NODE__NODE_A_ARRAY_EXPR);
      if (array && expression.rexpr->a_array_expr->n_elements == 1 &&
          is_key(expression.rexpr->a_array_expr->elements[0]))
        column = expression.lexpr;
    } else if (expression.kind == PG_QUERY__A__EXPR__KIND__AEXPR_IN) {
      const Nodes items = tree::list_items(expression.rexpr);
      if (items.size() == 1 && is_key(items[0])) column = expression.lexpr;
    }
    if (column == nullptr || tree::is(column, PG_QUERY__NODE__NODE_ROW_EXPR) ||
        tree::is(column, PG_QUERY__NODE__NODE_SUB_LINK) || tree::is(column, PG_QUERY__NODE__NODE_A_CONST) ||
        tree::is(column, PG_QUERY__NODE__NODE_PARAM_REF))
      continue;
    return KeyPredicate{conjunct.node, column, conjunct.in_where};
  }
  return std::nullopt;
}

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
  const ParseTree again(*sql);
  if (!again.ok() || again.statements().size() != 1) return std::nullopt;
  rewrite.sql = std::move(*sql);
  return rewrite;
}

void Draft::insert(size_t& count, Node**& items, Node* node, bool front) {
  auto** grown = static_cast<Node**>(tree_->arena().allocate((count + 1) * sizeof(Node*)));
  if (grown == nullptr) return;
  for (size_t i = 0; i < count; ++i) grown[i + (front ? 1 : 0)] = items[i];
  grown[front ? 0 : count] = node;
  items = grown;
  ++count;
}

void remove_condition(Node*& where, const Node* condition) {
  if (where == nullptr) return;
  if (where == condition) {
    where = nullptr;
    return;
  }
  if (!tree::is(where, PG_QUERY__NODE__NODE_BOOL_EXPR) ||
      where->bool_expr->boolop != PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR)
    return;
  PgQuery__BoolExpr& conjunction = *where->bool_expr;
  size_t kept = 0;
  for (size_t i = 0; i < conjunction.n_args; ++i) {
    remove_condition(conjunction.args[i], condition);
    if (conjunction.args[i] != nullptr) conjunction.args[kept++] = conjunction.args[i];
  }
  conjunction.n_args = kept;
  if (kept == 0) where = nullptr;
  if (kept == 1) where = conjunction.args[0];
}

}  // namespace pgsieve::internal
