#include "analyzer/policy/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "analyzer/policy/ignore.h"
#include "analyzer/policy/toml.h"
#include "analyzer/sql/canonical.h"

namespace pgsieve {

namespace {

constexpr size_t kMaxSearched = 2048;  // std::regex recurses on the text's length

std::string tag_of(const Finding& finding, const std::string& key) {
  const auto tag = finding.tags.find(key);
  return tag == finding.tags.end() ? std::string() : tag->second;
}

bool table_matches(const std::string& pattern, const std::string& table) {
  if (glob_match(pattern, table)) return true;
  const size_t dot = table.rfind('.');
  return dot != std::string::npos && glob_match(pattern, table.substr(dot + 1));
}

bool sql_matches(const Suppression& suppression, const std::string& query) {
  if (!suppression.sql_expression) return true;
  const auto end = query.begin() + static_cast<std::ptrdiff_t>(std::min(query.size(), kMaxSearched));
  return std::regex_search(query.begin(), end, *suppression.sql_expression);
}

bool any_value(const FacetCounts& counts, const std::string& pattern) {
  return std::any_of(counts.values().begin(), counts.values().end(),
                     [&](const FacetCounts::Value& value) { return glob_match(pattern, value.text); });
}

bool tag_has(const std::map<std::string, FacetCounts>& tags, const std::string& key,
             const std::string& pattern) {
  const auto found = tags.find(key);
  return found != tags.end() && any_value(found->second, pattern);
}

bool holds(const Suppression& suppression, const Workload& workload, const Finding& finding) {
  if (!suppression.rule.empty() && suppression.rule != finding.rule) return false;
  if (!suppression.id.empty() && suppression.id != finding.id) return false;
  if (!suppression.table.empty() && !table_matches(suppression.table, finding.table)) return false;
  if (!suppression.test.empty() && !glob_match(suppression.test, tag_of(finding, "test"))) return false;
  if (!suppression.tag.empty()) {
    const size_t equals = suppression.tag.find('=');
    if (!glob_match(suppression.tag.substr(equals + 1), tag_of(finding, suppression.tag.substr(0, equals))))
      return false;
  }
  if (!suppression.app.empty()) {
    const Pattern* pattern = workload.find(finding.pattern);
    if (pattern == nullptr || !any_value(pattern->applications, suppression.app)) return false;
  }
  return sql_matches(suppression, finding.query);
}

// Something of what the suppression speaks of ran in this capture.
bool in_scope(const Suppression& suppression, const Workload& workload) {
  for (const auto& [key, pattern] : workload.patterns) {
    if (!suppression.table.empty() && pattern.shape != nullptr) {
      const auto& relations = pattern.shape->relations;
      if (std::none_of(relations.begin(), relations.end(), [&](const Relation& relation) {
            return table_matches(suppression.table, qualified_name(relation));
          }))
        continue;
    }
    if (!suppression.test.empty() && !tag_has(pattern.tags, "test", suppression.test)) continue;
    if (!suppression.tag.empty()) {
      const size_t equals = suppression.tag.find('=');
      if (!tag_has(pattern.tags, suppression.tag.substr(0, equals), suppression.tag.substr(equals + 1)))
        continue;
    }
    if (!suppression.app.empty() && !any_value(pattern.applications, suppression.app)) continue;
    if (sql_matches(suppression, pattern.query)) return true;
  }
  return false;
}

// Ran only in what prepares the tests: its program marks its tests, and none of its executions is in one.
bool in_set_up(const Workload& workload, const Finding& finding) {
  if (workload.marked.total() == 0 || !tag_of(finding, "test").empty()) return false;
  const Pattern* pattern = workload.find(finding.pattern);
  if (pattern == nullptr) return false;
  const FacetCounts& programs =
      pattern->applications.total() != 0 ? pattern->applications : pattern->databases;
  return programs.total() != 0 &&
         std::all_of(
             programs.values().begin(), programs.values().end(), [&](const FacetCounts::Value& program) {
               const auto& marked = workload.marked.values();
               return std::any_of(marked.begin(), marked.end(),
                                  [&](const FacetCounts::Value& each) { return each.text == program.text; });
             });
}

void note_expiry(Outcome& outcome, int64_t days) {
  if (!outcome.next_expiry || days < *outcome.next_expiry) {
    outcome.next_expiry = days;
    outcome.expiring = 0;
  }
  if (days == *outcome.next_expiry) ++outcome.expiring;
}

// Two findings of one identity are the same thing in two spellings: the worse one, which comes first, speaks
// for both, so that every identity is there once.
void merge_equal(std::vector<Finding>& findings) {
  std::map<std::string, size_t> first;
  std::vector<Finding> kept;
  for (Finding& finding : findings) {
    const auto [at, fresh] = first.try_emplace(finding.id, kept.size());
    if (fresh) {
      kept.push_back(std::move(finding));
      continue;
    }
    Finding& same = kept[at->second];
    same.count += finding.count;
    same.scopes += finding.scopes;
    same.time_ms += finding.time_ms;
    if (finding.query != same.query)
      same.evidence.push_back(fmt::format("{} more in another spelling: {}", finding.count, finding.query));
  }
  findings = std::move(kept);
}

// One run of apply().
class Judge {
 public:
  Judge(const Policy& policy, const Workload& workload) : policy_(policy), workload_(workload) {
    used_.resize(policy.suppressions.size());
    for (const BaselineEntry& entry : policy.baseline.entries) {
      by_id_[entry.id] = &entry;
      // A loop whose parent was not recognised this time is most often the rest of a loop with one.
      if (!entry.parent.empty())
        without_parent_.emplace(finding_id(entry.rule, entry.sql, {}, entry.object), &entry);
    }
  }

