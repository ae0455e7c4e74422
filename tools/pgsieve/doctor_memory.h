// What `pgsieve doctor --apply` changed on a server, so that --revert can put it back exactly.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "analyzer/base/error.h"

namespace pgsieve {

struct RememberedSetting {
  std::optional<std::string> before;  // in postgresql.auto.conf; nullopt: it was not there
  std::string set;                    // what was put there
};

struct DoctorMemory {
  std::string server;  // its system identifier
  std::map<std::string, RememberedSetting> settings;
};

// Where the memory of a server is kept: $XDG_STATE_HOME/pgsieve or ~/.local/state/pgsieve.
std::string memory_path(const std::string& server);

// nullopt: there is none. An Error when the file can't be read or understood.
Result<std::optional<DoctorMemory>> load_memory(const std::string& path);
Status save_memory(const std::string& path, const DoctorMemory& memory);  // replaces the file whole

}  // namespace pgsieve
