// Lines that all begin with the same words of someone else: a file's name (grep), a time and a set of labels
// (promtail, Grafana), a host and a unit, an application and a region (Fly.io, Aiven), a tag (fluentd).
//
// Where a log has such a lead, its entries' further lines, which the server begins with a tab, have it before
// the tab. So what stands before a tab is a lead when nearly all lines begin with it, numbers aside, and a
// server's line or a JSON record comes next in them. A log_line_prefix is none: further lines lack it, and it
// has times as only the server writes them, with the name of their zone.
#include <algorithm>
#include <cctype>
#include <string>

#include "analyzer/base/time.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

constexpr size_t kLongestLead = 300;
constexpr size_t kMostLines = 2000;
constexpr size_t kMostTries = 16;
constexpr size_t kRowLines = 64;  // looked at for a row

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

// Length of a number at the start of text, with blanks before it that pad it; 0: there is none.
size_t padded_number(std::string_view text) {
  const size_t blanks = std::min(text.find_first_not_of(' '), text.size());
  const size_t end = std::min(text.find_first_not_of("0123456789", blanks), text.size());
  return end == blanks ? 0 : end;
}

// Length of what `line` begins with when that is `lead` but for the numbers; 0: it is not.
size_t lead_length(std::string_view lead, std::string_view line) {
  size_t at = 0;
  for (size_t i = 0; i < lead.size();) {
    if (at >= line.size()) return 0;
    const size_t number = lead[i] == ' ' ? padded_number(lead.substr(i)) : 0;
    if (number > 0) {
      const size_t other = line[at] == ' ' ? padded_number(line.substr(at)) : 0;
      if (other == 0) return 0;
      i += number;
      at += other;
    } else if (is_digit(lead[i])) {
      if (!is_digit(line[at])) return 0;
      while (i < lead.size() && is_digit(lead[i])) ++i;
      while (at < line.size() && is_digit(line[at])) ++at;
    } else if (lead[i++] != line[at++]) {
      return 0;
    }
  }
  return at;
}

// A csvlog row's first line: of its fields without quotes, the sixth is a session id, the seventh a line
// number, and the ninth a time.
bool is_csv_row(std::string_view text) {
  constexpr size_t kSession = 5, kLine = 6, kStart = 8;
  if (parse_time(text).length == 0) return false;
  for (size_t field = 0; field <= kStart; ++field) {
    size_t end = 0;
    for (bool quoted = false; end < text.size() && (quoted || text[end] != ','); ++end)
      quoted ^= text[end] == '"';
    const std::string_view value = text.substr(0, end);
    if (field == kSession && value.find('.') == std::string_view::npos) return false;
    if (field == kLine && (value.empty() || !is_digit(value[0]))) return false;
    if (field == kStart) return parse_time(value).length > 0;
    if (end == text.size()) return false;
    text.remove_prefix(end + 1);
  }
  return false;
}

bool is_record(std::string_view text) {
  return text.starts_with("{\"") || is_csv_row(text) ||
         (parse_time(text).length > 0 && find_level(text).length > 0);
}

// Where a csvlog row begins in the line, if not at its start; 0: nowhere.
size_t inner_row(std::string_view line) {
  const size_t limit = std::min({line.size(), kLongestLead, line.find("{\"")});  // none inside of JSON
  for (size_t at = 1; at < limit; ++at) {
    if (is_digit(line[at]) && !is_digit(line[at - 1]) && is_csv_row(line.substr(at))) return at;
  }
  return 0;
}

// Whether there is a time with the name of its zone in the lead, "2026-11-22 00:53:03 UTC".
bool has_zoned_time(std::string_view lead) {
  for (size_t at = 0; at < lead.size(); ++at) {
    if (!is_digit(lead[at]) || (at > 0 && is_digit(lead[at - 1]))) continue;
    const std::string_view time = lead.substr(at, parse_time(lead.substr(at)).length);
    if (!time.empty() && time[10] == ' ' && std::isupper(static_cast<unsigned char>(time.back())) != 0)
      return true;
  }
  return false;
}

