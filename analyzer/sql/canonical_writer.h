// CanonicalWriter: writes one parse tree in its canonical form (canonical.h says what that is). Internal to
// analyzer/sql: the methods are spread over canonical_names.cc (columns, expressions, FROM),
// canonical_statements.cc and canonical_nodes.cc (every other node, by reflection). Not thread-safe; one
// writer per statement list.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/sql/tree.h"

namespace pgsieve::internal {

using namespace tree;

inline constexpr std::string_view kValue = "?";  // any literal, parameter, or list of them
inline constexpr int kMaxCanonicalDepth = 250;
inline constexpr size_t kLongForm =
    4096;  // longer parts are replaced by their hash, so that forms stay linear

std::string joined(const std::vector<std::string>& parts, std::string_view separator);
std::string lower_case(std::string_view text);
void sort_unique(std::vector<std::string>& parts);
// Numbers of enumerators differ between grammars, names do not. "" for the first one, which is the default.
std::string enumerator(const ProtobufCEnumDescriptor& type, int value);
bool all_values(const std::vector<std::string>& parts);

// What a name in FROM stands for.
struct CanonicalFromItem {
  std::string name;                            // alias, or the table's own name
  std::string form;                            // what is written in place of the name
  std::map<std::string, std::string> columns;  // of a sub-query: alias → form of what it stands for
};

struct CanonicalScope {
  std::vector<CanonicalFromItem> items;
  std::map<std::string, std::string> outputs;  // alias in the select list → form
  const CanonicalScope* outer = nullptr;
};

class CanonicalWriter {
 public:
  std::string statement(const Node* node) { return of(node, nullptr); }

 private:
  using Columns = std::map<std::string, std::string>;

  std::string of(const Node* node, const CanonicalScope* scope);
  std::string reflected(const ProtobufCMessage& message, const CanonicalScope* scope);
  std::string list(Nodes items, const CanonicalScope* scope, std::string_view separator = ",");
  std::string field_text(const ProtobufCMessage& message, const ProtobufCFieldDescriptor& field,
                         const CanonicalScope* scope);

  std::string select(const PgQuery__SelectStmt& select, const CanonicalScope* outer, Columns* columns);
  std::string targets(Nodes items, CanonicalScope& scope, Columns* columns);
  std::string insert(const PgQuery__InsertStmt& insert, const CanonicalScope* outer);
  std::string update(const PgQuery__UpdateStmt& update, const CanonicalScope* outer);
  std::string remove(const PgQuery__DeleteStmt& remove, const CanonicalScope* outer);
  std::string merge(const PgQuery__MergeStmt& merge, const CanonicalScope* outer);
  std::string assignments(Nodes items, const CanonicalScope* scope);
  std::string with(const PgQuery__WithClause* clause, const CanonicalScope* outer);
  std::string from(const Node* item, CanonicalScope& scope);
  std::string table(const PgQuery__RangeVar& variable, CanonicalScope& scope);
  void name_item(CanonicalScope& scope, std::string_view name, std::string form, Columns columns = {});

  std::string column(const PgQuery__ColumnRef& reference, const CanonicalScope* scope);
  std::string operation(const PgQuery__AExpr& expression, const CanonicalScope* scope);
  std::string boolean(const PgQuery__BoolExpr& expression, const CanonicalScope* scope);
  void branches(const PgQuery__BoolExpr& expression, const CanonicalScope* scope, std::vector<std::string>& parts);
  std::string ordered(Nodes items, const CanonicalScope* scope);
  std::string names(Nodes items);

  struct Cte {
    std::string name;
    std::string form;
    Columns columns;
  };
  std::vector<Cte> ctes_;
  int cte_count_ = 0;
  int subquery_count_ = 0;
  int depth_ = 0;
};

}  // namespace pgsieve::internal
