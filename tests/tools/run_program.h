// Runs the real program the way a shell would, for the tests of the command line.
#pragma once

#include <string>
#include <vector>

namespace pgsieve {

struct RunResult {
  int exit_code = -1;  // 128 + signal when killed
  std::string out;
  std::string err;
};

// Runs pgsieve with these arguments; `input` is its standard input, `environment` further NAME=VALUE
// settings.
RunResult run_pgsieve(const std::vector<std::string>& arguments, const std::string& input = {},
                      const std::vector<std::string>& environment = {});
RunResult run_command(const std::vector<std::string>& command, const std::string& input = {},
                      const std::vector<std::string>& environment = {});

// A directory that goes away with its owner.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  // Writes a file in it and returns its path.
  std::string write(const std::string& name, const std::string& content) const;

 private:
  std::string directory_;
};

std::string read_file(const std::string& path);

}  // namespace pgsieve
