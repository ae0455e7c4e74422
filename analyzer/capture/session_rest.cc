#include "analyzer/capture/session_rest.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace pgsieve {
namespace {

// A line per session: "KEY FLAGS LOOSE… UNPLANNED… PREPARES…", all numbers. A statement follows behind a
// semicolon: "FLAGS DURATION TIME PREPARE FETCHES TRANSACTION POSITION" and its texts, two digits for a byte;
// so does an error behind an exclamation mark.
constexpr std::string_view kHeader = "rests/1\n";
constexpr uint64_t kHasStatements = 1, kAwaits = 2;
constexpr char kStatement = ';', kError = '!';
constexpr std::string_view kLeft = ";!";
constexpr uint64_t kExtended = 1, kAwaitsDuration = 2, kAwaitsFetch = 4, kParametersGiven = 8;

class Numbers {
 public:
  explicit Numbers(std::string_view text) : text_(text) {}
  std::optional<uint64_t> next() {
    uint64_t number = 0;
    const auto [end, failed] = std::from_chars(text_.data(), text_.data() + text_.size(), number, 16);
    if (failed != std::errc()) return {};
    text_.remove_prefix(static_cast<size_t>(end - text_.data()));
    skip_blank();
    return number;
  }
  std::string next_text() {
    std::string text;
    while (text_.size() >= 2 && text_[0] != ' ') {
      unsigned char byte = 0;
      if (std::from_chars(text_.data(), text_.data() + 2, byte, 16).ptr != text_.data() + 2) break;
      text += static_cast<char>(byte);
      text_.remove_prefix(2);
    }
    skip_blank();
    return text;
  }

 private:
  void skip_blank() {
    if (text_.starts_with(' ')) text_.remove_prefix(1);
  }

  std::string_view text_;
};

void append(uint64_t number, std::string& out) {
  char digits[17];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, 16).ptr;
  if (!out.empty()) out += ' ';
  out.append(digits, end);
}

void append_text(std::string_view text, std::string& out) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += ' ';
  for (const char c : text) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
}

size_t bytes_of(const Execution& statement) {
  return statement.text.size() + statement.parameter_list.size() + statement.prepare_text.size() +
         statement.error_message.size();
}

std::string written(const Execution& statement) {
  std::string out;
  append((statement.extended ? kExtended : 0) | (statement.awaits_duration ? kAwaitsDuration : 0) |
             (statement.awaits_fetch ? kAwaitsFetch : 0) |
             (statement.parameters_given ? kParametersGiven : 0),
         out);
  for (const Microseconds time : {statement.duration, statement.time, statement.prepare})
    append(static_cast<uint64_t>(time), out);
  append(statement.fetches, out);
  append(statement.transaction, out);
  append(statement.position, out);
  for (const std::string_view text : {statement.text, statement.name, statement.prepare_text,
                                      statement.parameter_list, statement.sqlstate, statement.error_message})
    append_text(text, out);
  return out;
}

void read_statement(std::string_view line, Execution& statement) {
  Numbers numbers(line);
  const uint64_t flags = numbers.next().value_or(0);
  statement.duration = static_cast<Microseconds>(numbers.next().value_or(0));
  statement.time = static_cast<Microseconds>(numbers.next().value_or(0));
  statement.prepare = static_cast<Microseconds>(numbers.next().value_or(0));
  statement.fetches = static_cast<uint32_t>(numbers.next().value_or(0));
  statement.transaction = numbers.next().value_or(0);
  statement.position = numbers.next().value_or(0);
  const std::string text = numbers.next_text(), name = numbers.next_text();
  const std::string prepare_text = numbers.next_text(), parameters = numbers.next_text();
  const std::string sqlstate = numbers.next_text(), error_message = numbers.next_text();
  if (text.empty() && error_message.empty()) return;
  statement.active = true;
  statement.extended = (flags & kExtended) != 0;
  statement.awaits_duration = (flags & kAwaitsDuration) != 0;
  statement.awaits_fetch = (flags & kAwaitsFetch) != 0;
  statement.text = text;
  statement.name = name;
  statement.prepare_text = prepare_text;
  statement.sqlstate = sqlstate;
  statement.error_message = error_message;
  std::string scratch;
  if ((flags & kParametersGiven) != 0) statement.set_parameters(parameters, scratch);
  statement.own();
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

bool SessionRests::has_room(const Execution& statement) const {
  const size_t bytes = bytes_of(statement);
  return bytes <= kLongestStatement && statement_bytes_ + bytes <= kMostBytes && rests_.size() < kMost;
}

void SessionRests::keep(const Backend& backend, Left left) {
  const bool unplanned = std::any_of(backend.unplanned.begin(), backend.unplanned.end(),
                                     [](uint64_t text) { return text != 0; });
  if (backend.key == 0 || rests_.size() >= kMost ||
      (backend.prepares.empty() && backend.loose_count == 0 && left == Left::kNothing && !unplanned))
    return;
  std::string rest;
  append((backend.has_statements ? kHasStatements : 0) | (left == Left::kDuration ? kAwaits : 0), rest);
  append(backend.loose_count, rest);
  for (const Microseconds loose : backend.loose) append(static_cast<uint64_t>(loose), rest);
  for (const uint64_t text : backend.unplanned) append(text, rest);
  for (const PrepareTime& prepare : backend.prepares) {
    for (const uint64_t number :
         {prepare.name, prepare.text, static_cast<uint64_t>(prepare.parse),
          static_cast<uint64_t>(prepare.bind), uint64_t{prepare.parses}, uint64_t{prepare.binds}})
      append(number, rest);
  }
  if (left == Left::kError || left == Left::kStatement) {
    const Execution& statement = left == Left::kError ? backend.failed : backend.current;
    rest += (left == Left::kError ? kError : kStatement) + written(statement);
    statement_bytes_ += bytes_of(statement);
  }
  rests_.insert_or_assign(backend.key, std::move(rest));
}

bool SessionRests::restore(Backend& backend) {
  const auto found = rests_.find(backend.key);
  if (found == rests_.end()) return false;
  const std::string_view rest = found->second;
  const size_t left = rest.find_first_of(kLeft);
  if (left != std::string_view::npos && rest[left] == kStatement)
    read_statement(rest.substr(left + 1), backend.current);
  if (left != std::string_view::npos && rest[left] == kError) {
    read_statement(rest.substr(left + 1), backend.failed);
    backend.failed.kind = Event::Kind::kFailed;
  }
  Numbers numbers(rest.substr(0, left));
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

size_t SessionRests::statements() const {
  return static_cast<size_t>(std::count_if(rests_.begin(), rests_.end(), [](const auto& rest) {
    return rest.second.find(kStatement) != std::string::npos;
  }));
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
