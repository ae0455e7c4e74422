#include "analyzer/workload/pattern.h"

#include <algorithm>
#include <tuple>

#include "analyzer/base/hash.h"

namespace pgsieve {

void widen(Microseconds& first, Microseconds& last, Microseconds from, Microseconds to) {
  if (from != kUnknownTime) first = first == kUnknownTime ? from : std::min(first, from);
  if (to != kUnknownTime) last = last == kUnknownTime ? to : std::max(last, to);
}

FacetCounts* facet_of(std::map<std::string, FacetCounts>& facets, const std::string& key) {
  const auto found = facets.find(key);
  if (found != facets.end()) return &found->second;
  if (facets.size() >= kMaxTagKeys) {
    const auto last = std::prev(facets.end());
    if (last->first < key) return nullptr;
    facets.erase(last);
  }
  return &facets[key];
}

bool better_sample(const ExecutionSample& left, const ExecutionSample& right) {
  return std::tie(right.duration, left.time, left.text, left.parameters) <
         std::tie(left.duration, right.time, right.text, right.parameters);
}

bool longer_pause(const TransactionPause& left, const TransactionPause& right) {
  return std::tie(right.gap, left.time, left.next, left.statements_before, left.writes_before,
                  left.tables_written) < std::tie(left.gap, right.time, right.next, right.statements_before,
                                                  right.writes_before, right.tables_written);
}

namespace {

// The order in which plan facts are kept: by a hash of what identifies them, so that the bounded list is a
// bottom-k sketch (see facet.h) and merging stays exact.
uint64_t identity_of(const PlanFact& fact) {
  uint64_t hash = static_cast<uint64_t>(fact.access);
  for (const std::string* part :
       {&fact.relation, &fact.index, &fact.filter, &fact.condition, &fact.sort_key}) {
    hash = hash_combine(hash, hash64(*part));
  }
  return hash;
}

}  // namespace

void merge_plan_fact(std::vector<PlanFact>& facts, const PlanFact& fact) {
  constexpr size_t kMaxPlanFacts = 24;
  const uint64_t identity = identity_of(fact);
  const auto at =
      std::lower_bound(facts.begin(), facts.end(), identity,
                       [](const PlanFact& kept, uint64_t wanted) { return identity_of(kept) < wanted; });
  if (at == facts.end() || identity_of(*at) != identity) {
    if (at == facts.end() && facts.size() == kMaxPlanFacts) return;
    facts.insert(at, fact);
    if (facts.size() > kMaxPlanFacts) facts.pop_back();
    return;
  }
  at->executions += fact.executions;
  at->loops += fact.loops;
  at->rows += fact.rows;
  at->rows_removed += fact.rows_removed;
  at->max_rows = std::max(at->max_rows, fact.max_rows);
  at->max_rows_removed = std::max(at->max_rows_removed, fact.max_rows_removed);
  at->disk_sorts += fact.disk_sorts;
}

void Pattern::merge(const Pattern& other) {
  const bool take_reference =
      !other.reference_text.empty() &&
      (reference_text.empty() ||
       std::tie(other.reference_time, other.reference_text) < std::tie(reference_time, reference_text));
  if (take_reference) {
    query = other.query;
    reference_text = other.reference_text;
    reference_time = other.reference_time;
    parse_error = other.parse_error;
    shape = other.shape;
  }
  calls += other.calls;
  errors += other.errors;
  sqlstates.merge(other.sqlstates);
  durations.merge(other.durations);
  prepare_total += other.prepare_total;
  timed_calls += other.timed_calls;
  rows_calls += other.rows_calls;
  rows_total += other.rows_total;
  rows_max = std::max(rows_max, other.rows_max);
  bytes_total += other.bytes_total;
  fetches += other.fetches;
  prepares += other.prepares;
  max_list_elements = std::max(max_list_elements, other.max_list_elements);
  list_calls += other.list_calls;
  list_elements += other.list_elements;
  offsets.merge(other.offsets);
  limits.merge(other.limits);
  widen(first, last, other.first, other.last);
  databases.merge(other.databases);
  users.merge(other.users);
  applications.merge(other.applications);
  for (const auto& [tag, values] : other.tags) {
    if (FacetCounts* counts = facet_of(tags, tag)) counts->merge(values);
  }
  if (!other.slowest.empty() && (slowest.empty() || better_sample(other.slowest, slowest)))
    slowest = other.slowest;
  samples.merge(other.samples);
  for (const PlanFact& fact : other.plans) merge_plan_fact(plans, fact);
  planned_calls += other.planned_calls;
  window_starts += other.window_starts;
  transaction_gaps.merge(other.transaction_gaps);
  if (longer_pause(other.longest_pause, longest_pause)) longest_pause = other.longest_pause;
}

}  // namespace pgsieve
