// Wrappers of one physical line each: Kubernetes' CRI files and lines with a shipper's time stamp in front
// (CloudWatch, Grafana, kubectl logs --timestamps). And what all line wrappers share.
#include <algorithm>
#include <array>
#include <cctype>

#include "analyzer/base/time.h"
#include "analyzer/capture/severity.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

// "2016-10-06T00:17:09.669794202Z stdout F text": F ends a line, P is a piece of one; stdout and stderr
// interleave.
struct CriLine {
  bool standard_error = false, partial = false;
  std::string_view text;
};

bool read_cri(std::string_view line, CriLine& cri) {
  const ParsedTime time = parse_time(line);
  if (time.length < 20 || line[10] != 'T' || line.size() <= time.length || line[time.length] != ' ')
    return false;
  line.remove_prefix(time.length + 1);
  cri.standard_error = line.starts_with("stderr ");
  if (!cri.standard_error && !line.starts_with("stdout ")) return false;
  line.remove_prefix(7);
  if (!line.starts_with('F') && !line.starts_with('P')) return false;
  cri.partial = line.front() == 'P';
  const size_t blank = std::min(line.find(' '), line.size());  // tags may follow: "F:tag"
  if (blank > 1 && line[1] != ':') return false;
  cri.text = line.substr(std::min(blank + 1, line.size()));
  return true;
}

class CriUnwrapper final : public LineUnwrapper {
 public:
  using LineUnwrapper::LineUnwrapper;

  bool finish(std::string& out) override {
    LineUnwrapper::finish(out);
    for (const bool standard_error : {false, true}) {
      std::string& piece = pieces_[standard_error ? 1 : 0];
      if (!piece.empty()) mixer_.add(standard_error, piece, out);
      piece.clear();
    }
    mixer_.finish(out);
    return false;
  }

 protected:
  void line(std::string_view text, std::string& out) override {
    CriLine cri;
    if (!read_cri(text, cri)) {
      if (!text.empty()) damaged();
      return other(text);
    }
    std::string& pieces = pieces_[cri.standard_error ? 1 : 0];
    if (cri.partial) {
      if (pieces.size() + cri.text.size() <= kMaxRecordBytes) return void(pieces.append(cri.text));
      damaged();
      return;
    }
    if (pieces.empty()) return mixer_.add(cri.standard_error, cri.text, out);
    mixer_.add(cri.standard_error, pieces.append(cri.text), out);
    pieces.clear();
  }

 private:
  std::array<std::string, 2> pieces_;
  StreamMixer mixer_;
};

// "2019-08-08T00:49:34.000Z 2019-08-08 00:49:34 UTC:…": the stamp goes; lines without one (the further lines
// of an event) stay, led by a tab. Gives the length of a stamp in UTC and the blank behind it; `aws logs
// tail` puts the stream's name between stamp and line, Grafana the time as a number in front and tabs
// between.
size_t stamp_length(std::string_view line) {
  constexpr size_t kTai = 25;  // "@" and TAI64N in hexadecimal, by multilog and s6-log
  if (line.starts_with('@') && line.size() > kTai && line[kTai] == ' ' &&
      line.find_first_not_of("0123456789abcdef", 1) == kTai)
    return kTai + 1;
  size_t number = 0;
  while (number < line.size() && line[number] >= '0' && line[number] <= '9') ++number;
  const bool numbered = number >= 13 && number <= 19 && line.substr(number).starts_with('\t');
  const size_t start = numbered ? number + 1 : 0;
  line.remove_prefix(start);
  const ParsedTime time = parse_time(line);
  if (time.length < 20 || line[10] != 'T' || line.size() <= time.length) return 0;
  if (line[time.length - 1] != 'Z' && line[time.length - 1] != '0') return 0;
  if (numbered && line[time.length] == '\t') return start + time.length + 1;
  if (line[time.length] != ' ') return 0;
  const std::string_view rest = line.substr(time.length + 1);
  const bool labels = rest.starts_with('{') && !rest.starts_with("{\"");  // logcli: {job="pg", host="a"}
  const size_t blank = labels ? rest.substr(0, 1000).find("} ") + 1 : rest.substr(0, 200).find(' ');
  const bool stream =
      blank != std::string_view::npos && blank > 0 && parse_time(rest).length == 0 &&
      (parse_time(rest.substr(blank + 1)).length > 0 || (labels && rest.substr(blank + 1).starts_with('\t')));
  return start + time.length + 1 + (stream ? blank + 1 : 0);
}

