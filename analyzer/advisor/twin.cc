#include "analyzer/advisor/twin.h"

#include <fmt/format.h>

#include "analyzer/advisor/server_connection.h"
#include "analyzer/advisor/twin_catalog.h"

namespace pgsieve {

namespace {

constexpr int kVersionUnit = 10000;  // 150008 is 15.8

Result<ServerConnection> connect(const TwinServer& server, const std::string& database) {
  return ServerConnection::connect(server.connection(database));
}

void warn_of_limits(const StatisticsFile& statistics, int major, std::vector<std::string>& warnings) {
  const int original = statistics.header.server_version_num / kVersionUnit;
  if (original != 0 && original != major)
    warnings.push_back(fmt::format("exported from PostgreSQL {}, planned by {}: costs may differ",
                                   statistics.header.server_version, major));
  if (!statistics.header.values)
    warnings.emplace_back(
        "the statistics hold no values: the planner knows numbers of distinct values but no skew and no "
        "ranges (export with --with-values for production's own costs)");
  if (statistics.header.extended_statistics != 0)
    warnings.push_back(fmt::format("the data of {} extended statistics is not in an export",
                                   statistics.header.extended_statistics));
}

}  // namespace

Result<Twin> Twin::create(std::string_view ddl, const StatisticsFile& statistics,
                          const TwinOptions& options) {
  if (!ServerConnection::available())
    return Error{.kind = Error::Kind::kUsage,
                 .message = "this pgsieve was built without libpq and can't make a twin",
                 .hint = {},
                 .file = {}};
  const StatisticsHeader& header = statistics.header;
  if (header.block_size != kTwinBlockBytes)
    return Error{.message = fmt::format("the server has blocks of {} bytes; a twin has {}", header.block_size,
                                        kTwinBlockBytes),
                 .hint = {},
                 .file = {}};
  const Result<ServerPrograms> programs =
      find_server_programs(options.bin_directory, header.server_version_num / kVersionUnit);
  if (!programs) return programs.error();
  Result<std::unique_ptr<TwinServer>> made = TwinServer::create(*programs, options.directory);
  if (!made) return made.error();

  Twin twin;
  twin.server_ = std::move(*made);
  twin.major_ = programs->major;
  TwinServer& server = *twin.server_;
  std::vector<std::string>& warnings = twin.warnings_;
  warn_of_limits(statistics, twin.major_, warnings);
  if (Status failed = server.start()) return *failed;
  {
    Result<ServerConnection> maintenance = connect(server, "template1");
    if (!maintenance) return maintenance.error();
    if (Status failed = create_twin_database(*maintenance, header, twin.major_, warnings)) return *failed;
  }
  std::vector<TwinFile> files;
  {
    Result<ServerConnection> database = connect(server, header.database);
    if (!database) return database.error();
    if (Status failed = create_twin_schema(*database, ddl, header, warnings)) return *failed;
  }
  {
    Result<ServerConnection> database = connect(server, header.database);  // the schema file changed settings
    if (!database) return database.error();
    if (const auto quiet = database->query("SET client_min_messages = warning"); !quiet) return quiet.error();
    twin.has_hypopg_ = database->query("CREATE EXTENSION IF NOT EXISTS hypopg WITH SCHEMA public").ok();
    Result<std::vector<TwinFile>> restored = restore_twin_statistics(*database, statistics, warnings);
    if (!restored) return restored.error();
    files = std::move(*restored);
  }
  {
    Result<ServerConnection> database = connect(server, header.database);
    if (!database) return database.error();
    if (Status failed = set_twin_settings(*database, header, warnings)) return *failed;
  }
  if (Status failed = server.stop()) return *failed;
  for (TwinFile& file : files) {
    file.path = server.data_directory() + "/" + file.path;
    if (Status failed = grow_twin_file(file, server.owner())) return *failed;
  }
  if (Status failed = options.keep ? server.start_and_keep() : server.start()) return *failed;
  twin.connection_ = server.connection(header.database);
  return twin;
}

}  // namespace pgsieve
