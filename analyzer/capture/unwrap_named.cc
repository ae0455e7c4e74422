// The output of several containers in one stream, each line led by a name: "postgres-1  | LINE" (docker
// compose logs, docker service logs), "[pod/postgres-0/postgres] LINE" (kubectl logs --prefix) and
// "postgres-0 postgres LINE" (stern; with --all-namespaces the namespace first), in colours or not.
//
// A log_line_prefix may begin with two names as well ("%u %d "), but the further lines of an entry then have
// none: stern's output is known by those, or by what it says itself ("+ postgres-0 › postgres").
//
// Only containers that write a server's log are read; the lines of the others are counted as another
// program's. Lines of two servers come in any order, so a line waits until the next one of its container
// shows that no continuation (with a tab) follows.
#include <algorithm>
#include <map>
#include <set>

#include "analyzer/base/time.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

constexpr size_t kLongestName = 200;
constexpr size_t kMostNames = 1000;

// Length of the colour and style sequences ("\x1b[36m") at the start of text.
size_t style_length(std::string_view text) {
  size_t at = 0;
  while (text.substr(at).starts_with("\x1b[")) {
    const size_t end = text.find_first_not_of("0123456789;", at + 2);
    if (end == std::string_view::npos || (text[end] != 'm' && text[end] != 'K')) break;
    at = end + 1;
  }
  return at;
}

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._-@/").find(c) != std::string_view::npos;
}

struct NamedLine {
  std::string_view name, text;
};

// "[pod/NAME/CONTAINER] LINE".
bool read_pod(std::string_view line, NamedLine& named) {
  if (!line.starts_with("[pod/")) return false;
  const size_t close = line.substr(0, kLongestName).find("] ");
  if (close == std::string_view::npos) return false;
  named = {line.substr(0, close), line.substr(close + 2)};
  return std::all_of(named.name.begin() + 1, named.name.end(), is_name_byte);
}

// "NAME  | LINE": compose pads all names to one width, and puts a blank more.
bool read_service(std::string_view line, NamedLine& named) {
  line.remove_prefix(style_length(line));
  const auto* end = std::find_if_not(line.begin(), line.end(), is_name_byte);
  const auto length = static_cast<size_t>(end - line.begin());
  if (length == 0 || length > kLongestName) return false;
  size_t at = length;
  while (at < line.size() && line[at] == ' ') ++at;
  if (at < length + 2 || !line.substr(at).starts_with('|')) return false;
  named.name = line.substr(0, length);
  ++at;
  at += style_length(line.substr(at));
  if (line.substr(at).starts_with(' ')) ++at;
  at += style_length(line.substr(at));
  named.text = line.substr(at);
  return true;
}

// "POD CONTAINER LINE" or "NAMESPACE POD CONTAINER LINE", where LINE is a server's, or goes on with one's
// entry.
bool read_stern(std::string_view line, NamedLine& named) {
  size_t at = 0;
  for (size_t words = 1; words <= 3; ++words) {
    const size_t blank = line.substr(0, kLongestName).find(' ', at);
    const std::string_view word = line.substr(at, blank - at);
    if (blank == std::string_view::npos || word.empty() ||
        !std::all_of(word.begin(), word.end(), is_name_byte))
      return false;
    at = blank + 1;
    const std::string_view rest = line.substr(at);
    if (words == 1 || (!rest.starts_with('\t') && parse_time(rest).length == 0)) continue;
    named = {line.substr(0, blank), rest};
    return true;
  }
  return false;
}

// What stern says when it begins and ends to read of a container.
bool is_stern_notice(std::string_view line) {
  return (line.starts_with("+ ") || line.starts_with("- ")) &&
         line.substr(0, kLongestName).find(" \u203a ") != std::string_view::npos;
}

bool read_named(std::string_view line, NamedLine& named) {
  if (!read_pod(line, named) && !read_service(line, named)) return false;
  if (named.text.ends_with("\x1b[0m")) named.text.remove_suffix(4);
  return true;
}

// What a server may have written, or a wrapper around it.
bool is_server_line(std::string_view text) {
  if (text.starts_with("{\"")) return text.find("\"error_severity\"") != std::string_view::npos;
  const size_t stamp = parse_time(text).length;
  if (stamp == 0) return false;
  const std::string_view rest = text.substr(stamp);
  // Behind another's time there may be a line with its own, or a record.
  const bool inner = rest.starts_with(' ') && is_server_line(rest.substr(1));
  return inner || find_level(text).length > 0 || rest.starts_with(',');
}

class NamedUnwrapper final : public LineUnwrapper {
 public:
  NamedUnwrapper(UnwrapReport& report, bool stern) : LineUnwrapper(report), stern_(stern) {}

  bool finish(std::string& out) override {
    LineUnwrapper::finish(out);
    for (auto& [name, waiting] : servers_) {
      out += waiting;
      waiting.clear();
    }
    return false;
  }

 protected:
  void line(std::string_view text, std::string& out) override {
    NamedLine named;
    if (!(stern_ ? read_stern(text, named) || read_known(text, named) : read_named(text, named))) {
      if (!text.empty()) other(text);
      return;
    }
    auto server = servers_.find(named.name);
    if (server == servers_.end()) {
      if (!is_server_line(named.text) || servers_.size() == kMostNames) return other(text);
      server = servers_.emplace(named.name, "").first;
    }
    std::string& waiting = server->second;
    if (!named.text.starts_with('\t') || waiting.size() > kMaxRecordBytes) {
      out += waiting;
      waiting.clear();
    }
    waiting.append(named.text).push_back('\n');
  }

 private:
  // A line of a container whose server is known, whatever it says.
  bool read_known(std::string_view line, NamedLine& named) const {
    for (const auto& [name, waiting] : servers_) {
      if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ' ') continue;
      named = {line.substr(0, name.size()), line.substr(name.size() + 1)};
      return true;
    }
    return false;
  }

  bool stern_;
  std::map<std::string, std::string, std::less<>> servers_;  // by name: what waits
};

}  // namespace

bool is_named_lines(std::string_view head) {
  size_t lines = 0, matched = 0;
  bool server = false;
  for (size_t start = 0; start < head.size() && lines < 200;) {
    const size_t end = std::min(head.find('\n', start), head.size());
    std::string_view line = head.substr(start, end - start);
    start = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    // What docker says itself has no name in front; a server's continuation line with one has its tab behind
    // it.
    if (line.starts_with('\t')) return false;
    if (line.empty()) continue;
    ++lines;
    NamedLine named;
    if (!read_named(line, named)) continue;
    ++matched;
    server |= is_server_line(named.text);
  }
  return server && matched * 10 > lines * 9;
}

bool is_stern(std::string_view head) {
  bool known = false;
  std::set<std::string_view> servers;
  size_t lines = 0;
  for (size_t start = 0; start < head.size() && lines < 2000; ++lines) {
    const size_t end = std::min(head.find('\n', start), head.size());
    const std::string_view line = head.substr(start, end - start);
    start = end + 1;
    if (line.starts_with('\t')) return false;
    NamedLine named;
    known |= is_stern_notice(line);
    if (!read_stern(line, named)) continue;
    if (named.text.starts_with('\t')) {
      known |= servers.contains(named.name);
    } else if (servers.size() < kMostNames && is_server_line(named.text)) {
      servers.insert(named.name);
    }
  }
  return known && !servers.empty();
}

std::unique_ptr<Unwrapper> make_named_lines(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<NamedUnwrapper>(report, false);
}
std::unique_ptr<Unwrapper> make_stern(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<NamedUnwrapper>(report, true);
}

}  // namespace pgsieve
