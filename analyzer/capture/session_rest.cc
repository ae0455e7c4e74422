#include "analyzer/capture/session_rest.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace pgsieve {
namespace {

// A line per session: "KEY FLAGS LOOSE… UNPLANNED… PREPARES…", all numbers.
constexpr std::string_view kHeader = "rests/1\n";
constexpr uint64_t kHasStatements = 1, kAwaits = 2;

class Numbers {
 public:
  explicit Numbers(std::string_view text) : text_(text) {}
  std::optional<uint64_t> next() {
    uint64_t number = 0;
    const auto [end, failed] = std::from_chars(text_.data(), text_.data() + text_.size(), number, 16);
    if (failed != std::errc()) return {};
    text_.remove_prefix(static_cast<size_t>(end - text_.data()));
    if (text_.starts_with(' ')) text_.remove_prefix(1);
    return number;
  }

 private:
  std::string_view text_;
};

void append(uint64_t number, std::string& out) {
  char digits[17];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, 16).ptr;
  if (!out.empty()) out += ' ';
  out.append(digits, end);
}

}  // namespace

SessionRests::SessionRests(std::string_view text) {
  if (!text.starts_with(kHeader)) return;
  text.remove_prefix(kHeader.size());
  while (!text.empty() && rests_.size() < kMost) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::optional<uint64_t> key = Numbers(line).next();
    const size_t blank = line.find(' ');
    if (key && blank != std::string_view::npos) rests_.emplace(*key, line.substr(blank + 1));
  }
}

void SessionRests::keep(const Backend& backend, bool awaits) {
  const bool unplanned = std::any_of(backend.unplanned.begin(), backend.unplanned.end(),
                                     [](uint64_t text) { return text != 0; });
  if (backend.key == 0 || rests_.size() >= kMost ||
      (backend.prepares.empty() && backend.loose_count == 0 && !awaits && !unplanned))
    return;
  std::string rest;
  append((backend.has_statements ? kHasStatements : 0) | (awaits ? kAwaits : 0), rest);
  append(backend.loose_count, rest);
  for (const Microseconds loose : backend.loose) append(static_cast<uint64_t>(loose), rest);
  for (const uint64_t text : backend.unplanned) append(text, rest);
  for (const PrepareTime& prepare : backend.prepares) {
    for (const uint64_t number :
         {prepare.name, prepare.text, static_cast<uint64_t>(prepare.parse),
          static_cast<uint64_t>(prepare.bind), uint64_t{prepare.parses}, uint64_t{prepare.binds}})
      append(number, rest);
  }
  rests_.insert_or_assign(backend.key, std::move(rest));
}

bool SessionRests::restore(Backend& backend) {
  const auto found = rests_.find(backend.key);
  if (found == rests_.end()) return false;
  Numbers numbers(found->second);
  const uint64_t flags = numbers.next().value_or(0);
  backend.has_statements = (flags & kHasStatements) != 0;
  backend.owed_duration = (flags & kAwaits) != 0;
  backend.loose_count =
      static_cast<uint32_t>(std::min<uint64_t>(numbers.next().value_or(0), backend.loose.size()));
  for (Microseconds& loose : backend.loose) loose = static_cast<Microseconds>(numbers.next().value_or(0));
  for (uint64_t& text : backend.unplanned) text = numbers.next().value_or(0);
  while (backend.prepares.size() < Backend::kMaxPrepares) {
    const std::optional<uint64_t> name = numbers.next();
    if (!name) break;
    PrepareTime prepare{*name, numbers.next().value_or(0)};
    prepare.parse = static_cast<Microseconds>(numbers.next().value_or(0));
    prepare.bind = static_cast<Microseconds>(numbers.next().value_or(0));
    prepare.parses = static_cast<uint32_t>(numbers.next().value_or(0));
    prepare.binds = static_cast<uint32_t>(numbers.next().value_or(0));
    backend.prepares.push_back(prepare);
  }
  rests_.erase(found);
  return true;
}

std::string SessionRests::text() const {
  std::string text(kHeader);
  for (const auto& [key, rest] : rests_) {
    std::string line;
    append(key, line);
    text += line + " " + rest + "\n";
  }
  return text;
}

}  // namespace pgsieve
