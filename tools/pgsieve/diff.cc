// pgsieve diff OLD NEW: what changed between two captures, stores or JSON reports.
//
// Statements are the same when their canonical forms are, findings when their identities are. What is worse:
//   * a finding that was not there, and one that runs more often per scope (by half, and at least 3);
//   * an eager load that was lost: OLD asked for many rows of a table in one statement (a list, or a join),
//   NEW
//     asks for one at a time, in a loop that OLD did not have;
//   * a statement in another class of cost: its plan scans where it used an index, or its mean time is in a
//     higher class (1, 10, 100 ms, 1, 10 s) and at least three times what it was, over at least 3 calls each.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analyzer/base/json_writer.h"
#include "analyzer/report/escape.h"
#include "analyzer/report/layout.h"
#include "tools/pgsieve/commands.h"
#include "tools/pgsieve/snapshot.h"

namespace pgsieve {

namespace {

struct Change {
  std::string kind;  // "new-finding", "gone-finding", "more", "fewer", "eager-load-lost", "cost-up",
                     // "cost-down", "new-statement", "gone-statement"
  std::string subject;  // identity, or the statement
  std::string query;
  std::string text;
  bool worse = false;
  double before = 0, after = 0;
};

std::string shortly(const std::string& query) {
  return shorten(compact_query(query, 40), 160);
}

// A statement of OLD that brought at once what the loop's statement now brings one by one.
const SnapshotPattern* lost_eager_load(const Snapshot& before, const Snapshot& after,
                                       const SnapshotPattern& child) {
  if (child.keys.empty()) return nullptr;
  for (const auto& [form, each] : before.patterns) {
    const SnapshotPattern& pattern = each;
    if (!pattern.read) continue;
    const auto later = after.patterns.find(form);
    if (later != after.patterns.end() && later->second.calls * 2 > pattern.calls) continue;  // it still runs
    const bool same_table = !child.tables.empty() && std::find(pattern.tables.begin(), pattern.tables.end(),
                                                               child.tables.front()) != pattern.tables.end();
    if (!same_table) continue;
    const bool list = pattern.arity == Arity::kMany &&
                      std::any_of(child.keys.begin(), child.keys.end(), [&](const std::string& key) {
                        return std::find(pattern.keys.begin(), pattern.keys.end(), key) != pattern.keys.end();
                      });
    if (list || pattern.tables.size() > child.tables.size()) return &pattern;
  }
  return nullptr;
}

void compare_findings(const Snapshot& before, const Snapshot& after, std::vector<Change>& changes) {
  for (const auto& [id, finding] : after.findings) {
    const auto old = before.findings.find(id);
    if (old == before.findings.end()) {
      changes.push_back({"new-finding", id, finding.query,
                         fmt::format("{}: {}", finding.rule, finding.message), true, 0,
                         static_cast<double>(finding.count)});
      if (finding.rule != "n-plus-one") continue;
      for (const auto& [form, pattern] : after.patterns) {
        if (pattern.query != finding.query) continue;
        if (const SnapshotPattern* lost = lost_eager_load(before, after, pattern)) {
          changes.push_back({"eager-load-lost", id, finding.query,
                             fmt::format("{} of {} brought these rows at once; now it takes {}",
                                         counted(lost->calls, "execution"), shortly(lost->query),
                                         counted(finding.count, "execution")),
                             true, static_cast<double>(lost->calls), static_cast<double>(finding.count)});
        }
        break;
      }
      continue;
    }
    if (finding.scopes == 0) continue;  // no loop: how often it runs is the traffic's business
    const double was = per_scope(old->second);
    const double is = per_scope(finding);
    if (is >= was * 1.5 && is - was >= 3) {
      changes.push_back({"more", id, finding.query,
                         fmt::format("{}: {:.0f} executions per scope, {:.0f} before", finding.rule, is, was),
                         true, was, is});
    } else if (was >= is * 1.5 && was - is >= 3) {
      changes.push_back({"fewer", id, finding.query,
                         fmt::format("{}: {:.0f} executions per scope, {:.0f} before", finding.rule, is, was),
                         false, was, is});
    }
  }
  for (const auto& [id, finding] : before.findings) {
    if (!after.findings.contains(id))
      changes.push_back({"gone-finding", id, finding.query,
                         fmt::format("{}: {}", finding.rule, finding.message), false,
                         static_cast<double>(finding.count), 0});
  }
}

// 0: below 1 ms, 1: below 10 ms, …
int time_class(double milliseconds) {
  return milliseconds < 1 ? 0 : 1 + std::min(4, static_cast<int>(std::floor(std::log10(milliseconds))));
}

void compare_cost(const SnapshotPattern& old, const SnapshotPattern& pattern, const std::string& form,
                  std::vector<Change>& changes) {
  if (old.planned && pattern.planned && old.scanned != pattern.scanned) {
    const bool worse = pattern.scanned;
    changes.push_back({worse ? "cost-up" : "cost-down", form, pattern.query,
                       worse ? "its plan now scans the table" : "its plan scans the table no more", worse, 0,
                       0});
    return;
  }
  if (old.calls < 3 || pattern.calls < 3 || old.mean_ms < 0 || pattern.mean_ms < 0) return;
  const int was = time_class(old.mean_ms);
  const int is = time_class(pattern.mean_ms);
  const bool up = is > was && pattern.mean_ms >= 3 * old.mean_ms;
  const bool down = is < was && old.mean_ms >= 3 * pattern.mean_ms;
  if (!up && !down) return;
  changes.push_back(
      {up ? "cost-up" : "cost-down", form, pattern.query,
       fmt::format("{} on average, {} before", human_duration(pattern.mean_ms), human_duration(old.mean_ms)),
       up, old.mean_ms, pattern.mean_ms});
}

void compare_patterns(const Snapshot& before, const Snapshot& after, std::vector<Change>& changes) {
  for (const auto& [form, pattern] : after.patterns) {
    const auto old = before.patterns.find(form);
    if (old != before.patterns.end()) {
      compare_cost(old->second, pattern, form, changes);
    } else if (before.complete) {
      changes.push_back({"new-statement", form, pattern.query, counted(pattern.calls, "execution"), false, 0,
                         static_cast<double>(pattern.calls)});
    }
  }
  for (const auto& [form, pattern] : before.patterns) {
    if (after.complete && !after.patterns.contains(form))
      changes.push_back({"gone-statement", form, pattern.query, counted(pattern.calls, "execution"), false,
                         static_cast<double>(pattern.calls), 0});
  }
}

struct Section {
  std::string_view kind, title;
};
constexpr Section kSections[] = {
    {"new-finding", "New findings"},
    {"eager-load-lost", "Eager loads that were lost"},
    {"more", "Findings that grew"},
    {"cost-up", "Statements that cost more"},
    {"new-statement", "New statements"},
    {"fewer", "Findings that shrank"},
    {"cost-down", "Statements that cost less"},
    {"gone-finding", "Findings that are gone"},
    {"gone-statement", "Statements that are gone"},
};

std::string as_text(const Snapshot& before, const Snapshot& after, const std::vector<Change>& changes) {
  std::string text = fmt::format("{} -> {}\n", escape_terminal(before.name), escape_terminal(after.name));
  for (const Snapshot* snapshot : {&before, &after}) {
    if (!snapshot->complete)
      text += fmt::format(
          "{} lists only its first statements (write it with --top 0): new and gone ones can't be told\n",
          escape_terminal(snapshot->name));
  }
  for (const Section& section : kSections) {
    const auto count = std::count_if(changes.begin(), changes.end(),
                                     [&](const Change& change) { return change.kind == section.kind; });
    if (count == 0) continue;
    text += fmt::format("\n{} ({})\n", section.title, count);
    for (const Change& change : changes) {
      if (change.kind != section.kind) continue;
      const bool named = change.subject.starts_with("v") && change.subject.find(':') < 4;
      text += fmt::format("  {}\n      {}{}\n", escape_terminal(shortly(change.query)),
                          escape_terminal(change.text), named ? "  [" + change.subject + "]" : "");
    }
  }
  const auto worse =
      std::count_if(changes.begin(), changes.end(), [](const Change& change) { return change.worse; });
  text += fmt::format("\n{}, {} worse\n", counted(changes.size(), "difference"), worse);
  return text;
}

std::string as_json(const Snapshot& before, const Snapshot& after, const std::vector<Change>& changes) {
  JsonWriter json(2);
  json.begin_object();
  json.member("schema", "pgsieve.diff/1");
  json.member("before", before.name);
  json.member("after", after.name);
  json.member("complete", before.complete && after.complete);
  json.key("changes");
  json.begin_array();
  for (const Change& change : changes) {
    json.begin_object();
    json.member("kind", change.kind);
    json.member("worse", change.worse);
    if (change.subject.starts_with("v") && change.subject.find(':') < 4) json.member("id", change.subject);
    json.member("query", change.query);
    json.member("text", change.text);
    json.member("before", change.before);
    json.member("after", change.after);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.take() + "\n";
}

}  // namespace

int run_diff(const DiffOptions& options) {
  Snapshot snapshots[2];
  const std::string* paths[2] = {&options.before, &options.after};
  for (size_t i = 0; i < 2; ++i) {
    Result<Snapshot> taken = take_snapshot(*paths[i], options.analysis);
    if (!taken) {
      tell(taken.error().to_string());
      return taken.error().kind == Error::Kind::kUsage ? kExitUsage : kExitInput;
    }
    snapshots[i] = std::move(*taken);
  }
  std::vector<Change> changes;
  compare_findings(snapshots[0], snapshots[1], changes);
  compare_patterns(snapshots[0], snapshots[1], changes);
  const std::string text = options.json ? as_json(snapshots[0], snapshots[1], changes)
                                        : as_text(snapshots[0], snapshots[1], changes);
  if (!write_stdout(text)) return kExitUsage;
  const bool worse =
      std::any_of(changes.begin(), changes.end(), [](const Change& change) { return change.worse; });
  return worse && options.exit_code ? kExitFindings : kExitOk;
}

}  // namespace pgsieve