  void judge(Finding& finding) {
    if (const auto severity = policy_.severities.find(finding.rule); severity != policy_.severities.end())
      finding.severity = severity->second;
    const BaselineEntry* entry = entry_for(finding);
    if (entry != nullptr) seen_.insert(entry->id);
    if (suppressed(finding)) {
      finding.standing = Standing::kSuppressed;
      ++outcome_.suppressed;
    } else if (policy_.gate && in_set_up(workload_, finding)) {
      finding.standing = Standing::kSuppressed;
      finding.standing_note = "ran only in set-up, outside every test";
      ++outcome_.set_up;
    } else if (entry != nullptr && accepted(*entry, finding)) {
      compare(finding, entry->calls);
    } else if (const auto before = policy_.against.find(finding.id); before != policy_.against.end()) {
      compare(finding, before->second);
    } else {
      finding.standing = Standing::kNew;
      ++outcome_.fresh;
    }
  }

  void note_hidden(const Finding& finding) {
    if (const BaselineEntry* entry = entry_for(finding)) seen_.insert(entry->id);
  }

  Outcome finish(const std::vector<Finding>& findings) {
    outcome_.gate = policy_.gate;
    outcome_.has_baseline = policy_.has_baseline || policy_.has_against;
    for (size_t i = 0; i < policy_.suppressions.size(); ++i) note_unused(policy_.suppressions[i], used_[i]);
    for (std::string& notice : directive_notices(workload_, findings))
      outcome_.notices.push_back(std::move(notice));
    if (policy_.gate) judge_entries();
    return std::move(outcome_);
  }

 private:
  const BaselineEntry* entry_for(const Finding& finding) const {
    if (const auto found = by_id_.find(finding.id); found != by_id_.end()) return found->second;
    if (!finding.parent_query.empty()) return nullptr;
    const auto found = without_parent_.find(finding.id);
    return found == without_parent_.end() ? nullptr : found->second;
  }

  bool suppressed(Finding& finding) {
    for (size_t i = 0; i < policy_.suppressions.size(); ++i) {
      const Suppression& suppression = policy_.suppressions[i];
      if (!holds(suppression, workload_, finding)) continue;
      used_[i] = true;
      if (suppression.until && *suppression.until < policy_.today) {
        finding.standing_note =
            fmt::format("its suppression ended on {} ({}: {})", day_text(*suppression.until),
                        suppression.where, suppression.reason);
        continue;
      }
      if (suppression.until) note_expiry(outcome_, *suppression.until - policy_.today);
      finding.standing_note = suppression.reason;
      return true;
    }
    std::string reason;
    if (!ignored_inline(workload_, finding, reason)) return false;
    finding.standing_note = reason.empty() ? "pgsieve:ignore in the statement" : reason;
    return true;
  }

