#include "analyzer/capture/held_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pgsieve {
namespace {

std::optional<FileIdentity> regular_identity(const struct stat& info) {
  if (!S_ISREG(info.st_mode)) return {};
  return FileIdentity{static_cast<uint64_t>(info.st_dev), static_cast<uint64_t>(info.st_ino)};
}

}  // namespace

std::optional<FileIdentity> file_identity(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return {};
  return regular_identity(info);
}

std::shared_ptr<const HeldFile> HeldFile::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return nullptr;
  struct stat info {};
  const auto identity = fstat(descriptor, &info) == 0 ? regular_identity(info) : std::nullopt;
  if (!identity) {
    ::close(descriptor);
    return nullptr;
  }
  return std::shared_ptr<const HeldFile>(new HeldFile(descriptor, *identity));
}

HeldFile::~HeldFile() {
  if (const int descriptor = take(); descriptor >= 0) ::close(descriptor);
}

}  // namespace pgsieve
