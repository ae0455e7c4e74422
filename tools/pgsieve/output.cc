#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include "tools/pgsieve/commands.h"

namespace pgsieve {

bool write_stdout(std::string_view text) {
  // A reader that goes away must not end us before the other outputs are written.
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  const int reason = errno;
  std::signal(SIGPIPE, before);
  if (written || reason == EPIPE) return true;
  tell(fmt::format("can't write to standard output: {}", std::strerror(reason)));
  return false;
}

bool write_file(const std::string& path, std::string_view text) {
  return write_file(path, [text](const PieceSink& sink) { sink(text); });
}

bool write_file(const std::string& path, const std::function<void(const PieceSink&)>& produce) {
  const auto close = [](std::FILE* file) { return std::fclose(file); };
  std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "wb"), close);
  bool written = file != nullptr;
  if (written) {
    produce([&](std::string_view text) {
      written = written && std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
    });
  }
  const bool closed = file != nullptr && std::fclose(file.release()) == 0;
  if (written && closed) return true;
  tell(fmt::format("can't write {}: {}", path, std::strerror(errno)));
  return false;
}

}  // namespace pgsieve
