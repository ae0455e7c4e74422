// Options of the commands about a server's statistics: stats and twin.
#pragma once

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace pgsieve {

struct StatsOptions {
  std::string url;     // empty: print the script
  std::string output;  // empty: standard output
  bool with_values = false;
};

struct TwinCommandOptions {
  enum class Action : uint8_t { kStart, kStop };
  Action action = Action::kStart;
  std::string schema_file;
  std::string statistics_file;
  std::string directory;
  std::string bin_directory;
  bool keep_files = false;
};

// Each adds its command with what belongs to it, to be filled in while the command line is parsed.
CLI::App* add_stats_command(CLI::App& app, StatsOptions& options);
CLI::App* add_twin_command(CLI::App& app, TwinCommandOptions& options);

}  // namespace pgsieve
