#include "tools/pgsieve/captured_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/literal_text.h"
#include "analyzer/sql/scan.h"
#include "rules/common.h"

namespace pgsieve {

namespace {

using SlotValues = std::map<uint32_t, std::string>;

std::string array_text(const std::vector<std::string>& values) {
  std::string text = "{";
  for (const std::string& value : values) {
    if (text.size() > 1) text += ',';
    text += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + "}";
}

// Where a literal stands in the text, quotes and sign included.
struct Extent {
  size_t begin = 0, end = 0;
};

Extent literal_extent(const Slot& slot, std::string_view text) {
  Extent extent{sign_of(slot, text), static_cast<size_t>(slot.text.data() - text.data()) + slot.text.size()};
  if (slot.kind == Slot::Kind::kString && extent.end < text.size()) {  // what closes it: ' or $tag$
    extent.end = text[extent.end] == '$' ? text.find('$', extent.end + 1) + 1 : extent.end + 1;
  }
  return extent;
}

bool is_number(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("0123456789.", text[0] == '-' ? 1 : 0) == std::string_view::npos &&
         text.back() != '-';
}

// The text with other values in place of some of its literals.
std::string with_literals(const std::string& text, const StatementShape& shape, const SlotValues& values) {
  StatementScan scan;
  std::string scratch;
  scan_statement(text, scan, scratch);
  std::string out = text;
  for (auto value = values.rbegin(); value != values.rend(); ++value) {
    if (value->first >= scan.slots.size() || value->first >= shape.slots.size()) continue;
    const Slot& slot = scan.slots[value->first];
    if (slot.kind == Slot::Kind::kParameter || slot.kind == Slot::Kind::kList) continue;
    const Extent place = literal_extent(slot, text);
    const bool array = shape.slots[value->first].array;
    std::string literal = slot.kind == Slot::Kind::kNumber && is_number(value->second)
                              ? value->second
                              : quote_literal(array ? array_text({value->second}) : value->second);
    if (literal[0] == '-') literal.insert(0, " ");
    out.replace(place.begin, place.end - place.begin, literal);
  }
  return out;
}

// Number of parameters the text has, by its slots; inside lists by looking for `$n`.
size_t parameter_count(const Pattern& child) {
  size_t count = 0;
  for (const SlotUse& slot : child.shape->slots) count = std::max<size_t>(count, slot.parameter);
  const std::string& text = child.reference_text;
  for (size_t at = text.find('$'); at != std::string::npos; at = text.find('$', at + 1)) {
    size_t number = 0;
    for (size_t i = at + 1; i < text.size() && text[i] >= '0' && text[i] <= '9' && number < 10'000; ++i)
      number = number * 10 + static_cast<size_t>(text[i] - '0');
    if (number < 10'000) count = std::max(count, number);
  }
  return count;
}

// The values of the slots that were the same in all turns.
SlotValues constants_of(const LoopExample& example, const std::set<uint32_t>& varying) {
  SlotValues constants;
  for (const uint16_t slot : example.sample_slots) {
    const std::vector<std::string> values = example.sample_values(slot);
    if (!varying.contains(slot) && !values.empty()) constants[slot] = values.front();
  }
  return constants;
}

// Fills `parameters`: those the turns had, else those of the slowest execution that was kept whole.
Result<bool> find_parameters(const Pattern& child, const SlotValues& constants,
                             const std::set<uint32_t>& varying, CapturedLoop& loop) {
  const size_t count = parameter_count(child);
  loop.parameters.resize(count);
  std::set<size_t> found;
  for (uint32_t slot = 0; slot < child.shape->slots.size(); ++slot) {
    const SlotUse& use = child.shape->slots[slot];
    if (use.parameter == 0) continue;
    if (varying.contains(slot)) found.insert(use.parameter);
    const auto constant = constants.find(slot);
    if (constant == constants.end()) continue;
    loop.parameters[use.parameter - 1U] = use.array ? array_text({constant->second}) : constant->second;
    found.insert(use.parameter);
  }
  for (size_t number = 1; number <= count; ++number) {
    if (found.contains(number)) continue;
    DatabaseValue& value = loop.parameters[number - 1];
    value = sample_parameter(child.slowest.parameters, static_cast<unsigned>(number));
    if (!value && child.slowest.parameters.find(fmt::format("${} = NULL", number)) == std::string::npos)
      return replay_refused(fmt::format("the value of ${} was not captured", number),
                            "Parameters are logged with log_parameter_max_length = -1");
    loop.foreign_values = true;
  }
  return true;
}

void collect_turns(const LoopExample& example, CapturedLoop& loop) {
  std::set<ReplayKeys> seen;
  for (const SampleTurn& turn : example.sample_turns()) {
    ReplayKeys keys;
    for (const uint32_t slot : loop.key_slots) {
      const auto at = std::find(example.sample_slots.begin(), example.sample_slots.end(), slot);
      const auto index = static_cast<size_t>(at - example.sample_slots.begin());
      if (index < turn.size() && turn[index].known) keys.push_back(turn[index].text);
    }
    if (keys.size() == loop.key_slots.size() && seen.insert(keys).second)
      loop.turns.push_back(std::move(keys));
  }
}

}  // namespace

Error replay_refused(std::string message, std::string hint) {
  Error error;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

std::string CapturedLoop::text_of(const ReplayKeys& keys) const {
  SlotValues values;
  for (size_t i = 0; i < keys.size(); ++i) values[key_slots[i]] = keys[i];
  return with_literals(text, shape, values);
}

std::vector<DatabaseValue> CapturedLoop::bound(const ReplayKeys& keys) const {
  std::vector<DatabaseValue> values = parameters;
  for (size_t i = 0; i < keys.size(); ++i) {
    const SlotUse& use = shape.slots[key_slots[i]];
    if (use.parameter != 0) values.at(use.parameter - 1U) = use.array ? array_text({keys[i]}) : keys[i];
  }
  return values;
}

std::vector<DatabaseValue> CapturedLoop::bound(const Rewrite& rewrite) const {
  std::vector<DatabaseValue> all(rewrite.parameters.size());
  size_t key = 0;
  for (const RewriteParameter& parameter : rewrite.parameters) {
    DatabaseValue& value = all[parameter.number - 1U];
    if (parameter.array) {
      std::vector<std::string> values;
      for (const ReplayKeys& keys : turns) values.push_back(keys.at(key));
      value = array_text(values);
      ++key;
    } else if (parameter.original != 0) {
      value = parameters.at(parameter.original - 1U);
    }
  }
  return all;
}

Result<CapturedLoop> captured_loop(const Pattern& child, const LoopExample& example, const Rewrite& shown,
                                   std::span<const uint32_t> varying_slots) {
  CapturedLoop loop;
  for (const RewriteParameter& parameter : shown.parameters) {
    if (parameter.array) loop.key_slots.push_back(parameter.slot);
  }
  const std::set<uint32_t> varying(varying_slots.begin(), varying_slots.end());
  const SlotValues constants = constants_of(example, varying);
  loop.text = with_literals(child.reference_text, *child.shape, constants);
  loop.shape = draw_shape(loop.text);
  if (Result<bool> fine = find_parameters(child, constants, varying, loop); !fine) return fine.error();
  collect_turns(example, loop);
  if (loop.turns.empty())
    return replay_refused("no values of this loop were captured, or only ones too long to be kept",
                          "Parameters are logged with log_parameter_max_length = -1");
  return loop;
}

}  // namespace pgsieve
