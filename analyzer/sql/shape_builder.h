// ShapeBuilder: the state while one statement's shape is drawn. Internal to draw_shape(); one file per
// subject implements it:
//
//   shape_walk.cc        query blocks: WITH, set operations, FROM, the order in which a block's clauses are
//   read shape_names.cc       which relation a column reference means, and which base table stands behind it
//   shape_operand.cc     what an expression holds: columns, slots, calls, sub-queries
//   shape_predicates.cc  conditions → predicates and joins
//   shape_compare.cc     one comparison → a predicate
//   shape_lists.cc       IN and ANY
//   shape_targets.cc     select list, ORDER BY, GROUP BY, LIMIT
//   shape_dml.cc         INSERT, UPDATE, DELETE, MERGE
//   shape_utility.cc     everything else
//   shape_arity.cc       how many values one execution asks for
//
// Every expression of the tree is examined exactly once, by the clause that owns it. Depth and list sizes are
// bounded; what does not fit sets truncated.
#pragma once

#include <pg_query/pg_query.pb-c.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/sql/scan.h"
#include "analyzer/sql/shape.h"
#include "analyzer/sql/tree.h"

namespace pgsieve::internal {

// The relations a block's expressions may name, and the scope outside it (for correlated sub-queries).
struct Scope {
  struct Merged {  // a column of JOIN … USING
    std::string name;
    ColumnUse use;
  };
  uint32_t block = 0;
  const Scope* outer = nullptr;
  std::vector<uint32_t> relations = {};  // in FROM order
  std::vector<Merged> merged = {};
  std::string_view pseudo_name = {};  // another name of the first relation: EXCLUDED
};

// A column reference, resolved: `use` ends on a base table where it can, `direct` is the relation it names in
// its own block.
struct ResolvedColumn {
  ColumnUse use;
  uint32_t direct = kNoIndex;
  bool outer = false;  // the relation belongs to an enclosing block
};

// What an expression holds, sub-queries apart.
struct Facts {
  std::vector<ResolvedColumn> columns;  // the first few, in source order
  std::vector<uint32_t> slots;
  std::vector<uint32_t> sub_blocks;
  bool aggregate = false;
  bool window = false;
  bool volatile_call = false;
};

// Where an expression stands.
struct Place {
  uint32_t block = 0;
  const Scope* scope = nullptr;
  bool in_target = false;
  bool in_from = false;
  bool in_having = false;
};

// Where a condition stands.
struct Condition {
  Place place;
  bool negated = false;  // under an odd number of NOTs
  bool in_or = false;
  uint32_t or_group = kNoIndex;
  bool from_join = false;
  bool having = false;
  Join::Kind join_kind = Join::Kind::kComma;
};

// One side of a comparison.
struct Operand {
  OperandKind kind = OperandKind::kStable;
  const tree::Node* node = nullptr;
  Facts facts;
  bool bare_column = false;   // a column reference and nothing else
  bool cast_column = false;   // a column under casts only
  uint32_t block = kNoIndex;  // kSubquery
  uint32_t elements = 0;      // kList
  bool array = false;         // the one operand is an array value: = ANY($1)
  bool words = false;         // kList: all elements are string literals that spell words
  bool has_column() const { return !facts.columns.empty(); }
};

// A set-returning function that makes a row of each element of a value it is given: unnest($1) and its kind.
bool makes_rows_of(std::string_view function);

class ShapeBuilder {
 public:
  ShapeBuilder(StatementShape& shape, const StatementScan& scan, std::string_view text);
  void draw(const tree::Node& statement);
  void finish();

 private:
  enum class Has : uint8_t { kNo, kMaybe, kYes };

  // What the shape does not say about a relation, and of a block.
  struct RelationDetail {
    std::vector<std::string> columns;  // column names given in the alias, or known from the function
    bool complete = false;             // these are all it has
    bool lateral = false;              // may refer to its siblings
    uint32_t from_item = 0;            // position of the FROM item it belongs to
  };
  struct BlockDetail {
    std::vector<uint32_t> relations;        // its FROM, in order
    uint32_t first_arm = kNoIndex;          // of a set operation
    std::vector<std::string> column_names;  // WITH name(a, b)
  };
  struct CteBinding {
    std::string name;
    uint32_t block = 0;
  };
  struct List {  // for the arity: one list of values that a column is compared with
    uint32_t predicate = kNoIndex;
    uint32_t elements = 0;
    bool words = false;
  };

