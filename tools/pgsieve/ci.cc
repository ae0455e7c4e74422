#include "tools/pgsieve/ci.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tools/pgsieve/commands.h"
#include "tools/pgsieve/terminal.h"

namespace pgsieve {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMaxSummary = 900'000;
constexpr size_t kSummaryLimit = 1'000'000;  // of the file, whoever else writes to it
constexpr size_t kLeastSummary = 2'000;

bool append_summary(const Report& report, const std::string& path) {
  std::error_code error;
  const uintmax_t size = fs::exists(path, error) ? fs::file_size(path, error) : 0;
  const size_t room = size < kSummaryLimit ? std::min<size_t>(kMaxSummary, kSummaryLimit - size) : 0;
  if (room < kLeastSummary) {
    tell_warning("there is no room left in this step's summary");
    return true;
  }
  std::ofstream file(path, std::ios::binary | std::ios::app);
  file << write_markdown(report, room);
  file.close();
  if (file) return true;
  tell(fmt::format("can't write the step's summary to {}", path));
  return false;
}

}  // namespace

std::string checkout_around() {
  std::error_code error;
  for (fs::path folder = fs::current_path(error); !error; folder = folder.parent_path()) {
    if (fs::exists(folder / ".git", error)) return folder.string();
    if (folder == folder.parent_path()) break;
  }
  return {};
}

bool write_for_ci(const Report& report) {
  if (environment_value("GITHUB_ACTIONS") == "true") {
    bool written = write_stdout(write_github(report));
    if (const auto path = environment_value("GITHUB_STEP_SUMMARY"); !path.empty())
      written &= append_summary(report, std::string(path));
    return written;
  }
  if (environment_value("GITLAB_CI") == "true")
    tell(
        "a merge request shows the findings with -o gitlab:gl-code-quality-report.json as its codequality "
        "report");
  return true;
}

}  // namespace pgsieve
