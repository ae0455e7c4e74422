// Query blocks: a block's WITH and FROM are read first, because they say what the names in its other clauses
// mean.
#include <algorithm>
#include <utility>

#include "analyzer/sql/grammar.h"
#include "analyzer/sql/shape_builder.h"

namespace pgsieve::internal {

using namespace tree;

namespace {

constexpr size_t kMaxBlocks = 2048;
constexpr size_t kMaxRelations = 4096;
constexpr int kMaxWalkDepth = 200;

std::vector<std::string> alias_columns(const PgQuery__Alias* alias) {
  std::vector<std::string> names;
  if (alias == nullptr) return names;
  for (const Node* name : nodes(alias->n_colnames, alias->colnames)) names.emplace_back(string_of(name));
  return names;
}

// Functions whose result columns are known without the catalog.
std::vector<std::string> function_columns(std::string_view function, const std::string& alias) {
  const std::string own = alias.empty() ? std::string(function) : alias;
  if (function == "unnest" || function == "generate_series" || function == "generate_subscripts" ||
      function == "regexp_split_to_table" || function == "string_to_table") {
    return {own};
  }
  if (function.ends_with("array_elements") || function.ends_with("array_elements_text"))
    return {own, "value"};
  if (function == "json_each" || function == "jsonb_each" || function == "json_each_text" ||
      function == "jsonb_each_text") {
    return {"key", "value"};
  }
  return {};
}

Join::Kind join_kind(const PgQuery__JoinExpr& join) {
  switch (join.jointype) {
    case PG_QUERY__JOIN_TYPE__JOIN_LEFT:
      return Join::Kind::kLeft;
    case PG_QUERY__JOIN_TYPE__JOIN_RIGHT:
      return Join::Kind::kRight;
    case PG_QUERY__JOIN_TYPE__JOIN_FULL:
      return Join::Kind::kFull;
    default:
      break;
  }
  const bool bare = join.quals == nullptr && join.n_using_clause == 0 && !join.is_natural;
  return bare ? Join::Kind::kCross : Join::Kind::kInner;
}

}  // namespace

ShapeBuilder::Depth::Depth(ShapeBuilder& owner) : builder(owner), ok(++owner.depth_ <= kMaxWalkDepth) {
  if (!ok) builder.shape_.truncated = true;
}

uint32_t ShapeBuilder::add_block(uint32_t parent, BlockRole role) {
  if (shape_.blocks.size() >= kMaxBlocks) {
    shape_.truncated = true;
    return kNoIndex;
  }
  QueryBlock block;
  block.parent = parent;
  block.role = role;
  shape_.blocks.push_back(std::move(block));
  block_details_.emplace_back();
  return static_cast<uint32_t>(shape_.blocks.size() - 1);
}

// A sub-query in a block of its own; kNoIndex when a guard refused it.
uint32_t ShapeBuilder::draw_query(const Node* query, uint32_t parent, BlockRole role, const Scope* outer) {
  const Depth depth(*this);
  if (!depth) return kNoIndex;
  const uint32_t block = add_block(parent, role);
  if (block != kNoIndex) draw_statement_in_block(query, block, outer);
  return block;
}

void ShapeBuilder::draw_statement_in_block(const Node* query, uint32_t block, const Scope* outer) {
  if (query == nullptr) return;
  switch (query->node_case) {
    case PG_QUERY__NODE__NODE_SELECT_STMT:
      return draw_select(*query->select_stmt, block, outer);
    case PG_QUERY__NODE__NODE_INSERT_STMT:
      return draw_insert(*query->insert_stmt, block, outer);
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
      return draw_update(*query->update_stmt, block, outer);
    case PG_QUERY__NODE__NODE_DELETE_STMT:
      return draw_delete(*query->delete_stmt, block, outer);
    case PG_QUERY__NODE__NODE_MERGE_STMT:
      return draw_merge(*query->merge_stmt, block, outer);
    default:
      return;
  }
}

void ShapeBuilder::draw_select(const PgQuery__SelectStmt& select, uint32_t block, const Scope* outer) {
  const size_t visible = ctes_.size();
  draw_with(select.with_clause, block, outer);
  draw_locking(select, block);
  if (select.larg != nullptr && select.rarg != nullptr) {
    draw_set_operation(select, block, outer);
  } else {
    draw_plain_select(select, block, outer);
  }
  ctes_.resize(visible);
}

// `a UNION b UNION c` is left-deep; its arms become children of one block, however many there are.
void ShapeBuilder::draw_set_operation(const PgQuery__SelectStmt& select, uint32_t block, const Scope* outer) {
  shape_.blocks[block].set_operation = true;
  std::vector<const PgQuery__SelectStmt*> arms;
  const PgQuery__SelectStmt* left = &select;
  while (true) {
    arms.push_back(left->rarg);
    left = left->larg;
    const bool plain_union = left->larg != nullptr && left->rarg != nullptr && left->with_clause == nullptr &&
                             left->n_sort_clause == 0 && left->limit_count == nullptr &&
                             left->limit_offset == nullptr;
    if (!plain_union) break;
  }
  arms.push_back(left);
  for (size_t i = arms.size(); i-- > 0;) {
    const Depth depth(*this);
    const uint32_t arm = depth ? add_block(block, BlockRole::kSetArm) : kNoIndex;
    if (arm == kNoIndex) break;
    if (block_details_[block].first_arm == kNoIndex) block_details_[block].first_arm = arm;
    shape_.blocks[arm].recursive = shape_.blocks[block].recursive;
    draw_select(*arms[i], arm, outer);
  }
  Scope scope{.block = block, .outer = outer};
  const Place place{.block = block, .scope = &scope};
  draw_order(nodes(select.n_sort_clause, select.sort_clause), place);
  shape_.blocks[block].limit = row_bound(select.limit_count, place, SlotRole::kLimit);
  shape_.blocks[block].offset = row_bound(select.limit_offset, place, SlotRole::kOffset);
}

void ShapeBuilder::draw_plain_select(const PgQuery__SelectStmt& select, uint32_t block, const Scope* outer) {
  Scope scope{.block = block, .outer = outer};
  const Place place{.block = block, .scope = &scope};
  for (const Node* row : nodes(select.n_values_lists, select.values_lists))
    examine_all(list_items(row), place);
  draw_from(nodes(select.n_from_clause, select.from_clause), scope);
  if (select.where_clause != nullptr) draw_condition(select.where_clause, Condition{.place = place});
  note_cross_joins(scope);
  draw_targets(nodes(select.n_target_list, select.target_list), place);
  draw_group(nodes(select.n_group_clause, select.group_clause), place);
  if (select.having_clause != nullptr) {
    shape_.blocks[block].has_having = true;
    Place having = place;
    having.in_having = true;
    draw_condition(select.having_clause, Condition{.place = having, .having = true});
  }
  draw_windows(nodes(select.n_window_clause, select.window_clause), place);
  const Nodes distinct = nodes(select.n_distinct_clause, select.distinct_clause);
  for (const Node* key : distinct) {
    if (message_of(key) == nullptr) continue;
    shape_.blocks[block].distinct_on = true;
    order_key(key, place);
  }
  shape_.blocks[block].distinct = !distinct.empty();
  draw_order(nodes(select.n_sort_clause, select.sort_clause), place);
  shape_.blocks[block].limit = row_bound(select.limit_count, place, SlotRole::kLimit);
  shape_.blocks[block].offset = row_bound(select.limit_offset, place, SlotRole::kOffset);
}

void ShapeBuilder::draw_with(const PgQuery__WithClause* with, uint32_t block, const Scope* outer) {
  if (with == nullptr) return;
  shape_.recursive = shape_.recursive || with->recursive;
  for (const Node* item : nodes(with->n_ctes, with->ctes)) {
    if (!is(item, PG_QUERY__NODE__NODE_COMMON_TABLE_EXPR)) continue;
    const PgQuery__CommonTableExpr& cte = *item->common_table_expr;
    const Depth depth(*this);
    const uint32_t body = depth ? add_block(block, BlockRole::kCte) : kNoIndex;
    if (body == kNoIndex) return;
    shape_.blocks[body].cte_name = text(cte.ctename);
    shape_.blocks[body].recursive = with->recursive;
    for (const Node* name : nodes(cte.n_aliascolnames, cte.aliascolnames)) {
      block_details_[body].column_names.emplace_back(string_of(name));
    }
    if (with->recursive) ctes_.push_back({std::string(text(cte.ctename)), body});
    draw_statement_in_block(cte.ctequery, body, outer);
    if (!with->recursive) ctes_.push_back({std::string(text(cte.ctename)), body});
  }
}

void ShapeBuilder::draw_locking(const PgQuery__SelectStmt& select, uint32_t block) {
  for (const Node* item : nodes(select.n_locking_clause, select.locking_clause)) {
    if (!is(item, PG_QUERY__NODE__NODE_LOCKING_CLAUSE)) continue;
    QueryBlock& target = shape_.blocks[block];
    target.for_update = true;
    const PgQuery__LockWaitPolicy policy = item->locking_clause->wait_policy;
    target.skip_locked = target.skip_locked || policy == PG_QUERY__LOCK_WAIT_POLICY__LockWaitSkip;
    target.no_wait = target.no_wait || policy == PG_QUERY__LOCK_WAIT_POLICY__LockWaitError;
  }
}

void ShapeBuilder::draw_from(Nodes items, Scope& scope) {
  shape_.blocks[scope.block].has_from = !items.empty();
  uint32_t position = scope.relations.empty() ? 0 : 1;  // a DML target stands before FROM
  for (const Node* item : items) draw_from_item(item, scope, position++);
}

void ShapeBuilder::draw_from_item(const Node* item, Scope& scope, uint32_t position) {
  const Depth depth(*this);
  if (!depth || item == nullptr) return;
  switch (item->node_case) {
    case PG_QUERY__NODE__NODE_RANGE_VAR:
      add_range_var(*item->range_var, scope, position);
      return;
    case PG_QUERY__NODE__NODE_JOIN_EXPR:
      return draw_join(*item->join_expr, scope, position);
    case PG_QUERY__NODE__NODE_RANGE_SUBSELECT:
      return draw_subselect(*item->range_subselect, scope, position);
    case PG_QUERY__NODE__NODE_RANGE_FUNCTION:
      return draw_range_function(*item->range_function, scope, position);
    case PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE:
      examine_all(nodes(item->range_table_sample->n_args, item->range_table_sample->args),
                  Place{.block = scope.block, .scope = &scope});
      return draw_from_item(item->range_table_sample->relation, scope, position);
    default: {  // XMLTABLE, JSON_TABLE and whatever a newer grammar adds: a function of unknown columns
      examine(item, Place{.block = scope.block, .scope = &scope, .in_from = true});
      Relation relation;
      relation.kind = Relation::Kind::kFunction;
      relation.alias = table_function_alias(item);
      add_relation(std::move(relation), RelationDetail{.columns = {}, .lateral = true, .from_item = position},
                   scope);
    }
  }
}

uint32_t ShapeBuilder::add_relation(Relation relation, RelationDetail detail, Scope& scope) {
  if (shape_.relations.size() >= kMaxRelations) {
    shape_.truncated = true;
    return kNoIndex;
  }
  relation.block = scope.block;
  const auto index = static_cast<uint32_t>(shape_.relations.size());
  shape_.relations.push_back(std::move(relation));
  relation_details_.push_back(std::move(detail));
  scope.relations.push_back(index);
  block_details_[scope.block].relations.push_back(index);
  return index;
}

uint32_t ShapeBuilder::add_range_var(const PgQuery__RangeVar& table, Scope& scope, uint32_t position) {
  Relation relation;
  relation.schema = text(table.schemaname);
  relation.name = text(table.relname);
  if (table.alias != nullptr) relation.alias = text(table.alias->aliasname);
  if (relation.schema.empty()) {
    for (size_t i = ctes_.size(); i-- > 0;) {
      if (ctes_[i].name != relation.name) continue;
      relation.kind = Relation::Kind::kCte;
      relation.source_block = ctes_[i].block;
      break;
    }
  }
  return add_relation(std::move(relation),
                      RelationDetail{.columns = alias_columns(table.alias), .from_item = position}, scope);
}

void ShapeBuilder::draw_subselect(const PgQuery__RangeSubselect& item, Scope& scope, uint32_t position) {
  Relation relation;
  if (item.alias != nullptr) relation.alias = text(item.alias->aliasname);
  RelationDetail detail{
      .columns = alias_columns(item.alias), .lateral = item.lateral != 0, .from_item = position};
  const Node* query = item.subquery;
  if (is(query, PG_QUERY__NODE__NODE_SELECT_STMT) && query->select_stmt->n_values_lists > 0) {
    relation.kind = Relation::Kind::kValues;
    detail.complete = !detail.columns.empty();
    const Nodes rows = nodes(query->select_stmt->n_values_lists, query->select_stmt->values_lists);
    joined_values_ = std::max(joined_values_, static_cast<uint32_t>(rows.size()));
    for (const Node* row : rows)
      examine_all(list_items(row), Place{.block = scope.block, .scope = scope.outer});
  } else {
    relation.kind = Relation::Kind::kDerivedTable;
    const BlockRole role = item.lateral != 0 ? BlockRole::kLateral : BlockRole::kDerivedTable;
    relation.source_block = draw_query(query, scope.block, role, item.lateral != 0 ? &scope : scope.outer);
  }
  add_relation(std::move(relation), std::move(detail), scope);
}

void ShapeBuilder::draw_range_function(const PgQuery__RangeFunction& function, Scope& scope,
                                       uint32_t position) {
  Relation relation;
  relation.kind = Relation::Kind::kFunction;
  if (function.alias != nullptr) relation.alias = text(function.alias->aliasname);
  RelationDetail detail{.columns = alias_columns(function.alias), .lateral = true, .from_item = position};
  const Place place{.block = scope.block, .scope = &scope, .in_from = true};
  for (const Node* item : nodes(function.n_functions, function.functions)) {
    const Nodes parts = list_items(item);  // the call, and its column definitions
    if (parts.empty()) continue;
    const Facts facts = examine(parts[0], place);
    if (!is(parts[0], PG_QUERY__NODE__NODE_FUNC_CALL)) continue;
    const std::string name(last_name(function_name(*parts[0]->func_call)));
    if (relation.name.empty()) relation.name = name;
    if (makes_rows_of(name) && !facts.slots.empty() && facts.columns.empty()) joined_values_ = UINT32_MAX;
    if (detail.columns.empty()) detail.columns = function_columns(name, relation.alias);
  }
  for (const Node* column : nodes(function.n_coldeflist, function.coldeflist)) {
    if (is(column, PG_QUERY__NODE__NODE_COLUMN_DEF))
      detail.columns.emplace_back(text(column->column_def->colname));
  }
  detail.complete = !detail.columns.empty();
  if (function.ordinality) detail.columns.emplace_back("ordinality");
  add_relation(std::move(relation), std::move(detail), scope);
}

void ShapeBuilder::draw_join(const PgQuery__JoinExpr& join, Scope& scope, uint32_t position) {
  const size_t left_begin = scope.relations.size();
  draw_from_item(join.larg, scope, position);
  const size_t right_begin = scope.relations.size();
  draw_from_item(join.rarg, scope, position);
  const size_t end = scope.relations.size();
  const Join::Kind kind = join_kind(join);
  const bool left_nullable = kind == Join::Kind::kRight || kind == Join::Kind::kFull;
  const bool right_nullable = kind == Join::Kind::kLeft || kind == Join::Kind::kFull;
  for (size_t i = left_begin; i < end; ++i) {
    if (i < right_begin ? left_nullable : right_nullable)
      shape_.relations[scope.relations[i]].nullable = true;
  }
  const size_t joins_before = shape_.joins.size();
  join_using(join, scope, left_begin, right_begin);
  const Place place{.block = scope.block, .scope = &scope};
  if (join.quals != nullptr) {
    draw_condition(join.quals, Condition{.place = place, .from_join = true, .join_kind = kind});
  }
  if (shape_.joins.size() != joins_before || join.is_natural) return;
  if (right_begin == left_begin || end == right_begin) return;  // a guard cut one side off
  // A lateral item is joined by what it refers to.
  if (!relation_details_[scope.relations[right_begin]].lateral) {
    shape_.joins.push_back(
        {kind, scope.block, scope.relations[right_begin - 1], scope.relations[right_begin], "", ""});
  }
}

void ShapeBuilder::join_using(const PgQuery__JoinExpr& join, Scope& scope, size_t left_begin,
                              size_t right_begin) {
  const std::span<const uint32_t> all(scope.relations);
  for (const Node* item : nodes(join.n_using_clause, join.using_clause)) {
    const std::string_view name = string_of(item);
    bool possible = false;
    uint32_t left = only_owner(all.subspan(left_begin, right_begin - left_begin), name, 0, possible);
    uint32_t right = only_owner(all.subspan(right_begin), name, 0, possible);
    // Several tables on one side may have it: `a JOIN b USING (x) JOIN c USING (x)` merges all of them.
    if (left == kNoIndex && right_begin > left_begin) left = all[left_begin];
    if (right == kNoIndex && all.size() > right_begin) right = all[right_begin];
    if (left == kNoIndex || right == kNoIndex) continue;
    const ColumnUse left_use = through(left, name, 0);
    const ColumnUse right_use = through(right, name, 0);
    shape_.joins.push_back({join_kind(join), scope.block, left_use.relation, right_use.relation,
                            left_use.column, right_use.column});
    Predicate predicate;
    predicate.block = scope.block;
    predicate.column = left_use;
    predicate.op = PredicateOperator::kEqual;
    predicate.op_text = "=";
    predicate.operand = OperandKind::kColumn;
    predicate.other = right_use;
    predicate.from_join = true;
    shape_.predicates.push_back(std::move(predicate));
    scope.merged.push_back({std::string(name), join_kind(join) == Join::Kind::kRight ? right_use : left_use});
  }
}

// `FROM a, b` that no equality in WHERE connects: a join without columns, so that nobody has to search for
// what is missing.
void ShapeBuilder::note_cross_joins(const Scope& scope) {
  const auto item_of = [&](uint32_t relation) { return relation_details_[relation].from_item; };
  uint32_t seen_item = 0;
  for (const uint32_t relation : scope.relations) {
    if (item_of(relation) == seen_item) continue;
    seen_item = item_of(relation);
    const Relation::Kind kind = shape_.relations[relation].kind;
    if (relation_details_[relation].lateral || kind == Relation::Kind::kFunction) continue;
    bool connected = false;
    for (const auto& [block, item] : connected_items_)
      connected = connected || (block == scope.block && (item == seen_item || item == kNoIndex));
    if (!connected) {
      shape_.joins.push_back({Join::Kind::kComma, scope.block, scope.relations.front(), relation, "", ""});
    }
  }
}

}  // namespace pgsieve::internal
