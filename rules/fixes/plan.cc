#include "rules/fixes/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "analyzer/sql/scan.h"
#include "rules/common.h"
#include "rules/loop_path.h"
#include "rules/memo.h"

namespace pgsieve {

namespace {

const Relation* relation_at(const StatementShape& shape, uint32_t index) {
  return index < shape.relations.size() ? &shape.relations[index] : nullptr;
}

std::string table_name_at(const StatementShape& shape, uint32_t index) {
  const Relation* relation = relation_at(shape, index);
  return relation == nullptr ? std::string() : std::string(relation->name);
}

// The table whose rows the statement returns.
std::string result_table(const StatementShape& shape) {
  const uint32_t rows = shape.row_relation();
  return table_name_at(shape, rows == kNoIndex ? shape.main_relation() : rows);
}

bool is_integer(const std::string& value) {
  int32_t number = 0;
  const char* end = value.data() + value.size();
  const auto read = std::from_chars(value.data(), end, number);
  return read.ec == std::errc() && read.ptr == end;
}

// The column's type as the schema has it, else by the values that were seen.
std::string type_of_slot(const RuleContext& context, const Pattern& child, const LoopExample& example,
                         uint32_t slot, bool& exact) {
  const SlotUse& use = child.shape->slots[slot];
  if (const Relation* relation = relation_at(*child.shape, use.column.relation); relation != nullptr) {
    const Table* table = table_behind(context.schema, *relation);
    const Column* column = table == nullptr ? nullptr : table->find_column(use.column.column);
    if (column != nullptr && !column->type.empty()) return column->type;
  }
  exact = false;
  // The statement's own value first; the samples may only widen a number.
  std::vector<std::string> own;
  if (use.parameter != 0) {
    if (const auto value = sample_parameter(child.slowest.parameters, use.parameter)) own.push_back(*value);
  } else {
    StatementScan scan;
    std::string scratch;
    scan_statement(child.reference_text, scan, scratch);
    if (slot < scan.slots.size() && scan.slots[slot].kind != Slot::Kind::kParameter)
      own.emplace_back(scan.slots[slot].text);
  }
  std::vector<std::string> all = own;
  const std::vector<std::string> samples = example.sample_values(slot);
  all.insert(all.end(), samples.begin(), samples.end());
  for (std::vector<std::string>* values : {&own, &all}) {
    for (std::string& value : *values) {
      if (use.array && value.size() >= 2 && value.front() == '{') value = value.substr(1, value.size() - 2);
    }
  }
  const std::string wide = guess_type(all);
  // PostgreSQL widens an integer for a function that wants more, and never narrows a bigint.
  if (use.role == SlotRole::kFunctionArgument && wide == "bigint" && std::ranges::all_of(all, is_integer))
    return "integer";
  return own.empty() || wide == "numeric" ? wide : guess_type(own);
}

bool has_one_row_per_key(const RuleContext& context, const Pattern& child,
                         const std::vector<uint32_t>& varying) {
  const StatementShape& shape = *child.shape;
  const auto in_top = std::count_if(shape.relations.begin(), shape.relations.end(),
                                    [](const Relation& relation) { return relation.block == 0; });
  if (in_top != 1 || varying.empty()) return false;
  const uint32_t keyed = shape.slots[varying[0]].column.relation;
  const Relation* relation = relation_at(shape, keyed);
  if (relation == nullptr || relation->block != 0) return false;
  const Table* table = table_behind(context.schema, *relation);
  if (table != nullptr) return pinned_by_unique_key(shape, 0, keyed, table);
  const std::shared_ptr<const LinkProfile> profile = context.memo->profile(child, context);
  return std::any_of(profile->keys.begin(), profile->keys.end(), [&](const LinkProfile::Key& key) {
    return key.primary && std::find(varying.begin(), varying.end(), key.slot) != varying.end();
  });
}

std::string letters_and_digits(std::string_view name) {
  std::string kept;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') kept += static_cast<char>(c + 32);
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) kept += c;
  }
  return kept;
}

// A link may name the parent's column without its separators: "userid" for user_id. "" when the list does not
// say.
std::string as_written(const std::string& column, const Pattern& parent) {
  if (parent.shape == nullptr || parent.shape->blocks.empty()) return {};
  for (const TargetColumn& target : parent.shape->blocks[0].targets) {
    if (!target.use.whole_row() && letters_and_digits(target.use.column) == letters_and_digits(column))
      return target.use.column;
  }
  return letters_and_digits(column) == column && column.find('_') == std::string::npos ? std::string()
                                                                                       : column;
}

