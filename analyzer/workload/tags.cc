#include "analyzer/workload/tags.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "analyzer/base/hash.h"

namespace pgsieve {

namespace {

constexpr size_t kMaxTags = 16;

// Keys that together name the unit of work a statement belongs to.
constexpr std::array<std::string_view, 15> kUnitKeys = {"controller",
                                                        "action",
                                                        "job",
                                                        "route",
                                                        "endpoint",
                                                        "view",
                                                        "test",
                                                        "pgsieve_test",
                                                        "operation",
                                                        "resolver",
                                                        "namespaced_controller",
                                                        "job_tag",
                                                        "command",
                                                        "task",
                                                        "handler"};
// Shown as the source beside the unit, but not part of it: one unit has many places.
constexpr std::array<std::string_view, 9> kPlaceKeys = {
    "source_location",   "file",          "line",           "code.filepath",
    "code.lineno",       "code.function", "code.file.path", "code.line.number",
    "code.function.name"};
constexpr std::array<std::string_view, 8> kUniqueKeys = {
    "traceparent", "tracestate", "trace_id", "span_id", "request_id", "traceid", "spanid", "x-request-id"};

template <size_t N>
bool listed(const std::array<std::string_view, N>& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

int hex_digit(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  if (character >= 'A' && character <= 'F') return character - 'A' + 10;
  return -1;
}

}  // namespace

std::string url_decode(std::string_view text) {
  if (std::none_of(text.begin(), text.end(), [](char c) { return c == '%' || c == '\\'; }))
    return std::string(text);
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      decoded += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else if (text[i] == '\\' && i + 1 < text.size()) {
      decoded += text[++i];
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

bool is_key(std::string_view key) {
  if (key.empty() || key.size() > 64) return false;
  return std::all_of(key.begin(), key.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.' || c == '%';
  });
}

// The end of one "key SEPARATOR value" item: the next comma that is outside single quotes.
size_t item_end(std::string_view text) {
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '\'') {
      quoted = !quoted;
    } else if (text[i] == ',' && !quoted) {
      return i;
    }
  }
  return text.size();
}

void keep_tag(std::string key, std::string value, Tags& tags) {
  if (key == "traceparent") {
    // version "-" trace id (32 hex digits) "-" parent id "-" flags
    const size_t from = value.find('-');
    const size_t to = from == std::string::npos ? from : value.find('-', from + 1);
    if (to != std::string::npos) tags.trace_id = value.substr(from + 1, to - from - 1);
  } else if (tags.trace_id.empty() && listed(kUniqueKeys, key) && key != "tracestate" &&
             key.find("span") == std::string::npos) {
    tags.trace_id = value;
  }
  if (tags.values.size() < kMaxTags) tags.values.emplace_back(std::move(key), std::move(value));
}

}  // namespace

void Tags::clear() {
  values.clear();
  trace_id.clear();
}

std::string_view Tags::find(std::string_view key) const {
  for (const auto& [name, value] : values) {
    if (name == key) return value;
  }
  return {};
}

uint64_t Tags::unit() const {
  uint64_t hash = 0;
  for (const auto& [key, value] : values) {
    if (listed(kUnitKeys, key))
      hash += hash_combine(hash64(key), hash64(value));  // a sum: the order does not matter
  }
  return hash;
}

std::string Tags::source() const {
  std::string text;
  for (const auto& [key, value] : values) {
    if (!listed(kUnitKeys, key) && !listed(kPlaceKeys, key)) continue;
    if (!text.empty()) text += ' ';
    text += key;
    text += '=';
    text += value;
  }
  if (text.size() > kMaxSourceBytes) {
    size_t size = kMaxSourceBytes;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
    text.resize(size);
  }
  return text;
}

std::vector<std::pair<std::string, std::string>> parse_source(std::string_view source) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!source.empty()) {
    const size_t blank = source.find(' ');
    const std::string_view word = source.substr(0, blank);
    source.remove_prefix(blank == std::string_view::npos ? source.size() : blank + 1);
    const size_t equals = word.find('=');
    const std::string_view key = word.substr(0, equals);
    const bool known =
        equals != std::string_view::npos && (listed(kUnitKeys, key) || listed(kPlaceKeys, key));
    if (known || pairs.empty()) {
      pairs.emplace_back(known ? key : std::string_view(), known ? word.substr(equals + 1) : word);
    } else {
      pairs.back().second += ' ';
      pairs.back().second += word;
    }
  }
  return pairs;
}

