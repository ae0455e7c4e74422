#include "analyzer/report/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "analyzer/base/utf8.h"

namespace pgsieve {

std::string human_count(uint64_t count) {
  std::string digits = std::to_string(count);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

std::string human_bytes(uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  constexpr std::array<std::string_view, 5> kUnits{"kB", "MB", "GB", "TB", "PB"};
  double amount = static_cast<double>(bytes) / 1000.0;
  size_t unit = 0;
  while (amount >= 999.95 && unit + 1 < kUnits.size()) {
    amount /= 1000.0;
    ++unit;
  }
  return fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

std::string human_duration(double milliseconds) {
  if (milliseconds < 10) return fmt::format("{:.3f} ms", milliseconds);
  if (milliseconds < 1000) return fmt::format("{:.1f} ms", milliseconds);
  const double seconds = milliseconds / 1000.0;
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<uint64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  if (whole < 86400 * 2) return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
  return fmt::format("{} days {} h", whole / 86400, whole % 86400 / 3600);
}

std::string counted(uint64_t count, std::string_view noun) {
  if (count == 1) return fmt::format("1 {}", noun);
  const bool ends_in_y = noun.ends_with('y') && !noun.ends_with("ay") && !noun.ends_with("ey");
  const std::string plural =
      ends_in_y ? fmt::format("{}ies", noun.substr(0, noun.size() - 1)) : fmt::format("{}s", noun);
  return fmt::format("{} {}", human_count(count), plural);
}

std::string wrap(std::string_view text, size_t width, std::string_view indent) {
  std::string out;
  size_t column = 0;
  const auto break_line = [&] {
    out += '\n';
    out += indent;
    column = 0;
  };
  while (!text.empty()) {
    if (text[0] == '\n') {
      break_line();
      text.remove_prefix(1);
      continue;
    }
    const size_t word_start = std::min(text.find_first_not_of(' '), text.size());
    const size_t word_end = std::min(text.find_first_of(" \n", word_start), text.size());
    const std::string_view word = text.substr(word_start, word_end - word_start);
    const size_t word_columns = utf8_columns(word);
    if (column != 0 && !word.empty() && column + word_start + word_columns > width) {
      break_line();
    } else {
      out.append(word_start, ' ');
      column += word_start;
    }
    out += word;
    column += word_columns;
    text.remove_prefix(word_end);
  }
  return out;
}

std::string shorten(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return std::string(text);
  return std::string(utf8_prefix(text, max_bytes)) + "…";
}

namespace {

// The first position at or after `from`, outside parentheses and quotes, where `word` stands; npos: nowhere.
size_t find_outside(std::string_view text, std::string_view word, size_t from) {
  int depth = 0;
  char quote = 0;
  for (size_t at = from; at < text.size(); ++at) {
    const char byte = text[at];
    if (quote != 0) {
      if (byte == quote) quote = 0;
    } else if (depth == 0 && text.substr(at).starts_with(word)) {
      return at;
    } else if (byte == '"' || byte == '\'') {
      quote = byte;
    } else {
      depth += byte == '(' ? 1 : byte == ')' ? -1 : 0;
    }
  }
  return std::string_view::npos;
}

}  // namespace

std::string compact_query(std::string_view query, size_t max_list) {
  std::string flat(query);
  for (char& byte : flat) {
    if (byte == '\n' || byte == '\t' || byte == '\r') byte = ' ';
  }
  const auto cut = [&](size_t begin, size_t end) {
    if (begin == std::string::npos || end == std::string::npos || end < begin + max_list) return;
    const size_t comma = find_outside(flat, ",", begin);
    if (comma < end) flat.replace(comma, end - comma, ", …");
  };
  if (flat.starts_with("SELECT ")) cut(7, find_outside(flat, " FROM ", 7));
  if (flat.starts_with("INSERT ")) {
    const size_t open = flat.find('(');
    if (open != std::string::npos) cut(open + 1, find_outside(flat, ")", open + 1));
  }
  return flat;
}

std::string Paint::wrap_in(std::string_view code, std::string_view text) const {
  if (!on_) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

}  // namespace pgsieve
