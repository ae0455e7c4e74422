#include "analyzer/capture/prefix.h"

#include <algorithm>
#include <array>

#include "analyzer/base/hash.h"
#include "analyzer/capture/prefix_forms.h"
#include "analyzer/capture/severity.h"

namespace pgsieve {
namespace {

constexpr size_t kMaxFieldBytes = 300;  // of one free text field in a line
constexpr int kBudget = 3000;           // steps per line
constexpr size_t kStraightTexts = 8;    // free text fields of a prefix that is read without retries

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
  // What the server writes before it knows, in the languages of its catalogues.
  static constexpr std::string_view kUnknown[] = {
      "[unknown]", "[unbekannt]", "[desconocido]", "[desconhecido]", "[inconnu]", "[sconosciuto]", "[不明]",
      "[未知]",    "[უცნობი]",    "[알수없음]",    "[н/д]",          "[okänd]",   "[nieznany]"};
  text = trimmed(text);
  const bool marked = text.starts_with('[') && text.ends_with(']') &&
                      std::find(std::begin(kUnknown), std::end(kUnknown), text) != std::end(kUnknown);
  return marked ? std::string_view{} : text;
}

std::string_view without_port(std::string_view host) {
  host = known(host);
  if (host.ends_with(')')) {
    const size_t open = host.rfind('(');
    if (open != std::string_view::npos) host = host.substr(0, open);
  }
  return host;
}

// The level word at `at`, blanks before it skipped; its length counts from `at`.
SeverityMatch level_at(std::string_view line, size_t at) {
  const size_t lead = at < line.size() ? blanks(line.substr(at)) : 0;
  SeverityMatch severity = read_severity(line.substr(at + lead));
  if (severity.length > 0) severity.length += lead;
  return severity;
}

}  // namespace

struct PrefixMatcher::Run {
  std::string_view line;
  LogEntry& entry;
  TimeMemo& memo;
  int budget = kBudget;
  size_t message = 0;
  // Of a straight run:
  size_t first_end = 0;                  // where the first step's field ends
  size_t quit = std::string_view::npos;  // where a %q stands that the level word doesn't follow
  size_t level = 0;                      // where the last step's field ends
  const Step* last = nullptr;            // that step
  bool has_choice = false;               // a free text could also end elsewhere
};

size_t PrefixMatcher::match(std::string_view line, LogEntry& entry, TimeMemo& memo) const {
  Run state{line, entry, memo};
  if (run_straight(state)) return state.message;
  return state.has_choice && run(state, 0, 0) ? state.message : 0;
}

bool PrefixMatcher::finish(Run& state, size_t at) {
  const SeverityMatch severity = level_at(state.line, at);
  if (severity.length == 0) return false;
  state.entry.severity = severity.severity;
  state.entry.localized = severity.localized;
  state.message = at + severity.length;
  return true;
}

size_t PrefixMatcher::match(std::string_view line, LogEntry& entry, PrefixMemo& memo) const {
  if (!repeats_) return match(line, entry, memo.time);
  size_t message = 0;
  if (memo.valid && repeat(line, entry, memo, message)) return message;
  memo.valid = false;
  Run state{line, entry, memo.time};
  if (run_straight(state)) {
    remember(state, memo);
    return state.message;
  }
  return state.has_choice && run(state, 0, 0) ? state.message : 0;
}

// Whether the line has the head of the memo's between its time and its level word. Then run_straight() would
// read the same fields from it: each of them ends at the first place where the next one can start, and all
// these places are in the head.
bool PrefixMatcher::repeat(std::string_view line, LogEntry& entry, PrefixMemo& memo, size_t& message) const {
  Microseconds time = kUnknownTime;
  const size_t at = read_log_time(line, zone_seconds_, memo.time, time);
  if (at == 0 || !line.substr(at).starts_with(memo.head)) return false;
  const bool may_quit = memo.quit != std::string_view::npos;
  if (may_quit && level_at(line, at + memo.quit).length > 0) return false;
  const SeverityMatch severity = level_at(line, at + memo.head.size());
  if (severity.length == 0) return false;
  entry = memo.entry;
  entry.time = time;
  entry.severity = severity.severity;
  entry.localized = severity.localized;
  message = at + memo.head.size() + severity.length;
  return true;
}

// A head ends with a character of the prefix itself, or with the blank before the level word: so its last
// field can't go on behind it in the next line.
void PrefixMatcher::remember(const Run& state, PrefixMemo& memo) const {
  const bool blank = state.level < state.line.size() && state.line[state.level] == ' ';
  if (!blank && (state.last == nullptr || state.last->op != Op::kLiteral)) return;
  memo.valid = true;
  memo.entry = state.entry;
  memo.head = state.line.substr(state.first_end, state.level + (blank ? 1 : 0) - state.first_end);
  memo.quit = state.quit == std::string_view::npos ? state.quit : state.quit - state.first_end;
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
    // Of several words, and known: up to the last of them.
    if (steps_[step].op == Op::kBackendType) end += internal::backend_type_length(line.substr(end));
    if (steps_[step].op == Op::kCommandTag) end += internal::command_tag_length(line.substr(end));
    end = line.find(' ', end);
  } else if (next.op == Op::kLiteral) {
    end = next.literal.size() == 1 ? line.find(next.literal[0], end) : line.find(next.literal, end);
  }
  return end > limit ? std::string_view::npos : end;
}

void PrefixMatcher::set_text(LogEntry& entry, Op op, std::string_view value) const {
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
      // As good as a process id while the connection lasts, and used again later like one.
      if (port_is_session_ && !entry.host.empty() && value.ends_with(')')) entry.pid = hash64(value);
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
      if (!ended) state.quit = at;
    } else if (is_text(now.op)) {
      const size_t end = text_end(state.line, step, at, std::min(state.line.size(), at + kMaxFieldBytes));
      if (end == std::string_view::npos || count == texts.size()) return false;
      state.has_choice = true;
      texts[count++] = {now.op, state.line.substr(at, end - at)};
      at = end;
    } else if (!take(state, now, at)) {
      return false;
    }
    if (now.op != Op::kQuit) state.last = &now;
    if (step == 0) state.first_end = at;
  }
  state.level = at;
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
  // Between two blanks there may be nothing: both were taken for the one before the field. Where there are
  // more, that is the likely case.
  size_t before = 0;
  while (before < at && state.line[at - 1 - before] == ' ') ++before;
  const bool may_be_empty = before > 1 && step + 1 < steps_.size() && steps_[step + 1].op == Op::kBlank;
  if (may_be_empty && before > 2 && run(state, step + 1, at)) return true;
  for (size_t end = at; end <= limit; ++end) {
    if (op == Op::kRemote && end > at && state.line[end - 1] == ' ' && steps_[step].width == 0) break;
    end = text_end(state.line, step, end, limit);
    if (end == std::string_view::npos) break;
    if (--state.budget < 0) return false;
    if (run(state, step + 1, end)) {
      set_text(state.entry, op, state.line.substr(at, end - at));
      return true;
    }
  }
  return may_be_empty && before == 2 && run(state, step + 1, at);
}

}  // namespace pgsieve
