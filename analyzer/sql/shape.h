// StatementShape: what rules and advisor need to know about a statement, drawn once per distinct statement from libpg_query's
// protobuf tree. A shape is plain data: it owns its strings, refers to nothing, is immutable after draw_shape() and safe to
// share between threads.
//
// A statement is a list of query blocks. Block 0 is the statement itself (its SELECT, or the INSERT/UPDATE/DELETE/MERGE);
// every sub-select, CTE, set-operation arm and sub-link is a further block that names its parent. Relations, predicates and
// column uses live in flat lists over all blocks and say which block they belong to.
//
// Columns are resolved: a column of a sub-query, CTE or view-like derived table that merely passes a base-table column on is
// resolved to that base table. An unqualified column is resolved when its block has exactly one relation in scope, else when
// the schema is asked later (resolve_columns).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/compact_text.h"
#include "analyzer/base/error.h"
#include "analyzer/sql/fingerprint.h"

namespace pgsieve {

enum class StatementKind : uint8_t {
  kSelect, kInsert, kUpdate, kDelete, kMerge, kValues,
  kBegin, kCommit, kRollback, kSavepoint, kRelease, kRollbackTo, kPrepareTransaction,
  kSet, kShow, kReset, kDiscard,
  kPrepare, kExecute, kDeallocate,
  kDeclareCursor, kFetch, kCloseCursor,
  kCopy, kLock, kListen, kNotify, kExplain, kCall, kDo, kTruncate, kVacuum, kRefresh,
  kDdl,       // CREATE / ALTER / DROP and other definitions
  kOther,     // anything else the grammar knows
  kEmpty,     // nothing but comments and semicolons
  kUnparsed,  // the grammar rejected it
};
std::string_view statement_kind_name(StatementKind kind);
inline bool is_read(StatementKind kind) { return kind == StatementKind::kSelect || kind == StatementKind::kValues; }
inline bool is_write(StatementKind kind) {
  return kind == StatementKind::kInsert || kind == StatementKind::kUpdate || kind == StatementKind::kDelete ||
         kind == StatementKind::kMerge;
}

// Where a block stands in its parent.
enum class BlockRole : uint8_t {
  kTop, kDerivedTable, kCte, kSetArm, kExists, kInSubquery, kScalarSubquery, kArraySubquery, kInsertSource, kLateral,
};

inline constexpr uint32_t kNoIndex = UINT32_MAX;  // "no such index" for every index below

struct Relation {
  enum class Kind : uint8_t { kTable, kDerivedTable, kCte, kFunction, kValues };
  Kind kind = Kind::kTable;
  CompactText schema;  // as written; empty: not qualified
  CompactText name;    // table, CTE or function name; empty for a derived table
  CompactText alias;   // empty: none
  uint32_t block = 0;        // the block whose FROM lists it (or whose DML target it is)
  uint32_t source_block = kNoIndex;  // kDerivedTable, kCte: the block that produces its rows
  bool nullable = false;     // on the nullable side of an outer join
  bool dml_target = false;   // INSERT INTO / UPDATE / DELETE FROM / MERGE INTO this
};

struct ColumnUse {
  uint32_t relation = kNoIndex;  // index into relations, of a kTable when it could be resolved down to one
  CompactText column;         // "" for a whole row (t.*)
  bool whole_row() const { return column.empty(); }
};

enum class PredicateOperator : uint8_t {
  kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kBetween,
  kIn,         // IN (list) or = ANY (array)
  kNotIn,      // NOT IN (list) or <> ALL (array)
  kLike, kNotLike, kILike, kNotILike, kSimilar, kRegex,   // LIKE's pattern: see Predicate::pattern
  kIsNull, kIsNotNull, kIsTrue, kIsFalse, kIsNotTrue, kIsNotFalse,  // a bare boolean column is kIsTrue, NOT column kIsFalse
  kContains,     // @>
  kContainedBy,  // <@
  kOverlaps,     // &&
  kJsonExists,   // ?, ?|, ?&, @?, @@ on json(b)
  kTextSearch,   // @@ on tsvector (or unknown)
  kDistance,     // <-> and friends
  kExists,       // EXISTS (block); no column
  kOther,        // some other operator or a boolean function; op_text names it
};

// What stands on the other side.
enum class OperandKind : uint8_t {
  kNothing,     // IS NULL, boolean column
  kConstant,    // a literal (or TRUE/FALSE)
  kParameter,   // $n
  kList,        // IN (…) of constants and parameters, ARRAY[…], or an array parameter (then one slot)
  kColumn,      // a column of some relation: a join condition when the relation differs
  kExpression,  // anything that has a column, or a volatile call, in it
  kStable,      // an expression without columns: now() - interval '1 day', lower($1), current_user
  kSubquery,    // (SELECT …): other_block
};

enum class LikePattern : uint8_t { kNone, kUnknown, kPrefix, kContains, kSuffix, kExact };

// (a, b) > ($1, $2) gives a predicate on a alone (b breaks ties; its slots are kRange all the same); (a, b) = … and
// (a, b) IN … give one per column. NOT is pushed down as De Morgan has it and folded into op; op_text stays as written.
struct Predicate {
  uint32_t block = 0;
  ColumnUse column;              // the tested column; when `expression` is set, the (first) column inside the expression
  CompactText expression;        // SQL of the tested expression when it isn't the bare column: lower(email),
                                 // (payload ->> 'ref'), ((created_at)::date); literals kept, table qualifiers dropped
  PredicateOperator op = PredicateOperator::kOther;
  CompactText op_text;           // the operator as written: "=", "~~*", "@>", "->>"
  OperandKind operand = OperandKind::kConstant;
  ColumnUse other;               // kColumn
  CompactText other_expression;  // kColumn inside an expression, kExpression, kStable: its SQL
  uint32_t other_block = kNoIndex;  // kSubquery, kExists
  std::vector<uint32_t> slots;   // slot ordinals (scan order) of the other side's literals and parameters
  LikePattern pattern = LikePattern::kNone;
  bool in_or = false;            // under an OR (with at least one other branch)
  uint32_t or_group = kNoIndex;     // predicates under one OR share it
  bool negated = false;          // under a NOT that could not be folded into op
  bool from_join = false;        // in JOIN … ON / USING rather than WHERE
  bool having = false;
  bool implicit_cast = false;    // a key column (id, …_id) compared with an operand cast to numeric or float
};

struct TargetColumn {
  ColumnUse use;           // set when the target is a plain column or t.*
  CompactText expression;  // SQL when it is something else (cut at 200 bytes)
  CompactText name;        // output name ("" when there is none)
  bool star = false;       // `*` or `t.*`
  bool aggregate = false;  // contains an aggregate call outside OVER()
  bool star_over_base = false;  // a star that reaches a base table (not merely a sub-query with a column list)
};

struct OrderKey {
  ColumnUse use;           // when a plain column (positions and output names are resolved)
  CompactText expression;  // otherwise
  bool descending = false;
  int8_t nulls = 0;        // -1 NULLS FIRST written, +1 NULLS LAST written, 0 not written
};

// LIMIT / OFFSET / FETCH: how much, as far as the text tells.
struct RowBound {
  bool present = false;
  bool all = false;               // LIMIT ALL / LIMIT NULL
  std::optional<int64_t> value;   // a literal
  uint32_t slot = kNoIndex;          // slot ordinal of the literal or parameter
};

// LIMIT 9007199254740991, 2147483647, 18446744073709551615: the greatest number that a program knows, or many
// nines, written where its author must write some limit and means none. No page has so many rows.
constexpr int64_t kEndlessLimit = 999'999'999;

struct QueryBlock {
  uint32_t parent = kNoIndex;
  BlockRole role = BlockRole::kTop;
  CompactText cte_name;          // kCte
  bool recursive = false;        // a WITH RECURSIVE member
  std::vector<TargetColumn> targets;  // of a set operation: empty, its arms have them
  std::vector<OrderKey> order;
  std::vector<OrderKey> group;   // plain columns and expressions of GROUP BY
  RowBound limit;
  RowBound offset;
  bool has_from = false;
  bool has_aggregate = false;    // an aggregate in the target list or HAVING
  bool has_window = false;
  bool distinct = false;
  bool distinct_on = false;
  bool has_having = false;
  bool set_operation = false;    // UNION / INTERSECT / EXCEPT: its arms are blocks of role kSetArm
  bool for_update = false;       // any FOR UPDATE / SHARE variant
  bool skip_locked = false;
  bool no_wait = false;
  bool correlated = false;       // refers to a relation of an outer block
};

// What a slot (scan order; see StatementScan) is used for.
enum class SlotRole : uint8_t {
  kNone,      // constant select item, interval text, …
  kEqual,     // col = slot, slot = col, col IN (slot) of one element, col = ANY(slot)
  kRange,     // <, <=, >, >=, BETWEEN
  kList,      // IN list of several elements
  kPattern,   // LIKE and friends
  kLimit, kOffset,
  kFunctionArgument,  // f(slot), outside a predicate on a column
  kWritten,           // INSERT value, UPDATE SET value
  kOtherPredicate,    // any other predicate (<>, @>, json path, …)
};

struct SlotUse {
  ColumnUse column;               // the column it is compared with or written to
  uint32_t predicate = kNoIndex;  // index into predicates, when it belongs to one
  uint16_t parameter = 0;         // n of $n; 0: a literal
  SlotRole role = SlotRole::kNone;
  bool array = false;  // = ANY(slot): its value is an array
};

// Comes from ON, USING, and equalities in WHERE between relations of one block. An equality under OR or NOT is none. A join
// without columns means that no equality was found; none is listed for NATURAL joins, lateral items (what they refer to
// joins them), functions in a comma list, and comma lists whose unqualified columns only the schema can place. An ON whose
// unqualified columns can't be placed gives the columns with kNoIndex relations.
struct Join {
  enum class Kind : uint8_t { kInner, kLeft, kRight, kFull, kCross, kComma };
  Kind kind = Kind::kInner;
  uint32_t block = 0;
  uint32_t left = kNoIndex;       // relation indexes of one equality `left.left_column = right.right_column`
  uint32_t right = kNoIndex;
  CompactText left_column;     // both empty: no equality found (cross join)
  CompactText right_column;
};

struct FunctionUse {
  CompactText name;           // lower case, "schema." kept when written
  uint32_t block = 0;
  bool in_target = false;     // in the select list
  bool in_from = false;       // set-returning, in FROM
  std::vector<uint32_t> argument_slots;
};

struct StatementShape {
  StatementKind kind = StatementKind::kUnparsed;
  Arity arity = Arity::kScalar;
  std::vector<QueryBlock> blocks;
  std::vector<Relation> relations;
  std::vector<Predicate> predicates;
  std::vector<Join> joins;
  std::vector<FunctionUse> functions;
  std::vector<SlotUse> slots;              // one per slot of the scan, same order
  std::vector<ColumnUse> written_columns;  // INSERT column list, UPDATE SET columns
  CompactText name;            // cursor, prepared statement, savepoint or SET variable name, lower case as the server folds it
  CompactText inner_text;      // DECLARE CURSOR FOR …, PREPARE … AS …, EXPLAIN …: the statement inside
  bool on_conflict = false;
  bool returning = false;
  bool recursive = false;      // has WITH RECURSIVE
  bool catalog_only = false;   // every base table is in pg_catalog / information_schema (or is named pg_*), and there is one
  bool set_local = false;      // SET LOCAL
  uint32_t fetch_count = 0;    // FETCH n; UINT32_MAX: ALL
  bool truncated = false;      // a size guard cut the drawing short: lists may be incomplete

