#include "analyzer/capture/rest_records.h"

#include <bit>
#include <charconv>

namespace pgsieve {
namespace {

constexpr uint64_t kExtended = 1, kAwaitsDuration = 2, kAwaitsFetch = 4, kParametersGiven = 8;
constexpr uint64_t kNested = 1, kHasParameters = 2, kAnalysed = 4, kIncomplete = 8;

constexpr std::string_view PlanNode::*kNodeTexts[] = {&PlanNode::relation,  &PlanNode::alias,
                                                      &PlanNode::index,     &PlanNode::filter,
                                                      &PlanNode::condition, &PlanNode::sort_key};
constexpr double PlanNode::*kNodeNumbers[] = {&PlanNode::actual_rows,  &PlanNode::loops,
                                              &PlanNode::rows_removed, &PlanNode::plan_rows,
                                              &PlanNode::cost,         &PlanNode::sort_space_kb};

void append_double(double number, std::string& out) {
  append_number(std::bit_cast<uint64_t>(number), out);
}

// Copies the text to where the plan's other texts are; there is room (see read_plan_rest()).
std::string_view store(const std::string& text, ParsedPlan& plan) {
  const size_t start = plan.storage.size();
  plan.storage.insert(plan.storage.end(), text.begin(), text.end());
  return {plan.storage.data() + start, text.size()};
}

PlanNode read_node(RestReader& reader, ParsedPlan& plan) {
  PlanNode node;
  const uint64_t kind = reader.number();
  if (kind <= static_cast<uint64_t>(PlanNode::Kind::kOther)) node.kind = static_cast<PlanNode::Kind>(kind);
  node.disk_sort = reader.number() != 0;
  for (const auto member : kNodeNumbers) node.*member = std::bit_cast<double>(reader.number());
  for (const auto member : kNodeTexts) node.*member = store(reader.text(), plan);
  return node;
}

}  // namespace

std::optional<uint64_t> RestReader::next() {
  uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text_.data(), text_.data() + text_.size(), number, 16);
  if (failed != std::errc()) return {};
  text_.remove_prefix(static_cast<size_t>(end - text_.data()));
  skip_blank();
  return number;
}

std::string RestReader::text() {
  std::string text;
  while (text_.size() >= 2 && text_[0] != ' ') {
    unsigned char byte = 0;
    if (std::from_chars(text_.data(), text_.data() + 2, byte, 16).ptr != text_.data() + 2) break;
    text += static_cast<char>(byte);
    text_.remove_prefix(2);
  }
  skip_blank();
  return text;
}

void append_number(uint64_t number, std::string& out) {
  char digits[17];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, 16).ptr;
  if (!out.empty()) out += ' ';
  out.append(digits, end);
}

void append_text(std::string_view text, std::string& out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += ' ';
  for (const char c : text) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
}

size_t rest_bytes(const PlanRecord& plan) {
  return plan.parsed.storage.size() + plan.parsed.nodes.size() * sizeof(PlanNode);
}

size_t rest_bytes(const Execution& statement) {
  size_t bytes = statement.text.size() + statement.parameter_list.size() + statement.prepare_text.size() +
                 statement.error_message.size();
  for (const PlanRecord& plan : statement.plans) bytes += rest_bytes(plan);
  return bytes;
}

std::string rest_of(const Execution& statement) {
  std::string out;
  append_number((statement.extended ? kExtended : 0) | (statement.awaits_duration ? kAwaitsDuration : 0) |
                    (statement.awaits_fetch ? kAwaitsFetch : 0) |
                    (statement.parameters_given ? kParametersGiven : 0),
                out);
  for (const Microseconds time : {statement.duration, statement.time, statement.prepare})
    append_number(static_cast<uint64_t>(time), out);
  append_number(statement.fetches, out);
  append_number(statement.transaction, out);
  append_number(statement.position, out);
  for (const std::string_view text : {statement.text, statement.name, statement.prepare_text,
                                      statement.parameter_list, statement.sqlstate, statement.error_message})
    append_text(text, out);
  return out;
}

void read_rest(std::string_view record, Execution& statement) {
  RestReader reader(record);
  const uint64_t flags = reader.number();
  statement.duration = static_cast<Microseconds>(reader.number());
  statement.time = static_cast<Microseconds>(reader.number());
  statement.prepare = static_cast<Microseconds>(reader.number());
  statement.fetches = static_cast<uint32_t>(reader.number());
  statement.transaction = reader.number();
  statement.position = reader.number();
  const std::string text = reader.text(), name = reader.text();
  const std::string prepare_text = reader.text(), parameters = reader.text();
  const std::string sqlstate = reader.text(), error_message = reader.text();
  if (text.empty() && error_message.empty()) return;
  statement.active = true;
  statement.extended = (flags & kExtended) != 0;
  statement.awaits_duration = (flags & kAwaitsDuration) != 0;
  statement.awaits_fetch = (flags & kAwaitsFetch) != 0;
  statement.text = text;
  statement.name = name;
  statement.prepare_text = prepare_text;
  statement.sqlstate = sqlstate;
  statement.error_message = error_message;
  std::string scratch;
  if ((flags & kParametersGiven) != 0) statement.set_parameters(parameters, scratch);
  statement.own();
}

std::string rest_of(const PlanRecord& plan) {
  const ParsedPlan& parsed = plan.parsed;
  std::string out;
  append_number((plan.nested ? kNested : 0) | (parsed.has_parameters ? kHasParameters : 0) |
                    (parsed.analysed ? kAnalysed : 0) | (parsed.incomplete ? kIncomplete : 0),
                out);
  for (const Microseconds time : {plan.time, plan.duration}) append_number(static_cast<uint64_t>(time), out);
  for (const uint64_t number : {plan.transaction, parsed.query_id}) append_number(number, out);
  append_double(parsed.plan.rows, out);
  append_text(parsed.query, out);
  append_text(parsed.parameters, out);
  for (const PlanNode& node : parsed.nodes) {
    append_number(static_cast<uint64_t>(node.kind), out);
    append_number(node.disk_sort ? 1 : 0, out);
    for (const auto member : kNodeNumbers) append_double(node.*member, out);
    for (const auto member : kNodeTexts) append_text(node.*member, out);
  }
  return out;
}

PlanRecord read_plan_rest(std::string_view record) {
  PlanRecord plan;
  ParsedPlan& parsed = plan.parsed;
  parsed.storage.reserve(record.size());  // the texts stay where they are
  RestReader reader(record);
  const uint64_t flags = reader.number();
  plan.nested = (flags & kNested) != 0;
  parsed.has_parameters = (flags & kHasParameters) != 0;
  parsed.analysed = (flags & kAnalysed) != 0;
  parsed.incomplete = (flags & kIncomplete) != 0;
  plan.time = static_cast<Microseconds>(reader.number());
  plan.duration = static_cast<Microseconds>(reader.number());
  plan.transaction = reader.number();
  parsed.query_id = reader.number();
  parsed.plan.rows = std::bit_cast<double>(reader.number());
  parsed.query = store(reader.text(), parsed);
  parsed.parameters = store(reader.text(), parsed);
  while (!reader.at_end() && parsed.nodes.size() < kMaxPlanNodes)
    parsed.nodes.push_back(read_node(reader, parsed));
  parsed.plan.nodes = parsed.nodes;
  return plan;
}

}  // namespace pgsieve
