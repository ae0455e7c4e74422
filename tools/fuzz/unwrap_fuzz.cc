// Fuzzes unwrapping and the event readers: any bytes end, without a crash; what comes out does not depend on
// the portions the input comes in.
#include <cstdint>
#include <cstdlib>

#include "analyzer/capture/event_reader.h"
#include "analyzer/capture/unwrap.h"
#include "tools/fuzz/fuzz_source.h"

namespace {

std::string undo(std::string_view text, size_t portion) {
  pgsieve::UnwrapReport report;
  const pgsieve::IngestOptions options;
  const auto source = pgsieve::unwrap(std::make_unique<pgsieve::FuzzSource>(text, portion), options, report);
  std::string plain;
  while (true) {
    const auto got = source->read(plain, 4096);
    if (!got || *got == 0) return plain;
  }
}

class NoSink final : public pgsieve::EventSink {
 public:
  void on_event(const pgsieve::Event& event) override {
    if (event.scan == nullptr) std::abort();
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (undo(text, 1 << 20) != undo(text, 3)) std::abort();
  for (const auto kind : {pgsieve::LogFormatKind::kOtlpSpans, pgsieve::LogFormatKind::kStatStatements}) {
    pgsieve::FuzzSource source(text, 100);
    pgsieve::ReadAccount account;
    pgsieve::IngestStats stats;
    NoSink sink;
    const auto failed = pgsieve::make_event_reader(kind, {})->read("", source, 0, sink, account, stats);
    if (!failed && account.bytes() != size) std::abort();
  }
  return 0;
}
