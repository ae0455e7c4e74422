#include "analyzer/store/content.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "analyzer/capture/source.h"

namespace pgsieve {

namespace {

constexpr uint64_t kBlock = uint64_t{64} * 1024;

class File {
 public:
  explicit File(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  std::optional<uint64_t> regular_size() const {
    struct stat info {};
    if (descriptor_ < 0 || fstat(descriptor_, &info) != 0 || !S_ISREG(info.st_mode)) return {};
    return static_cast<uint64_t>(info.st_size);
  }

  // Exactly [offset, offset + bytes), or nothing.
  std::optional<std::string> read(uint64_t offset, uint64_t bytes) const {
    std::string buffer(bytes, '\0');
    size_t have = 0;
    while (have < bytes) {
      const ssize_t got =
          ::pread(descriptor_, buffer.data() + have, bytes - have, static_cast<off_t>(offset + have));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return {};
      have += static_cast<size_t>(got);
    }
    return buffer;
  }

 private:
  int descriptor_;
};

// The same identity as ContentSampler's, read by seeking.
std::optional<Content> prefix_content(const File& file, uint64_t bytes) {
  std::string digest;
  for (uint64_t start = 0; start + kBlock <= bytes; start = start == 0 ? kBlock : start * 2) {
    const std::optional<std::string> block = file.read(start, kBlock);
    if (!block) return {};
    const Hash128 hash = hash128(*block);
    digest.append(reinterpret_cast<const char*>(&hash), sizeof hash);
  }
  const uint64_t tail_bytes = std::min(bytes, kBlock);
  const std::optional<std::string> tail = file.read(bytes - tail_bytes, tail_bytes);
  if (!tail) return {};
  return Content{bytes, hash128(digest + std::to_string(bytes) + *tail)};
}

Error cannot_read(const std::string& path) {
  return {.kind = Error::Kind::kSystem,
          .message = std::string("can't read: ") + std::strerror(errno),
          .hint = {},
          .file = path};
}

}  // namespace

void ContentSampler::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const uint64_t until_edge =
        next_start_ > position_ ? next_start_ - position_ : next_start_ + kBlock - position_;
    const std::string_view part = bytes.substr(0, std::min<uint64_t>(bytes.size(), until_edge));
    if (position_ >= next_start_) block_ += part;
    keep_tail(part);
    position_ += part.size();
    bytes.remove_prefix(part.size());
    if (block_.size() == kBlock) close_block();
  }
}

// A block cut short by the end is covered by the tail.
Content ContentSampler::finish() const {
  const std::string size = std::to_string(position_);
  return {position_, hash128(digest_ + size + tail_)};
}

void ContentSampler::close_block() {
  const Hash128 hash = hash128(block_);
  digest_.append(reinterpret_cast<const char*>(&hash), sizeof hash);
  block_.clear();
  next_start_ = next_start_ == 0 ? kBlock : next_start_ * 2;
}

void ContentSampler::keep_tail(std::string_view part) {
  if (part.size() >= kBlock) {
    tail_ = part.substr(part.size() - kBlock);
    return;
  }
  tail_ += part;
  if (tail_.size() > kBlock) tail_.erase(0, tail_.size() - kBlock);
}

Result<Content> content_of(const std::string& path) {
  const Result<KnownContent> content = content_of(path, {});
  if (!content) return content.error();
  return content->whole;
}

Result<KnownContent> content_of(const std::string& path, const std::vector<Content>& known) {
  Result<std::vector<std::unique_ptr<Source>>> sources = open_sources(path);
  if (!sources) return sources.error();
  if (sources->size() == 1 && sources->front()->encoding().empty()) {
    const File file(path);
    const std::optional<uint64_t> size = file.regular_size();
    const std::optional<Content> content = size ? prefix_content(file, *size) : std::nullopt;
    if (!content) return cannot_read(path);
    KnownContent found{*content, 0};
    for (const Content& one : known) {
      if (one.bytes <= found.known_bytes || one.bytes > *size) continue;
      const std::optional<Content> begin = prefix_content(file, one.bytes);
      if (begin && *begin == one) found.known_bytes = one.bytes;
    }
    return found;
  }
  // At the size of each known content the sampler tells what that many bytes are.
  std::map<uint64_t, std::vector<Content>> by_size;
  for (const Content& one : known) {
    if (one.bytes > 0) by_size[one.bytes].push_back(one);
  }
  KnownContent found;
  auto next = by_size.begin();
  uint64_t position = 0;
  ContentSampler sampler;
  const auto add = [&](std::string_view bytes) {
    while (next != by_size.end() && position + bytes.size() >= next->first) {
      const auto part = static_cast<size_t>(next->first - position);
      sampler.add(bytes.substr(0, part));
      bytes.remove_prefix(part);
      position = next->first;
      const std::vector<Content>& ends = next->second;
      if (std::find(ends.begin(), ends.end(), sampler.finish()) != ends.end()) found.known_bytes = position;
      ++next;
    }
    sampler.add(bytes);
    position += bytes.size();
  };
  std::string buffer;
  for (const auto& source : *sources) {
    while (true) {
      buffer.clear();
      const Result<size_t> got = source->read(buffer, 1 << 20);
      // A damaged end is the reader's to report; what was decoded before it is still the input's identity.
      if (!got || *got == 0) break;
      add(buffer);
    }
  }
  found.whole = sampler.finish();
  return found;
}

Result<Content> content_of_head(const std::string& path, uint64_t bytes) {
  const File file(path);
  const std::optional<Content> content = file.regular_size() ? prefix_content(file, bytes) : std::nullopt;
  if (!content) return cannot_read(path);
  return *content;
}

bool has_grown_from(const std::string& path, const Content& known) {
  const File file(path);
  const std::optional<uint64_t> size = file.regular_size();
  if (!size || known.bytes == 0 || *size <= known.bytes) return false;
  const std::optional<Content> prefix = prefix_content(file, known.bytes);
  return prefix && *prefix == known;
}

}  // namespace pgsieve
