// The options of the commands that record: tap and exec.
#pragma once

#include <CLI/CLI.hpp>

#include "tools/pgsieve/option_values.h"
#include "tools/pgsieve/options.h"

namespace pgsieve {

// Each adds its command, to be filled in while the command line is parsed.
CLI::App* add_tap_command(CLI::App& app, TapOptions& options, RawOptions& raw);
CLI::App* add_exec_command(CLI::App& app, TapOptions& options, RawOptions& raw);

}  // namespace pgsieve
