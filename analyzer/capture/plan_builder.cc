#include "analyzer/capture/plan_builder.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

namespace pgsieve {
namespace {

constexpr size_t kNoNode = std::numeric_limits<size_t>::max();

bool same_key(std::string_view left, std::string_view right) {
  return left.size() == right.size() &&
         std::equal(left.begin(), left.end(), right.begin(), [](char a, char b) {
           return a == b || (a == '-' && b == ' ') || (a == ' ' && b == '-');
         });
}

bool number(std::string_view text, double& value) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  double parsed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (error != std::errc() || end == text.data()) return false;
  value = parsed;
  return true;
}

void sort_space(PlanNode& node, double kilobytes, bool disk) {
  if (node.disk_sort && !disk) return;
  node.sort_space_kb = node.disk_sort == disk ? std::max(node.sort_space_kb, kilobytes) : kilobytes;
  node.disk_sort = disk;
}

}  // namespace

PlanNode::Kind plan_node_kind(std::string_view node_type) {
  if (node_type.starts_with("Parallel ")) node_type.remove_prefix(9);
  if (node_type.starts_with("Async ")) node_type.remove_prefix(6);
  if (node_type == "Seq Scan") return PlanNode::Kind::kSeqScan;
  if (node_type.starts_with("Index Scan")) return PlanNode::Kind::kIndexScan;
  if (node_type.starts_with("Index Only Scan")) return PlanNode::Kind::kIndexOnlyScan;
  if (node_type == "Bitmap Heap Scan") return PlanNode::Kind::kBitmapHeapScan;
  if (node_type == "Bitmap Index Scan") return PlanNode::Kind::kBitmapIndexScan;
  if (node_type == "Sort" || node_type == "Incremental Sort") return PlanNode::Kind::kSort;
  if (node_type.ends_with(" Scan") || node_type.starts_with("Custom Scan")) return PlanNode::Kind::kOtherScan;
  return PlanNode::Kind::kOther;
}

PlanBuilder::PlanBuilder(ParsedPlan& out, size_t text_bytes) : out_(out), current_(kNoNode) {
  out_.storage.clear();
  out_.storage.reserve(text_bytes + 64);
  frames_.push_back({Group::kDocument, kNoNode});
}

// Views into storage must not move, so it never grows beyond what the constructor reserved.
std::string_view PlanBuilder::store(std::string_view text) {
  if (text.size() > out_.storage.capacity() - out_.storage.size()) {
    out_.incomplete = true;
    return {};
  }
  const size_t start = out_.storage.size();
  out_.storage.insert(out_.storage.end(), text.begin(), text.end());
  return {out_.storage.data() + start, text.size()};
}

PlanBuilder::Group PlanBuilder::group_of(const Frame& parent, std::string_view key) const {
  switch (parent.group) {
    case Group::kDocument:
      if (same_key(key, "Plan")) return Group::kNode;
      return key.empty() || key == "explain" || key == "Query" ? Group::kDocument : Group::kIgnored;
    case Group::kPlans:
      return Group::kNode;
    case Group::kNode:
      if (same_key(key, "Plans")) return Group::kPlans;
      if (same_key(key, "Sort Key")) return Group::kSortKey;
      if (same_key(key, "Workers")) return Group::kWorkers;
      if (same_key(key, "Full sort Groups") || same_key(key, "Pre sorted Groups") ||
          same_key(key, "Incremental Sort Groups")) {
        return Group::kSortGroups;
      }
      return Group::kIgnored;
    case Group::kWorkers:
      return Group::kWorkers;
    case Group::kSortGroups:
      if (same_key(key, "Sort Methods Used")) return Group::kSortMethods;
      if (same_key(key, "Sort Space Disk")) return Group::kDisk;
      if (same_key(key, "Sort Space"))
        return external_ ? Group::kDisk : Group::kMemory;  // XML doesn't say which
      return same_key(key, "Sort Space Memory") ? Group::kMemory : Group::kIgnored;
    case Group::kSortKey:
    case Group::kSortMethods:
    case Group::kMemory:
    case Group::kDisk:
    case Group::kIgnored:
      break;
  }
  return Group::kIgnored;
}

PlanNode* PlanBuilder::open_node() {
  if (out_.nodes.size() >= kMaxPlanNodes) {
    out_.incomplete = true;
    current_ = kNoNode;
    return nullptr;
  }
  current_ = out_.nodes.size();
  return &out_.nodes.emplace_back();
}

void PlanBuilder::enter(std::string_view key) {
  if (too_deep_ > 0 || frames_.size() > kMaxPlanDepth) {
    ++too_deep_;
    out_.incomplete = true;
    return;
  }
  Frame frame{group_of(frames_.back(), key), current_, out_.storage.size()};
  if (frame.group == Group::kNode) {
    open_node();
    frame.node = current_;
  }
  if (frame.group == Group::kSortGroups) external_ = false;
  space_used_ = {};
  frames_.push_back(frame);
}

void PlanBuilder::leave() {
  if (too_deep_ > 0) {
    --too_deep_;
    return;
  }
  if (frames_.size() == 1) return;
  const Frame frame = frames_.back();
  frames_.pop_back();
  current_ = frames_.back().group == Group::kDocument ? kNoNode : frames_.back().node;
  if (frame.group == Group::kSortKey && frame.node < out_.nodes.size()) {
    out_.nodes[frame.node].sort_key = {out_.storage.data() + frame.start, out_.storage.size() - frame.start};
  }
}

