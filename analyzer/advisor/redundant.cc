#include "analyzer/advisor/redundant.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/advisor/sql_expression.h"

namespace pgsieve {

namespace {

constexpr double kPage = 8192;

// `wide` does all the work of `narrow`, for the same rows.
bool replaces(const IndexDefinition& wide, const IndexDefinition& narrow) {
  return covers(wide, narrow) && normal_expression(wide.predicate) == normal_expression(narrow.predicate);
}

bool may_go(const Index& index) {
  return !index.primary && !index.constraint;
}

std::string columns_of(const IndexDefinition& definition) {
  std::string text;
  for (const IndexKey& key : definition.keys) text += (text.empty() ? "" : ", ") + key_sql(key);
  return text;
}

// The one of two that replace each other to keep: what backs a constraint, what is unique, the older name.
bool keep_first(const Table& table, const Index& first, const Index& second) {
  const bool mutual = replaces(definition_of(table, first), definition_of(table, second)) &&
                      replaces(definition_of(table, second), definition_of(table, first));
  if (!mutual) return true;
  if (may_go(first) != may_go(second)) return !may_go(first);
  if (first.unique != second.unique) return first.unique;
  return first.name < second.name;
}

DropProposal drop_of(const Table& table, const Index& index, const Statistics& statistics,
                     const WriteModel& writes) {
  DropProposal drop;
  drop.index = definition_of(table, index);
  drop.id = definition_id(drop.index);
  drop.name = index.name;
  if (const RelationStatistics* known = statistics.find(table.schema, index.name)) {
    drop.size_bytes = known->pages * kPage;
    drop.scans = known->scans;
  }
  drop.entries_per_second = writes.entries_per_second(table, index);
  return drop;
}

}  // namespace

std::vector<DropProposal> find_redundant(const Schema& schema, const Statistics& statistics,
                                         const WriteModel& writes, std::vector<Proposal>& proposals) {
  std::vector<DropProposal> drops;
  for (const Table& table : schema.tables()) {
    for (const Index& narrow : table.indexes) {
      if (!may_go(narrow)) continue;
      const IndexDefinition own = definition_of(table, narrow);
      const auto wide = std::ranges::find_if(table.indexes, [&](const Index& each) {
        return &each != &narrow && replaces(definition_of(table, each), own) &&
               keep_first(table, each, narrow);
      });
      DropProposal drop = drop_of(table, narrow, statistics, writes);
      if (wide != table.indexes.end()) {
        const IndexDefinition other = definition_of(table, *wide);
        drop.covered_by = wide->name;
        drop.reason = wide->keys.size() == narrow.keys.size() && wide->include.size() == narrow.include.size()
                          ? fmt::format("the same as {}", wide->name)
                          : fmt::format("{} starts with the same columns: ({}) before ({})", wide->name,
                                        columns_of(other), columns_of(own));
        drops.push_back(std::move(drop));
        continue;
      }
      const auto proposed = std::ranges::find_if(
          proposals, [&](const Proposal& each) { return !each.ask && replaces(each.index, own); });
      if (proposed == proposals.end() || narrow.unique) continue;
      proposed->makes_redundant.push_back(narrow.name);
      proposed->overlaps.push_back(
          fmt::format("{} ({}) is a part of it and can go once it is built", narrow.name, columns_of(own)));
      drop.covered_by = proposed->name;
      drop.by_proposal = true;
      drop.reason = fmt::format("the proposed {} starts with the same columns", proposed->name);
      drops.push_back(std::move(drop));
    }
  }
  return drops;
}

}  // namespace pgsieve
