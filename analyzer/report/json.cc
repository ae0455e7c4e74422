// json and jsonl: everything, for machines. The schema is report.schema.json beside this file; changes only
// ever add to it.
#include <fmt/format.h>

#include <cmath>

#include "analyzer/base/json_writer.h"
#include "analyzer/report/scale.h"
#include "analyzer/report/limits.h"
#include "analyzer/report/report.h"

namespace pgsieve {

namespace {

// RFC 3339, as JSON readers expect it; null when unknown.
void write_time(JsonWriter& json, std::string_view name, Microseconds time) {
  json.key(name);
  std::string text = format_time(time);
  if (text.empty()) {
    json.null();
    return;
  }
  if (text.ends_with(" UTC")) text.replace(text.size() - 4, 4, "Z");
  if (const size_t blank = text.find(' '); blank != std::string::npos) text[blank] = 'T';
  json.value(text);
}

// Whole microseconds: more digits would be noise of the binary fraction.
double rounded(double milliseconds) {
  return std::round(milliseconds * 1000.0) / 1000.0;
}

void write_facet(JsonWriter& json, std::string_view name, const FacetCounts& counts) {
  if (counts.values().empty()) return;
  json.key(name);
  json.begin_object();
  for (const auto& value : counts.by_frequency()) json.member(value.text, value.count);
  json.end_object();
}

void write_strings(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name);
  json.begin_array();
  for (const std::string& text : texts) json.value(text);
  json.end_array();
}

void write_map(JsonWriter& json, std::string_view name, const std::map<std::string, std::string>& entries) {
  json.key(name);
  json.begin_object();
  for (const auto& [key, value] : entries) json.member(key, value);
  json.end_object();
}

void write_inputs(JsonWriter& json, const IngestStats& ingest) {
  json.key("inputs");
  json.begin_array();
  for (const IngestFile& file : ingest.files) {
    json.begin_object();
    json.member("name", file.name);
    json.member("format", file.format);
    json.member("prefix", file.prefix);
    json.member("bytes", file.bytes);
    json.member("lines", file.lines);
    json.end_object();
  }
  json.end_array();
}

void write_unread(JsonWriter& json, const IngestStats& ingest) {
  json.key("unread");
  json.begin_array();
  for (const auto& [shape, unread] : ingest.unread_shapes) {
    json.begin_object();
    json.member("lines", unread.lines);
    if (unread.file < ingest.files.size()) json.member("file", ingest.files[unread.file].name);
    json.member("line", unread.line);
    json.member("offset", unread.offset);
    json.member("sample", unread.sample);
    json.end_object();
  }
  json.end_array();
}

void write_kinds(JsonWriter& json, const IngestStats& ingest) {
  json.key("kinds");
  json.begin_object();
  json.member("select", ingest.selects);
  json.member("insert", ingest.inserts);
  json.member("update", ingest.updates);
  json.member("delete", ingest.deletes);
  json.member("transaction", ingest.transaction_commands);
  json.member("other", ingest.other_statements);
  json.end_object();
}

void write_limits(JsonWriter& json, const IngestStats& ingest) {
  json.key("limits");
  json.begin_array();
  for (const RuleLimit& limit : rule_limits(ingest)) {
    json.begin_object();
    write_strings(json, "rules", limit.rules);
    json.member("reason", limit.reason);
    json.end_object();
  }
  json.end_array();
}

void write_ingest(JsonWriter& json, const Report& report) {
  const IngestStats& ingest = *report.ingest;
  const Workload& workload = *report.workload;
  json.key("ingest");
  json.begin_object();
  json.member("files", ingest.files.size());
  json.member("bytes", ingest.bytes);
  json.member("lines", ingest.lines);
  json.member("executions", workload.executions);
  json.member("errors", workload.errors);
  json.member("unread_lines", ingest.unread_lines);
  json.member("unparsed_statements", workload.unparsed_statements);
  json.member("format", ingest.format);
  json.member("prefix", ingest.prefix);
  write_time(json, "first", workload.first);
  write_time(json, "last", workload.last);
  write_map(json, "settings", ingest.settings);
  json.member("sessions", workload.sessions);
  json.member("entries", ingest.entries);
  json.member("other_entries", ingest.other_entries);
  write_kinds(json, ingest);
  json.member("plans", ingest.plans);
  json.member("filtered", ingest.filtered);
  json.member("confidence", ingest.confidence);
  json.member("pin_options", ingest.pin_options);
  write_strings(json, "warnings", ingest.warnings);
  write_strings(json, "problems", report.problems);
  write_limits(json, ingest);
  write_inputs(json, ingest);
  write_unread(json, ingest);
  json.end_object();
}

void write_fix(JsonWriter& json, const Fix& fix) {
  json.begin_object();
  json.member("kind", fix.kind);
  json.member("title", fix.title);
  if (!fix.code.empty()) json.member("code", fix.code);
  if (!fix.language.empty()) json.member("language", fix.language);
  if (!fix.safety.empty()) json.member("safety", fix.safety);
  json.end_object();
}

void write_fixes(JsonWriter& json, const Finding& finding) {
  json.key("suggestion");
  if (finding.fixes.empty()) {
    json.begin_object();
    json.end_object();
  } else {
    write_fix(json, finding.fixes.front());
  }
  json.key("suggestions");
  json.begin_array();
  for (const Fix& fix : finding.fixes) write_fix(json, fix);
  json.end_array();
}

void write_chain(JsonWriter& json, const Finding& finding) {
  if (finding.chain_id.empty()) return;
  json.member("chain_id", finding.chain_id);
  json.key("chain");
  json.begin_array();
  for (const ChainLink& link : finding.chain) {
    json.begin_object();
    json.member("fingerprint", fingerprint_hex(link.pattern.fingerprint));
    json.member("query", link.query);
    json.member("table", link.table);
    json.member("count", link.count);
    json.end_object();
  }
  json.end_array();
}

void write_finding(JsonWriter& json, const Finding& finding, bool show_values) {
  json.begin_object();
  json.member("rule", finding.rule);
  json.member("severity", severity_name(finding.severity));
  json.member("confidence", confidence_name(finding.confidence));
  json.member("id", finding.id);
  if (!finding.object.empty()) json.member("object", finding.object);
  json.member("standing", standing_name(finding.standing));
  if (!finding.standing_note.empty()) json.member("standing_note", finding.standing_note);
  json.member("fingerprint", fingerprint_hex(finding.pattern.fingerprint));
  json.member("arity", arity_name(finding.pattern.arity));
  json.member("query", finding.query);
  if (!finding.parent_query.empty()) {
    json.member("parent_query", finding.parent_query);
    json.member("parent_fingerprint", fingerprint_hex(finding.parent.fingerprint));
  }
  json.member("count", finding.count);
  json.member("scopes", finding.scopes);
  json.member("time_ms", rounded(finding.time_ms));
  if (!finding.table.empty()) json.member("table", finding.table);
  if (!finding.columns.empty()) write_strings(json, "columns", finding.columns);
  json.member("message", finding.message);
  write_strings(json, "evidence", finding.evidence);
  if (!finding.why_not_higher.empty()) write_strings(json, "why_not_higher", finding.why_not_higher);
  write_fixes(json, finding);
  write_map(json, "tags", finding.tags);
  if (!finding.properties.empty()) write_map(json, "properties", finding.properties);
  write_chain(json, finding);
  if (show_values && !finding.sample.empty()) json.member("sample", finding.sample);
  json.end_object();
}

void write_times(JsonWriter& json, const Pattern& pattern) {
  const PatternTimes times = pattern_times(pattern);
  const auto member = [&](std::string_view name, double milliseconds) {
    json.key(name);
    if (times.known) {
      json.value(rounded(milliseconds));
    } else {
      json.null();
    }
  };
  member("total_ms", times.total_ms);
  member("mean_ms", times.mean_ms);
  member("p50_ms", times.p50_ms);
  member("p95_ms", times.p95_ms);
  member("p99_ms", times.p99_ms);
  member("min_ms", times.min_ms);
  member("max_ms", times.max_ms);
}

void write_sample(JsonWriter& json, const ExecutionSample& sample) {
  json.key("slowest");
  json.begin_object();
  json.member("text", sample.text);
  json.member("parameters", sample.parameters);
  if (sample.duration != kUnknownTime) {
    json.member("ms", rounded(static_cast<double>(sample.duration) / 1000.0));
  }
  write_time(json, "time", sample.time);
  json.end_object();
}

void write_pattern(JsonWriter& json, const Pattern& pattern, bool show_values) {
  json.begin_object();
  json.member("fingerprint", fingerprint_hex(pattern.key.fingerprint));
  json.member("arity", arity_name(pattern.key.arity));
  json.member("query", pattern.query);
  json.member("calls", pattern.calls);
  json.member("errors", pattern.errors);
  write_times(json, pattern);
  if (pattern.rows_calls != 0) json.member("rows", pattern.rows_total);
  if (pattern.key.approximate) {
    json.member("approximate", true);
    json.member("parse_error", pattern.parse_error);
  }
  if (pattern.shape != nullptr) json.member("kind", statement_kind_name(pattern.shape->kind));
  write_time(json, "first", pattern.first);
  write_time(json, "last", pattern.last);
  write_facet(json, "databases", pattern.databases);
  write_facet(json, "users", pattern.users);
  write_facet(json, "applications", pattern.applications);
  write_facet(json, "sqlstates", pattern.sqlstates);
  if (!pattern.tags.empty()) {
    json.key("tags");
    json.begin_object();
    for (const auto& [name, counts] : pattern.tags) write_facet(json, name, counts);
    json.end_object();
  }
  if (show_values && !pattern.slowest.empty()) write_sample(json, pattern.slowest);
  json.end_object();
}

void write_dropped(JsonWriter& json, const Dropped& dropped) {
  json.key("dropped");
  json.begin_object();
  json.member("patterns", dropped.patterns);
  json.member("loops", dropped.loops);
  json.member("scopes", dropped.scopes);
  json.member("scope_statements", dropped.scope_statements);
  json.end_object();
}

}  // namespace

