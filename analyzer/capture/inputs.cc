// Inputs as the user names them: directories, globs, and the identity of a file's content.
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "analyzer/capture/source.h"

namespace pgsieve {
namespace {

constexpr uint64_t kSampleBytes = 64 * 1024;

Error missing(const std::string& path, const std::string& why) {
  Error failed;
  failed.kind = Error::Kind::kInput;
  failed.message = why;
  failed.file = path;
  return failed;
}

std::vector<std::string> matches_of(const std::string& pattern) {
  std::vector<std::string> paths;
  glob_t found{};
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0)
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  return paths;
}

// Regular files only; hidden ones (editors, shippers' state) are no logs.
Status add_directory(const std::string& path, std::vector<std::string>& files) {
  std::error_code failed;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator entry(path, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    std::error_code ignored;
    if (!entry->is_regular_file(ignored) || entry->path().filename().string().starts_with('.')) continue;
    names.push_back(entry->path().string());
  }
  if (failed) return missing(path, "can't list the directory: " + failed.message());
  std::sort(names.begin(), names.end());
  files.insert(files.end(), names.begin(), names.end());
  return {};
}

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) close(number);
  }
};

}  // namespace

Result<std::vector<std::string>> expand_inputs(const std::vector<std::string>& inputs) {
  std::vector<std::string> files;
  for (const std::string& input : inputs) {
    struct stat info {};
    if (input == "-") {
      files.push_back(input);
    } else if (stat(input.c_str(), &info) == 0) {
      if (!S_ISDIR(info.st_mode)) {
        files.push_back(input);
        continue;
      }
      const size_t before = files.size();
      if (Status failed = add_directory(input, files)) return *failed;
      if (files.size() == before) return missing(input, "no files in this directory");
    } else if (input.find_first_of("*?[") != std::string::npos) {
      const std::vector<std::string> paths = matches_of(input);
      if (paths.empty()) return missing(input, "no file matches");
      for (const std::string& path : paths) {
        std::error_code ignored;
        if (!std::filesystem::is_directory(path, ignored)) files.push_back(path);
      }
    } else {
      return missing(input, errno == ENOENT ? "no such file" : std::strerror(errno));
    }
  }
  return files;
}

Result<Hash128> content_identity(const std::string& path) {
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat info {};
  if (file.number < 0 || fstat(file.number, &info) != 0)
    return missing(path, std::string("can't open: ") + std::strerror(errno));
  const auto size = static_cast<uint64_t>(info.st_size);
  std::string sample = std::to_string(size);
  sample += '\n';
  const auto add = [&](uint64_t begin, uint64_t end) {
    std::string part(end - begin, '\0');
    size_t done = 0;
    while (done < part.size()) {
      const ssize_t got =
          pread(file.number, part.data() + done, part.size() - done, static_cast<off_t>(begin + done));
      if (got <= 0) break;
      done += static_cast<size_t>(got);
    }
    sample.append(part, 0, done);
  };
  if (size <= 3 * kSampleBytes) {
    add(0, size);
  } else {
    add(0, kSampleBytes);
    add(size / 2 - kSampleBytes / 2, size / 2 + kSampleBytes / 2);
    add(size - kSampleBytes, size);
  }
  return hash128(sample);
}

}  // namespace pgsieve
