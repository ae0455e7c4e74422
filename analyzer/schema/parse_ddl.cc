#include <fmt/format.h>

#include <algorithm>

#include "analyzer/schema/ddl_build.h"
#include "analyzer/schema/ddl_split.h"
#include "analyzer/schema/schema.h"
#include "analyzer/schema/text_file.h"
#include "analyzer/sql/depth_guard.h"
#include "analyzer/sql/parse_tree.h"

namespace pgsieve {
namespace {

constexpr size_t kMaxSamples = 5;
constexpr size_t kMaxDepth = 1000;  // deparsing walks the tree on the caller's stack
constexpr size_t kMaxSampleBytes = 160;

void note_unparsed(Schema::Notes& notes, const DdlStatement& statement, std::string_view reason) {
  ++notes.unparsed_statements;
  if (notes.samples.size() >= kMaxSamples) return;
  const std::string_view line =
      statement.text.substr(0, std::min(statement.text.find('\n'), kMaxSampleBytes));
  notes.samples.push_back(fmt::format("line {}: {} ({})", statement.line, line, reason));
}

bool starts_with_word(std::string_view text, std::string_view lower_case) {
  if (text.size() < lower_case.size()) return false;
  for (size_t i = 0; i < lower_case.size(); ++i)
    if ((text[i] | 0x20) != lower_case[i]) return false;
  return true;
}

// The byte ranges of a CREATE TABLE's parenthesised elements; empty when the text has no such list.
std::vector<std::string_view> table_elements(std::string_view text, size_t& open, size_t& close) {
  std::vector<std::string_view> elements;
  int depth = 0;
  size_t start = 0;
  char quote = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '(' && depth++ == 0) {
      open = at;
      start = at + 1;
    } else if ((c == ',' && depth == 1) || (c == ')' && depth == 1)) {
      elements.push_back(text.substr(start, at - start));
      start = at + 1;
      close = at;
      if (c == ')') return elements;
    } else if (c == ')') {
      --depth;
    }
  }
  return {};
}

// A CREATE TABLE from a newer server than the grammar: one clause the grammar doesn't know (a virtual column,
// NOT ENFORCED) must not hide the whole table. Elements that parse in a table of their own are kept, the
// others left out.
bool salvage_table(std::string_view text, SchemaBuilder& builder) {
  constexpr size_t kMaxElements = 2000;
  if (!starts_with_word(text, "create")) return false;
  size_t open = 0;
  size_t close = 0;
  const std::vector<std::string_view> elements = table_elements(text, open, close);
  if (elements.empty() || elements.size() > kMaxElements) return false;
  std::string kept;
  for (const std::string_view element : elements) {
    if (!ParseTree(fmt::format("CREATE TABLE t ({})", element)).ok()) continue;
    kept += kept.empty() ? "" : ",";
    kept += element;
  }
  std::string repaired = fmt::format("{}({}{}", text.substr(0, open), kept, text.substr(close));
  ParseTree tree(repaired);
  if (!tree.ok()) {
    repaired = fmt::format("{}({})", text.substr(0, open), kept);
    tree = ParseTree(repaired);
  }
  return tree.ok() && tree.statements().size() == 1 && builder.apply(*tree.statements().front()->stmt);
}

}  // namespace

Result<Schema> parse_schema(std::string_view ddl, std::string_view file_name) {
  if (ddl.starts_with("PGDMP"))
    return Error{.message = "this is a pg_dump archive (custom format), not SQL",
                 .hint =
                     "Make a plain one: pg_dump --schema-only > schema.sql, or pg_restore --schema-only -f "
                     "schema.sql FILE",
                 .file = std::string(file_name)};
  SchemaBuilder builder;
  Schema::Notes notes;
  for (const DdlStatement& statement : split_ddl(ddl)) {
    ++notes.statements;
    if (estimate_tree_depth(statement.text) > kMaxDepth) {
      note_unparsed(notes, statement, "nested too deep");
      continue;
    }
    const ParseTree tree(statement.text);
    if (!tree.ok()) {
      note_unparsed(notes, statement, tree.message());
      salvage_table(statement.text, builder);
      continue;
    }
    bool known = false;
    for (const PgQuery__RawStmt* raw : tree.statements())
      known |= raw->stmt != nullptr && builder.apply(*raw->stmt);
    if (!known) ++notes.unknown_statements;
  }
  if (notes.statements == notes.unparsed_statements && builder.schema().empty())
    return Error{
        .message = notes.statements == 0 ? "no SQL statement in the schema file"
                                         : "nothing in the schema file is SQL that PostgreSQL would accept",
        .hint = notes.samples.empty() ? "Make one with pg_dump --schema-only" : notes.samples.front(),
        .file = std::string(file_name)};
  Schema schema = builder.finish();
  schema.notes = std::move(notes);
  return schema;
}

Result<Schema> load_schema(const std::string& path) {
  Result<std::string> text = read_text_file(path);
  if (!text.ok()) return text.error();
  return parse_schema(*text, path);
}

}  // namespace pgsieve
