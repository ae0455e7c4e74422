#include "analyzer/wire/capture_reader.h"

#include <fmt/format.h>

#include "analyzer/capture/event_reader.h"
#include "analyzer/wire/flow_table.h"
#include "analyzer/wire/packet_file.h"
#include "analyzer/wire/packet_layers.h"

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
    if (count > 0) stats.warnings.push_back(std::move(text));
  };
  say(wire.encrypted,
      fmt::format(
          "{} of {} connections are encrypted (TLS or GSS): nothing in them could be analysed. Capture "
          "where the traffic is plain, or connect with sslmode=disable.",
          wire.encrypted, wire.connections));
  say(wire.undecodable, fmt::format("{} of {} connections could not be decoded as PostgreSQL protocol 3.",
                                    wire.undecodable, wire.connections));
  say(wire.gaps, fmt::format("The capture has {} holes ({} bytes at least): packets are missing or were cut.",
                             wire.gaps, wire.gap_bytes));
  say(wire.unresolved,
      fmt::format("The answers to {} requests were not captured; what they returned is unknown.",
                  wire.unresolved));
  say(wire.unknown_statements,
      fmt::format("{} executions are of statements prepared before the capture began; their text is unknown.",
                  wire.unknown_statements));
  say(wire.unmatched,
      fmt::format("{} times the answers did not fit the requests; decoding went on at the next "
                  "pause.",
                  wire.unmatched));
  say(wire.dropped_requests,
      fmt::format("{} requests were not followed: too many in flight at once.", wire.dropped_requests));
  say(packets.fragments,
      fmt::format("{} packets are IP fragments, which are not put together.", packets.fragments));
  say(packets.unknown_link, fmt::format("{} packets have link type {}, which pgsieve can't read.",
                                        packets.unknown_link, packets.link_type));
  say(packets.cut, fmt::format("{} packets are cut inside their headers.", packets.cut));
  say(flows.evicted(), fmt::format("{} quiet connections were forgotten to bound memory.", flows.evicted()));
  say(capture.damaged().empty() ? 0 : 1,
      fmt::format("{}: {}; what follows was not read.", name, capture.damaged()));
  say(wire.connections == 0 && packets.tcp > 0 ? 1 : 0,
      fmt::format("None of the {} TCP packets belongs to a PostgreSQL connection.", packets.tcp));
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
    if (stats.settings.count("capture") == 0) {
      stats.settings["capture"] = fmt::format("{} PostgreSQL connections, {} encrypted, {} holes",
                                              wire.connections, wire.encrypted, wire.gaps);
    }
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
