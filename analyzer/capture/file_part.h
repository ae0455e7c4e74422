// Parts of files: plain ones read by position, and any one's decoded bytes as a Source of their own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "analyzer/base/error.h"
#include "analyzer/capture/ingest.h"
#include "analyzer/capture/source.h"

namespace pgsieve {

// A regular file open for reading by position. One thread at a time.
class PlainFile {
 public:
  // Nothing when it can't be opened or is no regular file.
  static std::optional<PlainFile> open(const std::string& path);
  PlainFile(PlainFile&& other) noexcept : descriptor_(other.descriptor_), size_(other.size_) {
    other.descriptor_ = -1;
  }
  PlainFile& operator=(PlainFile&&) = delete;
  ~PlainFile();

  uint64_t size() const { return size_; }  // when it was opened
  // Appends up to `bytes` bytes from `offset` on; fewer at the end. False: the file can't be read (errno).
  bool read(uint64_t offset, size_t bytes, std::string& out) const;

 private:
  PlainFile(int descriptor, uint64_t size) : descriptor_(descriptor), size_(size) {}
  int descriptor_;
  uint64_t size_;
};

// Whether the path is a regular file that isn't compressed.
bool is_plain_file(const std::string& path);

// Whether the path is a regular file that holds one stream: plain or compressed, but no archive of several.
bool is_single_stream(const std::string& path);

// A Source over the decoded bytes of `range` of a file that holds one stream.
Result<std::unique_ptr<Source>> open_file_part(const std::string& path, const ByteRange& range);

// `first` to its end, then `rest`, under the name of the first.
std::unique_ptr<Source> join_sources(std::unique_ptr<Source> first, std::unique_ptr<Source> rest);

// `first` to its end, then what `rest` gives for its last lines (at most kTailBytes, and the first of them
// whole); null: nothing. `rest` is called once, by the thread that reads.
inline constexpr size_t kTailBytes = size_t{64} * 1024;
std::unique_ptr<Source> continue_source(std::unique_ptr<Source> first,
                                        std::function<std::unique_ptr<Source>(const std::string& tail)> rest);

}  // namespace pgsieve
