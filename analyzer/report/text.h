// The parts of the text report, each appended to `out`. The width is the style's; every text from the capture
// is escaped for the terminal.
#pragma once

#include <string>

#include "analyzer/report/report.h"

namespace pgsieve {

void append_text_header(std::string& out, const Report& report);
void append_text_findings(std::string& out, const Report& report);
void append_text_patterns(std::string& out, const Report& report);

}  // namespace pgsieve