static void write_outcome(JsonWriter& json, const Report& report) {
  const Outcome& outcome = *report.outcome;
  json.key("outcome");
  json.begin_object();
  json.member("new", outcome.fresh);
  json.member("worse", outcome.worse);
  json.member("known", outcome.known);
  json.member("suppressed", outcome.suppressed);
  json.member("set_up", outcome.set_up);
  json.member("stale", outcome.stale);
  json.member("not_exercised", outcome.not_exercised);
  json.member("baseline", outcome.has_baseline);
  json.member("summary", outcome.summary());
  write_strings(json, "stale_entries", outcome.stale_entries);
  write_strings(json, "notices", outcome.notices);
  json.end_object();
  json.key("withheld");
  json.begin_array();
  for (const Finding& finding : report.withheld) write_finding(json, finding, report.style.show_values);
  json.end_array();
}

void stream_json(const Report& report, const JsonWriter::Sink& sink) {
  JsonWriter json(2, sink);
  json.begin_object();
  json.member("schema", "pgsieve.report/1");
  json.member("version", report.version);
  json.member("partial", report.partial);
  write_ingest(json, report);
  json.key("findings");
  json.begin_array();
  for (const Finding& finding : report.findings) write_finding(json, finding, report.style.show_values);
  json.end_array();
  if (report.outcome != nullptr) write_outcome(json, report);
  json.member("findings_hidden", report.findings_hidden);
  json.key("patterns");
  json.begin_array();
  for (const Pattern* pattern : report.patterns) write_pattern(json, *pattern, report.style.show_values);
  json.end_array();
  json.member("patterns_total", report.patterns_total);
  write_dropped(json, report.workload->dropped);
  if (report.scale != nullptr) {
    json.key("scale");
    write_scale(json, *report.scale);
  }
  json.end_object();
  json.finish();
}

std::string write_json(const Report& report) {
  std::string text;
  stream_json(report, [&text](std::string_view piece) { text += piece; });
  return text;
}

std::string write_jsonl(const Report& report) {
  std::string lines;
  for (const Finding& finding : report.findings) {
    JsonWriter json;
    write_finding(json, finding, report.style.show_values);
    lines += json.take() + "\n";
  }
  return lines;
}

}  // namespace pgsieve