  // The relation a person would call "the table of this statement": the DML target, else the base table that an equality
  // slot constrains (of one on the optional side of an outer join, the one it is joined to), else the first base table of
  // block 0, else of any block. kNoIndex when there is none.
  uint32_t main_relation() const;

  // The base table whose rows a query returns: the one that most of the select list is from. Columns that the statement is
  // asked by, or joins by, count only where there are no others: a join table's two keys stand beside the rows that are
  // meant. So do those of an optional table, which come along. main_relation() wins a tie. kNoIndex when no column says it:
  // a bare star, expressions only.
  uint32_t row_relation() const;
};

// Draws the shape of one statement (no ';'-separated list; give split_statements() parts one by one). The grammar's refusal
// gives kind kUnparsed with empty lists, not an Error. Deep expressions can't overflow the stack: texts whose operator
// chains or nesting exceed the guard get kind kUnparsed-like partial shapes with truncated = true. Thread-safe.
// Slot ordinals follow scan_statement() over the same text.
StatementShape draw_shape(std::string_view text);

// Fingerprint and shape at the price of one parse, equal to what fingerprint_statement() and draw_shape() give. `wanted`
// is called once, with the fingerprint; false: the shape is not drawn.
struct StatementScan;
struct FingerprintedShape {
  Fingerprint fingerprint;
  std::optional<StatementShape> shape;  // none: not wanted
};
FingerprintedShape draw_fingerprinted(std::string_view text, const std::function<bool(const Fingerprint&)>& wanted);
// The same for a text that was scanned before: `scan` is of this very text.
FingerprintedShape draw_fingerprinted(std::string_view text, const StatementScan& scan,
                                      const std::function<bool(const Fingerprint&)>& wanted);

// As PostgreSQL folds it: "schema.name", or "name" when not qualified.
std::string qualified_name(const Relation& relation);

}  // namespace pgsieve
