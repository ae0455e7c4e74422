#include "rules/fixes/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/common.h"
#include "rules/fixes/batching.h"
#include "rules/fixes/relation_path.h"
#include "rules/memo.h"

namespace pgsieve {

namespace {

std::string table_name_at(const StatementShape& shape, uint32_t index) {
  const Relation* relation = relation_at(shape, index);
  return relation == nullptr ? std::string() : std::string(relation->name);
}

// Refines what the statement alone could not tell: whose rows those are.
FixClass with_link(FixClass kind, const Link& link, bool linked, bool to_one) {
  if (kind != FixClass::kGet || !linked) return kind;
  if (link.strength == LinkStrength::kPolymorphic) return FixClass::kPolymorphic;
  if (link.strength == LinkStrength::kSameKey) return FixClass::kDeferred;
  return to_one ? FixClass::kBelongsTo : FixClass::kHasMany;
}

void fill_order(const Pattern& child, FixPlan& plan) {
  if (child.shape->blocks.empty()) return;
  const QueryBlock& top = child.shape->blocks[0];
  if (!top.order.empty()) {
    plan.order_column = top.order[0].use.column;
    plan.order_descending = top.order[0].descending;
  }
  if (limit_bounds_nothing(child)) return;
  if (top.limit.value) plan.limit = std::to_string(*top.limit.value);
  if (plan.limit.empty() && child.limits.count() > 0 && child.limits.min() == child.limits.max())
    plan.limit = std::to_string(child.limits.min());
}

// The columns the loop's query of the same turn asked for: a get-or-create, or a uniqueness check.
std::vector<std::string> asked_columns(const RuleContext& context, const LoopExample& example,
                                       const Pattern& write) {
  const uint32_t target = write.shape->main_relation();
  if (target == kNoIndex) return {};
  for (const PatternKey& key : example.cycle) {
    const Pattern* other = context.workload.find(key);
    if (other == nullptr || other->shape == nullptr || !is_read(other->shape->kind)) continue;
    const uint32_t main = other->shape->main_relation();
    if (main == kNoIndex || other->shape->relations[main].name != write.shape->relations[target].name)
      continue;
    std::vector<std::string> columns;
    for (const SlotUse& use : other->shape->slots) {
      if (use.role == SlotRole::kEqual && use.column.relation == main) columns.push_back(use.column.column);
    }
    const bool written =
        !columns.empty() && std::all_of(columns.begin(), columns.end(), [&](const std::string& column) {
          return std::any_of(write.shape->written_columns.begin(), write.shape->written_columns.end(),
                             [&](const ColumnUse& use) { return use.column == column; });
        });
    if (written) return columns;
  }
  return {};
}

bool is_unique(const RuleContext& context, const StatementShape& shape,
               const std::vector<std::string>& columns) {
  const Relation* relation = relation_at(shape, shape.main_relation());
  const Table* table = relation == nullptr ? nullptr : table_behind(context.schema, *relation);
  if (table == nullptr) return true;  // not known: said in a note
  return table->unique_by_exactly(columns);
}

// The varying slot that picks the rows: the one that the list's values go into, else an equality, else the
// first.
uint32_t key_slot(const StatementShape& shape, const Link& link, const std::vector<uint32_t>& varying) {
  const bool linked = link.strength >= LinkStrength::kReference && is_plain_key(shape, link.slot);
  if (linked && std::ranges::find(varying, link.slot) != varying.end()) return link.slot;
  const auto plain = std::ranges::find_if(varying, [&](uint32_t slot) { return is_plain_key(shape, slot); });
  return plain == varying.end() ? varying[0] : *plain;
}

}  // namespace

std::string result_table(const StatementShape& shape) {
  const uint32_t rows = shape.row_relation();
  return table_name_at(shape, rows == kNoIndex ? shape.main_relation() : rows);
}

FixPlan plan_read(const RuleContext& context, const LoopVerdict& verdict, const Pattern& child,
                  const Pattern* parent) {
  FixPlan plan;
  const BatchRequest request = batch_request(context, child, *verdict.example);
  const StatementShape& shape = *child.shape;
  plan.table = result_table(shape);
  if (const Relation* rows = relation_at(shape, shape.row_relation()); rows != nullptr)
    plan.row_alias = rows->alias;
  plan.one_row_per_key = request.one_row_per_key;
  if (!request.varying.empty()) {
    const uint32_t slot = key_slot(shape, verdict.link, request.varying);
    const ColumnUse& key = shape.slots[slot].column;
    plan.key_table = table_name_at(shape, key.relation);
    if (is_plain_key(shape, slot)) plan.key_column = key.column;
    plan.conditions = row_conditions(shape, slot, request.varying, plan.table);
  }
  fill_order(child, plan);
  if (request.varying.empty()) return plan;
  const bool linked = is_linked(verdict);
  if (verdict.kind == LoopClass::kTreeWalk && linked) {
    const std::string id = verdict.link.parent_column.empty() ? "id" : verdict.link.parent_column;
    plan.rewrite = recursive_rewrite(request, id);
    if (plan.rewrite) {
      plan.kind = FixClass::kRecursive;
      return plan;
    }
  }
  plan.rewrite = context.memo->batch(request);
  if (plan.rewrite) plan.kind = plan.rewrite->kind;
  plan.kind = with_link(plan.kind, verdict.link, linked, plan.one_row_per_key);
  if (plan.kind == FixClass::kDeferred && verdict.through != kNoPattern) plan.kind = FixClass::kGet;
  if (plan.kind == FixClass::kDeferred) {
    for (const TargetColumn& target :
         shape.blocks.empty() ? std::vector<TargetColumn>() : shape.blocks[0].targets) {
      if (!target.use.whole_row()) plan.columns.push_back(target.use.column);
    }
    std::optional<Rewrite> wider;
    if (parent != nullptr && parent->shape != nullptr)
      wider = deferred_rewrite(parent->reference_text, *parent->shape, plan.table, plan.columns);
    if (wider) {
      plan.rewrite = std::move(wider);
    } else {
      plan.kind = FixClass::kGet;
    }
  }
  // LIMIT 1 without an order, or Django's LIMIT 21 of get(): the one row that belongs to each.
  const bool has_one = plan.kind == FixClass::kTopN && linked && child.shape->blocks[0].order.empty() &&
                       (plan.limit == "1" || plan.limit == "21");
  if (has_one) plan.kind = FixClass::kHasMany;
  // A schema that knows of no unique key says that LIMIT 1 took one of several.
  const Relation* keyed = relation_at(shape, shape.slots[request.varying[0]].column.relation);
  const bool may_have_one =
      has_one && (plan.limit != "1" || keyed == nullptr || table_behind(context.schema, *keyed) == nullptr);
  plan.path = relation_path(context, verdict, parent, plan.one_row_per_key || may_have_one, plan);
  if (plan.rewrite) plan.rewrite->kind = plan.kind;
  return plan;
}

FixPlan plan_write(const RuleContext& context, const LoopVerdict& verdict, const Pattern& child) {
  FixPlan plan;
  BatchRequest request = batch_request(context, child, *verdict.example);
  const StatementShape& shape = *child.shape;
  plan.kind = shape.kind == StatementKind::kInsert   ? FixClass::kInsert
              : shape.kind == StatementKind::kDelete ? FixClass::kDelete
              : shape.kind == StatementKind::kMerge  ? FixClass::kUpsert
                                                     : FixClass::kUpdate;
  plan.table = table_name_at(shape, shape.main_relation());
  plan.key_table = plan.table;
  for (const ColumnUse& column : shape.written_columns) plan.columns.push_back(column.column);
  const auto key =
      std::ranges::find_if(request.varying, [&](uint32_t slot) { return is_plain_key(shape, slot); });
  if (key != request.varying.end() && shape.kind != StatementKind::kInsert) {
    plan.key_column = shape.slots[*key].column.column;
    plan.conditions = row_conditions(shape, *key, request.varying, plan.table);
  }
  if (shape.kind == StatementKind::kInsert && !shape.on_conflict)
    request.conflict_columns = asked_columns(context, *verdict.example, child);
  if (!request.conflict_columns.empty())
    request.no_unique_index = !is_unique(context, shape, request.conflict_columns);
  if (request.varying.empty()) return plan;
  plan.rewrite = context.memo->batch(request);
  if (plan.rewrite) plan.kind = plan.rewrite->kind;
  return plan;
}

std::string describe_parameters(const Rewrite& rewrite) {
  std::string text;
  for (const RewriteParameter& parameter : rewrite.parameters) {
    text += fmt::format("{}${} {}{}", text.empty() ? "" : ", ", parameter.number,
                        parameter.name.empty() ? "as before" : parameter.name,
                        rewrite.json && parameter.array ? " (JSON array)"
                        : parameter.array               ? " (array)"
                                                        : "");
  }
  return text;
}

}  // namespace pgsieve
