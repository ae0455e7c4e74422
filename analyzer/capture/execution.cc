#include "analyzer/capture/execution.h"

#include <algorithm>

#include "analyzer/base/release.h"
#include "analyzer/capture/parameters.h"

namespace pgsieve {
namespace {

constexpr size_t kKeepBytes = 16 * 1024;
constexpr size_t kKeepValues = 32;

// The same part of `to` that `view` is of `from`; a view from elsewhere becomes empty.
std::string_view moved(std::string_view view, std::string_view from, std::string_view to) {
  if (view.data() == nullptr || view.data() < from.data() ||
      view.data() + view.size() > from.data() + from.size())
    return {};
  return to.substr(static_cast<size_t>(view.data() - from.data()), view.size());
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

void skip_space(std::string_view text, size_t& at) {
  while (at < text.size() && is_space(text[at])) ++at;
}

// A keyword at text[at], letter case aside; at moves behind it.
bool take_keyword(std::string_view text, size_t& at, std::string_view upper) {
  skip_space(text, at);
  if (text.size() - at < upper.size()) return false;
  for (size_t i = 0; i < upper.size(); ++i) {
    const char c = text[at + i];
    if ((c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c) != upper[i]) return false;
  }
  if (at + upper.size() < text.size() && is_word(text[at + upper.size()])) return false;
  at += upper.size();
  return true;
}

// An identifier, quoted or not.
bool take_identifier(std::string_view text, size_t& at) {
  skip_space(text, at);
  const size_t start = at;
  if (at < text.size() && text[at] == '"') {
    do {
      at = text.find('"', at + 1);
      if (at == std::string_view::npos) return false;
      ++at;
    } while (at < text.size() && text[at] == '"');
    return true;
  }
  while (at < text.size() && is_word(text[at])) ++at;
  return at > start;
}

// Skips "( … )" with nesting and quotes.
bool skip_parentheses(std::string_view text, size_t& at) {
  size_t depth = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = text.find(c, at + 1);
      if (at == std::string_view::npos) return false;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')' && --depth == 0) {
      ++at;
      return true;
    }
  }
  return false;
}

void hash_undone(BoundValue& value, std::string& scratch) {
  scratch.clear();
  for (size_t i = 0; i < value.text.size(); ++i) {
    scratch.push_back(value.text[i]);
    if (value.text[i] == '\'') ++i;
  }
  value.hash = slot_value_hash(value.escaped ? std::string_view(scratch) : value.text);
}

// One literal: a number with an optional sign, a plain string, NULL, TRUE or FALSE.
bool take_literal(std::string_view text, size_t& at, BoundValue& value, std::string& scratch) {
  skip_space(text, at);
  const size_t start = at;
  if (at < text.size() && text[at] == '\'') {
    for (++at;;) {
      at = text.find('\'', at);
      if (at == std::string_view::npos) return false;
      if (at + 1 >= text.size() || text[at + 1] != '\'') break;
      value.escaped = true;
      at += 2;
    }
    value.text = text.substr(start + 1, at - start - 1);
    ++at;
    hash_undone(value, scratch);
    return true;
  }
  while (at < text.size() &&
         (is_word(text[at]) || text[at] == '.' || ((text[at] == '-' || text[at] == '+') && at == start)))
    ++at;
  value.text = text.substr(start, at - start);
  if (value.text.empty()) return false;
  size_t probe = start;
  if (take_keyword(text, probe, "NULL") && probe == at) {
    value.null = true;
    value.text = {};
    return true;
  }
  const char first = value.text[0] == '-' || value.text[0] == '+'
                         ? (value.text.size() > 1 ? value.text[1] : 'x')
                         : value.text[0];
  probe = start;
  const bool word = (take_keyword(text, probe, "TRUE") && probe == at) ||
                    (probe = start, take_keyword(text, probe, "FALSE") && probe == at);
  if (!word && (first < '0' || first > '9') && first != '.') return false;
  value.hash = slot_value_hash(value.text);
  return true;
}

}  // namespace

