#include "analyzer/report/source_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <set>
#include <vector>

#include "analyzer/report/source_text.h"
#include "analyzer/sql/fingerprint.h"

namespace pgsieve {

namespace fs = std::filesystem;

namespace {

// Folders of dependencies, products and tools: nothing in them was written by the people of the project.
constexpr std::array<std::string_view, 16> kForeignFolders = {
    "node_modules", "vendor", "target",   "build", "dist", "out",  "venv", "__pycache__",
    "deps",         "_build", "coverage", "tmp",   "log",  "logs", "obj",  "site-packages"};
constexpr std::array<std::string_view, 34> kProgramSuffixes = {
    ".py",   ".rb",  ".erb", ".rake", ".php", ".js",  ".jsx", ".mjs", ".cjs", ".ts",    ".tsx", ".java",
    ".kt",   ".kts", ".go",  ".rs",   ".cs",  ".fs",  ".vb",  ".ex",  ".exs", ".scala", ".clj", ".swift",
    ".dart", ".c",   ".cc",  ".cpp",  ".h",   ".hpp", ".pl",  ".lua", ".vue", ".groovy"};

template <size_t N>
bool listed(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char byte) { return static_cast<char>(std::tolower(byte)); });
  return out;
}

std::string without_schema(std::string_view table) {
  std::string name =
      lower_case(table.substr(table.rfind('.') == std::string_view::npos ? 0 : table.rfind('.') + 1));
  std::erase(name, '"');
  return name;
}

bool is_test(std::string_view path) {
  const std::string lower = lower_case(path);
  return lower.find("test") != std::string::npos || lower.find("spec") != std::string::npos;
}

// "orderstest" of OrdersTest.java and of orders_test.rb.
std::string stem_key(std::string_view name) {
  std::string key = lower_case(name.substr(0, name.find('.')));
  std::erase(key, '_');
  return key;
}

// Lower is better: a definition in the history of migrations tells more than one in a dump of the schema.
int table_rank(std::string_view path) {
  return lower_case(path).find("migrat") != std::string::npos ? 0 : is_test(path) ? 2 : 1;
}

// "blog" of "shop/blog/migrations/0001_initial.py".
std::string django_app(const fs::path& path) {
  return path.parent_path().filename() == "migrations" ? path.parent_path().parent_path().filename().string()
                                                       : std::string();
}

}  // namespace

class SourceSearch {
 public:
  SourceSearch(SourceIndex& index, std::span<const Finding> findings, const SourceIndex::Limits& limits)
      : index_(index), limits_(limits) {
    for (const Finding& finding : findings) {
      want(finding.pattern);
      want(finding.parent);
      const std::string table = without_schema(finding.table);
      if (!table.empty()) tables_.insert(table);
      any_table_ |= table.empty() || !finding.parent_query.empty();
    }
  }

  void run() {
    if (fingerprints_.empty() && tables_.empty()) return;
    walk(index_.root_);
    if (full_) {
      index_.note_ = fmt::format(
          "the search for statements in {} stopped at its bound: {} files, {} literals were looked at",
          index_.root_, files_, parsed_);
    }
  }

 private:
  void want(const PatternKey& pattern) {
    if (pattern.fingerprint != 0 && !pattern.approximate) fingerprints_.insert(pattern.fingerprint);
  }

  // In the order of names, so that the result does not depend on the file system.
  void walk(const fs::path& folder) {
    std::error_code error;
    std::vector<fs::directory_entry> entries;
    for (const auto& entry : fs::directory_iterator(folder, error)) entries.push_back(entry);
    std::sort(entries.begin(), entries.end());
    for (const fs::directory_entry& entry : entries) {
      if (full_) return;
      const std::string name = entry.path().filename().string();
      if (entry.is_symlink(error) || name.starts_with('.')) continue;
      if (entry.is_directory(error)) {
        if (!listed(kForeignFolders, name)) walk(entry.path());
      } else if (entry.is_regular_file(error)) {
        look_at(entry, name);
      }
    }
  }

  void look_at(const fs::directory_entry& entry, const std::string& name) {
    const std::string suffix = lower_case(entry.path().extension().string());
    const bool sql = suffix == ".sql";
    const bool markup = suffix == ".xml";
    const bool schema = sql || suffix == ".prisma";
    if (!schema && !markup && !listed(kProgramSuffixes, suffix)) return;
    if (name.find(".min.") != std::string::npos) return;
    std::error_code error;
    const uintmax_t size = entry.file_size(error);
    if (error || size > limits_.file_bytes) return;
    bytes_ += size;
    if (++files_ > limits_.files || bytes_ > limits_.bytes) {
      full_ = true;
      return;
    }
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::string path = fs::path(entry.path()).lexically_relative(index_.root_).generic_string();
    const auto [known, fresh] = index_.files_.try_emplace(stem_key(name), path);
    if (!fresh) known->second.clear();
    keep_statements(sql ? statements_in_sql(text) : statements_in_program(text, markup), path);
    for (const TableDefinition& definition : tables_defined_in(text, django_app(path)))
      keep_table(definition, path);
  }

