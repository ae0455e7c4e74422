#include "analyzer/schema/ddl_table.h"

#include <algorithm>

#include "analyzer/schema/ddl_tree.h"

namespace pgsieve {
namespace {

// PostgreSQL's names for what the DDL leaves unnamed: table_column_suffix.
std::string default_name(const Table& table, const std::vector<std::string>& columns,
                         std::string_view suffix) {
  std::string name = table.name;
  for (const std::string& column : columns) name += "_" + column;
  return name + "_" + std::string(suffix);
}

std::vector<IndexKey> plain_keys(const std::vector<std::string>& columns) {
  std::vector<IndexKey> keys(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) keys[i].column = columns[i];
  return keys;
}

// ADD CONSTRAINT … USING INDEX: the index exists already and becomes the constraint's.
Index* adopt_index(Table& table, const PgQuery__Constraint& constraint) {
  const auto found = std::ranges::find(table.indexes, std::string_view(constraint.indexname), &Index::name);
  if (constraint.indexname[0] == '\0' || found == table.indexes.end()) return nullptr;
  if (constraint.conname[0] != '\0') found->name = constraint.conname;
  return &*found;
}

void add_key_constraint(Table& table, const PgQuery__Constraint& constraint,
                        std::vector<std::string> columns) {
  const bool primary = constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY;
  Index* index = adopt_index(table, constraint);
  if (index == nullptr) {
    Index made;
    made.name = constraint.conname;
    if (made.name.empty()) made.name = primary ? table.name + "_pkey" : default_name(table, columns, "key");
    made.keys = plain_keys(columns);
    made.include = string_list(constraint.including, constraint.n_including);
    index = &table.indexes.emplace_back(std::move(made));
  } else {
    columns.clear();
    for (const IndexKey& key : index->keys) columns.push_back(key.column);
  }
  index->unique = true;
  index->primary = primary;
  index->constraint = true;
  index->nulls_not_distinct = constraint.nulls_not_distinct != 0;
  if (!primary) return;
  table.primary_key = columns;
  for (const std::string& name : columns)
    if (Column* column = find_column(table, name)) column->not_null = true;
}

void add_exclusion(Table& table, const PgQuery__Constraint& constraint) {
  Index index;
  index.name = constraint.conname;
  index.method = constraint.access_method[0] == '\0' ? "gist" : constraint.access_method;
  index.constraint = true;
  if (constraint.where_clause != nullptr) index.predicate = expression_sql(constraint.where_clause);
  for (size_t i = 0; i < constraint.n_exclusions; ++i) {
    // Each element is a list of an IndexElem and the operator.
    const PgQuery__Node* pair = constraint.exclusions[i];
    if (pair->node_case != PG_QUERY__NODE__NODE_LIST || pair->list->n_items == 0) continue;
    const PgQuery__Node* element = pair->list->items[0];
    if (element->node_case == PG_QUERY__NODE__NODE_INDEX_ELEM)
      index.keys.push_back(index_key(*element->index_elem));
  }
  table.indexes.push_back(std::move(index));
}

void add_foreign_key(Table& table, const PgQuery__Constraint& constraint, std::string_view column) {
  ForeignKey key;
  key.columns = string_list(constraint.fk_attrs, constraint.n_fk_attrs);
  if (key.columns.empty() && !column.empty()) key.columns.emplace_back(column);
  key.name = constraint.conname[0] != '\0' ? constraint.conname : default_name(table, key.columns, "fkey");
  if (constraint.pktable != nullptr) {
    key.target_schema = constraint.pktable->schemaname;
    key.target_table = constraint.pktable->relname;
  }
  key.target_columns = string_list(constraint.pk_attrs, constraint.n_pk_attrs);
  table.foreign_keys.push_back(std::move(key));
}

}  // namespace

Column* find_column(Table& table, std::string_view column) {
  const auto found = std::ranges::find(table.columns, column, &Column::name);
  return found == table.columns.end() ? nullptr : &*found;
}

void set_default(Column& column, const PgQuery__Node* expression) {
  column.has_default = expression != nullptr;
  column.default_sql = expression == nullptr ? std::string() : expression_sql(expression);
  column.identity = is_nextval(expression);
}

void add_constraint(Table& table, const PgQuery__Constraint& constraint, std::string_view column) {
  std::vector<std::string> keys = string_list(constraint.keys, constraint.n_keys);
  if (keys.empty() && !column.empty()) keys.emplace_back(column);
  Column* own = column.empty() ? nullptr : find_column(table, column);
  switch (constraint.contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
      add_key_constraint(table, constraint, std::move(keys));
      break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION:
      add_exclusion(table, constraint);
      break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
      add_foreign_key(table, constraint, column);
      break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
      if (constraint.raw_expr != nullptr)
        table.check_constraints.push_back(expression_sql(constraint.raw_expr));
      break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
      for (const std::string& name : keys)
        if (Column* named = find_column(table, name)) named->not_null = true;
      break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT:
      if (own != nullptr) set_default(*own, constraint.raw_expr);
      break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY:
      if (own != nullptr) own->identity = own->has_default = own->not_null = true;
      break;
    case PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED:
      if (own != nullptr) {
        own->has_default = true;
        own->default_sql = expression_sql(constraint.raw_expr);
      }
      break;
    default:
      break;
  }
}

void add_column(Table& table, const PgQuery__ColumnDef& definition) {
  if (Column* known = find_column(table, definition.colname); known == nullptr) {
    Column column;
    column.name = definition.colname;
    column.not_null = definition.is_not_null != 0;
    if (definition.type_name != nullptr) {
      const std::string serial = serial_base_type(*definition.type_name);
      column.type = serial.empty() ? type_sql(*definition.type_name) : serial;
      if (!serial.empty()) column.identity = column.has_default = column.not_null = true;
    }
    if (definition.raw_default != nullptr) set_default(column, definition.raw_default);
    table.columns.push_back(std::move(column));
  }
  for (size_t i = 0; i < definition.n_constraints; ++i) {
    const PgQuery__Node* constraint = definition.constraints[i];
    if (constraint->node_case == PG_QUERY__NODE__NODE_CONSTRAINT)
      add_constraint(table, *constraint->constraint, definition.colname);
  }
}

Index make_index(const PgQuery__IndexStmt& statement, const Table& table) {
  Index index;
  index.name = statement.idxname;
  if (statement.access_method[0] != '\0') index.method = statement.access_method;
  index.unique = statement.unique != 0;
  index.nulls_not_distinct = statement.nulls_not_distinct != 0;
  std::vector<std::string> columns;
  for (size_t i = 0; i < statement.n_index_params; ++i) {
    const PgQuery__Node* element = statement.index_params[i];
    if (element->node_case != PG_QUERY__NODE__NODE_INDEX_ELEM) continue;
    index.keys.push_back(index_key(*element->index_elem));
    columns.push_back(index.keys.back().column.empty() ? "expr" : index.keys.back().column);
  }
  for (size_t i = 0; i < statement.n_index_including_params; ++i) {
    const PgQuery__Node* element = statement.index_including_params[i];
    if (element->node_case == PG_QUERY__NODE__NODE_INDEX_ELEM)
      index.include.emplace_back(element->index_elem->name);
  }
  if (statement.where_clause != nullptr) index.predicate = expression_sql(statement.where_clause);
  if (!index.name.empty()) return index;
  // As PostgreSQL does: a number tells indexes apart that would get the same name.
  const std::string base = default_name(table, columns, "idx");
  index.name = base;
  for (int number = 1; std::ranges::find(table.indexes, index.name, &Index::name) != table.indexes.end();
       ++number)
    index.name = base + std::to_string(number);
  return index;
}

void drop_column(Table& table, std::string_view column) {
  const auto uses = [column](const auto& columns) {
    return std::ranges::find(columns, column) != columns.end();
  };
  std::erase_if(table.columns, [column](const Column& each) { return each.name == column; });
  std::erase_if(table.indexes, [column](const Index& index) {
    return std::ranges::find(index.keys, column, &IndexKey::column) != index.keys.end();
  });
  std::erase_if(table.foreign_keys, [&uses](const ForeignKey& key) { return uses(key.columns); });
  if (uses(table.primary_key)) table.primary_key.clear();
}

void rename_column(Table& table, std::string_view from, std::string_view to) {
  const auto replace = [from, to](std::string& name) {
    if (name == from) name = to;
  };
  for (Column& column : table.columns) replace(column.name);
  for (std::string& name : table.primary_key) replace(name);
  for (Index& index : table.indexes) {
    for (IndexKey& key : index.keys) replace(key.column);
    for (std::string& name : index.include) replace(name);
  }
  for (ForeignKey& key : table.foreign_keys)
    for (std::string& name : key.columns) replace(name);
}

}  // namespace pgsieve
