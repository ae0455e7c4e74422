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
// `text`; the result starts with it. `joiner`: a mark that stands between the fields, so in none of them, but
// for times and numbers; 0: there is none.
std::string take_prefix_apart(std::string_view head, std::string_view text, const PrefixEvidence& evidence,
                              bool quit, char joiner, bool& session_field);

// The dash or underscore that a filled-in prefix ends with ("…-jo-shop-"), or that stands on both sides of a
// number before a name ("-77-jo"): it may stand between all of its fields. Names may hold it, too, so that is
// but one way to read it. 0: there is none.
char joining_mark(std::string_view text);

}  // namespace pgsieve
