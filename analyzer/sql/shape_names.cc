// What a column reference means.
//
// A name is looked up in the block it stands in, then outward. A relation that is itself a query (derived
// table, CTE) passes the question on to its select list until a base table, or an expression, is reached.
#include "analyzer/sql/shape_builder.h"

#include <algorithm>

namespace pgsieve::internal {

using namespace tree;

namespace {
constexpr int kMaxPassing = 24;  // sub-queries a column is followed through
}

void ShapeBuilder::mark_correlated(const Scope* from, const Scope* to) {
  // By parents, not by scopes: a derived table does not see its siblings, yet its block stands between.
  for (uint32_t block = from->block; block != kNoIndex && block != to->block;
       block = shape_.blocks[block].parent) {
    shape_.blocks[block].correlated = true;
  }
}

uint32_t ShapeBuilder::find_relation(std::string_view schema, std::string_view name,
                                     const Scope& scope) const {
  for (const uint32_t index : scope.relations) {
    const Relation& relation = shape_.relations[index];
    const bool matches = relation.alias.empty() ? relation.name == name : relation.alias == name;
    if (matches && (schema.empty() || relation.schema.empty() || relation.schema == schema)) return index;
  }
  return kNoIndex;
}

ResolvedColumn ShapeBuilder::resolve(const PgQuery__ColumnRef& column, const Scope* scope) {
  const Nodes fields = nodes(column.n_fields, column.fields);
  if (fields.empty()) return {};
  const bool star = is(fields.back(), PG_QUERY__NODE__NODE_A_STAR);
  const std::string_view name = star ? std::string_view() : string_of(fields.back());
  if (fields.size() == 1) return star ? ResolvedColumn{} : resolve_name(name, scope);
  const std::string_view qualifier = string_of(fields[fields.size() - 2]);
  const std::string_view schema =
      fields.size() > 2 ? string_of(fields[fields.size() - 3]) : std::string_view();
  for (const Scope* at = scope; at != nullptr; at = at->outer) {
    uint32_t relation = find_relation(schema, qualifier, *at);
    if (relation == kNoIndex && !at->pseudo_name.empty() && qualifier == at->pseudo_name &&
        !at->relations.empty()) {
      relation = at->relations.front();
    }
    if (relation == kNoIndex) continue;
    if (at != scope) mark_correlated(scope, at);
    ResolvedColumn result;
    result.direct = relation;
    result.outer = at != scope;
    result.use = star ? ColumnUse{relation, ""} : through(relation, name, 0);
    return result;
  }
  return {.use = {kNoIndex, std::string(name)}};
}

ResolvedColumn ShapeBuilder::resolve_name(std::string_view name, const Scope* scope) {
  for (const Scope* at = scope; at != nullptr; at = at->outer) {
    for (const Scope::Merged& merged : at->merged) {
      if (merged.name == name)
        return {.use = merged.use, .direct = merged.use.relation, .outer = at != scope};
    }
    bool possible = false;
    const uint32_t owner = only_owner(at->relations, name, 0, possible);
    if (owner != kNoIndex) {
      if (at != scope) mark_correlated(scope, at);
      const Relation& relation = shape_.relations[owner];
      // `row_to_json(u)` names a row, not a column; a name that is both is a column to PostgreSQL, so only
      // written aliases.
      const bool row = relation.alias == name && relation.kind == Relation::Kind::kTable;
      return {
          .use = row ? ColumnUse{owner, ""} : through(owner, name, 0), .direct = owner, .outer = at != scope};
    }
    const uint32_t row = find_relation({}, name, *at);
    if (row != kNoIndex && shape_.relations[row].alias == name) {
      if (at != scope) mark_correlated(scope, at);
      return {.use = {row, ""}, .direct = row, .outer = at != scope};
    }
    if (possible) break;  // several relations may own it: only the schema can tell
  }
  return {.use = {kNoIndex, std::string(name)}};
}

// The one relation that can own the column: the only one that surely does, or the only one that may.
// `possible` tells whether any may at all.
uint32_t ShapeBuilder::only_owner(std::span<const uint32_t> relations, std::string_view column, int depth,
                                  bool& possible) const {
  uint32_t sure = kNoIndex;
  uint32_t maybe = kNoIndex;
  size_t maybes = 0;
  for (const uint32_t relation : relations) {
    const Has has = has_column(relation, column, depth);
    if (has == Has::kYes && sure == kNoIndex) sure = relation;
    if (has == Has::kMaybe) {
      maybe = relation;
      ++maybes;
    }
  }
  possible = sure != kNoIndex || maybes > 0;
  if (sure != kNoIndex) return sure;
  return maybes == 1 ? maybe : kNoIndex;
}

// The block whose select list names the relation's columns; kNoIndex for tables and functions.
uint32_t ShapeBuilder::output_block(uint32_t relation) const {
  uint32_t block = shape_.relations[relation].source_block;
  for (int hop = 0; hop < kMaxPassing && block != kNoIndex; ++hop) {
    if (block_details_[block].first_arm == kNoIndex) return block;
    block = block_details_[block].first_arm;
  }
  return kNoIndex;
}

const TargetColumn* ShapeBuilder::output_column(uint32_t block, std::string_view column,
                                                size_t& index) const {
  const std::vector<TargetColumn>& targets = shape_.blocks[block].targets;
  for (index = 0; index < targets.size(); ++index) {
    if (!targets[index].star && targets[index].name == column) return &targets[index];
  }
  return nullptr;
}

namespace {

// Position of a name in a list of names given by an alias; npos when absent.
size_t position_of(const std::vector<std::string>& names, std::string_view column) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == column) return i;
  }
  return std::string::npos;
}

}  // namespace

