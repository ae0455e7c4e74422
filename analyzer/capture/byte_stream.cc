#include "analyzer/capture/byte_stream.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pgsieve {
namespace {

class FileStream final : public ByteStream {
 public:
  FileStream(int descriptor, bool regular, std::string name, std::shared_ptr<FileProgress> progress)
      : descriptor_(descriptor), regular_(regular), name_(std::move(name)), progress_(std::move(progress)) {}
  ~FileStream() override {
    if (descriptor_ > STDERR_FILENO) close(descriptor_);
  }
  FileStream(const FileStream&) = delete;
  FileStream& operator=(const FileStream&) = delete;

  Result<size_t> read(char* data, size_t size) override {
    while (true) {
      if (!regular_ && !wait()) return size_t{0};
      const ssize_t got = ::read(descriptor_, data, size);
      if (got >= 0) {
        position_ += static_cast<uint64_t>(got);
        progress_->stored_bytes.store(position_, std::memory_order_relaxed);
        return static_cast<size_t>(got);
      }
      if (errno == EINTR || errno == EAGAIN) continue;
      Error failed;
      failed.kind = Error::Kind::kSystem;
      failed.message = std::string("can't read: ") + std::strerror(errno);
      failed.file = name_;
      return failed;
    }
  }

  bool seek(uint64_t position) override {
    if (!regular_ || lseek(descriptor_, static_cast<off_t>(position), SEEK_SET) < 0) return false;
    position_ = position;
    return true;
  }

  uint64_t size() const override {
    const off_t end = regular_ ? lseek(descriptor_, 0, SEEK_END) : 0;
    if (end < 0) return 0;
    if (regular_) lseek(descriptor_, static_cast<off_t>(position_), SEEK_SET);
    return static_cast<uint64_t>(end);
  }

 private:
  bool wait() {
    pollfd waiting{descriptor_, POLLIN, 0};
    const std::atomic<bool>* interrupt = progress_->interrupt;
    while (!progress_->stop.load(std::memory_order_relaxed) && (interrupt == nullptr || !interrupt->load())) {
      const int ready = poll(&waiting, 1, 100);
      if (ready > 0 || (ready < 0 && errno != EINTR)) return true;  // a signal is no input
    }
    return false;
  }

  int descriptor_;
  bool regular_;
  std::string name_;
  std::shared_ptr<FileProgress> progress_;
  uint64_t position_ = 0;
};

bool is_tar(std::string_view head) {
  if (head.size() < 512) return false;
  if (head.substr(257, 5) == "ustar") return true;
  // Before ustar: the header's checksum, six octal digits at 148, counts the field itself as blanks.
  uint64_t stored = 0;
  size_t digits = 0;
  for (size_t i = 148; i < 156; ++i) {
    if (head[i] >= '0' && head[i] <= '7') {
      stored = stored * 8 + static_cast<uint64_t>(head[i] - '0');
      ++digits;
    } else if (head[i] != ' ' && head[i] != '\0') {
      return false;
    }
  }
  uint64_t sum = 0;
  for (size_t i = 0; i < 512; ++i)
    sum += i >= 148 && i < 156 ? uint64_t{' '} : static_cast<unsigned char>(head[i]);
  return digits >= 4 && sum == stored && head[0] != '\0';
}

// A byte order mark and a character of ASCII.
// ASCII in every second byte, and nothing in the others: UTF-16 that lacks its mark (`>>` in PowerShell).
bool is_wide_ascii(std::string_view head) {
  constexpr size_t kEnough = 64;
  if (head.size() < kEnough) return false;
  const size_t letter = head[0] == '\0' ? 1 : 0;
  for (size_t at = 0; at + 1 < kEnough; at += 2) {
    const char c = head[at + letter];
    if (head[at + 1 - letter] != '\0' || c < '\t' || c > '~') return false;
  }
  return true;
}

bool is_utf16(std::string_view head) {
  if (head.size() < 4) return false;
  if (is_wide_ascii(head)) return true;
  if (head.starts_with("\xFF\xFE")) return head[2] != '\0' && head[3] == '\0';
  return head.starts_with("\xFE\xFF") && head[2] == '\0' && head[3] != '\0';
}

}  // namespace

