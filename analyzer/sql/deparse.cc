#include "analyzer/sql/deparse.h"

#include <cstring>
#include <vector>

#include "analyzer/sql/tree.h"

namespace pgsieve {
namespace {

constexpr size_t kMaxDeparseDepth = 400;

Error refused(std::string message) {
  Error error;
  error.message = std::move(message);
  return error;
}

bool deeper_than(const ProtobufCMessage& message, size_t limit) {
  if (limit == 0) return true;
  bool deep = false;
  tree::for_each_child(message,
                       [&](const ProtobufCMessage& child) { deep = deep || deeper_than(child, limit - 1); });
  return deep;
}

// Not those of sub-selects, where the qualifier tells inner from outer, nor t.*.
void collect_columns(const ProtobufCMessage& message, std::vector<PgQuery__ColumnRef*>& columns) {
  if (message.descriptor == &pg_query__select_stmt__descriptor) return;
  if (message.descriptor == &pg_query__column_ref__descriptor) {
    columns.push_back(const_cast<PgQuery__ColumnRef*>(reinterpret_cast<const PgQuery__ColumnRef*>(&message)));
    return;
  }
  tree::for_each_child(message, [&](const ProtobufCMessage& child) { collect_columns(child, columns); });
}

// Shortens column references to their last field for as long as it lives. The tree is the caller's own.
class Unqualified {
 public:
  explicit Unqualified(const ProtobufCMessage& message) {
    std::vector<PgQuery__ColumnRef*> columns;
    collect_columns(message, columns);
    for (PgQuery__ColumnRef* column : columns) {
      if (column->n_fields < 2 || tree::is_star(*column)) continue;
      saved_.push_back({column, column->fields, column->n_fields});
      column->fields += column->n_fields - 1;
      column->n_fields = 1;
    }
  }
  Unqualified(const Unqualified&) = delete;
  Unqualified& operator=(const Unqualified&) = delete;
  ~Unqualified() {
    for (const Saved& saved : saved_) {
      saved.column->fields = saved.fields;
      saved.column->n_fields = saved.count;
    }
  }