  void keep_statements(const std::vector<SourceStatement>& statements, const std::string& path) {
    for (const SourceStatement& statement : statements) {
      if (!names_a_wanted_table(statement.sql)) continue;
      if (++parsed_ > limits_.statements) {
        full_ = true;
        return;
      }
      const Fingerprint fingerprint = fingerprint_statement(statement.sql);
      if (fingerprint.approximate || !fingerprints_.contains(fingerprint.hash)) continue;
      const auto known = index_.statements_.find(fingerprint.hash);
      if (known != index_.statements_.end() && (is_test(path) || !is_test(known->second.path))) continue;
      index_.statements_[fingerprint.hash] = {path, statement.line, SourceLocation::Kind::kStatement};
    }
  }

  bool names_a_wanted_table(std::string_view sql) const {
    if (any_table_) return true;
    const std::string text = lower_case(sql);
    return std::any_of(tables_.begin(), tables_.end(),
                       [&](const std::string& table) { return text.find(table) != std::string::npos; });
  }

  void keep_table(const TableDefinition& definition, const std::string& path) {
    if (!tables_.contains(definition.table)) return;
    const auto known = index_.tables_.find(definition.table);
    if (known != index_.tables_.end() && table_rank(known->second.path) <= table_rank(path)) return;
    index_.tables_[definition.table] = {path, definition.line, SourceLocation::Kind::kTable};
  }

  SourceIndex& index_;
  const SourceIndex::Limits limits_;
  std::set<uint64_t> fingerprints_;
  std::set<std::string> tables_;
  bool any_table_ = false;  // a finding names no table, or a parent whose table is not known
  size_t files_ = 0, bytes_ = 0, parsed_ = 0;
  bool full_ = false;
};

SourceIndex SourceIndex::search(const std::string& root, std::span<const Finding> findings,
                                const Limits& limits) {
  SourceIndex index;
  std::error_code error;
  index.root_ = fs::weakly_canonical(root, error).string();
  if (index.root_.empty()) index.root_ = root;
  SourceSearch(index, findings, limits).run();
  return index;
}

void SourceIndex::add_schema(const std::string& path, std::span<const Finding> findings) {
  constexpr std::streamsize kMaxBytes = 16 << 20;
  std::ifstream file(path, std::ios::binary);
  std::string text(static_cast<size_t>(kMaxBytes), '\0');
  file.read(text.data(), kMaxBytes);
  text.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  std::set<std::string> wanted;
  for (const Finding& finding : findings) wanted.insert(without_schema(finding.table));
  for (const TableDefinition& definition : tables_defined_in(text, {})) {
    if (wanted.contains(definition.table))
      tables_.try_emplace(definition.table,
                          SourceLocation{path, definition.line, SourceLocation::Kind::kTable});
  }
}

std::optional<SourceLocation> SourceIndex::statement(const PatternKey& pattern) const {
  const auto found = statements_.find(pattern.fingerprint);
  if (pattern.approximate || found == statements_.end()) return {};
  return found->second;
}

std::optional<SourceLocation> SourceIndex::table(std::string_view name) const {
  const auto found = tables_.find(without_schema(name));
  if (found == tables_.end()) return {};
  return found->second;
}

std::optional<std::string> SourceIndex::file_of_class(std::string_view name) const {
  const auto found = files_.find(stem_key(name));
  if (found == files_.end() || found->second.empty()) return {};
  return found->second;
}

uint64_t SourceIndex::line_of(const std::string& path, std::string_view text) const {
  if (root_.empty() || text.empty()) return 0;
  std::ifstream file(fs::path(root_) / path, std::ios::binary);
  const auto is_word = [](char byte) {
    return std::isalnum(static_cast<unsigned char>(byte)) != 0 || byte == '_';
  };
  uint64_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    for (size_t at = line.find(text); at != std::string::npos; at = line.find(text, at + 1)) {
      const size_t end = at + text.size();
      if ((at == 0 || !is_word(line[at - 1])) && (end == line.size() || !is_word(line[end]))) return number;
    }
  }
  return 0;
}

std::optional<std::string> SourceIndex::inside(std::string_view path) const {
  if (root_.empty() || path.empty() || path.size() > 4096 || path.find('\0') != std::string_view::npos)
    return {};
  std::error_code error;
  const auto below_root = [&](const fs::path& full) -> std::optional<std::string> {
    if (!fs::is_regular_file(full, error)) return {};
    const std::string relative = fs::weakly_canonical(full, error).lexically_relative(root_).generic_string();
    if (relative.empty() || relative.starts_with("..")) return {};
    return relative;
  };
  const fs::path given(path);
  if (given.is_relative()) {
    if (auto found = below_root(fs::path(root_) / given)) return found;
  }
  if (auto found = below_root(fs::absolute(given, error))) return found;
  // Made on another machine: leave off leading folders until the rest is a file here. A bare file name would
  // match too much.
  fs::path rest = given.relative_path();
  while (std::distance(rest.begin(), rest.end()) > 1) {
    if (auto found = below_root(fs::path(root_) / rest)) return found;
    fs::path shorter;
    for (auto part = std::next(rest.begin()); part != rest.end(); ++part) shorter /= *part;
    rest = shorter;
  }
  return {};
}

}  // namespace pgsieve