// A csvlog row's first line, or a jsonlog object.
bool is_row(std::string_view text) {
  if (text.starts_with("{\"")) return text.find("\"error_severity\"") != std::string_view::npos;
  const size_t length = parse_time(text).length;
  return length > 0 && text.substr(length).starts_with(',');
}

class StampedUnwrapper final : public LineUnwrapper {
 public:
  using LineUnwrapper::LineUnwrapper;

 protected:
  void line(std::string_view text, std::string& out) override {
    const size_t stamp = stamp_length(text);
    if (stamp == 0 && !text.empty() && text.front() != '\t' && seen_ && !rows_ &&
        find_level(text).length == 0)
      out += '\t';
    if (stamp > 0 && !seen_) rows_ = is_row(text.substr(stamp));
    seen_ |= stamp > 0;
    out.append(text.substr(stamp)).push_back('\n');
  }

 private:
  bool seen_ = false;
  bool rows_ = false;  // the inner log is csvlog or jsonlog: its lines go on as they are
};

template <typename Accept>
bool most_lines(std::string_view head, const Accept& accept) {
  size_t lines = 0, matched = 0;
  for (size_t start = 0; start < head.size() && lines < 200;) {
    const size_t end = head.find('\n', start);
    if (end == std::string_view::npos && lines > 0) break;
    const std::string_view line = head.substr(start, end - start);
    start = end == std::string_view::npos ? head.size() : end + 1;
    if (line.empty()) continue;
    ++lines;
    if (accept(line)) ++matched;
  }
  return lines > 0 && matched * 2 > lines;
}

}  // namespace

void StreamMixer::add(bool standard_error, std::string_view line, std::string& out) {
  const size_t stream = standard_error ? 1 : 0;
  seen_[stream] = true;
  std::string& waiting = waiting_[stream];
  if (!seen_[1 - stream]) {  // the only one so far
    out.append(line).push_back('\n');
    return;
  }
  if (!line.starts_with('\t') || waiting.size() > Unwrapper::kMaxRecordBytes) {
    out += waiting;
    waiting.clear();
  }
  waiting.append(line).push_back('\n');
}

void StreamMixer::finish(std::string& out) {
  for (std::string& waiting : waiting_) {
    out += waiting;
    waiting.clear();
  }
}

void LineUnwrapper::take(std::string_view text, std::string& out) {
  const size_t length = text.size();
  if (!begun_) {
    begun_ = true;
    windows_ = text.ends_with('\r');
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  }
  if (windows_ && text.ends_with('\r')) text.remove_suffix(1);
  if (too_long_) {
    damaged();
  } else {
    line(text, out);
  }
  too_long_ = false;
  line_offset_ += length + 1;
}

void LineUnwrapper::feed(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    if (end == std::string_view::npos || !partial_.empty() || too_long_) {
      const std::string_view part = bytes.substr(0, end);
      if (partial_.size() + part.size() > kMaxRecordBytes) {
        too_long_ = true;
        line_offset_ += partial_.size();
        partial_.clear();
      }
      if (!too_long_) {
        partial_.append(part);
      } else {
        line_offset_ += part.size();
      }
      if (end == std::string_view::npos) return;
      take(partial_, out);
      partial_.clear();
    } else {
      take(bytes.substr(0, end), out);
    }
    bytes.remove_prefix(end + 1);
  }
}

