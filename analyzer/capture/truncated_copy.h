// Rotation by copying and truncating: what was written to a log behind the last look at it is gone from it
// after the truncation, but not from the copy.
#pragma once

#include <cstdint>
#include <string>

namespace pgsieve {

// What is known of a file that was read up to `bytes`: its first bytes, and the last of those that were read.
struct ReadPart {
  std::string head, tail;
  uint64_t bytes = 0;
};

// Opens the copy of the file that had the name `path` when it was read so far: the longest file beside it
// that begins with `head` and has `tail` before `bytes`. -1: there is none.
int open_copy(const std::string& path, const ReadPart& read);

}  // namespace pgsieve
