// A statement without its values: what may be kept where no literal of the traffic must be.
#pragma once

#include <string>
#include <string_view>

namespace pgsieve {

// The text with every literal replaced by one of its kind that says nothing ('x', 0), and without comments.
// It has the same slots, and, where the grammar accepts it, the same fingerprint and the same shape:
// wildcards at the ends of a string stay, and so do numbers that are no values but structure (LIMIT 21, ORDER
// BY 1). Pure, linear, accepts any bytes; what an unclosed quote holds goes, too.
std::string mask_literals(std::string_view text);

}  // namespace pgsieve
