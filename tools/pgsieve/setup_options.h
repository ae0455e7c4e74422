// The options of the commands that set things up: doctor, init, completion, man.
#pragma once

#include <CLI/CLI.hpp>

#include "tools/pgsieve/option_values.h"

namespace pgsieve {

struct SetupCommands {
  CLI::App* doctor = nullptr;
  CLI::App* init = nullptr;
  CLI::App* completion = nullptr;
  CLI::App* manual = nullptr;
};

SetupCommands add_setup_commands(CLI::App& app, CommandLine& line, RawOptions& raw);

// False: none of these commands was given.
bool take_setup_command(const SetupCommands& commands, const CLI::App& app, CommandLine& line,
                        const RawOptions& raw);

}  // namespace pgsieve