// The parent's own key, not a reference to something else: what is found by it belongs to the parent.
bool is_own_key(const Schema& schema, const Link& link, const std::string& column) {
  const Table* table = schema.find("", link.parent_table);
  if (table != nullptr) return table->unique_by({column});
  return reference_words(column) == singular_words(link.parent_table);
}

// carrier_code refers to the carrier by its code.
NameWords without_key(NameWords words, const std::string& key) {
  const NameWords last = name_words(key);
  if (last.size() < words.size() && std::equal(last.rbegin(), last.rend(), words.rbegin()))
    words.resize(words.size() - last.size());
  return words;
}

// Which way the link points decides the relation's name and number.
RelationStep step_between(const Schema& schema, const Link& link, const Pattern& parent,
                          const std::string& to, bool to_many) {
  RelationStep step{link.parent_table, to, {}, to_many};
  if (to_many) {
    step.words = plural_words(to);
    return step;
  }
  const std::string column = as_written(link.parent_column, parent);
  if (!is_own_key(schema, link, column)) step.words = without_key(reference_words(column), link.child_column);
  if (step.words.empty()) step.words = singular_words(to);
  return step;
}

// users → posts of the statements themselves, for the upper part of a chain.
std::optional<RelationStep> step_of(const RuleContext& context, const PatternKey& above,
                                    const PatternKey& below) {
  const Pattern* parent = context.workload.find(above);
  const Pattern* child = context.workload.find(below);
  if (parent == nullptr || child == nullptr || parent->shape == nullptr || child->shape == nullptr)
    return std::nullopt;
  const Link link = context.memo->link(*parent, *child, context);
  if (link.strength < LinkStrength::kNames || link.parent_table.empty()) return std::nullopt;
  const std::shared_ptr<const LinkProfile> profile = context.memo->profile(*child, context);
  const bool to_one =
      std::any_of(profile->keys.begin(), profile->keys.end(),
                  [&](const LinkProfile::Key& key) { return key.slot == link.slot && key.primary; });
  return step_between(context.schema, link, *parent, result_table(*child->shape), !to_one);
}

// Refines what the statement alone could not tell: whose rows those are.
FixClass with_link(FixClass kind, const Link& link, bool linked, bool to_one) {
  if (kind != FixClass::kGet || !linked) return kind;
  if (link.strength == LinkStrength::kPolymorphic) return FixClass::kPolymorphic;
  if (link.strength == LinkStrength::kSameKey) return FixClass::kDeferred;
  return to_one ? FixClass::kBelongsTo : FixClass::kHasMany;
}

void fill_path(const RuleContext& context, const LoopVerdict& verdict, const Pattern* above, bool to_one,
               FixPlan& plan) {
  const Link& link = verdict.link;
  if (verdict.through != kNoPattern) above = context.workload.find(verdict.through);
  if (above == nullptr || !is_linked(verdict) || link.strength < LinkStrength::kNames ||
      link.parent_table.empty())
    return;
  // The listed rows themselves, once more: no relation leads from a table to the same row of it.
  if (to_one && link.parent_table == plan.table &&
      letters_and_digits(link.parent_column) == letters_and_digits(link.child_column))
    return;
  const bool reads_rows = plan.kind != FixClass::kGet && plan.kind != FixClass::kDeferred &&
                          plan.kind != FixClass::kFunction && plan.kind != FixClass::kRecursive;
  if (!reads_rows) return;
  // From the first statement whose rows lead here without a gap.
  const std::vector<PatternKey> leading = path_above(context, verdict);
  for (size_t at = leading.size(); at-- > 1;) {
    std::optional<RelationStep> step = step_of(context, leading[at - 1], leading[at]);
    if (!step) break;
    plan.path.insert(plan.path.begin(), std::move(*step));
  }
  if (plan.kind == FixClass::kThrough && plan.key_table != plan.table && !plan.key_table.empty()) {
    plan.path.push_back({link.parent_table, plan.key_table, plural_words(plan.key_table), true});
    plan.path.push_back({plan.key_table, plan.table, plural_words(plan.table), true});
    return;
  }
  plan.path.push_back(step_between(context.schema, link, *above, plan.table, !to_one));
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

// A list, or how many rows there are to be, that changes with the turn: one statement can't hold that.
bool varies_beyond_keys(const Pattern& child, const LoopExample& example, bool one_row_per_key) {
  for (uint32_t slot = 0; slot < std::min<size_t>(child.shape->slots.size(), 32); ++slot) {
    if ((example.varying_slots & (1U << slot)) == 0) continue;
    const SlotRole role = child.shape->slots[slot].role;
    if (role == SlotRole::kList || role == SlotRole::kOffset) return true;
    if (role == SlotRole::kLimit && !one_row_per_key) return true;
  }
  return false;
}

// Not all slots of a wide statement are followed: what is not known to stay the same may vary.
bool may_vary(const SlotUse& use, uint32_t slot, const LoopExample& example) {
  if (example.sample_slots.size() < StatementInfo::kMaxValueSlots) return false;
  const bool value = use.role != SlotRole::kNone && use.role != SlotRole::kLimit &&
                     use.role != SlotRole::kOffset && use.role != SlotRole::kList;
  return value && std::find(example.sample_slots.begin(), example.sample_slots.end(), slot) ==
                      example.sample_slots.end();
}

bool is_unique(const RuleContext& context, const StatementShape& shape,
               const std::vector<std::string>& columns) {
  const Relation* relation = relation_at(shape, shape.main_relation());
  const Table* table = relation == nullptr ? nullptr : table_behind(context.schema, *relation);
  if (table == nullptr) return true;  // not known: said in a note
  return table->unique_by_exactly(columns);
}

}  // namespace

