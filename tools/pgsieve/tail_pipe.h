// TailPipe: the rest of a file, from an offset on, as an input with a name of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "analyzer/base/error.h"

namespace pgsieve {

// A thread copies the bytes into a pipe, which path() names (/dev/fd/N) for one reading. Destruction stops
// the thread.
class TailPipe {
 public:
  static Result<std::unique_ptr<TailPipe>> open(const std::string& file, uint64_t offset);
  virtual ~TailPipe() = default;
  virtual const std::string& path() const = 0;
};

}  // namespace pgsieve
