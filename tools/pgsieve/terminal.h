// What the program may do on the streams it was given: colour, width, a progress bar.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pgsieve {

enum class When : uint8_t { kAuto, kAlways, kNever };

// Colour on standard output: as told; else NO_COLOR forbids, CLICOLOR_FORCE or FORCE_COLOR demand, and
// otherwise a terminal that is not "dumb" gets it.
bool use_color(When when);

// Columns for text on standard output: the terminal's, else $COLUMNS, else 100 in a CI job and 80 elsewhere.
size_t output_width();

// Lines of the terminal on standard output; 0: it is none.
size_t terminal_lines();

// A CI job runs this program, and its runner reads the output for commands (see escape_ci_log).
bool read_by_ci();

// The value of a variable; "" when it is not set.
std::string_view environment_value(const char* name);

// Says something to the user, on standard error.
void tell(std::string_view message);          // "pgsieve: MESSAGE"
void tell_warning(std::string_view message);  // "pgsieve: warning: MESSAGE"

// One line on standard error that shows how far the reading is; nothing at all when that is no terminal.
// Redrawn at most ten times a second, erased by finish().
class ProgressBar {
 public:
  ProgressBar();
  ~ProgressBar() { finish(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  bool enabled() const { return enabled_; }
  void update(uint64_t bytes_done, uint64_t bytes_total);
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  bool enabled_;
  bool drawn_ = false;
  Clock::time_point started_ = Clock::now();
  Clock::time_point last_drawn_{};
};

}  // namespace pgsieve
