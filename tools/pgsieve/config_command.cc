// pgsieve config: what the configuration says, whether it is right, and its JSON Schema.
#include <fmt/format.h>

#include "tools/pgsieve/commands.h"
#include "tools/pgsieve/config.h"
#include "tools/pgsieve/settings.h"

namespace pgsieve {

int run_config(const ConfigOptions& options) {
  if (options.action == "schema") return write_stdout(settings_schema()) ? kExitOk : kExitUsage;
  const Result<Config> config = load_config(options.config);
  if (!config) {
    tell(config.error().to_string());
    return kExitUsage;
  }
  if (options.action == "show") return write_stdout(show_config(*config)) ? kExitOk : kExitUsage;
  if (config->file.empty()) {
    tell("there is no pgsieve.toml here or in the folders above");
    return kExitUsage;
  }
  return write_stdout(fmt::format("{} is right\n", config->file)) ? kExitOk : kExitUsage;
}

}  // namespace pgsieve
