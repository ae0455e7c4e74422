// Loop and Repeat: what happened between statements. Facts only: which statement ran how often after which
// other one, with how many distinct values, how tightly; whether that is a problem is for the rules.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/base/histogram.h"
#include "analyzer/workload/pattern.h"

namespace pgsieve {

// How the executions of a loop were held together.
enum class ScopeKind : uint8_t { kTrace, kTag, kTest, kTransaction, kSession, kFanOut };
std::string_view scope_kind_name(ScopeKind kind);

// Where the values of the child's varying slot come from, strongest first.
enum class Provenance : uint8_t {
  kRows,      // they were cells of the parent's result (wire), see matched_values
  kArgument,  // they equal a value the parent itself was called with
  kList,      // they are elements of the parent's constant list
  kNone,      // nothing is known but the order of events
};

// One scope's worth of evidence for "child ran N times after parent". Kept as an example; see Loop::examples.
struct LoopExample {
  ScopeKind scope = ScopeKind::kSession;
  Microseconds time = kUnknownTime;  // of the first child execution
  uint32_t count = 0;                // child executions in the scope
  uint32_t parent_count = 0;         // parent executions before the last child; 0: no parent
  uint32_t most_per_parent = 0;      // most child executions between two parent executions
  uint32_t distinct_values = 0;      // of the most varying slot (saturates at 65,535)
  uint32_t distinct_tuples = 0;      // of all value slots together
  uint32_t repeated = 0;  // executions whose tuple had been seen before, nothing written to its tables since
  uint32_t longest_run = 0;  // consecutive executions, transparent statements aside
  uint32_t cycle_statements =
      0;  // distinct statements between two children, the child included (0: irregular)
  uint32_t sessions = 1;
  uint32_t errors = 0;     // failed statements between the children
  uint32_t rollbacks = 0;  // ROLLBACKs between them
  uint32_t commits = 0;    // COMMITs between them
  uint32_t resets =
      0;  // pool check-ins (DISCARD, RESET ALL), application or tag changes, new traces between them
  uint32_t setting_changes = 0;            // SET search_path / ROLE / schema changes between them
  uint32_t ascending = 0, descending = 0;  // steps of the varying value, when it is a number
  uint32_t arithmetic = 0;                 // steps equal to the step before
  uint32_t fed_by_previous = 0;  // executions whose value was an argument of the statement just before
  uint32_t empty_results = 0, row_results = 0;  // executions known to return no / some rows
  uint16_t varying_slot = 0;                    // ordinal in the child's scan order
  uint32_t varying_roles = 0;                   // bit (1 << SlotRole) for every role with a varying slot
  uint32_t constant_roles = 0;                  // and for every role with a slot that never varied
  int64_t parent_limit = -1;                    // LIMIT of the parent's last execution
  int64_t parent_rows = -1;                     // rows it returned
  Provenance provenance = Provenance::kNone;
  uint32_t matched_values = 0;  // distinct child values found in the parent's rows / list / arguments
  uint32_t matched_in_order = 0;
  std::string parent_column;  // kRows: the parent's column they came from
  std::string parent_table;
  Microseconds child_time = 0;             // sum of the children's durations
  Microseconds span = 0;                   // first child's start to last child's end
  Microseconds parent_gap = kUnknownTime;  // parent's end to first child's start
  Microseconds median_gap =
      kUnknownTime;  // client turnaround before a child (end of the statement before it to its start)
  Microseconds max_gap = kUnknownTime;
  Microseconds scope_median_gap = kUnknownTime;  // turnaround before all other statements of the scope
  std::vector<PatternKey>
      cycle;                 // the distinct statements of one turn of the loop, the child included; at most 8
  std::string child_sample;  // one child's text with its values, cut at 500 bytes
  std::string parent_sample;
  std::vector<std::string> sample_values;  // up to 5 values of the varying slot, in order
  std::string source;  // tags of the first child: "controller=posts action=index", file:line, test
};

struct LoopKey {
  PatternKey child;
  PatternKey parent;  // kNoPattern: nothing that could be a parent ran before it in the scope
  friend auto operator<=>(const LoopKey&, const LoopKey&) = default;
};

struct Loop {
  LoopKey key;
  uint64_t scopes = 0;         // scopes in which the child ran at least twice after the parent
  uint64_t latent_scopes = 0;  // scopes in which it ran exactly once
  uint64_t executions = 0;     // child executions in `scopes`
  Histogram per_scope;         // child executions per scope
  Histogram per_parent;        // most child executions after one parent execution, per scope
  Microseconds child_time = 0;
  Microseconds gap_time = 0;  // client turnaround between the children
  // Least-squares sums over scopes: x = rows (or LIMIT) of the parent, y = child executions. Integers, so
  // merging is exact.
  uint64_t scaling_n = 0, scaling_x = 0, scaling_y = 0, scaling_xy = 0, scaling_xx = 0, scaling_yy = 0;
  FacetCounts sources;  // tags / code locations / tests of the first child of each scope
  FacetCounts databases, applications;
  // The kMaxExamples scopes that come first in a fixed total order (most executions first, then a hash of the
  // example), so that which are kept does not depend on the order of the input.
  static constexpr size_t kMaxExamples = 6;
  std::vector<LoopExample> examples;

  void add_example(LoopExample example);
  void merge(const Loop& other);
};

// A total order on examples: true when `left` is to be kept before `right`.
bool better_example(const LoopExample& left, const LoopExample& right);

}  // namespace pgsieve
