#include "analyzer/workload/unit_facts.h"

#include <algorithm>
#include <iterator>

namespace pgsieve {

void raise(UnitCounts& worst, const UnitCounts& counts) {
  worst.statements = std::max(worst.statements, counts.statements);
  worst.rows = std::max(worst.rows, counts.rows);
  worst.time = std::max(worst.time, counts.time);
  worst.patterns = std::max(worst.patterns, counts.patterns);
}

void add_pattern(UnitFacts& facts, const PatternKey& key, uint64_t count) {
  facts.patterns[key] += count;
  if (facts.patterns.size() <= UnitFacts::kMaxPatterns) return;
  facts.patterns.erase(std::prev(facts.patterns.end()));
  facts.patterns_dropped = true;
}

void UnitFacts::merge(const UnitFacts& other) {
  runs += other.runs;
  total.statements += other.total.statements;
  total.rows += other.total.rows;
  total.time += other.total.time;
  raise(worst, other.worst);
  patterns_dropped = patterns_dropped || other.patterns_dropped;
  for (const auto& [key, count] : other.patterns) add_pattern(*this, key, count);
  total.patterns = patterns.size();
}

UnitFacts* unit_of(Units& units, const std::string& name) {
  const auto found = units.find(name);
  if (found != units.end()) return &found->second;
  if (units.size() >= kMaxUnits) {
    const auto last = std::prev(units.end());
    if (last->first < name) return nullptr;
    units.erase(last);
  }
  return &units[name];
}

}  // namespace pgsieve
