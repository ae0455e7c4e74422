#include "analyzer/base/error.h"

#include <fmt/format.h>

namespace pgsieve {

std::string Error::to_string() const {
  std::string text;
  if (!file.empty()) {
    text = line != 0 ? fmt::format("{}:{}: ", file, line) : fmt::format("{}: ", file);
  }
  text += message;
  if (has_offset) text += fmt::format(" (at byte {})", offset);
  if (!hint.empty()) {
    if (text.back() != '.') text += '.';
    text += ' ';
    text += hint;
  }
  return text;
}

}  // namespace pgsieve
