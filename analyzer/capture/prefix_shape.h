// Taking a filled-in log_line_prefix apart: from "2026-11-22 01:02:03 UTC [77] jo@shop " to "%t [%p] %u@%d ".
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace pgsieve {

// Names that connection messages gave away: they tell which word of a prefix is which.
struct PrefixEvidence {
  std::set<std::string, std::less<>> users, databases, applications;
};

// The prefix whose fields have the forms seen in `text`. With `quit`, %q stands before the first field that
// background processes lack. session_field: there is such a field. `head`: the part of the prefix before
// `text`; the result starts with it.
std::string take_prefix_apart(std::string_view head, std::string_view text, const PrefixEvidence& evidence,
                              bool quit, bool& session_field);

}  // namespace pgsieve
