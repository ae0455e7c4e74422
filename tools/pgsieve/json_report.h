// A report that `-o json` wrote, read back as far as comparing needs it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analyzer/base/error.h"

namespace pgsieve {

struct JsonFinding {
  std::string id, rule, query, parent_query, object, message;
  uint64_t count = 0, scopes = 0;
  std::map<std::string, std::string> tags;
};

struct JsonPattern {
  std::string fingerprint, arity, query;
  uint64_t calls = 0;
  double mean_ms = -1;  // unknown
};

struct JsonReport {
  std::vector<JsonFinding> findings;
  std::vector<JsonPattern> patterns;
  uint64_t patterns_total = 0;  // more than patterns.size() when the report was cut
};

// True when the file begins like one. False for what can't be read.
bool is_json_report(const std::string& path);

// Errors are of kind usage, with the file.
Result<JsonReport> read_json_report(const std::string& path);

}  // namespace pgsieve
