// Pattern: everything known about one kind of statement. Plain, mergeable data: merge(a, b) of two patterns
// of one key is the pattern of both inputs, whatever the order.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/compact_text.h"
#include "analyzer/base/histogram.h"
#include "analyzer/base/shared_text.h"
#include "analyzer/base/time.h"
#include "analyzer/sql/fingerprint.h"
#include "analyzer/sql/shape.h"
#include "analyzer/workload/facet.h"
#include "analyzer/workload/sample_reservoir.h"

namespace pgsieve {

// What makes two statements the same pattern: libpg_query's fingerprint and our arity class.
struct PatternKey {
  uint64_t fingerprint = 0;
  Arity arity = Arity::kScalar;
  bool approximate = false;  // the fingerprint is ours: the grammar rejected the text
  friend auto operator<=>(const PatternKey&, const PatternKey&) = default;
};
inline constexpr PatternKey kNoPattern{};

// What executed plans said about one access path of this pattern.
struct PlanFact {
  enum class Access : uint8_t { kSeqScan, kIndexScan, kIndexOnlyScan, kBitmapScan, kSort, kOther };
  Access access = Access::kOther;
  std::string relation;
  std::string index;
  std::string filter;     // constants folded to ?
  std::string condition;  // index condition, constants folded
  std::string sort_key;
  uint64_t executions = 0;      // plans that had it
  double loops = 0;             // sum
  double rows = 0;              // sum of actual rows × loops
  double rows_removed = 0;      // sum of rows removed by filter × loops
  double max_rows = 0;          // of one plan
  double max_rows_removed = 0;  // of one plan
  uint64_t disk_sorts = 0;
  friend bool operator==(const PlanFact&, const PlanFact&) = default;
};

// A pause inside an open transaction after an execution of this pattern.
struct TransactionPause {
  Microseconds gap = 0;
  Microseconds time = kUnknownTime;  // when it began
  PatternKey next;                   // the statement that ended it
  uint32_t statements_before = 0;  // executed in the transaction before the pause, transparent ones left out
  uint32_t writes_before = 0;      // of them, writes and row locks
  std::string tables_written;      // comma-separated, at most 200 bytes
};

struct Pattern {
  PatternKey key;
  SharedText query;  // normalize_for_display() of reference_text
  SharedText
      reference_text;  // of the earliest execution (ties: smallest text), from which the shape is drawn
  Microseconds reference_time = kUnknownTime;
  CompactText parse_error;  // when the key is approximate

  uint64_t calls = 0;  // executions that ended well
  uint64_t errors = 0;
  FacetCounts sqlstates;  // of the errors
  Histogram durations;    // µs per execution, parse and bind included
  Microseconds prepare_total = 0;
  uint64_t timed_calls = 0;  // calls with a known duration
  uint64_t rows_calls = 0;   // calls with a known number of rows
  uint64_t rows_total = 0;
  uint64_t rows_max = 0;
  uint64_t bytes_total = 0;        // result bytes (wire)
  uint64_t fetches = 0;            // calls read through a row-limited portal or cursor
  uint64_t prepares = 0;           // parse steps seen (one per execution: never reused)
  uint64_t max_list_elements = 0;  // longest IN list
  uint64_t list_calls = 0;
  uint64_t list_elements = 0;
  Histogram offsets;  // OFFSET values seen (rows)
  Histogram limits;   // LIMIT values seen
  Microseconds first = kUnknownTime, last = kUnknownTime;
  FacetCounts databases, users, applications;
  std::map<std::string, FacetCounts>
      tags;  // sqlcommenter keys with few values: route, controller, action, job, db_driver, test…
  ExecutionSample slowest;
  SampleReservoir samples;      // empty when values are not kept
  std::vector<PlanFact> plans;  // bounded (bottom-k by identity), sorted by identity
  uint64_t planned_calls = 0;   // calls whose plan was seen
  uint64_t window_starts = 0;   // session windows that began with it
  Histogram transaction_gaps;   // µs idle inside an open transaction after this pattern
  TransactionPause longest_pause;

  // Shared, immutable; drawn from reference_text when the pattern is made or loaded. Never null after that.
  std::shared_ptr<const StatementShape> shape;

  double total_ms() const { return static_cast<double>(durations.sum()) / 1000.0; }
  void merge(const Pattern& other);
};

// Widens [first, last] by [from, to]; unknown times are left out.
void widen(Microseconds& first, Microseconds& last, Microseconds from, Microseconds to);

// The counts of a key in a bounded set of keys: the first kMaxTagKeys in alphabetical order are kept, a
// bottom-k like that of FacetCounts. nullptr: none, the key is beyond them.
inline constexpr size_t kMaxTagKeys = 16;
FacetCounts* facet_of(std::map<std::string, FacetCounts>& facets, const std::string& key);

// Which of two samples to keep must not depend on the order of the input. Total orders: true when `left` is
// the one to keep.
bool better_sample(const ExecutionSample& left, const ExecutionSample& right);
bool longer_pause(const TransactionPause& left, const TransactionPause& right);

// Adds a fact to a bounded, sorted list of facts.
void merge_plan_fact(std::vector<PlanFact>& facts, const PlanFact& fact);

}  // namespace pgsieve
