#include "analyzer/report/location.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <iterator>

#include "analyzer/report/escape.h"

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
SourceLocation split_line(std::string_view text, SourceLocation::Kind kind) {
  for (size_t colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':', colon + 1)) {
    const std::string_view rest = text.substr(colon + 1);
    const uint64_t line = to_line(rest.substr(0, rest.find(':')));
    if (line != 0) return {std::string(text.substr(0, colon)), line, kind};
  }
  return {std::string(text), 1, kind};
}

// Code scanners want a path inside the checkout: no root, no "./", no way out.
std::string relative(std::string path) {
  for (char& byte : path) {
    if (byte == '\\') byte = '/';
  }
  if (path.size() > 2 && path[1] == ':' && path[2] == '/') path.erase(0, 2);  // C:/…
  while (path.starts_with("./")) path.erase(0, 2);
  while (path.starts_with("../")) path.erase(0, 3);
  while (path.starts_with('/')) path.erase(0, 1);
  // No path of a checkout holds what a terminal or a page would act on.
  return path.find('\n') == std::string::npos && escape_terminal(path) == path ? path : std::string();
}

// "tests/test_a.py", and "test_a.py" beside the configuration of its runner; not "shop.OrdersTest".
bool looks_like_path(std::string_view text) {
  if (text.empty() || text.find(' ') != std::string_view::npos) return false;
  if (text.find('/') != std::string_view::npos) return true;
  constexpr std::string_view kSuffixes[] = {".py", ".rb",  ".js",  ".jsx", ".mjs", ".cjs", ".ts",  ".tsx",
                                            ".ex", ".exs", ".php", ".go",  ".rs",  ".kt",  ".java"};
  const std::string_view file = text.substr(0, text.find(':'));
  return std::any_of(std::begin(kSuffixes), std::end(kSuffixes),
                     [&](std::string_view suffix) { return file.ends_with(suffix); });
}

std::string first_tag(const Finding& finding, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (std::string value = tag(finding, name); !value.empty()) return value;
  }
  return {};
}

// The parts of a test's name, as its framework writes it.
struct TestName {
  std::string_view file;      // "tests/test_a.py", "./spec/b_spec.rb:12"; empty: it names a class
  std::string_view of_class;  // "OrdersTest"
  std::string_view method;    // "test_index"; a sentence in Jest; may be empty
};

TestName parse_test(std::string_view test) {
  TestName name;
  const auto cut = [](std::string_view& text, std::string_view separator, bool last) {
    const size_t at = last ? text.rfind(separator) : text.find(separator);
    if (at == std::string_view::npos) return std::string_view();
    const std::string_view rest = text.substr(at + separator.size());
    text = text.substr(0, at);
    return rest;
  };
  std::string_view method;
  for (const std::string_view separator : {"::", " > ", "#"}) {
    if (method = cut(test, separator, false); !method.empty()) break;
  }
  for (const std::string_view separator : {"::", " > "}) {
    if (const std::string_view inner = cut(method, separator, true); !inner.empty()) method = inner;
  }
  name.method = method.substr(0, method.find_first_of("[("));
  test = test.substr(0, test.find('['));
  if (looks_like_path(test)) {
    name.file = test;
    return name;
  }
  if (name.method.empty()) {
    test = test.substr(0, test.find('('));
    name.method = cut(test, ".", true);
  }
  name.of_class = test.substr(test.find_last_of(".\\") + 1);
  return name;
}

SourceLocation test_location(std::string_view test, const SourceIndex& sources) {
  using Kind = SourceLocation::Kind;
  const TestName name = parse_test(test);
  SourceLocation location;
  if (!name.file.empty()) {
    location = split_line(name.file, Kind::kTest);
    if (location.path.empty()) return {};
    if (const auto here = sources.inside(location.path)) location.path = *here;
  } else if (const auto file = sources.file_of_class(name.of_class)) {
    location = {*file, 1, Kind::kTest};
  } else {
    return {};
  }
  if (location.line != 1) return location;
  // Jest joins the names of nested blocks with blanks: the innermost is the longest end that is in the file.
  for (std::string_view rest = name.method; !rest.empty();) {
    if (const uint64_t line = sources.line_of(location.path, rest); line != 0) {
      location.line = line;
      break;
    }
    const size_t blank = rest.find(' ');
    rest = blank == std::string_view::npos ? std::string_view() : rest.substr(blank + 1);
  }
  return location;
}

SourceLocation code_location(const Finding& finding) {
  const std::string file = first_tag(finding, {"file", "source_location", "code.file.path", "code.filepath"});
  if (file.empty()) return {};
  SourceLocation location = split_line(file, SourceLocation::Kind::kCode);
  const uint64_t line = to_line(first_tag(finding, {"line", "code.line.number", "code.lineno"}));
  if (line != 0) location.line = line;
  return location;
}

}  // namespace

std::vector<SourceLocation> places(const Finding& finding, const Report& report) {
  using Kind = SourceLocation::Kind;
  static const SourceIndex kNowhere;
  const SourceIndex& sources = report.sources != nullptr ? *report.sources : kNowhere;
  std::vector<SourceLocation> found;
  if (SourceLocation code = code_location(finding); code.exact()) {
    const std::optional<std::string> here = sources.inside(code.path);
    code.path = here ? *here : relative(code.path);
    if (!code.path.empty()) found.push_back(code);
  }
  for (const char* name : {"test", "pgsieve_test", "test_id"}) {
    SourceLocation test = test_location(tag(finding, name), sources);
    test.path = relative(test.path);
    if (!test.exact() || test.path.empty()) continue;
    found.push_back(test);
    break;
  }
  if (const auto statement = sources.statement(finding.pattern)) found.push_back(*statement);
  if (const auto parent = sources.statement(finding.parent); parent && !finding.parent_query.empty()) {
    found.push_back({parent->path, parent->line, Kind::kParent});
  }
  if (auto table = sources.table(finding.table); table && !finding.table.empty()) {
    const std::optional<std::string> here = sources.inside(table->path);
    table->path = here ? *here : relative(table->path);
    if (!table->path.empty()) found.push_back(*table);
  }
  return found;
}

SourceLocation locate(const Finding& finding, const Report& report) {
  const std::vector<SourceLocation> found = places(finding, report);
  if (!found.empty()) return found.front();
  const std::optional<std::string> here =
      report.sources == nullptr ? std::nullopt : report.sources->inside(report.config_file);
  const std::string filed = here ? *here : relative(report.config_file);
  return {filed.empty() ? "pgsieve.toml" : filed, 1, SourceLocation::Kind::kFiled};
}

std::string_view kind_name(SourceLocation::Kind kind) {
  switch (kind) {
    case SourceLocation::Kind::kCode:
      return "the code that ran it";
    case SourceLocation::Kind::kTest:
      return "the test";
    case SourceLocation::Kind::kStatement:
      return "the statement";
    case SourceLocation::Kind::kParent:
      return "the statement it runs after";
    case SourceLocation::Kind::kTable:
      return "its table";
    case SourceLocation::Kind::kFiled:
      break;
  }
  return "no place in the source is known";
}

std::string place_text(const SourceLocation& location) {
  return fmt::format("{}:{}", location.path, location.line);
}

std::string tags_text(const Finding& finding) {
  std::string text;
  for (const auto& [name, value] : finding.tags) {
    if (name == "source" && finding.tags.size() > 1) continue;  // the same once more, in one line
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, value);
  }
  return text;
}

}  // namespace pgsieve