void PlanBuilder::document_value(std::string_view key, std::string_view text) {
  if (same_key(key, "Query Text") && out_.query.empty()) {
    out_.query = store(text);
  } else if (same_key(key, "Query Parameters") && !out_.has_parameters) {
    out_.parameters = store(text);
    out_.has_parameters = true;
  } else if (same_key(key, "Query Identifier")) {
    int64_t id = 0;
    std::from_chars(text.data(), text.data() + text.size(), id);
    out_.query_id = static_cast<uint64_t>(id);
  }
}

void PlanBuilder::node_value(PlanNode& node, std::string_view key, std::string_view text) {
  if (same_key(key, "Node Type")) {
    node.kind = plan_node_kind(text);
  } else if (same_key(key, "Relation Name")) {
    node.relation = store(text);
  } else if (same_key(key, "Alias")) {
    node.alias = store(text);
  } else if (same_key(key, "Index Name")) {
    node.index = store(text);
  } else if (same_key(key, "Filter")) {
    node.filter = store(text);
  } else if (same_key(key, "Index Cond") || same_key(key, "Recheck Cond") || same_key(key, "TID Cond")) {
    node.condition = store(text);
  } else if (same_key(key, "Sort Key")) {
    node.sort_key = store(text);
  } else if (same_key(key, "Actual Rows")) {
    out_.analysed |= number(text, node.actual_rows);
  } else if (same_key(key, "Actual Loops")) {
    number(text, node.loops);
  } else if (same_key(key, "Rows Removed by Filter")) {
    number(text, node.rows_removed);
  } else if (same_key(key, "Plan Rows")) {
    number(text, node.plan_rows);
  } else if (same_key(key, "Total Cost")) {
    number(text, node.cost);
  } else if (same_key(key, "Sort Space Type") || same_key(key, "Sort Space Used")) {
    worker_value(node, key, text);
  }
}

// The leader's sort and those of parallel workers: the space used and its kind arrive as two values, in this
// order.
void PlanBuilder::worker_value(PlanNode& node, std::string_view key, std::string_view text) {
  if (same_key(key, "Sort Space Used")) {
    space_used_ = store(text);
  } else if (same_key(key, "Sort Space Type")) {
    double kilobytes = 0;
    number(space_used_, kilobytes);
    sort_space(node, kilobytes, text == "Disk");
    space_used_ = {};
  }
}

void PlanBuilder::value(std::string_view key, std::string_view text) {
  if (too_deep_ > 0) return;
  Frame& frame = frames_.back();
  if (frame.group == Group::kDocument) return document_value(key, text);
  if (frame.node >= out_.nodes.size()) return;
  PlanNode& node = out_.nodes[frame.node];
  if (frame.group == Group::kNode) {
    node_value(node, key, text);
  } else if (frame.group == Group::kWorkers) {
    worker_value(node, key, text);
  } else if (frame.group == Group::kSortKey) {
    if (out_.storage.size() > frame.start) store(", ");
    store(text);
  } else if (frame.group == Group::kSortMethods) {
    external_ |= text.starts_with("external");
  } else if ((frame.group == Group::kDisk || frame.group == Group::kMemory) &&
             same_key(key, "Peak Sort Space Used")) {
    double kilobytes = 0;
    if (number(text, kilobytes)) sort_space(node, kilobytes, frame.group == Group::kDisk);
  }
}

void PlanBuilder::finish() {
  too_deep_ = 0;
  while (frames_.size() > 1) leave();
  out_.plan.nodes = out_.nodes;
  out_.plan.rows = out_.nodes.empty() ? -1 : out_.nodes.front().actual_rows;
}

void unescape_json(std::string_view raw, std::string& out) {
  out.clear();
  const auto append_utf8 = [&out](uint32_t code) {
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0 | (code >> 6));
      out += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0 | (code >> 12));
      out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
      out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
      out += static_cast<char>(0xF0 | (code >> 18));
      out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
      out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
      out += static_cast<char>(0x80 | (code & 0x3F));
    }
  };
  const auto hex4 = [&raw](size_t at, uint32_t& code) {
    if (at + 4 > raw.size()) return false;
    const auto [end, error] = std::from_chars(raw.data() + at, raw.data() + at + 4, code, 16);
    return error == std::errc() && end == raw.data() + at + 4;
  };
  for (size_t i = 0; i < raw.size();) {
    const size_t slash = std::min(raw.find('\\', i), raw.size());
    out.append(raw, i, slash - i);
    if (slash + 1 >= raw.size()) {
      out.append(raw, slash);
      return;
    }
    const char kind = raw[slash + 1];
    i = slash + 2;
    constexpr std::string_view kNames = "bfnrt";
    const size_t named = kNames.find(kind);
    uint32_t code = 0;
    if (named != std::string_view::npos) {
      out += "\b\f\n\r\t"[named];
    } else if (kind == 'u' && hex4(i, code)) {
      i += 4;
      uint32_t low = 0;
      const bool pair = code >= 0xD800 && code < 0xDC00 && i + 1 < raw.size() && raw[i] == '\\' &&
                        raw[i + 1] == 'u' && hex4(i + 2, low) && low >= 0xDC00 && low < 0xE000;
      if (pair) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        i += 6;
      } else if (code >= 0xD800 && code < 0xE000) {
        code = 0xFFFD;
      }
      append_utf8(code);
    } else if (kind == '"' || kind == '\\' || kind == '/') {
      out += kind;
    } else {
      out.append(raw, slash, 2);
    }
  }
}

}  // namespace pgsieve
