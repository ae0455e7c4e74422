// A log file held open from the moment its following was decided.
//
// Between that moment and the first read lie the looks at all inputs, seconds where there are many. A
// rotation in between gives the name to another file; whoever opened the name then would never see this one.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace pgsieve {

using FileIdentity = std::pair<uint64_t, uint64_t>;  // device, inode

// Of the regular file that has the name now.
std::optional<FileIdentity> file_identity(const std::string& path);

class HeldFile {
 public:
  // Null when it can't be opened or is no regular file.
  static std::shared_ptr<const HeldFile> open(const std::string& path);
  ~HeldFile();
  HeldFile(const HeldFile&) = delete;
  HeldFile& operator=(const HeldFile&) = delete;

  FileIdentity identity() const { return identity_; }
  // The open descriptor, which is the caller's from now on; -1 when another one took it. From any thread.
  int take() const { return descriptor_.exchange(-1); }

 private:
  HeldFile(int descriptor, FileIdentity identity) : descriptor_(descriptor), identity_(identity) {}
  mutable std::atomic<int> descriptor_;
  FileIdentity identity_;
};

}  // namespace pgsieve
