// Snapshot: what a comparison looks at, the same whether it comes from a capture, a store or a JSON report.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analyzer/base/error.h"
#include "analyzer/sql/fingerprint.h"
#include "tools/pgsieve/options.h"

namespace pgsieve {

struct SnapshotPattern {
  std::string query;
  uint64_t calls = 0;
  double mean_ms = -1;     // unknown
  bool scanned = false;    // a plan read a table from end to end
  bool looked_up = false;  // a plan used an index
  bool planned = false;
  // What it asks for: "table.column" of its equality and list conditions; "table+table" it joins.
  std::vector<std::string> keys;
  std::vector<std::string> tables;
  Arity arity = Arity::kScalar;
  bool read = false;
};

struct SnapshotFinding {
  std::string rule, query, parent, message;
  uint64_t count = 0, scopes = 0;
};

struct Snapshot {
  std::string name;
  std::map<std::string, SnapshotPattern> patterns;  // by canonical form
  std::map<std::string, SnapshotFinding> findings;  // by identity
  bool complete = true;                             // false: a JSON report that was cut to its first patterns
};

// `options` say how captures are read; its inputs are ignored.
Result<Snapshot> take_snapshot(const std::string& path, const AnalysisOptions& options);

// Executions per scope, at least 1 where there are any.
double per_scope(const SnapshotFinding& finding);

}  // namespace pgsieve
