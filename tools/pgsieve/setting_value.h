// One value of a configuration file, held against its setting: of the right type, one of the choices, and
// as the text that the rest of the configuration deals in.
#pragma once

#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "analyzer/base/error.h"
#include "analyzer/policy/toml.h"
#include "tools/pgsieve/settings.h"

namespace pgsieve {

// `file`: for errors; `folder`: that paths in the file are relative to.
Result<std::vector<std::string>> setting_values(const Setting& setting, const TomlValue& value,
                                                const std::string& file, const std::filesystem::path& folder);

// A regular expression as other tools write it: "(?i)" in front makes it ignore case.
Result<std::regex> config_expression(std::string text);

// As short as it can be told from the working directory.
std::string shown_path(const std::filesystem::path& path);

}  // namespace pgsieve
