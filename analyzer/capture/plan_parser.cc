#include "analyzer/capture/plan_parser.h"

#include "analyzer/capture/plan_builder.h"

namespace pgsieve {
namespace {

// YAML and text both start with "Query Text: "; YAML quotes the text, and its plan is a "Plan:" line.
bool is_yaml(std::string_view text) {
  if (!text.starts_with("Query Text: \"")) return false;
  const std::string_view first_line = text.substr(0, text.find('\n'));
  if (!first_line.ends_with('"') && !first_line.ends_with("\"\r")) return false;
  const std::string_view rest = text.substr(first_line.size());
  return rest.starts_with("\nPlan:") || rest.starts_with("\nQuery Parameters: \"") ||
         rest.find("\nPlan:") != std::string_view::npos;
}

}  // namespace

bool parse_plan(std::string_view entry_text, ParsedPlan& out) {
  out.query = out.parameters = {};
  out.has_parameters = out.analysed = out.incomplete = false;
  out.query_id = 0;
  out.plan = {};
  out.nodes.clear();
  while (!entry_text.empty() &&
         std::string_view(" \t\r\n").find(entry_text.front()) != std::string_view::npos) {
    entry_text.remove_prefix(1);
  }
  PlanBuilder builder(out, entry_text.size());
  bool recognised = false;
  if (entry_text.starts_with('{') || entry_text.starts_with('[')) {
    recognised = read_json_plan(entry_text, builder);
  } else if (entry_text.starts_with('<')) {
    recognised = read_xml_plan(entry_text, builder);
  } else if (is_yaml(entry_text)) {
    recognised = read_yaml_plan(entry_text, builder);
  } else {
    recognised = read_text_plan(entry_text, builder, out);
  }
  builder.finish();
  if (out.nodes.empty()) out.incomplete = true;
  return recognised && (!out.query.empty() || !out.nodes.empty());
}

}  // namespace pgsieve
