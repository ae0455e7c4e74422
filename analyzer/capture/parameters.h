// Bound values as the server lists them: `$1 = 'text', $2 = NULL` (BuildParamLogString in
// src/backend/nodes/params.c).
//
// Strings have their quotes doubled and nothing else escaped; a value may itself contain `', $2 = ''fake`, so
// the list is lexed, never split. A value cut by log_parameter_max_length ends in "..." inside its quotes; so
// may a whole one, and the two can't be told apart: `truncated` then means "may have been cut".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/capture/event.h"

namespace pgsieve {

// Appends the values, in order of their numbers ($1 first). False when the list ends early or is malformed;
// the values read up to there stay. `scratch` holds undone text during the call. Views point into `list`.
bool lex_parameters(std::string_view list, std::vector<BoundValue>& values, std::string& scratch);

}  // namespace pgsieve
