// The head of the text report: what was read, how, and what was not. A reader must be able to tell an
// innocent capture from one that was not understood.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "analyzer/report/escape.h"
#include "analyzer/report/layout.h"
#include "analyzer/report/limits.h"
#include "analyzer/report/text.h"

namespace pgsieve {

namespace {

class Header {
 public:
  explicit Header(std::vector<HeaderLine>& lines) : lines_(lines) {}
  void line(std::string_view label, std::string_view text) {
    lines_.push_back({std::string(label), std::string(text)});
  }
  void warning(std::string_view text) { lines_.push_back({"warning", std::string(text), true}); }

 private:
  std::vector<HeaderLine>& lines_;
};

void time_line(Header& header, const Workload& workload) {
  if (workload.first == kUnknownTime || workload.last == kUnknownTime) return;
  header.line("time",
              fmt::format("{} to {} ({}), {}", format_time(workload.first), format_time(workload.last),
                          human_duration(static_cast<double>(workload.last - workload.first) / 1000.0),
                          counted(workload.sessions, "session")));
}

// "123 SELECT, 4 INSERT; 100 by the extended protocol".
void kinds_line(Header& header, const IngestStats& ingest) {
  const std::pair<const char*, uint64_t> kinds[] = {{"SELECT", ingest.selects},
                                                    {"INSERT", ingest.inserts},
                                                    {"UPDATE", ingest.updates},
                                                    {"DELETE", ingest.deletes},
                                                    {"transaction control", ingest.transaction_commands},
                                                    {"other", ingest.other_statements}};
  std::string text;
  for (const auto& [name, number] : kinds) {
    if (number != 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", human_count(number), name);
  }
  if (text.empty()) return;
  if (ingest.extended != 0)
    text += fmt::format("; {} by the extended protocol", human_count(ingest.extended));
  header.line("kinds", text);
}

// What the capture lacks, told as what the findings lack.
void limit_lines(Header& header, const IngestStats& ingest) {
  bool first = true;
  for (const RuleLimit& limit : rule_limits(ingest)) {
    const std::string names = limit.rules.empty() ? "all" : fmt::format("{}", fmt::join(limit.rules, ", "));
    header.line(first ? "rules" : "", names + ": " + limit.reason);
    first = false;
  }
}

void settings_line(Header& header, const IngestStats& ingest) {
  if (ingest.settings.empty()) return;
  std::string settings;
  for (const auto& [name, value] : ingest.settings) {
    settings += fmt::format("{}{} = {}", settings.empty() ? "" : ", ", name, value);
  }
  header.line("log", settings);
}

void schema_line(Header& header, const Report& report) {
  if (report.schema == nullptr || report.schema->empty()) {
    header.line(
        "schema",
        "none given: pass --schema schema.sql (pg_dump --schema-only) for index findings and foreign keys");
    return;
  }
  size_t sized = 0;
  for (const Table& table : report.schema->tables()) sized += table.rows.has_value() ? 1 : 0;
  std::string text =
      fmt::format("{}: {}", report.schema_file, counted(report.schema->tables().size(), "table"));
  text += sized == 0 ? ", sizes unknown" : fmt::format(", {} with a row estimate", human_count(sized));
  const Schema::Notes& notes = report.schema->notes;
  if (notes.unparsed_statements != 0) {
    text += fmt::format(", {} not understood", counted(notes.unparsed_statements, "statement"));
  }
  header.line("schema", text);
}

// Samples only: that there are unread lines is among the warnings.
void unread_lines(Header& header, const IngestStats& ingest) {
  size_t shown = 0;
  for (const auto& [shape, unread] : ingest.unread_shapes) {
    if (++shown > 3) {
      header.line("", fmt::format("and {} more shapes of line", ingest.unread_shapes.size() - 3));
      break;
    }
    const std::string_view file =
        unread.file < ingest.files.size() ? std::string_view(ingest.files[unread.file].name) : "input";
    header.line(shown == 1 ? "unread" : "",
                fmt::format("{} like {}:{} (byte {}): {}", counted(unread.lines, "line"), file, unread.line,
                            unread.offset, shorten(unread.sample, 100)));
  }
}

void losses(Header& header, const Report& report) {
  const IngestStats& ingest = *report.ingest;
  const Workload& workload = *report.workload;
  const auto count = [&](uint64_t number, std::string_view noun, std::string_view rest) {
    if (number != 0) header.warning(fmt::format("{} {}.", counted(number, noun), rest));
  };
  count(workload.unparsed_statements, "statement",
        "did not fit PostgreSQL's grammar; they are grouped by their tokens and marked approximate");
  count(ingest.filtered, "statement", "left out by the filters");
  count(ingest.skipped_duplicates, "entry", "logged twice and counted once");
  count(workload.dropped.patterns, "execution",
        "not told apart: more distinct patterns than there is room for");
  count(workload.dropped.loops, "loop observation", "dropped: more distinct loops than there is room for");
  count(workload.dropped.scopes, "open session", "closed early: more open at once than there is room for");
  count(workload.dropped.scope_statements, "statement",
        "beyond the window of their session, so not seen in loops");
}

// What the files have of something, each once, the first few of them.
std::vector<std::string> values_of(const IngestStats& ingest, std::string IngestFile::*member) {
  constexpr size_t kShown = 4;
  std::vector<std::string> values;
  for (const IngestFile& file : ingest.files) {
    const std::string& value = file.*member;
    if (value.empty() || value == "unknown" || std::find(values.begin(), values.end(), value) != values.end())
      continue;
    if (values.size() == kShown) return values.back() = "…", values;
    values.push_back(value);
  }
  return values;
}

}  // namespace

std::string header_title(const Report& report) {
  const IngestStats& ingest = *report.ingest;
  const Workload& workload = *report.workload;
  return fmt::format("{}, {}, {}: {} executed, {} failed, {}", counted(ingest.files.size(), "file"),
                     human_bytes(ingest.bytes),
                     ingest.lines == 0 && ingest.entries > 0 ? counted(ingest.entries, "packet")
                                                             : counted(ingest.lines, "line"),
                     counted(workload.executions, "statement"), human_count(workload.errors),
                     counted(workload.patterns.size(), "pattern"));
}

std::vector<HeaderLine> header_lines(const Report& report) {
  const IngestStats& ingest = *report.ingest;
  std::vector<HeaderLine> lines;
  Header header(lines);
  std::string read_as = ingest.format.empty() ? "unknown" : ingest.format;
  if (ingest.format == "mixed")
    read_as = fmt::format("mixed ({})", fmt::join(values_of(ingest, &IngestFile::format), ", "));
  if (!ingest.prefix.empty()) {
    read_as += fmt::format(", prefix '{}'", ingest.prefix);
  } else if (const std::vector<std::string> prefixes = values_of(ingest, &IngestFile::prefix);
             prefixes.size() > 1) {
    read_as += fmt::format(", prefixes '{}'", fmt::join(prefixes, "', '"));
  }
  if (!ingest.confidence.empty()) read_as += fmt::format(" ({})", ingest.confidence);
  header.line("read as", read_as);
  if (!ingest.pin_options.empty()) header.line("pin with", ingest.pin_options);
  if (!report.store_file.empty()) header.line("store", report.store_file);
  time_line(header, *report.workload);
  kinds_line(header, ingest);
  settings_line(header, ingest);
  schema_line(header, report);
  if (report.partial) header.warning("interrupted: this report covers only the part that was read");
  for (const std::string& warning : ingest.warnings) header.warning(warning);
  for (const std::string& problem : report.problems) header.warning(problem);
  limit_lines(header, ingest);
  unread_lines(header, ingest);
  losses(header, report);
  return lines;
}

void append_text_header(std::string& out, const Report& report) {
  constexpr std::string_view kIndent = "            ";
  const Paint paint(report.style.color);
  const size_t width = report.style.width > 40 ? report.style.width - kIndent.size() : 40;
  out += paint.bold(header_title(report)) + "\n";
  for (const HeaderLine& line : header_lines(report)) {
    const std::string label = fmt::format("{:<10}", line.label);
    out += fmt::format("  {}{}\n", line.warning ? paint.yellow(label) : paint.dim(label),
                       wrap(escape_terminal(line.text), width, kIndent));
  }
}

}  // namespace pgsieve