std::unique_ptr<ByteStream> make_file_stream(int descriptor, bool regular, std::string name,
                                             std::shared_ptr<FileProgress> progress) {
  return std::make_unique<FileStream>(descriptor, regular, std::move(name), std::move(progress));
}

Result<std::string_view> PeekStream::peek(size_t size) {
  while (head_.size() < size && !failed_) {
    const size_t have = head_.size();
    head_.resize(std::max(size, size_t{4096}));
    Result<size_t> got = inner_->read(head_.data() + have, head_.size() - have);
    head_.resize(have + (got ? *got : 0));
    if (!got) failed_ = got.error();
    if (got && *got == 0) break;
  }
  if (failed_ && head_.empty()) return *failed_;
  return std::string_view(head_);
}

Result<size_t> PeekStream::read(char* data, size_t size) {
  if (used_ < head_.size()) {
    const size_t part = std::min(size, head_.size() - used_);
    std::memcpy(data, head_.data() + used_, part);
    used_ += part;
    if (used_ == head_.size()) std::string().swap(head_), used_ = 0;
    return part;
  }
  if (failed_) return *failed_;
  return inner_->read(data, size);
}

bool PeekStream::seek(uint64_t position) {
  if (!inner_->seek(position)) return false;
  head_.clear();
  used_ = 0;
  return true;
}

Encoding sniff_encoding(std::string_view head) {
  using namespace std::string_view_literals;
  static constexpr std::pair<std::string_view, Encoding> kMagic[] = {
      {"\x1f\x8b\x08"sv, Encoding::kGzip},
      {"\x28\xb5\x2f\xfd"sv, Encoding::kZstd},
      {"\xfd"
       "7zXZ\0"sv,
       Encoding::kXz},
      {"\x04\x22\x4d\x18"sv, Encoding::kLz4},
      {"\x02\x21\x4c\x18"sv, Encoding::kLz4},
      {"LZIP"sv, Encoding::kLzip},
      {"\x1f\x9d"sv, Encoding::kCompress},
      {"\x89LZO\0"sv, Encoding::kLzop},
      {"PK\x03\x04"sv, Encoding::kZip},
      {"PK\x05\x06"sv, Encoding::kZip},
      {"7z\xbc\xaf\x27\x1c"sv, Encoding::kSevenZip},
      {"Rar!\x1a\x07"sv, Encoding::kRar},
      {"070701"sv, Encoding::kCpio},
      {"070702"sv, Encoding::kCpio},
      {"070707"sv, Encoding::kCpio},
      {"!<arch>\n"sv, Encoding::kAr},
  };
  for (const auto& [magic, encoding] : kMagic) {
    if (head.starts_with(magic)) return encoding;
  }
  if (head.size() >= 4 && (static_cast<unsigned char>(head[0]) & 0xF0) == 0x50 &&
      head.substr(1, 3) == "\x2a\x4d\x18"sv) {
    return Encoding::kZstd;  // a skippable frame first
  }
  if (head.starts_with("BZh") && head.size() >= 10 &&
      (head.substr(4, 6) == "\x31\x41\x59\x26\x53\x59"sv ||
       head.substr(4, 6) == "\x17\x72\x45\x38\x50\x90"sv)) {
    return Encoding::kBzip2;
  }
  if (head.size() >= 13 && head[0] == 0x5d && head[1] == 0 && head[2] == 0 &&
      head.substr(5, 8) == "\xff\xff\xff\xff\xff\xff\xff\xff"sv) {
    return Encoding::kLzma;
  }
  if (is_utf16(head)) return Encoding::kUtf16;
  return is_tar(head) ? Encoding::kTar : Encoding::kPlain;
}

std::string_view encoding_name(Encoding encoding) {
  static constexpr std::string_view kNames[] = {"",     "gzip", "zstd",     "xz",   "bzip2",  "lz4",
                                                "lzip", "lzma", "compress", "lzop", "UTF-16", "tar",
                                                "zip",  "7z",   "cpio",     "rar",  "ar"};
  return kNames[static_cast<size_t>(encoding)];
}

bool is_archive(Encoding encoding) {
  return encoding >= Encoding::kTar;
}

}  // namespace pgsieve
