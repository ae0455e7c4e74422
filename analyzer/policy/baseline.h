// Baseline: the findings a team knows of, in a file that lives beside the code (pgsieve-baseline.toml).
//
//   schema = 1
//
//   [[finding]]
//   id     = "v1:k7q2m9x4ta1c"          what is matched: see finding_id()
//   rule   = "n-plus-one"
//   state  = "todo"                      or "accepted", which needs a reason and may have `until`, a date
//   sql    = "SELECT * FROM order_items WHERE order_id = $1"
//   parent = "SELECT * FROM orders WHERE user_id = $1 LIMIT $2"
//   seen   = ["test:tests/a.py::test_index", "route:orders#index"]
//   calls  = 120
//
// Entries are sorted by rule and id, one block each with a blank line between, so that two branches that add
// entries merge. Numbers and `seen` never decide whether a finding is known; `calls` is what a ratchet
// compares with, `seen` tells whether an entry that did not show up had its chance to. Units of work that
// budgets speak of keep their counts in [[unit]] blocks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/base/error.h"
#include "analyzer/workload/unit_facts.h"
#include "rules/rule.h"

namespace pgsieve {

struct BaselineEntry {
  std::string id, rule, state = "todo";
  std::string reason;
  std::optional<int64_t> until;  // day_number(); accepted only up to and including that day
  std::string sql, parent, object;
  std::vector<std::string> seen;  // names of Units, sorted; at most kMaxSeen
  uint64_t calls = 0;
  static constexpr size_t kMaxSeen = 8;
};

struct Baseline {
  std::vector<BaselineEntry> entries;       // sorted by rule, then id; ids are unique
  std::map<std::string, UnitCounts> units;  // what was measured when the baseline was made

  const BaselineEntry* find(std::string_view id) const;
  BaselineEntry* find(std::string_view id);
  void sort();
};

// Fails with file, line and column on anything that is not a baseline, unknown keys and duplicate ids
// included.
Result<Baseline> parse_baseline(std::string_view text, const std::string& file);
Result<Baseline> load_baseline(const std::string& path);

// The file's text. `made_by`: the command, kept in the head so that it can be repeated.
std::string write_baseline(const Baseline& baseline, const std::string& made_by);

// An entry of state todo.
BaselineEntry entry_of(const Finding& finding);

// The units a finding was seen in, as in Workload::units: from its tags "test" and "route".
std::vector<std::string> units_of(const Finding& finding);

// Gives every entry the identity that this version makes of its stored SQL; how many changed. Two entries
// that become one keep the accepted state.
size_t migrate(Baseline& baseline);

}  // namespace pgsieve
