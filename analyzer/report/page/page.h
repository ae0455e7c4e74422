// The style sheet and the script of the HTML report, compiled in from page.css and page.js beside this file.
#pragma once

#include <string_view>

namespace pgsieve {

struct PagePart {
  std::string_view text;
  std::string_view digest;  // "sha256-…", as a Content-Security-Policy names it
};

extern const PagePart kPageStyle;
extern const PagePart kPageScript;

}  // namespace pgsieve
