// Any two streams of bytes, in any pieces, with holes: the protocol decoder must survive.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "analyzer/wire/connection.h"

namespace {

class Nothing final : public pgsieve::EventSink {
 public:
  void on_event(const pgsieve::Event& event) override {
    seen_ += event.text.size() + event.parameters.size();
  }

 private:
  size_t seen_ = 0;
};

}  // namespace

// The input is pieces: a byte that says whose and what, a length byte, the bytes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  pgsieve::WireCounts counts;
  Nothing sink;
  pgsieve::StatementTexts texts;
  pgsieve::Connection connection({1, "host", 0}, texts, counts, sink);
  if (size > 0 && (data[0] & 0x80U) != 0) connection.start_mid_stream();
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  pgsieve::Microseconds now = 0;
  while (rest.size() >= 2) {
    const auto what = static_cast<uint8_t>(rest[0]);
    const size_t length = static_cast<uint8_t>(rest[1]);
    const std::string_view piece = rest.substr(2, length);
    rest.remove_prefix(2 + piece.size());
    const auto side = (what & 1U) != 0 ? pgsieve::Side::kServer : pgsieve::Side::kClient;
    if ((what & 6U) == 6) {
      connection.gap(side, length, ++now);
    } else {
      connection.feed(side, piece, ++now, {});
    }
  }
  connection.close(++now, true);
  return 0;
}
