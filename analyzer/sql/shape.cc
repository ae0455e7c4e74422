#include "analyzer/sql/shape.h"

#include <algorithm>

#include "analyzer/sql/parse_tree.h"
#include "analyzer/sql/scan.h"
#include "analyzer/sql/shape_builder.h"
#include "analyzer/sql/statement_text.h"

namespace pgsieve {
namespace {

// Texts longer than this lose their bulk (long IN and VALUES lists) before they are parsed.
constexpr size_t kBulkyBytes = 32 * 1024;

bool is_catalog(const Relation& relation) {
  if (!relation.schema.empty())
    return relation.schema == "pg_catalog" || relation.schema == "information_schema";
  return relation.name.starts_with("pg_");
}

}  // namespace

namespace {

// The shape of one text, from its scan and the tree it is shown.
class Drawing {
 public:
  // Both must live as long; the scan is the text's.
  Drawing(std::string_view text, const StatementScan& scan) : text_(text), scan_(scan) {
    shape.slots.resize(scan_.slots.size());
    for (size_t i = 0; i < scan_.slots.size(); ++i) shape.slots[i].parameter = scan_.slots[i].parameter;
  }

  void draw(const PgQuery__ParseResult& tree) {
    if (tree.n_stmts == 0 || tree.stmts[0]->stmt == nullptr) {
      shape.kind = StatementKind::kEmpty;
      return;
    }
    internal::ShapeBuilder builder(shape, scan_, text_);
    builder.draw(*tree.stmts[0]->stmt);
    builder.finish();
  }

  // When there is no tree.
  void describe_unparsed(ParseTree::Outcome outcome) {
    shape.truncated = outcome == ParseTree::Outcome::kTooComplex;
    shape.kind = shape.truncated ? internal::guess_kind(text_) : StatementKind::kUnparsed;
    if (shape.truncated && shape.kind == StatementKind::kInsert && scan_.rows > 0) {
      shape.arity = scan_.rows > 1 ? Arity::kRows : Arity::kRow;
    }
  }

  StatementShape shape;

