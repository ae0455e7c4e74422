// bench_scan FILE [ROUNDS]: speed of scan_statement() in MB per CPU-second, beside counting newlines in the
// same bytes.
//
// FILE holds statements, each ended by a NUL byte, or is a server log in stderr format, from which the texts
// after "statement: " and "execute NAME: " are taken. The best of ROUNDS (default 5) is printed for each
// measure, so that a busy machine disturbs less; compare the ratio, not the figures, between machines.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/sql/scan.h"

namespace {

using Statements = std::vector<std::string_view>;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

Statements split_at_nul(std::string_view file) {
  Statements statements;
  while (!file.empty()) {
    const size_t end = std::min(file.find('\0'), file.size());
    statements.push_back(file.substr(0, end));
    file.remove_prefix(std::min(end + 1, file.size()));
  }
  return statements;
}

// Rough on purpose: a record goes on while lines start with a tab.
Statements take_from_log(std::string_view file) {
  Statements statements;
  for (size_t begin = 0; begin < file.size();) {
    size_t end = std::min(file.find('\n', begin), file.size());
    while (end + 1 < file.size() && file[end + 1] == '\t')
      end = std::min(file.find('\n', end + 1), file.size());
    const std::string_view record = file.substr(begin, end - begin);
    size_t text = record.find("statement: ");
    if (text == std::string_view::npos) text = record.find("execute ");
    if (text != std::string_view::npos) text = record.find(": ", text);
    if (text != std::string_view::npos) statements.push_back(record.substr(text + 2));
    begin = end + 1;
  }
  return statements;
}

template <typename Work>
double best_of(int rounds, Work work) {
  double best = 1e9;
  for (int i = 0; i < rounds; ++i) {
    const double start = cpu_seconds();
    work();
    best = std::min(best, cpu_seconds() - start);
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: bench_scan FILE [ROUNDS]\n");
    return 2;
  }
  std::ifstream stream(argv[1], std::ios::binary);
  if (!stream) {
    fmt::print(stderr, "bench_scan: cannot read {}\n", argv[1]);
    return 1;
  }
  const std::string file{std::istreambuf_iterator<char>(stream), {}};
  const int rounds = argc > 2 ? std::max(1, std::atoi(argv[2])) : 5;
  const Statements statements =
      file.find('\0') != std::string::npos ? split_at_nul(file) : take_from_log(file);
  size_t bytes = 0;
  for (const std::string_view statement : statements) bytes += statement.size();

  size_t newlines = 0;
  const double counting = best_of(rounds, [&] {
    for (const std::string_view statement : statements) {
      const char* at = statement.data();
      const char* const end = at + statement.size();
      while ((at = static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(end - at)))) !=
             nullptr) {
        ++newlines;
        if (++at == end) break;
      }
    }
  });
  pgsieve::StatementScan scan;
  std::string scratch;
  uint64_t check = 0;
  const double scanning = best_of(rounds, [&] {
    for (const std::string_view statement : statements) {
      pgsieve::scan_statement(statement, scan, scratch);
      check += scan.key.low + scan.slots.size();
    }
  });
  const double megabytes = static_cast<double>(bytes) / 1e6;
  fmt::print("statements {}  MB {:.1f}  mean bytes {:.0f}\n", statements.size(), megabytes,
             static_cast<double>(bytes) / static_cast<double>(std::max<size_t>(statements.size(), 1)));
  fmt::print("scan_statement  {:8.0f} MB per CPU-second  {:6.0f} ns per statement\n", megabytes / scanning,
             scanning * 1e9 / static_cast<double>(std::max<size_t>(statements.size(), 1)));
  fmt::print("memchr newlines {:8.0f} MB per CPU-second  ratio {:.2f}  (checks {} {})\n",
             megabytes / counting, scanning / counting, newlines, check);
  return 0;
}
