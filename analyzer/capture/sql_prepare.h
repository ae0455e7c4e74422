// PREPARE and EXECUTE in SQL: the statement inside the one, the arguments of the other. Pure functions over
// text, shared by the log readers and the wire; safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/capture/event.h"

namespace pgsieve {

// The statement of "PREPARE name [(types)] AS STATEMENT"; empty when it isn't one.
std::string_view prepared_text(std::string_view prepare);

// The literal arguments of "EXECUTE name(1, 'x', NULL)" as bound values. False when an argument is no
// literal.
bool execute_arguments(std::string_view execute, std::vector<BoundValue>& values, std::string& scratch);

}  // namespace pgsieve
