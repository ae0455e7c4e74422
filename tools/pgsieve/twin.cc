// pgsieve twin start | stop: a planner twin that stays until it is stopped.
#include <fmt/format.h>

#include <cctype>
#include <filesystem>
#include <fstream>

#include "analyzer/advisor/twin.h"
#include "analyzer/schema/text_file.h"
#include "tools/pgsieve/commands.h"

namespace pgsieve {

namespace {

namespace fs = std::filesystem;

// The file that tells a twin's directory from any other; its line is the name of the database.
constexpr const char* kMark = "pgsieve-twin";

int fail(const Error& error) {
  tell(error.to_string());
  return error.kind == Error::Kind::kUsage ? kExitUsage : kExitInput;
}

int usage(const std::string& message) {
  return fail({.kind = Error::Kind::kUsage, .message = message, .hint = {}, .file = {}});
}

std::string percent_encoded(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string url_of(const std::string& directory, const std::string& database) {
  return fmt::format("postgresql://postgres@/{}?host={}&port=5432", percent_encoded(database),
                     percent_encoded(directory));
}

std::string absolute(const std::string& directory) {
  std::string path = fs::absolute(directory).lexically_normal().string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string database_in(const std::string& directory) {
  std::ifstream mark(fs::path(directory) / kMark);
  std::string database;
  std::getline(mark, database);
  return database;
}

// The version of a cluster that is there already.
Result<ServerPrograms> programs_for(const std::string& directory, const std::string& given) {
  std::ifstream version(fs::path(directory) / "data" / "PG_VERSION");
  int major = 0;
  version >> major;
  return find_server_programs(given, major);
}

int start_again(const TwinCommandOptions& options, const std::string& directory) {
  const Result<ServerPrograms> programs = programs_for(directory, options.bin_directory);
  if (!programs) return fail(programs.error());
  if (const Status failed = start_kept_server(*programs, directory)) return fail(*failed);
  return write_stdout(url_of(directory, database_in(directory)) + "\n") ? kExitOk : kExitInput;
}

int start(const TwinCommandOptions& options) {
  const std::string directory = options.directory.empty() ? "" : absolute(options.directory);
  if (!directory.empty() && !database_in(directory).empty()) {
    if (options.schema_file.empty() && options.statistics_file.empty())
      return start_again(options, directory);
    return usage(fmt::format(
        "{} holds a twin already: stop it first (pgsieve twin stop {}), or leave out --schema and "
        "--stats to start it again",
        directory, directory));
  }
  if (options.schema_file.empty() || options.statistics_file.empty())
    return usage("a twin needs --schema (pg_dump --schema-only) and --stats (pgsieve stats export)");
  const Result<std::string> ddl = read_text_file(options.schema_file);
  if (!ddl)
    return fail({.kind = Error::Kind::kUsage,
                 .message = ddl.error().message,
                 .hint = ddl.error().hint,
                 .file = options.schema_file});
  const Result<StatisticsFile> statistics = load_statistics_file(options.statistics_file);
  if (!statistics) {
    Error error = statistics.error();
    error.kind = Error::Kind::kUsage;
    return fail(error);
  }
  const Result<Twin> twin = Twin::create(
      *ddl, *statistics, {.directory = directory, .bin_directory = options.bin_directory, .keep = true});
  if (!twin) return fail(twin.error());
  for (const std::string& warning : twin->warnings()) tell_warning(warning);
  if (!twin->has_hypopg())
    tell_warning(
        fmt::format("no HypoPG here: install postgresql-{}-hypopg to ask about indexes", twin->major()));
  std::ofstream(fs::path(twin->directory()) / kMark) << statistics->header.database << '\n';
  tell(fmt::format("stop it with: pgsieve twin stop {}", twin->directory()));
  return write_stdout(url_of(twin->directory(), statistics->header.database) + "\n") ? kExitOk : kExitInput;
}

int stop(const TwinCommandOptions& options) {
  const std::string directory = absolute(options.directory);
  if (database_in(directory).empty()) return usage(fmt::format("{} holds no twin", directory));
  const Result<ServerPrograms> programs = programs_for(directory, options.bin_directory);
  if (!programs) return fail(programs.error());
  if (const Status failed = stop_kept_server(*programs, directory, !options.keep_files)) return fail(*failed);
  return kExitOk;
}

}  // namespace

int run_twin(const TwinCommandOptions& options) {
  return options.action == TwinCommandOptions::Action::kStop ? stop(options) : start(options);
}

}  // namespace pgsieve
