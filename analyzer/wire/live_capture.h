// LiveCapture: TCP segments as they pass a network interface, through libpcap
// (https://www.tcpdump.org/manpages/pcap.3pcap.html). Needs the right to capture (root, or CAP_NET_RAW).
//
// A thread of its own reads packets; what comes faster than they are taken the kernel drops, and it is
// counted. Memory: the kernel's buffer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "analyzer/base/error.h"
#include "analyzer/wire/packet_layers.h"

namespace pgsieve {

class LiveCapture {
 public:
  static constexpr int kBufferBytes = 32 * 1024 * 1024;
  using Taker = std::function<void(const TcpSegment& segment, Microseconds time)>;

  struct Counts {
    uint64_t segments = 0;
    uint64_t unreadable = 0;  // fragments, unknown link types, headers cut short
    uint64_t dropped = 0;     // by the kernel or the interface
  };

  // False: this program was built without libpcap, and start() always fails.
  static bool available();

  // `ports`: of servers; nothing else is captured. `taker` is called from the capture's thread until stop().
  static Result<std::unique_ptr<LiveCapture>> start(const std::string& interface,
                                                    std::span<const uint16_t> ports, Taker taker);
  virtual ~LiveCapture() = default;

  virtual Counts counts() = 0;
  // Why it ended before stop(); empty: it goes on.
  virtual std::string problem() = 0;
  virtual void stop() = 0;
};

}  // namespace pgsieve
