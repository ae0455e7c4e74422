#include "analyzer/sql/canonical.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "analyzer/sql/canonical_writer.h"
#include "analyzer/sql/parse_tree.h"
#include "analyzer/sql/scan.h"
#include "analyzer/sql/statement_text.h"

namespace pgsieve {

namespace {

// The text with every $n of a normalised statement written as a literal: `interval $1` is no SQL, `interval
// ''` is, and a value is a value.
std::string with_literals(std::string_view sql, std::string_view literal) {
  StatementScan scan;
  std::string scratch;
  scan_statement(sql, scan, scratch);
  std::string result;
  size_t at = 0;
  for (const Slot& slot : scan.slots) {
    if (slot.kind != Slot::Kind::kParameter || slot.offset < at) continue;
    result.append(sql.substr(at, slot.offset - at));
    result += literal;
    at = slot.offset + std::max<size_t>(1, slot.text.size());
  }
  result.append(sql.substr(std::min(at, sql.size())));
  return result;
}

// As it is, or in the first reading of a normalised text that the grammar accepts. False: none is.
bool visit_normalised(std::string_view sql, const std::function<void(const PgQuery__ParseResult&)>& visit) {
  TreeVisit result = visit_tree(sql, visit);
  for (const std::string_view literal : {"", "''", "0"}) {
    if (result.outcome != ParseTree::Outcome::kRejected) break;
    std::string text = literal.empty() ? std::string(sql) : with_literals(sql, literal);
    internal::replace_placeholders(text);
    result = visit_tree(text, visit);
  }
  return result.outcome == ParseTree::Outcome::kParsed;
}

}  // namespace

std::string canonical_form(std::string_view sql) {
  std::vector<std::string> parts;
  const bool parsed = visit_normalised(sql, [&parts](const PgQuery__ParseResult& tree) {
    for (size_t i = 0; i < tree.n_stmts; ++i)
      parts.push_back(internal::CanonicalWriter().statement(tree.stmts[i]->stmt));
  });
  if (!parsed || parts.empty()) return "~" + internal::lower_case(normalize_for_display(sql));
  return internal::joined(parts, ";");
}

}  // namespace pgsieve
