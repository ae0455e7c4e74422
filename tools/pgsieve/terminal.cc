#include "tools/pgsieve/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "analyzer/report/escape.h"
#include "analyzer/report/layout.h"

namespace pgsieve {

namespace {

void write_stderr(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace

std::string_view environment_value(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

bool read_by_ci() {
  for (const char* name : {"CI", "GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"}) {
    if (const auto value = environment_value(name); !value.empty() && value != "false" && value != "0")
      return true;
  }
  return false;
}

size_t terminal_lines() {
  winsize size{};
  if (isatty(STDOUT_FILENO) != 1) return 0;
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row != 0 ? size.ws_row : 24;
}

bool use_color(When when) {
  if (when != When::kAuto) return when == When::kAlways;
  if (!environment_value("NO_COLOR").empty()) return false;
  for (const char* name : {"CLICOLOR_FORCE", "FORCE_COLOR"}) {
    if (const auto force = environment_value(name); !force.empty() && force != "0" && force != "false")
      return true;
  }
  return isatty(STDOUT_FILENO) == 1 && environment_value("TERM") != "dumb";
}

size_t output_width() {
  constexpr size_t kNarrowest = 60;
  constexpr size_t kWidest = 400;
  winsize size{};
  if (isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0) {
    return std::clamp<size_t>(size.ws_col, kNarrowest, kWidest);
  }
  const std::string_view columns = environment_value("COLUMNS");
  size_t width = 0;
  std::from_chars(columns.data(), columns.data() + columns.size(), width);
  if (width == 0) return read_by_ci() ? 100 : 80;
  return std::clamp(width, kNarrowest, kWidest);
}

void tell(std::string_view message) {
  const std::string line = fmt::format("pgsieve: {}\n", escape_terminal(message));
  write_stderr(read_by_ci() ? escape_ci_log(line) : line);
}
void tell_warning(std::string_view message) {
  tell(fmt::format("warning: {}", message));
}

ProgressBar::ProgressBar() : enabled_(isatty(STDERR_FILENO) == 1 && environment_value("TERM") != "dumb") {}

void ProgressBar::update(uint64_t bytes_done, uint64_t bytes_total) {
  using namespace std::chrono_literals;
  const auto now = Clock::now();
  if (!enabled_ || now - last_drawn_ < 100ms || now - started_ < 300ms) return;
  last_drawn_ = now;
  drawn_ = true;
  const double seconds = std::chrono::duration<double>(now - started_).count();
  const double rate = static_cast<double>(bytes_done) / seconds;
  std::string line;
  if (bytes_total != 0) {
    constexpr size_t kCells = 20;
    const double share = std::min(1.0, static_cast<double>(bytes_done) / static_cast<double>(bytes_total));
    const auto filled = static_cast<size_t>(share * kCells);
    const double left =
        rate > 0 ? static_cast<double>(bytes_total - std::min(bytes_done, bytes_total)) / rate : 0;
    line = fmt::format("[{}{}] {} of {}  {}/s  {} left", std::string(filled, '='),
                       std::string(kCells - filled, ' '), human_bytes(bytes_done), human_bytes(bytes_total),
                       human_bytes(static_cast<uint64_t>(rate)), human_duration(left * 1000.0));
  } else {
    line = fmt::format("{} read  {}/s", human_bytes(bytes_done), human_bytes(static_cast<uint64_t>(rate)));
  }
  write_stderr("\r\x1b[K" + line);
  std::fflush(stderr);
}

void ProgressBar::finish() {
  if (drawn_) write_stderr("\r\x1b[K");
  drawn_ = false;
}

}  // namespace pgsieve
