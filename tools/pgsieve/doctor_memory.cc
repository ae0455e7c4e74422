#include "tools/pgsieve/doctor_memory.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "analyzer/base/json_writer.h"

namespace pgsieve {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kSchema = "pgsieve.doctor/1";

Error broken(const std::string& path, std::string message) {
  Error error;
  error.kind = Error::Kind::kUsage;
  error.message = std::move(message);
  error.hint = "It holds what the server's settings were before --apply; look at it before you delete it";
  error.file = path;
  return error;
}

}  // namespace

std::string memory_path(const std::string& server) {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  const fs::path folder = state != nullptr && *state == '/' ? fs::path(state)
                          : home != nullptr                 ? fs::path(home) / ".local" / "state"
                                                            : fs::path(".");
  return (folder / "pgsieve" / fmt::format("doctor-{}.json", server)).string();
}

Result<std::optional<DoctorMemory>> load_memory(const std::string& path) {
  std::error_code failed;
  if (!fs::exists(path, failed)) return std::optional<DoctorMemory>();
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  std::string_view schema;
  std::string_view server;
  simdjson::dom::object settings;
  if (parser.load(path).get(document) != simdjson::SUCCESS ||
      document["schema"].get(schema) != simdjson::SUCCESS || schema != kSchema ||
      document["server"].get(server) != simdjson::SUCCESS ||
      document["settings"].get(settings) != simdjson::SUCCESS) {
    return broken(path, "this is no memory of pgsieve doctor");
  }
  DoctorMemory memory;
  memory.server = server;
  for (const auto& [name, entry] : settings) {
    RememberedSetting& setting = memory.settings[std::string(name)];
    std::string_view text;
    if (entry["set"].get(text) != simdjson::SUCCESS)
      return broken(path, "a setting lacks what it was set to");
    setting.set = text;
    simdjson::dom::element before;
    if (entry["before"].get(before) != simdjson::SUCCESS)
      return broken(path, "a setting lacks what it was before");
    if (before.is_null()) continue;
    if (before.get(text) != simdjson::SUCCESS) return broken(path, "a setting lacks what it was before");
    setting.before = std::string(text);
  }
  return std::optional(memory);
}

Status save_memory(const std::string& path, const DoctorMemory& memory) {
  JsonWriter json(2);
  json.begin_object();
  json.member("schema", kSchema);
  json.member("server", memory.server);
  json.key("settings");
  json.begin_object();
  for (const auto& [name, setting] : memory.settings) {
    json.key(name);
    json.begin_object();
    json.key("before");
    if (setting.before) {
      json.value(*setting.before);
    } else {
      json.null();
    }
    json.member("set", setting.set);
    json.end_object();
  }
  json.end_object();
  json.end_object();
  std::error_code failed;
  if (fs::path(path).has_parent_path()) fs::create_directories(fs::path(path).parent_path(), failed);
  const std::string draft = path + ".new";
  {
    std::ofstream file(draft, std::ios::binary | std::ios::trunc);
    file << json.text() << "\n";
    file.close();
    if (!file) failed = std::make_error_code(std::errc::io_error);
  }
  if (!failed) fs::rename(draft, path, failed);
  if (!failed) return {};
  Error error;
  error.kind = Error::Kind::kUsage;
  error.message = fmt::format("can't keep what the settings were before: {}", failed.message());
  error.hint = "Name a file that can be written with --state";
  error.file = path;
  return error;
}

}  // namespace pgsieve
