// The structured plan formats: JSON, XML and YAML as explain.c prints them, each read in one forward pass
// that goes on as far as a damaged text allows.
#include <algorithm>
#include <string>
#include <vector>

#include "analyzer/capture/plan_builder.h"

namespace pgsieve {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

// Position of the quote that closes the string whose text starts at `from`; npos: none.
size_t closing_quote(std::string_view text, size_t from) {
  while (true) {
    const size_t at = text.find_first_of("\"\\", from);
    if (at == std::string_view::npos || text[at] == '"') return at;
    from = at + 2;
  }
}

void unescape_xml(std::string_view raw, std::string& out) {
  static constexpr std::pair<std::string_view, char> kEntities[] = {
      {"&lt;", '<'},    {"&gt;", '>'},    {"&amp;", '&'}, {"&quot;", '"'},
      {"&apos;", '\''}, {"&#x0d;", '\r'}, {"&#xd;", '\r'}};
  out.clear();
  for (size_t i = 0; i < raw.size();) {
    const size_t mark = std::min(raw.find('&', i), raw.size());
    out.append(raw, i, mark - i);
    i = mark;
    if (i == raw.size()) break;
    const auto* entity = std::find_if(std::begin(kEntities), std::end(kEntities), [&](const auto& known) {
      return raw.substr(i).starts_with(known.first);
    });
    if (entity == std::end(kEntities)) {
      out += raw[i++];
    } else {
      out += entity->second;
      i += entity->first.size();
    }
  }
}

}  // namespace

bool read_json_plan(std::string_view text, PlanBuilder& builder) {
  std::string unescaped;
  std::string open;         // the brackets we are in, as their closing characters
  std::string_view key;     // of the value that follows; "" in arrays
  bool expect_key = false;  // in an object, before a key
  for (size_t i = 0; (i = text.find_first_not_of(kBlanks, i)) != std::string_view::npos;) {
    const char byte = text[i];
    if (byte == '{' || byte == '[') {
      builder.enter(key);
      open += byte == '{' ? '}' : ']';
      expect_key = byte == '{';
      key = {};
      ++i;
    } else if (byte == '}' || byte == ']') {
      if (open.empty() || open.back() != byte) return builder.mark_incomplete(), true;
      builder.leave();
      open.pop_back();
      key = {};
      ++i;
      if (open.empty()) return true;
    } else if (byte == ',' || byte == ':') {
      expect_key = byte == ',' && !open.empty() && open.back() == '}';
      if (expect_key) key = {};
      ++i;
    } else if (byte == '"') {
      const size_t end = closing_quote(text, i + 1);
      const std::string_view raw = text.substr(i + 1, end == std::string_view::npos ? end : end - i - 1);
      if (expect_key) {
        key = raw;
      } else {
        unescape_json(raw, unescaped);
        builder.value(key, unescaped);
      }
      if (end == std::string_view::npos) break;
      i = end + 1;
    } else {
      const size_t end = std::min(text.find_first_of(" \t\r\n,:]}[{\"", i), text.size());
      if (!expect_key) builder.value(key, text.substr(i, end - i));
      i = end;
    }
  }
  builder.mark_incomplete();
  return true;
}

bool read_xml_plan(std::string_view text, PlanBuilder& builder) {
  std::string unescaped;
  size_t depth = 0;
  size_t i = text.find('<');
  while (i != std::string_view::npos) {
    const size_t close = text.find('>', i);
    if (close == std::string_view::npos) break;
    std::string_view tag = text.substr(i + 1, close - i - 1);
    const size_t next = text.find('<', close);
    if (tag.starts_with('/')) {
      builder.leave();
      if (depth > 0 && --depth == 0) return true;
    } else if (!tag.empty() && !tag.ends_with('/') && tag.front() != '?' && tag.front() != '!') {
      tag = tag.substr(0, tag.find_first_of(kBlanks));
      const std::string_view content =
          text.substr(close + 1, next == std::string_view::npos ? next : next - close - 1);
      const bool leaf = next == std::string_view::npos || text.substr(next + 1).starts_with('/');
      if (leaf) {
        unescape_xml(content, unescaped);
        builder.value(tag, unescaped);
        if (next == std::string_view::npos) break;
        i = text.find('<', next + 1);  // past the closing tag
        continue;
      }
      builder.enter(tag);
      ++depth;
    }
    i = next;
  }
  builder.mark_incomplete();
  return true;
}

// A line belongs to the innermost group whose key line is indented less; "- " starts an element of a list,
// and what follows it is indented by two more.
bool read_yaml_plan(std::string_view text, PlanBuilder& builder) {
  std::string unescaped;
  std::vector<size_t> open;  // indentation of the line (or dash) that opened each group
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    std::string_view line = text.substr(start, end - start);
    start = end + 1;
    size_t indent = line.find_first_not_of(' ');
    if (indent == std::string_view::npos) continue;
    line.remove_prefix(indent);
    while (!open.empty() && open.back() >= indent) {
      open.pop_back();
      builder.leave();
    }
    const auto scalar = [&](std::string_view key, std::string_view value) {
      if (!value.starts_with('"')) return builder.value(key, value);
      const size_t quote = closing_quote(value, 1);
      if (quote == std::string_view::npos) builder.mark_incomplete();
      unescape_json(value.substr(1, quote == std::string_view::npos ? quote : quote - 1), unescaped);
      builder.value(key, unescaped);
    };
    if (line.starts_with("- ")) {
      line.remove_prefix(2);
      if (line.starts_with('"')) {
        scalar("", line);
        continue;
      }
      builder.enter("");
      open.push_back(indent);
      indent += 2;
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      builder.mark_incomplete();
      continue;
    }
    const size_t value = line.find_first_not_of(" \r", colon + 1);
    if (value != std::string_view::npos) {
      scalar(line.substr(0, colon), line.substr(value));
    } else {
      builder.enter(line.substr(0, colon));
      open.push_back(indent);
    }
  }
  return true;
}

}  // namespace pgsieve
