// Every other node in canonical form, field by field as the tree describes itself.
#include "analyzer/sql/canonical_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/base/hash.h"

namespace pgsieve::internal {

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

void sort_unique(std::vector<std::string>& parts) {
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
}

std::string enumerator(const ProtobufCEnumDescriptor& type, int value) {
  if (value <= 1) return {};  // 0: undefined
  for (unsigned i = 0; i < type.n_values; ++i) {
    if (type.values[i].value == value) return type.values[i].name;
  }
  return {};
}

namespace {

// Says nothing about what the statement does: places in the text, spellings, names that were given here.
bool is_noise(std::string_view field) {
  return field.ends_with("location") || field == "stmt_len" || field == "funcformat" ||
         field == "row_format" || field == "coercionform" || field == "alias" || field == "rtindex" ||
         field == "portalname" || field == "locked_rels" || field == "frame_options" || field == "inh" ||
         field == "relpersistence" || field == "location_end" || field == "catalogname";
}

}  // namespace

std::string CanonicalWriter::field_text(const ProtobufCMessage& message,
                                        const ProtobufCFieldDescriptor& field, const CanonicalScope* scope) {
  const auto* base = reinterpret_cast<const std::byte*>(&message);
  const auto one = [&](const std::byte* at) -> std::string {
    switch (field.type) {
      case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage* child = nullptr;
        std::memcpy(&child, at, sizeof child);
        if (child == nullptr) return {};
        if (child->descriptor == &pg_query__node__descriptor)
          return of(reinterpret_cast<const Node*>(child), scope);
        return reflected(*child, scope);
      }
      case PROTOBUF_C_TYPE_STRING: {
        const char* value = nullptr;
        std::memcpy(&value, at, sizeof value);
        return std::string(text(value));
      }
      case PROTOBUF_C_TYPE_ENUM: {
        int value = 0;
        std::memcpy(&value, at, sizeof value);
        return enumerator(*static_cast<const ProtobufCEnumDescriptor*>(field.descriptor), value);
      }
      case PROTOBUF_C_TYPE_BOOL: {
        protobuf_c_boolean value = 0;
        std::memcpy(&value, at, sizeof value);
        return value != 0 ? "true" : "";
      }
      case PROTOBUF_C_TYPE_INT32:
      case PROTOBUF_C_TYPE_UINT32: {
        int32_t value = 0;
        std::memcpy(&value, at, sizeof value);
        return value == 0 || value == -1 ? "" : fmt::format("{}", value);
      }
      default:
        return {};
    }
  };
  if (field.label != PROTOBUF_C_LABEL_REPEATED) return one(base + field.offset);
  size_t count = 0;
  const std::byte* items = nullptr;
  std::memcpy(&count, base + field.quantifier_offset, sizeof count);
  std::memcpy(&items, base + field.offset, sizeof items);
  if (field.type != PROTOBUF_C_TYPE_MESSAGE) return {};
  std::vector<std::string> parts;
  for (size_t i = 0; i < count; ++i) parts.push_back(one(items + i * sizeof(void*)));
  return joined(parts, ",");
}