bool countable_tag(std::string_view key) {
  return !listed(kUniqueKeys, key);
}

namespace {

constexpr std::string_view kFunctionKey = "code.function";

bool is_word(std::string_view text, std::string_view further) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [further](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' ||
           further.find(c) != std::string_view::npos;
  });
}

// "name: ListPosts :many" → ListPosts.
std::string_view sqlc_query(std::string_view comment) {
  constexpr std::string_view kStart = "name: ";
  if (!comment.starts_with(kStart)) return {};
  comment = trim(comment.substr(kStart.size()));
  const size_t blank = comment.find(' ');
  if (blank == std::string_view::npos) return {};
  const std::string_view kind = trim(comment.substr(blank));
  const bool known = kind.starts_with(':') && is_word(kind.substr(1), {});
  return known && is_word(comment.substr(0, blank), "-") ? comment.substr(0, blank) : std::string_view();
}

// "PostStore::list_posts" and "Blog\PostStore::list(en) 127.0.0.1" → what stands before the parenthesis.
std::string_view function_named(std::string_view comment) {
  const size_t colons = comment.find("::");
  if (colons == std::string_view::npos || !is_word(comment.substr(0, colons), "\\")) return {};
  const std::string_view word = comment.substr(0, comment.find(' '));
  const std::string_view rest = trim(comment.substr(word.size()));
  if (rest.find(' ') != std::string_view::npos) return {};
  size_t end = colons + 2;
  while (end < word.size() && is_word(word.substr(end, 1), "{}:")) ++end;
  return end == colons + 2 ? std::string_view() : word.substr(0, end);
}

}  // namespace

void parse_tag_comment(std::string_view comment, Tags& tags) {
  comment = trim(comment);
  if (comment.empty() || comment.size() > 4096 || comment.front() == '+') return;  // "/*+": a planner hint
  if (comment.starts_with("pgsieve:")) {
    if (tags.find("pgsieve").empty()) tags.values.emplace_back("pgsieve", trim(comment.substr(8)));
    return;
  }
  std::string_view function = sqlc_query(comment);
  if (function.empty()) function = function_named(comment);
  if (!function.empty()) {
    if (tags.find(kFunctionKey).empty()) keep_tag(std::string(kFunctionKey), std::string(function), tags);
    return;
  }
  Tags found;
  while (!comment.empty()) {
    const size_t end = item_end(comment);
    const std::string_view item = trim(comment.substr(0, end));
    comment.remove_prefix(std::min(comment.size(), end + 1));
    size_t separator = 0;
    while (separator < item.size() && item[separator] != '=' && item[separator] != ':') ++separator;
    if (separator == item.size()) return;  // prose, not tags
    const std::string_view key = trim(item.substr(0, separator));
    std::string_view value = trim(item.substr(separator + 1));
    if (!is_key(key)) return;
    const bool spaced = item[separator] == ':' && item.size() > separator + 1 &&
                        std::isspace(static_cast<unsigned char>(item[separator + 1]));
    if (spaced && value.find(' ') != std::string_view::npos) return;  // "Note: some words"
    if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'')
      value = value.substr(1, value.size() - 2);
    keep_tag(key == "File" ? "file" : url_decode(key), url_decode(value), found);
  }
  for (auto& [key, value] : found.values) {
    if (tags.find(key).empty()) tags.values.emplace_back(std::move(key), std::move(value));
  }
  if (tags.trace_id.empty()) tags.trace_id = std::move(found.trace_id);
}

void parse_tags(const StatementScan& scan, Tags& tags) {
  tags.clear();
  if (!scan.comment_last.empty()) parse_tag_comment(scan.comment_last, tags);
  if (!scan.comment_first.empty() && scan.comment_first.data() != scan.comment_last.data()) {
    parse_tag_comment(scan.comment_first, tags);
  }
}

}  // namespace pgsieve
