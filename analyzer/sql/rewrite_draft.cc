#include "analyzer/sql/rewrite_draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/rewrite_nodes.h"
#include "analyzer/sql/statement_text.h"

namespace pgsieve::internal {

constexpr size_t kMaxDepth = 400;
constexpr size_t kMaxText = 256 * 1024;

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
      key.name = fmt::format("{}_{}", use.column.column.empty() ? std::string_view("key") : use.column.column.view(), n);
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

void Draft::insert(size_t& count, Node**& items, Node* node, bool front) {
  auto** grown = static_cast<Node**>(tree_->arena().allocate((count + 1) * sizeof(Node*)));
  if (grown == nullptr) return;
  for (size_t i = 0; i < count; ++i) grown[i + (front ? 1 : 0)] = items[i];
  grown[front ? 0 : count] = node;
  items = grown;
  ++count;
}

}  // namespace pgsieve::internal
