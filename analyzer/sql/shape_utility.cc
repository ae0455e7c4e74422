// Statements that are not queries: transactions, settings, cursors, prepared statements, and the rest by
// their kind.
#include <algorithm>

#include "analyzer/sql/shape_builder.h"
#include "analyzer/sql/statement_text.h"

namespace pgsieve::internal {

using namespace tree;

namespace {

std::string lower(std::string_view name) {
  std::string result(name);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

StatementKind transaction_kind(PgQuery__TransactionStmtKind kind) {
  switch (kind) {
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START:
      return StatementKind::kBegin;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT_PREPARED:
      return StatementKind::kCommit;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_PREPARED:
      return StatementKind::kRollback;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT:
      return StatementKind::kSavepoint;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE:
      return StatementKind::kRelease;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_TO:
      return StatementKind::kRollbackTo;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_PREPARE:
      return StatementKind::kPrepareTransaction;
    default:
      return StatementKind::kOther;
  }
}

uint32_t fetch_count(int64_t how_many) {
  if (how_many < 0) how_many = -(how_many + 1);
  return static_cast<uint32_t>(std::min<int64_t>(how_many, UINT32_MAX));
}

}  // namespace

void ShapeBuilder::add_utility_relation(const PgQuery__RangeVar* table) {
  if (table == nullptr) return;
  if (shape_.blocks.empty()) add_block(kNoIndex, BlockRole::kTop);
  Scope scope{.block = 0};
  add_range_var(*table, scope, 0);
}

void ShapeBuilder::draw_utility(const Node& statement) {
  if (draw_session_utility(statement) || draw_table_utility(statement)) return;
  shape_.kind = StatementKind::kOther;
  switch (statement.node_case) {
    case PG_QUERY__NODE__NODE_EXPLAIN_STMT:
      shape_.kind = StatementKind::kExplain;
      shape_.inner_text = inner_statement(text_);
      return;
    case PG_QUERY__NODE__NODE_CALL_STMT:
      shape_.kind = StatementKind::kCall;
      add_block(kNoIndex, BlockRole::kTop);
      if (statement.call_stmt->funccall != nullptr) {
        Facts facts;
        examine_call(*statement.call_stmt->funccall, Place{}, facts);
      }
      return;
    case PG_QUERY__NODE__NODE_DO_STMT:
      shape_.kind = StatementKind::kDo;
      return;
    case PG_QUERY__NODE__NODE_LISTEN_STMT:
      shape_.kind = StatementKind::kListen;
      shape_.name = text(statement.listen_stmt->conditionname);
      return;
    case PG_QUERY__NODE__NODE_UNLISTEN_STMT:
      shape_.kind = StatementKind::kListen;
      shape_.name = text(statement.unlisten_stmt->conditionname);
      return;
    case PG_QUERY__NODE__NODE_NOTIFY_STMT:
      shape_.kind = StatementKind::kNotify;
      shape_.name = text(statement.notify_stmt->conditionname);
      return;
    case PG_QUERY__NODE__NODE_CHECK_POINT_STMT:
    case PG_QUERY__NODE__NODE_CONSTRAINTS_SET_STMT:
    case PG_QUERY__NODE__NODE_LOAD_STMT:
      return;
    default:  // what the grammar has left are definitions
      shape_.kind = StatementKind::kDdl;
  }
}

bool ShapeBuilder::draw_session_utility(const Node& statement) {
  switch (statement.node_case) {
    case PG_QUERY__NODE__NODE_TRANSACTION_STMT:
      shape_.kind = transaction_kind(statement.transaction_stmt->kind);
      shape_.name = text(statement.transaction_stmt->savepoint_name);
      return true;
    case PG_QUERY__NODE__NODE_VARIABLE_SET_STMT: {
      const PgQuery__VariableSetStmt& set = *statement.variable_set_stmt;
      const bool reset = set.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET ||
                         set.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL;
      shape_.kind = reset ? StatementKind::kReset : StatementKind::kSet;
      shape_.name = lower(text(set.name));
      shape_.set_local = set.is_local != 0;
      return true;
    }
    case PG_QUERY__NODE__NODE_VARIABLE_SHOW_STMT:
      shape_.kind = StatementKind::kShow;
      shape_.name = lower(text(statement.variable_show_stmt->name));
      return true;
    case PG_QUERY__NODE__NODE_DISCARD_STMT:
      shape_.kind = StatementKind::kDiscard;
      return true;
    case PG_QUERY__NODE__NODE_PREPARE_STMT:
      shape_.kind = StatementKind::kPrepare;
      shape_.name = text(statement.prepare_stmt->name);
      shape_.inner_text = inner_statement(text_);
      return true;
    case PG_QUERY__NODE__NODE_EXECUTE_STMT:
      shape_.kind = StatementKind::kExecute;
      shape_.name = text(statement.execute_stmt->name);
      return true;
    case PG_QUERY__NODE__NODE_DEALLOCATE_STMT:
      shape_.kind = StatementKind::kDeallocate;
      shape_.name = text(statement.deallocate_stmt->name);
      return true;
    case PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT:
      shape_.kind = StatementKind::kDeclareCursor;
      shape_.name = text(statement.declare_cursor_stmt->portalname);
      shape_.inner_text = inner_statement(text_);
      return true;
    case PG_QUERY__NODE__NODE_FETCH_STMT: {
      const PgQuery__FetchStmt& fetch = *statement.fetch_stmt;
      shape_.kind = StatementKind::kFetch;
      shape_.name = text(fetch.portalname);
      const bool counted = fetch.direction == PG_QUERY__FETCH_DIRECTION__FETCH_FORWARD ||
                           fetch.direction == PG_QUERY__FETCH_DIRECTION__FETCH_BACKWARD;
      const bool all = fetch.how_many >= INT32_MAX;  // FETCH_ALL: LONG_MAX of the server that built the tree
      shape_.fetch_count = !counted ? 1 : all ? UINT32_MAX : fetch_count(fetch.how_many);
      return true;
    }
    case PG_QUERY__NODE__NODE_CLOSE_PORTAL_STMT:
      shape_.kind = StatementKind::kCloseCursor;
      shape_.name = text(statement.close_portal_stmt->portalname);
      return true;
    default:
      return false;
  }
}

bool ShapeBuilder::draw_table_utility(const Node& statement) {
  const auto add_all = [&](Nodes tables) {
    for (const Node* table : tables) {
      if (is(table, PG_QUERY__NODE__NODE_RANGE_VAR)) add_utility_relation(table->range_var);
      if (is(table, PG_QUERY__NODE__NODE_VACUUM_RELATION))
        add_utility_relation(table->vacuum_relation->relation);
    }
  };
  switch (statement.node_case) {
    case PG_QUERY__NODE__NODE_COPY_STMT:
      shape_.kind = StatementKind::kCopy;
      add_utility_relation(statement.copy_stmt->relation);
      if (message_of(statement.copy_stmt->query) != nullptr) shape_.inner_text = inner_statement(text_);
      return true;
    case PG_QUERY__NODE__NODE_LOCK_STMT:
      shape_.kind = StatementKind::kLock;
      add_all(nodes(statement.lock_stmt->n_relations, statement.lock_stmt->relations));
      return true;
    case PG_QUERY__NODE__NODE_TRUNCATE_STMT:
      shape_.kind = StatementKind::kTruncate;
      add_all(nodes(statement.truncate_stmt->n_relations, statement.truncate_stmt->relations));
      return true;
    case PG_QUERY__NODE__NODE_VACUUM_STMT:
      shape_.kind = StatementKind::kVacuum;
      add_all(nodes(statement.vacuum_stmt->n_rels, statement.vacuum_stmt->rels));
      return true;
    case PG_QUERY__NODE__NODE_REFRESH_MAT_VIEW_STMT:
      shape_.kind = StatementKind::kRefresh;
      add_utility_relation(statement.refresh_mat_view_stmt->relation);
      return true;
    default:
      return false;
  }
}

}  // namespace pgsieve::internal
