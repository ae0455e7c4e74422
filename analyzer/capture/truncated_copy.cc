#include "analyzer/capture/truncated_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace pgsieve {
namespace {

constexpr size_t kMostFiles = 10'000;  // looked at in the directory

bool holds(int file, const std::string& text, uint64_t at) {
  std::string found(text.size(), '\0');
  return pread(file, found.data(), found.size(), static_cast<off_t>(at)) ==
             static_cast<ssize_t>(found.size()) &&
         found == text;
}

// Size of the regular file when it is a copy; 0: it is none.
uint64_t copy_size(int file, const ReadPart& read) {
  struct stat info {};
  if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) return 0;
  const auto size = static_cast<uint64_t>(info.st_size);
  const bool copy = size >= read.bytes && holds(file, read.head, 0) &&
                    holds(file, read.tail, read.bytes - read.tail.size());
  return copy ? size : 0;
}

}  // namespace

int open_copy(const std::string& path, const ReadPart& read) {
  namespace fs = std::filesystem;
  if (read.head.empty() || read.tail.empty() || read.tail.size() > read.bytes) return -1;
  const fs::path parent = fs::path(path).parent_path();
  int best = -1;
  uint64_t best_size = 0;
  size_t looked = 0;
  std::error_code failed;
  for (fs::directory_iterator at(parent.empty() ? "." : parent, failed), end; !failed && at != end;
       at.increment(failed)) {
    if (++looked > kMostFiles) break;
    const int file = open(at->path().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) continue;
    const uint64_t size = copy_size(file, read);
    if (size <= best_size) {
      close(file);
      continue;
    }
    if (best >= 0) close(best);
    best = file;
    best_size = size;
  }
  return best;
}

}  // namespace pgsieve
