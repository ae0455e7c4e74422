// MetricsServer: answers every HTTP request on one address with a text, for Prometheus to collect
// (https://prometheus.io/docs/instrumenting/exposition_formats/).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "analyzer/base/error.h"
#include "analyzer/wire/descriptor.h"
#include "analyzer/wire/socket_address.h"

namespace pgsieve {

class MetricsServer {
 public:
  // `page` is called from the server's own thread. Only addresses that nobody but this machine can reach.
  static Result<std::unique_ptr<MetricsServer>> start(const SocketAddress& address,
                                                      std::function<std::string()> page);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;
  uint16_t port() const { return port_; }

 private:
  MetricsServer(Descriptor listener, uint16_t port, std::function<std::string()> page);
  void serve();

  Descriptor listener_, wake_;
  uint16_t port_;
  std::function<std::string()> page_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

// "# HELP …\n# TYPE …\nname value\n". `kind`: counter or gauge.
void append_metric(std::string& page, std::string_view name, std::string_view kind, std::string_view help,
                   uint64_t value);

}  // namespace pgsieve
