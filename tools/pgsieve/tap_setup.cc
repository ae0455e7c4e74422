// From options to the settings of a tap.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

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

// Which sessions are to report plans. Says of each role once that its sessions don't.
class PlanRoles {
 public:
  explicit PlanRoles(std::set<std::string, std::less<>> roles) : roles_(std::move(roles)) {}
  bool operator()(std::string_view user) {
    if (roles_.contains(user)) return true;
    if (told_.size() < kMaxTold && told_.emplace(user).second)
      tell_warning(fmt::format("no plans of sessions of {}: the role can't have them reported", user));
    return false;
  }

 private:
  static constexpr size_t kMaxTold = 100;
  std::set<std::string, std::less<>> roles_, told_;
};

}  // namespace

bool is_near(const SocketAddress& server) {
  const Result<std::vector<std::string>> addresses = resolve(server);
  return addresses.ok() && !addresses->empty() && is_loopback(addresses->front());
}

std::set<std::string, std::less<>> plan_roles(const std::string& url) {
  const std::pair<std::string, std::string> with_plans[] = {{"options", std::string(plan_settings())}};
  Result<ServerConnection> server = ServerConnection::connect(url, with_plans);
  Result<DatabaseRows> own =
      server ? server->query("SELECT current_user") : Result<DatabaseRows>(server.error());
  std::set<std::string, std::less<>> roles;
  if (!own || own->rows.size() != 1) {
    tell_warning(fmt::format(
        "no plans: the role can't have them reported ({}). A superuser can, or since PostgreSQL 15 a role "
        "with GRANT SET ON PARAMETER session_preload_libraries, \"auto_explain.log_min_duration\", …",
        own ? std::string("no answer") : own.error().message));
    return roles;
  }
  roles.insert(own->rows[0][0].value_or(""));
  // What plan_settings() sets. Before PostgreSQL 15 only a superuser may.
  std::string condition = "rolsuper";
  const Result<DatabaseRows> grantable =
      server->query("SELECT 1 FROM pg_proc WHERE proname = 'has_parameter_privilege'");
  if (grantable && !grantable->rows.empty()) {
    condition +=
        " OR (SELECT bool_and(has_parameter_privilege(r.oid, name, 'SET')) FROM unnest(ARRAY["
        "'session_preload_libraries', 'auto_explain.log_min_duration', 'auto_explain.log_analyze', "
        "'auto_explain.log_timing', 'auto_explain.log_buffers', 'auto_explain.log_nested_statements', "
        "'auto_explain.log_format', 'auto_explain.log_level']) name)";
  }
  const Result<DatabaseRows> others = server->query("SELECT rolname FROM pg_roles r WHERE " + condition);
  if (!others) {
    tell_warning(fmt::format("plans of one role only: {}", others.error().message));
    return roles;
  }
  for (const auto& row : others->rows) roles.insert(row[0].value_or(""));
  return roles;
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
    std::set<std::string, std::less<>> roles = plan_roles(options.server);
    if (!roles.empty()) settings.wants_plans = PlanRoles(std::move(roles));
  }
  return settings;
}

}  // namespace pgsieve