  struct Alternative {  // an equality with a value, under OR
    uint32_t predicate = kNoIndex;
    bool word = false;
  };

  // Recursion guard: false, and truncated set, when too deep.
  struct Depth {
    explicit Depth(ShapeBuilder& owner);
    ~Depth() { --builder.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    explicit operator bool() const { return ok; }
    ShapeBuilder& builder;
    bool ok;
  };

  // shape_walk.cc
  uint32_t add_block(uint32_t parent, BlockRole role);
  uint32_t draw_query(const tree::Node* query, uint32_t parent, BlockRole role, const Scope* outer);
  void draw_statement_in_block(const tree::Node* query, uint32_t block, const Scope* outer);
  void draw_select(const PgQuery__SelectStmt& select, uint32_t block, const Scope* outer);
  void draw_set_operation(const PgQuery__SelectStmt& select, uint32_t block, const Scope* outer);
  void draw_plain_select(const PgQuery__SelectStmt& select, uint32_t block, const Scope* outer);
  void draw_with(const PgQuery__WithClause* with, uint32_t block, const Scope* outer);
  void draw_locking(const PgQuery__SelectStmt& select, uint32_t block);
  void draw_from(tree::Nodes items, Scope& scope);
  void draw_from_item(const tree::Node* item, Scope& scope, uint32_t position);
  void draw_join(const PgQuery__JoinExpr& join, Scope& scope, uint32_t position);
  void join_using(const PgQuery__JoinExpr& join, Scope& scope, size_t left_begin, size_t right_begin);
  void draw_range_function(const PgQuery__RangeFunction& function, Scope& scope, uint32_t position);
  void draw_subselect(const PgQuery__RangeSubselect& item, Scope& scope, uint32_t position);
  uint32_t add_relation(Relation relation, RelationDetail detail, Scope& scope);
  uint32_t add_range_var(const PgQuery__RangeVar& table, Scope& scope, uint32_t position);
  void note_cross_joins(const Scope& scope);

  // shape_names.cc
  ResolvedColumn resolve(const PgQuery__ColumnRef& column, const Scope* scope);
  ResolvedColumn resolve_name(std::string_view name, const Scope* scope);
  uint32_t find_relation(std::string_view schema, std::string_view name, const Scope& scope) const;
  Has has_column(uint32_t relation, std::string_view column, int depth) const;
  uint32_t only_owner(std::span<const uint32_t> relations, std::string_view column, int depth,
                      bool& possible) const;
  ColumnUse through(uint32_t relation, std::string_view column, int depth) const;
  uint32_t output_block(uint32_t relation) const;
  const TargetColumn* output_column(uint32_t block, std::string_view column, size_t& index) const;
  bool reaches_base(uint32_t relation, int depth) const;
  void mark_correlated(const Scope* from, const Scope* to);

  // shape_operand.cc
  Facts examine(const tree::Node* expression, const Place& place);
  void examine_message(const ProtobufCMessage& message, const Place& place, Facts& facts);
  void examine_call(const PgQuery__FuncCall& call, const Place& place, Facts& facts);
  void examine_sub_link(const PgQuery__SubLink& link, const Place& place, Facts& facts);
  void examine_all(tree::Nodes expressions, const Place& place);
  Operand operand_of(const tree::Node* node, const Place& place);
  void classify_list(tree::Nodes elements, Operand& operand) const;
  bool is_one_word(const tree::Node* value) const;
  uint32_t slot_at(int32_t location) const;
  bool slot_is_parameter(uint32_t slot) const;
  void set_role(std::span<const uint32_t> slots, SlotRole role, uint32_t predicate, const ColumnUse& column);

  // shape_predicates.cc
  void draw_condition(const tree::Node* node, const Condition& condition);
  void draw_bool_expression(const PgQuery__BoolExpr& expression, const Condition& condition);
  void draw_operator(const PgQuery__AExpr& expression, const Condition& condition);
  void draw_sub_link_condition(const PgQuery__SubLink& link, const Condition& condition);
  void draw_bare(const tree::Node* node, PredicateOperator op, std::string_view op_text,
                 const Condition& condition);
  void add_join(const Operand& left, const Operand& right, const Condition& condition);

