// Small readers over libpg_query's protobuf nodes, and a generic walk by protobuf-c's reflection, so that
// code which only looks for something inside an expression need not know every node type of every grammar
// version.
#pragma once

#include <pg_query/pg_query.pb-c.h>

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace pgsieve::tree {

using Node = PgQuery__Node;
using Nodes = std::span<PgQuery__Node* const>;

inline Nodes nodes(size_t count, Node** items) {
  return {items, count};
}
inline bool is(const Node* node, PgQuery__Node__NodeCase node_case) {
  return node != nullptr && node->node_case == node_case;
}

// protobuf-c gives "" for a string that was not set.
inline std::string_view text(const char* value) {
  return value == nullptr ? std::string_view() : std::string_view(value);
}

// The text of a String node; "" for any other.
inline std::string_view string_of(const Node* node) {
  return is(node, PG_QUERY__NODE__NODE_STRING) ? text(node->string->sval) : std::string_view();
}

// The last name of a possibly qualified one (`pg_catalog.timezone` → timezone); also the operator of an
// A_Expr.
inline std::string_view last_name(Nodes names) {
  return names.empty() ? std::string_view() : string_of(names.back());
}
inline std::string_view first_name(Nodes names) {
  return names.empty() ? std::string_view() : string_of(names.front());
}

// The message inside a Node; nullptr for an unset one.
inline const ProtobufCMessage* message_of(const Node* node) {
  if (node == nullptr || node->node_case == PG_QUERY__NODE__NODE__NOT_SET) return nullptr;
  const ProtobufCMessage* message = nullptr;
  std::memcpy(&message, &node->alias, sizeof message);
  return message;
}

// Calls visit(const ProtobufCMessage&) for every message directly below, Node wrappers looked through.
template <typename Visit>
void for_each_child(const ProtobufCMessage& message, Visit&& visit) {
  const auto enter = [&visit](const ProtobufCMessage* child) {
    if (child != nullptr && child->descriptor == &pg_query__node__descriptor) {
      child = message_of(reinterpret_cast<const Node*>(child));
    }
    if (child != nullptr) visit(*child);
  };
  const auto* base = reinterpret_cast<const std::byte*>(&message);
  const ProtobufCMessageDescriptor& type = *message.descriptor;
  for (unsigned i = 0; i < type.n_fields; ++i) {
    const ProtobufCFieldDescriptor& field = type.fields[i];
    if (field.type != PROTOBUF_C_TYPE_MESSAGE) continue;
    if (field.label == PROTOBUF_C_LABEL_REPEATED) {
      size_t count = 0;
      const ProtobufCMessage* const* items = nullptr;
      std::memcpy(&count, base + field.quantifier_offset, sizeof count);
      std::memcpy(&items, base + field.offset, sizeof items);
      for (size_t item = 0; item < count; ++item) enter(items[item]);
    } else {
      if ((field.flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        uint32_t active = 0;
        std::memcpy(&active, base + field.quantifier_offset, sizeof active);
        if (active != field.id) continue;
      }
      const ProtobufCMessage* child = nullptr;
      std::memcpy(&child, base + field.offset, sizeof child);
      enter(child);
    }
  }
}

// `*` or `t.*`
inline bool is_star(const PgQuery__ColumnRef& column) {
  return column.n_fields > 0 && is(column.fields[column.n_fields - 1], PG_QUERY__NODE__NODE_A_STAR);
}

// Looks through casts: `'5'::bigint` → '5'.
inline const Node* without_casts(const Node* node) {
  while (is(node, PG_QUERY__NODE__NODE_TYPE_CAST)) node = node->type_cast->arg;
  return node;
}

inline Nodes operator_name(const PgQuery__AExpr& expression) {
  return nodes(expression.n_name, expression.name);
}
inline Nodes function_name(const PgQuery__FuncCall& call) {
  return nodes(call.n_funcname, call.funcname);
}
inline Nodes arguments(const PgQuery__FuncCall& call) {
  return nodes(call.n_args, call.args);
}
inline Nodes list_items(const Node* node) {
  return is(node, PG_QUERY__NODE__NODE_LIST) ? nodes(node->list->n_items, node->list->items) : Nodes();
}

}  // namespace pgsieve::tree
