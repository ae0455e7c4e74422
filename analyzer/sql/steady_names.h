// Names that a program makes up anew for every statement: `FROM articles
// "22ea0362_761c_46da_a299_38849a7450c2"`. An alias says nothing outside its statement, but libpg_query's
// fingerprint holds it, so that each execution would be a statement of its own. Tables and columns keep their
// names, whatever they look like.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgsieve {

// Whether a name holds something counted or drawn by lot: an UUID, sixteen hexadecimal digits and more of
// which some are decimal, or ten decimal digits and more, as of a time.
bool is_made_up(std::string_view name);

// The text with such aliases numbered in the order in which they are introduced; nullopt: it has none, or the
// grammar rejects it. Thread-safe.
std::optional<std::string> with_steady_names(std::string_view text);

}  // namespace pgsieve
