#include "analyzer/workload/unit_counter.h"

#include <algorithm>

namespace pgsieve {

void UnitCounter::close(const Run& run) {
  UnitFacts* facts = unit_of(units_, run.name);
  if (facts == nullptr) return;
  ++facts->runs;
  UnitCounts counts = run.counts;
  counts.patterns = run.patterns.size();
  raise(facts->worst, counts);
}

void UnitCounter::count(const StatementEvent& statement) {
  const StatementClass kind = statement.info->kind;
  if (kind != StatementClass::kQuery && kind != StatementClass::kWrite && kind != StatementClass::kCursor)
    return;
  std::vector<std::string> names;
  if (std::string test = names_.test_of(*statement.tags); !test.empty()) names.push_back("test:" + test);
  if (std::string route = names_.route_of(*statement.tags); !route.empty()) names.push_back("route:" + route);
  for (const std::string& key : tags_) {
    if (const std::string_view value = statement.tags->find(key); !value.empty())
      names.push_back(key + "=" + std::string(value));
  }
  if (names.empty() && open_.empty()) return;
  std::vector<Run>& runs = open_[statement.session];
  std::erase_if(runs, [&](const Run& run) {
    const bool other = std::find(names.begin(), names.end(), run.name) == names.end();
    const bool paused = run.end != kUnknownTime && statement.start != kUnknownTime &&
                        statement.start - run.end > kPause && !run.name.starts_with("test:");
    const bool ends = other || paused || run.trace != statement.trace;
    if (ends) close(run);
    return ends;
  });
  const PatternKey key = statement.pattern == nullptr ? kNoPattern : statement.pattern->key;
  const uint64_t rows = statement.rows > 0 ? static_cast<uint64_t>(statement.rows) : 0;
  for (std::string& name : names) {
    UnitFacts* facts = unit_of(units_, name);
    if (facts == nullptr) continue;
    ++facts->total.statements;
    facts->total.rows += rows;
    facts->total.time += statement.duration;
    add_pattern(*facts, key, 1);
    facts->total.patterns = facts->patterns.size();
    auto run = std::find_if(runs.begin(), runs.end(), [&](const Run& each) { return each.name == name; });
    if (run == runs.end())
      run = runs.insert(
          runs.end(),
          Run{.name = std::move(name), .trace = statement.trace, .end = {}, .counts = {}, .patterns = {}});
    run->end = statement.end;
    ++run->counts.statements;
    run->counts.rows += rows;
    run->counts.time += statement.duration;
    if (run->patterns.size() < UnitFacts::kMaxPatterns &&
        std::find(run->patterns.begin(), run->patterns.end(), key) == run->patterns.end())
      run->patterns.push_back(key);
  }
}

void UnitCounter::end_session(uint64_t session) {
  const auto found = open_.find(session);
  if (found == open_.end()) return;
  for (const Run& run : found->second) close(run);
  open_.erase(found);
}

void UnitCounter::finish() {
  for (const auto& [session, runs] : open_) {
    for (const Run& run : runs) close(run);
  }
  open_.clear();
}

}  // namespace pgsieve
