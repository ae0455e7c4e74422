// From options to the settings of a tap.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "analyzer/advisor/server_connection.h"
#include "analyzer/wire/server_filter.h"
#include "tools/pgsieve/environment.h"
#include "tools/pgsieve/suggest.h"
#include "tools/pgsieve/tap_session.h"
#include "tools/pgsieve/terminal.h"

namespace pgsieve {
namespace {

Error usage(std::string message, std::string hint = {}) {
  return {.kind = Error::Kind::kUsage, .message = std::move(message), .hint = std::move(hint), .file = {}};
}

Status set_upstream_tls(const std::string& mode, const std::string& authority, TapSettings& settings) {
  using Mode = TapSettings::UpstreamTls;
  if (mode == "pass") return {};
  if (mode == "disable") {
    settings.upstream_tls = Mode::kOff;
    return {};
  }
  const std::array<std::string, 4> known = {"prefer", "require", "verify-ca", "verify-full"};
  const auto found = std::find(known.begin(), known.end(), mode);
  if (found == known.end())
    return usage(fmt::format("--upstream-tls {}: known are pass, disable, {}", mode, fmt::join(known, ", ")));
  TlsTrust trust = TlsTrust::kAnyone;
  if (mode == "verify-ca") trust = TlsTrust::kAuthority;
  if (mode == "verify-full") trust = TlsTrust::kName;
  const Result<TlsContext> context = TlsContext::for_server(trust, authority);
  if (!context) return context.error();
  settings.server_tls = *context;
  settings.upstream_tls = mode == "prefer" ? Mode::kPrefer : Mode::kRequire;
  return {};
}

}  // namespace

bool is_near(const SocketAddress& server) {
  const Result<std::vector<std::string>> addresses = resolve(server);
  return addresses.ok() && !addresses->empty() && is_loopback(addresses->front());
}

std::string plan_user(const std::string& url) {
  const std::pair<std::string, std::string> with_plans[] = {{"options", std::string(plan_settings())}};
  Result<ServerConnection> server = ServerConnection::connect(url, with_plans);
  Result<DatabaseRows> rows =
      server ? server->query("SELECT current_user") : Result<DatabaseRows>(server.error());
  if (rows && rows->rows.size() == 1) return rows->rows[0][0].value_or("");
  tell_warning(fmt::format(
      "no plans: the role can't have them reported ({}). A superuser can, or since PostgreSQL 15 a role with "
      "GRANT SET ON PARAMETER session_preload_libraries, \"auto_explain.log_min_duration\", …",
      rows.error().message));
  return {};
}

Result<TapSettings> tap_settings(const TapOptions& options, const SocketAddress& listen,
                                 const SocketAddress& upstream, const Encryption& encryption) {
  TapSettings settings;
  settings.listen = listen;
  settings.upstream = upstream;
  settings.anywhere = options.anywhere;
  if (options.certificate.empty() != options.key.empty())
    return usage("--tls-cert and --tls-key belong together");
  if (!options.certificate.empty()) {
    const Result<TlsContext> context = TlsContext::for_clients(options.certificate, options.key);
    if (!context) return context.error();
    settings.client_tls = *context;
  }
  std::string mode = options.upstream_tls;
  // A tap that takes part in the start of connections must not send in the clear what came encrypted.
  if (mode.empty()) mode = encryption.mode;
  if (mode == "allow") mode = "prefer";
  if (mode.empty()) mode = is_near(upstream) ? "disable" : "prefer";
  const std::string authority = options.authority.empty() ? encryption.authority : options.authority;
  if (Status failed = set_upstream_tls(mode, authority, settings)) return *failed;
  if (options.plans) {
    if (const std::string role = plan_user(options.server); !role.empty())
      settings.wants_plans = [role](std::string_view user) { return user == role; };
  }
  return settings;
}

}  // namespace pgsieve
