// PlanBuilder: where the four plan formats meet. Each reader turns its notation into the same three calls
// (enter a group, a value, leave the group); what the keys of explain.c mean is decided here, once.
//
// Internal to the plan parser. Not thread-safe.
#pragma once

#include <string_view>
#include <vector>

#include "analyzer/capture/plan_parser.h"

namespace pgsieve {

class PlanBuilder {
 public:
  // `text_bytes`: size of the entry; the strings of one plan never need more.
  PlanBuilder(ParsedPlan& out, size_t text_bytes);

  // A group or list opens: an object or array (JSON), an element with elements in it (XML), an indented block
  // (YAML). Spaces and hyphens in `key` are the same. Elements of a list have the key "".
  void enter(std::string_view key);
  void leave();

  // A scalar, already unescaped (the view need not outlive the call).
  void value(std::string_view key, std::string_view text);

  // For the text format, which has no groups: the next node of the plan, and the one being described
  // (nullptr: none).
  PlanNode* open_node();
  PlanNode* node() { return current_ < out_.nodes.size() ? &out_.nodes[current_] : nullptr; }
  void node_value(PlanNode& node, std::string_view key, std::string_view text);
  void worker_value(PlanNode& node, std::string_view key, std::string_view text);

  void mark_incomplete() { out_.incomplete = true; }
  std::string_view store(std::string_view text);  // a copy that lives as long as the ParsedPlan

  // Ends the plan: closes what is open, links out.plan to the nodes.
  void finish();

 private:
  enum class Group : uint8_t {
    kDocument,
    kPlans,
    kNode,
    kSortKey,
    kWorkers,
    kSortGroups,
    kSortMethods,
    kMemory,
    kDisk,
    kIgnored
  };
  struct Frame {
    Group group;
    size_t node;       // index of the node being described; npos: none
    size_t start = 0;  // kSortKey: where its text starts in storage
  };

  Group group_of(const Frame& parent, std::string_view key) const;
  void document_value(std::string_view key, std::string_view text);

  ParsedPlan& out_;
  std::vector<Frame> frames_;
  size_t current_;
  size_t too_deep_ = 0;          // groups entered beyond kMaxPlanDepth
  std::string_view space_used_;  // of a sort, before its kind is known
  bool external_ = false;        // the sort groups being read name an external method
};

// What a node is called ("Seq Scan", "Parallel Index Scan Backward") as a kind.
PlanNode::Kind plan_node_kind(std::string_view node_type);

// Undoes JSON string escapes (YAML output uses them too) into `out`, which is cleared first. Bad escapes stay
// as they are.
void unescape_json(std::string_view raw, std::string& out);

// The readers. Each gets the whole entry text; false: not even the start was recognised.
bool read_text_plan(std::string_view text, PlanBuilder& builder, ParsedPlan& out);
bool read_json_plan(std::string_view text, PlanBuilder& builder);
bool read_xml_plan(std::string_view text, PlanBuilder& builder);
bool read_yaml_plan(std::string_view text, PlanBuilder& builder);

}  // namespace pgsieve
