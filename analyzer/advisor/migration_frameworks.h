// The migrations of frameworks, one function each; see migration.h.
#pragma once

#include <string>
#include <vector>

#include "analyzer/advisor/migration.h"

namespace pgsieve {

// ActiveRecord: add_index and remove_index with algorithm: :concurrently; raw SQL where they can't say it.
std::vector<MigrationFile> rails_migration(const std::vector<IndexChange>& changes,
                                           const MigrationOptions& options);
// AddIndexConcurrently where the model's name follows from the table's (with --app), else RunSQL.
std::vector<MigrationFile> django_migration(const std::vector<IndexChange>& changes,
                                            const MigrationOptions& options);
std::vector<MigrationFile> alembic_migration(const std::vector<IndexChange>& changes,
                                             const MigrationOptions& options);
std::vector<MigrationFile> laravel_migration(const std::vector<IndexChange>& changes,
                                             const MigrationOptions& options);
// One statement per migration: Prisma sends a file as one command, and a command of several statements is a
// transaction.
std::vector<MigrationFile> prisma_migration(const std::vector<IndexChange>& changes,
                                            const MigrationOptions& options);
// `apply` and `undo`: the scripts of plain SQL, which Flyway runs statement by statement.
std::vector<MigrationFile> flyway_migration(const std::vector<IndexChange>& changes, const std::string& apply,
                                            const std::string& undo, const MigrationOptions& options);

}  // namespace pgsieve
