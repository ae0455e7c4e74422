#include "analyzer/workload/statement_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "analyzer/sql/literal_text.h"
#include "analyzer/workload/pattern_counts.h"

namespace pgsieve {

namespace {

int64_t parse_number(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : SlotValue::kNotNumeric;
}

// Elements of an array literal's text form, "{1,2,3}": those of the outermost level, commas in double quotes
// aside.
size_t array_elements(std::string_view text, std::string_view& first) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return SIZE_MAX;
  text = text.substr(1, text.size() - 2);
  if (text.empty()) return 0;
  size_t elements = 1;
  size_t first_end = text.size();
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == ',' && !quoted) {
      if (elements++ == 1) first_end = i;
    }
  }
  first = text.substr(0, first_end);
  if (first.size() >= 2 && first.front() == '"') first = first.substr(1, first.size() - 2);
  return elements;
}

// IN ($1, $2) is one slot, whose own hash only tells which parameters stand in it.
uint64_t hash_with_parameters(const Slot& list, std::span<const BoundValue> parameters) {
  uint64_t hash = list.value_hash;
  for (size_t at = list.text.find('$'); at != std::string_view::npos; at = list.text.find('$', at + 1)) {
    size_t number = 0;
    std::from_chars(list.text.data() + at + 1, list.text.data() + list.text.size(), number);
    if (number >= 1 && number <= parameters.size()) hash = hash_combine(hash, parameters[number - 1].hash);
  }
  return hash;
}

bool is_array(const StatementInfo& info, uint16_t ordinal) {
  return std::any_of(info.slots.begin(), info.slots.end(),
                     [&](const ValueSlot& slot) { return slot.ordinal == ordinal && slot.array; });
}

}  // namespace

void fill_values(const Event& event, StatementEvent& statement) {
  statement.value_count = 0;
  statement.values_known = true;
  statement.tuple = 0;
  for (const ValueSlot& slot : statement.info->slots) {
    if (slot.ordinal >= event.scan->slots.size()) continue;
    const Slot& scanned = event.scan->slots[slot.ordinal];
    SlotValue& value = statement.values[statement.value_count++];
    value.ordinal = slot.ordinal;
    value.role = slot.role;
    value.known = true;
    if (scanned.kind == Slot::Kind::kParameter) {
      const size_t index = static_cast<size_t>(scanned.parameter) - 1;
      value.known =
          scanned.parameter > 0 && index < event.parameters.size() && !event.parameters[index].truncated;
      if (value.known) {
        value.text = event.parameters[index].text;
        value.hash = event.parameters[index].hash;
        value.spelling = event.parameters[index].null      ? ValueSpelling::kUnclear
                         : event.parameters[index].escaped ? ValueSpelling::kDoubled
                                                           : ValueSpelling::kExact;
      } else {
        value.text = {};
        value.hash = 0;
      }
    } else {
      value.text = scanned.text;
      value.hash = scanned.kind == Slot::Kind::kList && !event.parameters.empty()
                       ? hash_with_parameters(scanned, event.parameters)
                       : scanned.value_hash;
      value.spelling = literal_spelling(scanned, event.text);
    }
    value.number = parse_number(value.text);
    if (!value.known) statement.values_known = false;
    statement.tuple = hash_combine(statement.tuple, value.hash);
  }
  // Slots that are not followed one by one still tell two executions apart.
  for (const Slot& slot : event.scan->slots) {
    const bool bound = slot.kind == Slot::Kind::kParameter && slot.parameter > 0 &&
                       slot.parameter <= event.parameters.size();
    if (slot.kind == Slot::Kind::kParameter && !bound) statement.values_known = false;
    const uint64_t hash =
        bound ? event.parameters[static_cast<size_t>(slot.parameter) - 1].hash : slot.value_hash;
    statement.tuple = hash_combine(statement.tuple, hash);
  }
  for (const BoundValue& value : event.parameters)
    statement.tuple = hash_combine(statement.tuple, value.hash);
}

void choose_pattern(const Event& event, StatementEvent& statement) {
  const StatementInfo& info = *statement.info;
  statement.pattern = info.pattern;
  statement.pattern_ordinal = info.ordinal;
  statement.single_value = info.single_value;
  if (!info.array_list) return;
  std::array<size_t, StatementInfo::kMaxValueSlots> elements{};  // by value; SIZE_MAX: unknown, 0: no array
  std::array<std::string_view, StatementInfo::kMaxValueSlots> only;
  bool one = true;
  for (size_t i = 0; i < statement.value_count; ++i) {
    SlotValue& value = statement.values[i];
    if (!is_array(info, value.ordinal)) continue;
    elements[i] = value.known ? array_elements(value.text, only[i]) : SIZE_MAX;
    if (elements[i] != 1) one = false;
  }
  if (one) {
    statement.pattern = info.one_pattern;
    statement.pattern_ordinal = info.one_ordinal;
    statement.single_value = true;
  }
  for (size_t i = 0; i < statement.value_count; ++i) {
    SlotValue& value = statement.values[i];
    if (!is_array(info, value.ordinal)) continue;
    value.role = elements[i] == 1 ? SlotRole::kEqual : SlotRole::kList;
    if (elements[i] == 1) {
      value.hash = slot_value_hash(only[i]);
      value.number = parse_number(only[i]);
      value.text = only[i];
      value.spelling = only[i].find_first_of("'\\\"") == std::string_view::npos ? ValueSpelling::kExact
                                                                                : ValueSpelling::kUnclear;
    }
    if (event.kind != Event::Kind::kFailed && statement.pattern != nullptr && elements[i] != SIZE_MAX)
      count_list(elements[i], *statement.pattern);
  }
}

int64_t count_keys(const Event& event, std::span<const uint16_t> slots) {
  int64_t keys = 0;
  for (const uint16_t ordinal : slots) {
    if (ordinal >= event.scan->slots.size()) return -1;
    const Slot& slot = event.scan->slots[ordinal];
    std::string_view text = slot.text, first;
    if (slot.kind == Slot::Kind::kParameter) {
      const bool known = slot.parameter > 0 && slot.parameter <= event.parameters.size() &&
                         !event.parameters[static_cast<size_t>(slot.parameter) - 1].truncated;
      if (known) text = event.parameters[static_cast<size_t>(slot.parameter) - 1].text;
      if (!known && slots.size() == 1) return -1;  // an array
    }
    const size_t in_array = array_elements(text, first);
    keys += static_cast<int64_t>(in_array == SIZE_MAX ? slot.elements : in_array);
  }
  return keys;
}

int64_t slot_number(const Event& event, uint32_t ordinal) {
  if (ordinal >= event.scan->slots.size()) return -1;
  const Slot& slot = event.scan->slots[ordinal];
  std::string_view text = slot.text;
  if (slot.kind == Slot::Kind::kParameter) {
    if (slot.parameter == 0 || slot.parameter > event.parameters.size()) return -1;
    text = event.parameters[static_cast<size_t>(slot.parameter) - 1].text;
  }
  const int64_t number = parse_number(text);
  return number < 0 ? -1 : number;
}

}  // namespace pgsieve
