// Where in the source a finding belongs, for formats that insist on a file and a line.
#pragma once

#include <cstdint>
#include <string>

#include "analyzer/report/report.h"

namespace pgsieve {

struct SourceLocation {
  std::string path;  // relative, '/' separators; never empty
  uint64_t line = 1;
  bool exact =
      false;  // false: the finding carries no place in the source; the path is only where it is filed
};

// The first that is known of: the code location in the statement's tags (file, line), a test id that is a
// path (tests/a.py::T::test_x, ./spec/b_spec.rb:12), the schema file, the first input.
SourceLocation locate(const Finding& finding, const Report& report);

// "controller=posts, action=index", every tag of the finding; "" when it has none.
std::string tags_text(const Finding& finding);

}  // namespace pgsieve
