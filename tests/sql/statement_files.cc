#include "tests/sql/statement_files.h"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace pgsieve {

std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> read_statements(const std::string& name) {
  std::string file = read_file(std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/sql/" + name);
  if (!file.empty() && file.back() == '\n') file.pop_back();
  std::vector<std::string> statements;
  constexpr std::string_view kSeparator = "\n%%\n";
  for (size_t begin = 0; begin < file.size();) {
    const size_t end = std::min(file.find(kSeparator, begin), file.size());
    statements.push_back(file.substr(begin, end - begin));
    begin = end + kSeparator.size();
  }
  return statements;
}

std::vector<std::string> all_statements() {
  std::vector<std::string> statements = read_statements("traffic.sql");
  const std::vector<std::string> nasty = read_statements("nasty.sql");
  statements.insert(statements.end(), nasty.begin(), nasty.end());
  return statements;
}

}  // namespace pgsieve