ShapeBuilder::Has ShapeBuilder::has_column(uint32_t relation, std::string_view column, int depth) const {
  if (depth > kMaxPassing) return Has::kMaybe;
  const Relation& about = shape_.relations[relation];
  const RelationDetail& detail = relation_details_[relation];
  if (position_of(detail.columns, column) != std::string::npos) return Has::kYes;
  if (about.kind == Relation::Kind::kTable) return Has::kMaybe;
  const uint32_t block = output_block(relation);
  if (block == kNoIndex) return detail.complete ? Has::kNo : Has::kMaybe;
  const std::vector<std::string>& named = block_details_[about.source_block].column_names;
  if (position_of(named, column) != std::string::npos) return Has::kYes;
  const std::vector<TargetColumn>& targets = shape_.blocks[block].targets;
  if (targets.empty()) return Has::kMaybe;  // still being drawn: a recursive member
  size_t index = 0;
  if (detail.columns.empty() && named.empty() && output_column(block, column, index) != nullptr)
    return Has::kYes;
  Has result = Has::kNo;
  for (const TargetColumn& target : targets) {
    if (!target.star) continue;
    const std::vector<uint32_t> one{target.use.relation};
    const std::vector<uint32_t>& behind =
        target.use.relation != kNoIndex ? one : block_details_[block].relations;
    for (const uint32_t inner : behind) result = std::max(result, has_column(inner, column, depth + 1));
  }
  return result;
}

ColumnUse ShapeBuilder::through(uint32_t relation, std::string_view column, int depth) const {
  const ColumnUse here{relation, std::string(column)};
  const uint32_t block = output_block(relation);
  if (block == kNoIndex || depth > kMaxPassing) return here;
  const std::vector<TargetColumn>& targets = shape_.blocks[block].targets;
  const RelationDetail& detail = relation_details_[relation];
  const std::vector<std::string>& named =
      block_details_[shape_.relations[relation].source_block].column_names;
  size_t index = position_of(detail.columns.empty() ? named : detail.columns, column);
  const TargetColumn* target = nullptr;
  if (index != std::string::npos) {
    for (size_t i = 0; i <= index && i < targets.size(); ++i) {
      if (targets[i].star) return here;  // a star before it: the position tells nothing
    }
    target = index < targets.size() ? &targets[index] : nullptr;
  } else {
    target = output_column(block, column, index);
  }
  if (target != nullptr) {
    return target->use.relation != kNoIndex && !target->use.whole_row() ? target->use : here;
  }
  for (const TargetColumn& star : targets) {
    if (!star.star) continue;
    bool possible = false;
    uint32_t inner = star.use.relation;
    if (inner == kNoIndex) inner = only_owner(block_details_[block].relations, column, depth + 1, possible);
    if (inner != kNoIndex && has_column(inner, column, depth + 1) != Has::kNo)
      return through(inner, column, depth + 1);
  }
  return here;
}

bool ShapeBuilder::reaches_base(uint32_t relation, int depth) const {
  if (shape_.relations[relation].kind == Relation::Kind::kTable) return true;
  const uint32_t block = output_block(relation);
  if (block == kNoIndex || depth > kMaxPassing) return false;
  for (const TargetColumn& target : shape_.blocks[block].targets) {
    if (target.star_over_base) return true;
  }
  return false;
}

}  // namespace pgsieve::internal
