// The reader of configuration files: pgsieve.toml and what it extends, every value checked against the table
// of settings. Internal to the configuration.
#pragma once

#include <filesystem>

#include "analyzer/base/error.h"
#include "tools/pgsieve/config.h"

namespace pgsieve {

// One document and what it extends. Error: file, line, column, and the nearest valid name.
Result<Config> read_config_file(const std::filesystem::path& path);

}  // namespace pgsieve
