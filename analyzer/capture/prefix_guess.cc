// Guessing log_line_prefix from the lines themselves.
//
// Every server line has a level word ("LOG:", "ERROR:", …); what stands before it is the prefix, filled in.
// That text is taken apart into the forms its fields can have: a time stamp is %m or %t, the first number in
// brackets the pid, hexadecimal with a dot the session id, word@word user and database, key=value what the
// key says, and so on. Each distinct line form gives a candidate, with and without %q before the first field
// that background processes lack; widely used prefixes join them. All candidates are matched against all
// lines of the sample. A candidate's score is the number of lines it reads, weighted by how much it explains:
// values that look like what the escape stands for count for it, blanks in user names,
// '=' in applications and so on against it.
#include <algorithm>
#include <cctype>
#include <functional>
#include <limits>
#include <map>
#include <set>

#include "analyzer/base/time.h"
#include "analyzer/capture/detect.h"
#include "analyzer/capture/message.h"
#include "analyzer/capture/prefix.h"
#include "analyzer/capture/prefix_forms.h"
#include "analyzer/capture/prefix_shape.h"
#include "analyzer/capture/severity.h"

namespace pgsieve {
namespace {

constexpr size_t kMaxPrefixText = 600;
constexpr size_t kMaxCandidates = 96;

constexpr std::string_view kWellKnown[] = {
    "%m [%p] ",                                  // the server's default since 10
    "%m [%p] %q%u@%d ",                          // Debian
    "%t [%p-%l] %q%u@%d ",                       // Debian before 10
    "%t:%r:%u@%d:[%p]:",                         // Amazon RDS
    "%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a",   // Amazon RDS, the alternative
    "%t [%p]: user=%u,db=%d,app=%a,client=%h ",  // pgBadger's advice
    "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "%t [%p]: [%l-1] user=%u,db=%d ",
    "%m [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
    "%m [%p]: [%l-1] db=%d,user=%u,app=%a,client=%h ",
    "%m [%p]: user=%u,db=%d,app=%a,client=%h ",
    "%m [%p] %q%u@%d %a ",
    "%m [%p] %q%u@%d/%a ",
    "%m [%p] %q[user=%u,db=%d,app=%a] ",
    "[%p]: [%l-1] db=%d,user=%u ",  // Cloud SQL
    "%m [%p]: [%l-1] db=%d,user=%u ",
    "%t-%c-",                              // Azure single server
    "%t [%p]: [%l-1] %c %x %d %u %a %h ",  // Zalando's Spilo
    "%m %u %d %h %p %c ",
    "%t ",
    "%m ",
    "[%p] ",
    "",
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// "user=U database=D application_name=A" of connection messages tells which word is which.
void learn(std::string_view message, PrefixEvidence& evidence) {
  if (classify_message(message).kind == MessageKind::kOther) return;
  // Names may hold blanks: a value goes on to the next key.
  const auto value = [message](std::string_view key) -> std::string_view {
    const size_t at = message.find(key);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = message.substr(at + key.size());
    size_t end = rest.size();
    for (const std::string_view next :
         {" database=", " application_name=", " host=", " port=", " SSL ", " GSS ", "\n"})
      end = std::min(end, rest.find(next));
    return rest.substr(0, end);
  };
  if (const auto user = value(" user="); !user.empty()) evidence.users.emplace(user);
  if (const auto database = value(" database="); !database.empty()) evidence.databases.emplace(database);
  if (const auto application = value(" application_name="); !application.empty())
    evidence.applications.emplace(application);
}

// Length of the text before the level word, and the message; npos: no level word. A prefix may end in a name
// without anything after it ("%q%a"): without a word of its own, one that ends a word ("psqlLOG:") will do.
size_t level_word(std::string_view line, std::string_view& message) {
  const size_t limit = std::min(line.size(), kMaxPrefixText);
  for (const bool within_word : {false, true}) {
    for (size_t at = 0; at < limit; ++at) {
      const bool inside =
          at > 0 && (is_name(line[at - 1]) || is_digit(line[at - 1])) &&
          (static_cast<unsigned char>(line[at]) < 0xC0 || static_cast<unsigned char>(line[at - 1]) >= 0x80);
      if (inside != within_word) continue;
      const SeverityMatch match = read_severity(line.substr(at));
      if (match.length == 0) continue;
      message = line.substr(at + match.length);
      return at;
    }
  }
  return std::string_view::npos;
}

using Names = std::set<std::string, std::less<>>;

// How well a value looks like a name; connection messages have told `known` ones.
int name_quality(std::string_view name, const Names& known) {
  if (name.empty()) return 0;
  if (known.contains(name)) return 5;
  if (internal::command_tag_length(name) == name.size()) return -6;
  // A key, or a number: another field's.
  if (name.size() > 1 && !internal::escape_of_key(name).empty()) return -3;
  if (std::all_of(name.begin(), name.end(), is_digit)) return 0;
  return name.find_first_of(" =[](),:@\"'/") == std::string_view::npos ? (known.empty() ? 3 : 1) : -6;
}

int application_quality(std::string_view name, const Names& known) {
  if (name.empty()) return 0;
  if (known.contains(name)) return 5;
  // "[unknown] 8/6/0": a client that gave no name, and what %v and %x say of its transaction.
  if (name.starts_with("[unknown] ")) return -6;
  if (name.size() > 2 && !internal::escape_of_key(name).empty() && name != "app") return -3;
  int points = name.find_first_of("=@,()") == std::string_view::npos ? 2 : -4;
  if (name.ends_with(':') || name.ends_with('/') || name.ends_with('-')) --points;
  if (name.starts_with(' ') || name.find("  ") != std::string_view::npos) points -= 3;
  if (std::count(name.begin(), name.end(), '[') != std::count(name.begin(), name.end(), ']')) points -= 4;
  return points;
}

// Names that clients give themselves, and nobody gives to a user or a database.
constexpr std::string_view kClients[] = {
    "PostgreSQL JDBC Driver", "psql", "pg_dump", "pg_restore", "pgbench", "pg_dumpall"};

// With the client's name in the place of the user's, where the prefix has one name of no known kind.
std::string with_application(std::string prefix) {
  const size_t at = prefix.find("%u");
  if (at == std::string::npos || prefix.find("%d") != std::string::npos ||
      prefix.find("%a") != std::string::npos || prefix[at + 2] == '@' ||
      (prefix.find("%p") == std::string::npos && prefix.find("%c") == std::string::npos))
    return {};
  prefix[at + 1] = 'a';
  return prefix;
}

// With %p and another number in each other's place: which of two numbers is which shows in many lines only.
std::string with_numbers_exchanged(std::string prefix, char other) {
  const size_t pid = prefix.find("%p");
  const size_t number = prefix.find({'%', other});
  if (pid == std::string::npos || number == std::string::npos) return {};
  std::swap(prefix[pid + 1], prefix[number + 1]);
  return prefix;
}

// A name has no colon, slash or the like at its end: the prefix has it.
std::string with_mark(std::string prefix, std::string_view head) {
  while (head.ends_with(' ')) head.remove_suffix(1);
  if (!prefix.ends_with("%a") || head.empty() || !std::ispunct(static_cast<unsigned char>(head.back())) ||
      head.ends_with(']') || head.ends_with(')'))
    return {};
  return prefix + head.back();
}

// A prefix that another one begins with is that of the background processes: it ends at a %q.
void add_quits(std::vector<std::string>& candidates) {
  constexpr size_t kMostQuits = 32;
  const size_t count = candidates.size();
  for (size_t whole = 0; whole < count; ++whole) {
    for (size_t part = 0; part < count && candidates.size() < count + kMostQuits; ++part) {
      const std::string& begin = candidates[part];
      const std::string& other = candidates[whole];
      if (begin.size() < 2 || begin.size() >= other.size() || !other.starts_with(begin) ||
          !begin.ends_with(' ') || other.find("%q") != std::string::npos)
        continue;
      std::string quits = begin + "%q" + other.substr(begin.size());
      if (std::find(candidates.begin(), candidates.end(), quits) == candidates.end())
        candidates.push_back(std::move(quits));
    }
  }
}

// How well the fields of one matched line look like what they should be.
int quality(const LogEntry& entry, const PrefixEvidence& evidence, bool both_names) {
  int points = entry.time != kUnknownTime ? 6 : 0;
  points += entry.pid != 0 ? 6 : 0;
  points += entry.session_id.empty() ? 0 : 6;
  points += entry.session_line != 0 ? 3 : 0;
  points += entry.transaction.empty() ? 0 : 2;
  points += entry.sqlstate.empty() ? 0 : 2;
  points += name_quality(entry.user, evidence.users) + name_quality(entry.database, evidence.databases);
  if (both_names && entry.user.empty() != entry.database.empty()) points -= 6;  // who has one, has the other
  if (!entry.host.empty()) points += entry.host.find_first_of(" =,@") == std::string_view::npos ? 3 : -6;
  return points + application_quality(entry.application, evidence.applications);
}

// A session's lines are counted upward: what does not go up is no line number.
class LineNumbers {
 public:
  // `optional`: background processes' lines end before the number.
  void see(const LogEntry& entry, bool optional) {
    const bool ended = optional && entry.transaction.empty() && entry.user.empty() &&
                       entry.application.empty() && entry.host.empty();
    zero_ |= entry.session_line == 0 && !ended;
    if (entry.session_line == 0) return;
    lowest_pid_ = std::min(lowest_pid_, entry.pid);
    const uint64_t session =
        entry.session_id.empty() ? entry.pid : std::hash<std::string_view>()(entry.session_id);
    const auto [last, fresh] = last_.try_emplace(session, entry.session_line);
    if (fresh) return;
    ++(entry.session_line >= last->second && entry.session_line - last->second < 100 ? up_ : down_);
    next_ += entry.session_line == last->second + 1 ? 1 : 0;
    repeated_ += entry.session_line == last->second ? 1 : 0;
    last->second = entry.session_line;
  }
  // Most are the one before and one: whatever stands there counts. Nothing else does that but process ids,
  // where each session has one statement: then what is taken for their id is a small number.
  bool right() const { return next_ > 1 && next_ * 2 > up_ + down_ && lowest_pid_ >= kFewest; }
  // A statement's DETAIL may repeat the number; not every entry does.
  bool wrong() const { return zero_ || down_ * 4 > up_ || (up_ > 4 && repeated_ == up_); }

 private:
  static constexpr uint64_t kFewest = 10;  // the server's own processes are before any client's
  std::map<uint64_t, uint64_t> last_;
  uint64_t lowest_pid_ = std::numeric_limits<uint64_t>::max();
  size_t up_ = 0, down_ = 0, repeated_ = 0, next_ = 0;
  bool zero_ = false;
};

int64_t score(const std::string& prefix, const std::vector<std::string_view>& lines,
              const PrefixEvidence& evidence) {
  const Result<PrefixMatcher> matcher = PrefixMatcher::compile(prefix);
  if (!matcher) return 0;
  int64_t total = 0;
  int64_t matched = 0;
  TimeMemo memo;
  std::set<std::string_view> applications;
  LineNumbers numbers;
  for (const std::string_view line : lines) {
    LogEntry entry;
    const size_t message = matcher->match(line, entry, memo);
    if (message == 0) continue;
    // A name with another field's marks in it is no name: the line was not understood, merely swallowed.
    const bool swallowed =
        name_quality(entry.user, evidence.users) < 0 || name_quality(entry.database, evidence.databases) < 0;
    if (matcher->has('l')) numbers.see(entry, matcher->has('q'));
    // Other programs write "TIME NAME LEVEL: …", too, but no statements.
    const int weight = classify_message(line.substr(message)).kind == MessageKind::kOther ? 1 : 3;
    total +=
        weight *
        std::max((swallowed ? 10 : 40) + quality(entry, evidence, matcher->has('u') && matcher->has('d')), 1);
    ++matched;
    if (!entry.application.empty()) applications.insert(entry.application);
  }
  // Names repeat. An "application" that is another on every line has swallowed the fields after it.
  const auto different = static_cast<int64_t>(applications.size());
  if (different > 2 && different * 2 > matched) total -= std::min(matched * 8, total - 1);
  if (numbers.wrong()) total -= std::min(matched * 8, total - 1);
  if (numbers.right()) total += matched;
  return total;
}

// %m and %t read the same; which it is shows in the first line: "01:02:03.004".
std::string with_resolution(std::string prefix, const std::vector<std::string_view>& lines) {
  const size_t at = std::min(prefix.find("%m"), prefix.find("%t"));
  if (at == std::string::npos) return prefix;
  const Result<PrefixMatcher> matcher = PrefixMatcher::compile(prefix);
  TimeMemo memo;
  for (const std::string_view line : lines) {
    LogEntry entry;
    if (!matcher || matcher->match(line, entry, memo) == 0 || entry.time == kUnknownTime) continue;
    for (size_t i = 0; i < line.size(); ++i) {
      if (!internal::is_digit(line[i]) || parse_time(line.substr(i)).length == 0) continue;
      prefix[at + 1] = parse_time(line.substr(i)).length > 19 && line.substr(i)[19] == '.' ? 'm' : 't';
      return prefix;
    }
  }
  return prefix;
}

}  // namespace

bool is_json_record(std::string_view line) {
  if (line.starts_with('\x1E')) line.remove_prefix(1);  // RFC 7464
  while (line.ends_with(' ') || line.ends_with(',') || line.ends_with('\r')) line.remove_suffix(1);
  return (line.starts_with("{\"") || line.starts_with("[{\"") || line.starts_with("[[")) &&
         (line.ends_with('}') || line.ends_with(']'));
}

std::vector<std::string> guess_prefixes(const std::vector<std::string_view>& lines, size_t limit,
                                        std::string_view prefix_head) {
  PrefixEvidence evidence;
  evidence.applications.insert(std::begin(kClients), std::end(kClients));
  std::vector<std::pair<std::string_view, std::string_view>> heads;  // text before the level word, whole line
  std::vector<std::string_view> entries;
  for (const std::string_view line : lines) {
    if (is_json_record(line)) continue;
    std::string_view message;
    const size_t length = level_word(line, message);
    if (length == std::string_view::npos) continue;
    learn(message, evidence);
    // The known head ends with the first "] ".
    const size_t known =
        prefix_head.empty() ? 0 : std::min(line.find("] "), length - std::min<size_t>(length, 2)) + 2;
    heads.emplace_back(line.substr(std::min(known, length), length - std::min(known, length)), line);
    entries.push_back(line);
  }
  std::vector<std::string> candidates;
  const auto add = [&candidates](std::string prefix) {
    if (candidates.size() < kMaxCandidates &&
        std::find(candidates.begin(), candidates.end(), prefix) == candidates.end()) {
      candidates.push_back(std::move(prefix));
    }
  };
  constexpr std::string_view kUsualHead = "%m [%p] ";
  for (const std::string_view prefix : kWellKnown) {
    if (prefix_head.empty()) {
      add(std::string(prefix));
    } else if (prefix.starts_with(kUsualHead)) {
      add(std::string(prefix_head).append(prefix.substr(kUsualHead.size())));
    }
  }
  // Lines that know their user say more than those before authentication: they come first.
  std::stable_partition(heads.begin(), heads.end(), [](const auto& head) {
    return head.first.find("[unknown]") == std::string_view::npos;
  });
  for (const auto& [head, line] : heads) {
    if (candidates.size() >= kMaxCandidates) break;
    for (const char joiner : {'\0', joining_mark(head)}) {
      bool session_field = false;
      for (const bool quit : {false, true}) {
        if (quit && !session_field) break;
        std::string candidate = take_prefix_apart(prefix_head, head, evidence, quit, joiner, session_field);
        const std::string without_transaction = with_numbers_exchanged(candidate, 'x');
        std::string others[] = {with_application(candidate), with_numbers_exchanged(candidate, 'l'),
                                without_transaction, with_numbers_exchanged(without_transaction, 'l'),
                                with_mark(candidate, head)};
        add(std::move(candidate));
        for (std::string& other : others) {
          if (!other.empty()) add(std::move(other));
        }
      }
    }
  }
  add_quits(candidates);
  std::vector<std::pair<int64_t, std::string>> ranked;
  for (std::string& candidate : candidates) {
    const int64_t points = score(candidate, entries, evidence);
    if (points > 0) ranked.emplace_back(points, std::move(candidate));
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::string> best;
  for (auto& [points, prefix] : ranked) {
    if (best.size() >= limit) break;
    best.push_back(with_resolution(std::move(prefix), entries));
  }
  return best;
}

}  // namespace pgsieve
