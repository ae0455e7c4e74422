#include "tools/pgsieve/known_inputs.h"

#include <algorithm>
#include <optional>

#include "analyzer/capture/file_part.h"
#include "analyzer/capture/input_order.h"
#include "analyzer/store/content.h"

namespace pgsieve {

namespace {

// The longest stretch the store knows that the file begins with.
std::optional<Content> grown_from(const std::string& path, const std::vector<StoredInput>& stored) {
  std::optional<Content> longest;
  for (const StoredInput& input : stored) {
    if (longest && input.content.bytes <= longest->bytes) continue;
    if (has_grown_from(path, input.content)) longest = input.content;
  }
  return longest;
}

// How many bytes of the file, from `from` on, stand in one that the store knows and that is still there.
uint64_t shared_with_known(const std::string& path, uint64_t from, const std::vector<StoredInput>& stored,
                           const IngestOptions& options) {
  constexpr size_t kMaxFiles = 100;
  uint64_t most = 0;
  size_t files = 0;
  for (auto input = stored.rbegin(); input != stored.rend() && files < kMaxFiles; ++input, ++files) {
    if (input->name == path || input->content.bytes == 0 || !is_plain_file(input->name)) continue;
    const Result<Content> now = content_of_head(input->name, input->content.bytes);
    if (!now || !(*now == input->content)) continue;
    most = std::max(most, shared_bytes(input->name, input->content.bytes, path, from, options));
  }
  return most;
}

}  // namespace

Result<uint64_t> known_bytes(const std::string& path, uint64_t size, const std::vector<StoredInput>& stored,
                             const IngestOptions& options) {
  const Result<Content> now = content_of_head(path, size);
  if (!now) return now.error();
  const bool whole = size != 0 && std::any_of(stored.begin(), stored.end(), [&](const StoredInput& input) {
                       return input.content == *now;
                     });
  if (whole) return size;
  const std::optional<Content> begin = grown_from(path, stored);
  uint64_t known = begin ? begin->bytes : 0;
  while (known < size) {
    const uint64_t shared = shared_with_known(path, known, stored, options);
    if (shared == 0) break;
    known += shared;
  }
  return std::min(known, size);
}

}  // namespace pgsieve
