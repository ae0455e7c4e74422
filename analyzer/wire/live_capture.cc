#include "analyzer/wire/live_capture.h"

#ifdef PGSIEVE_HAVE_PCAP

#include <fmt/format.h>
#include <pcap/pcap.h>
#include <poll.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <thread>
#include <utility>

#include "analyzer/base/shared_library.h"

namespace pgsieve {
namespace {

// Most runs capture nothing.
const SharedLibrary& libpcap() {
  static const SharedLibrary library(PGSIEVE_LIBPCAP_FILE);
  return library;
}
PGSIEVE_LATE(libpcap, pcap_activate);
PGSIEVE_LATE(libpcap, pcap_close);
PGSIEVE_LATE(libpcap, pcap_compile);
PGSIEVE_LATE(libpcap, pcap_create);
PGSIEVE_LATE(libpcap, pcap_datalink);
PGSIEVE_LATE(libpcap, pcap_dispatch);
PGSIEVE_LATE(libpcap, pcap_freecode);
PGSIEVE_LATE(libpcap, pcap_get_selectable_fd);
PGSIEVE_LATE(libpcap, pcap_geterr);
PGSIEVE_LATE(libpcap, pcap_set_buffer_size);
PGSIEVE_LATE(libpcap, pcap_set_snaplen);
PGSIEVE_LATE(libpcap, pcap_set_timeout);
PGSIEVE_LATE(libpcap, pcap_setfilter);
PGSIEVE_LATE(libpcap, pcap_setnonblock);
PGSIEVE_LATE(libpcap, pcap_stats);

constexpr int kPatience = 100;  // milliseconds that packets may wait in the kernel
constexpr int kSnapLength = 262'144;

struct Close {
  void operator()(pcap_t* capture) const { pcap_close(capture); }
};
using Handle = std::unique_ptr<pcap_t, Close>;

Error failure(const std::string& interface, const std::string& why, const std::string& hint = {}) {
  return {.kind = Error::Kind::kSystem,
          .message = "can't capture on " + interface + ": " + why,
          .hint = hint,
          .file = {}};
}

class PcapCapture final : public LiveCapture {
 public:
  PcapCapture(Handle handle, Taker taker)
      : handle_(std::move(handle)),
        link_type_(static_cast<uint32_t>(pcap_datalink(handle_.get()))),
        taker_(std::move(taker)),
        thread_([this] { run(); }) {}
  ~PcapCapture() override { stop(); }

  Counts counts() override {
    Counts counts{segments_, unreadable_, 0};
    pcap_stat kernel{};
    const std::lock_guard<std::mutex> guard(lock_);
    if (pcap_stats(handle_.get(), &kernel) == 0) counts.dropped = uint64_t{kernel.ps_drop} + kernel.ps_ifdrop;
    return counts;
  }
  std::string problem() override {
    const std::lock_guard<std::mutex> guard(lock_);
    return problem_;
  }
  void stop() override {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    const auto on_packet = [](u_char* self, const pcap_pkthdr* header, const u_char* bytes) {
      reinterpret_cast<PcapCapture*>(self)->take(*header, bytes);
    };
    // Without packets libpcap would wait for ever, whatever its time limit.
    pollfd waiting{pcap_get_selectable_fd(handle_.get()), POLLIN, 0};
    while (!stopping_) {
      if (poll(&waiting, 1, kPatience) < 0 && errno != EINTR) return;
      const int taken = pcap_dispatch(handle_.get(), 256, on_packet, reinterpret_cast<u_char*>(this));
      if (taken >= 0) continue;
      const std::lock_guard<std::mutex> guard(lock_);
      problem_ = pcap_geterr(handle_.get());
      return;
    }
  }

  void take(const pcap_pkthdr& header, const u_char* bytes) {
    Packet packet;
    packet.time = int64_t{header.ts.tv_sec} * kSecond + header.ts.tv_usec;
    packet.link_type = link_type_;
    packet.bytes = std::string_view(reinterpret_cast<const char*>(bytes), header.caplen);
    TcpSegment segment;
    const PacketKind kind = read_segment(packet, segment);
    if (kind == PacketKind::kTcp) {
      ++segments_;
      taker_(segment, packet.time);
    } else if (kind != PacketKind::kOther) {
      ++unreadable_;
    }
  }

  Handle handle_;
  uint32_t link_type_;
  Taker taker_;
  std::mutex lock_;
  std::string problem_;
  std::atomic<uint64_t> segments_{0}, unreadable_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

// "(tcp port 5432) or (vlan and tcp port 5432)": behind a VLAN tag everything lies further back.
std::string filter_of(std::span<const uint16_t> ports) {
  std::string any;
  for (const uint16_t port : ports) any += fmt::format("{}tcp port {}", any.empty() ? "" : " or ", port);
  return fmt::format("({}) or (vlan and ({}))", any, any);
}

}  // namespace

bool LiveCapture::available() {
  return true;
}

Result<std::unique_ptr<LiveCapture>> LiveCapture::start(const std::string& interface,
                                                        std::span<const uint16_t> ports, Taker taker) {
  if (const Status missing = libpcap().missing()) return *missing;
  std::array<char, PCAP_ERRBUF_SIZE> problem{};
  Handle handle(pcap_create(interface.c_str(), problem.data()));
  if (handle == nullptr) return failure(interface, problem.data());
  pcap_set_snaplen(handle.get(), kSnapLength);
  pcap_set_timeout(handle.get(), kPatience);
  pcap_set_buffer_size(handle.get(), kBufferBytes);
  if (const int status = pcap_activate(handle.get()); status < 0) {
    const bool forbidden = status == PCAP_ERROR_PERM_DENIED;
    return failure(interface, forbidden ? "permission denied" : pcap_geterr(handle.get()),
                   forbidden ? "Run it as root, or give it the right: setcap cap_net_raw+ep" : "");
  }
  bpf_program program{};
  if (pcap_compile(handle.get(), &program, filter_of(ports).c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
    return failure(interface, pcap_geterr(handle.get()));
  const int set = pcap_setfilter(handle.get(), &program);
  pcap_freecode(&program);
  if (set != 0) return failure(interface, pcap_geterr(handle.get()));
  if (pcap_setnonblock(handle.get(), 1, problem.data()) != 0) return failure(interface, problem.data());
  return std::unique_ptr<LiveCapture>(std::make_unique<PcapCapture>(std::move(handle), std::move(taker)));
}

}  // namespace pgsieve

#else

namespace pgsieve {

bool LiveCapture::available() {
  return false;
}

Result<std::unique_ptr<LiveCapture>> LiveCapture::start(const std::string& /*interface*/,
                                                        std::span<const uint16_t> /*ports*/,
                                                        Taker /*taker*/) {
  return Error{.kind = Error::Kind::kUsage,
               .message = "this pgsieve was built without libpcap and can't capture on an interface",
               .hint = "Capture with tcpdump -w FILE, and read the file",
               .file = {}};
}

}  // namespace pgsieve

#endif
