// The parts of the text report, each appended to `out`. The width is the style's; every text from the capture
// is escaped for the terminal.
#pragma once

#include <string>
#include <vector>

#include "analyzer/report/report.h"

namespace pgsieve {

// What was read, how, and what was not; unescaped.
struct HeaderLine {
  std::string label;  // "" goes on with the one before
  std::string text;
  bool warning = false;
};
std::string header_title(const Report& report);
std::vector<HeaderLine> header_lines(const Report& report);

void append_text_header(std::string& out, const Report& report);
void append_text_findings(std::string& out, const Report& report);
void append_text_patterns(std::string& out, const Report& report);

}  // namespace pgsieve
