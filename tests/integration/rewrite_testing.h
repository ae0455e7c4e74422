// A server with a small shop of random data, and what the tests of rewrites share.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "analyzer/advisor/server_connection.h"
#include "analyzer/sql/scan.h"
#include "tests/integration/postgres_server.h"

namespace pgsieve::testing {

using Row = std::vector<DatabaseValue>;

// Runs a statement that has to work.
DatabaseRows must(ServerConnection& database, const std::string& sql,
                  std::span<const DatabaseValue> values = {});

// Tables users, posts, comments, tags, posts_tags, stats, accounts, files with fresh random rows.
void fill_with_random_data(ServerConnection& database, unsigned seed);

std::string array_of(const std::vector<std::string>& values);  // {"a","b"}
// The value of a hidden literal as a parameter.
std::string literal_value(const Slot& slot);

}  // namespace pgsieve::testing
