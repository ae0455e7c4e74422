// Where in the source a finding belongs, for formats that insist on a file and a line.
#pragma once

#include <string>
#include <vector>

#include "analyzer/report/report.h"
#include "analyzer/report/source_index.h"

namespace pgsieve {

// A ladder, the first rung that holds: the code location in the statement's tags; the test id, when that is a
// path (tests/a.py::T::test_x, ./spec/b_spec.rb:12); the text of the statement found in the checkout; the
// text of its parent; where its table is created; the configuration file.
std::vector<SourceLocation> places(const Finding& finding, const Report& report);  // every rung that holds
SourceLocation locate(const Finding& finding, const Report& report);

std::string_view kind_name(SourceLocation::Kind kind);  // "the test", "the statement it runs after", …

// "app/models/post.rb:12"
std::string place_text(const SourceLocation& location);

// "controller=posts, action=index", every tag of the finding; "" when it has none.
std::string tags_text(const Finding& finding);

}  // namespace pgsieve
