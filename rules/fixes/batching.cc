#include "rules/fixes/batching.h"

#include <algorithm>
#include <charconv>

#include "analyzer/sql/scan.h"
#include "rules/common.h"
#include "rules/memo.h"

namespace pgsieve {

namespace {

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

}  // namespace pgsieve
