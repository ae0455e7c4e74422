#include "tools/pgsieve/environment.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "tools/pgsieve/service_file.h"

namespace pgsieve {

namespace {

constexpr uint16_t kDefaultPort = 5432;

uint16_t port_from(std::string_view text) {
  uint16_t port = kDefaultPort;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

SocketAddress address_of(std::string host, uint16_t port) {
  SocketAddress address;
  address.port = port;
  if (host.starts_with("%2F") || host.starts_with("%2f")) {
    for (size_t at = host.find('%'); at != std::string::npos; at = host.find('%', at + 1))
      host.replace(at, 3, "/");
  }
  if (host.starts_with('/')) {
    address.path = host + "/.s.PGSQL." + std::to_string(port);
  } else {
    address.host = host.empty() ? "127.0.0.1" : host;
  }
  return address;
}

// Where the pieces of a URL stand in its text.
struct Url {
  size_t host = 0, host_end = 0;  // with the port
  bool valid = false;
};

Url parse_url(std::string_view text) {
  Url url;
  const size_t scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return url;
  const size_t start = scheme + 3;
  url.host_end = std::min(text.find_first_of("/?#", start), text.size());
  const size_t at = text.substr(0, url.host_end).rfind('@');
  url.host = at == std::string_view::npos || at < start ? start : at + 1;
  url.valid = true;
  return url;
}

// The span of the value of `key` in "a=1 host=x", or in the query of a URL; {npos, 0}: none.
std::pair<size_t, size_t> find_value(std::string_view text, std::string_view key, std::string_view separators,
                                     size_t from) {
  const std::string wanted = std::string(key) + "=";
  for (size_t at = text.find(wanted, from); at != std::string_view::npos; at = text.find(wanted, at + 1)) {
    if (at != from && separators.find(text[at - 1]) == std::string_view::npos) continue;
    const size_t start = at + wanted.size();
    return {start, std::min(text.find_first_of(separators, start), text.size()) - start};
  }
  return {std::string_view::npos, 0};
}

bool is_keywords(std::string_view text) {
  const auto has = [&](std::string_view key) { return find_value(text, key, " ", 0).second > 0; };
  return has("host") || has("dbname") || has("service");
}

void replace_value(std::string& text, std::string_view key, std::string_view separators, size_t from,
                   const std::string& value) {
  const auto [start, size] = find_value(text, key, separators, from);
  if (start != std::string::npos) text.replace(start, size, value);
}

// Of a URL's query or of a keyword string; "": not there.
std::string setting_of(const std::string& connection, std::string_view key) {
  const Url url = parse_url(connection);
  size_t from = 0;
  std::string_view separators = " ";
  if (url.valid) {
    const size_t query = connection.find('?', url.host_end);
    if (query == std::string::npos) return {};
    from = query + 1;
    separators = "?&#";
  }
  const auto [start, size] = find_value(connection, key, separators, from);
  return start == std::string::npos ? std::string() : connection.substr(start, size);
}

// Takes back what the connection says of encryption.
void make_plain(std::string& connection) {
  const Url url = parse_url(connection);
  const size_t query = url.valid ? connection.find('?', url.host_end) : 0;
  if (query == std::string::npos) return;
  const std::string_view separators = url.valid ? "?&#" : " ";
  const size_t from = url.valid ? query + 1 : 0;
  replace_value(connection, "sslmode", separators, from, "disable");
  replace_value(connection, "ssl", separators, from, "false");
  replace_value(connection, "channel_binding", separators, from, "disable");
  replace_value(connection, "sslnegotiation", separators, from, "postgres");
}

}  // namespace

Environment current_environment() {
  Environment environment;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string entry = *at;
    const size_t equal = entry.find('=');
    if (equal != std::string::npos) environment[entry.substr(0, equal)] = entry.substr(equal + 1);
  }
  return environment;
}

namespace {

// What a connection says of where it leads; "": it leaves that to a service, the environment, or the default.
struct Place {
  std::string host, hostaddr, port, service;