void Execution::reset() {
  std::string storage = std::move(storage_);
  std::unique_ptr<StatementScan> scan_buffer = std::move(own_scan_);
  std::string list = std::move(list_storage_);
  std::vector<BoundValue> values = std::move(own_parameters_);
  *this = Execution();
  if (storage.capacity() > kKeepBytes || list.capacity() > kKeepBytes)
    return;  // an unusual statement: let go of everything it needed
  storage_ = std::move(storage);
  list_storage_ = std::move(list);
  own_parameters_.clear();
  own_scan_ = std::move(scan_buffer);
  own_parameters_ = std::move(values);
}

void Execution::own() {
  if (!active || owned_) return;
  owned_ = true;
  std::string_view* const views[] = {&text, &name, &prepare_text, &sqlstate, &error_message};
  size_t total = 0;
  for (const std::string_view* view : views) total += view->size();
  // Some views may show the old storage: build the new one beside it. Never short enough to live inside the
  // string object, so that swapping keeps addresses.
  std::string storage;
  storage.reserve(std::max(total, size_t{64}));
  const std::string_view old_text = text;
  for (std::string_view* view : views) {
    const size_t start = storage.size();
    storage.append(*view);
    *view = std::string_view(storage).substr(start);
  }
  if (scan != nullptr) {
    if (own_scan_ == nullptr) own_scan_ = std::make_unique<StatementScan>();
    if (scan != own_scan_.get()) *own_scan_ = *scan;
    scan = own_scan_.get();
    for (Slot& slot : own_scan_->slots) slot.text = moved(slot.text, old_text, text);
    own_scan_->comment_first = moved(own_scan_->comment_first, old_text, text);
    own_scan_->comment_last = moved(own_scan_->comment_last, old_text, text);
  }
  storage_.swap(storage);
  if (parameter_list.data() == list_storage_.data()) return;  // set_parameters() kept them already
  list_storage_ = parameter_list;
  if (own_parameters_.capacity() > kKeepValues && parameters.size() <= kKeepValues) release(own_parameters_);
  own_parameters_.assign(parameters.begin(), parameters.end());
  for (BoundValue& value : own_parameters_) value.text = moved(value.text, parameter_list, list_storage_);
  parameters = own_parameters_;
  parameter_list = list_storage_;
}

bool Execution::lacks_detail() const {
  if (parameters_given || !prepare_text.empty()) return false;
  size_t at = 0;
  if (!extended && take_keyword(text, at, "EXECUTE")) return true;
  if (scan == nullptr) return text.find('$') != std::string_view::npos;
  return std::any_of(scan->slots.begin(), scan->slots.end(),
                     [](const Slot& slot) { return slot.kind == Slot::Kind::kParameter; });
}

void Execution::set_parameters(std::string_view list, std::string& scratch) {
  list_storage_ = list;
  own_parameters_.clear();
  parameter_list = list_storage_;
  parameters_whole = lex_parameters(parameter_list, own_parameters_, scratch);
  parameters = own_parameters_;
  parameters_given = true;
}

std::string_view prepared_text(std::string_view prepare) {
  size_t at = 0;
  if (!take_keyword(prepare, at, "PREPARE") || !take_identifier(prepare, at)) return {};
  skip_space(prepare, at);
  if (at < prepare.size() && prepare[at] == '(' && !skip_parentheses(prepare, at)) return {};
  if (!take_keyword(prepare, at, "AS")) return {};
  skip_space(prepare, at);
  std::string_view text = prepare.substr(at);
  while (!text.empty() && (is_space(text.back()) || text.back() == ';')) text.remove_suffix(1);
  return text;
}

bool execute_arguments(std::string_view execute, std::vector<BoundValue>& values, std::string& scratch) {
  size_t at = 0;
  if (!take_keyword(execute, at, "EXECUTE") || !take_identifier(execute, at)) return false;
  skip_space(execute, at);
  if (at >= execute.size() || execute[at] != '(') return true;  // no arguments
  ++at;
  for (;;) {
    BoundValue& value = values.emplace_back();
    if (!take_literal(execute, at, value, scratch)) return false;
    skip_space(execute, at);
    if (at >= execute.size()) return false;
    if (execute[at] == ')') return true;
    if (execute[at++] != ',') return false;
  }
}

}  // namespace pgsieve
