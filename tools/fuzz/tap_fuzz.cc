// Any bytes from a server, in any pieces: what the tap lets through to the client is the same whatever the
// pieces; any recording, and any start-up packet, must be survived.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "analyzer/wire/conversation_file.h"
#include "analyzer/wire/greeting.h"
#include "analyzer/wire/secret_eraser.h"
#include "analyzer/wire/server_filter.h"
#include "tools/fuzz/fuzz_source.h"

namespace {

std::string passed(std::string_view stream, size_t piece, bool strip, bool plans) {
  pgsieve::ServerFilter filter(strip, plans);
  std::string out;
  for (; !stream.empty(); stream.remove_prefix(std::min(piece, stream.size())))
    out += filter.pass(stream.substr(0, piece));
  return out;
}

std::string erased(std::string stream, size_t piece) {
  pgsieve::SecretEraser eraser;
  for (size_t at = 0; at < stream.size(); at += piece)
    eraser.erase(std::span<char>(stream.data() + at, std::min(piece, stream.size() - at)));
  return stream;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t piece = 1 + data[0] % 64;
  const bool strip = (data[1] & 1U) != 0, plans = (data[1] & 2U) != 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 2, size - 2);
  if (passed(stream, stream.size() + 1, strip, plans) != passed(stream, piece, strip, plans)) std::abort();
  if (erased(std::string(stream), stream.size() + 1) != erased(std::string(stream), piece)) std::abort();
  if (pgsieve::read_greeting(stream).kind == pgsieve::Greeting::Kind::kStartup) {
    const std::string more =
        pgsieve::with_options(stream.substr(0, pgsieve::read_greeting(stream).size), "-c a=b");
    if (more.size() < 10'000 && pgsieve::read_greeting(more).kind != pgsieve::Greeting::Kind::kStartup)
      std::abort();
  }
  return 0;
}
