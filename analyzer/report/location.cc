#include "analyzer/report/location.h"

#include <fmt/format.h>

#include <charconv>

namespace pgsieve {

namespace {

std::string tag(const Finding& finding, const char* name) {
  const auto found = finding.tags.find(name);
  return found == finding.tags.end() ? std::string() : found->second;
}

uint64_t to_line(std::string_view digits) {
  uint64_t line = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), line);
  return error == std::errc() && end == digits.data() + digits.size() && line != 0 ? line : 0;
}

// "path:12" or "path:12:in `method'" gives the path and the line; anything else is all path.
SourceLocation split_line(std::string_view text) {
  for (size_t colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':', colon + 1)) {
    const std::string_view rest = text.substr(colon + 1);
    const uint64_t line = to_line(rest.substr(0, rest.find(':')));
    if (line != 0) return {std::string(text.substr(0, colon)), line, true};
  }
  return {std::string(text), 1, true};
}

// Code scanners want a path inside the checkout: no root, no "./", no way out.
std::string relative(std::string path) {
  for (char& byte : path) {
    if (byte == '\\') byte = '/';
  }
  while (path.starts_with("./")) path.erase(0, 2);
  while (path.starts_with("../")) path.erase(0, 3);
  while (path.starts_with('/')) path.erase(0, 1);
  return path;
}

bool looks_like_path(std::string_view text) {
  return text.find('/') != std::string_view::npos && text.find(' ') == std::string_view::npos;
}

}  // namespace

SourceLocation locate(const Finding& finding, const Report& report) {
  SourceLocation location;
  if (const std::string file = tag(finding, "file"); !file.empty()) {
    location = split_line(file);
    if (const uint64_t line = to_line(tag(finding, "line")); line != 0) location.line = line;
  } else if (const std::string test = tag(finding, "test"); looks_like_path(test)) {
    location = split_line(std::string_view(test).substr(0, test.find("::")));
  }
  location.path = relative(location.path);
  if (!location.path.empty()) return location;
  std::string fallback = report.schema_file;
  if (fallback.empty() && !report.ingest->files.empty()) fallback = report.ingest->files.front().name;
  fallback = relative(fallback);
  return {fallback.empty() || fallback == "-" ? "pgsieve" : fallback, 1, false};
}

std::string tags_text(const Finding& finding) {
  std::string text;
  for (const auto& [name, value] : finding.tags) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, value);
  }
  return text;
}

}  // namespace pgsieve