 private:
  std::string_view text_;
  const StatementScan& scan_;
};

StatementScan scan_of(std::string_view text) {
  StatementScan scan;
  std::string scratch;
  scan_statement(text, scan, scratch);
  return scan;
}

}  // namespace

StatementShape draw_shape(std::string_view text) {
  const StatementScan scan = scan_of(text);
  Drawing drawing(text, scan);
  const auto draw = [&](const PgQuery__ParseResult& tree) { drawing.draw(tree); };
  std::string parsed = text.size() > kBulkyBytes ? internal::without_bulk(text) : std::string(text);
  TreeVisit visit = visit_tree(parsed, draw);
  if (visit.outcome == ParseTree::Outcome::kRejected && internal::replace_placeholders(parsed))
    visit = visit_tree(parsed, draw);
  if (visit.outcome != ParseTree::Outcome::kParsed) drawing.describe_unparsed(visit.outcome);
  return std::move(drawing.shape);
}

FingerprintedShape draw_fingerprinted(std::string_view text,
                                      const std::function<bool(const Fingerprint&)>& wanted) {
  return draw_fingerprinted(text, scan_of(text), wanted);
}

FingerprintedShape draw_fingerprinted(std::string_view text, const StatementScan& scan,
                                      const std::function<bool(const Fingerprint&)>& wanted) {
  FingerprintedShape result;
  const bool plain = text.size() <= kBulkyBytes && text.find('\0') == std::string_view::npos;
  TreeVisit visit;
  if (plain) {
    visit = visit_tree(text, TreeVisitor{.wanted =
                                             [&](uint64_t hash) {
                                               result.fingerprint.hash = hash;
                                               return wanted(result.fingerprint);
                                             },
                                         .visit =
                                             [&](const PgQuery__ParseResult& tree) {
                                               Drawing drawing(text, scan);
                                               drawing.draw(tree);
                                               result.shape = std::move(drawing.shape);
                                             }});
    if (visit.outcome == ParseTree::Outcome::kParsed) return result;
  }
  result.fingerprint = visit.outcome == ParseTree::Outcome::kRejected
                           ? approximate_fingerprint(text, std::move(visit.message))
                           : fingerprint_statement(text);
  if (wanted(result.fingerprint)) result.shape = draw_shape(text);
  return result;
}

namespace internal {

using namespace tree;

ShapeBuilder::ShapeBuilder(StatementShape& shape, const StatementScan& scan, std::string_view text)
    : shape_(shape), scan_(scan), text_(text) {}

void ShapeBuilder::draw(const Node& statement) {
  switch (statement.node_case) {
    case PG_QUERY__NODE__NODE_SELECT_STMT:
      shape_.kind =
          statement.select_stmt->n_values_lists > 0 ? StatementKind::kValues : StatementKind::kSelect;
      if (statement.select_stmt->into_clause != nullptr) shape_.kind = StatementKind::kDdl;  // SELECT INTO
      break;
    case PG_QUERY__NODE__NODE_INSERT_STMT:
      shape_.kind = StatementKind::kInsert;
      break;
    case PG_QUERY__NODE__NODE_UPDATE_STMT:
      shape_.kind = StatementKind::kUpdate;
      break;
    case PG_QUERY__NODE__NODE_DELETE_STMT:
      shape_.kind = StatementKind::kDelete;
      break;
    case PG_QUERY__NODE__NODE_MERGE_STMT:
      shape_.kind = StatementKind::kMerge;
      break;
    default:
      return draw_utility(statement);
  }
  draw_query(&statement, kNoIndex, BlockRole::kTop, nullptr);
}

namespace {

// A shape lives as long as its pattern: what the vectors grew beyond their content is given back.
void shrink(StatementShape& shape) {
  for (QueryBlock& block : shape.blocks) {
    block.targets.shrink_to_fit();
    block.order.shrink_to_fit();
    block.group.shrink_to_fit();
  }
  shape.blocks.shrink_to_fit();
  shape.relations.shrink_to_fit();
  shape.predicates.shrink_to_fit();
  shape.joins.shrink_to_fit();
  shape.functions.shrink_to_fit();
  shape.slots.shrink_to_fit();
  shape.written_columns.shrink_to_fit();
}

}  // namespace

void ShapeBuilder::finish() {
  decide_arity();
  bool any_table = false;
  bool all_catalog = true;
  for (const Relation& relation : shape_.relations) {
    if (relation.kind != Relation::Kind::kTable) continue;
    any_table = true;
    all_catalog = all_catalog && is_catalog(relation);
  }
  shape_.catalog_only = any_table && all_catalog;
  shrink(shape_);
}

}  // namespace internal

uint32_t StatementShape::main_relation() const {
  const auto is_table = [&](uint32_t index) {
    return index < relations.size() && relations[index].kind == Relation::Kind::kTable;
  };
  for (uint32_t i = 0; i < relations.size(); ++i) {
    if (relations[i].dml_target) return i;
  }
  // What is asked by a column of an optional table: the table it comes along with.
  const auto certain = [&](uint32_t index) {
    if (index >= relations.size() || !relations[index].nullable) return index;
    for (uint32_t i = 0; i < relations.size(); ++i)
      if (is_table(i) && relations[i].block == relations[index].block && !relations[i].nullable) return i;
    return index;
  };
  uint32_t best = kNoIndex;
  for (const SlotUse& slot : slots) {
    if (slot.role != SlotRole::kEqual && slot.role != SlotRole::kList) continue;
    const uint32_t relation = certain(slot.column.relation);
    if (is_table(relation) && (best == kNoIndex || relations[relation].block < relations[best].block))
      best = relation;
  }
  for (uint32_t i = 0; i < relations.size() && best == kNoIndex; ++i) {
    if (is_table(i) && relations[i].block == 0) best = certain(i);
  }
  for (uint32_t i = 0; i < relations.size() && best == kNoIndex; ++i) {
    if (is_table(i)) best = i;
  }
  return best;
}

uint32_t StatementShape::row_relation() const {
  constexpr uint32_t kWholeRow = 1000;
  if (blocks.empty()) return kNoIndex;
  const auto is_key = [&](const ColumnUse& use) {
    const bool joins_by = std::any_of(joins.begin(), joins.end(), [&](const Join& join) {
      return (join.left == use.relation && join.left_column == use.column) ||
             (join.right == use.relation && join.right_column == use.column);
    });
    return joins_by || std::any_of(slots.begin(), slots.end(), [&](const SlotUse& slot) {
             return slot.role == SlotRole::kEqual && slot.column.relation == use.relation &&
                    slot.column.column == use.column;
           });
  };
  std::vector<uint32_t> columns(relations.size(), 0);
  std::vector<uint32_t> keys(relations.size(), 0);
  for (const TargetColumn& target : blocks[0].targets) {
    const uint32_t relation = target.use.relation;
    if (target.star && relation == kNoIndex) return kNoIndex;
    if (relation >= relations.size() || relations[relation].kind != Relation::Kind::kTable) continue;
    if (target.star) {
      columns[relation] += kWholeRow;
    } else {
      ++(is_key(target.use) ? keys : columns)[relation];
    }
  }
  // Rows that need not be there come along with others: their columns count where those have none.
  std::vector<uint32_t> certain = columns;
  for (size_t i = 0; i < relations.size(); ++i)
    if (relations[i].nullable) certain[i] = 0;
  if (std::any_of(certain.begin(), certain.end(), [](uint32_t count) { return count > 0; }))
    columns = std::move(certain);
  for (const std::vector<uint32_t>& counts : {columns, keys}) {
    const auto most = std::max_element(counts.begin(), counts.end());
    if (most == counts.end() || *most == 0) continue;
    const uint32_t main = main_relation();
    if (main < counts.size() && counts[main] == *most) return main;
    return static_cast<uint32_t>(most - counts.begin());
  }
  return kNoIndex;
}

std::string qualified_name(const Relation& relation) {
  return relation.schema.empty() ? std::string(relation.name) : relation.schema + "." + relation.name;
}

std::string_view statement_kind_name(StatementKind kind) {
  static constexpr std::string_view kNames[] = {
      "select",
      "insert",
      "update",
      "delete",
      "merge",
      "values",
      "begin",
      "commit",
      "rollback",
      "savepoint",
      "release",
      "rollback to",
      "prepare transaction",
      "set",
      "show",
      "reset",
      "discard",
      "prepare",
      "execute",
      "deallocate",
      "declare cursor",
      "fetch",
      "close cursor",
      "copy",
      "lock",
      "listen",
      "notify",
      "explain",
      "call",
      "do",
      "truncate",
      "vacuum",
      "refresh",
      "ddl",
      "other",
      "empty",
      "unparsed",
  };
  static_assert(std::size(kNames) == static_cast<size_t>(StatementKind::kUnparsed) + 1);
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace pgsieve
