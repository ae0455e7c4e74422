#include "rules/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

#include "analyzer/base/hash.h"
#include "analyzer/base/parallel.h"
#include "analyzer/sql/canonical.h"

namespace pgsieve {

std::string_view severity_name(FindingSeverity severity) {
  constexpr std::string_view kNames[] = {"info", "warning", "error"};
  return kNames[static_cast<size_t>(severity)];
}

std::string_view confidence_name(Confidence confidence) {
  constexpr std::string_view kNames[] = {"low", "medium", "high", "proved"};
  return kNames[static_cast<size_t>(confidence)];
}

std::string_view standing_name(Standing standing) {
  constexpr std::string_view kNames[] = {"new", "worse", "known", "suppressed"};
  return kNames[static_cast<size_t>(standing)];
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

namespace {

// Base 32 in lower case without the letters that look like digits or like each other (Crockford's alphabet).
std::string base32(uint64_t bits, size_t digits) {
  constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
  std::string text(digits, '0');
  for (size_t at = digits; at-- > 0; bits >>= 5U) text[at] = kDigits[bits & 31U];
  return text;
}

std::string id_of(std::string_view rule, std::string_view form, std::string_view parent_form,
                  std::string_view object) {
  const Hash128 hash = hash128(fmt::format("{}\n{}\n{}\n{}", rule, form, parent_form, object));
  return fmt::format("v{}:{}", kCanonicalVersion, base32(hash.low, 12));
}

// The same query is in many findings; its form is drawn once.
class Forms {
 public:
  Forms(const std::vector<Finding>& findings, unsigned threads) {
    for (const Finding& finding : findings) {
      forms_.try_emplace(finding.query);
      forms_.try_emplace(finding.parent_query);
      if (!finding.chain.empty()) forms_.try_emplace(finding.chain.front().query);
    }
    std::vector<std::pair<const std::string_view, std::string>*> drawn;
    for (auto& form : forms_) {
      if (!form.first.empty()) drawn.push_back(&form);
    }
    parallel_for(threads, drawn.size(), [&drawn]() -> IndexWorker {
      return [&drawn](size_t index) { drawn[index]->second = canonical_form(drawn[index]->first); };
    });
  }

  const std::string& of(const std::string& query) const { return forms_.find(query)->second; }

 private:
  std::map<std::string_view, std::string> forms_;  // the findings' own texts
};

}  // namespace

std::string finding_id(std::string_view rule, std::string_view query, std::string_view parent_query,
                       std::string_view object) {
  return id_of(rule, canonical_form(query),
               parent_query.empty() ? std::string() : canonical_form(parent_query), object);
}

namespace {
bool listed(std::span<const std::string> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void put_worst_first(std::vector<Finding>& findings) {
  std::ranges::stable_sort(findings, [](const Finding& left, const Finding& right) {
    return std::tie(right.severity, right.confidence, right.time_ms, left.rule, left.id, right.count) <
           std::tie(left.severity, left.confidence, left.time_ms, right.rule, right.id, left.count);
  });
}

// Forms of one statement that differ as patterns only, IN ($1) and = $1, are one finding: the worst speaks
// for the others.
void unite_equal(std::vector<Finding>& findings) {
  struct Others {
    uint64_t forms = 0, executions = 0;
  };
  std::map<std::string, std::pair<Finding*, Others>> by_id;
  for (Finding& finding : findings) {
    auto& [first, others] = by_id.try_emplace(finding.id, &finding, Others{}).first->second;
    if (first == &finding) continue;
    ++others.forms;
    others.executions += finding.count;
    first->count += finding.count;
    first->scopes += finding.scopes;
    first->time_ms += finding.time_ms;
  }
  for (auto& [id, united] : by_id) {
    auto& [first, others] = united;
    if (others.forms != 0)
      first->evidence.push_back(
          fmt::format("{} more executions in {} written a little differently", others.executions,
                      others.forms == 1 ? "one form" : fmt::format("{} forms", others.forms)));
  }
  std::erase_if(findings,
                [&by_id](const Finding& finding) { return by_id.at(finding.id).first != &finding; });
}
}  // namespace

std::vector<Finding> run_rules(const RuleContext& context, std::span<const std::string> only,
                               std::span<const std::string> skip) {
  std::vector<Finding> findings;
  for (const Rule& rule : all_rules()) rule.check(context, findings);
  std::erase_if(findings, [&](const Finding& finding) {
    return (!only.empty() && !listed(only, finding.rule)) || listed(skip, finding.rule);
  });
  const Forms forms(findings, context.threads);
  for (Finding& finding : findings) {
    finding.id = id_of(finding.rule, forms.of(finding.query), forms.of(finding.parent_query), finding.object);
    if (!finding.chain.empty())
      finding.chain_id = id_of("chain", forms.of(finding.chain.front().query), {}, {});
  }
  put_worst_first(findings);
  unite_equal(findings);
  put_worst_first(findings);  // they are worth more together
  return findings;
}

}  // namespace pgsieve
