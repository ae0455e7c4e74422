// From CLI11's tree of options to our own.
#pragma once

#include <CLI/CLI.hpp>

#include "tools/pgsieve/option_tree.h"

namespace pgsieve {

CommandInfo tree_of(const CLI::App& app, const std::string& parent = {});

}  // namespace pgsieve