  // shape_compare.cc
  void draw_between(const PgQuery__AExpr& expression, const Condition& condition);
  void draw_comparison(const PgQuery__AExpr& expression, const Condition& condition);
  void draw_row_comparison(const PgQuery__AExpr& expression, PredicateOperator op,
                           const Condition& condition);
  void note_connection(const Operand& left, const Operand& right, const Condition& condition);

  // shape_lists.cc
  void add_list(uint32_t predicate, const Operand& list);
  void draw_in(const PgQuery__AExpr& expression, const Condition& condition);
  void draw_row_in(tree::Nodes columns, tree::Nodes rows, PredicateOperator op, const Condition& condition);
  void draw_any(const PgQuery__AExpr& expression, const Condition& condition);
  void draw_like(const PgQuery__AExpr& expression, const Condition& condition);
  void compare(Operand left, Operand right, PredicateOperator op, std::string_view op_text,
               const Condition& condition);
  uint32_t add_predicate(const Operand& tested, const Operand* other, PredicateOperator op,
                         std::string_view op_text, const Condition& condition);
  void describe_tested(Predicate& predicate, const Operand& tested) const;
  void describe_other(Predicate& predicate, const Operand& other) const;

  // shape_targets.cc
  void draw_targets(tree::Nodes items, const Place& place);
  void draw_star(const PgQuery__ColumnRef& column, const Place& place, TargetColumn& target);
  OrderKey order_key(const tree::Node* node, const Place& place);
  void draw_order(tree::Nodes items, const Place& place);
  void draw_group(tree::Nodes items, const Place& place);
  RowBound row_bound(const tree::Node* node, const Place& place, SlotRole role);
  void draw_windows(tree::Nodes items, const Place& place);

  // shape_dml.cc
  uint32_t add_target(const PgQuery__RangeVar* table, Scope& scope);
  void draw_insert(const PgQuery__InsertStmt& insert, uint32_t block, const Scope* outer);
  void draw_insert_source(const PgQuery__InsertStmt& insert, const Scope& scope,
                          std::span<const ColumnUse> columns);
  void draw_on_conflict(const PgQuery__OnConflictClause& clause, const Scope& scope);
  void draw_update(const PgQuery__UpdateStmt& update, uint32_t block, const Scope* outer);
  void draw_delete(const PgQuery__DeleteStmt& remove, uint32_t block, const Scope* outer);
  void draw_merge(const PgQuery__MergeStmt& merge, uint32_t block, const Scope* outer);
  void draw_merge_action(const PgQuery__MergeWhenClause& clause, const Scope& scope);
  void draw_assignments(tree::Nodes items, const Place& place, uint32_t relation);
  void write_value(const tree::Node* value, const ColumnUse& column, const Place& place);
  void note_written(const ColumnUse& column);
  void draw_returning(tree::Nodes items, const Place& place);

  // shape_utility.cc
  void draw_utility(const tree::Node& statement);
  bool draw_session_utility(const tree::Node& statement);
  bool draw_table_utility(const tree::Node& statement);
  void add_utility_relation(const PgQuery__RangeVar* table);

  // shape_arity.cc
  void decide_arity();
  void join_alternatives();

  StatementShape& shape_;
  const StatementScan& scan_;
  std::string_view text_;
  std::vector<RelationDetail> relation_details_;  // parallel to shape_.relations
  std::vector<BlockDetail> block_details_;        // parallel to shape_.blocks
  std::vector<CteBinding> ctes_;                  // visible now, innermost last
  std::vector<List> lists_;
  std::vector<Alternative> alternatives_;
  std::vector<std::pair<uint32_t, uint32_t>>
      connected_items_;  // (block, FROM item) that WHERE connects to another item
  uint32_t inserted_rows_ = 0;
  uint32_t joined_values_ = 0;  // rows of the longest VALUES list or array that FROM reads; 0: none
  uint32_t or_groups_ = 0;
  int depth_ = 0;
};

}  // namespace pgsieve::internal
