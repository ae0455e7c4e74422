// SELECT for many keys at once: the flat, grouped, exists and lateral forms of rewrite.h.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "analyzer/sql/expression_text.h"
#include "analyzer/sql/rewrite_draft.h"

namespace pgsieve::internal {

namespace {

using tree::is;
using tree::nodes;

// Aggregates that give 0, not NULL, for no rows; and those that give NULL. Only of these is it known what a
// key without rows must show.
constexpr std::array<std::string_view, 2> kZero = {"count", "regr_count"};
constexpr std::array<std::string_view, 22> kNull = {
    "sum",       "avg",        "min",     "max",     "array_agg", "string_agg",      "json_agg",
    "jsonb_agg", "bool_and",   "bool_or", "every",   "stddev",    "variance",        "stddev_samp",
    "var_samp",  "stddev_pop", "var_pop", "bit_and", "bit_or",    "json_object_agg", "jsonb_object_agg",
    "any_value"};

bool is_zero(const Node* node) {
  return is(node, PG_QUERY__NODE__NODE_A_CONST) && node->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL &&
         node->a_const->ival->ival == 0;
}

bool same_column(const Node* left, const Node* right) {
  if (column_name_of(left).empty() || column_name_of(right).empty()) return false;
  const auto names = [](const Node* node) {
    return nodes(node->column_ref->n_fields, node->column_ref->fields);
  };
  return std::ranges::equal(names(left), names(right), [](const Node* one, const Node* other) {
    return tree::string_of(one) == tree::string_of(other);
  });
}

class SelectRewrite {
 public:
  explicit SelectRewrite(Draft& draft)
      : draft_(draft), select_(*draft.statement()->select_stmt), top_(draft.shape().blocks[0]) {}

  std::optional<Rewrite> run() {
    if (select_.into_clause != nullptr || select_.n_values_lists > 0) return std::nullopt;
    if (draft_.request().no_offset || is_zero(select_.limit_offset)) select_.limit_offset = nullptr;
    if (draft_.request().no_limit) drop_limit();
    plain_ = select_.op == PG_QUERY__SET_OPERATION__SETOP_NONE && select_.larg == nullptr;
    if (plain_) draft_.add_select_conditions(select_);
    flat_ = plain_ && find_predicates();
    if (plain_ && select_.n_from_clause == 0 && is_single_row()) return per_row();
    if (flat_ && is_existence()) return exists();
    if (flat_ && is_plain_aggregate()) return grouped();
    if (flat_ && can_be_flat()) return flat();
    return lateral();
  }

 private:
  bool find_predicates() {
    for (const Key& key : draft_.keys()) {
      const std::optional<KeyPredicate> predicate = draft_.flat_predicate(key);
      if (!predicate) return false;
      const bool again = std::any_of(predicates_.begin(), predicates_.end(), [&](const KeyPredicate& known) {
        return known.conjunct == predicate->conjunct;
      });
      if (again) return false;
      predicates_.push_back(*predicate);
    }
    return true;
  }

  void drop_limit() {
    select_.limit_count = nullptr;
    select_.limit_option = PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_DEFAULT;
  }
  bool has_limit() const { return select_.limit_count != nullptr; }
  bool is_single_row() const {
    return select_.n_distinct_clause == 0 && select_.n_group_clause == 0 && !has_limit() &&
           select_.limit_offset == nullptr && !top_.has_aggregate && select_.n_locking_clause == 0;
  }

  // SELECT 1 … LIMIT 1
  bool is_existence() const {
    if (!has_limit() || select_.limit_offset != nullptr || top_.has_aggregate ||
        select_.n_group_clause != 0 || select_.n_locking_clause != 0 || select_.n_target_list == 0 ||
        top_.limit.value.value_or(1) != 1)
      return false;
    return std::all_of(select_.target_list, select_.target_list + select_.n_target_list,
                       [](const Node* item) {
                         return is(tree::without_casts(item->res_target->val), PG_QUERY__NODE__NODE_A_CONST);
                       });
  }

