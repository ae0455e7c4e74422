#include "analyzer/capture/prefix.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "analyzer/capture/severity.h"

namespace pgsieve {
namespace {

constexpr size_t kMaxPrefixBytes = 1000;  // log_line_prefix as given
constexpr size_t kMaxFieldBytes = 300;    // of one free text field in a line
constexpr int kBudget = 3000;             // steps per line
constexpr size_t kStraightTexts = 8;      // free text fields of a prefix that is read without retries

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

template <typename Predicate>
size_t span_of(std::string_view text, Predicate accept) {
  size_t length = 0;
  while (length < text.size() && accept(text[length])) ++length;
  return length;
}

size_t blanks(std::string_view text) {
  return span_of(text, [](char c) { return c == ' '; });
}

// The level word starts with a capital letter or beyond ASCII; blanks may come before it.
bool may_start_level(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return c == ' ' || (byte >= 'A' && byte <= 'Z') || byte >= 0xC0;
}

uint64_t to_number(std::string_view digits) {
  uint64_t value = 0;
  for (const char c : digits.substr(0, 19)) value = value * 10 + static_cast<uint64_t>(c - '0');
  return value;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::string_view known(std::string_view text) {
  text = trimmed(text);
  return text == "[unknown]" ? std::string_view{} : text;
}

std::string_view without_port(std::string_view host) {
  host = known(host);
  if (host.ends_with(')')) {
    const size_t open = host.rfind('(');
    if (open != std::string_view::npos) host = host.substr(0, open);
  }
  return host;
}

}  // namespace

struct PrefixMatcher::Run {
  std::string_view line;
  LogEntry& entry;
  TimeMemo& memo;
  int budget = kBudget;
  size_t message = 0;
};

Result<PrefixMatcher> PrefixMatcher::compile(std::string_view prefix, int32_t zone_seconds) {
  static constexpr std::pair<char, Op> kEscapes[] = {
      {'a', Op::kApplication}, {'u', Op::kUser},         {'d', Op::kDatabase},    {'r', Op::kRemote},
      {'h', Op::kRemote},      {'L', Op::kLocalAddress}, {'b', Op::kBackendType}, {'p', Op::kPid},
      {'P', Op::kLeaderPid},   {'t', Op::kTime},         {'m', Op::kTime},        {'n', Op::kEpoch},
      {'Q', Op::kQueryId},     {'i', Op::kCommandTag},   {'e', Op::kState},       {'c', Op::kSessionId},
      {'l', Op::kLine},        {'s', Op::kSessionStart}, {'v', Op::kVirtualXid},  {'x', Op::kXid},
      {'q', Op::kQuit},
  };
  PrefixMatcher matcher;
  matcher.prefix_ = prefix;
  matcher.zone_seconds_ = zone_seconds;
  if (prefix.size() > kMaxPrefixBytes)
    return Error{Error::Kind::kUsage, "the prefix is longer than 1,000 bytes", "", "", 0, 0, false};
  const auto literal = [&matcher](char c) {
    if (c == ' ') {
      if (matcher.steps_.empty() || matcher.steps_.back().op != Op::kBlank)
        matcher.steps_.push_back({Op::kBlank, "", 0, false});
      return;
    }
    if (matcher.steps_.empty() || matcher.steps_.back().op != Op::kLiteral)
      matcher.steps_.push_back({Op::kLiteral, "", 0, false});
    matcher.steps_.back().literal.push_back(c);
  };
  for (size_t i = 0; i < prefix.size(); ++i) {
    if (prefix[i] != '%') {
      literal(prefix[i]);
      continue;
    }
    Step step{Op::kLiteral, "", 0, false};
    size_t at = i + 1;
    if (at < prefix.size() && prefix[at] == '-') {
      step.left = true;
      ++at;
    }
    const size_t digits = span_of(prefix.substr(std::min(at, prefix.size())), is_digit);
    step.width = static_cast<uint16_t>(
        std::min<uint64_t>(to_number(prefix.substr(std::min(at, prefix.size()), digits)), kMaxFieldBytes));
    at += digits;
    if (at >= prefix.size()) break;  // the server ignores a lone % at the end
    i = at;
    if (prefix[at] == '%') {
      literal('%');
      continue;
    }
    const auto* found = std::find_if(std::begin(kEscapes), std::end(kEscapes),
                                     [&](const auto& e) { return e.first == prefix[at]; });
    if (found == std::end(kEscapes)) {
      return Error{Error::Kind::kUsage,
                   fmt::format("'%{}' is no escape of log_line_prefix", prefix[at]),
                   "known are %a %u %d %r %h %L %b %p %P %t %m %n %Q %i %e %c %l %s %v %x %q %%",
                   "",
                   0,
                   0,
                   false};
    }
    step.op = found->second;
    matcher.has_pid_ |= step.op == Op::kPid;
    matcher.has_session_id_ |= step.op == Op::kSessionId;
    matcher.has_time_ |= step.op == Op::kTime || step.op == Op::kEpoch;
    matcher.steps_.push_back(std::move(step));
  }
  while (!matcher.steps_.empty() && matcher.steps_.back().op == Op::kBlank) matcher.steps_.pop_back();
  return matcher;
}

bool PrefixMatcher::has(char escape) const {
  for (size_t i = 0; i + 1 < prefix_.size(); ++i) {
    if (prefix_[i] != '%') continue;
    ++i;
    while (i < prefix_.size() && (prefix_[i] == '-' || is_digit(prefix_[i]))) ++i;
    if (i < prefix_.size() && prefix_[i] == escape) return true;
  }
  return false;
}

size_t PrefixMatcher::match(std::string_view line, LogEntry& entry, TimeMemo& memo) const {
  Run state{line, entry, memo};
  return run_straight(state) || run(state, 0, 0) ? state.message : 0;
}

bool PrefixMatcher::finish(Run& state, size_t at) const {
  while (at < state.line.size() && state.line[at] == ' ') ++at;
  const SeverityMatch severity = read_severity(state.line.substr(at));
  if (severity.length == 0) return false;
  state.entry.severity = severity.severity;
  state.entry.localized = severity.localized;
  state.message = at + severity.length;
  return true;
}

// Reads a field of a fixed form; npos: it isn't there. Fields that may be empty give 0.
size_t PrefixMatcher::fixed_field(Run& state, Op op, std::string_view text) const {
  constexpr size_t kNot = std::string_view::npos;
  LogEntry& entry = state.entry;
  switch (op) {
    case Op::kTime: {
      const size_t length = read_log_time(text, zone_seconds_, state.memo, entry.time);
      return length == 0 ? kNot : length;
    }
    case Op::kSessionStart: {
      const size_t length = parse_time(text).length;
      return length;  // empty before authentication
    }
    case Op::kEpoch: {
      const size_t seconds = span_of(text, is_digit);
      if (seconds < 9 || seconds > 11 || seconds + 3 >= text.size() || text[seconds] != '.') return kNot;
      const size_t fraction = span_of(text.substr(seconds + 1), is_digit);
      if (fraction != 3) return kNot;
      entry.time = static_cast<Microseconds>(to_number(text.substr(0, seconds))) * kSecond +
                   static_cast<Microseconds>(to_number(text.substr(seconds + 1, 3))) * kMillisecond;
      return seconds + 4;
    }
    case Op::kPid: {
      const size_t length = span_of(text, is_digit);
      if (length == 0) return kNot;
      entry.pid = to_number(text.substr(0, length));
      return length;
    }
    case Op::kLine: {
      const size_t length = span_of(text, is_digit);
      if (length == 0) return kNot;
      entry.session_line = to_number(text.substr(0, length));
      return length;
    }
    case Op::kLeaderPid:
    case Op::kXid:
      return span_of(text, is_digit);
    case Op::kQueryId: {
      const size_t sign = text.starts_with('-') ? 1 : 0;
      const size_t length = span_of(text.substr(sign), is_digit);
      entry.query_id =
          sign == 0 ? to_number(text.substr(0, length)) : ~to_number(text.substr(sign, length)) + 1;
      return length == 0 ? 0 : sign + length;
    }
    case Op::kSessionId: {
      const size_t start = span_of(text, is_hex);
      if (start == 0 || start >= text.size() || text[start] != '.') return kNot;
      const size_t pid = span_of(text.substr(start + 1), is_hex);
      if (pid == 0) return kNot;
      entry.session_id = text.substr(0, start + 1 + pid);
      return start + 1 + pid;
    }
    case Op::kState: {
      if (text.size() < 5) return kNot;
      const bool state_like = std::all_of(text.begin(), text.begin() + 5,
                                          [](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); });
      if (!state_like) return kNot;
      entry.sqlstate = text.substr(0, 5);
      return 5;
    }
    default: {  // kVirtualXid: "3/45", empty outside a transaction slot
      const size_t backend = span_of(text, is_digit);
      if (backend == 0 || backend >= text.size() || text[backend] != '/') return 0;
      const size_t local = span_of(text.substr(backend + 1), is_digit);
      if (local == 0) return 0;
      entry.transaction = text.substr(0, backend + 1 + local);
      return backend + 1 + local;
    }
  }
}

// Reads what a step other than free text stands for, and moves `at` behind it.
bool PrefixMatcher::take(Run& state, const Step& step, size_t& at) const {
  const std::string_view rest = state.line.substr(at);
  if (step.op == Op::kLiteral) {
    if (!rest.starts_with(step.literal)) return false;
    at += step.literal.size();
    return true;
  }
  if (step.op == Op::kBlank) {
    // The blank behind an empty field was taken with the one before it.
    if (!rest.starts_with(' ') && (at == 0 || state.line[at - 1] != ' ')) return false;
    while (at < state.line.size() && state.line[at] == ' ') ++at;
    return true;
  }
  const size_t lead = step.width > 0 && !step.left ? blanks(rest) : 0;
  const size_t length = fixed_field(state, step.op, rest.substr(lead));
  if (length == std::string_view::npos) return false;
  const size_t used = lead + length;
  at += used;
  if (step.left && used < step.width) at += blanks(rest.substr(used));
  return true;
}

// The first place from `end` on, not behind `limit`, where the free text of a step can end so that what
// follows can start there; npos: nowhere.
size_t PrefixMatcher::text_end(std::string_view line, size_t step, size_t end, size_t limit) const {
  if (step + 1 == steps_.size()) {
    while (end < limit && !may_start_level(line[end])) ++end;
    return end;
  }
  const Step& next = steps_[step + 1];
  if (next.op == Op::kBlank) {
    end = line.find(' ', end);
  } else if (next.op == Op::kLiteral) {
    end = next.literal.size() == 1 ? line.find(next.literal[0], end) : line.find(next.literal, end);
  }
  return end > limit ? std::string_view::npos : end;
}

void PrefixMatcher::set_text(LogEntry& entry, Op op, std::string_view value) {
  switch (op) {
    case Op::kApplication:
      entry.application = known(value);
      break;
    case Op::kUser:
      entry.user = known(value);
      break;
    case Op::kDatabase:
      entry.database = known(value);
      break;
    case Op::kRemote:
      entry.host = without_port(value);
      break;
    case Op::kLocalAddress:
      entry.server = known(value);
      break;
    default:
      break;
  }
}

// The match in which every free text ends at the first place where it can: that of nearly every line. It is
// also the first that run() would try, so a line that it doesn't fit is none the worse for it.
bool PrefixMatcher::run_straight(Run& state) const {
  struct Text {
    Op op;
    std::string_view value;
  };
  std::array<Text, kStraightTexts> texts;
  size_t count = 0;
  size_t at = 0;
  bool ended = false;  // at a %q that the level word follows
  for (size_t step = 0; step < steps_.size() && !ended; ++step) {
    const Step& now = steps_[step];
    if (now.op == Op::kQuit) {
      ended = finish(state, at);
    } else if (is_text(now.op)) {
      const size_t end = text_end(state.line, step, at, std::min(state.line.size(), at + kMaxFieldBytes));
      if (end == std::string_view::npos || count == texts.size()) return false;
      texts[count++] = {now.op, state.line.substr(at, end - at)};
      at = end;
    } else if (!take(state, now, at)) {
      return false;
    }
  }
  if (!ended && !finish(state, at)) return false;
  // Of a field that the prefix has twice, the first counts.
  while (count-- > 0) set_text(state.entry, texts[count].op, texts[count].value);
  return true;
}

bool PrefixMatcher::run(Run& state, size_t step, size_t at) const {
  for (; step < steps_.size(); ++step) {
    if (--state.budget < 0) return false;
    const Step& now = steps_[step];
    if (is_text(now.op)) return run_text(state, step, at);
    if (now.op == Op::kQuit) {
      if (finish(state, at)) return true;
    } else if (!take(state, now, at)) {
      return false;
    }
  }
  return finish(state, at);
}

// A free text field: tries the ends at which what follows can start, nearest first.
bool PrefixMatcher::run_text(Run& state, size_t step, size_t at) const {
  const Op op = steps_[step].op;
  const size_t limit = std::min(state.line.size(), at + kMaxFieldBytes);
  for (size_t end = at; end <= limit; ++end) {
    if (op == Op::kRemote && end > at && state.line[end - 1] == ' ' && steps_[step].width == 0) return false;
    end = text_end(state.line, step, end, limit);
    if (end == std::string_view::npos || --state.budget < 0) return false;
    if (run(state, step + 1, end)) {
      set_text(state.entry, op, state.line.substr(at, end - at));
      return true;
    }
  }
  return false;
}

}  // namespace pgsieve
