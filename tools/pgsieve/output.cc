#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "tools/pgsieve/commands.h"

namespace pgsieve {

bool write_stdout(std::string_view text) {
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (written || errno == EPIPE) return true;
  tell(fmt::format("can't write to standard output: {}", std::strerror(errno)));
  return false;
}

}  // namespace pgsieve
