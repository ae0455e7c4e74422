// UnitCounter: from executions to UnitFacts.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/workload/statement_event.h"
#include "analyzer/workload/unit_facts.h"
#include "analyzer/workload/unit_names.h"

namespace pgsieve {

// Counts executions by unit. Not thread-safe.
class UnitCounter {
 public:
  // `tags`: keys of tags that are units, too.
  UnitCounter(Units& units, const UnitNames& names, std::vector<std::string> tags)
      : units_(units), names_(names), tags_(std::move(tags)) {}
  void count(const StatementEvent& statement);
  void end_session(uint64_t session);
  void finish();  // closes all runs

 private:
  struct Run {
    std::string name;
    uint64_t trace = 0;
    Microseconds end = kUnknownTime;
    UnitCounts counts;
    std::vector<PatternKey> patterns;
  };
  void close(const Run& run);

  static constexpr Microseconds kPause = 250 * kMillisecond;
  Units& units_;
  const UnitNames& names_;
  std::vector<std::string> tags_;
  std::unordered_map<uint64_t, std::vector<Run>> open_;  // by session
};

}  // namespace pgsieve
