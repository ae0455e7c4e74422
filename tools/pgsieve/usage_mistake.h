// What a mistake on the command line is answered with: what is wrong, the nearest name that is right, and
// where the help is. CLI11's own wording does not get out.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace pgsieve {

std::vector<std::string> command_names(const CLI::App& app);

// The innermost command that was given; `app` itself without any.
const CLI::App& chosen_command(const CLI::App& app);

// CLI11 takes a mistyped command for a stray argument; looking at it first gives a better answer.
std::optional<std::string> mistyped_command(int argc, const char* const* argv, const CLI::App& app);

// Each tells what is wrong and returns the exit code.
int usage_error(const std::string& message, const CLI::App& app);
int explain_mistake(const CLI::ParseError& error, const CLI::App& app);

}  // namespace pgsieve
