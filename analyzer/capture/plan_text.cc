// The text format of auto_explain:
//
//   Query Text: SELECT ...                  may go on over lines that look like anything
//   Query Parameters: $1 = 'x'              PostgreSQL 16 and later
//   Limit  (cost=0.15..7.30 rows=100 width=68) (actual time=0.013..0.026 rows=100 loops=1)
//     ->  Index Scan using parent_pkey on parent p  (cost=...) (actual ...)
//           Index Cond: (id = 1)
//   Query Identifier: 123                   and other unindented lines (Settings, JIT, Trigger)
//
// Where the query ends is not marked, and a comment or a string in it may hold a line that looks like a plan.
// The plan starts at the first line of node form before which the query is complete: no quote and no comment
// open. The properties of a node follow its line before any other node's, so a property always belongs to the
// node last seen, whatever the indentation.
#include <algorithm>
#include <charconv>
#include <string>

#include "analyzer/capture/plan_builder.h"
#include "analyzer/sql/scan.h"

namespace pgsieve {
namespace {

constexpr std::string_view kQueryText = "Query Text:";
constexpr std::string_view kQueryParameters = "\nQuery Parameters: ";
constexpr size_t kMaxForgedLines = 64;  // lines of node form inside a query that are looked behind

struct NodeLine {
  std::string_view head;  // "Index Scan using parent_pkey on parent p"
  double cost = 0, plan_rows = 0, rows = -1, loops = 1;
};

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

bool take_number(std::string_view& text, double& value) {
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || end == text.data()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

// " (actual time=0.013..0.026 rows=100 loops=1)", " (actual rows=100 loops=1)", " (never executed)" or
// nothing.
bool take_actual(std::string_view text, NodeLine& line) {
  while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
  if (text.empty()) return true;
  while (take(text, " ")) continue;
  if (text == "(never executed)") {
    line.rows = line.loops = 0;
    return true;
  }
  double ignored = 0;
  if (!take(text, "(actual ")) return false;
  if (take(text, "time=")) {
    if (!take_number(text, ignored) || !take(text, "..") || !take_number(text, ignored) || !take(text, " "))
      return false;
  }
  return take(text, "rows=") && take_number(text, line.rows) && take(text, " loops=") &&
         take_number(text, line.loops) && text == ")";
}

bool parse_node_line(std::string_view text, NodeLine& line) {
  const size_t cost = text.rfind("(cost=");
  if (cost == std::string_view::npos || cost == 0) return false;
  line = NodeLine();
  line.head = text.substr(0, cost);
  text.remove_prefix(cost + 6);
  double startup = 0, width = 0;
  if (!take_number(text, startup) || !take(text, "..") || !take_number(text, line.cost) ||
      !take(text, " rows=") || !take_number(text, line.plan_rows) || !take(text, " width=") ||
      !take_number(text, width) || !take(text, ")")) {
    return false;
  }
  while (take(line.head, " ")) continue;
  if (take(line.head, "->")) {
    while (take(line.head, " ")) continue;
  }
  while (!line.head.empty() && line.head.back() == ' ') line.head.remove_suffix(1);
  return !line.head.empty() && take_actual(text, line);
}

// Takes one identifier, as quote_identifier() prints it, off the front; `out` gets it unquoted.
bool take_identifier(std::string_view& text, std::string& out) {
  out.clear();
  if (!take(text, "\"")) {
    const size_t end = std::min(text.find_first_of(" ."), text.size());
    out.assign(text, 0, end);
    text.remove_prefix(end);
    return !out.empty();
  }
  while (!text.empty()) {
    const size_t quote = std::min(text.find('"'), text.size());
    out.append(text, 0, quote);
    text.remove_prefix(std::min(quote + 1, text.size()));
    if (!take(text, "\"")) return true;
    out += '"';
  }
  return true;
}

// Whether "on NAME" after this node type names a table (and not a function, a CTE, a subquery's alias, …).
bool names_table(std::string_view type) {
  static constexpr std::string_view kTypes[] = {"Seq Scan",
                                                "Index Scan",
                                                "Index Scan Backward",
                                                "Index Only Scan",
                                                "Index Only Scan Backward",
                                                "Bitmap Heap Scan",
                                                "Tid Scan",
                                                "Tid Range Scan",
                                                "Sample Scan",
                                                "Foreign Scan",
                                                "Insert",
                                                "Update",
                                                "Delete",
                                                "Merge",
                                                "Foreign Insert",
                                                "Foreign Update",
                                                "Foreign Delete"};
  take(type, "Parallel ");
  take(type, "Async ");
  return std::find(std::begin(kTypes), std::end(kTypes), type) != std::end(kTypes) ||
         type.starts_with("Custom Scan");
}

void describe_node(const NodeLine& line, PlanBuilder& builder, ParsedPlan& out) {
  PlanNode* node = builder.open_node();
  if (node == nullptr) return;
  node->cost = line.cost;
  node->plan_rows = line.plan_rows;
  node->actual_rows = line.rows;
  node->loops = line.loops;
  out.analysed |= line.rows >= 0;

  const size_t using_at = line.head.find(" using ");
  const size_t on = line.head.find(" on ", using_at == std::string_view::npos ? 0 : using_at);
  const std::string_view type = line.head.substr(0, std::min(using_at, on));
  node->kind = plan_node_kind(type);
  std::string name;
  if (using_at != std::string_view::npos) {
    std::string_view index = line.head.substr(using_at + 7);
    if (take_identifier(index, name)) node->index = builder.store(name);
  }
  if (on == std::string_view::npos) return;
  std::string_view rest = line.head.substr(on + 4);
  if (!take_identifier(rest, name)) return;
  while (take(rest, ".")) take_identifier(rest, name);  // VERBOSE: schema.table
  if (node->kind == PlanNode::Kind::kBitmapIndexScan) {
    node->index = builder.store(name);
    return;
  }
  if (names_table(type)) node->relation = builder.store(name);
  if (take(rest, " ")) take_identifier(rest, name);  // else the alias is the name
  node->alias = builder.store(name);
}

// End of a property whose value starts at `start`: the end of its line, or of the line that closes a quote it
// leaves open (a constant may hold line breaks). A quote that never closes (the text was cut) counts for
// nothing; as no other of its kind can follow, looking for it stays linear over all properties.
size_t property_end(std::string_view text, size_t start) {
  for (size_t i = start; i < text.size();) {
    const size_t mark = text.find_first_of("'\"\n", i);
    if (mark == std::string_view::npos || text[mark] == '\n') return std::min(mark, text.size());
    const size_t close = text.find(text[mark], mark + 1);
    i = close == std::string_view::npos ? mark + 1 : close + 1;
  }
  return text.size();
}

// "external merge  Disk: 1234kB", "quicksort  Memory: 26kB"; of an incremental sort the peak counts.
void describe_sort(std::string_view text, PlanBuilder& builder, PlanNode& node) {
  for (const std::string_view kind : {std::string_view("Memory"), std::string_view("Disk")}) {
    const size_t at = text.rfind(std::string(kind) + ": ");
    if (at == std::string_view::npos) continue;
    const std::string_view space = text.substr(at + kind.size() + 2);
    builder.worker_value(node, "Sort Space Used", space.substr(0, space.find("kB")));
    builder.worker_value(node, "Sort Space Type", kind);
  }
}

void describe_property(std::string_view key, std::string_view value, PlanBuilder& builder, PlanNode& node) {
  while (!value.empty() && value.back() == '\r') value.remove_suffix(1);
  if (key == "Sort Method" || key == "Full-sort Groups" || key == "Pre-sorted Groups") {
    describe_sort(value, builder, node);
  } else if (key.starts_with("Worker ")) {
    if (value.starts_with("Sort Method: ")) describe_sort(value, builder, node);
  } else {
    builder.node_value(node, key, value);
  }
}

// Reads the plan proper; `text` starts at the top node's line.
void read_nodes(std::string_view text, PlanBuilder& builder, ParsedPlan& out) {
  NodeLine line;
  for (size_t start = 0; start < text.size();) {
    size_t end = std::min(text.find('\n', start), text.size());
    std::string_view row = text.substr(start, end - start);
    if (parse_node_line(row, line)) {
      describe_node(line, builder, out);
      start = end + 1;
      continue;
    }
    while (take(row, " ")) ++start;
    const size_t colon = row.find(": ");
    if (colon != std::string_view::npos) {
      const std::string_view key = row.substr(0, colon);
      start += colon + 2;
      if (key.ends_with("Filter") || key.ends_with("Cond") || key.ends_with("Key"))
        end = property_end(text, start);
      if (key == "Query Identifier") {
        builder.value(key, text.substr(start, end - start));
      } else if (PlanNode* node = builder.node()) {
        describe_property(key, text.substr(start, end - start), builder, *node);
      }
    }
    start = end + 1;
  }
}

// Start of the first line in `text` that `accept`s and before which `text` is complete SQL; else of the first
// that accepts.
template <typename Accept>
size_t first_outside_quotes(std::string_view text, bool& guessed, const Accept& accept) {
  StatementScan scan;
  std::string scratch;
  size_t fallback = std::string_view::npos;
  size_t tried = 0;
  for (size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    if (!accept(at)) continue;
    if (fallback == std::string_view::npos) fallback = at;
    if (++tried > kMaxForgedLines) break;
    scan_statement(text.substr(0, at), scan, scratch);
    if (!scan.incomplete) return at;
  }
  if (fallback != std::string_view::npos) guessed = true;
  return fallback;
}

}  // namespace

bool read_text_plan(std::string_view text, PlanBuilder& builder, ParsedPlan& out) {
  if (!take(text, kQueryText)) return false;
  take(text, " ");
  NodeLine line;
  bool guessed = false;
  const size_t parameters = first_outside_quotes(
      text, guessed, [&](size_t at) { return text.substr(at).starts_with(kQueryParameters); });
  const size_t top = first_outside_quotes(text, guessed, [&](size_t at) {
    const std::string_view row = text.substr(at + 1, text.find('\n', at + 1) - at - 1);
    return !row.starts_with(' ') && !row.starts_with("->") && parse_node_line(row, line);
  });
  const std::string_view head = text.substr(0, top);
  std::string_view query = head;
  if (parameters < head.size()) {
    query = head.substr(0, parameters);
    builder.value("Query Parameters", head.substr(parameters + kQueryParameters.size()));
  }
  while (query.ends_with('\r')) query.remove_suffix(1);
  builder.value("Query Text", query);
  if (top == std::string_view::npos || guessed) {
    builder.mark_incomplete();
  }
  if (top != std::string_view::npos) read_nodes(text.substr(top + 1), builder, out);
  return true;
}

}  // namespace pgsieve