std::vector<uint32_t> varying_slots(const Pattern& child, const LoopExample& example) {
  std::vector<uint32_t> slots;
  const auto says_which = [&](uint32_t slot) {
    if (slot >= child.shape->slots.size()) return false;
    const SlotRole role = child.shape->slots[slot].role;
    return role != SlotRole::kLimit && role != SlotRole::kOffset && role != SlotRole::kList;
  };
  for (uint32_t slot = 0; slot < 32; ++slot) {
    if ((example.varying_slots & (1U << slot)) != 0 && says_which(slot)) slots.push_back(slot);
  }
  if (slots.empty() && says_which(example.varying_slot)) slots.push_back(example.varying_slot);
  for (uint32_t slot = 0; slot < child.shape->slots.size() && !slots.empty(); ++slot) {
    const bool known = std::find(slots.begin(), slots.end(), slot) != slots.end();
    if (!known && may_vary(child.shape->slots[slot], slot, example)) slots.push_back(slot);
  }
  return slots;
}

BatchRequest batch_request(const RuleContext& context, const Pattern& child, const LoopExample& example) {
  BatchRequest request;
  request.text = child.reference_text;
  request.shape = child.shape.get();
  request.varying = varying_slots(child, example);
  request.types_exact = true;
  for (const uint32_t slot : request.varying)
    request.types.push_back(type_of_slot(context, child, example, slot, request.types_exact));
  request.one_row_per_key = has_one_row_per_key(context, child, request.varying);
  request.no_offset = child.offsets.count() > 0 && child.offsets.max() == 0;
  request.no_limit = limit_bounds_nothing(child);
  if (varies_beyond_keys(child, example, request.one_row_per_key)) request.varying.clear();
  const auto keys = std::count_if(request.varying.begin(), request.varying.end(), [&](uint32_t slot) {
    return child.shape->slots[slot].role == SlotRole::kEqual;
  });
  const uint32_t distinct = keys == 1 ? example.distinct_values : example.distinct_tuples;
  constexpr uint32_t kCounted = 64;  // distinct ones are told apart up to here
  request.keys_repeat = distinct < std::min(example.count, kCounted);
  return request;
}

namespace {

// The varying slot that picks the rows: the one that the list's values go into, else an equality, else the
// first.
uint32_t key_slot(const StatementShape& shape, const Link& link, const std::vector<uint32_t>& varying) {
  const bool linked = link.strength >= LinkStrength::kReference && is_plain_key(shape, link.slot);
  if (linked && std::ranges::find(varying, link.slot) != varying.end()) return link.slot;
  const auto plain = std::ranges::find_if(varying, [&](uint32_t slot) { return is_plain_key(shape, slot); });
  return plain == varying.end() ? varying[0] : *plain;
}

}  // namespace

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
  fill_path(context, verdict, parent, plan.one_row_per_key || may_have_one, plan);
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
