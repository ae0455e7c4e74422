// What a CI job gets without being asked, and what is known of the checkout it runs in.
#pragma once

#include <string>

#include "analyzer/report/report.h"

namespace pgsieve {

// The nearest folder upward from the current one that holds .git; "": none.
std::string checkout_around();

// For lint, where standard output is not taken by a format for machines. In GitHub Actions: annotations to standard output, and a summary of at most 900,000 bytes appended to the
// step's (the runner drops a summary above 1 MiB whole). In GitLab: one line that names the report it would
// show. Nothing elsewhere. False: something could not be written, and that was told.
bool write_for_ci(const Report& report);

}  // namespace pgsieve
