// Long documents on a terminal.
#pragma once

#include <string_view>

namespace pgsieve {

// Writes to standard output; where that is a terminal that the text does not fit, through $PGSIEVE_PAGER,
// else $PAGER, else `less -FRX`. "" or "cat" as the pager means none. False: the text could not be written.
bool write_long(std::string_view text, bool pager_allowed = true);

}  // namespace pgsieve
