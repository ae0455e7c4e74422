// Runs the real program on a terminal of the test's own.
#pragma once

#include <string>
#include <vector>

#include "tests/tools/run_program.h"

namespace pgsieve {

struct TerminalRun {
  int columns = 100;
  int lines = 40;
  std::vector<std::string> environment;  // further NAME=VALUE settings
  bool output_elsewhere = false;         // standard output is a file, only standard error is the terminal
  std::string interrupt_after;           // once this text was seen, Ctrl-C is typed
};

// What the terminal saw (line feeds as the program sent them) in `out`, and with output_elsewhere what the
// file got in `err`.
RunResult run_on_terminal(const std::vector<std::string>& arguments, const TerminalRun& run);

}  // namespace pgsieve
