// pgsieve stats export: the statistics of a server in one file, or the script that makes it.
#include <fmt/format.h>

#include "analyzer/advisor/statistics_export.h"
#include "tools/pgsieve/commands.h"

namespace pgsieve {

int run_stats(const StatsOptions& options) {
  const StatisticsExportOptions how{.with_values = options.with_values};
  std::string text;
  if (options.url.empty()) {
    text = export_script(how);
  } else {
    Result<ServerConnection> server = ServerConnection::connect(options.url);
    if (!server) {
      tell(server.error().to_string());
      return kExitInput;
    }
    Result<std::string> made = export_statistics(*server, how);
    if (!made) {
      tell(made.error().to_string());
      return kExitInput;
    }
    text = std::move(*made);
  }
  if (options.output.empty()) return write_stdout(text) ? kExitOk : kExitInput;
  return write_file(options.output, text) ? kExitOk : kExitUsage;
}

}  // namespace pgsieve
