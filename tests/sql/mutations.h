// Random changes to a statement's text, for the scanner's property test.
#pragma once

#include <cstdint>
#include <string>

namespace pgsieve {

// splitmix64 (public domain algorithm by S. Vigna): small, and the same everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  size_t below(size_t bound) { return static_cast<size_t>(next() % bound); }
  bool chance(size_t one_in) { return below(one_in) == 0; }

 private:
  uint64_t state_;
};

// What must not change the key: other literals of the same sort, other white space and comments where there
// were some, other letter case outside quotes, comments around, semicolons behind. Literals are left alone
// unless `literals`.
std::string mutate_harmlessly(const std::string& text, Random& random, bool literals);

// Longer lists: further elements for every IN list of two or more constants, further rows for VALUES of two
// or more. The text itself when it has none.
std::string lengthen_lists(const std::string& text, Random& random);

// What may change anything, and often breaks the statement: tokens dropped, doubled, swapped, glued,
// replaced.
std::string mutate_wildly(const std::string& text, Random& random);

}  // namespace pgsieve
