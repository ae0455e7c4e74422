// INSERT, UPDATE, DELETE, MERGE: what is written where. Their conditions and FROM lists are those of a
// SELECT.
#include <algorithm>

#include "analyzer/sql/grammar.h"
#include "analyzer/sql/shape_builder.h"

namespace pgsieve::internal {

using namespace tree;

uint32_t ShapeBuilder::add_target(const PgQuery__RangeVar* table, Scope& scope) {
  if (table == nullptr) return kNoIndex;
  const uint32_t relation = add_range_var(*table, scope, 0);
  if (relation == kNoIndex) return kNoIndex;
  shape_.relations[relation].dml_target = true;
  shape_.relations[relation].kind = Relation::Kind::kTable;  // a CTE of that name can't be written to
  shape_.relations[relation].source_block = kNoIndex;
  return relation;
}

void ShapeBuilder::note_written(const ColumnUse& column) {
  const auto same = [&](const ColumnUse& known) {
    return known.relation == column.relation && known.column == column.column;
  };
  std::vector<ColumnUse>& written = shape_.written_columns;
  if (written.size() < 2048 && std::none_of(written.begin(), written.end(), same)) written.push_back(column);
}

void ShapeBuilder::write_value(const Node* value, const ColumnUse& column, const Place& place) {
  const Facts facts = examine(value, place);
  set_role(facts.slots, SlotRole::kWritten, kNoIndex, column);
}

void ShapeBuilder::draw_returning(Nodes items, const Place& place) {
  if (items.empty()) return;
  if (place.block == 0) shape_.returning = true;
  draw_targets(items, place);
}

void ShapeBuilder::draw_insert(const PgQuery__InsertStmt& insert, uint32_t block, const Scope* outer) {
  const size_t visible = ctes_.size();
  draw_with(insert.with_clause, block, outer);
  Scope scope{.block = block, .outer = outer};
  const uint32_t target = add_target(insert.relation, scope);
  std::vector<ColumnUse> columns;
  for (const Node* item : nodes(insert.n_cols, insert.cols)) {
    if (!is(item, PG_QUERY__NODE__NODE_RES_TARGET)) continue;
    columns.push_back({target, std::string(text(item->res_target->name))});
    note_written(columns.back());
  }
  draw_insert_source(insert, scope, columns);
  scope.pseudo_name = "excluded";
  if (insert.on_conflict_clause != nullptr) draw_on_conflict(*insert.on_conflict_clause, scope);
  draw_returning(nodes(insert.n_returning_list, insert.returning_list),
                 Place{.block = block, .scope = &scope});
  ctes_.resize(visible);
}

void ShapeBuilder::draw_insert_source(const PgQuery__InsertStmt& insert, const Scope& scope,
                                      std::span<const ColumnUse> columns) {
  const Place place{.block = scope.block, .scope = &scope};
  const uint32_t target = scope.relations.empty() ? kNoIndex : scope.relations.front();
  const auto column_at = [&](size_t i) { return i < columns.size() ? columns[i] : ColumnUse{target, ""}; };
  const Node* source = insert.select_stmt;
  uint32_t rows = 1;  // DEFAULT VALUES
  if (is(source, PG_QUERY__NODE__NODE_SELECT_STMT)) {
    const PgQuery__SelectStmt& select = *source->select_stmt;
    const Nodes lists = nodes(select.n_values_lists, select.values_lists);
    if (!lists.empty()) {
      draw_with(select.with_clause, scope.block, scope.outer);
      for (const Node* row : lists) {
        const Nodes values = list_items(row);
        for (size_t i = 0; i < values.size(); ++i) write_value(values[i], column_at(i), place);
      }
      rows = static_cast<uint32_t>(lists.size());
    } else {
      draw_query(source, scope.block, BlockRole::kInsertSource, scope.outer);
      const Nodes targets = nodes(select.n_target_list, select.target_list);
      bool of_elements = false;  // SELECT $1, unnest($2)
      for (size_t i = 0; i < targets.size(); ++i) {
        const Node* value = is(targets[i], PG_QUERY__NODE__NODE_RES_TARGET)
                                ? without_casts(targets[i]->res_target->val)
                                : nullptr;
        uint32_t slot = kNoIndex;
        if (is(value, PG_QUERY__NODE__NODE_PARAM_REF)) slot = slot_at(value->param_ref->location);
        if (is(value, PG_QUERY__NODE__NODE_A_CONST)) slot = slot_at(value->a_const->location);
        if (slot != kNoIndex) set_role(std::span(&slot, 1), SlotRole::kWritten, kNoIndex, column_at(i));
        of_elements = of_elements || (is(value, PG_QUERY__NODE__NODE_FUNC_CALL) &&
                                      makes_rows_of(last_name(function_name(*value->func_call))));
      }
      const bool reads = select.n_from_clause > 0 || select.larg != nullptr;
      rows = of_elements ? UINT32_MAX : !reads ? 1 : joined_values_;
    }
  }
  if (scope.block == 0) inserted_rows_ = rows;
}

void ShapeBuilder::draw_on_conflict(const PgQuery__OnConflictClause& clause, const Scope& scope) {
  const Place place{.block = scope.block, .scope = &scope};
  if (scope.block == 0) shape_.on_conflict = true;
  if (clause.infer != nullptr) {  // which unique index is meant: no condition of ours
    examine_all(nodes(clause.infer->n_index_elems, clause.infer->index_elems), place);
    examine(clause.infer->where_clause, place);
  }
  const uint32_t target = scope.relations.empty() ? kNoIndex : scope.relations.front();
  draw_assignments(nodes(clause.n_target_list, clause.target_list), place, target);
  if (clause.where_clause != nullptr) draw_condition(clause.where_clause, Condition{.place = place});
}

void ShapeBuilder::draw_assignments(Nodes items, const Place& place, uint32_t relation) {
  for (const Node* item : items) {
    if (!is(item, PG_QUERY__NODE__NODE_RES_TARGET)) continue;
    const ColumnUse column{relation, std::string(text(item->res_target->name))};
    note_written(column);
    const Node* value = item->res_target->val;
    if (is(value, PG_QUERY__NODE__NODE_MULTI_ASSIGN_REF)) {
      // SET (a, b) = (x, y): every target carries the whole source.
      const auto index = static_cast<size_t>(value->multi_assign_ref->colno) - 1;
      const Node* source = value->multi_assign_ref->source;
      if (is(source, PG_QUERY__NODE__NODE_ROW_EXPR)) {
        value = index < source->row_expr->n_args ? source->row_expr->args[index] : nullptr;
      } else {
        value = index == 0 ? source : nullptr;
      }
    }
    write_value(value, column, place);
    for (const Node* step : nodes(item->res_target->n_indirection, item->res_target->indirection))
      examine(step, place);
  }
}

void ShapeBuilder::draw_update(const PgQuery__UpdateStmt& update, uint32_t block, const Scope* outer) {
  const size_t visible = ctes_.size();
  draw_with(update.with_clause, block, outer);
  Scope scope{.block = block, .outer = outer};
  const Place place{.block = block, .scope = &scope};
  const uint32_t target = add_target(update.relation, scope);
  draw_from(nodes(update.n_from_clause, update.from_clause), scope);
  draw_assignments(nodes(update.n_target_list, update.target_list), place, target);
  if (update.where_clause != nullptr) draw_condition(update.where_clause, Condition{.place = place});
  note_cross_joins(scope);
  draw_returning(nodes(update.n_returning_list, update.returning_list), place);
  ctes_.resize(visible);
}

void ShapeBuilder::draw_delete(const PgQuery__DeleteStmt& remove, uint32_t block, const Scope* outer) {
  const size_t visible = ctes_.size();
  draw_with(remove.with_clause, block, outer);
  Scope scope{.block = block, .outer = outer};
  const Place place{.block = block, .scope = &scope};
  add_target(remove.relation, scope);
  draw_from(nodes(remove.n_using_clause, remove.using_clause), scope);
  if (remove.where_clause != nullptr) draw_condition(remove.where_clause, Condition{.place = place});
  note_cross_joins(scope);
  draw_returning(nodes(remove.n_returning_list, remove.returning_list), place);
  ctes_.resize(visible);
}

void ShapeBuilder::draw_merge(const PgQuery__MergeStmt& merge, uint32_t block, const Scope* outer) {
  const size_t visible = ctes_.size();
  draw_with(merge.with_clause, block, outer);
  Scope scope{.block = block, .outer = outer};
  const Place place{.block = block, .scope = &scope};
  add_target(merge.relation, scope);
  draw_from_item(merge.source_relation, scope, 1);
  shape_.blocks[block].has_from = true;
  if (merge.join_condition != nullptr) {
    draw_condition(merge.join_condition,
                   Condition{.place = place, .from_join = true, .join_kind = Join::Kind::kInner});
  }
  for (const Node* item : nodes(merge.n_merge_when_clauses, merge.merge_when_clauses)) {
    if (is(item, PG_QUERY__NODE__NODE_MERGE_WHEN_CLAUSE)) draw_merge_action(*item->merge_when_clause, scope);
  }
  draw_returning(returning_list(merge), place);
  if (block == 0) inserted_rows_ = joined_values_;
  ctes_.resize(visible);
}

void ShapeBuilder::draw_merge_action(const PgQuery__MergeWhenClause& clause, const Scope& scope) {
  const Place place{.block = scope.block, .scope = &scope};
  const uint32_t target = scope.relations.empty() ? kNoIndex : scope.relations.front();
  if (clause.condition != nullptr) draw_condition(clause.condition, Condition{.place = place});
  const Nodes targets = nodes(clause.n_target_list, clause.target_list);
  const Nodes values = nodes(clause.n_values, clause.values);
  if (values.empty()) return draw_assignments(targets, place, target);
  for (size_t i = 0; i < values.size(); ++i) {
    ColumnUse column{target, ""};
    if (i < targets.size() && is(targets[i], PG_QUERY__NODE__NODE_RES_TARGET)) {
      column.column = text(targets[i]->res_target->name);
      note_written(column);
    }
    write_value(values[i], column, place);
  }
}

}  // namespace pgsieve::internal
