// Where findings come from: tests, routes, places in the source, and what each unit of work may cost.
#include <fmt/format.h>

#include <algorithm>

#include "analyzer/policy/policy.h"
#include "analyzer/workload/tags.h"

namespace pgsieve {

namespace {

std::string tag_of(const Finding& finding, const std::string& key) {
  const auto tag = finding.tags.find(key);
  return tag == finding.tags.end() ? std::string() : tag->second;
}

void take_first(Finding& finding, const std::string& name, std::initializer_list<const char*> others) {
  if (!tag_of(finding, name).empty()) return;
  for (const char* other : others) {
    const std::string value = tag_of(finding, other);
    if (value.empty()) continue;
    finding.tags[name] = value;
    return;
  }
}

// The loop behind a finding that executes most; nullptr: it is about no loop.
const Loop* loop_of(const Workload& workload, const Finding& finding) {
  const Loop* best = nullptr;
  for (auto at = workload.loops.lower_bound(LoopKey{finding.pattern, kNoPattern});
       at != workload.loops.end() && at->first.child == finding.pattern; ++at) {
    if (finding.parent != kNoPattern && at->first.parent != finding.parent) continue;
    if (best == nullptr || at->second.executions > best->executions) best = &at->second;
  }
  return best;
}

bool about_a_loop(const Finding& finding) {
  return finding.rule == "n-plus-one" || finding.rule == "write-loop" || finding.rule == "recursive-walk";
}

// A statement runs in many places; what counts is where the loop ran.
void take_source(const Workload& workload, Finding& finding) {
  std::string source = tag_of(finding, "source");
  if (source.empty() && about_a_loop(finding)) {
    const Loop* loop = loop_of(workload, finding);
    if (loop != nullptr && !loop->examples.empty()) source = loop->examples.front().source;
    if (loop != nullptr && source.empty() && workload.marked.total() != 0) finding.tags.erase("test");
  }
  if (source.empty()) return;
  const auto pairs = parse_source(source);
  const bool names_unit =
      std::any_of(pairs.begin(), pairs.end(), [](const auto& pair) { return !pair.first.empty(); });
  if (names_unit) finding.tags.erase("test");
  for (const auto& [key, value] : pairs) {
    if (!key.empty()) finding.tags[key] = value;
  }
}

bool matches(const LocationRule& rule, const Finding& finding) {
  return std::all_of(rule.match.begin(), rule.match.end(), [&](const auto& condition) {
    const auto& [key, pattern] = condition;
    const std::string value = key == "rule"    ? finding.rule
                              : key == "table" ? finding.table
                              : key == "app"   ? tag_of(finding, "application")
                                               : tag_of(finding, key);
    return glob_match(pattern, value);
  });
}

std::string counted_difference(double now, double before) {
  const double difference = now - before;
  return fmt::format("{:.0f} at the baseline, {:.0f} {}", before, difference < 0 ? -difference : difference,
                     difference < 0 ? "fewer now" : "more now");
}

struct Limit {
  std::string_view noun;
  std::optional<double> limit;
  double now = 0;
  double before = 0;
};

std::string over_limits(const std::vector<Limit>& limits, bool has_before) {
  std::string text;
  for (const Limit& limit : limits) {
    if (!limit.limit || limit.now <= *limit.limit) continue;
    if (!text.empty()) text += "; ";
    text += fmt::format("{:.0f} {}, the budget is {:.0f}", limit.now, limit.noun, *limit.limit);
    if (has_before) text += fmt::format(" ({})", counted_difference(limit.now, limit.before));
  }
  return text;
}

// Of "test:NAME" against [[budget]] test = PATTERN.
bool budget_matches(const Budget& budget, const std::string& unit) {
  if (!budget.test.empty()) return unit.starts_with("test:") && glob_match(budget.test, unit.substr(5));
  if (!budget.route.empty()) return unit.starts_with("route:") && glob_match(budget.route, unit.substr(6));
  return !budget.tag.empty() && glob_match(budget.tag, unit);
}

Finding budget_finding(const Workload& workload, const std::string& unit, const UnitFacts& facts,
                       const UnitCounts& counts, const std::string& over, const Budget& budget) {
  Finding finding;
  finding.rule = "budget";
  finding.severity = FindingSeverity::kError;
  finding.confidence = Confidence::kProved;
  finding.object = unit;
  finding.id = finding_id(finding.rule, {}, {}, unit);
  finding.count = counts.statements;
  finding.scopes = facts.runs;
  finding.time_ms = static_cast<double>(counts.time) / kMillisecond;
  finding.message = fmt::format("{} took {}", unit, over);
  finding.properties["budget"] = budget.where;
  const size_t colon = unit.find_first_of(":=");
  finding.tags[unit.substr(0, colon)] = unit.substr(colon + 1);
  std::vector<std::pair<uint64_t, PatternKey>> most;
  for (const auto& [key, count] : facts.patterns) most.emplace_back(count, key);
  std::sort(most.begin(), most.end(), std::greater<>());
  for (size_t i = 0; i < std::min<size_t>(most.size(), 5); ++i) {
    const Pattern* pattern = workload.find(most[i].second);
    if (pattern == nullptr) continue;
    if (finding.query.empty()) {
      finding.query = pattern->query;
      finding.pattern = pattern->key;
    }
    finding.evidence.push_back(fmt::format("{} x {}", most[i].first, pattern->query));
  }
  if (most.size() > 5) finding.evidence.push_back(fmt::format("and {} more statements", most.size() - 5));
  return finding;
}

}  // namespace

void attribute(const Workload& workload, const Policy& policy, Finding& finding) {
  take_source(workload, finding);
  take_first(finding, "test", {"pgsieve_test"});
  if (const std::string route = name_from_tags(policy.unit_sources.route,
                                               [&](const std::string& key) { return tag_of(finding, key); });
      !route.empty())
    finding.tags["route"] = route;
  take_first(finding, "file", {"source_location", "code.file.path", "code.filepath"});
  take_first(finding, "line", {"code.line.number", "code.lineno"});
  if (!tag_of(finding, "file").empty()) return;
  for (const LocationRule& rule : policy.locations) {
    if (!matches(rule, finding)) continue;
    finding.tags["file"] = rule.file;
    if (rule.line != 0) finding.tags["line"] = fmt::format("{}", rule.line);
    return;
  }
}

bool budgeted(const Policy& policy, const std::string& unit) {
  return std::any_of(policy.budgets.begin(), policy.budgets.end(),
                     [&](const Budget& budget) { return budget_matches(budget, unit); });
}

void judge_budgets(const Workload& workload, const Policy& policy, std::vector<Finding>& findings) {
  for (const auto& [unit, facts] : workload.units) {
    const UnitCounts& counts = unit.starts_with("test:") ? facts.total : facts.worst;
    const auto earlier = policy.baseline.units.find(unit);
    const bool has_before = earlier != policy.baseline.units.end();
    const UnitCounts before = has_before ? earlier->second : UnitCounts();
    for (const Budget& budget : policy.budgets) {
      if (!budget_matches(budget, unit)) continue;
      const auto number = [](uint64_t value) { return static_cast<double>(value); };
      const std::string over = over_limits(
          {{"statements", budget.statements, number(counts.statements), number(before.statements)},
           {"distinct statements", budget.patterns, number(counts.patterns), number(before.patterns)},
           {"rows", budget.rows, number(counts.rows), number(before.rows)},
           {"ms", budget.time_ms, static_cast<double>(counts.time) / kMillisecond,
            static_cast<double>(before.time) / kMillisecond}},
          has_before);
      if (over.empty()) continue;
      findings.push_back(budget_finding(workload, unit, facts, counts, over, budget));
      break;
    }
  }
}

}  // namespace pgsieve
