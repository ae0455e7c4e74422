// The kind of a statement by its first word.
#pragma once

#include <cstdint>
#include <string_view>

#include "analyzer/capture/ingest.h"

namespace pgsieve {

// The counter of IngestStats for `text`; comments, blanks and parentheses may come first.
uint64_t IngestStats::*kind_counter(std::string_view text);

// Whether the planner makes a plan for it: auto_explain shows those only.
bool can_have_plan(std::string_view text);

}  // namespace pgsieve
