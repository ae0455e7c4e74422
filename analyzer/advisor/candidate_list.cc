#include "analyzer/advisor/candidate_list.h"

#include <algorithm>
#include <utility>

#include "analyzer/sql/expression_text.h"

namespace pgsieve::internal {

namespace {

constexpr size_t kMaxIncluded = 4;
constexpr double kMaxIncludedWidth = 64;  // bytes: wider columns make the index as large as the table
constexpr double kMostlyNull = 0.5;

}  // namespace

IndexDefinition CandidateList::blank() const {
  IndexDefinition index;
  index.schema = conditions_.table == nullptr ? std::string(relation_.schema) : conditions_.table->schema;
  index.table = relation_.name;
  return index;
}

void CandidateList::add(Candidate candidate) {
  if (candidate.index.keys.empty()) return;
  std::ranges::sort(candidate.index.include);
  // A key of mostly NULL that is compared with a value: the NULLs need not be in the index.
  const std::string& first = candidate.index.keys.front().column;
  const ColumnStatistics* known =
      conditions_.table == nullptr || first.empty()
          ? nullptr
          : statistics_.find_column(conditions_.table->schema, conditions_.table->name, first);
  const bool compared = std::ranges::any_of(conditions_.equal, [&first](const IndexTerm& term) {
    return term.key.column == first && term.predicate->op != PredicateOperator::kIsNull;
  });
  if (known != nullptr && known->null_fraction > kMostlyNull && compared &&
      candidate.index.predicate.empty() && candidate.kind == Candidate::Kind::kBtree) {
    Candidate partial = candidate;
    partial.index.predicate = quote_identifier(first) + " IS NOT NULL";
    partial.why += ", without the rows where it is NULL";
    add_unless_served(std::move(partial));
  }
  add_unless_served(std::move(candidate));
}

void CandidateList::add_with_included(Candidate candidate) {
  if (conditions_.whole_row || conditions_.table == nullptr) return;
  for (const std::string& column : conditions_.needed) {
    const bool key =
        std::ranges::find(candidate.index.keys, column, &IndexKey::column) != candidate.index.keys.end();
    // A column that the predicate pins need not be in the index.
    const bool pinned = !candidate.index.predicate.empty() &&
                        std::ranges::find(conditions_.constant_keys, column, &IndexKey::column) !=
                            conditions_.constant_keys.end();
    if (key || pinned) continue;
    if (conditions_.table->find_column(column) == nullptr) return;
    const ColumnStatistics* known =
        statistics_.find_column(conditions_.table->schema, conditions_.table->name, column);
    const std::string& type = conditions_.table->find_column(column)->type;
    if ((known != nullptr && known->average_width > kMaxIncludedWidth) || type == "json" || type == "jsonb" ||
        type == "bytea")
      return;
    candidate.index.include.push_back(column);
  }
  if (candidate.index.include.empty() || candidate.index.include.size() > kMaxIncluded) return;
  candidate.why += ", the other columns included so that the table need not be visited";
  add(std::move(candidate));
}

void CandidateList::add_unless_served(Candidate candidate) {
  if (conditions_.table != nullptr)
    for (const Index& index : conditions_.table->indexes) {
      if (!covers(definition_of(*conditions_.table, index), candidate.index)) continue;
      out_.served |= candidate.complete;
      return;
    }
  const std::string key = definition_key(candidate.index);
  if (known_.insert(key).second) out_.candidates.push_back(std::move(candidate));
}

}  // namespace pgsieve::internal
