#include "analyzer/schema/ddl_build.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "analyzer/schema/ddl_table.h"
#include "analyzer/schema/ddl_tree.h"

namespace pgsieve {
namespace {

// The grammar of PostgreSQL 15 keeps the strategy as written, later ones as an enumeration.
template <typename Strategy>
std::string strategy_name(Strategy strategy) {
  if constexpr (std::is_pointer_v<Strategy>) {
    std::string name = strategy;
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return name;
  } else {
    constexpr std::array<std::string_view, 4> kNames = {"", "list", "range", "hash"};
    const auto at = static_cast<size_t>(strategy);
    return std::string(at < kNames.size() ? kNames[at] : kNames[0]);
  }
}

// Output column names of a view's query: aliases and plain columns; "?column?" otherwise.
std::vector<Column> view_columns(const PgQuery__Node* query, const std::vector<std::string>& aliases) {
  std::vector<Column> columns;
  const PgQuery__SelectStmt* select =
      query != nullptr && query->node_case == PG_QUERY__NODE__NODE_SELECT_STMT ? query->select_stmt : nullptr;
  while (select != nullptr && select->larg != nullptr) select = select->larg;
  for (size_t i = 0; select != nullptr && i < select->n_target_list; ++i) {
    if (select->target_list[i]->node_case != PG_QUERY__NODE__NODE_RES_TARGET) continue;
    const PgQuery__ResTarget& target = *select->target_list[i]->res_target;
    Column& column = columns.emplace_back();
    column.name = target.name;
    if (!column.name.empty() || target.val == nullptr ||
        target.val->node_case != PG_QUERY__NODE__NODE_COLUMN_REF)
      continue;
    const PgQuery__ColumnRef& reference = *target.val->column_ref;
    if (reference.n_fields > 0) column.name = string_value(reference.fields[reference.n_fields - 1]);
  }
  for (size_t i = 0; i < aliases.size() && i < columns.size(); ++i) columns[i].name = aliases[i];
  for (Column& column : columns)
    if (column.name.empty()) column.name = "?column?";
  return columns;
}

bool same_keys(const Index& left, const Index& right) {
  return left.method == right.method && left.predicate == right.predicate &&
         std::ranges::equal(left.keys, right.keys, [](const IndexKey& a, const IndexKey& b) {
           return a.column == b.column && a.expression == b.expression && a.opclass == b.opclass;
         });
}

}  // namespace

std::string SchemaBuilder::schema_of(const PgQuery__RangeVar& name) const {
  return name.schemaname[0] == '\0' ? default_schema_ : name.schemaname;
}

Table* SchemaBuilder::find(const PgQuery__RangeVar* name) {
  if (name == nullptr) return nullptr;
  if (Table* table = schema_.find_mutable(schema_of(*name), name->relname)) return table;
  return schema_.find_mutable(name->schemaname, name->relname);
}

bool SchemaBuilder::apply(const PgQuery__Node& statement) {
  switch (statement.node_case) {
    case PG_QUERY__NODE__NODE_CREATE_STMT:
      return create_table(*statement.create_stmt);
    case PG_QUERY__NODE__NODE_CREATE_FOREIGN_TABLE_STMT:
      return statement.create_foreign_table_stmt->base_stmt != nullptr &&
             create_table(*statement.create_foreign_table_stmt->base_stmt);
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
      return alter_table(*statement.alter_table_stmt);
    case PG_QUERY__NODE__NODE_INDEX_STMT:
      return create_index(*statement.index_stmt);
    case PG_QUERY__NODE__NODE_VIEW_STMT: {
      const PgQuery__ViewStmt& view = *statement.view_stmt;
      return create_view(view.view, view.query, view.aliases, view.n_aliases, true, false);
    }
    case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT: {
      const PgQuery__CreateTableAsStmt& made = *statement.create_table_as_stmt;
      if (made.into == nullptr) return false;
      const bool materialized = made.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;
      return create_view(made.into->rel, made.query, made.into->col_names, made.into->n_col_names,
                         materialized, materialized);
    }
    case PG_QUERY__NODE__NODE_ALTER_SEQ_STMT:
      return alter_sequence(*statement.alter_seq_stmt);
    case PG_QUERY__NODE__NODE_DROP_STMT:
      return drop(*statement.drop_stmt);
    case PG_QUERY__NODE__NODE_RENAME_STMT:
      return rename(*statement.rename_stmt);
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT:
      return set_schema(*statement.alter_object_schema_stmt);
    case PG_QUERY__NODE__NODE_VARIABLE_SET_STMT:
      return set_variable(*statement.variable_set_stmt);
    default:
      return false;
  }
}

bool SchemaBuilder::create_table(const PgQuery__CreateStmt& statement) {
  if (statement.relation == nullptr) return false;
  const std::string schema = schema_of(*statement.relation);
  if (schema_.find(schema, statement.relation->relname) != nullptr)
    return true;  // IF NOT EXISTS, or given twice
  Table table;
  table.schema = schema;
  table.name = statement.relation->relname;
  for (size_t i = 0; i < statement.n_table_elts; ++i) {
    const PgQuery__Node& element = *statement.table_elts[i];
    if (element.node_case == PG_QUERY__NODE__NODE_COLUMN_DEF) add_column(table, *element.column_def);
    if (element.node_case == PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE)
      copy_like(table, *element.table_like_clause);
  }
  for (size_t i = 0; i < statement.n_table_elts; ++i) {
    const PgQuery__Node& element = *statement.table_elts[i];
    if (element.node_case == PG_QUERY__NODE__NODE_CONSTRAINT) add_constraint(table, *element.constraint, {});
  }
  if (const PgQuery__PartitionSpec* partition = statement.partspec) {
    table.partition_strategy = strategy_name(partition->strategy);
    for (size_t i = 0; i < partition->n_part_params; ++i) {
      const PgQuery__PartitionElem& element = *partition->part_params[i]->partition_elem;
      table.partition_columns.push_back(element.name[0] != '\0' ? element.name
                                                                : expression_sql(element.expr));
    }
  }
  for (size_t i = 0; i < statement.n_inh_relations; ++i) {
    if (statement.inh_relations[i]->node_case != PG_QUERY__NODE__NODE_RANGE_VAR) continue;
    const PgQuery__RangeVar& parent = *statement.inh_relations[i]->range_var;
    inherit(table, schema_of(parent), parent.relname, statement.partbound != nullptr);
  }
  schema_.add(std::move(table));
  return true;
}

void SchemaBuilder::copy_like(Table& table, const PgQuery__TableLikeClause& like) {
  constexpr uint32_t kIndexes = 1U << 6U;  // CREATE_TABLE_LIKE_INDEXES of parsenodes.h; ALL sets every bit
  const Table* source = find(like.relation);
  if (source == nullptr) return;
  for (const Column& column : source->columns)
    if (find_column(table, column.name) == nullptr) table.columns.push_back(column);
  if ((like.options & kIndexes) == 0) return;
  table.indexes = source->indexes;
  table.primary_key = source->primary_key;
}

void SchemaBuilder::inherit(Table& child, const std::string& schema, const std::string& parent,
                            bool partition) {
  if (partition) child.partition_of = schema + "." + parent;
  inheritances_.push_back({child.schema, child.name, schema, parent, partition});
}

bool SchemaBuilder::alter_table(const PgQuery__AlterTableStmt& statement) {
  Table* table = find(statement.relation);
  if (table == nullptr) return false;
  for (size_t i = 0; i < statement.n_cmds; ++i)
    if (statement.cmds[i]->node_case == PG_QUERY__NODE__NODE_ALTER_TABLE_CMD)
      alter(*table, *statement.cmds[i]->alter_table_cmd);
  return true;
}

void SchemaBuilder::alter(Table& table, const PgQuery__AlterTableCmd& command) {
  const PgQuery__Node* definition = command.def;
  const auto kind = definition == nullptr ? PG_QUERY__NODE__NODE__NOT_SET : definition->node_case;
  Column* column = find_column(table, command.name);
  switch (command.subtype) {
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn:
      if (kind == PG_QUERY__NODE__NODE_COLUMN_DEF) add_column(table, *definition->column_def);
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn:
      drop_column(table, command.name);
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint:
      if (kind == PG_QUERY__NODE__NODE_CONSTRAINT) add_constraint(table, *definition->constraint, {});
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint:
      std::erase_if(table.indexes,
                    [&](const Index& index) { return index.constraint && index.name == command.name; });
      std::erase_if(table.foreign_keys, [&](const ForeignKey& key) { return key.name == command.name; });
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault:
      if (column != nullptr) set_default(*column, definition);
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull:
      if (column != nullptr) column->not_null = command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull;
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType:
      if (column != nullptr && kind == PG_QUERY__NODE__NODE_COLUMN_DEF &&
          definition->column_def->type_name != nullptr)
        column->type = type_sql(*definition->column_def->type_name);
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity:
      if (column != nullptr) column->identity = column->has_default = true;
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity:
      if (column != nullptr) column->identity = column->has_default = false;
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition:
      if (kind == PG_QUERY__NODE__NODE_PARTITION_CMD)
        if (Table* child = find(definition->partition_cmd->name))
          inherit(*child, table.schema, table.name, true);
      break;
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddInherit:
      if (kind == PG_QUERY__NODE__NODE_RANGE_VAR)
        inherit(table, schema_of(*definition->range_var), definition->range_var->relname, false);
      break;
    default:
      break;  // owners, storage, triggers, row security: nothing a query shape depends on
  }
}

bool SchemaBuilder::create_index(const PgQuery__IndexStmt& statement) {
  Table* table = find(statement.relation);
  if (table == nullptr) return false;
  Index index = make_index(statement, *table);
  const auto known = std::ranges::find(table->indexes, index.name, &Index::name);
  if (known == table->indexes.end()) table->indexes.push_back(std::move(index));
  return true;
}

bool SchemaBuilder::create_view(const PgQuery__RangeVar* name, const PgQuery__Node* query,
                                PgQuery__Node* const* aliases, size_t alias_count, bool view,
                                bool materialized) {
  if (name == nullptr) return false;
  if (schema_.find(schema_of(*name), name->relname) != nullptr) return true;
  Table made;
  made.schema = schema_of(*name);
  made.name = name->relname;
  made.view = view;
  made.materialized = materialized;
  if (view) made.view_sql = query_sql(query);
  made.columns = view_columns(query, string_list(aliases, alias_count));
  schema_.add(std::move(made));
  return true;
}

// ALTER SEQUENCE … OWNED BY schema.table.column: how pg_dump writes a serial column.
bool SchemaBuilder::alter_sequence(const PgQuery__AlterSeqStmt& statement) {
  for (size_t i = 0; i < statement.n_options; ++i) {
    const PgQuery__Node& option = *statement.options[i];
    if (option.node_case != PG_QUERY__NODE__NODE_DEF_ELEM ||
        std::string_view(option.def_elem->defname) != "owned_by")
      continue;
    const PgQuery__Node* owner = option.def_elem->arg;
    if (owner == nullptr || owner->node_case != PG_QUERY__NODE__NODE_LIST) continue;
    const std::vector<std::string> path = string_list(owner->list->items, owner->list->n_items);
    if (path.size() < 2) continue;
    Table* table = schema_.find_mutable(path.size() > 2 ? path[path.size() - 3] : default_schema_,
                                        path[path.size() - 2]);
    Column* column = table == nullptr ? nullptr : find_column(*table, path.back());
    if (column == nullptr) continue;
    column->identity = true;
    return true;
  }
  return false;
}

bool SchemaBuilder::drop(const PgQuery__DropStmt& statement) {
  bool dropped = false;
  for (size_t i = 0; i < statement.n_objects; ++i) {
    if (statement.objects[i]->node_case != PG_QUERY__NODE__NODE_LIST) continue;
    const PgQuery__List& list = *statement.objects[i]->list;
    const std::vector<std::string> path = string_list(list.items, list.n_items);
    if (path.empty()) continue;
    if (statement.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX) {
      for (const Table& each : schema_.tables()) {
        Table* table = schema_.find_mutable(each.schema, each.name);
        dropped |= std::erase_if(table->indexes,
                                 [&path](const Index& index) { return index.name == path.back(); }) > 0;
      }
    } else if (statement.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE ||
               statement.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW ||
               statement.remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW) {
      dropped |= schema_.remove(path.size() > 1 ? path[path.size() - 2] : default_schema_, path.back());
    }
  }
  return dropped;
}

bool SchemaBuilder::rename(const PgQuery__RenameStmt& statement) {
  Table* table = find(statement.relation);
  if (table == nullptr) return false;
  if (statement.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN) {
    rename_column(*table, statement.subname, statement.newname);
    return true;
  }
  if (statement.rename_type != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE) return false;
  Table moved = *table;
  schema_.remove(moved.schema, moved.name);
  moved.name = statement.newname;
  schema_.add(std::move(moved));
  return true;
}

bool SchemaBuilder::set_schema(const PgQuery__AlterObjectSchemaStmt& statement) {
  Table* table = find(statement.relation);
  if (table == nullptr || statement.object_type != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE) return false;
  Table moved = *table;
  schema_.remove(moved.schema, moved.name);
  moved.schema = statement.newschema;
  schema_.add(std::move(moved));
  return true;
}

// SET search_path = app, pg_catalog: the schema of unqualified names that follow (dumps made before
// version 10.3).
bool SchemaBuilder::set_variable(const PgQuery__VariableSetStmt& statement) {
  if (std::string_view(statement.name) != "search_path" || statement.n_args == 0) return false;
  const PgQuery__Node& first = *statement.args[0];
  if (first.node_case != PG_QUERY__NODE__NODE_A_CONST ||
      first.a_const->val_case != PG_QUERY__A__CONST__VAL_SVAL)
    return false;
  const std::string_view path = first.a_const->sval->sval;
  default_schema_ = path.empty() || path == "pg_catalog" || path.starts_with('"') || path.starts_with('$')
                        ? "public"
                        : path;
  return true;
}

Schema SchemaBuilder::finish() {
  // Parents come before their children in any file that loads, so one pass in file order reaches
  // grandchildren too.
  for (const Inheritance& link : inheritances_) {
    Table* child = schema_.find_mutable(link.child_schema, link.child);
    const Table* parent = schema_.find(link.parent_schema, link.parent);
    if (child == nullptr || parent == nullptr || child == parent) continue;
    for (const Column& column : parent->columns)
      if (find_column(*child, column.name) == nullptr) child->columns.push_back(column);
    if (!link.partition) continue;
    for (const Index& index : parent->indexes) {
      const bool known =
          std::ranges::any_of(child->indexes, [&index](const Index& own) { return same_keys(own, index); });
      if (!known) child->indexes.push_back(index);
    }
    if (child->primary_key.empty()) child->primary_key = parent->primary_key;
  }
  for (const Table& each : schema_.tables()) {
    Table* table = schema_.find_mutable(each.schema, each.name);
    for (ForeignKey& key : table->foreign_keys) {
      const Table* target = schema_.find(key.target_schema, key.target_table);
      if (target == nullptr && key.target_schema.empty())
        target = schema_.find(table->schema, key.target_table);
      if (target == nullptr) continue;
      if (key.target_schema.empty() && target->schema != "public") key.target_schema = target->schema;
      if (key.target_columns.empty()) key.target_columns = target->primary_key;
    }
  }
  return std::move(schema_);
}

}  // namespace pgsieve
