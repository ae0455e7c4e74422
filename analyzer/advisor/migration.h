// Migrations: a set of index changes as what people deploy: plain SQL, or a migration of their framework.
//
// Every form builds and drops CONCURRENTLY and outside of a transaction, can be run again after a failure
// (IF NOT EXISTS, IF EXISTS), waits no longer than the lock timeout for a lock, and can be undone. Pure
// functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/advisor/index_definition.h"
#include "analyzer/base/error.h"
#include "analyzer/schema/schema.h"

namespace pgsieve {

struct IndexChange {
  bool drop = false;
  IndexDefinition index;  // of an index to drop: what it was
  std::string name;       // never empty
  std::string extension;  // to be created first
  std::string comment;    // one line for the reader; may be empty
};

enum class MigrationFormat { kSql, kRails, kDjango, kAlembic, kFlyway, kLaravel, kPrisma };
std::optional<MigrationFormat> migration_format(std::string_view name);
std::vector<std::string> migration_format_names();

struct MigrationOptions {
  std::string title = "suggested_indexes";  // snake_case; of files and classes
  std::string stamp = "20260101000000";     // YYYYMMDDhhmmss, for formats that order by time
  std::string lock_timeout = "5s";
  std::string django_app = {};     // label of the app; empty: a placeholder, and RunSQL
  std::string previous = {};       // migration this one follows (Django, Alembic); empty: a placeholder
  const Schema* schema = nullptr;  // partitions need other statements; nullptr: there are none
};

struct MigrationFile {
  std::string name;  // as the framework wants it, with its folder where that matters
  std::string text;
};

// The files, at least one. `changes` must not be empty.
std::vector<MigrationFile> write_migration(const std::vector<IndexChange>& changes, MigrationFormat format,
                                           const MigrationOptions& options);

// The statements that make or undo a change, in order, without semicolons. More than one for an extension or
// a partitioned table.
std::vector<std::string> change_statements(const IndexChange& change, bool undo, const Schema* schema);

// The opposite, for plain SQL: a script that undoes the changes.
std::string rollback_script(const std::vector<IndexChange>& changes, const MigrationOptions& options);

}  // namespace pgsieve