  // Nothing but aggregates of which it is known what they show for no rows.
  bool is_plain_aggregate() const {
    if (!top_.has_aggregate || top_.has_window || select_.n_group_clause != 0 ||
        select_.having_clause != nullptr || select_.n_distinct_clause != 0 ||
        select_.limit_offset != nullptr || select_.n_locking_clause != 0 || draft_.keys().size() != 1)
      return false;
    return std::all_of(
        select_.target_list, select_.target_list + select_.n_target_list, [](const Node* item) {
          const Node* value = item->res_target->val;
          if (!is(value, PG_QUERY__NODE__NODE_FUNC_CALL) || value->func_call->over != nullptr) return false;
          const std::string_view name = tree::last_name(tree::function_name(*value->func_call));
          return std::find(kZero.begin(), kZero.end(), name) != kZero.end() ||
                 std::find(kNull.begin(), kNull.end(), name) != kNull.end();
        });
  }

  bool can_be_flat() const {
    if (select_.limit_offset != nullptr || top_.has_window || top_.distinct_on) return false;
    if (has_limit() && !draft_.request().one_row_per_key) return false;
    if (top_.has_aggregate && select_.n_group_clause == 0) return false;
    if (is_distinct_on() || select_.group_distinct != 0) return false;
    return std::none_of(select_.group_clause, select_.group_clause + select_.n_group_clause,
                        [](const Node* item) { return is(item, PG_QUERY__NODE__NODE_GROUPING_SET); });
  }

  bool is_distinct_on() const {
    return select_.n_distinct_clause > 0 && select_.distinct_clause[0] != nullptr &&
           select_.distinct_clause[0]->node_case != PG_QUERY__NODE__NODE__NOT_SET;
  }

  // The keys come first; what the statement's own order says of them again adds nothing.
  void order_by_keys() {
    Node** const end = std::remove_if(
        select_.sort_clause, select_.sort_clause + select_.n_sort_clause, [this](const Node* item) {
          return std::ranges::any_of(predicates_, [item](const auto& predicate) {
            return same_column(item->sort_by->node, predicate.column);
          });
        });
    select_.n_sort_clause = static_cast<size_t>(end - select_.sort_clause);
    for (size_t i = predicates_.size(); i-- > 0;) {
      Node* ordered = draft_.snippet("SELECT 1 ORDER BY true");
      if (ordered == nullptr) return;
      Node* item = ordered->select_stmt->sort_clause[0];
      item->sort_by->node = predicates_[i].column;
      draft_.insert(select_.n_sort_clause, select_.sort_clause, item, true);
    }
  }

  FixClass flat_class() const {
    if (select_.n_locking_clause > 0) return FixClass::kLock;
    if (top_.has_aggregate) return FixClass::kCount;
    return joined_class();
  }

  // Whose columns does it read: those of the table the key is in, or those of another one joined to it?
  FixClass joined_class() const {
    const StatementShape& shape = draft_.shape();
    const uint32_t keyed = shape.slots[draft_.keys()[0].slot].column.relation;
    for (const SlotUse& slot : shape.slots) {
      if (slot.role != SlotRole::kEqual || slot.column.column.empty() || slot.column.relation != keyed)
        continue;
      const std::string& name = slot.column.column;
      if (name.ends_with("_type") || name.ends_with("Type") || name == "content_type_id")
        return FixClass::kPolymorphic;
    }
    const uint32_t rows = shape.row_relation();
    if (keyed >= shape.relations.size() || rows == keyed || rows == kNoIndex) return FixClass::kGet;
    // A join table holds two keys: the loop's, and the one that joins it to the rows' own table.
    size_t other_keys = 0;
    bool own_key = false;
    for (const Join& join : shape.joins) {
      if (join.left == keyed || join.right == keyed) {
        const std::string& column = join.left == keyed ? join.left_column : join.right_column;
        own_key = own_key || column == "id";
        if (column != "id") ++other_keys;
      }
    }
    return other_keys > 0 && !own_key ? FixClass::kManyToMany : FixClass::kThrough;
  }

