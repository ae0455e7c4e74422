#include "tools/pgsieve/service_file.h"

#include <fstream>
#include <iterator>
#include <vector>

namespace pgsieve {
namespace {

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r";
  const size_t first = line.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kBlank) - first + 1);
}

// "[name]": the name; else empty.
std::string_view section_of(std::string_view line) {
  const bool header = line.size() > 2 && line.front() == '[' && line.find(']') != std::string_view::npos;
  return header ? line.substr(1, line.find(']') - 1) : std::string_view();
}

template <typename Visit>
void each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const size_t end = text.find('\n');
    visit(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

ServiceFile::ServiceFile(std::string text) : text_(std::move(text)) {}

ServiceFile ServiceFile::find(const std::map<std::string, std::string>& environment,
                              const std::string& service) {
  const auto value = [&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  std::vector<std::string> paths;
  if (const std::string named = value("PGSERVICEFILE"); !named.empty()) {
    paths.push_back(named);
  } else if (const std::string home = value("HOME"); !home.empty()) {
    paths.push_back(home + "/.pg_service.conf");
  }
  const std::string system = value("PGSYSCONFDIR");
  paths.push_back((system.empty() ? "/etc/postgresql-common" : system) + "/pg_service.conf");
  for (const std::string& path : paths) {
    ServiceFile file(read_text(path));
    bool known = false;
    each_line(file.text_,
              [&](std::string_view line) { known = known || section_of(trimmed(line)) == service; });
    if (known) return file;
  }
  return {};
}

ServiceFile::Settings ServiceFile::settings(const std::string& service) const {
  Settings settings;
  bool inside = false;
  each_line(text_, [&](std::string_view raw) {
    const std::string_view line = trimmed(raw);
    if (line.starts_with('[')) inside = section_of(line) == service;
    const size_t equals = line.find('=');
    if (!inside || line.starts_with('#') || equals == std::string_view::npos) return;
    // The first of two settings of a name counts.
    settings.try_emplace(std::string(line.substr(0, equals)), line.substr(equals + 1));
  });
  return settings;
}

std::string ServiceFile::with(const std::function<bool(const Settings& settings)>& moves,
                              const Settings& changes) const {
  std::string out;
  bool moved = false;
  each_line(text_, [&](std::string_view raw) {
    const std::string_view line = trimmed(raw);
    const bool setting = !line.starts_with('#') && !line.starts_with('[');
    const std::string name(line.substr(0, line.find('=')));
    if (!(moved && setting && changes.contains(name))) out.append(raw).push_back('\n');
    if (const std::string_view service = section_of(line); !service.empty()) {
      moved = moves(settings(std::string(service)));
      for (const auto& [key, value] : moved ? changes : Settings())
        if (!value.empty()) out += key + "=" + value + "\n";
    }
  });
  return out;
}

}  // namespace pgsieve
