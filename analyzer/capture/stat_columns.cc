#include "analyzer/capture/stat_columns.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace pgsieve {

StatColumn stat_column(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  static constexpr std::pair<std::string_view, StatColumn> kNames[] = {
      {"query", kQuery},       {"calls", kCalls},         {"total_exec_time", kTotal},
      {"total_time", kTotal},  {"mean_exec_time", kMean}, {"mean_time", kMean},
      {"min_exec_time", kMin}, {"min_time", kMin},        {"max_exec_time", kMax},
      {"max_time", kMax},      {"rows", kRows},           {"rolname", kUser},
      {"usename", kUser},      {"username", kUser},       {"user", kUser},
      {"datname", kDatabase},  {"database", kDatabase},   {"dbname", kDatabase}};
  const auto* found = std::find_if(std::begin(kNames), std::end(kNames),
                                   [&](const auto& known) { return known.first == name; });
  return found == std::end(kNames) ? kColumns : found->second;
}

namespace {

// What stands behind a backslash in COPY's text format (NULL, a backslash with N, leaves "N": no number).
char undone_escape(char c) {
  constexpr std::string_view kCodes = "bfnrtv", kMeanings = "\b\f\n\r\t\v";
  const size_t at = kCodes.find(c);
  return at == std::string_view::npos ? c : kMeanings[at];
}

}  // namespace

size_t read_stat_row(std::string_view text, char delimiter, bool ended, std::vector<std::string>& fields) {
  fields.assign(1, "");
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        fields.back() += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        fields.back() += '"';
        ++i;
      } else if (i + 1 == text.size() && !ended) {
        return 0;
      } else {
        quoted = false;
      }
    } else if (c == '\\' && delimiter == '\t' && i + 1 < text.size()) {
      fields.back() += undone_escape(text[++i]);  // COPY's text format
    } else if (c == '"' && fields.back().empty()) {
      quoted = true;
    } else if (c == delimiter) {
      fields.emplace_back();
    } else if (c == '\n') {
      if (fields.back().ends_with('\r')) fields.back().pop_back();
      return i + 1;
    } else {
      fields.back() += c;
    }
  }
  return ended ? text.size() : 0;
}

std::optional<StatLayout> read_stat_layout(std::string_view head) {
  std::vector<std::string> names;
  for (const char delimiter : {',', '\t', ';', '|'}) {
    StatLayout layout;
    layout.delimiter = delimiter;
    layout.at.fill(std::string::npos);
    layout.header_bytes =
        read_stat_row(head.substr(0, kStatHeaderBytes), delimiter, head.size() < kStatHeaderBytes, names);
    layout.columns = names.size();
    for (size_t i = 0; i < names.size(); ++i) {
      if (const StatColumn column = stat_column(names[i]);
          column != kColumns && layout.at[column] == std::string::npos)
        layout.at[column] = i;
    }
    const auto has = [&](StatColumn column) { return layout.at[column] != std::string::npos; };
    if (layout.header_bytes > 0 && has(kQuery) && has(kCalls)) return layout;
  }
  return std::nullopt;
}

}  // namespace pgsieve
