// What the integration tests take from npm: build/npm, where tools/setup.sh --tests installs it.
#pragma once

#include <filesystem>
#include <string>

namespace pgsieve::testing {

inline std::string npm_modules() {
  return std::string(PGSIEVE_SOURCE_DIR) + "/build/npm/node_modules";
}
inline bool has_npm_package(const std::string& name) {
  std::error_code error;
  return std::filesystem::exists(npm_modules() + "/" + name, error);
}

}  // namespace pgsieve::testing
