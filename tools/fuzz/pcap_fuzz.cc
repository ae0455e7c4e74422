// Any bytes as a packet capture, or as a recording of the tap: reading it must end, without a crash, and
// account for every byte.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "analyzer/capture/event_reader.h"
#include "analyzer/wire/capture_reader.h"
#include "analyzer/wire/conversation_file.h"
#include "tools/fuzz/fuzz_source.h"

namespace {

class Unheard final : public pgsieve::EventSink {
 public:
  void on_event(const pgsieve::Event& /*event*/) override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const bool recording = pgsieve::conversation_format().matches(input);
  const pgsieve::InputFormat format =
      recording ? pgsieve::conversation_format() : pgsieve::packet_capture_format();
  if (!format.matches(input)) return 0;
  const size_t head = std::min<size_t>(size, 64);
  pgsieve::FuzzSource source(input.substr(head), 1 + size % 977);
  Unheard sink;
  pgsieve::ReadAccount account;
  pgsieve::IngestStats stats;
  const pgsieve::Status failed =
      format.make({})->read(input.substr(0, head), source, 0, sink, account, stats);
  if (failed && recording) return 0;  // another version, or too short for a head
  if (failed || account.bytes() != size) std::abort();
  return 0;
}