  std::optional<Rewrite> flat() {
    Rewrite about;
    if (has_limit()) drop_limit();
    const FixClass kind = flat_class();
    show_keys(draft_, select_, predicates_, about);
    if (select_.n_group_clause > 0) {
      for (size_t i = predicates_.size(); i-- > 0;)
        draft_.insert(select_.n_group_clause, select_.group_clause, predicates_[i].column, true);
    }
    order_by_keys();
    if (!put_keys(draft_, select_.where_clause, predicates_)) return std::nullopt;
    std::optional<Rewrite> out = draft_.finish(kind);
    if (!out) return out;
    adopt(*out, about);
    out->notes.emplace_back("A key that is listed twice gives its rows once; group the rows by key.");
    if (kind == FixClass::kLock)
      out->notes.emplace_back(
          "Locks are taken in the order of the keys, which also avoids deadlocks between two such "
          "statements.");
    return out;
  }

  static void adopt(Rewrite& out, const Rewrite& about) {
    out.key_columns = about.key_columns;
    out.key_positions = about.key_positions;
    out.key_added = about.key_added;
  }

  // Names the keys so that they don't collide with what the statement shows; returns "k.a, k.b".
  std::string name_keys(std::string_view alias, Rewrite& about) {
    std::set<std::string> names;
    bool star = false;
    for (const TargetColumn& target : top_.targets) {
      names.insert(target.name);
      star = star || target.star;
    }
    for (Key& key : draft_.keys()) {
      const std::string& column = draft_.shape().slots[key.slot].column.column;
      if (key.name.empty()) key.name = "key";
      while (names.contains(key.name) || (star && key.name == column)) key.name = "key_" + key.name;
      names.insert(key.name);
      about.key_positions.push_back(static_cast<int>(about.key_columns.size()));
      about.key_columns.push_back(key.name);
    }
    about.key_added = true;
    return draft_.key_list(alias);
  }

  void guess_note(Rewrite& out) const {
    for (const Key& key : draft_.keys()) out.types_guessed = out.types_guessed || !key.type_known;
    if (out.types_guessed)
      out.notes.emplace_back("The array's type is a guess; cast it to the type of the column.");
  }

  // No FROM: a function per row, or SELECT EXISTS (…).
  std::optional<Rewrite> per_row() {
    Rewrite about;
    const std::string alias = draft_.free_alias("k");
    const bool existence =
        std::any_of(draft_.shape().blocks.begin(), draft_.shape().blocks.end(),
                    [](const QueryBlock& block) { return block.role == BlockRole::kExists; });
    const std::string keys = name_keys(alias, about);
    Node* from = draft_.snippet("SELECT " + keys + " FROM " + draft_.unnest_item(alias));
    if (from == nullptr) return std::nullopt;
    draft_.substitute_keys(alias);
    select_.from_clause = from->select_stmt->from_clause;
    select_.n_from_clause = from->select_stmt->n_from_clause;
    for (size_t i = from->select_stmt->n_target_list; i-- > 0;)
      draft_.insert(select_.n_target_list, select_.target_list, from->select_stmt->target_list[i], true);
    std::optional<Rewrite> out = draft_.finish(existence ? FixClass::kExists : FixClass::kFunction);
    if (!out) return out;
    adopt(*out, about);
    out->any_rows = false;
    guess_note(*out);
    return out;
  }

  std::optional<Rewrite> exists() {
    Rewrite about;
    const std::string alias = draft_.free_alias("k");
    const std::string keys = name_keys(alias, about);
    Node* root = draft_.snippet("SELECT " + keys + ", EXISTS (SELECT 1) AS \"exists\" FROM " +
                                draft_.unnest_item(alias));
    if (root == nullptr) return std::nullopt;
    draft_.substitute_keys(alias);
    drop_limit();
    select_.n_sort_clause = 0;
    PgQuery__SelectStmt& made = *root->select_stmt;
    made.target_list[made.n_target_list - 1]->res_target->val->sub_link->subselect = draft_.statement();
    std::optional<Rewrite> out = draft_.finish(FixClass::kExists, root);
    if (!out) return out;
    adopt(*out, about);
    out->any_rows = false;
    guess_note(*out);
    return out;
  }

