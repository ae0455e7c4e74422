// Small readers over libpg_query's tree of a DDL statement. They copy what they return; a null or unexpected
// node gives an empty value.
#pragma once

#include <pg_query/pg_query.pb-c.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/schema/schema.h"

namespace pgsieve {

// A parsed statement. Owns its tree: nodes live as long as it does. Movable, not copyable. Not thread-safe.
class DdlTree {
 public:
  // Texts longer than kMaxParsedBytes, with a NUL byte, or nested so deep that walking the tree could exhaust
  // the stack, are refused like those the grammar rejects: ok() is false and error() says why.
  explicit DdlTree(std::string_view statement);

  bool ok() const { return tree_ != nullptr; }
  const std::string& error() const { return error_; }
  size_t size() const { return tree_ == nullptr ? 0 : tree_->n_stmts; }
  const PgQuery__Node& statement(size_t at) const { return *tree_->stmts[at]->stmt; }

 private:
  struct Free {
    void operator()(PgQuery__ParseResult* tree) const;
  };
  std::unique_ptr<PgQuery__ParseResult, Free> tree_;
  std::string error_;
};

// The string of a String node.
std::string string_value(const PgQuery__Node* node);

// The strings of a list of String nodes.
std::vector<std::string> string_list(PgQuery__Node* const* nodes, size_t count);

// SQL of an expression, without outer parentheses.
std::string expression_sql(const PgQuery__Node* node);

// As format_type() prints it, "pg_catalog." left out: "character varying(255)", "bigint[]".
std::string type_sql(const PgQuery__TypeName& type);

// The serial pseudo-types: "bigint" for bigserial; empty for any other type.
std::string serial_base_type(const PgQuery__TypeName& type);

// True for nextval(…).
bool is_nextval(const PgQuery__Node* node);

// The keys of CREATE INDEX or EXCLUDE, one IndexElem each.
IndexKey index_key(const PgQuery__IndexElem& element);

}  // namespace pgsieve
