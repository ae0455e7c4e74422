#include "analyzer/sql/tree_copy.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "analyzer/sql/deparse.h"
#include "analyzer/sql/tree.h"
#include "tests/sql/statement_files.h"

namespace pgsieve {
namespace {

std::string packed(const PgQuery__ParseResult& tree) {
  std::string bytes(pg_query__parse_result__get_packed_size(&tree), '\0');
  pg_query__parse_result__pack(&tree, reinterpret_cast<uint8_t*>(bytes.data()));
  return bytes;
}

// What the library itself says: it packs the tree, and writes out the packed one.
struct Reference {
  bool parsed = false;
  std::string bytes;
  std::string text;
};

Reference reference(const std::string& text) {
  Reference reference;
  const PgQueryProtobufParseResult result = pg_query_parse_protobuf(text.c_str());
  reference.parsed = result.error == nullptr;
  if (reference.parsed) {
    reference.bytes.assign(result.parse_tree.data, result.parse_tree.len);
    const PgQueryDeparseResult written = pg_query_deparse_protobuf(result.parse_tree);
    if (written.error == nullptr) reference.text = written.query;
    pg_query_free_deparse_result(written);
  }
  pg_query_free_protobuf_parse_result(result);
  return reference;
}

TEST(TreeCopy, HasWhatTheLibraryPacks) {
  size_t compared = 0;
  for (const std::string& text : all_statements()) {
    if (text.find('\0') != std::string::npos || text.size() > 20'000) continue;
    ParseTree tree(text);
    if (tree.outcome() == ParseTree::Outcome::kTooComplex) continue;
    const Reference expected = reference(text);
    ASSERT_EQ(tree.ok(), expected.parsed) << text;
    if (!tree.ok()) continue;
    EXPECT_EQ(packed(*tree.root()), expected.bytes) << text;
    const Result<std::string> written = deparse(*tree.root());
    if (written) {
      EXPECT_EQ(*written, expected.text) << text;
    }
    EXPECT_EQ(packed(*tree.root()), expected.bytes) << "changed by writing it out: " << text;
    ++compared;
  }
  EXPECT_GT(compared, 100u);
}

TEST(TreeCopy, SharesNothing) {
  ParseTree tree("SELECT a, 'x' FROM t WHERE b IN (1, 2)");
  ASSERT_TRUE(tree.ok());
  TreeArena arena(ParseTree::kMaxTreeBytes);
  const PgQuery__ParseResult* copy = copy_tree(*tree.root(), arena);
  ASSERT_NE(copy, nullptr);
  const std::string before = packed(*copy);
  tree::Node* column =
      tree.statements()[0]->stmt->select_stmt->target_list[0]->res_target->val->column_ref->fields[0];
  column->string->sval[0] = 'z';
  EXPECT_NE(packed(*tree.root()), before);
  EXPECT_EQ(packed(*copy), before);
}

TEST(TreeCopy, StopsAtTheArenasLimit) {
  ParseTree tree("SELECT a, b, c FROM t");
  ASSERT_TRUE(tree.ok());
  TreeArena arena(1024);
  EXPECT_EQ(copy_tree(*tree.root(), arena), nullptr);
}

void collect(const ProtobufCMessageDescriptor& type, std::set<const ProtobufCMessageDescriptor*>& types) {
  if (!types.insert(&type).second) return;
  for (unsigned i = 0; i < type.n_fields; ++i) {
    if (type.fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
      collect(*static_cast<const ProtobufCMessageDescriptor*>(type.fields[i].descriptor), types);
  }
}

// A version of the library with other fields would make copies fail: better here than there.
TEST(TreeCopy, KnowsEveryKindOfField) {
  std::set<const ProtobufCMessageDescriptor*> types;
  collect(pg_query__parse_result__descriptor, types);
  EXPECT_GT(types.size(), 200u);
  for (const ProtobufCMessageDescriptor* type : types) {
    for (unsigned i = 0; i < type->n_fields; ++i) {
      const ProtobufCFieldDescriptor& field = type->fields[i];
      EXPECT_NE(field.type, PROTOBUF_C_TYPE_BYTES) << type->name << '.' << field.name;
      if (field.label != PROTOBUF_C_LABEL_REPEATED) continue;
      EXPECT_TRUE(field.type == PROTOBUF_C_TYPE_MESSAGE || field.type == PROTOBUF_C_TYPE_UINT64 ||
                  field.type == PROTOBUF_C_TYPE_INT64 || field.type == PROTOBUF_C_TYPE_UINT32 ||
                  field.type == PROTOBUF_C_TYPE_INT32 || field.type == PROTOBUF_C_TYPE_ENUM)
          << type->name << '.' << field.name;
    }
  }
}

// Packing leaves out a null string; the library's reader must not meet it.
TEST(Deparse, StringsThatAreMissing) {
  ParseTree tree("SELECT a AS b FROM t");
  ASSERT_TRUE(tree.ok());
  tree.statements()[0]->stmt->select_stmt->target_list[0]->res_target->name = nullptr;
  const Result<std::string> written = deparse(*tree.root());
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(*written, "SELECT a FROM t");
}

TEST(Deparse, NodesThatAreMissing) {
  ParseTree tree("SELECT a, b FROM t WHERE c");
  ASSERT_TRUE(tree.ok());
  PgQuery__SelectStmt& select = *tree.statements()[0]->stmt->select_stmt;
  select.where_clause->column_ref = nullptr;
  const Result<std::string> written = deparse(*tree.root());
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(*written, "SELECT a, b FROM t");
}

}  // namespace
}  // namespace pgsieve
