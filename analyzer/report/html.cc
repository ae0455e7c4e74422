// html: one self-contained page. It needs no network and may use none: its Content-Security-Policy allows
// nothing but its own style sheet and script, by their digests. The findings are plain HTML (they can be
// read, printed and linked to without the script); the patterns are data that the script shows 100 at a time,
// since a browser takes many times longer to lay out a table of 20,000 rows than to read their data.
#include <fmt/format.h>

#include <bit>
#include <map>
#include <set>

#include "analyzer/base/json_writer.h"
#include "analyzer/report/escape.h"
#include "analyzer/report/layout.h"
#include "analyzer/report/location.h"
#include "analyzer/report/packed.h"
#include "analyzer/report/page/page.h"
#include "analyzer/report/text.h"

namespace pgsieve {

namespace {

constexpr size_t kMaxFindingsBytes = 4'000'000;
constexpr size_t kMaxPatternsBytes = 64'000'000;  // of JSON, before it is compressed
constexpr size_t kMaxQueryBytes = 4000;
constexpr size_t kPlainBytes = 100'000;  // above it, the data is compressed

std::string head(const Report& report) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '{}'; script-src "
      "'{}'; "
      "base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"generator\" content=\"pgsieve {}\">\n"
      "<title>pgsieve: {}</title>\n<style>{}</style>\n</head>\n",
      kPageStyle.digest, kPageScript.digest, escape_html(report.version),
      counted(report.findings.size(), "finding"), kPageStyle.text);
}

std::string page_header(const Report& report) {
  std::string facts;
  std::string warnings;
  std::string last;
  for (const HeaderLine& line : header_lines(report)) {
    if (line.warning) {
      warnings += fmt::format("<li>{}</li>\n", escape_html(line.text));
      continue;
    }
    if (!line.label.empty()) last = line.label;
    facts += line.label.empty()
                 ? fmt::format("<dd>{}</dd>\n", escape_html(line.text))
                 : fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_html(last), escape_html(line.text));
  }
  return fmt::format(
      "<header>\n<a class=\"skip\" href=\"#findings\">Skip to the findings</a>\n"
      "<div class=\"top\"><h1>pgsieve report</h1>"
      "<button class=\"theme\" id=\"theme\" type=\"button\" hidden>Dark colours</button></div>\n"
      "<p>{}</p>\n<dl>\n{}</dl>\n{}</header>\n",
      escape_html(header_title(report)), facts,
      warnings.empty() ? ""
                       : fmt::format("<ul class=\"warnings\" aria-label=\"Warnings\">\n{}</ul>\n", warnings));
}

// How the page names a pattern: its fingerprint, and its arity where that is not the plain one.
std::string pattern_name(const PatternKey& key) {
  const std::string fingerprint = fingerprint_hex(key.fingerprint);
  return key.arity == Arity::kScalar ? fingerprint : fmt::format("{}-{}", fingerprint, arity_name(key.arity));
}

// A block of code; scrollable ones can be reached by keyboard.
std::string code_block(std::string_view label, std::string_view code) {
  return fmt::format("<pre tabindex=\"0\" role=\"group\" aria-label=\"{}\">{}</pre>\n", escape_html(label),
                     escape_html(shorten(code, kMaxQueryBytes)));
}

std::string list(std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return {};
  std::string items;
  for (const std::string& text : texts) items += fmt::format("<li>{}</li>\n", escape_html(text));
  return fmt::format("<p class=\"name\">{}</p>\n<ul>\n{}</ul>\n", name, items);
}

std::string fix_blocks(const Finding& finding) {
  std::string out;
  size_t number = 0;
  for (const Fix& fix : finding.fixes) {
    std::string body;
    if (!fix.code.empty()) body += code_block(fmt::format("Fix {}", number + 1), fix.code);
    if (!fix.safety.empty()) body += fmt::format("<p>Check first: {}</p>\n", escape_html(fix.safety));
    const std::string title = fmt::format("{} {}", number == 0 ? "Fix:" : "Or:", escape_html(fix.title));
    out += body.empty() ? fmt::format("<p>{}</p>\n", title)
                        : fmt::format("<details class=\"fix\"{}><summary>{}</summary>\n{}</details>\n",
                                      number == 0 ? " open" : "", title, body);
    ++number;
  }
  return out;
}

