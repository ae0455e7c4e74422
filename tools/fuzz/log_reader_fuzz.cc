// Every log reader on any bytes: no crash, and every byte accounted for. The first byte picks the format, the
// second the chunk size.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "analyzer/capture/log_reader.h"
#include "analyzer/capture/prepared_chunk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pgsieve;
  if (size < 2) return 0;
  static constexpr LogFormatKind kKinds[] = {LogFormatKind::kStderr, LogFormatKind::kCsv,
                                             LogFormatKind::kJson};
  ReaderOptions options;
  options.prefix = data[0] & 0x80 ? "%m [%p] %q%u@%d " : "%t:%r:%u@%d:[%p]:";
  const auto reader = make_log_reader(kKinds[data[0] % 3], options);
  const size_t chunk_bytes = 64 + size_t{data[1]} * 16;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  uint64_t accounted = 0;
  PreparedChunk chunk;
  for (size_t at = 0; at < text.size();) {
    std::string_view window = text.substr(at, chunk_bytes);
    size_t length = window.size();
    if (at + window.size() < text.size()) {
      if (const size_t whole = reader->complete_records(window); whole > 0) length = whole;
    }
    chunk.clear();
    reader->read({window.substr(0, length), 0, at, at == 0, at + length == text.size()}, chunk.log);
    chunk.prepare();
    if (chunk.log.account.bytes() != length) std::abort();
    accounted += chunk.log.account.bytes();
    at += length;
  }
  if (accounted != text.size()) std::abort();
  return 0;
}
