// The values of a Bind message as text.
#pragma once

#include <string_view>

#include "analyzer/wire/statement_book.h"
#include "analyzer/wire/wire_counts.h"

namespace pgsieve {

struct BindNames {
  std::string_view portal, statement;
};

// The names at the start of a Bind message.
BindNames bind_names(std::string_view body);

// Fills the portal's values and result formats. `whole`: the body is complete; else what is there is read,
// and the values don't count as known. Types come from the portal's statement where it knows them. At most
// 64 KiB of text are kept of a value (longer ones are marked truncated), and kMaxStorage of all together.
void read_bind(std::string_view body, bool whole, Portal& portal, WireCounts& counts);

}  // namespace pgsieve
