// pgsieve tap: stand between clients and a server, or listen on a network interface, until told to stop.
#include <fmt/format.h>

#include <chrono>

#include "tools/pgsieve/commands.h"
#include "tools/pgsieve/gate.h"
#include "tools/pgsieve/environment.h"
#include "tools/pgsieve/signals.h"
#include "tools/pgsieve/tap_session.h"
#include "tools/pgsieve/terminal.h"

namespace pgsieve {

namespace {

constexpr std::chrono::seconds kTick{5};

int tell_error(const Error& error) {
  tell(error.to_string());
  return error.kind == Error::Kind::kUsage ? kExitUsage : kExitInput;
}

// Without an opinion of the user the tap takes no part in what clients and server agree on.
Encryption default_encryption(const TapOptions& options) {
  const bool takes_part = options.plans || !options.certificate.empty();
  return {takes_part ? "" : "pass", {}};
}

void wait_for_the_end(TapSession& session, const SignalWait& signals) {
  for (int number = 0; number == 0 || number == SIGCHLD;) {
    number = signals.next(kTick);
    if (number == 0) session.tick();
  }
}

int listen_and_judge(const TapOptions& options) {
  const Result<SocketAddress> listen = parse_socket_address(options.listen, 6432);
  if (!listen) return tell_error(listen.error());
  const Result<SocketAddress> upstream = parse_socket_address(options.upstream, 5432);
  if (!upstream) return tell_error(upstream.error());
  const SignalWait signals;
  Result<std::unique_ptr<TapSession>> session =
      TapSession::prepare(options, fmt::format("tap of {}", upstream->text()));
  if (!session) return tell_error(session.error());
  Result<TapSettings> settings = tap_settings(options, *listen, *upstream, default_encryption(options));
  if (!settings) return tell_error(settings.error());
  if (Status failed = (*session)->start(std::move(*settings))) return tell_error(*failed);
  SocketAddress shown = *listen;
  if (!shown.is_unix()) shown.port = (*session)->tap().port();
  tell(fmt::format("listening on {}, forwarding to {}; end with Ctrl-C or SIGTERM", shown.text(),
                   upstream->text()));
  wait_for_the_end(**session, signals);
  return (*session)->finish(2 * kSecond);
}

int capture_and_judge(const TapOptions& options) {
  const SignalWait signals;
  Result<std::unique_ptr<TapSession>> session = TapSession::prepare(options, options.interface);
  if (!session) return tell_error(session.error());
  if (Status failed = (*session)->start_capture(options.interface, options.ports)) return tell_error(*failed);
  tell(fmt::format("capturing on {}; end with Ctrl-C or SIGTERM", options.interface));
  wait_for_the_end(**session, signals);
  return (*session)->finish(0);
}

}  // namespace

int run_tap(const TapOptions& given) {
  TapOptions options = given;
  if (Status failed = load_policy(options.report)) return tell_error(*failed);
  if (options.server.empty()) options.server = libpq_url(current_environment(), {"DATABASE_URL"});
  if (options.plans && options.server.empty()) {
    tell("--plans needs --server URL, to ask whether the role may have plans reported");
    return kExitUsage;
  }
  return options.interface.empty() ? listen_and_judge(options) : capture_and_judge(options);
}

}  // namespace pgsieve
