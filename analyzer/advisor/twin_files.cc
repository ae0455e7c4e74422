#include "analyzer/advisor/twin_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <vector>

namespace pgsieve {

namespace {

constexpr int64_t kSegmentBlocks = 131072;  // 1 GiB

Error refused(std::string_view what, const std::string& path) {
  return Error{.kind = Error::Kind::kSystem,
               .message = fmt::format("can't {}: {}", what, std::strerror(errno)),
               .hint = {},
               .file = path};
}

class FileHandle {
 public:
  FileHandle(const std::string& path, int flags) : number_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~FileHandle() {
    if (number_ >= 0) ::close(number_);
  }
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;
  bool ok() const { return number_ >= 0; }
  int get() const { return number_; }

 private:
  int number_;
};

// One page of a b-tree, laid out as in src/include/storage/bufpage.h and src/include/access/nbtree.h: a
// header of 24 bytes, line pointers, free space, tuples, and at the end 16 bytes of the b-tree's own.
constexpr size_t kHeaderBytes = 24;
constexpr size_t kSpecialBytes = 16;
constexpr size_t kSpecialAt = static_cast<size_t>(kTwinBlockBytes) - kSpecialBytes;
constexpr uint32_t kBtreeMagic = 0x053162;
constexpr uint16_t kLeafFlag = 1;
constexpr uint16_t kRootFlag = 2;

using Page = std::vector<char>;

template <typename Value>
void put(Page& page, size_t at, Value value) {
  std::memcpy(page.data() + at, &value, sizeof value);
}

template <typename Value>
Value get(const Page& page, size_t at) {
  Value value{};
  std::memcpy(&value, page.data() + at, sizeof value);
  return value;
}

// A root page: an empty leaf (level 0), or an inner page with a single entry, a pivot of no attributes (which
// stands for minus infinity) that leads to `child`.
Page root_page(uint32_t level, uint32_t child) {
  Page page(static_cast<size_t>(kTwinBlockBytes), 0);
  constexpr uint16_t kPivotBytes = 8;
  size_t lower = kHeaderBytes;
  size_t upper = kSpecialAt;
  if (level > 0) {
    lower += 4;
    upper -= kPivotBytes;
    constexpr uint32_t kNormal = 1;  // line pointer: offset in 15 bits, state in 2, length in 15
    put(page, kHeaderBytes,
        static_cast<uint32_t>(upper) | kNormal << 15U | static_cast<uint32_t>(kPivotBytes) << 17U);
    constexpr uint16_t kPivotFlag = 0x2000;
    put(page, upper, static_cast<uint16_t>(child >> 16U));
    put(page, upper + 2, static_cast<uint16_t>(child & 0xffffU));
    put(page, upper + 6, static_cast<uint16_t>(kPivotBytes | kPivotFlag));
  }
  put(page, 12, static_cast<uint16_t>(lower));
  put(page, 14, static_cast<uint16_t>(upper));
  put(page, 16, static_cast<uint16_t>(kSpecialAt));
  constexpr uint16_t kPageVersion = 4;
  put(page, 18, static_cast<uint16_t>(kTwinBlockBytes | kPageVersion));
  put(page, kSpecialAt + 8, level);
  put(page, kSpecialAt + 12, static_cast<uint16_t>(level == 0 ? kRootFlag | kLeafFlag : kRootFlag));
  return page;
}

bool read_page(int file, int64_t block, Page& page) {
  page.resize(static_cast<size_t>(kTwinBlockBytes));
  return ::pread(file, page.data(), page.size(), block * kTwinBlockBytes) ==
         static_cast<ssize_t>(page.size());
}

bool write_page(int file, int64_t block, const Page& page) {
  return ::pwrite(file, page.data(), page.size(), block * kTwinBlockBytes) ==
         static_cast<ssize_t>(page.size());
}

int64_t blocks_of(int file) {
  struct stat status {};
  return ::fstat(file, &status) == 0 ? status.st_size / kTwinBlockBytes : 0;
}

// Puts pages with one downlink on top of a small b-tree until its root stands at the level, which leaves a
// legal b-tree.
Status raise_btree(const std::string& path, uint32_t level) {
  const FileHandle file(path, O_RDWR);
  Page meta;
  if (!file.ok() || !read_page(file.get(), 0, meta)) return refused("read the index file", path);
  if (get<uint32_t>(meta, 24) != kBtreeMagic)
    return Error{.message = "is no b-tree", .hint = {}, .file = path};
  auto root = get<uint32_t>(meta, 32);
  auto height = get<uint32_t>(meta, 36);
  auto next = static_cast<uint32_t>(blocks_of(file.get()));
  bool written = true;
  if (root == 0) {  // nothing was ever inserted: there is no root yet
    root = next++;
    height = 0;
    written &= write_page(file.get(), root, root_page(0, 0));
  }
  while (height < level && written) {
    Page old;
    written &= read_page(file.get(), root, old);
    if (!written) break;
    put(old, kSpecialAt + 12, static_cast<uint16_t>(get<uint16_t>(old, kSpecialAt + 12) & ~kRootFlag));
    written &= write_page(file.get(), root, old);
    written &= write_page(file.get(), next, root_page(++height, root));
    root = next++;
  }
  for (const size_t at : {size_t{32}, size_t{40}}) {  // the root and the fast root
    put(meta, at, root);
    put(meta, at + 4, height);
  }
  written &= write_page(file.get(), 0, meta);
  return written ? Status() : Status(refused("write the index file", path));
}

}  // namespace

Status grow_twin_file(const TwinFile& file, const std::optional<TwinOwner>& owner) {
  if (file.level)
    if (Status failed = raise_btree(file.path, static_cast<uint32_t>(std::clamp(*file.level, 0, 30))))
      return failed;
  int64_t left = file.blocks;
  for (int segment = 0; segment == 0 || left > 0; ++segment, left -= kSegmentBlocks) {
    const std::string path = segment == 0 ? file.path : fmt::format("{}.{}", file.path, segment);
    const FileHandle handle(path, segment == 0 ? O_RDWR : O_RDWR | O_CREAT);
    if (!handle.ok()) return refused("open the relation's file", path);
    const int64_t blocks = std::min(left, kSegmentBlocks);
    if (blocks > blocks_of(handle.get()) && ::ftruncate(handle.get(), blocks * kTwinBlockBytes) != 0)
      return refused("lengthen the relation's file", path);
    if (segment > 0 && owner && ::fchown(handle.get(), owner->user, owner->group) != 0)
      return refused("hand over the relation's file", path);
  }
  return {};
}

int guess_btree_level(double pages, double key_bytes) {
  if (pages <= 2) return 0;
  // A tuple: 8 bytes of header, the key to a multiple of 8, a line pointer of 4; inner pages are 70 % full.
  const double tuple = 8 + std::ceil(std::max(key_bytes, 1.0) / 8) * 8 + 4;
  const double fan_out = std::max(8.0, (kTwinBlockBytes - kHeaderBytes - kSpecialBytes) * 0.7 / tuple);
  return std::max(1, static_cast<int>(std::ceil(std::log(pages - 1) / std::log(fan_out) - 0.01)));
}

}  // namespace pgsieve