std::string one_finding(const Report& report, const Finding& finding, size_t place) {
  const std::string_view severity = severity_name(finding.severity);
  std::string out = fmt::format(
      "<article class=\"finding {0}\" id=\"finding={1}\" data-severity=\"{0}\" data-rule=\"{2}\" "
      "data-count=\"{3}\" "
      "data-time=\"{4:.3f}\" data-place=\"{5}\">\n"
      "<h3><span class=\"severity\">{0}</span> {2}{6} <span class=\"soft\">{7} "
      "confidence</span></h3>\n<p>{8}</p>\n",
      severity, escape_html(finding.id), escape_html(finding.rule), finding.count, finding.time_ms, place,
      finding.table.empty() ? "" : fmt::format(" on <code>{}</code>", escape_html(finding.table)),
      confidence_name(finding.confidence), escape_html(finding.message));
  out += "<p class=\"name\">Statement</p>\n" + code_block("Statement", finding.query);
  if (!finding.parent_query.empty())
    out += "<p class=\"name\">Runs after</p>\n" + code_block("Statement before it", finding.parent_query);
  if (finding.chain.size() > 2) {
    std::string chain;
    for (const ChainLink& link : finding.chain) {
      chain += fmt::format("{}{} ({})", chain.empty() ? "" : " → ",
                           escape_html(link.table.empty() ? shorten(link.query, 60) : link.table),
                           human_count(link.count));
    }
    out += fmt::format("<p class=\"name\">Chain</p>\n<p>{}</p>\n", chain);
  }
  if (finding.standing != Standing::kNew)
    out += fmt::format("<p>It is {}{}.</p>\n", standing_name(finding.standing),
                       finding.standing_note.empty() ? "" : ": " + escape_html(finding.standing_note));
  out += list("Because", finding.evidence) + list("Caveats", finding.why_not_higher);
  std::vector<std::string> where;
  for (const SourceLocation& found : places(finding, report))
    where.push_back(fmt::format("{} ({})", place_text(found), kind_name(found.kind)));
  if (!finding.tags.empty()) where.push_back(tags_text(finding));
  out += list("Where", where);
  if (report.style.show_values && !finding.sample.empty())
    out += "<p class=\"name\">As it was sent</p>\n" + code_block("Sample", finding.sample);
  out += fix_blocks(finding);
  out += fmt::format(
      "<p class=\"soft\"><a href=\"#finding={0}\">Finding {0}</a>{1}</p>\n</article>\n",
      escape_html(finding.id),
      finding.pattern.fingerprint == 0
          ? ""
          : fmt::format(" · <a href=\"#pattern={0}\">pattern {0}</a>", pattern_name(finding.pattern)));
  return out;
}

std::string findings_tools(const Report& report) {
  std::set<std::string> rules;
  for (const Finding& finding : report.findings) rules.insert(finding.rule);
  std::string choices = "<option value=\"\">all</option>";
  for (const std::string& rule : rules) choices += fmt::format("<option>{}</option>", escape_html(rule));
  std::string levels;
  for (const FindingSeverity severity :
       {FindingSeverity::kError, FindingSeverity::kWarning, FindingSeverity::kInfo}) {
    levels +=
        fmt::format("<label><input type=\"checkbox\" name=\"severity\" value=\"{0}\" checked> {0}</label>\n",
                    severity_name(severity));
  }
  return fmt::format(
      "<div class=\"tools\" id=\"findings-tools\" hidden>\n"
      "<div><label for=\"find\">Search</label> <input type=\"search\" id=\"find\"></div>\n"
      "<div><label for=\"rule\">Rule</label> <select id=\"rule\">{}</select></div>\n"
      "<div><label for=\"order\">Order</label> <select id=\"order\"><option value=\"worst\">worst "
      "first</option>"
      "<option value=\"time\">by time</option><option value=\"count\">by count</option></select></div>\n"
      "<fieldset><legend>Severity</legend>\n{}</fieldset>\n<output id=\"shown\"></output>\n</div>\n",
      choices, levels);
}

std::string findings_section(const Report& report) {
  std::string out =
      fmt::format("<section aria-labelledby=\"findings\">\n<h2 id=\"findings\" tabindex=\"-1\">{}</h2>\n",
                  counted(report.findings.size(), "finding"));
  if (report.outcome != nullptr) out += fmt::format("<p>{}</p>\n", escape_html(report.outcome->summary()));
  if (report.findings.empty()) {
    out += "<p>Nothing is shown here that the rules look for.</p>\n";
  } else {
    out += findings_tools(report) + "<div id=\"findings-list\">\n";
  }
  size_t shown = 0;
  size_t bytes = 0;
  for (const Finding& finding : report.findings) {
    const std::string text = one_finding(report, finding, shown);
    bytes += text.size();
    if (bytes > kMaxFindingsBytes) break;
    out += text;
    ++shown;
  }
  if (!report.findings.empty()) out += "</div>\n";
  if (shown < report.findings.size()) {
    out += fmt::format("<p>And {}, not as bad as these: see the json report.</p>\n",
                       counted(report.findings.size() - shown, "more finding"));
  }
  if (report.findings_hidden != 0) {
    out += fmt::format(
        "<p>{} below the confidence asked for; <code>--min-confidence low</code> shows all.</p>\n",
        counted(report.findings_hidden, "more finding"));
  }
  return out + "</section>\n";
}

