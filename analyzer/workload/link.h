// Link: could the rows of one statement have supplied the key that another statement asks for?
//
// Decided from structure alone: declared foreign keys where a schema is known, the names of tables and
// columns where not. Used while facts are made (to attribute a child to the right one of several earlier
// statements) and again by the rules (with the schema) for the evidence they print.
//
// Names: a column name is split into words and stripped of key words ("user_id", "userId", "fk_user",
// "UserUUID" → [user]); a table name is split and its last word made singular ("app_users" → [app, user]).
// They agree when one ends with the other: order_items.order_id → orders, blog_post → post_id,
// created_by_user_id → users. Plurals are English ones; words of other languages are akin when they have one
// stem: autor_id → autoren, ordine_id → ordini.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/compact_text.h"
#include "analyzer/schema/schema.h"
#include "analyzer/sql/shape.h"

namespace pgsieve {

// From nothing to declared. kReference and below name no relation between the two: the forms of their columns
// fit, and any list of such rows could have fed the child.
enum class LinkStrength : uint8_t {
  kNone,
  kPossible,     // the child looks its row up by primary key, and the parent's columns are unknown (star) or
                 // don't tell; or by another column that is like a key, and they are unknown
  kReference,    // a reference that names neither table meets the key of a row: assignee_id ↔ staff.id
  kSameColumn,   // parent and child use a column of the same, telling name; or both reference one third table
  kStem,         // autor_id ↔ autoren: words of one stem
  kPolymorphic,  // (…_type, …_id) pair: the parent may be any table
  kNames,        // user_id ↔ users
  kSameKey,      // the child asks for the parent's own primary key
  kForeignKey,   // declared in the schema
};
std::string_view link_strength_name(LinkStrength strength);
inline bool is_strong(LinkStrength strength) {
  return strength >= LinkStrength::kSameColumn;
}

// The words of a name as hashes: [k - 1] stands for the last k of them, so that "one name ends with the
// other" is one comparison. Of the last word it is the stem; the word itself has a hash of its own. Words
// before the last four are not looked at.
class WordHashes {
 public:
  WordHashes() = default;
  explicit WordHashes(const std::vector<std::string>& words);

  bool empty() const { return count_ == 0; }
  uint32_t last() const { return endings_[0]; }  // the stem of the last word; only when not empty()
  bool agrees_with(const WordHashes& other) const { return word_ == other.word_ && akin_to(other); }
  bool akin_to(const WordHashes& other) const {  // also when it agrees
    const size_t common = std::min(count_, other.count_);
    return common != 0 && endings_[common - 1] == other.endings_[common - 1];
  }
  bool all_akin_to(const WordHashes& other) const { return count_ == other.count_ && akin_to(other); }
  friend bool operator==(const WordHashes&, const WordHashes&) = default;

 private:
  static constexpr size_t kWords = 4;
  std::array<uint32_t, kWords> endings_{};
  uint32_t word_ = 0;  // the last one, whole
  uint8_t count_ = 0;
};

// What a statement offers as a parent and needs as a child; made once per statement.
struct LinkProfile {
  struct TableName {
    CompactText schema, name;
    WordHashes words;  // singular, lower case
    friend bool operator==(const TableName&, const TableName&) = default;
  };
  struct ColumnName {
    uint64_t hash = 0;       // of the normalised name: lower case, no separators
    WordHashes words;        // key words stripped, the last one singular; empty: nothing but key words ("id")
    uint32_t table = 0;      // index into tables; UINT32_MAX unknown
    bool generic = false;    // ends with a word that names nothing by itself: "status", "created_at"
    bool bare = false;       // its last word is all there is: "author", not "author_id"
    bool ancestor = false;   // "parent_id", "ancestor_id"
    bool natural = false;    // may be a key that means something: "isbn", "email", "iata_code"
    bool initials = false;   // "uid", "pid": an id of whatever the letters before it stand for
    bool reference = false;  // has the form of a reference to some row: "assignee_id", "created_by"
    // What another table would call a reference to it: ship_imo, for ships.imo. 0: not known, or it tells
    // nothing ("id", "status").
    uint64_t referred = 0;
    friend bool operator==(const ColumnName&, const ColumnName&) = default;
  };
  // A column that a slot of this statement is compared with, and every column a join makes equal to it.
  struct Key {
    uint32_t slot = 0;
    uint32_t table = 0;  // index into tables
    CompactText column;  // as written
    ColumnName normal;
    bool fixed = true;         // all rows have the one value; not so under OR, nor of an array's values
    bool primary = false;      // looks like (or is) the key of its table
    bool row_id = false;       // … and is it for sure, or named so: "id", not "key" or "code"
    bool polymorphic = false;  // has a …_type companion
    bool natural = false;      // else: a column that may be a key with a telling name, as "isbn"
    uint64_t qualified = 0;  // hash of the table's name and the column's: part_sku, for parts.sku; 0: primary
    friend bool operator==(const Key&, const Key&) = default;
  };
  std::vector<TableName> tables;          // base tables of all blocks, top block first
  size_t top_tables = 0;                  // the first so many are in the top block
  std::vector<ColumnName> columns;        // plain columns of the select list
  std::vector<std::string> column_names;  // of `columns`, as links print them; empty unless asked for
  // Of `columns`, in the same order, the lower half of each one's hash, then the last word of each; 0: it has
  // no words, and links nothing. Enough to pass over nearly all of them at a glance.
  std::vector<uint32_t> column_glances;
  bool star = false;  // … or all of some table's
  std::vector<uint32_t> star_tables;
  bool star_unknown = false;  // no schema tells the columns of one of them: any column may be among them
  std::vector<Key> keys;      // equality slots (scalar or one element), written keys left out
  bool many_rows = false;     // may return more than one row, as far as text (and schema) tell
  bool groups = false;        // its rows are groups of rows, or it has one for all, and have the key of none
  bool unsure_rows = false;   // many_rows, but for all the text tells it asks by a key: WHERE isbn = $1
  // Bloom filters of the words above: a word that is wanted and not offered can't link, so most pairs are
  // refused at a glance. Each word has a bit in either half.
  using WordMask = std::array<uint64_t, 8>;
  WordMask offers{};
  WordMask wants{};
  bool names_no_key = false;             // it lists plain columns, and none is like a key or a reference
  bool gives_row_ids = false;            // its rows may carry a key of theirs
  bool gives_references = false;         // … or a reference to other rows
  uint32_t reference_slot = UINT32_MAX;  // of a key with the form of a reference, or of a function's argument
  bool wants_any = false;                // a polymorphic key: any parent
  ColumnName any_reference;              // its rows name rows of any table: (…_type, …_id)
  std::string any_reference_name;        // empty: they don't
  uint32_t primary_slot = UINT32_MAX;    // of a key that is primary; UINT32_MAX: none
  bool asks_natural = false;             // one of its keys is natural: any star may carry that column

