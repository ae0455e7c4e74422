#include "analyzer/wire/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstring>

#include "analyzer/base/shared_library.h"

namespace pgsieve {
namespace {

// Only a tap speaks TLS. What is in libcrypto is found through libssl, which needs it.
const SharedLibrary& libssl() {
  static const SharedLibrary library(PGSIEVE_LIBSSL_FILE);
  return library;
}
PGSIEVE_LATE(libssl, ERR_clear_error);
PGSIEVE_LATE(libssl, ERR_error_string_n);
PGSIEVE_LATE(libssl, ERR_get_error);
PGSIEVE_LATE(libssl, ERR_reason_error_string);
PGSIEVE_LATE(libssl, SSL_CTX_check_private_key);
PGSIEVE_LATE(libssl, SSL_CTX_ctrl);
PGSIEVE_LATE(libssl, SSL_CTX_free);
PGSIEVE_LATE(libssl, SSL_CTX_load_verify_file);
PGSIEVE_LATE(libssl, SSL_CTX_new);
PGSIEVE_LATE(libssl, SSL_CTX_set_alpn_select_cb);
PGSIEVE_LATE(libssl, SSL_CTX_set_default_verify_paths);
PGSIEVE_LATE(libssl, SSL_CTX_set_options);
PGSIEVE_LATE(libssl, SSL_CTX_set_verify);
PGSIEVE_LATE(libssl, SSL_CTX_use_PrivateKey_file);
PGSIEVE_LATE(libssl, SSL_CTX_use_certificate_chain_file);
PGSIEVE_LATE(libssl, SSL_ctrl);
PGSIEVE_LATE(libssl, SSL_do_handshake);
PGSIEVE_LATE(libssl, SSL_free);
PGSIEVE_LATE(libssl, SSL_get0_param);
PGSIEVE_LATE(libssl, SSL_get_error);
PGSIEVE_LATE(libssl, SSL_get_verify_result);
PGSIEVE_LATE(libssl, SSL_has_pending);
PGSIEVE_LATE(libssl, SSL_new);
PGSIEVE_LATE(libssl, SSL_read_ex);
PGSIEVE_LATE(libssl, SSL_select_next_proto);
PGSIEVE_LATE(libssl, SSL_set1_host);
PGSIEVE_LATE(libssl, SSL_set_accept_state);
PGSIEVE_LATE(libssl, SSL_set_connect_state);
PGSIEVE_LATE(libssl, SSL_set_fd);
PGSIEVE_LATE(libssl, SSL_shutdown);
PGSIEVE_LATE(libssl, SSL_write_ex);
PGSIEVE_LATE(libssl, TLS_client_method);
PGSIEVE_LATE(libssl, TLS_server_method);
PGSIEVE_LATE(libssl, X509_VERIFY_PARAM_set1_ip_asc);
PGSIEVE_LATE(libssl, X509_verify_cert_error_string);

std::string openssl_problem() {
  std::array<char, 256> text{};
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "the connection was cut";
  ERR_error_string_n(code, text.data(), text.size());
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : text.data();
}

Error unusable(const std::string& file) {
  return {.kind = Error::Kind::kUsage,
          .message = "can't be used: " + openssl_problem(),
          .hint = {},
          .file = file};
}

// A client that speaks TLS at once must name the protocol, and hears it named (PostgreSQL 17).
int choose_protocol(SSL* /*stream*/, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int offered_size, void* /*unused*/) {
  static constexpr unsigned char kProtocols[] = "\x0apostgresql";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kProtocols, unsigned{sizeof kProtocols - 1}, offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> ignored{};
  return inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1;
}

}  // namespace

TlsContext::TlsContext(ssl_ctx_st* context) : context_(context, SSL_CTX_free) {
  // What the macros SSL_CTX_set_min_proto_version and SSL_CTX_set_mode do, with a null pointer that is one in
  // C++.
  SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, nullptr);
  SSL_CTX_ctrl(context, SSL_CTRL_MODE,
               SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS,
               nullptr);
#ifdef SSL_OP_IGNORE_UNEXPECTED_EOF
  SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);  // PostgreSQL's clients just leave
#endif
}

Result<TlsContext> TlsContext::for_clients(const std::string& certificate_file, const std::string& key_file) {
  if (const Status missing = libssl().missing()) return *missing;
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1)
    return unusable(certificate_file);
  if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1)
    return unusable(key_file);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
  return context;
}

Result<TlsContext> TlsContext::for_server(TlsTrust trust, const std::string& authority_file) {
  if (const Status missing = libssl().missing()) return *missing;
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  context.trust_ = trust;
  ERR_clear_error();
  if (trust == TlsTrust::kAnyone) return context;
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const int loaded = authority_file.empty() ? SSL_CTX_set_default_verify_paths(context.get())
                                            : SSL_CTX_load_verify_file(context.get(), authority_file.c_str());
  if (loaded != 1) return unusable(authority_file);
  return context;
}

void TlsStream::Free::operator()(ssl_st* stream) const {
  SSL_free(stream);
}

TlsStream::TlsStream(const TlsContext& context, int socket, const std::string& host)
    : stream_(SSL_new(context.get())) {
  SSL_set_fd(stream_.get(), socket);
  if (host.empty()) {
    SSL_set_accept_state(stream_.get());
    return;
  }
  SSL_set_connect_state(stream_.get());
  if (!is_address(host)) SSL_set_tlsext_host_name(stream_.get(), host.c_str());
  if (context.trust() != TlsTrust::kName) return;
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(stream_.get()), host.c_str());
  } else {
    SSL_set1_host(stream_.get(), host.c_str());
  }
}

TlsStream::Outcome TlsStream::outcome_of(int result) {
  switch (SSL_get_error(stream_.get(), result)) {
    case SSL_ERROR_NONE:
      return Outcome::kDone;
    case SSL_ERROR_WANT_READ:
      return Outcome::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return Outcome::kWantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return Outcome::kEnded;
    default:
      if (const long verified = SSL_get_verify_result(stream_.get()); verified != X509_V_OK) {
        problem_ = std::string("the certificate is not trusted: ") + X509_verify_cert_error_string(verified);
        ERR_clear_error();
      } else {
        problem_ = openssl_problem();
      }
      return Outcome::kBroken;
  }
}

TlsStream::Outcome TlsStream::handshake() {
  ERR_clear_error();
  return outcome_of(SSL_do_handshake(stream_.get()));
}

TlsStream::Outcome TlsStream::read(char* bytes, size_t size, size_t& got) {
  ERR_clear_error();
  got = 0;
  return outcome_of(SSL_read_ex(stream_.get(), bytes, size, &got));
}

TlsStream::Outcome TlsStream::write(const char* bytes, size_t size, size_t& sent) {
  ERR_clear_error();
  sent = 0;
  return outcome_of(SSL_write_ex(stream_.get(), bytes, size, &sent));
}

void TlsStream::shut() {
  ERR_clear_error();
  SSL_shutdown(stream_.get());
}

bool TlsStream::buffered() const {
  return SSL_has_pending(stream_.get()) == 1;
}

}  // namespace pgsieve
