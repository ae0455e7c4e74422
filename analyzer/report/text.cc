// text: the report for people. The head says what was read, then the findings, worst first, then where the
// time went.
#include "analyzer/report/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analyzer/report/escape.h"
#include "analyzer/report/layout.h"
#include "analyzer/report/scale.h"
#include "analyzer/report/location.h"

namespace pgsieve {

namespace {

constexpr size_t kQueryBytes = 700;
constexpr size_t kListBytes = 80;  // of column list that is still shown whole
constexpr std::string_view kIndent = "            ";

std::string severity_word(const Finding& finding, const Paint& paint) {
  const std::string word(severity_name(finding.severity));
  if (finding.severity == FindingSeverity::kError) return paint.red(word);
  if (finding.severity == FindingSeverity::kWarning) return paint.yellow(word);
  return paint.cyan(word);
}

// One labelled paragraph of a finding.
void paragraph(std::string& out, const ReportStyle& style, std::string_view label, std::string_view text) {
  const size_t width = style.width > 40 ? style.width - kIndent.size() : 40;
  out += fmt::format("  {}{}\n", Paint(style.color).dim(fmt::format("{:<10}", label)),
                     wrap(escape_terminal(text), width, kIndent));
}

void code_block(std::string& out, std::string_view code) {
  std::string safe = escape_terminal(code);
  while (safe.ends_with('\n')) safe.pop_back();
  std::string_view rest = safe;
  while (true) {
    const size_t end = rest.find('\n');
    out += fmt::format("{}  {}\n", kIndent, rest.substr(0, end));
    if (end == std::string_view::npos) return;
    rest.remove_prefix(end + 1);
  }
}

std::string chain_of(const Finding& finding) {
  std::string text;
  for (const ChainLink& link : finding.chain) {
    text += fmt::format("{}{} ({})", text.empty() ? "" : " -> ",
                        link.table.empty() ? shorten(link.query, 60) : link.table, human_count(link.count));
  }
  return text;
}

void fixes(std::string& out, const ReportStyle& style, const Finding& finding) {
  size_t shown = 0;
  for (const Fix& fix : finding.fixes) {
    if (++shown > 2) {
      paragraph(out, style, "",
                fmt::format("({} in the json report)", counted(finding.fixes.size() - 2, "further way")));
      return;
    }
    paragraph(out, style, shown == 1 ? "fix" : "or", fix.title);
    if (!fix.code.empty()) code_block(out, fix.code);
    if (!fix.safety.empty()) paragraph(out, style, "check", fix.safety);
  }
}

void one_finding(std::string& out, const Report& report, const Finding& finding, size_t number,
                 bool in_shown_chain) {
  const Paint paint(report.style.color);
  const ReportStyle& style = report.style;
  out += fmt::format("\n{}. {} {}{} ({} confidence)\n", number, severity_word(finding, paint),
                     paint.bold(finding.rule),
                     finding.table.empty() ? "" : fmt::format(" on {}", escape_terminal(finding.table)),
                     confidence_name(finding.confidence));
  paragraph(out, style, "", finding.message);
  paragraph(out, style, "query", shorten(compact_query(finding.query, kListBytes), kQueryBytes));
  if (!finding.parent_query.empty())
    paragraph(out, style, "after", shorten(compact_query(finding.parent_query, kListBytes), kQueryBytes));
  if (finding.chain.size() > 2) {
    paragraph(out, style, "chain",
              in_shown_chain ? "same chain as above: " + chain_of(finding) : chain_of(finding));
  }
  for (size_t at = 0; at < finding.evidence.size(); ++at) {
    paragraph(out, style, at == 0 ? "because" : "", "- " + finding.evidence[at]);
  }
  for (size_t at = 0; at < finding.why_not_higher.size(); ++at) {
    paragraph(out, style, at == 0 ? "caveat" : "", "- " + finding.why_not_higher[at]);
  }
  if (!finding.tags.empty()) paragraph(out, style, "where", tags_text(finding));
  std::string_view label = "at";
  for (const SourceLocation& place : places(finding, report)) {
    paragraph(out, style, label, fmt::format("{} ({})", place_text(place), kind_name(place.kind)));
    label = "";
  }
  if (style.show_values && !finding.sample.empty()) {
    paragraph(out, style, "sample", shorten(finding.sample, kQueryBytes));
  }
  fixes(out, style, finding);
  paragraph(out, style, "id", finding.id);
}

std::string summary_line(const Report& report) {
  size_t by_severity[3] = {0, 0, 0};
  for (const Finding& finding : report.findings) ++by_severity[static_cast<size_t>(finding.severity)];
  std::string text = counted(report.findings.size(), "finding");
  std::string parts;
  const auto part = [&](FindingSeverity severity, std::string_view noun) {
    const size_t count = by_severity[static_cast<size_t>(severity)];
    if (count != 0) parts += fmt::format("{}{}", parts.empty() ? ": " : ", ", counted(count, noun));
  };
  part(FindingSeverity::kError, "error");
  part(FindingSeverity::kWarning, "warning");
  part(FindingSeverity::kInfo, "hint");
  text += parts;
  if (report.findings_hidden != 0) {
    text += fmt::format(" ({} more below the confidence asked for; --min-confidence low shows all)",
                        human_count(report.findings_hidden));
  }
  return text;
}

}  // namespace

// Findings of one chain of loops (users -> posts -> comments) stand together, where the worst of them stands.
void append_text_findings(std::string& out, const Report& report) {
  out += "\n" + Paint(report.style.color).bold(summary_line(report)) + "\n";
  std::set<std::string_view> shown_chains;
  size_t number = 0;
  for (const Finding& finding : report.findings) {
    if (finding.chain_id.empty()) {
      one_finding(out, report, finding, ++number, false);
      continue;
    }
    if (!shown_chains.insert(finding.chain_id).second) continue;
    bool first = true;
    for (const Finding& member : report.findings) {
      if (member.chain_id != finding.chain_id) continue;
      one_finding(out, report, member, ++number, !first);
      first = false;
    }
  }
}

void append_text_patterns(std::string& out, const Report& report) {
  if (report.patterns.empty()) return;
  const Paint paint(report.style.color);
  double total_ms = 0;
  for (const auto& [key, pattern] : report.workload->patterns) total_ms += pattern.total_ms();
  out += "\n" +
         paint.bold(report.patterns.size() == report.patterns_total
                        ? fmt::format("All {} by total time", counted(report.patterns_total, "pattern"))
                        : fmt::format("The first {} of {} by total time (--top N shows more, --top 0 all)",
                                      report.patterns.size(), counted(report.patterns_total, "pattern"))) +
         "\n";
  out += paint.dim(fmt::format("  {:>11} {:>5} {:>9} {:>10} {:>10} {:>7}  {}\n", "total", "share", "calls",
                               "mean", "p95", "errors", "query"));
  constexpr size_t kColumnsBefore = 61;
  const size_t room = report.style.width > kColumnsBefore + 30 ? report.style.width - kColumnsBefore : 30;
  for (const Pattern* pattern : report.patterns) {
    const PatternTimes times = pattern_times(*pattern);
    const std::string query = escape_terminal(compact_query(pattern->query, room / 3));
    const auto time = [&](double milliseconds) {
      return times.known ? human_duration(milliseconds) : std::string("-");
    };
    out += fmt::format("  {:>11} {:>4.0f}% {:>9} {:>10} {:>10} {:>7}  {}\n", time(times.total_ms),
                       total_ms > 0 ? 100.0 * times.total_ms / total_ms : 0.0, human_count(pattern->calls),
                       time(times.mean_ms), time(times.p95_ms), human_count(pattern->errors),
                       shorten(query, room));
  }
}

// What the gate says, its counts last.
static void append_text_outcome(std::string& out, const Report& report) {
  if (report.outcome == nullptr) return;
  constexpr size_t kMaxStale = 10;
  const std::vector<std::string>& stale = report.outcome->stale_entries;
  out += "\n";
  for (size_t i = 0; i < std::min(stale.size(), kMaxStale); ++i)
    out += fmt::format("stale: {}\n", escape_terminal(shorten(stale[i], report.style.width)));
  if (stale.size() > kMaxStale) out += fmt::format("stale: and {} more\n", stale.size() - kMaxStale);
  out += report.outcome->summary() + "\n";
}

std::string write_text(const Report& report) {
  std::string out;
  append_text_header(out, report);
  append_text_findings(out, report);
  append_text_patterns(out, report);
  if (report.scale != nullptr) append_text_scale(out, *report.scale, report.style);
  append_text_outcome(out, report);
  return out;
}

std::string write_concise(const Report& report) {
  std::string out;
  for (const Finding& finding : report.findings) {
    const SourceLocation location = locate(finding, report);
    std::string text = escape_terminal(fmt::format(
        "{}{}: {} [{}] {}", location.exact() ? fmt::format("{}:{}:1: ", location.path, location.line) : "",
        severity_name(finding.severity), finding.message, finding.rule, finding.id));
    std::replace(text.begin(), text.end(), '\n', ' ');
    out += text + "\n";
  }
  return out;
}

}  // namespace pgsieve