  // Keys without rows must show what the aggregate shows for no rows, so the keys come from the array.
  std::optional<Rewrite> grouped() {
    Rewrite about;
    const std::string alias = draft_.free_alias("k");
    const std::string rows = draft_.free_alias("x");
    std::string targets;
    std::set<std::string> names;
    const auto& items = nodes(select_.n_target_list, select_.target_list);
    for (Node* item : items) {
      const std::string function(tree::last_name(tree::function_name(*item->res_target->val->func_call)));
      const std::string wish = output_name(item);
      std::string name = wish;
      for (int n = 2; !names.insert(name).second; ++n) name = fmt::format("{}_{}", wish, n);
      Node* named = draft_.snippet_target("true AS " + quote_identifier(name));
      if (named == nullptr) return std::nullopt;
      item->res_target->name = named->res_target->name;
      const std::string column = rows + "." + quote_identifier(name);
      const bool zero = std::find(kZero.begin(), kZero.end(), function) != kZero.end();
      targets += ", " + (zero ? "COALESCE(" + column + ", 0) AS " + quote_identifier(name) : column);
    }
    Key& key = draft_.keys()[0];
    while (names.contains(key.name)) key.name = "key_" + key.name;
    about.key_columns = {key.name};
    about.key_positions = {0};
    about.key_added = true;
    const std::string name = quote_identifier(key.name);
    Node* root = draft_.snippet(
        fmt::format("SELECT {}.{}{} FROM {} LEFT JOIN (SELECT 1) AS {} ON {}.{} = {}.{}", alias, name,
                    targets, draft_.unnest_item(alias), rows, rows, name, alias, name));
    Node* shown = draft_.snippet_target("true AS " + name);
    if (root == nullptr || shown == nullptr) return std::nullopt;
    shown->res_target->val = predicates_[0].column;
    draft_.insert(select_.n_target_list, select_.target_list, shown, true);
    draft_.insert(select_.n_group_clause, select_.group_clause, predicates_[0].column, false);
    select_.n_sort_clause = 0;
    drop_limit();
    if (!put_keys(draft_, select_.where_clause, predicates_)) return std::nullopt;
    root->select_stmt->from_clause[0]->join_expr->rarg->range_subselect->subquery = draft_.statement();
    std::optional<Rewrite> out = draft_.finish(FixClass::kCount, root);
    if (!out) return out;
    adopt(*out, about);
    out->any_rows = false;
    guess_note(*out);
    return out;
  }

  std::optional<Rewrite> lateral() {
    Rewrite about;
    const std::string alias = draft_.free_alias("k");
    const std::string rows = draft_.free_alias("x");
    const FixClass kind = lateral_class();
    const std::string keys = name_keys(alias, about);
    Node* root = draft_.snippet(fmt::format("SELECT {}, {}.* FROM {} CROSS JOIN LATERAL (SELECT 1) AS {}",
                                            keys, rows, draft_.unnest_item(alias), rows));
    if (root == nullptr) return std::nullopt;
    draft_.substitute_keys(alias);
    root->select_stmt->from_clause[0]->join_expr->rarg->range_subselect->subquery = draft_.statement();
    std::optional<Rewrite> out = draft_.finish(kind, root);
    if (!out) return out;
    adopt(*out, about);
    guess_note(*out);
    if (kind == FixClass::kTopN)
      out->notes.emplace_back(
          "It needs an index on the key and the columns of ORDER BY, else each key reads all its rows.");
    return out;
  }

  FixClass lateral_class() const {
    if (select_.n_locking_clause > 0) return FixClass::kLock;
    if (top_.has_aggregate && !has_limit()) return FixClass::kCount;
    if (has_limit() || is_distinct_on()) return FixClass::kTopN;
    const SlotUse& slot = draft_.shape().slots[draft_.keys()[0].slot];
    if (slot.role == SlotRole::kFunctionArgument) return FixClass::kFunction;
    return flat_ ? joined_class() : FixClass::kGet;
  }

  Draft& draft_;
  PgQuery__SelectStmt& select_;
  const QueryBlock& top_;
  std::vector<KeyPredicate> predicates_;
  bool plain_ = false;
  bool flat_ = false;
};

}  // namespace

std::optional<Rewrite> rewrite_select(Draft& draft) {
  if (draft.shape().blocks.empty() || !is(draft.statement(), PG_QUERY__NODE__NODE_SELECT_STMT))
    return std::nullopt;
  return SelectRewrite(draft).run();
}

}  // namespace pgsieve::internal
