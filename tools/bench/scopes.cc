// bench_scopes LOG [ROUNDS]: what following the sessions (scopes, groups, loops) costs over reading the log
// without it.
//
// Both measures read the whole log with one thread, fingerprint every statement and count it in its pattern;
// one of them follows the sessions besides. Each run is a process of its own, the two kinds in turn, so that
// neither finds the allocator as another left it. Printed are the CPU seconds (user and system) of each kind,
// the median of ROUNDS (default 5), and by how much the one exceeds the other.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "analyzer/capture/ingest.h"
#include "analyzer/workload/builder.h"

namespace {

// Exits with 0, or 1 after saying why not.
[[noreturn]] void read_log(const std::string& log, bool track_scopes) {
  pgsieve::WorkloadOptions options;
  options.leaves_scopes_open = false;
  options.track_scopes = track_scopes;
  pgsieve::WorkloadBuilder builder(options);
  const pgsieve::Result<pgsieve::IngestStats> stats = pgsieve::ingest({log}, {}, builder);
  if (!stats) fmt::print(stderr, "bench_scopes: {}\n", stats.error().to_string());
  builder.finish();
  _exit(stats ? 0 : 1);
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// Negative: it failed.
double measure(const std::string& log, bool track_scopes) {
  const pid_t child = fork();
  if (child == 0) read_log(log, track_scopes);
  int status = 0;
  rusage usage{};
  if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0) return -1;
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: bench_scopes LOG [ROUNDS]\n");
    return 2;
  }
  const int rounds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 5;
  std::vector<double> with, without, ratios;
  for (int i = 0; i < rounds; ++i) {
    without.push_back(measure(argv[1], false));
    with.push_back(measure(argv[1], true));
    if (without.back() <= 0 || with.back() <= 0) return 1;
    ratios.push_back(with.back() / without.back());
  }
  fmt::print(
      "without {:.2f} CPU s  with {:.2f} CPU s  following the sessions: +{:.0f} % (of the pairs {:.0f} to "
      "{:.0f} %)\n",
      median(without), median(with), (median(ratios) - 1) * 100,
      (*std::min_element(ratios.begin(), ratios.end()) - 1) * 100,
      (*std::max_element(ratios.begin(), ratios.end()) - 1) * 100);
  return 0;
}
