// TapSession: a running capture, from its parts to the verdict. What `tap` and `exec` share.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "analyzer/wire/conversation_file.h"
#include "analyzer/wire/live_capture.h"
#include "analyzer/wire/packet_writer.h"
#include "analyzer/wire/recorder.h"
#include "analyzer/wire/tap.h"
#include "tools/pgsieve/live.h"
#include "tools/pgsieve/metrics.h"
#include "tools/pgsieve/options.h"

namespace pgsieve {

class TapSession {
 public:
  // Everything but the tap itself: recording, decoding, metrics. `where`: for the report.
  static Result<std::unique_ptr<TapSession>> prepare(const TapOptions& options, const std::string& where);
  TapSession(const TapSession&) = delete;
  TapSession& operator=(const TapSession&) = delete;

  // Starts to listen: as a tap, or on a network interface.
  Status start(TapSettings settings);
  Status start_capture(const std::string& interface, std::vector<uint16_t> ports);

  const Tap& tap() const { return *tap_; }
  LiveAnalysis& live() { return *live_; }
  Recorder& recorder() { return *recorder_; }

  // Now and then: tells new findings, and commits to the store.
  void tick();
  // Ends the capture, waiting up to `grace` for connections to end, and judges. The program's exit code.
  int finish(Microseconds grace);

 private:
  explicit TapSession(const TapOptions& options) : options_(options) {}
  Status open_recording();
  std::string page();
  void tell_live(const std::vector<Finding>& findings) const;

  const TapOptions& options_;
  std::unique_ptr<ConversationWriter> pgcap_;
  std::unique_ptr<PacketWriter> pcap_;
  std::unique_ptr<LiveAnalysis> live_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Tap> tap_;
  std::unique_ptr<LiveCapture> capture_;
  std::unique_ptr<MetricsServer> metrics_;
  bool store_warned_ = false;
};

// The settings of the tap that the options ask for. `near`: the server is this machine; `encryption`: how the
// clients would reach it themselves.
struct Encryption;
Result<TapSettings> tap_settings(const TapOptions& options, const SocketAddress& listen,
                                 const SocketAddress& upstream, const Encryption& encryption);

bool is_near(const SocketAddress& server);

// The roles whose sessions may have plans reported. The role of the connection tries it; when it may not,
// none is known to be able to, and why is told.
std::set<std::string, std::less<>> plan_roles(const std::string& url);

}  // namespace pgsieve
