// "Did you mean": the nearest of the valid names.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace pgsieve {

// Restricted Damerau-Levenshtein distance: insertions, deletions, substitutions and swaps of neighbours
// (Boytsov, "Indexing methods for approximate dictionary searching", 2011, section 2.1). Letter case does not
// count.
size_t edit_distance(std::string_view left, std::string_view right);

// The name nearest to `given`, when it is near enough to be a typing mistake (a third of its letters, at
// least two); "" else.
std::string nearest_name(std::string_view given, std::span<const std::string> names);

// "; did you mean 'report'?" or "".
std::string did_you_mean(std::string_view given, std::span<const std::string> names);

}  // namespace pgsieve
