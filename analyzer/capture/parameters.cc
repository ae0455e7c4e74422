#include "analyzer/capture/parameters.h"

#include <algorithm>

namespace pgsieve {
namespace {

constexpr size_t kMaxParameters = 65'535;  // of the protocol

// "$12 = " at the start of rest; false when it isn't there.
bool take_number(std::string_view& rest) {
  size_t at = 1;
  if (!rest.starts_with('$')) return false;
  while (at < rest.size() && rest[at] >= '0' && rest[at] <= '9') ++at;
  if (at == 1) return false;
  while (at < rest.size() && rest[at] == ' ') ++at;
  if (at >= rest.size() || rest[at] != '=') return false;
  ++at;
  while (at < rest.size() && rest[at] == ' ') ++at;
  rest.remove_prefix(at);
  return true;
}

// Position of the quote that ends the string starting at rest[0] == '\''; npos when it is missing.
size_t closing_quote(std::string_view rest, bool& escaped) {
  size_t at = rest.find('\'', 1);
  while (at != std::string_view::npos && at + 1 < rest.size() && rest[at + 1] == '\'') {
    escaped = true;
    at = rest.find('\'', at + 2);
  }
  return at;
}

void hash_value(BoundValue& value, std::string& scratch) {
  if (!value.escaped) {
    value.hash = slot_value_hash(value.text);
    return;
  }
  scratch.clear();
  for (size_t i = 0; i < value.text.size(); ++i) {
    scratch.push_back(value.text[i]);
    if (value.text[i] == '\'' && i + 1 < value.text.size() && value.text[i + 1] == '\'') ++i;
  }
  value.hash = slot_value_hash(scratch);
}

// One value at the start of rest; false when it is cut.
bool take_value(std::string_view& rest, BoundValue& value, std::string& scratch) {
  if (rest.starts_with('\'')) {
    const size_t end = closing_quote(rest, value.escaped);
    value.truncated = end == std::string_view::npos;
    value.text = rest.substr(1, value.truncated ? std::string_view::npos : end - 1);
    rest.remove_prefix(value.truncated ? rest.size() : end + 1);
    if (value.text.ends_with("...")) value.truncated = true;
    hash_value(value, scratch);
    return end != std::string_view::npos;
  }
  const size_t end = std::min(rest.find(','), rest.size());
  value.text = rest.substr(0, end);
  while (value.text.ends_with(' ') || value.text.ends_with('\r')) value.text.remove_suffix(1);
  rest.remove_prefix(end);
  value.null = value.text == "NULL";
  if (value.null) {
    value.text = {};
  } else {
    hash_value(value, scratch);
  }
  return true;
}

}  // namespace

bool lex_parameters(std::string_view list, std::vector<BoundValue>& values, std::string& scratch) {
  const size_t limit = values.size() + kMaxParameters;
  while (take_number(list)) {
    if (values.size() >= limit) return false;
    BoundValue& value = values.emplace_back();
    if (!take_value(list, value, scratch)) return false;
    while (!list.empty() && (list.front() == ' ' || list.front() == '\r')) list.remove_prefix(1);
    if (list.empty()) return true;
    if (list.front() != ',') return false;
    list.remove_prefix(1);
    while (!list.empty() && list.front() == ' ') list.remove_prefix(1);
  }
  return list.empty();
}

}  // namespace pgsieve
