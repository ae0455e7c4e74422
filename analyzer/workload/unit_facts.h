// UnitFacts: what one test, route or tagged job did to the database. Kept only when somebody asks
// (WorkloadOptions::track_units): budgets, and knowing which tests ran at all.
//
// A test is all that ran under its name in the capture. A route is met many times; its limits are about one
// request, so beside the sums there is the worst run: an unbroken series of its statements on one connection,
// cut by another route, another trace, or a pause outside what requests do (250 ms).
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "analyzer/workload/pattern.h"

namespace pgsieve {

struct UnitCounts {
  uint64_t statements = 0;  // reads and writes; not BEGIN, SET, …
  uint64_t rows = 0;
  Microseconds time = 0;
  uint64_t patterns = 0;  // distinct
  friend bool operator==(const UnitCounts&, const UnitCounts&) = default;
};

// Mergeable: sums, extremes, and the counts of the kMaxPatterns patterns with the smallest keys.
struct UnitFacts {
  static constexpr size_t kMaxPatterns = 512;
  uint64_t runs = 0;
  UnitCounts total;  // patterns: see distinct()
  UnitCounts worst;  // each the largest of any one run
  std::map<PatternKey, uint64_t> patterns;
  bool patterns_dropped = false;

  void merge(const UnitFacts& other);
  friend bool operator==(const UnitFacts&, const UnitFacts&) = default;
};

// `worst` raised to `counts`, each number by itself.
void raise(UnitCounts& worst, const UnitCounts& counts);
void add_pattern(UnitFacts& facts, const PatternKey& key, uint64_t count);

// "test:NAME", "route:NAME", "KEY=VALUE" → facts; the kMaxUnits with the smallest names.
using Units = std::map<std::string, UnitFacts>;
inline constexpr size_t kMaxUnits = 20'000;
UnitFacts* unit_of(Units& units, const std::string& name);  // nullptr: beyond them

}  // namespace pgsieve
