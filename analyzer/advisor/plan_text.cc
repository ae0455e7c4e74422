#include "analyzer/advisor/plan_text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

namespace pgsieve {

namespace {

using simdjson::dom::object;

std::string_view text_of(const object& node, std::string_view key) {
  std::string_view value;
  return node[key].get(value) == simdjson::SUCCESS ? value : std::string_view();
}

double number_of(const object& node, std::string_view key) {
  double value = 0;
  return node[key].get(value) == simdjson::SUCCESS ? value : 0;
}

class PlanPrinter {
 public:
  PlanPrinter(const NameIndex& name_index, PlanAnswer& answer) : name_index_(name_index), answer_(answer) {}

  void print(const object& node, int depth) {
    if (depth > kMaxDepth) return;
    const std::string indent(static_cast<size_t>(depth) * 2, ' ');
    std::string line = indent + std::string(text_of(node, "Node Type"));
    if (const std::string_view kind = text_of(node, "Join Type"); !kind.empty() && kind != "Inner")
      line += fmt::format(" {}", kind);
    if (const std::string_view direction = text_of(node, "Scan Direction"); direction == "Backward")
      line += " Backward";
    if (const std::string_view index = text_of(node, "Index Name"); !index.empty())
      line += " using " + name_index_(index);
    if (const std::string_view relation = text_of(node, "Relation Name"); !relation.empty()) {
      line += fmt::format(" on {}", relation);
      if (const std::string_view alias = text_of(node, "Alias"); alias != relation)
        line += fmt::format(" {}", alias);
      if (text_of(node, "Node Type") == "Seq Scan" &&
          std::ranges::find(answer_.scanned, relation) == answer_.scanned.end())
        answer_.scanned.emplace_back(relation);
    }
    line += fmt::format("  (cost={:.2f}..{:.2f} rows={:.0f})", number_of(node, "Startup Cost"),
                        number_of(node, "Total Cost"), number_of(node, "Plan Rows"));
    answer_.plan += line + "\n";
    for (const std::string_view detail :
         {"Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "Filter"})
      if (const std::string_view condition = text_of(node, detail); !condition.empty())
        answer_.plan += fmt::format("{}  {}: {}\n", indent, detail, condition);
    simdjson::dom::array keys;
    if (node["Sort Key"].get(keys) == simdjson::SUCCESS) {
      std::string list;
      for (const simdjson::dom::element key : keys) {
        std::string_view name;
        if (key.get(name) == simdjson::SUCCESS) list += fmt::format("{}{}", list.empty() ? "" : ", ", name);
      }
      answer_.plan += fmt::format("{}  Sort Key: {}\n", indent, list);
    }
    simdjson::dom::array children;
    if (node["Plans"].get(children) != simdjson::SUCCESS) return;
    for (const simdjson::dom::element child : children) {
      object inner;
      if (child.get(inner) == simdjson::SUCCESS) print(inner, depth + 1);
    }
  }

 private:
  static constexpr int kMaxDepth = 200;
  const NameIndex& name_index_;
  PlanAnswer& answer_;
};

}  // namespace

Result<PlanAnswer> read_plan(std::string_view json, const NameIndex& name_index) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array plans;
  object first, top;
  const bool read = parser.parse(json).get(root) == simdjson::SUCCESS &&
                    root.get(plans) == simdjson::SUCCESS && plans.size() > 0 &&
                    plans.at(0).get(first) == simdjson::SUCCESS &&
                    first["Plan"].get(top) == simdjson::SUCCESS;
  if (!read) {
    Error error;
    error.message = "EXPLAIN gave no plan in JSON";
    return error;
  }
  PlanAnswer answer;
  answer.cost = number_of(top, "Total Cost");
  answer.rows = number_of(top, "Plan Rows");
  PlanPrinter(name_index, answer).print(top, 0);
  return answer;
}

}  // namespace pgsieve
