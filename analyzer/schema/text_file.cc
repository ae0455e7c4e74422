#include "analyzer/schema/text_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace pgsieve {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};

Error unreadable(const std::string& path, int code) {
  return Error{.kind = Error::Kind::kSystem,
               .message = std::string("can't be read: ") + std::strerror(code),
               .hint = {},
               .file = path};
}

}  // namespace

Result<std::string> read_text_file(const std::string& path) {
  const std::unique_ptr<std::FILE, CloseFile> file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return unreadable(path, errno);
  std::string text;
  char buffer[1 << 16];
  while (const size_t read = std::fread(buffer, 1, sizeof buffer, file.get())) {
    text.append(buffer, read);
    if (text.size() > kMaxTextFileBytes)
      return Error{.message = "is larger than 1 GiB",
                   .hint = "Dump the schema only: pg_dump --schema-only",
                   .file = path};
  }
  if (std::ferror(file.get()) != 0) return unreadable(path, errno);
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return text;
}

}  // namespace pgsieve