// Whether nearly all lines of head begin with the lead, and records follow it.
bool leads(std::string_view lead, std::string_view head) {
  if (has_zoned_time(lead)) return false;
  size_t lines = 0, led = 0, records = 0, further = 0;
  for (size_t start = 0; start < head.size() && lines < kMostLines;) {
    const size_t end = std::min(head.find('\n', start), head.size());
    const std::string_view line = head.substr(start, end - start);
    start = end + 1;
    if (line.empty()) continue;
    if (line.starts_with('\t')) return false;
    ++lines;
    const size_t length = lead_length(lead, line);
    if (length == 0) continue;
    ++led;
    if (is_record(line.substr(length))) ++records;
    if (line.substr(length).starts_with('\t')) ++further;
  }
  return led * 10 >= lines * 9 && records > 0 && (records + further) * 2 > led;
}

// The lead of head's lines; empty: there is none.
std::string_view find_lead(std::string_view head) {
  size_t tries = 0, lines = 0;
  for (size_t start = 0; start < head.size() && tries < kMostTries; ++lines) {
    const size_t end = std::min(head.find('\n', start), head.size());
    const std::string_view line = head.substr(start, end - start);
    start = end + 1;
    if (line.starts_with('\t')) return {};
    const std::string_view front = line.substr(0, kLongestLead);
    // A record in a line of its own: "TIME TAG: {…}", "TAG: [TIME, {…}]".
    const size_t brace = line.ends_with('}') || line.ends_with("}]") ? front.find("{\"") : 0;
    if (brace != 0 && brace != std::string_view::npos && ++tries <= kMostTries &&
        leads(line.substr(0, brace), head))
      return line.substr(0, brace);
    if (const size_t row = lines < kRowLines ? inner_row(line) : 0;
        row > 0 && ++tries <= kMostTries && leads(line.substr(0, row), head))
      return line.substr(0, row);
    for (size_t tab = front.find('\t'); tab != std::string_view::npos; tab = front.find('\t', tab + 1)) {
      if (find_level(front.substr(0, tab)).length > 0 || ++tries > kMostTries) break;
      for (const std::string_view lead : {line.substr(0, tab), line.substr(0, tab + 1)}) {
        if (leads(lead, head)) return lead;
      }
    }
  }
  return {};
}

class LedUnwrapper final : public LineUnwrapper {
 public:
  using LineUnwrapper::LineUnwrapper;

  bool finish(std::string& out) override {
    LineUnwrapper::finish(out);
    release(out);
    return false;
  }

 protected:
  // Lines wait for one that shows the lead.
  void line(std::string_view text, std::string& out) override {
    if (lead_.empty()) {
      waiting_.append(text).push_back('\n');
      const bool row = text.ends_with('}') || text.ends_with("}]") || inner_row(text) > 0;
      const bool telling = (row || text.find('\t') != std::string_view::npos) && tries_ < kMostTries;
      if (telling) ++tries_;
      if (telling) lead_ = find_lead(waiting_);
      if (!lead_.empty() || waiting_.size() >= kEnough) release(out);
      return;
    }
    put(text, out);
  }

 private:
  static constexpr size_t kEnough = size_t{1024} * 1024;

  void release(std::string& out) {
    const std::string text = std::move(waiting_);
    waiting_.clear();
    if (text.empty()) return;
    if (lead_.empty()) lead_ = find_lead(text);
    for (size_t start = 0; start < text.size();) {
      const size_t end = text.find('\n', start);
      const std::string_view one = std::string_view(text).substr(start, end - start);
      put(one, out);
      start = end + 1;
    }
  }

  void put(std::string_view line, std::string& out) const {
    line.remove_prefix(lead_.empty() ? 0 : lead_length(lead_, line));
    if (!lead_.empty() && line.starts_with("{\"") && line.ends_with("}]")) line.remove_suffix(1);
    out.append(line).push_back('\n');
  }

  std::string lead_, waiting_;
  size_t tries_ = 0;
};

}  // namespace

bool is_led(std::string_view head) {
  return !find_lead(head).empty();
}

bool leads_further(std::string_view head) {
  const std::string_view lead = find_lead(head);
  const size_t time = parse_time(lead).length;
  return time > 0 && lead.substr(time).find_first_not_of(" \t") != std::string_view::npos;
}

std::unique_ptr<Unwrapper> make_led(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<LedUnwrapper>(report);
}

}  // namespace pgsieve
