// TLS on either side of a tap, through OpenSSL (https://docs.openssl.org/3.0/man7/ssl/). Sockets don't block.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "analyzer/base/error.h"

struct ssl_ctx_st;
struct ssl_st;

namespace pgsieve {

// How far the server's certificate is checked: the sslmode of libpq from `require` on.
enum class TlsTrust : uint8_t {
  kAnyone,     // encrypt, whoever it is
  kAuthority,  // a certificate of the authority given (verify-ca)
  kName,       // that, and for the host's name (verify-full)
};

// Immutable once made; copies share it. Thread-safe.
class TlsContext {
 public:
  // Files in PEM; the certificate's may hold its chain.
  static Result<TlsContext> for_clients(const std::string& certificate_file, const std::string& key_file);
  // `authority_file`: root certificates in PEM; empty: the system's.
  static Result<TlsContext> for_server(TlsTrust trust, const std::string& authority_file);

  ssl_ctx_st* get() const { return context_.get(); }
  TlsTrust trust() const { return trust_; }

 private:
  explicit TlsContext(ssl_ctx_st* context);
  std::shared_ptr<ssl_ctx_st> context_;
  TlsTrust trust_ = TlsTrust::kAnyone;
};

class TlsStream {
 public:
  enum class Outcome : uint8_t { kDone, kWantRead, kWantWrite, kEnded, kBroken };

  // Does not own the socket. `host`: of the server, to ask for and to check; empty: we are the server.
  TlsStream(const TlsContext& context, int socket, const std::string& host);

  Outcome handshake();
  Outcome read(char* bytes, size_t size, size_t& got);
  Outcome write(const char* bytes, size_t size, size_t& sent);
  void shut();            // says that no more is sent
  bool buffered() const;  // bytes can be read that the socket does not announce
  // Why kBroken.
  const std::string& problem() const { return problem_; }

 private:
  struct Free {
    void operator()(ssl_st* stream) const;
  };
  Outcome outcome_of(int result);
  std::unique_ptr<ssl_st, Free> stream_;
  std::string problem_;
};

}  // namespace pgsieve
