// What an expression holds, and what one side of a comparison is.
#include <algorithm>
#include <array>

#include "analyzer/sql/grammar.h"
#include "analyzer/sql/shape_builder.h"

namespace pgsieve::internal {

using namespace tree;

namespace {

constexpr size_t kMaxFunctions = 4096;
constexpr size_t kMaxColumnsKept = 16;

// Aggregates of a stock server, sorted.
constexpr auto kAggregates = std::to_array<std::string_view>({
    "any_value",
    "array_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "covar_pop",
    "covar_samp",
    "every",
    "json_agg",
    "json_agg_strict",
    "json_arrayagg",
    "json_object_agg",
    "json_object_agg_strict",
    "json_object_agg_unique",
    "json_objectagg",
    "jsonb_agg",
    "jsonb_agg_strict",
    "jsonb_object_agg",
    "jsonb_object_agg_strict",
    "jsonb_object_agg_unique",
    "max",
    "min",
    "mode",
    "percentile_cont",
    "percentile_disc",
    "range_agg",
    "range_intersect_agg",
    "regr_avgx",
    "regr_avgy",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "st_collect",
    "st_extent",
    "st_union",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "string_agg",
    "sum",
    "var_pop",
    "var_samp",
    "variance",
    "xmlagg",
});

// Functions whose value may change from row to row, sorted.
constexpr auto kVolatile = std::to_array<std::string_view>({
    "clock_timestamp",
    "currval",
    "gen_random_bytes",
    "gen_random_uuid",
    "lastval",
    "nextval",
    "random",
    "random_normal",
    "set_config",
    "setval",
    "timeofday",
    "txid_current",
    "uuid_generate_v1",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
});

template <size_t N>
bool contains(const std::array<std::string_view, N>& sorted, std::string_view name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

std::string call_name(const PgQuery__FuncCall& call) {
  const Nodes parts = function_name(call);
  const bool syntax = call.funcformat == PG_QUERY__COERCION_FORM__COERCE_SQL_SYNTAX;
  std::string name;
  for (size_t i = syntax && parts.size() > 1 ? parts.size() - 1 : 0; i < parts.size(); ++i) {
    name += (name.empty() ? "" : ".") + std::string(string_of(parts[i]));
  }
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return name;
}

// A string constant that spells a word ('active'), not a number or a UUID that merely travels in quotes.
bool is_word(const PgQuery__AConst& constant) {
  if (constant.val_case != PG_QUERY__A__CONST__VAL_SVAL) return false;
  const std::string_view value = text(constant.sval->sval);
  const bool has_letter = std::any_of(value.begin(), value.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (static_cast<unsigned char>(c) & 0x80U) != 0;
  });
  return has_letter && !(value.size() == 36 && value[8] == '-' && value[13] == '-');
}

// Number of elements of an array constant in text form: '{}' 0, '{5}' 1, '{1,2}' 2.
uint32_t array_elements(std::string_view value) {
  const size_t open = value.find('{');
  if (open == std::string_view::npos) return 2;
  uint32_t elements = 1;
  bool quoted = false;
  bool empty = true;
  for (const char c : value.substr(open + 1)) {
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted) ++elements;
    empty = empty && (c == ' ' || c == '}');
  }
  return empty ? 0 : elements;
}

}  // namespace

// The slot that covers a tree location, or that directly follows it: the tree gives a negative number, and a
// string with a prefix, the location of its sign or prefix.
uint32_t ShapeBuilder::slot_at(int32_t location) const {
  if (location < 0) return kNoIndex;
  const auto at = static_cast<size_t>(location);
  const auto& slots = scan_.slots;
  const auto after = std::upper_bound(slots.begin(), slots.end(), at, [](size_t position, const Slot& slot) {
    return position < slot.offset;
  });
  if (after != slots.begin()) {
    const Slot& before = *(after - 1);
    const size_t end = static_cast<size_t>(before.text.data() - text_.data()) + before.text.size();
    if (at == before.offset || at < end) return static_cast<uint32_t>(after - 1 - slots.begin());
  }
  if (after == slots.end()) return kNoIndex;
  for (size_t i = at; i < after->offset && i < text_.size(); ++i) {
    if (std::string_view("+- \t\r\n\f\veEbBxXnNuU&").find(text_[i]) == std::string_view::npos)
      return kNoIndex;
  }
  return static_cast<uint32_t>(after - slots.begin());
}

bool ShapeBuilder::slot_is_parameter(uint32_t slot) const {
  return slot != kNoIndex && scan_.slots[slot].kind == Slot::Kind::kParameter;
}

void ShapeBuilder::set_role(std::span<const uint32_t> slots, SlotRole role, uint32_t predicate,
                            const ColumnUse& column) {
  for (const uint32_t slot : slots) {
    SlotUse& use = shape_.slots[slot];
    use.role = role;
    use.predicate = predicate;
    use.column = column;
  }
}

Facts ShapeBuilder::examine(const Node* expression, const Place& place) {
  Facts facts;
  const ProtobufCMessage* message = message_of(expression);
  if (message != nullptr) examine_message(*message, place, facts);
  if (place.in_having && facts.aggregate) shape_.blocks[place.block].has_aggregate = true;
  return facts;
}

void ShapeBuilder::examine_all(Nodes expressions, const Place& place) {
  for (const Node* expression : expressions) examine(expression, place);
}