  void fill(const Place& other) {
    if (host.empty() && hostaddr.empty()) {
      host = other.host;
      hostaddr = other.hostaddr;
    }
    if (port.empty()) port = other.port;
  }
  SocketAddress address() const {
    return address_of(hostaddr.empty() ? host : hostaddr, port.empty() ? kDefaultPort : port_from(port));
  }
};

// Of several hosts, the first.
std::string first_of(const std::string& list) {
  return list.substr(0, list.find(','));
}

// Nothing when it is no connection.
std::optional<Place> place_of(const std::string& connection) {
  const Url url = parse_url(connection);
  if (!url.valid && !is_keywords(connection)) return {};
  Place place;
  place.host = first_of(setting_of(connection, "host"));
  place.hostaddr = first_of(setting_of(connection, "hostaddr"));
  place.port = first_of(setting_of(connection, "port"));
  place.service = setting_of(connection, "service");
  if (!url.valid) return place;
  std::string host = first_of(connection.substr(url.host, url.host_end - url.host));
  const size_t bracket = host.find(']');
  if (const size_t colon = host.rfind(':');
      colon != std::string::npos && (bracket == std::string::npos || colon > bracket)) {
    if (place.port.empty()) place.port = host.substr(colon + 1);
    host.resize(colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (place.host.empty()) place.host = host;
  // A driver that is not libpq's takes the host to be this one.
  const std::string_view scheme = std::string_view(connection).substr(0, connection.find("://"));
  if (place.host.empty() && scheme.starts_with("jdbc:")) place.host = "localhost";
  return place;
}

std::string value_of(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

// The first of `names` that is a connection; "": none is.
std::string connection_of(const Environment& environment, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (const std::string value = value_of(environment, name); place_of(value)) return value;
  }
  return {};
}

// The settings of the service that the connection, or else the environment, names.
ServiceFile::Settings service_of(const Environment& environment, const std::string& connection) {
  std::string service = connection.empty() ? std::string() : place_of(connection)->service;
  if (service.empty()) service = value_of(environment, "PGSERVICE");
  if (service.empty()) return {};
  return ServiceFile::find(environment, service).settings(service);
}

Place place_of(const ServiceFile::Settings& settings) {
  return {value_of(settings, "host"), value_of(settings, "hostaddr"), value_of(settings, "port"), {}};
}

}  // namespace

std::optional<SocketAddress> server_of(const std::string& connection) {
  const std::optional<Place> place = place_of(connection);
  if (!place) return {};
  return place->address();
}

std::string redirected(const std::string& connection, uint16_t port) {
  std::string text = connection;
  const std::string number = std::to_string(port);
  const Url url = parse_url(text);
  if (url.valid) {
    if (const size_t query = text.find('?', url.host_end); query != std::string::npos) {
      replace_value(text, "host", "?&#", query + 1, "127.0.0.1");
      replace_value(text, "hostaddr", "?&#", query + 1, "127.0.0.1");
      replace_value(text, "port", "?&#", query + 1, number);
    }
    text.replace(url.host, url.host_end - url.host, "127.0.0.1:" + number);
    return text;
  }
  if (!is_keywords(text)) return text;
  for (const auto& [key, value] :
       {std::pair<std::string, std::string>{"host", "127.0.0.1"}, {"port", number}}) {
    if (find_value(text, key, " ", 0).first == std::string::npos) {
      text += " " + key + "=" + value;
    } else {
      replace_value(text, key, " ", 0, value);
    }
  }
  replace_value(text, "hostaddr", " ", 0, "127.0.0.1");
  return text;
}

SocketAddress server_of(const Environment& environment, const std::vector<std::string>& names) {
  const std::string connection = connection_of(environment, names);
  Place place = connection.empty() ? Place() : *place_of(connection);
  place.fill(place_of(service_of(environment, connection)));
  place.fill({value_of(environment, "PGHOST"),
              value_of(environment, "PGHOSTADDR"),
              value_of(environment, "PGPORT"),
              {}});
  if (!place.host.empty() || !place.hostaddr.empty()) return place.address();
  Place local = place;
  local.host = "/var/run/postgresql";
  return ::access(local.address().path.c_str(), F_OK) == 0 ? local.address() : place.address();
}

std::string redirected_services(const Environment& environment, const std::vector<std::string>& names,
                                uint16_t port, bool plain) {
  const std::string connection = connection_of(environment, names);
  std::string service = connection.empty() ? std::string() : place_of(connection)->service;
  if (service.empty()) service = value_of(environment, "PGSERVICE");
  if (service.empty()) return {};
  const std::string server = server_of(environment, names).text();
  ServiceFile::Settings changes = {{"host", "127.0.0.1"}, {"hostaddr", ""}, {"port", std::to_string(port)}};
  if (plain) {
    changes.insert({{"sslmode", "disable"},
                    {"gssencmode", "disable"},
                    {"channel_binding", ""},
                    {"requiressl", ""},
                    {"sslnegotiation", ""}});
  }
  return ServiceFile::find(environment, service)
      .with(
          [&](const ServiceFile::Settings& settings) {
            Place place = place_of(settings);
            place.fill({value_of(environment, "PGHOST"),
                        value_of(environment, "PGHOSTADDR"),
                        value_of(environment, "PGPORT"),
                        {}});
            return place.address().text() == server;
          },
          changes);
}

void redirect(Environment& environment, const std::vector<std::string>& names, uint16_t port, bool plain) {
  for (const std::string& name : names) {
    if (const auto found = environment.find(name); found != environment.end()) {
      found->second = redirected(found->second, port);
    }
  }
  if (plain) {
    for (const std::string& name : names) {
      if (const auto found = environment.find(name); found != environment.end()) make_plain(found->second);
    }
  }
  environment["PGHOST"] = "127.0.0.1";
  environment["PGPORT"] = std::to_string(port);
  if (environment.count("PGHOSTADDR") != 0) environment["PGHOSTADDR"] = "127.0.0.1";
  if (!plain) return;
  environment["PGSSLMODE"] = "disable";
  environment["PGGSSENCMODE"] = "disable";
  environment.erase("PGREQUIRESSL");
  environment.erase("PGCHANNELBINDING");
  environment.erase("PGSSLNEGOTIATION");
}

Encryption encryption_of(const Environment& environment, const std::vector<std::string>& names) {
  Encryption encryption;
  const auto from_variable = [&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  const std::string connection = connection_of(environment, names);
  if (!connection.empty()) {
    encryption.mode = setting_of(connection, "sslmode");
    encryption.authority = setting_of(connection, "sslrootcert");
    // As node's and Java's drivers say it.
    if (encryption.mode.empty() && setting_of(connection, "ssl") == "true") encryption.mode = "require";
  }
  const ServiceFile::Settings service = service_of(environment, connection);
  if (encryption.mode.empty()) encryption.mode = value_of(service, "sslmode");
  if (encryption.authority.empty()) encryption.authority = value_of(service, "sslrootcert");
  if (encryption.mode.empty()) encryption.mode = from_variable("PGSSLMODE");
  if (encryption.authority.empty()) encryption.authority = from_variable("PGSSLROOTCERT");
  return encryption;
}

std::string libpq_url(const Environment& environment, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto found = environment.find(name);
    if (found == environment.end() || !server_of(found->second)) continue;
    const std::string& connection = found->second;
    const Url url = parse_url(connection);
    if (!url.valid) return connection;
    std::string text = "postgresql" + connection.substr(connection.find("://"));
    const size_t query = text.find('?');
    if (query == std::string::npos) return text;
    std::string kept;
    for (const char* key : {"host", "hostaddr", "port", "user", "password", "dbname", "service", "sslmode",
                            "sslrootcert", "sslcert", "sslkey"}) {
      const std::string value = setting_of(connection, key);
      if (!value.empty()) kept += (kept.empty() ? "?" : "&") + std::string(key) + "=" + value;
    }
    return text.substr(0, query) + kept;
  }
  const std::string service = value_of(environment, "PGSERVICE");
  return service.empty() ? std::string() : "service=" + service;
}

}  // namespace pgsieve