std::string CanonicalWriter::reflected(const ProtobufCMessage& message, const CanonicalScope* scope) {
  if (depth_ >= kMaxCanonicalDepth) return "…";
  ++depth_;
  std::string form = lower_case(message.descriptor->short_name) + "{";
  const ProtobufCMessageDescriptor& type = *message.descriptor;
  for (unsigned i = 0; i < type.n_fields; ++i) {
    const ProtobufCFieldDescriptor& field = type.fields[i];
    if (is_noise(field.name)) continue;
    if ((field.flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
      uint32_t active = 0;
      std::memcpy(&active, reinterpret_cast<const std::byte*>(&message) + field.quantifier_offset,
                  sizeof active);
      if (active != field.id) continue;
    }
    const std::string value = field_text(message, field, scope);
    if (!value.empty()) form += fmt::format("{}={};", field.name, value);
  }
  --depth_;
  form += '}';
  return form;
}

std::string CanonicalWriter::of(const Node* node, const CanonicalScope* scope) {
  if (node == nullptr || node->node_case == PG_QUERY__NODE__NODE__NOT_SET) return {};
  if (depth_ >= kMaxCanonicalDepth) return "…";
  ++depth_;
  std::string form;
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_A_CONST:
    case PG_QUERY__NODE__NODE_PARAM_REF:
      form = kValue;
      break;
    case PG_QUERY__NODE__NODE_TYPE_CAST:
      form = of(node->type_cast->arg, scope);
      if (form != kValue && node->type_cast->type_name != nullptr) {
        const PgQuery__TypeName& type = *node->type_cast->type_name;
        form += "::" + names(nodes(type.n_names, type.names)) + (type.n_array_bounds != 0 ? "[]" : "");
      }
      break;
    case PG_QUERY__NODE__NODE_COLUMN_REF:
      form = column(*node->column_ref, scope);
      break;
    case PG_QUERY__NODE__NODE_A_EXPR:
      form = operation(*node->a_expr, scope);
      break;
    case PG_QUERY__NODE__NODE_BOOL_EXPR:
      form = boolean(*node->bool_expr, scope);
      break;
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR: {
      std::vector<std::string> items;
      for (const Node* item : nodes(node->a_array_expr->n_elements, node->a_array_expr->elements))
        items.push_back(of(item, scope));
      form = all_values(items) ? std::string(kValue) : fmt::format("array[{}]", joined(items, ","));
      break;
    }
    case PG_QUERY__NODE__NODE_ROW_EXPR:
      form = fmt::format("({})", list(nodes(node->row_expr->n_args, node->row_expr->args), scope));
      break;
    case PG_QUERY__NODE__NODE_LIST:
      form = fmt::format("({})", list(list_items(node), scope));
      break;
    case PG_QUERY__NODE__NODE_FUNC_CALL: {
      const PgQuery__FuncCall& call = *node->func_call;
      form = fmt::format("{}({}{}{})", names(function_name(call)), call.agg_distinct ? "distinct " : "",
                         call.agg_star ? "*" : "", list(arguments(call), scope));
      if (call.n_agg_order != 0) form += " order " + list(nodes(call.n_agg_order, call.agg_order), scope);
      if (call.agg_filter != nullptr) form += " filter " + of(call.agg_filter, scope);
      if (call.over != nullptr) form += " over " + reflected(call.over->base, scope);
      break;
    }
    case PG_QUERY__NODE__NODE_SELECT_STMT:
      form = fmt::format("({})", select(*node->select_stmt, scope, nullptr));
      break;
    case PG_QUERY__NODE__NODE_INSERT_STMT:
      form = insert(*node->insert_stmt, scope);
      break;
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
      form = update(*node->update_stmt, scope);
      break;
    case PG_QUERY__NODE__NODE_DELETE_STMT:
      form = remove(*node->delete_stmt, scope);
      break;
    case PG_QUERY__NODE__NODE_MERGE_STMT:
      form = merge(*node->merge_stmt, scope);
      break;
    case PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT:
      form = "declare " + of(node->declare_cursor_stmt->query, scope);
      break;
    case PG_QUERY__NODE__NODE_PREPARE_STMT:
      form = "prepare " + of(node->prepare_stmt->query, scope);
      break;
    case PG_QUERY__NODE__NODE_STRING:
      form = string_of(node);
      break;
    case PG_QUERY__NODE__NODE_RANGE_VAR: {
      CanonicalScope own;
      form = table(*node->range_var, own);
      break;
    }
    default:
      if (const ProtobufCMessage* message = message_of(node)) form = reflected(*message, scope);
  }
  --depth_;
  if (form.size() > kLongForm) {
    const Hash128 hash = hash128(form);
    form = fmt::format("#{:016x}{:016x}", hash.high, hash.low);
  }
  return form;
}

}  // namespace pgsieve::internal