// Durations by powers of two of a microsecond.
void write_bins(JsonWriter& json, const Histogram& durations) {
  std::map<int, uint64_t> bins;
  for (const auto& [bucket, count] : durations.buckets())
    bins[static_cast<int>(std::bit_width(std::max<uint64_t>(Histogram::bucket_low(bucket), 1))) - 1] += count;
  json.begin_array();
  for (const auto& [bin, count] : bins) {
    json.begin_array();
    json.value(bin);
    json.value(count);
    json.end_array();
  }
  json.end_array();
}

void write_pattern(JsonWriter& json, const Pattern& pattern, const std::vector<std::string>& finding_ids) {
  const PatternTimes times = pattern_times(pattern);
  const auto milliseconds = [&](double value) {
    if (times.known) {
      json.value(static_cast<double>(static_cast<int64_t>(value * 1000.0 + 0.5)) / 1000.0);
    } else {
      json.null();
    }
  };
  json.begin_array();
  json.value(pattern_name(pattern.key));
  json.value(escape_terminal(shorten(pattern.query, kMaxQueryBytes)));
  json.value(pattern.calls);
  json.value(pattern.errors);
  for (const double value : {times.total_ms, times.mean_ms, times.p50_ms, times.p95_ms, times.max_ms})
    milliseconds(value);
  if (pattern.rows_calls != 0) {
    json.value(pattern.rows_total);
  } else {
    json.null();
  }
  write_bins(json, pattern.durations);
  json.begin_array();
  for (const std::string& id : finding_ids) json.value(id);
  json.end_array();
  // For the row: what is left of the statement when its long lists are cut.
  const std::string whole = shorten(pattern.query, kMaxQueryBytes);
  const std::string row = shorten(compact_query(whole, 60), 240);
  json.value(row == whole ? "" : escape_terminal(row));
  json.end_array();
}

// JSON inside a script element: nothing in it may look like the end of the element, or like a comment.
std::string script_data(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (const char byte : json) {
    if (byte == '<') {
      out += "\\u003c";
    } else {
      out += byte;
    }
  }
  return out;
}

std::string patterns_section(const Report& report) {
  std::map<PatternKey, std::vector<std::string>> findings_of;
  for (const Finding& finding : report.findings) findings_of[finding.pattern].push_back(finding.id);
  const std::vector<const Pattern*> patterns = top_patterns(*report.workload, 0);
  JsonWriter json;
  json.begin_array();
  size_t shown = 0;
  for (const Pattern* pattern : patterns) {
    if (json.text().size() > kMaxPatternsBytes) break;
    write_pattern(json, *pattern, findings_of[pattern->key]);
    ++shown;
  }
  json.end_array();
  const std::string data = json.take();
  const bool pack = data.size() > kPlainBytes;
  const std::string note = shown < patterns.size()
                               ? fmt::format("<p>And {} with less time in them, left out of this page.</p>\n",
                                             counted(patterns.size() - shown, "more pattern"))
                               : std::string();
  return fmt::format(
      "<section aria-labelledby=\"patterns\">\n<h2 id=\"patterns\">{}</h2>\n"
      "<p id=\"patterns-note\"></p>\n<noscript><p>The table of patterns needs JavaScript.</p></noscript>\n"
      "<div class=\"tools\" id=\"patterns-tools\" hidden>\n"
      "<div><label for=\"find-pattern\">Search</label> <input type=\"search\" id=\"find-pattern\"></div>\n"
      "<div class=\"pager\"><button id=\"back\" type=\"button\">Back</button> "
      "<button id=\"forward\" type=\"button\">Forward</button> <output "
      "id=\"page-text\"></output></div>\n</div>\n"
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table of patterns\">\n<table>\n"
      "<caption>Statements by their shape; a click on one shows all of it</caption>\n"
      "<thead id=\"patterns-head\"></thead>\n<tbody id=\"patterns-rows\"></tbody>\n</table>\n</div>\n{}"
      "<script id=\"patterns-data\" type=\"{}\">{}</script>\n</section>\n",
      counted(patterns.size(), "pattern"), note, pack ? "application/gzip" : "application/json",
      pack ? base64(gzip(data)) : script_data(data));
}

}  // namespace

std::string write_html(const Report& report) {
  return fmt::format(
      "{}<body>\n{}<main>\n{}{}</main>\n<footer>Made by pgsieve {}. "
      "{}</footer>\n<script>{}</script>\n</body>\n</html>\n",
      head(report), page_header(report), findings_section(report), patterns_section(report),
      escape_html(report.version),
      report.style.show_values
          ? "Statements are shown with their values."
          : "Values of statements were replaced by $1, $2, … before anything was written here.",
      kPageScript.text);
}

}  // namespace pgsieve