  bool accepted(const BaselineEntry& entry, Finding& finding) {
    if (!entry.until) {
      finding.standing_note = entry.reason;
      return true;
    }
    if (*entry.until < policy_.today) {
      finding.standing_note = fmt::format("was accepted until {}: {}", day_text(*entry.until), entry.reason);
      return false;
    }
    note_expiry(outcome_, *entry.until - policy_.today);
    finding.standing_note = entry.reason;
    return true;
  }

  void compare(Finding& finding, uint64_t before) {
    const auto ratchet = policy_.ratchets.find(finding.rule);
    const bool worse = ratchet != policy_.ratchets.end() &&
                       static_cast<double>(finding.count) >
                           static_cast<double>(before) * ratchet->second.factor + ratchet->second.addend;
    finding.standing = worse ? Standing::kWorse : Standing::kKnown;
    if (worse) finding.standing_note = fmt::format("{} executions, {} before", finding.count, before);
    ++(worse ? outcome_.worse : outcome_.known);
  }

  void note_unused(const Suppression& suppression, bool used) {
    if (used) {
      if (suppression.until && *suppression.until < policy_.today)
        outcome_.notices.push_back(
            fmt::format("{}: this suppression ended on {}", suppression.where, day_text(*suppression.until)));
    } else if (in_scope(suppression, workload_)) {
      outcome_.notices.push_back(fmt::format("{}: this suppression is not needed any more ({})",
                                             suppression.where, suppression.reason));
    }
  }

  void judge_entries() {
    const Exercised exercised(workload_);
    for (const BaselineEntry& entry : policy_.baseline.entries) {
      if (seen_.contains(entry.id)) continue;
      if (!exercised.covers(entry)) {
        ++outcome_.not_exercised;
        continue;
      }
      ++outcome_.stale;
      outcome_.stale_ids.insert(entry.id);
      outcome_.stale_entries.push_back(fmt::format("{} {}: {}", entry.id, entry.rule, entry.sql));
    }
  }

  const Policy& policy_;
  const Workload& workload_;
  std::map<std::string, const BaselineEntry*> by_id_, without_parent_;
  std::set<std::string> seen_;
  std::vector<bool> used_;
  Outcome outcome_;
};

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) {
  size_t at = 0, from = 0, star = std::string_view::npos, resume = 0;
  while (from < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      resume = from;
    } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[from])) {
      ++at;
      ++from;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      from = ++resume;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

std::optional<Ratchet> parse_ratchet(std::string_view text) {
  if (!text.starts_with("calls")) return {};
  text.remove_prefix(5);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  if (text.empty()) return Ratchet{};
  const char operation = text.front();
  text.remove_prefix(1);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return {};
  if (operation == '*' && number >= 1) return Ratchet{number, 0};
  if (operation == '+') return Ratchet{1, number};
  return {};
}

std::string Outcome::summary() const {
  std::string text = fmt::format("{} new", fresh);
  if (worse != 0) text += fmt::format(", {} worse", worse);
  if (has_baseline) text += fmt::format(", {} known", known);
  if (suppressed != 0 || set_up != 0) text += fmt::format(", {} suppressed", suppressed + set_up);
  if (next_expiry) {
    text += fmt::format(" ({} {} in {} {})", expiring, expiring == 1 ? "expires" : "expire", *next_expiry,
                        *next_expiry == 1 ? "day" : "days");
  }
  if (stale != 0) text += fmt::format(", {} stale", stale);
  return text;
}

Exercised::Exercised(const Workload& workload) : workload_(workload) {
  for (const auto& [key, pattern] : workload.patterns) {
    if (pattern.calls != 0) forms_.insert(canonical_form(pattern.query));
  }
}

bool Exercised::covers(const BaselineEntry& entry) const {
  if (!entry.seen.empty()) {
    return std::all_of(entry.seen.begin(), entry.seen.end(),
                       [&](const std::string& unit) { return workload_.units.contains(unit); });
  }
  return forms_.contains(canonical_form(entry.parent.empty() ? entry.sql : entry.parent));
}

Outcome apply(const Policy& policy, const Workload& workload, std::vector<Finding>& findings,
              const std::vector<Finding>& hidden) {
  if (policy.gate) merge_equal(findings);
  Judge judge(policy, workload);
  for (Finding& finding : findings) judge.judge(finding);
  for (const Finding& finding : hidden) judge.note_hidden(finding);
  // New ones first, then what got worse; within each the order of run_rules().
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& left, const Finding& right) { return left.standing < right.standing; });
  return judge.finish(findings);
}

}  // namespace pgsieve