  friend bool operator==(const LinkProfile&, const LinkProfile&) = default;
};

// False: nothing that the parent names is what the child asks for; at best a lookup by primary key links
// them.
inline bool may_link(const LinkProfile::WordMask& offers, const LinkProfile& child) {
  const LinkProfile::WordMask& wants = child.wants;
  const uint64_t first =
      (offers[0] & wants[0]) | (offers[1] & wants[1]) | (offers[2] & wants[2]) | (offers[3] & wants[3]);
  const uint64_t second =
      (offers[4] & wants[4]) | (offers[5] & wants[5]) | (offers[6] & wants[6]) | (offers[7] & wants[7]);
  return (first != 0 && second != 0) || child.wants_any;
}
inline bool may_link(const LinkProfile& parent, const LinkProfile& child) {
  return may_link(parent.offers, child);
}

// with_names = false: for find_link() only, at half the size. `seen`: the columns that statements name
// (seen_columns.h), for starred tables that the schema does not know; may be null.
LinkProfile draw_link_profile(const StatementShape& shape, const Schema* schema, bool with_names = true,
                              const Schema* seen = nullptr);

struct Link {
  LinkStrength strength = LinkStrength::kNone;
  uint32_t slot = 0;         // of the child
  std::string parent_table;  // only filled by explain_link()
  std::string parent_column;
  std::string child_table;
  std::string child_column;
  bool joined = false;  // known from a join in the traffic
};
// The strongest link. Fast: no allocation unless there is a candidate. `schema` may be null.
Link find_link(const LinkProfile& parent, const LinkProfile& child, const Schema* schema);
// The same with names filled in, for evidence and fixes. `slots`: a bit for each slot of the child that may
// tie the two; those beyond the 32nd all may.
Link explain_link(const LinkProfile& parent, const LinkProfile& child, const Schema* schema,
                  uint32_t slots = UINT32_MAX);

// It ties a table to itself: folder.parent_id = folder.id.
bool ties_to_itself(const Link& link);

// A table's name and a column's as links compare them.
LinkProfile::TableName link_table_name(const Relation& relation);
LinkProfile::ColumnName normal_column(std::string_view column, uint32_t table);
// Without a schema a key looks like a key: "id" and its kin, or the table's own name or initial with a key
// word (users.user_id, users.uid).
bool looks_primary(const LinkProfile::ColumnName& column, const LinkProfile::TableName& table);

// … and the same of a column that is told apart by its name alone: orders.id, orders.order_uuid, not
// orders.code.
bool looks_like_row_id(std::string_view column, const Relation& table);

// Naming helpers, shared with the ORM suggestions.
std::vector<std::string> name_words(std::string_view name);  // "OrderItems" / "order_items" → [order, items]
std::string singular(std::string_view word);                 // "categories" → "category"
std::string plural(std::string_view word);                   // "category" → "categories"
// Without the endings that European and Turkic languages make plurals and cases with, by which forms of one
// word are told to be such: "autoren" and "autor" → "autor", "fatture" and "fattura" → "fattur". No shorter
// than four letters. Different words may have one stem ("store", "story"): it is a hint.
std::string_view stem(std::string_view word);

}  // namespace pgsieve