bool LineUnwrapper::finish(std::string& out) {
  if (!partial_.empty() || too_long_) take(partial_, out);
  partial_.clear();
  return false;
}

LevelWord find_level(std::string_view line) {
  line = line.substr(0, std::min(line.find('\n'), kLevelSearch));
  for (size_t colon = line.find(':'); colon != std::string_view::npos; colon = line.find(':', colon + 1)) {
    // The word before the colon, and before that the start or something that is no part of a word.
    size_t start = colon;
    while (start > 0 && (static_cast<unsigned char>(line[start - 1]) >= 0x80 ||
                         std::isalpha(static_cast<unsigned char>(line[start - 1])) != 0))
      --start;
    if (start == colon) continue;
    SeverityMatch match = read_severity(line.substr(start));
    // A prefix that ends in a name: "psqlLOG:".
    for (size_t at = start + 1; match.length == 0 && at < colon; ++at) {
      if (std::isupper(static_cast<unsigned char>(line[at])) == 0 ||
          std::islower(static_cast<unsigned char>(line[at - 1])) == 0)
        continue;
      match = read_severity(line.substr(at));
      start = at;
    }
    if (match.length == 0) continue;
    return {start, match.length, is_secondary(match.severity)};
  }
  return {};
}

bool is_bare_message(std::string_view text) {
  constexpr std::string_view kStarts[] = {"duration: ",  "statement: ",     "execute ",  "connection ",
                                          "checkpoint ", "disconnection: ", "automatic "};
  return std::any_of(std::begin(kStarts), std::end(kStarts),
                     [text](std::string_view start) { return text.starts_with(start); });
}

bool same_prefix(std::string_view left, std::string_view right) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  size_t l = 0, r = 0;
  while (l < left.size() && r < right.size()) {
    if (digit(left[l]) && digit(right[r])) {
      while (l < left.size() && digit(left[l])) ++l;
      while (r < right.size() && digit(right[r])) ++r;
    } else if (left[l++] != right[r++]) {
      return false;
    }
  }
  return l == left.size() && r == right.size();
}

void append_entry(std::string_view text, std::string_view stamp, std::string& out) {
  while (text.ends_with('\n')) {
    text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
  }
  const std::string_view first = text.substr(0, text.find('\n'));
  const bool row = text.starts_with('{') || first.find(",\"") != std::string_view::npos;
  const LevelWord own = find_level(first);
  if (!row) out += stamp;
  out.append(first).push_back('\n');
  for (size_t start = first.size() + 1; start <= text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = text.substr(start, end - start);
    if (!row && !line.starts_with('\t')) {
      const LevelWord level = find_level(line);
      const bool entry = level.secondary && same_prefix(first.substr(0, own.at), line.substr(0, level.at));
      out += entry ? stamp : "\t";
    }
    out.append(line).push_back('\n');
    start = end + 1;
  }
}

bool is_cri(std::string_view head) {
  return most_lines(head, [](std::string_view line) {
    CriLine cri;
    return read_cri(line, cri);
  });
}

bool is_stamped_lines(std::string_view head) {
  size_t stamped = 0;
  bool server = false;
  most_lines(head, [&](std::string_view line) {
    const size_t stamp = stamp_length(line);
    if (stamp > 0) ++stamped;
    // What follows is a log line of its own: it starts with a time, too.
    const std::string_view rest = line.substr(stamp);
    server |= stamp > 0 && (is_row(rest) || (parse_time(rest).length > 0 && find_level(rest).length > 0));
    return stamp > 0;
  });
  return stamped > 0 && server && stamp_length(head) > 0;
}

std::unique_ptr<Unwrapper> make_cri(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<CriUnwrapper>(report);
}
std::unique_ptr<Unwrapper> make_stamped_lines(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<StampedUnwrapper>(report);
}

}  // namespace pgsieve
