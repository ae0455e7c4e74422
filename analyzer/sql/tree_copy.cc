#include "analyzer/sql/tree_copy.h"

#include <cstddef>
#include <cstring>

#include "analyzer/sql/tree.h"

namespace pgsieve {
namespace {

class Copier {
 public:
  explicit Copier(TreeArena& arena) : arena_(arena) {}

  // nullptr: it failed, for good.
  ProtobufCMessage* copy(const ProtobufCMessage& from) {
    const ProtobufCMessageDescriptor& type = *from.descriptor;
    auto* to = static_cast<std::byte*>(arena_.allocate(type.sizeof_message));
    if (to == nullptr) return nullptr;
    std::memcpy(to, &from, type.sizeof_message);
    auto* message = reinterpret_cast<ProtobufCMessage*>(to);
    message->n_unknown_fields = 0;
    message->unknown_fields = nullptr;
    if (&type == &pg_query__node__descriptor) {
      return copy_inner(*reinterpret_cast<PgQuery__Node*>(to)) ? message : nullptr;
    }
    for (unsigned i = 0; i < type.n_fields; ++i) {
      const ProtobufCFieldDescriptor& field = type.fields[i];
      if (field.label == PROTOBUF_C_LABEL_REPEATED) {
        if (!copy_list(field, to)) return nullptr;
      } else if (field.type == PROTOBUF_C_TYPE_MESSAGE) {
        if (!copy_message(field, to)) return nullptr;
      } else if (field.type == PROTOBUF_C_TYPE_STRING) {
        if (!copy_string(to + field.offset)) return nullptr;
      } else if (field.type == PROTOBUF_C_TYPE_BYTES) {
        return nullptr;
      }
    }
    return message;
  }

 private:
  // All members of a Node share one pointer.
  bool copy_inner(PgQuery__Node& node) {
    const ProtobufCMessage* inner = tree::message_of(&node);
    if (inner == nullptr) {
      node.node_case = PG_QUERY__NODE__NODE__NOT_SET;
      return true;
    }
    const ProtobufCMessage* copied = copy(*inner);
    std::memcpy(&node.alias, &copied, sizeof copied);
    return copied != nullptr;
  }

  bool copy_message(const ProtobufCFieldDescriptor& field, std::byte* to) {
    if ((field.flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
      uint32_t active = 0;
      std::memcpy(&active, to + field.quantifier_offset, sizeof active);
      if (active != field.id) return true;
    }
    const ProtobufCMessage* child = nullptr;
    std::memcpy(&child, to + field.offset, sizeof child);
    if (child == nullptr) return true;
    child = copy(*child);
    std::memcpy(to + field.offset, &child, sizeof child);
    return child != nullptr;
  }

  bool copy_list(const ProtobufCFieldDescriptor& field, std::byte* to) {
    size_t count = 0;
    const std::byte* items = nullptr;
    std::memcpy(&count, to + field.quantifier_offset, sizeof count);
    std::memcpy(&items, to + field.offset, sizeof items);
    std::byte* copied = nullptr;
    if (count > 0) {
      const size_t bytes = count * item_bytes(field.type);
      if (bytes == 0) return false;
      copied = static_cast<std::byte*>(arena_.allocate(bytes));
      if (copied == nullptr) return false;
      std::memcpy(copied, items, bytes);
    }
    std::memcpy(to + field.offset, &copied, sizeof copied);
    return field.type != PROTOBUF_C_TYPE_MESSAGE || copy_items(copied, count);
  }

  // 0: such lists are unknown.
  static size_t item_bytes(ProtobufCType type) {
    switch (type) {
      case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(ProtobufCMessage*);
      case PROTOBUF_C_TYPE_INT32:
      case PROTOBUF_C_TYPE_UINT32:
      case PROTOBUF_C_TYPE_ENUM:
        return sizeof(uint32_t);
      case PROTOBUF_C_TYPE_INT64:
      case PROTOBUF_C_TYPE_UINT64:
        return sizeof(uint64_t);
      default:
        return 0;
    }
  }

  // Puts a copy in the place of each message of a list.
  bool copy_items(std::byte* list, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      std::byte* place = list + i * sizeof(ProtobufCMessage*);
      const ProtobufCMessage* item = nullptr;
      std::memcpy(&item, place, sizeof item);
      if (item != nullptr) item = copy(*item);
      if (item == nullptr) return false;
      std::memcpy(place, &item, sizeof item);
    }
    return true;
  }

  bool copy_string(std::byte* at) {
    const char* text = nullptr;
    std::memcpy(&text, at, sizeof text);
    if (text == nullptr || *text == '\0') {
      text = protobuf_c_empty_string;
    } else {
      const size_t bytes = std::strlen(text) + 1;
      void* copied = arena_.allocate(bytes);
      if (copied == nullptr) return false;
      text = static_cast<const char*>(std::memcpy(copied, text, bytes));
    }
    std::memcpy(at, &text, sizeof text);
    return true;
  }

  TreeArena& arena_;
};

}  // namespace

PgQuery__ParseResult* copy_tree(const PgQuery__ParseResult& tree, TreeArena& arena) {
  return reinterpret_cast<PgQuery__ParseResult*>(Copier(arena).copy(tree.base));
}

}  // namespace pgsieve
