// Schema: what is known about the tables behind the traffic. Read from a `pg_dump --schema-only` file,
// optionally with row estimates from a statistics file; later from a live catalogue. Plain data with
// look-ups; immutable after loading and then safe to share between threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyzer/base/error.h"

namespace pgsieve {

struct Column {
  std::string name;
  std::string
      type;  // as written, normalised white space: "character varying(255)", "timestamp with time zone"
  bool not_null = false;
  bool has_default = false;
  bool identity = false;  // identity, serial or nextval() default
  std::string default_sql;
};

struct IndexKey {
  std::string column;      // plain column; empty for an expression
  std::string expression;  // deparsed expression, without outer parentheses: lower(email), payload ->> 'ref'
  std::string opclass;     // empty: default
  std::string collation;
  bool descending = false;
  bool nulls_first = false;  // effective (DESC defaults to NULLS FIRST)
};

struct Index {
  std::string name;
  std::string method = "btree";
  std::vector<IndexKey> keys;
  std::vector<std::string> include;
  std::string predicate;  // SQL of WHERE, deparsed; empty: not partial
  bool unique = false;
  bool primary = false;
  bool constraint = false;  // backs a PRIMARY KEY, UNIQUE or EXCLUDE constraint
  bool nulls_not_distinct = false;
};

struct ForeignKey {
  std::string name;
  std::vector<std::string> columns;
  std::string target_schema;  // empty: as the dump's search path ("public")
  std::string target_table;
  std::vector<std::string>
      target_columns;  // resolved to the target's primary key when the DDL leaves them out
};

struct Table {
  std::string schema = "public";
  std::string name;
  std::vector<Column> columns;
  std::vector<std::string> primary_key;
  std::vector<Index> indexes;  // primary and unique constraints included
  std::vector<ForeignKey> foreign_keys;
  std::vector<std::string> check_constraints;  // deparsed
  std::string partition_of;                    // parent table, "schema.name"
  std::string partition_strategy;              // range, list, hash for a partitioned parent
  std::vector<std::string> partition_columns;
  bool view = false;
  bool materialized = false;
  std::string view_sql;
  std::optional<double> rows;  // estimate; nullopt: unknown
  std::optional<double> pages;

  const Column* find_column(std::string_view column) const;
  // True when some unique, non-partial index's key columns are all among the given ones.
  bool unique_by(const std::vector<std::string>& columns) const;
  // True when they are just these, as ON CONFLICT (columns) wants it.
  bool unique_by_exactly(const std::vector<std::string>& columns) const;
};

// One side of a foreign key.
struct KeyEdge {
  const Table* from = nullptr;  // the referencing table
  const Table* to = nullptr;
  const ForeignKey* key = nullptr;
};

class Schema {
 public:
  Table& add(Table table);

  // Looks a table up as PostgreSQL's default search path would: exact schema when given, else "public", else
  // the only schema that has it. Case-sensitive, after folding. nullptr: unknown.
  const Table* find(std::string_view schema, std::string_view name) const;
  const Table* find(std::string_view name) const { return find({}, name); }
  Table* find_mutable(std::string_view schema, std::string_view name);
  // False: no such table. Linear in the number of tables; invalidates pointers to tables.
  bool remove(std::string_view schema, std::string_view name);

  const std::vector<Table>& tables() const { return tables_; }
  bool empty() const { return tables_.empty(); }

  // The foreign key from `from`.`from_column` to `to`.`to_column` (single-column, or a column pair of a
  // composite one).
  const ForeignKey* foreign_key(const Table& from, std::string_view from_column, const Table& to,
                                std::string_view to_column) const;

  struct Notes {
    uint64_t statements = 0;           // in the file
    uint64_t unknown_statements = 0;   // kinds we don't read (functions, grants, …): counted, not fatal
    uint64_t unparsed_statements = 0;  // the grammar refused them
    std::vector<std::string> samples;  // up to 5 first lines of unparsed statements, with their line number
  };
  Notes notes;

 private:
  std::vector<Table> tables_;
  std::unordered_map<std::string, std::vector<uint32_t>> by_name_;
};

// Reads DDL: pg_dump's plain format (psql meta-commands and COPY data are skipped) or hand-written CREATE
// statements. ALTER TABLE … ADD CONSTRAINT / ATTACH PARTITION / ALTER COLUMN are applied. Fails only when
// nothing in it is a statement.
Result<Schema> parse_schema(std::string_view ddl, std::string_view file_name);
Result<Schema> load_schema(const std::string& path);

// Adds row estimates. Accepts what `pgsieve stats export` writes (statistics_file.h), JSON: [{"table": "x",
// "reltuples": n, "relpages": n}], {"relations": [{"rel", "kind", "tuples", "pages"}]}, or CSV with a header
// naming schema, table, rows, pages. Unknown tables are ignored and counted in the result.
Result<uint64_t> load_statistics(Schema& schema, const std::string& path);

}  // namespace pgsieve
