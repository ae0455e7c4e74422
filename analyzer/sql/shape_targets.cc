// Select list, ORDER BY, GROUP BY, windows, LIMIT.
#include <charconv>

#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/shape_builder.h"

namespace pgsieve::internal {

using namespace tree;

namespace {

constexpr size_t kMaxTargets = 8192;
constexpr size_t kTargetTextBytes = 200;

// The name PostgreSQL gives an output column without AS (FigureColname in parse_target.c); "" where it says
// "?column?".
std::string_view natural_name(const Node* node) {
  for (int hop = 0; node != nullptr && hop < 16; ++hop) {
    switch (node->node_case) {
      case PG_QUERY__NODE__NODE_COLUMN_REF: {
        const Nodes fields = nodes(node->column_ref->n_fields, node->column_ref->fields);
        return last_name(fields);
      }
      case PG_QUERY__NODE__NODE_FUNC_CALL:
        return last_name(function_name(*node->func_call));
      case PG_QUERY__NODE__NODE_TYPE_CAST: {
        const std::string_view inner = natural_name(node->type_cast->arg);
        if (!inner.empty() || node->type_cast->type_name == nullptr) return inner;
        return last_name(nodes(node->type_cast->type_name->n_names, node->type_cast->type_name->names));
      }
      case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
        node = node->collate_clause->arg;
        continue;
      case PG_QUERY__NODE__NODE_COALESCE_EXPR:
        return "coalesce";
      case PG_QUERY__NODE__NODE_CASE_EXPR:
        return "case";
      case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
        return "array";
      case PG_QUERY__NODE__NODE_ROW_EXPR:
        return "row";
      case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
        return node->min_max_expr->op == PG_QUERY__MIN_MAX_OP__IS_GREATEST ? "greatest" : "least";
      case PG_QUERY__NODE__NODE_SUB_LINK: {
        if (node->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK) return "exists";
        if (node->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK) return "array";
        const Node* query = node->sub_link->subselect;
        if (!is(query, PG_QUERY__NODE__NODE_SELECT_STMT) || query->select_stmt->n_target_list == 0) return {};
        const Node* first = query->select_stmt->target_list[0];
        if (!is(first, PG_QUERY__NODE__NODE_RES_TARGET)) return {};
        if (!text(first->res_target->name).empty()) return text(first->res_target->name);
        node = first->res_target->val;
        continue;
      }
      default:
        return {};
    }
  }
  return {};
}

bool is_composite_star(const Node* node) {  // (f(x)).*
  return is(node, PG_QUERY__NODE__NODE_A_INDIRECTION) && node->a_indirection->n_indirection > 0 &&
         is(node->a_indirection->indirection[node->a_indirection->n_indirection - 1],
            PG_QUERY__NODE__NODE_A_STAR);
}

std::optional<int64_t> integer_of(const PgQuery__AConst& constant) {
  std::string_view digits;
  switch (constant.val_case) {
    case PG_QUERY__A__CONST__VAL_IVAL:
      return constant.ival->ival;
    case PG_QUERY__A__CONST__VAL_FVAL:
      digits = text(constant.fval->fval);
      break;
    case PG_QUERY__A__CONST__VAL_SVAL:
      digits = text(constant.sval->sval);
      break;
    default:
      return std::nullopt;
  }
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace

void ShapeBuilder::draw_star(const PgQuery__ColumnRef& column, const Place& place, TargetColumn& target) {
  target.star = true;
  if (column.n_fields > 1) {
    target.use = resolve(column, place.scope).use;
    target.star_over_base = target.use.relation != kNoIndex && reaches_base(target.use.relation, 0);
    return;
  }
  const std::vector<uint32_t>& relations = place.scope->relations;
  if (relations.size() == 1) target.use.relation = relations[0];
  for (const uint32_t relation : relations)
    target.star_over_base = target.star_over_base || reaches_base(relation, 0);
}

void ShapeBuilder::draw_targets(Nodes items, const Place& outer_place) {
  Place place = outer_place;
  place.in_target = true;
  for (const Node* item : items) {
    if (!is(item, PG_QUERY__NODE__NODE_RES_TARGET)) continue;
    const PgQuery__ResTarget& result = *item->res_target;
    TargetColumn target;
    target.name = text(result.name);
    if (is(result.val, PG_QUERY__NODE__NODE_COLUMN_REF) && is_star(*result.val->column_ref)) {
      draw_star(*result.val->column_ref, place, target);
    } else {
      const Facts facts = examine(result.val, place);
      if (target.name.empty()) target.name = natural_name(result.val);
      if (is(result.val, PG_QUERY__NODE__NODE_COLUMN_REF) && !facts.columns.empty()) {
        target.use = facts.columns.front().use;
      } else {
        if (result.val != nullptr) target.expression = expression_text(*result.val, kTargetTextBytes - 3);
        target.star = is_composite_star(result.val);
      }
      target.aggregate = facts.aggregate;
      QueryBlock& block = shape_.blocks[place.block];
      block.has_aggregate = block.has_aggregate || facts.aggregate;
      block.has_window = block.has_window || facts.window;
    }
    std::vector<TargetColumn>& targets = shape_.blocks[place.block].targets;
    if (targets.size() >= kMaxTargets) {
      shape_.truncated = true;
      return;
    }
    targets.push_back(std::move(target));
  }
}

// A sort or group key: an output position, an output name, or an expression. A table column wins over an
// output name of the same spelling in GROUP BY, but only the schema knows the table's columns; an output name
// that was written is taken at its word in both clauses.
OrderKey ShapeBuilder::order_key(const Node* node, const Place& place) {
  OrderKey key;
  uint32_t block = place.block;
  for (int hop = 0; hop < 8 && block_details_[block].first_arm != kNoIndex; ++hop)
    block = block_details_[block].first_arm;
  const std::vector<TargetColumn>& targets = shape_.blocks[block].targets;
  const auto take = [&](const TargetColumn& target) {
    key.use = target.use;
    key.expression = target.expression;
  };
  const bool constant = is(node, PG_QUERY__NODE__NODE_A_CONST);
  const bool position = constant && node->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL;
  if (position && !slot_is_parameter(slot_at(node->a_const->location))) {
    const auto index = static_cast<size_t>(node->a_const->ival->ival) - 1;
    bool countable = index < targets.size();
    for (size_t i = 0; countable && i <= index; ++i) countable = !targets[i].star;
    if (countable) {
      take(targets[index]);
    } else {
      key.expression = std::to_string(node->a_const->ival->ival);
    }
    return key;
  }
  if (is(node, PG_QUERY__NODE__NODE_COLUMN_REF) && node->column_ref->n_fields == 1) {
    const std::string_view name = string_of(node->column_ref->fields[0]);
    size_t index = 0;
    const TargetColumn* target = output_column(block, name, index);
    if (target != nullptr) {
      take(*target);
      return key;
    }
  }
  const Facts facts = examine(node, place);
  shape_.blocks[place.block].has_window = shape_.blocks[place.block].has_window || facts.window;
  if (is(node, PG_QUERY__NODE__NODE_COLUMN_REF) && !facts.columns.empty()) {
    key.use = facts.columns.front().use;
  } else if (node != nullptr) {
    key.expression = expression_text(*node);
  }
  return key;
}

void ShapeBuilder::draw_order(Nodes items, const Place& place) {
  for (const Node* item : items) {
    if (!is(item, PG_QUERY__NODE__NODE_SORT_BY)) continue;
    const PgQuery__SortBy& sort = *item->sort_by;
    OrderKey key = order_key(sort.node, place);
    key.descending = sort.sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC ||
                     (sort.sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_USING &&
                      last_name(nodes(sort.n_use_op, sort.use_op)) == ">");
    if (sort.sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST) key.nulls = -1;
    if (sort.sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST) key.nulls = 1;
    shape_.blocks[place.block].order.push_back(std::move(key));
  }
}

void ShapeBuilder::draw_group(Nodes items, const Place& place) {
  const Depth depth(*this);
  if (!depth) return;
  for (const Node* item : items) {
    if (is(item, PG_QUERY__NODE__NODE_GROUPING_SET)) {
      draw_group(nodes(item->grouping_set->n_content, item->grouping_set->content), place);
    } else if (is(item, PG_QUERY__NODE__NODE_ROW_EXPR)) {
      draw_group(nodes(item->row_expr->n_args, item->row_expr->args), place);
    } else if (message_of(item) != nullptr) {
      shape_.blocks[place.block].group.push_back(order_key(item, place));
    }
  }
}

void ShapeBuilder::draw_windows(Nodes items, const Place& place) {
  for (const Node* item : items) {
    if (!is(item, PG_QUERY__NODE__NODE_WINDOW_DEF)) continue;
    examine_all(nodes(item->window_def->n_partition_clause, item->window_def->partition_clause), place);
    examine_all(nodes(item->window_def->n_order_clause, item->window_def->order_clause), place);
  }
}

RowBound ShapeBuilder::row_bound(const Node* node, const Place& place, SlotRole role) {
  RowBound bound;
  if (message_of(node) == nullptr) return bound;
  bound.present = true;
  const Facts facts = examine(node, place);
  set_role(facts.slots, role, kNoIndex, {});
  if (!facts.slots.empty()) bound.slot = facts.slots.front();
  const Node* bare = without_casts(node);
  if (is(bare, PG_QUERY__NODE__NODE_A_CONST)) {
    bound.all = bare->a_const->isnull != 0;
    if (!bound.all && !slot_is_parameter(bound.slot)) bound.value = integer_of(*bare->a_const);
  }
  return bound;
}

}  // namespace pgsieve::internal
