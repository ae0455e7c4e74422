// ServiceFile: libpq's connection service file: sections "[name]" of "setting=value" lines (PostgreSQL
// documentation, "The Connection Service File"). LDAP lookups are passed over.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace pgsieve {

class ServiceFile {
 public:
  using Settings = std::map<std::string, std::string>;

  ServiceFile() = default;
  explicit ServiceFile(std::string text);
  // What libpq would read: PGSERVICEFILE, else ~/.pg_service.conf and PGSYSCONFDIR/pg_service.conf, the first
  // that knows `service`. Empty: none of them does.
  static ServiceFile find(const std::map<std::string, std::string>& environment, const std::string& service);

  bool empty() const { return text_.empty(); }
  // Of a service; empty: it has none, or is not in the file.
  Settings settings(const std::string& service) const;
  // The file with other settings for the services that `moves` says so of; everything else stays.
  std::string with(const std::function<bool(const Settings& settings)>& moves, const Settings& changes) const;

 private:
  std::string text_;
};

}  // namespace pgsieve
