// SchemaBuilder: applies the trees of DDL statements, in file order, to a Schema. Not thread-safe; one per
// file.
#pragma once

#include <pg_query/pg_query.pb-c.h>

#include <string>
#include <unordered_set>
#include <vector>

#include "analyzer/schema/schema.h"

namespace pgsieve {

class SchemaBuilder {
 public:
  // False: a kind of statement that says nothing about tables (function, grant, comment, …) or names an
  // unknown table.
  bool apply(const PgQuery__Node& statement);

  // What needs the whole file: columns and indexes taken from parents, foreign keys' target columns. Call
  // once, last.
  Schema finish();

  Schema& schema() { return schema_; }

 private:
  Table* find(const PgQuery__RangeVar* name);
  std::string schema_of(const PgQuery__RangeVar& name) const;

  bool create_table(const PgQuery__CreateStmt& statement);
  void copy_like(Table& table, const PgQuery__TableLikeClause& like);
  bool alter_table(const PgQuery__AlterTableStmt& statement);
  void alter(Table& table, const PgQuery__AlterTableCmd& command);
  bool create_index(const PgQuery__IndexStmt& statement);
  bool create_view(const PgQuery__RangeVar* name, const PgQuery__Node* query, PgQuery__Node* const* aliases,
                   size_t alias_count, bool view, bool materialized);
  bool alter_sequence(const PgQuery__AlterSeqStmt& statement);
  bool drop(const PgQuery__DropStmt& statement);
  bool rename(const PgQuery__RenameStmt& statement);
  bool set_schema(const PgQuery__AlterObjectSchemaStmt& statement);
  bool set_variable(const PgQuery__VariableSetStmt& statement);
  void inherit(Table& child, const std::string& schema, const std::string& parent, bool partition);

  struct Inheritance {
    std::string child_schema, child, parent_schema, parent;
    bool partition = false;
  };

  Schema schema_;
  std::string default_schema_ = "public";
  std::vector<Inheritance> inheritances_;
};

}  // namespace pgsieve
