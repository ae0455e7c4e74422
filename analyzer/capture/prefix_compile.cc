// A log_line_prefix becomes the steps of a PrefixMatcher.
#include <fmt/format.h>

#include <algorithm>

#include "analyzer/capture/prefix.h"

namespace pgsieve {
namespace {

constexpr size_t kMaxPrefixBytes = 1000;  // log_line_prefix as given
constexpr int kMaxWidth = 300;            // of a padded field

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

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
    for (; at < prefix.size() && is_digit(prefix[at]); ++at)
      step.width = static_cast<uint16_t>(std::min(step.width * 10 + (prefix[at] - '0'), kMaxWidth));
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
  matcher.repeats_ = matcher.is_repeating();
  matcher.port_is_session_ = !matcher.has_session() && matcher.has('r');
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

// Lines of one session repeat each other's head: the time comes first and is the only one, no line numbers
// are counted, and what reads a field's end can't look behind the head for it.
bool PrefixMatcher::is_repeating() const {
  const auto count = [this](Op op) {
    return std::count_if(steps_.begin(), steps_.end(), [op](const Step& step) { return step.op == op; });
  };
  return !steps_.empty() && steps_[0].op == Op::kTime && steps_[0].width == 0 && count(Op::kTime) == 1 &&
         count(Op::kEpoch) == 0 && count(Op::kSessionStart) == 0 && count(Op::kLine) == 0 &&
         count(Op::kQuit) <= 1;
}

}  // namespace pgsieve
