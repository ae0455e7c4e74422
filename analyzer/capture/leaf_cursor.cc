#include "analyzer/capture/leaf_cursor.h"

namespace pgsieve {
namespace {

// A stream of the archive member its reader is at.
class MemberStream final : public ByteStream {
 public:
  explicit MemberStream(ArchiveReader& archive) : archive_(archive) {}
  Result<size_t> read(char* data, size_t size) override { return archive_.read(data, size); }

 private:
  ArchiveReader& archive_;
};

Error named(Error failed, const std::string& name) {
  if (failed.file.empty()) failed.file = name;
  return failed;
}

}  // namespace

Result<Leaf*> LeafCursor::next() {
  leaf_.reset();
  if (root_) {
    Result<bool> is_leaf = open(std::move(root_), name_, "");
    if (!is_leaf) return is_leaf.error();
    if (*is_leaf) return &*leaf_;
  }
  while (!open_.empty()) {
    Level& level = open_.back();
    Result<bool> more = level.archive->next();
    if (!more) return named(more.error(), level.name);
    if (!*more) {
      open_.pop_back();
      continue;
    }
    auto member = std::make_unique<MemberStream>(*level.archive);
    const std::string encoding = level.encoding;
    Result<bool> is_leaf = open(std::move(member), level.name + "!" + level.archive->member_name(), encoding);
    if (!is_leaf) return is_leaf.error();
    if (*is_leaf) return &*leaf_;
  }
  return nullptr;
}

// Peels the layers off a stream: true: it is a leaf now; false: an archive was opened.
Result<bool> LeafCursor::open(std::unique_ptr<ByteStream> stream, const std::string& name,
                              std::string encoding) {
  for (size_t layers = open_.size(); layers < kMaxLayers; ++layers) {
    auto peeked = std::make_unique<PeekStream>(std::move(stream));
    Result<std::string_view> head = peeked->peek(kSniffBytes);
    if (!head) return named(head.error(), name);
    const Encoding layer = sniff_encoding(*head);
    if (layer == Encoding::kPlain) {
      leaf_ = Leaf{name, std::move(encoding), std::move(peeked)};
      return true;
    }
    encoding = std::string(encoding_name(layer)) + (encoding.empty() ? "" : " in " + encoding);
    if (is_archive(layer)) {
      open_.push_back({make_archive_reader(std::move(peeked)), name, encoding});
      return false;
    }
    stream = make_decoder(layer, std::move(peeked));
  }
  Error failed;
  failed.message = "more than " + std::to_string(kMaxLayers) + " layers of compression";
  return named(failed, name);
}

}  // namespace pgsieve
