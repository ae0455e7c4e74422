#include "analyzer/wire/capture_reader.h"

#include <fmt/format.h>

#include "analyzer/capture/event_reader.h"
#include "analyzer/wire/flow_table.h"
#include "analyzer/wire/packet_file.h"
#include "analyzer/wire/packet_layers.h"
#include "analyzer/wire/wire_summary.h"

namespace pgsieve {
namespace {

struct PacketCounts {
  uint64_t tcp = 0, other = 0, fragments = 0, unknown_link = 0, cut = 0;
  uint32_t link_type = 0;  // of the first one that could not be read
};

// Tells once what a reader of the report must know.
void warn(const WireCounts& wire, const PacketCounts& packets, const FlowTable& flows,
          const PacketFile& capture, const std::string& name, IngestStats& stats) {
  const auto say = [&](uint64_t count, std::string text) {
    if (count > 0) note_incomplete(stats, std::move(text));
  };
  summarize_wire(wire, stats);
  say(packets.fragments,
      fmt::format("{} packets are IP fragments, which are not put together.", packets.fragments));
  say(packets.unknown_link, fmt::format("{} packets have link type {}, which pgsieve can't read.",
                                        packets.unknown_link, packets.link_type));
  say(packets.cut, fmt::format("{} packets are cut inside their headers.", packets.cut));
  say(flows.evicted(), fmt::format("{} quiet connections were forgotten to bound memory.", flows.evicted()));
  say(capture.damaged().empty() ? 0 : 1,
      fmt::format("{}: {}; what follows was not read.", name, capture.damaged()));
  if (wire.connections == 0 && packets.tcp > 0) {
    stats.warnings.push_back(
        fmt::format("None of the {} TCP packets belongs to a PostgreSQL connection.", packets.tcp));
  }
}

class CaptureReader final : public EventReader {
 public:
  Status read(std::string_view head, Source& source, uint32_t file, EventSink& sink, ReadAccount& account,
              IngestStats& stats) override {
    PacketFile capture(head, source);
    WireCounts wire;
    PacketCounts packets;
    FlowTable flows(file, hash64(source.name()), wire, sink);
    Packet packet;
    TcpSegment segment;
    while (capture.next(packet)) {
      ++stats.entries;
      switch (read_segment(packet, segment)) {
        case PacketKind::kTcp:
          ++packets.tcp;
          flows.add(segment, packet.time, {packet.offset, packet.number});
          break;
        case PacketKind::kOther:
          ++packets.other;
          break;
        case PacketKind::kFragment:
          ++packets.fragments;
          break;
        case PacketKind::kUnknownLink:
          if (packets.unknown_link++ == 0) packets.link_type = packet.link_type;
          break;
        case PacketKind::kCut:
          ++packets.cut;
          break;
      }
    }
    flows.finish();
    account.entry_bytes += capture.offset();
    const uint64_t read = capture.offset();
    capture.drain();
    account.unread_bytes += capture.offset() - read;
    if (!capture.damaged().empty() && account.damaged_records++ == 0) account.damaged_offset = read;
    stats.other_entries += packets.other + packets.fragments + packets.unknown_link + packets.cut;
    warn(wire, packets, flows, capture, source.name(), stats);
    return capture.error();
  }
};

}  // namespace

InputFormat packet_capture_format() {
  return {LogFormatKind::kPackets, is_packet_file,
          [](const IngestOptions& /*options*/) -> std::unique_ptr<EventReader> {
            return std::make_unique<CaptureReader>();
          }};
}

}  // namespace pgsieve
