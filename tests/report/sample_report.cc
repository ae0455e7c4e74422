#include "tests/report/sample_report.h"

namespace pgsieve {

namespace {

Pattern make_pattern(uint64_t fingerprint, std::string query, uint64_t calls, int64_t microseconds) {
  Pattern pattern;
  pattern.key.fingerprint = fingerprint;
  pattern.query = std::move(query);
  pattern.calls = calls;
  if (microseconds >= 0) pattern.durations.add(microseconds, calls);
  pattern.first = parse_time("2026-11-22 01:00:00.5 UTC").time;
  pattern.last = pattern.first + kSecond;
  return pattern;
}

Finding make_finding(const char* rule, FindingSeverity severity, const char* id) {
  Finding finding;
  finding.rule = rule;
  finding.severity = severity;
  finding.confidence = Confidence::kHigh;
  finding.id = id;
  finding.pattern.fingerprint = 1;
  finding.query = "SELECT * FROM posts WHERE user_id = $1";
  finding.count = 37;
  finding.table = "posts";
  finding.columns = {"user_id"};
  finding.message = "37 executions after one parent";
  finding.evidence = {"37 distinct values", kHostile};
  finding.fixes = {{"orm", "Eager-load the posts", "users.prefetch_related('posts')", "python", "none"},
                   {"sql", "One statement", "SELECT 1", "sql", ""}};
  finding.tags = {{"controller", "posts"}, {"file", "./app/models/post.rb"}, {"line", "12"}};
  finding.sample = "SELECT * FROM posts WHERE user_id = 4711";
  return finding;
}

}  // namespace

SampleReport::SampleReport() {
  ingest.files = {{.name = "a.log",
                   .format = "stderr",
                   .prefix = "%m ",
                   .bytes = 100,
                   .decoded_bytes = 100,
                   .lines = 9,
                   .content = {}}};
  ingest.bytes = 100;
  ingest.lines = 9;
  ingest.format = "stderr";
  ingest.prefix = "%m [%p] ";
  ingest.settings = {{"log_min_duration_statement", "0"}};
  ingest.unread_lines = 1;
  ingest.unread_shapes["x"] = {.lines = 1, .sample = kHostile, .file = 0, .line = 7, .offset = 77};
  ingest.warnings = {"something to know"};
  workload.executions = 40;
  workload.first = parse_time("2026-11-22 01:00:00.5 UTC").time;
  workload.last = workload.first + 60 * kSecond;
  for (const Pattern& pattern :
       {make_pattern(1, "SELECT * FROM posts WHERE user_id = $1", 37, 1000),
        make_pattern(2, kHostile, 2, 90'000), make_pattern(0xabcdef, "COMMIT", 1, -1)}) {
    workload.patterns[pattern.key] = pattern;
  }
  findings = {make_finding("n-plus-one", FindingSeverity::kError, "aaaa"),
              make_finding("unpaginated", FindingSeverity::kInfo, "bbbb")};
  findings[1].tags.clear();
  findings[1].message = kHostile;
  findings[1].query = kHostile;
  findings[1].fixes.clear();
  report.version = "0.1.0";
  report.command = "report";
  report.ingest = &ingest;
  report.workload = &workload;
  report.findings = findings;
  report.patterns = top_patterns(workload, 0);
  for (const Rule& rule : all_rules()) report.rules.emplace_back(rule.name);
  report.patterns_total = workload.patterns.size();
}

}  // namespace pgsieve
