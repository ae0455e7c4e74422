#include "analyzer/advisor/literals.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/scan.h"

namespace pgsieve {

namespace {

struct Sampled {
  std::string text;
  Microseconds duration = kUnknownTime;
};

std::vector<const ExecutionSample*> samples_of(const Pattern& pattern) {
  std::vector<const ExecutionSample*> samples;
  for (const SampleReservoir::Entry& entry : pattern.samples.entries()) samples.push_back(&entry.sample);
  return samples;
}

bool is_cut(const ExecutionSample& sample) {
  return sample.text.empty() || sample.text.ends_with("…") || sample.parameters.ends_with("…");
}

std::optional<std::string> statement_of(const ExecutionSample& sample) {
  if (is_cut(sample)) return std::nullopt;
  return with_parameters(sample.text, sample.parameters);
}

bool plain_value(std::string_view value) {
  return value.size() <= 100 && value.find_first_of("'\\\n") == std::string_view::npos;
}

std::optional<std::string> literal_at(std::string_view text, uint32_t slot, size_t slots) {
  StatementScan scan;
  std::string scratch;
  scan_statement(text, scan, scratch);
  if (scan.slots.size() != slots || slot >= slots) return std::nullopt;
  const Slot& found = scan.slots[slot];
  if (!plain_value(found.text)) return std::nullopt;
  if (found.kind == Slot::Kind::kNumber) return std::string(found.text);
  const bool quoted =
      found.kind == Slot::Kind::kString && found.offset < text.size() && text[found.offset] == '\'';
  return quoted ? std::optional(quote_literal(found.text)) : std::nullopt;
}

}  // namespace

std::optional<std::string> parameter_value(std::string_view parameters, unsigned number) {
  const std::string name = fmt::format("${} = ", number);
  size_t at = 0;
  while (at < parameters.size()) {
    const bool wanted = parameters.substr(at).starts_with(name);
    const size_t equals = parameters.find(" = ", at);
    if (equals == std::string_view::npos) return std::nullopt;
    at = equals + 3;
    if (at < parameters.size() && parameters[at] == '\'') {
      std::string value;
      for (++at; at < parameters.size(); ++at) {
        if (parameters[at] == '\'' && (at + 1 >= parameters.size() || parameters[++at] != '\'')) break;
        value += parameters[at];
      }
      if (wanted) return value;
    } else if (wanted) {
      return std::nullopt;  // NULL
    }
    const size_t comma = parameters.find(", $", at);
    if (comma == std::string_view::npos) return std::nullopt;
    at = comma + 2;
  }
  return std::nullopt;
}

std::optional<std::string> with_parameters(std::string_view statement, std::string_view parameters) {
  StatementScan scan;
  std::string scratch;
  scan_statement(statement, scan, scratch);
  std::string out;
  size_t done = 0;
  const auto replace = [&](size_t offset) {
    size_t end = offset + 1;
    unsigned number = 0;
    while (end < statement.size() && statement[end] >= '0' && statement[end] <= '9' && number < 100'000)
      number = number * 10 + static_cast<unsigned>(statement[end++] - '0');
    if (end == offset + 1) return false;
    const std::optional<std::string> value = parameter_value(parameters, number);
    const bool null = !value && parameters.find(fmt::format("${} = NULL", number)) != std::string_view::npos;
    if (!value && !null) return false;
    out += statement.substr(done, offset - done);
    out += null ? std::string("NULL") : quote_literal(*value);
    done = end;
    return true;
  };
  for (const Slot& slot : scan.slots) {
    if (slot.kind == Slot::Kind::kParameter) {
      if (slot.offset < done || slot.offset >= statement.size() || statement[slot.offset] != '$' ||
          !replace(slot.offset))
        return std::nullopt;
    } else if (slot.kind == Slot::Kind::kList) {
      // A list's own text may hold parameters: IN ($1, $2).
      bool quoted = false;
      for (size_t at = slot.offset; at < slot.offset + slot.text.size() && at < statement.size(); ++at) {
        if (statement[at] == '\'') quoted = !quoted;
        if (quoted || statement[at] != '$') continue;
        if (!replace(at)) return std::nullopt;
        at = done - 1;
      }
    }
  }
  out += statement.substr(done);
  return out;
}

std::vector<LiteralStatement> literal_statements(const Pattern& pattern) {
  std::vector<Sampled> all;
  for (const ExecutionSample* sample : samples_of(pattern))
    if (std::optional<std::string> text = statement_of(*sample))
      all.push_back({std::move(*text), sample->duration});
  std::vector<LiteralStatement> chosen;
  const auto add = [&chosen](std::string which, const std::string& text) {
    if (std::ranges::find(chosen, text, &LiteralStatement::text) == chosen.end())
      chosen.push_back({.which = std::move(which), .text = text});
  };
  std::map<std::string, size_t> frequency;
  for (const Sampled& each : all) ++frequency[each.text];
  const auto most = std::ranges::max_element(frequency, {}, [](const auto& each) { return each.second; });
  if (most != frequency.end() && (most->second > 1 || all.size() == 1)) add("most frequent", most->first);
  if (!all.empty()) {
    std::vector<Sampled> by_time = all;
    std::ranges::sort(by_time, [](const Sampled& left, const Sampled& right) {
      return std::tie(left.duration, left.text) < std::tie(right.duration, right.text);
    });
    add("median", by_time[by_time.size() / 2].text);
  }
  if (!pattern.slowest.empty())
    if (const std::optional<std::string> text = statement_of(pattern.slowest)) add("slowest", *text);
  if (chosen.empty() && !pattern.reference_text.empty() && pattern.calls > 0 &&
      pattern.timed_calls + pattern.rows_calls > 0) {
    // Longer than samples may be, or from a store of an earlier day: the first execution's text, where it has
    // no parameters.
    const std::optional<std::string> text = with_parameters(pattern.reference_text, {});
    if (text && pattern.reference_text.find('$') == std::string::npos) add("only", *text);
  }
  if (chosen.size() == 1) chosen.front().which = "only";
  // Each stands for the samples it equals; what is left belongs to the most representative one.
  double rest = 1;
  for (size_t i = 1; i < chosen.size(); ++i) {
    const auto found = frequency.find(chosen[i].text);
    const double own =
        found == frequency.end() ? 0 : static_cast<double>(found->second) / static_cast<double>(all.size());
    chosen[i].share = chosen[i].which == "slowest" && own == 0
                          ? 1.0 / static_cast<double>(std::max<uint64_t>(pattern.calls, 2))
                          : own;
    rest -= chosen[i].share;
  }
  if (!chosen.empty()) chosen.front().share = std::max(rest, 0.0);
  return chosen;
}

std::optional<std::string> constant_literal(const Pattern& pattern, uint32_t slot) {
  const StatementShape& shape = *pattern.shape;
  if (slot >= shape.slots.size() || shape.slots[slot].parameter != 0) return std::nullopt;
  const std::optional<std::string> first = literal_at(pattern.reference_text, slot, shape.slots.size());
  if (!first || pattern.samples.empty()) return std::nullopt;
  std::vector<const ExecutionSample*> samples = samples_of(pattern);
  if (!pattern.slowest.empty()) samples.push_back(&pattern.slowest);
  for (const ExecutionSample* sample : samples)
    if (!is_cut(*sample) && literal_at(sample->text, slot, shape.slots.size()) != first) return std::nullopt;
  return first;
}

std::optional<std::string> with_constant_values(std::string expression, const Pattern& pattern) {
  size_t at = 0;
  bool quoted = false;
  while (at < expression.size()) {
    if (expression[at] == '\'') quoted = !quoted;
    size_t end = at + 1;
    unsigned number = 0;
    if (!quoted && expression[at] == '$')
      while (end < expression.size() && expression[end] >= '0' && expression[end] <= '9' && number < 100'000)
        number = number * 10 + static_cast<unsigned>(expression[end++] - '0');
    if (number == 0) {
      ++at;
      continue;
    }
    std::vector<const ExecutionSample*> samples = samples_of(pattern);
    if (samples.empty() && !pattern.slowest.empty()) samples.push_back(&pattern.slowest);
    std::optional<std::string> value;
    for (const ExecutionSample* sample : samples) {
      const std::optional<std::string> own = parameter_value(sample->parameters, number);
      if (!own || !plain_value(*own) || (value && *value != *own)) return std::nullopt;
      value = own;
    }
    if (!value) return std::nullopt;
    const std::string literal = quote_literal(*value);
    expression.replace(at, end - at, literal);
    at += literal.size();
  }
  return expression;
}

LikePattern like_pattern_of(const Predicate& predicate, const Pattern& pattern) {
  if (predicate.pattern != LikePattern::kUnknown && predicate.pattern != LikePattern::kNone)
    return predicate.pattern;
  std::optional<LikePattern> common;
  std::vector<const ExecutionSample*> samples = samples_of(pattern);
  if (samples.empty() && !pattern.slowest.empty()) samples.push_back(&pattern.slowest);
  for (const uint32_t slot : predicate.slots) {
    if (slot >= pattern.shape->slots.size() || pattern.shape->slots[slot].parameter == 0) continue;
    for (const ExecutionSample* sample : samples) {
      const std::optional<std::string> value =
          parameter_value(sample->parameters, pattern.shape->slots[slot].parameter);
      if (!value || value->empty()) continue;
      const size_t wildcard = value->find_first_of("%_");
      const LikePattern own = wildcard == 0                   ? LikePattern::kContains
                              : wildcard == std::string::npos ? LikePattern::kExact
                                                              : LikePattern::kPrefix;
      // One contains-pattern among prefixes: only an index for the former serves both.
      common = !common || *common == own                                            ? own
               : *common == LikePattern::kContains || own == LikePattern::kContains ? LikePattern::kContains
                                                                                    : LikePattern::kPrefix;
    }
  }
  return common.value_or(LikePattern::kUnknown);
}

}  // namespace pgsieve
