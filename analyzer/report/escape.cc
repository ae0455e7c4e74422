#include "analyzer/report/escape.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <iterator>

#include "analyzer/base/utf8.h"

namespace pgsieve {

namespace {

// The code point of a well-formed sequence.
uint32_t decode(std::string_view sequence) {
  const auto byte = [&](size_t at) {
    return static_cast<uint32_t>(static_cast<unsigned char>(sequence[at]));
  };
  switch (sequence.size()) {
    case 1:
      return byte(0);
    case 2:
      return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
    case 3:
      return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    default:
      return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
  }
}

bool hides_or_reorders(uint32_t point) {
  return (point >= 0x200B && point <= 0x200F) || (point >= 0x2028 && point <= 0x202E) ||
         (point >= 0x2060 && point <= 0x206F) || point == 0x061C || point == 0xFEFF ||
         (point >= 0xFFF9 && point <= 0xFFFB) || (point >= 0xE0000 && point <= 0xE007F);
}

// Calls visit(code point, its bytes) for every character of the repaired text.
template <typename Visit>
void for_each_character(std::string_view text, Visit&& visit) {
  const std::string repaired = repair_utf8(text);
  std::string_view rest = repaired;
  while (!rest.empty()) {
    const std::string_view sequence = rest.substr(0, std::max<size_t>(utf8_sequence_length(rest), 1));
    visit(decode(sequence), sequence);
    rest.remove_prefix(sequence.size());
  }
}

std::string percent_encode(std::string_view text, std::string_view characters) {
  std::string out;
  for (const char byte : repair_utf8(text)) {
    if (characters.find(byte) != std::string_view::npos) {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(byte));
    } else {
      out += byte;
    }
  }
  return out;
}

size_t longest_run(std::string_view text, char wanted) {
  size_t longest = 0;
  size_t run = 0;
  for (const char byte : text) {
    run = byte == wanted ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

}  // namespace

std::string escape_terminal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for_each_character(text, [&](uint32_t point, std::string_view bytes) {
    if ((point < 0x20 && point != '\n' && point != '\t') || (point >= 0x7F && point <= 0x9F)) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", point);
    } else if (hides_or_reorders(point)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", point);
    } else {
      out += bytes;
    }
  });
  return out;
}

std::string escape_xml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for_each_character(text, [&](uint32_t point, std::string_view bytes) {
    switch (point) {
      case '&':
        out += "&amp;";
        return;
      case '<':
        out += "&lt;";
        return;
      case '>':
        out += "&gt;";
        return;
      case '"':
        out += "&quot;";
        return;
      case '\t':
        out += "&#9;";
        return;
      case '\n':
        out += "&#10;";
        return;
      case '\r':
        out += "&#13;";
        return;
      default:
        break;
    }
    const bool allowed = point >= 0x20 && point != 0xFFFE && point != 0xFFFF;
    out += allowed ? bytes : std::string_view("\xEF\xBF\xBD");
  });
  return out;
}

std::string escape_markdown(std::string_view text) {
  std::string out;
  for_each_character(text, [&](uint32_t point, std::string_view bytes) {
    if (point < 0x20 || (point >= 0x7F && point <= 0x9F) || hides_or_reorders(point)) {
      out += ' ';
    } else if (point == '<') {
      out += "&lt;";
    } else if (point == '&') {
      out += "&amp;";
    } else if (point == '@' || point == '#') {
      out += bytes;
      out += "\xE2\x80\x8B";  // a zero-width blank: neither a mention nor an issue link
    } else {
      if (bytes.size() == 1 && std::string_view("\\`*_{}[]()>~|!").find(bytes[0]) != std::string_view::npos) {
        out += '\\';
      }
      out += bytes;
    }
  });
  return out;
}

std::string markdown_code(std::string_view text) {
  std::string flat = escape_terminal(text);
  std::replace_if(
      flat.begin(), flat.end(), [](char byte) { return byte == '\n' || byte == '\t'; }, ' ');
  const std::string ticks(longest_run(flat, '`') + 1, '`');
  return fmt::format("{0} {1} {0}", ticks, flat);
}

std::string markdown_fence(std::string_view text, std::string_view language) {
  const std::string body = escape_terminal(text);
  const std::string ticks(std::max<size_t>(longest_run(body, '`') + 1, 3), '`');
  return fmt::format("{0}{1}\n{2}\n{0}\n", ticks, language, body);
}

std::string escape_workflow_data(std::string_view text) {
  return percent_encode(text, "%\r\n");
}
std::string escape_workflow_property(std::string_view text) {
  return percent_encode(text, "%\r\n:,");
}

std::string escape_ci_log(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool line_start = true;  // nothing but blanks since the last line feed: runners trim a line
  for (size_t at = 0; at < text.size(); ++at) {
    const char byte = text[at];
    if (line_start && text.substr(at, 2) == "::") out += '\\';
    if (byte == '#' && text.substr(at, 2) == "##") {
      size_t end = at + 2;
      while (end < text.size() && std::isalpha(static_cast<unsigned char>(text[end])) != 0) ++end;
      if (end < text.size() && text[end] == '[') {
        out += "##\\";
        ++at;
        line_start = false;
        continue;
      }
    }
    if (byte == '\n') {
      line_start = true;
    } else if (byte != ' ' && byte != '\t' && byte != '\r') {
      line_start = false;
    }
    out += byte;
  }
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char byte : escape_terminal(text)) {
    switch (byte) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += byte;
    }
  }
  return out;
}

std::string plain_text(std::string_view text, size_t max_bytes) {
  constexpr std::string_view kCut = "…";
  std::string plain = escape_terminal(text);
  if (plain.size() <= max_bytes) return plain;
  return std::string(utf8_prefix(plain, max_bytes - std::min(max_bytes, kCut.size()))) + std::string(kCut);
}

namespace {

// What makes a spreadsheet take a cell for a formula: ASCII, and the full-width forms that some editions
// fold to ASCII.
bool begins_formula(std::string_view field) {
  constexpr std::string_view kStarts[] = {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"};
  return std::any_of(std::begin(kStarts), std::end(kStarts),
                     [&](std::string_view start) { return field.starts_with(start); });
}

}  // namespace

std::string csv_field(std::string_view text) {
  std::string field = repair_utf8(text);
  const size_t first = field.find_first_not_of(' ');  // leading blanks are dropped by some importers
  if (first != std::string::npos && begins_formula(std::string_view(field).substr(first)))
    field.insert(0, 1, '\'');
  if (field.find_first_of("\",\r\n") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char byte : field) {
    if (byte == '"') quoted += '"';
    quoted += byte;
  }
  return quoted + '"';
}

}  // namespace pgsieve
