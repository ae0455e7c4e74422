#include "rules/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <tuple>

#include "analyzer/base/hash.h"

namespace pgsieve {

std::string_view severity_name(FindingSeverity severity) {
  constexpr std::string_view kNames[] = {"info", "warning", "error"};
  return kNames[static_cast<size_t>(severity)];
}

std::string_view confidence_name(Confidence confidence) {
  constexpr std::string_view kNames[] = {"low", "medium", "high", "proved"};
  return kNames[static_cast<size_t>(confidence)];
}

bool confidence_from_name(std::string_view name, Confidence& out) {
  for (const Confidence candidate :
       {Confidence::kLow, Confidence::kMedium, Confidence::kHigh, Confidence::kProved}) {
    if (confidence_name(candidate) == name) {
      out = candidate;
      return true;
    }
  }
  return false;
}

double RuleContext::option(std::string_view name, double otherwise) const {
  const auto found = options.find(std::string(name));
  if (found == options.end()) return otherwise;
  double value = otherwise;
  const std::string& text = found->second;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string finding_id(std::string_view rule, const PatternKey& pattern, const PatternKey& parent,
                       std::string_view extra) {
  const std::string identity =
      fmt::format("1|{}|{:016x}/{}|{:016x}/{}|{}", rule, pattern.fingerprint, arity_name(pattern.arity),
                  parent.fingerprint, arity_name(parent.arity), extra);
  return fmt::format("{:016x}", hash64(identity));
}

namespace {
bool listed(std::span<const std::string> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}
}  // namespace

std::vector<Finding> run_rules(const RuleContext& context, std::span<const std::string> only,
                               std::span<const std::string> skip) {
  std::vector<Finding> findings;
  for (const Rule& rule : all_rules()) rule.check(context, findings);
  std::erase_if(findings, [&](const Finding& finding) {
    return (!only.empty() && !listed(only, finding.rule)) || listed(skip, finding.rule);
  });
  std::sort(findings.begin(), findings.end(), [](const Finding& left, const Finding& right) {
    return std::tie(right.severity, right.confidence, right.time_ms, left.rule, left.id) <
           std::tie(left.severity, left.confidence, left.time_ms, right.rule, right.id);
  });
  return findings;
}

}  // namespace pgsieve
