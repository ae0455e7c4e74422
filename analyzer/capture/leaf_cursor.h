// LeafCursor: the decoded streams in a file, however deeply compressions and archives are nested, in order.
//
// Used by one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/capture/byte_stream.h"

namespace pgsieve {

// One decoded stream of a file: the file itself, or a member of an archive in it.
struct Leaf {
  std::string name;
  std::string encoding;
  std::unique_ptr<ByteStream> stream;
};

// Walks the leaves of a file: a stack of open archives, and on top the leaf. More than kMaxLayers layers are
// an Error.
class LeafCursor {
 public:
  static constexpr size_t kMaxLayers = 16;

  LeafCursor(std::unique_ptr<ByteStream> file, std::string name)
      : name_(std::move(name)), root_(std::move(file)) {}

  // The next leaf; nullptr at the end. It reads from this cursor: done with it before the next call.
  Result<Leaf*> next();

  bool in_archive() const { return !open_.empty(); }

 private:
  struct Level {
    std::unique_ptr<ArchiveReader> archive;
    std::string name, encoding;
  };

  Result<bool> open(std::unique_ptr<ByteStream> stream, const std::string& name, std::string encoding);

  std::string name_;
  std::unique_ptr<ByteStream> root_;
  std::vector<Level> open_;
  std::optional<Leaf> leaf_;
};

}  // namespace pgsieve
