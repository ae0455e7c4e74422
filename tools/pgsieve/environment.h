// Connection settings in environment variables: where they lead, and how they lead through the tap instead.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/wire/socket_address.h"

namespace pgsieve {

using Environment = std::map<std::string, std::string>;

Environment current_environment();

// The server that a connection URL (postgres://user@host:port/db?…) or a keyword string (host=… port=…)
// names; nothing when it is neither.
std::optional<SocketAddress> server_of(const std::string& connection);

// The same connection by way of 127.0.0.1:port. Everything else in it stays.
std::string redirected(const std::string& connection, uint16_t port);

// Where the program would connect to: the first of `names` that is set; what that leaves open, the service it
// or PGSERVICE names; then PGHOST, PGHOSTADDR and PGPORT; else the local server.
SocketAddress server_of(const Environment& environment, const std::vector<std::string>& names);

// Rewrites the variables in `names`, PGHOST, PGPORT and PGHOSTADDR. `plain`: also asks not to encrypt what
// goes to the tap, whatever was asked for before.
void redirect(Environment& environment, const std::vector<std::string>& names, uint16_t port, bool plain);

// The service file for the program, where it uses one: those of its services that lead to the same server
// lead to 127.0.0.1:port. "": it uses none.
std::string redirected_services(const Environment& environment, const std::vector<std::string>& names,
                                uint16_t port, bool plain);

// How the program would encrypt: sslmode and sslrootcert, in the connection or in the environment; "": not
// said.
struct Encryption {
  std::string mode, authority;
};
Encryption encryption_of(const Environment& environment, const std::vector<std::string>& names);

// The first of `names` that leads to a server, as libpq takes it: the scheme of a driver
// ("postgresql+psycopg2", "jdbc:postgresql") and settings that only it knows left out. "" when none does:
// libpq then uses PGHOST, ….
std::string libpq_url(const Environment& environment, const std::vector<std::string>& names);

}  // namespace pgsieve
