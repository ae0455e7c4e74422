// A walk over libpg_query's nodes that may change them, by protobuf-c's reflection.
#pragma once

#include <pg_query/pg_query.pb-c.h>

#include <cstdint>
#include <cstring>

#include "analyzer/sql/tree.h"

namespace pgsieve::internal {

using tree::Node;

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

}  // namespace pgsieve::internal
