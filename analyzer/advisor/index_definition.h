// IndexDefinition: one index, proposed or existing, as a value: what CREATE INDEX says, its name apart.
//
// Invariants of a definition made here: names are folded as PostgreSQL folds them and not quoted; a schema of
// "" means "public"; expressions stand without outer parentheses; IndexKey::nulls_first is the effective
// order (DESC means NULLS FIRST unless said otherwise); INCLUDE columns are sorted, since their order means
// nothing. Plain data; all functions are pure and thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/error.h"
#include "analyzer/schema/schema.h"

namespace pgsieve {

struct IndexDefinition {
  std::string schema;  // empty: public
  std::string table;
  std::string method = "btree";
  std::vector<IndexKey> keys;
  std::vector<std::string> include;
  std::string predicate;  // SQL of WHERE without outer parentheses; empty: not partial
  bool unique = false;
};

// A definition's identity, by which decisions about it are remembered and two spellings are recognised as
// one: "public.orders btree (tenant_id, created_at desc nulls first) include (total) where (status =
// 'pending')". Blanks, letter case outside of quotes, redundant parentheses and the casts PostgreSQL adds to
// constants make no difference; neither does the direction of a b-tree read backwards (all keys flipped), nor
// that of a single key. Stable over versions of the program: it is written to files.
std::string definition_key(const IndexDefinition& definition);

// Eight hexadecimal digits, a hash of definition_key(): what a person types.
std::string definition_id(const IndexDefinition& definition);

// A key as SQL: quoted where needed, expressions in parentheses, then COLLATE, operator class, DESC, NULLS.
std::string key_sql(const IndexKey& key);

// "orders" or "sales.orders", quoted where needed; "public" is left out.
std::string table_sql(const IndexDefinition& definition);

// "orders_tenant_id_created_at_idx", at most 63 bytes, not one of `taken`.
std::string index_name(const IndexDefinition& definition, std::span<const std::string> taken = {});

struct CreateIndexForm {
  std::string name;  // empty: PostgreSQL chooses
  bool concurrently = false;
  bool if_not_exists = false;  // needs a name
};
// One statement without the semicolon.
std::string create_index_sql(const IndexDefinition& definition, const CreateIndexForm& form = {});

// The definition of an index the schema knows.
IndexDefinition definition_of(const Table& table, const Index& index);

// Reads one CREATE INDEX statement. Error: the text is something else, or the grammar refuses it.
Result<IndexDefinition> parse_index_definition(std::string_view ddl);

// True when every look-up and order that `narrow` serves is served by `wide`: same table, method and
// predicate, and for a b-tree narrow's keys are the leading ones of wide's (or the same read backwards) and
// its INCLUDE columns are in wide. A unique `narrow` is only covered by an equal unique one. Not covered by
// itself being unique: `wide` may be.
bool covers(const IndexDefinition& wide, const IndexDefinition& narrow);

}  // namespace pgsieve
