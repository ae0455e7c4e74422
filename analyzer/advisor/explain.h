// EXPLAIN of one captured statement through a connection. Never executes it.
#pragma once

#include <string>
#include <string_view>

#include "analyzer/advisor/plan_text.h"
#include "analyzer/advisor/server_connection.h"

namespace pgsieve {

// Makes the session read-only, with limits on how long anything may take or wait.
Status make_read_only(ServerConnection& connection);

// The plan; a statement that still has parameters ($1) gets its generic plan. Error: the server refuses it.
Result<PlanAnswer> explain(ServerConnection& connection, std::string_view statement,
                           const NameIndex& name_index);

// First column of the first row; "" where there is none.
std::string single_value(ServerConnection& connection, const std::string& sql);

}  // namespace pgsieve