void ShapeBuilder::examine_message(const ProtobufCMessage& message, const Place& place, Facts& facts) {
  const Depth depth(*this);
  if (!depth) return;
  const ProtobufCMessageDescriptor* type = message.descriptor;
  const auto note_slot = [&](int32_t location) {
    const uint32_t slot = slot_at(location);
    if (slot != kNoIndex && (facts.slots.empty() || facts.slots.back() != slot)) facts.slots.push_back(slot);
  };
  if (type == &pg_query__a__const__descriptor) {
    note_slot(reinterpret_cast<const PgQuery__AConst&>(message).location);
  } else if (type == &pg_query__param_ref__descriptor) {
    note_slot(reinterpret_cast<const PgQuery__ParamRef&>(message).location);
  } else if (type == &pg_query__column_ref__descriptor) {
    const auto& column = reinterpret_cast<const PgQuery__ColumnRef&>(message);
    ResolvedColumn resolved = resolve(column, place.scope);
    if (facts.columns.size() < kMaxColumnsKept) facts.columns.push_back(std::move(resolved));
  } else if (type == &pg_query__func_call__descriptor) {
    examine_call(reinterpret_cast<const PgQuery__FuncCall&>(message), place, facts);
  } else if (type == &pg_query__sub_link__descriptor) {
    examine_sub_link(reinterpret_cast<const PgQuery__SubLink&>(message), place, facts);
  } else {
    bool over = false;
    if (type == &pg_query__grouping_func__descriptor || is_json_aggregate(message, over)) {
      facts.window = facts.window || over;
      facts.aggregate = facts.aggregate || !over;
    }
    for_each_child(message, [&](const ProtobufCMessage& child) { examine_message(child, place, facts); });
  }
}

void ShapeBuilder::examine_call(const PgQuery__FuncCall& call, const Place& place, Facts& facts) {
  const std::string_view name = last_name(function_name(call));
  const size_t slots_before = facts.slots.size();
  for_each_child(call.base, [&](const ProtobufCMessage& child) {
    if (child.descriptor != &pg_query__string__descriptor) examine_message(child, place, facts);
  });
  FunctionUse function;
  function.name = call_name(call);
  function.block = place.block;
  function.in_target = place.in_target;
  function.in_from = place.in_from;
  function.argument_slots.assign(facts.slots.begin() + static_cast<std::ptrdiff_t>(slots_before),
                                 facts.slots.end());
  for (const uint32_t slot : function.argument_slots) {
    if (shape_.slots[slot].role == SlotRole::kNone) shape_.slots[slot].role = SlotRole::kFunctionArgument;
  }
  const bool aggregate = call.agg_star || call.agg_distinct || call.agg_within_group ||
                         call.agg_filter != nullptr || call.n_agg_order > 0 || contains(kAggregates, name);
  if (call.over != nullptr) {
    facts.window = true;
  } else if (aggregate) {
    facts.aggregate = true;
  }
  facts.volatile_call = facts.volatile_call || contains(kVolatile, name);
  if (shape_.functions.size() >= kMaxFunctions) {
    shape_.truncated = true;
  } else {
    shape_.functions.push_back(std::move(function));
  }
}

void ShapeBuilder::examine_sub_link(const PgQuery__SubLink& link, const Place& place, Facts& facts) {
  BlockRole role = BlockRole::kScalarSubquery;
  if (link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK) role = BlockRole::kExists;
  if (link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK) role = BlockRole::kArraySubquery;
  if (link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK ||
      link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK) {
    role = BlockRole::kInSubquery;
  }
  if (const ProtobufCMessage* test = message_of(link.testexpr)) examine_message(*test, place, facts);
  const uint32_t block = draw_query(link.subselect, place.block, role, place.scope);
  if (block != kNoIndex) facts.sub_blocks.push_back(block);
}

bool ShapeBuilder::is_one_word(const Node* value) const {
  const Node* bare = without_casts(value);
  return is(bare, PG_QUERY__NODE__NODE_A_CONST) && is_word(*bare->a_const) &&
         !slot_is_parameter(slot_at(bare->a_const->location));
}

// Constants and parameters only: how many, and whether they are all words.
void ShapeBuilder::classify_list(Nodes elements, Operand& operand) const {
  operand.elements = static_cast<uint32_t>(elements.size());
  operand.words = !elements.empty() &&
                  std::ranges::all_of(elements, [this](const Node* element) { return is_one_word(element); });
}

Operand ShapeBuilder::operand_of(const Node* node, const Place& place) {
  Operand operand;
  operand.node = node;
  operand.facts = examine(node, place);
  const Node* bare = without_casts(node);
  if (bare == nullptr) return operand;
  if (is(bare, PG_QUERY__NODE__NODE_COLUMN_REF)) {
    operand.kind = OperandKind::kColumn;
    operand.bare_column = bare == node;
    operand.cast_column = bare != node;
  } else if (is(bare, PG_QUERY__NODE__NODE_SUB_LINK)) {
    operand.kind = OperandKind::kSubquery;
    if (!operand.facts.sub_blocks.empty()) operand.block = operand.facts.sub_blocks.back();
  } else if (operand.has_column() || operand.facts.volatile_call || !operand.facts.sub_blocks.empty()) {
    operand.kind = OperandKind::kExpression;
  } else if (is(bare, PG_QUERY__NODE__NODE_PARAM_REF)) {
    operand.kind = OperandKind::kParameter;
  } else if (is(bare, PG_QUERY__NODE__NODE_A_CONST)) {
    const bool parameter = slot_is_parameter(slot_at(bare->a_const->location));
    operand.kind = parameter ? OperandKind::kParameter : OperandKind::kConstant;
    if (bare->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL) {
      operand.elements = array_elements(text(bare->a_const->sval->sval));
    }
  } else if (is(bare, PG_QUERY__NODE__NODE_A_ARRAY_EXPR)) {
    operand.kind = OperandKind::kList;
    classify_list(nodes(bare->a_array_expr->n_elements, bare->a_array_expr->elements), operand);
  } else {
    operand.kind = OperandKind::kStable;
  }
  return operand;
}

}  // namespace pgsieve::internal