 private:
  struct Saved {
    PgQuery__ColumnRef* column;
    PgQuery__Node** fields;
    size_t count;
  };
  std::vector<Saved> saved_;
};

PgQueryDeparseResult deparse_packed(const PgQuery__ParseResult& tree) {
  std::string packed(pg_query__parse_result__get_packed_size(&tree), '\0');
  pg_query__parse_result__pack(&tree, reinterpret_cast<uint8_t*>(packed.data()));
  return pg_query_deparse_protobuf({packed.size(), packed.data()});
}

#if defined(PGSIEVE_CATCH_TREE)
// The tree that the library is about to read on this thread: it gets these very nodes where it would unpack
// bytes, and must not free them. The linker sends its calls here: see tools/cmake/PgsieveTargets.cmake.
struct HandedOver {
  const PgQuery__ParseResult* tree = nullptr;
  bool taken = false;
};
thread_local HandedOver* handed_over = nullptr;

// Packing leaves out what is missing: a null string, a Node that says what it holds and doesn't. The
// library's own reader would follow the null pointer.
bool has_missing(const ProtobufCMessage& message) {
  const auto* base = reinterpret_cast<const std::byte*>(&message);
  const ProtobufCMessageDescriptor& type = *message.descriptor;
  const auto pointer_at = [base](size_t offset) {
    const void* pointer = nullptr;
    std::memcpy(&pointer, base + offset, sizeof pointer);
    return pointer;
  };
  if (&type == &pg_query__node__descriptor) {
    const auto& node = reinterpret_cast<const PgQuery__Node&>(message);
    if (node.node_case == PG_QUERY__NODE__NODE__NOT_SET) return false;
    const ProtobufCMessage* inner = tree::message_of(&node);
    return inner == nullptr || has_missing(*inner);
  }
  for (unsigned i = 0; i < type.n_fields; ++i) {
    const ProtobufCFieldDescriptor& field = type.fields[i];
    if (field.label == PROTOBUF_C_LABEL_REPEATED) {
      if (field.type != PROTOBUF_C_TYPE_MESSAGE) continue;
      size_t count = 0;
      std::memcpy(&count, base + field.quantifier_offset, sizeof count);
      const auto* items = static_cast<const ProtobufCMessage* const*>(pointer_at(field.offset));
      for (size_t item = 0; item < count; ++item) {
        if (items[item] == nullptr || has_missing(*items[item])) return true;
      }
    } else if (field.type == PROTOBUF_C_TYPE_STRING) {
      if (pointer_at(field.offset) == nullptr) return true;
    } else if (field.type == PROTOBUF_C_TYPE_MESSAGE) {
      const bool one_of = (field.flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
      uint32_t active = 0;
      if (one_of) std::memcpy(&active, base + field.quantifier_offset, sizeof active);
      if (one_of && active != field.id) continue;
      const auto* child = static_cast<const ProtobufCMessage*>(pointer_at(field.offset));
      if (child == nullptr ? one_of : has_missing(*child)) return true;
    }
  }
  return false;
}

PgQueryDeparseResult deparse_nodes(const PgQuery__ParseResult& tree) {
  if (!has_missing(tree.base)) {
    HandedOver handing{&tree, false};
    handed_over = &handing;
    const PgQueryDeparseResult result = pg_query_deparse_protobuf({0, nullptr});
    handed_over = nullptr;
    if (handing.taken) return result;
    pg_query_free_deparse_result(result);
  }
  return deparse_packed(tree);
}
#else
PgQueryDeparseResult deparse_nodes(const PgQuery__ParseResult& tree) {
  return deparse_packed(tree);
}
#endif

}  // namespace
}  // namespace pgsieve

#if defined(PGSIEVE_CATCH_TREE)
extern "C" {
PgQuery__ParseResult* __real_pg_query__parse_result__unpack(ProtobufCAllocator* allocator, size_t length,
                                                            const uint8_t* data);
PgQuery__ParseResult* __wrap_pg_query__parse_result__unpack(ProtobufCAllocator* allocator, size_t length,
                                                            const uint8_t* data);
void __real_pg_query__parse_result__free_unpacked(PgQuery__ParseResult* tree, ProtobufCAllocator* allocator);
void __wrap_pg_query__parse_result__free_unpacked(PgQuery__ParseResult* tree, ProtobufCAllocator* allocator);

PgQuery__ParseResult* __wrap_pg_query__parse_result__unpack(ProtobufCAllocator* allocator, size_t length,
                                                            const uint8_t* data) {
  pgsieve::HandedOver* handing = pgsieve::handed_over;
  if (handing == nullptr || data != nullptr)
    return __real_pg_query__parse_result__unpack(allocator, length, data);
  handing->taken = true;
  return const_cast<PgQuery__ParseResult*>(handing->tree);  // it only reads
}

void __wrap_pg_query__parse_result__free_unpacked(PgQuery__ParseResult* tree, ProtobufCAllocator* allocator) {
  const pgsieve::HandedOver* handing = pgsieve::handed_over;
  if (handing == nullptr || tree != handing->tree)
    __real_pg_query__parse_result__free_unpacked(tree, allocator);
}
}
#endif

namespace pgsieve {

Result<std::string> deparse(const PgQuery__ParseResult& tree) {
  if (deeper_than(tree.base, kMaxDeparseDepth)) {
    return refused("the statement is nested too deeply to be written out again");
  }
  const PgQueryDeparseResult result = deparse_nodes(tree);
  std::string text;
  std::string message;
  if (result.error != nullptr) {
    message = result.error->message != nullptr ? result.error->message : "unknown node";
  } else if (result.query != nullptr) {
    text = result.query;
  }
  pg_query_free_deparse_result(result);
  if (!message.empty()) return refused("libpg_query can't write out the statement: " + message);
  return text;
}

std::string deparse_expression(const PgQuery__Node& node) {
  if (deeper_than(node.base, kMaxDeparseDepth)) return {};
  const Unqualified unqualified(node.base);
  PgQuery__ResTarget target = PG_QUERY__RES_TARGET__INIT;
  PgQuery__Node target_node = PG_QUERY__NODE__INIT;
  PgQuery__SelectStmt select = PG_QUERY__SELECT_STMT__INIT;
  PgQuery__Node select_node = PG_QUERY__NODE__INIT;
  PgQuery__RawStmt statement = PG_QUERY__RAW_STMT__INIT;
  PgQuery__ParseResult tree = PG_QUERY__PARSE_RESULT__INIT;
  PgQuery__Node* targets[] = {&target_node};
  PgQuery__RawStmt* statements[] = {&statement};
  target.val = const_cast<PgQuery__Node*>(&node);
  target_node.node_case = PG_QUERY__NODE__NODE_RES_TARGET;
  target_node.res_target = &target;
  select.n_target_list = 1;
  select.target_list = targets;
  select.limit_option = PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_DEFAULT;
  select.op = PG_QUERY__SET_OPERATION__SETOP_NONE;
  select_node.node_case = PG_QUERY__NODE__NODE_SELECT_STMT;
  select_node.select_stmt = &select;
  statement.stmt = &select_node;
  tree.version = PG_VERSION_NUM;
  tree.n_stmts = 1;
  tree.stmts = statements;
  const Result<std::string> text = deparse(tree);
  constexpr std::string_view kSelect = "SELECT ";
  if (!text.ok() || !text->starts_with(kSelect)) return {};
  return text->substr(kSelect.size());
}

}  // namespace pgsieve
