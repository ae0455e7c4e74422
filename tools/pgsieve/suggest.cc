#include "tools/pgsieve/suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

namespace pgsieve {

namespace {
char lower(char letter) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
}
}  // namespace

size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<size_t> before(right.size() + 1), previous(right.size() + 1), current(right.size() + 1);
  for (size_t column = 0; column <= right.size(); ++column) previous[column] = column;
  for (size_t row = 1; row <= left.size(); ++row) {
    current[0] = row;
    for (size_t column = 1; column <= right.size(); ++column) {
      const bool same = lower(left[row - 1]) == lower(right[column - 1]);
      current[column] =
          std::min({previous[column] + 1, current[column - 1] + 1, previous[column - 1] + (same ? 0 : 1)});
      const bool swapped = row > 1 && column > 1 && lower(left[row - 1]) == lower(right[column - 2]) &&
                           lower(left[row - 2]) == lower(right[column - 1]);
      if (swapped) current[column] = std::min(current[column], before[column - 2] + 1);
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[right.size()];
}

std::string nearest_name(std::string_view given, std::span<const std::string> names) {
  const size_t tolerance = std::max<size_t>(2, given.size() / 3);
  std::string nearest;
  size_t distance = tolerance + 1;
  for (const std::string& name : names) {
    const bool begins = given.size() >= 2 && name.starts_with(given);
    const size_t this_distance = begins ? 1 : edit_distance(given, name);
    if (this_distance >= distance || this_distance >= std::max(given.size(), name.size())) continue;
    distance = this_distance;
    nearest = name;
  }
  return nearest;
}

std::string did_you_mean(std::string_view given, std::span<const std::string> names) {
  const std::string name = nearest_name(given, names);
  return name.empty() ? std::string() : fmt::format("; did you mean '{}'?", name);
}

}  // namespace pgsieve
