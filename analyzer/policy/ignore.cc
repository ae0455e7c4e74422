#include "analyzer/policy/ignore.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgsieve {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool known_rule(std::string_view name) {
  const auto rules = all_rules();
  return std::any_of(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.name == name; });
}

const FacetCounts* directives_of(const Pattern& pattern) {
  const auto tags = pattern.tags.find("pgsieve");
  return tags == pattern.tags.end() ? nullptr : &tags->second;
}

}  // namespace

IgnoreDirective parse_ignore(std::string_view tag) {
  IgnoreDirective directive;
  tag = trimmed(tag);
  if (!tag.starts_with("ignore")) {
    directive.refused = fmt::format("'pgsieve:{}' is no directive: write pgsieve:ignore RULE -- reason", tag);
    return directive;
  }
  tag.remove_prefix(6);
  if (!tag.empty() && tag.front() != ' ' && tag.front() != ':' && tag.front() != '=') {
    directive.refused =
        fmt::format("'pgsieve:ignore{}' is no directive: write pgsieve:ignore RULE -- reason", tag);
    return directive;
  }
  const size_t dashes = tag.find("--");
  if (dashes != std::string_view::npos) directive.reason = trimmed(tag.substr(dashes + 2));
  std::string_view names = tag.substr(0, dashes);
  while (!names.empty()) {
    const size_t end = std::min(names.find_first_of(" ,:="), names.size());
    if (end > 0) directive.rules.emplace_back(names.substr(0, end));
    names.remove_prefix(std::min(names.size(), end + 1));
  }
  if (directive.rules.empty()) {
    directive.refused = "pgsieve:ignore names no rule and does nothing: write pgsieve:ignore RULE -- reason";
  }
  for (const std::string& rule : directive.rules) {
    if (!known_rule(rule)) directive.refused = fmt::format("pgsieve:ignore {}: there is no such rule", rule);
  }
  return directive;
}

bool ignored_inline(const Workload& workload, const Finding& finding, std::string& reason) {
  const Pattern* pattern = workload.find(finding.pattern);
  const FacetCounts* tags = pattern == nullptr ? nullptr : directives_of(*pattern);
  if (tags == nullptr) return false;
  uint64_t covered = 0;
  for (const FacetCounts::Value& value : tags->by_frequency()) {
    const IgnoreDirective directive = parse_ignore(value.text);
    if (!directive.refused.empty() ||
        std::find(directive.rules.begin(), directive.rules.end(), finding.rule) == directive.rules.end())
      continue;
    covered += value.count;
    if (reason.empty()) reason = directive.reason;
  }
  return covered != 0 && covered >= std::min(finding.count, pattern->calls);
}

std::vector<std::string> directive_notices(const Workload& workload, const std::vector<Finding>& findings) {
  std::vector<std::string> notices;
  for (const auto& [key, pattern] : workload.patterns) {
    const FacetCounts* tags = directives_of(pattern);
    if (tags == nullptr) continue;
    for (const FacetCounts::Value& value : tags->by_frequency()) {
      const IgnoreDirective directive = parse_ignore(value.text);
      if (!directive.refused.empty()) {
        notices.push_back(fmt::format("{} (on {})", directive.refused, pattern.query));
        continue;
      }
      for (const std::string& rule : directive.rules) {
        const PatternKey& about = pattern.key;
        const bool used =
            std::any_of(findings.begin(), findings.end(), [&rule, &about](const Finding& finding) {
              return finding.pattern == about && finding.rule == rule;
            });
        if (!used)
          notices.push_back(fmt::format("pgsieve:ignore {} is not needed (on {})", rule, pattern.query));
      }
    }
  }
  return notices;
}

}  // namespace pgsieve
