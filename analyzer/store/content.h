// Content: which input is which, by its bytes. A store must know a log again after it was renamed or
// compressed by rotation, and must see that a log it has read in part has merely grown.
//
// The identity of a stretch of n bytes is a hash over n, sample blocks of 64 KiB at offsets 0, 64 KiB, 128
// KiB, 256 KiB, … (each start double the one before) and the last 64 KiB. Any change of size, head or tail
// changes it; a log written to is changed at its tail. It can be computed for a prefix of a file, by seeking,
// and for a decompressed stream, in one pass.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/error.h"
#include "analyzer/base/hash.h"

namespace pgsieve {

struct Content {
  uint64_t bytes = 0;  // decoded
  Hash128 identity;
  friend bool operator==(const Content&, const Content&) = default;
};

// Computes the identity of a stream in one pass, without knowing its length beforehand.
class ContentSampler {
 public:
  void add(std::string_view bytes);
  Content finish() const;  // of what was added so far

 private:
  void close_block();
  void keep_tail(std::string_view part);

  uint64_t position_ = 0;
  uint64_t next_start_ = 0;  // of the next sample block, or of the one being filled
  std::string block_, digest_, tail_;
};

// Of a whole input, decompressed. An archive's members count as one stream. The file is opened, read and
// closed.
Result<Content> content_of(const std::string& path);

// The same, and how many bytes it begins with that one of `known` is the content of; 0: none.
struct KnownContent {
  Content whole;
  uint64_t known_bytes = 0;
};
Result<KnownContent> content_of(const std::string& path, const std::vector<Content>& known);

// Of the first `bytes` of an uncompressed regular file.
Result<Content> content_of_head(const std::string& path, uint64_t bytes);

// True when the path is an uncompressed regular file, longer than `known`, that begins with exactly those
// bytes.
bool has_grown_from(const std::string& path, const Content& known);

}  // namespace pgsieve
