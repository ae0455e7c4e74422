// The kind of a statement by its first word, for counting.
#pragma once

#include <cstdint>
#include <string_view>

#include "analyzer/capture/ingest.h"

namespace pgsieve {

// The counter of IngestStats for `text`; comments, blanks and parentheses may come first.
uint64_t IngestStats::*kind_counter(std::string_view text);

}  // namespace pgsieve
