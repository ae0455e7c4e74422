// Draft: a statement under rewriting. Holds its parse tree and the trees of the snippets grafted into it,
// knows which leaf of the tree is which slot, and numbers the parameters of the result.
//
// Nodes are changed in place; a node taken from a snippet stays valid as long as the Draft, and may stand in
// several places of the tree (packing only reads). Not thread-safe; make one per rewrite.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/sql/parse_tree.h"
#include "analyzer/sql/rewrite.h"
#include "analyzer/sql/scan.h"
#include "analyzer/sql/tree.h"

namespace pgsieve::internal {

using tree::Node;
using tree::Nodes;

// A literal or parameter in the tree.
struct Leaf {
  Node* node = nullptr;
  Node* cast = nullptr;  // the TypeCast directly above
  Node* list = nullptr;  // the `IN (…)` whose elements share one slot
  uint32_t slot = 0;
};

// What varies: one value per turn. Several leaves when one parameter stands in several places.
struct Key {
  std::vector<Leaf> leaves;
  std::string name;  // unique among the keys
  std::string type;  // element type; never empty
  uint32_t slot = 0;
  uint16_t original = 0;
  bool type_known = false;  // from a schema or a cast
  bool type_seen = false;   // by the look of values
};

// `column = key` among the conditions that all rows must meet.
struct KeyPredicate {
  Node* conjunct = nullptr;
  Node* column = nullptr;  // the side that is not the key
  bool in_where = false;
};

class Draft {
 public:
  // Empty where the text can't be rewritten: not one parseable statement, or a slot that can't be found.
  static std::unique_ptr<Draft> make(const BatchRequest& request);
  // The same for a statement of which nothing varies.
  static std::unique_ptr<Draft> whole(const BatchRequest& request);

  Node* statement() { return statement_; }
  const StatementShape& shape() const { return *request_.shape; }
  const BatchRequest& request() const { return request_; }
  std::vector<Key>& keys() { return keys_; }

  // A correlation name no relation of the statement has.
  std::string free_alias(std::string_view wish) const;
  // The statement inside `sql`, kept alive by the draft; nullptr when it does not parse.
  Node* snippet(const std::string& sql);
  // The first target of a SELECT snippet (a ResTarget); its WHERE.
  Node* snippet_target(const std::string& expression);
  Node* snippet_condition(const std::string& condition);

  // Replaces every key by a column of `alias`.
  void substitute_keys(std::string_view alias);
  // All keys come in one parameter, $1: a JSON array of objects.
  void take_keys_from_json() { json_ = true; }
  // $1 says how many rows there are to be.
  void take_count() { count_ = true; }
  // True when all places of all keys are below `root`.
  bool keys_within(Node* root) const;
  // Makes every key a plain parameter: one value, not a list.
  void keep_keys_single();
  // `unnest($1::bigint[], …)`
  std::string unnest_call() const;
  // `unnest($1::bigint[], …) AS alias(a, b)`
  std::string unnest_item(std::string_view alias) const;
  // `k.a, k.b`
  std::string key_list(std::string_view alias) const;

  // The condition that a key stands in, when it is one that all rows must meet and an equality.
  std::optional<KeyPredicate> flat_predicate(const Key& key);
  void add_select_conditions(PgQuery__SelectStmt& select);
  void add_conditions(Node*& where);

  // Writes `root` (default: the statement) out; numbers what is not a key from keys().size() + 1 on. None
  // when the result does not parse.
  std::optional<Rewrite> finish(FixClass kind, Node* root = nullptr);

  void insert(size_t& count, Node**& items, Node* node, bool front);

 private:
  explicit Draft(const BatchRequest& request) : request_(request) {}
  bool parse();
  bool find_leaves();
  bool collect(ProtobufCMessage& message, Node* above, size_t depth);
  uint32_t slot_at(int32_t location) const;
  bool make_keys();
  void collect_from(Node* item);
  void collect_conjuncts(Node* condition, bool in_where);
  void collect_nodes(Node* node, std::set<const Node*>& nodes) const;
  bool number_others(Node* root, Rewrite& rewrite);
  bool replace_by_parameter(const Leaf& leaf, uint16_t number);

  const BatchRequest& request_;
  std::string text_;
  StatementScan scan_;
  std::unique_ptr<ParseTree> tree_;
  std::vector<std::unique_ptr<ParseTree>> snippets_;
  Node* statement_ = nullptr;
  std::vector<Leaf> leaves_;
  std::vector<Key> keys_;
  bool json_ = false;
  bool count_ = false;
  struct Conjunct {
    Node* node;
    bool in_where;
  };
  std::vector<Conjunct> conjuncts_;
};

// Removes a condition from an AND; a lone one becomes nullptr.
void remove_condition(Node*& where, const Node* condition);

// Puts the keys into the conditions: `col = ANY($1)`, or `(a, b) IN (SELECT * FROM unnest($1, $2))` in place
// of the first one, the others gone. `predicates` has one per key.
bool put_keys(Draft& draft, Node*& where, const std::vector<KeyPredicate>& predicates);

// Puts the keys' columns among those of the select list that lack them, and says where they stand.
void show_keys(Draft& draft, PgQuery__SelectStmt& select, const std::vector<KeyPredicate>& predicates,
               Rewrite& out);

// The name of a target's output column; "" where the server makes one up.
std::string output_name(const Node* target);

// The last name of a plain column reference; "" for anything else.
std::string_view column_name_of(const Node* node);

std::optional<Rewrite> rewrite_select(Draft& draft);
std::optional<Rewrite> rewrite_insert(Draft& draft);
std::optional<Rewrite> rewrite_update(Draft& draft);
std::optional<Rewrite> rewrite_delete(Draft& draft);
std::optional<Rewrite> rewrite_merge(Draft& draft);

}  // namespace pgsieve::internal
