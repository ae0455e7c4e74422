// What stands between a server's lines: the headers of `tail -f` over several files, and the lines of those
// who run the server and write to the same stream (Patroni, pg_isready).
//
//   ==> /var/log/postgresql/a.log <==       2026-11-22 01:02:03,004 INFO: no action. I am (pg-0), the leader
//   … 2026-11-22 …                            localhost:5432 - accepting connections
//
// Lines of two files come in any order, so one waits until the next of its file shows that it isn't
// continued (with a tab).
#include <algorithm>
#include <map>
#include <string>

#include "analyzer/base/time.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

constexpr std::string_view kOpen = "==> ", kClose = " <==";
constexpr size_t kMostFiles = 1000;

bool is_header(std::string_view line) {
  return line.size() > kOpen.size() + kClose.size() && line.starts_with(kOpen) && line.ends_with(kClose);
}

class TailUnwrapper final : public LineUnwrapper {
 public:
  using LineUnwrapper::LineUnwrapper;
  bool finish(std::string& out) override {
    LineUnwrapper::finish(out);
    for (auto& [name, waiting] : files_) {
      out += waiting;
      waiting.clear();
    }
    return false;
  }

 protected:
  void line(std::string_view text, std::string& out) override {
    if (is_header(text)) {  // the empty line before it is its own
      blank_ = false;
      if (files_.size() < kMostFiles || files_.contains(text)) current_ = &files_[std::string(text)];
      return;
    }
    if (current_ == nullptr) return other(text);
    if (blank_) current_->push_back('\n');
    blank_ = text.empty();
    if (blank_) return;
    if (!text.starts_with('\t') || current_->size() > kMaxRecordBytes) {
      out += *current_;
      current_->clear();
    }
    current_->append(text).push_back('\n');
  }

 private:
  std::map<std::string, std::string, std::less<>> files_;  // by header: what waits
  std::string* current_ = nullptr;
  bool blank_ = false;
};

// Python's logging, as Patroni sets it up: the fraction of a second behind a comma.
bool is_patroni(std::string_view line) {
  if (line.size() < 30 || line[19] != ',' || line[10] != ' ' || parse_time(line).length < 19) return false;
  line.remove_prefix(20);
  line.remove_prefix(std::min(line.find_first_not_of("0123456789"), line.size()));
  const std::string_view levels[] = {" INFO: ", " WARNING: ", " ERROR: ", " DEBUG: ", " CRITICAL: "};
  return std::any_of(std::begin(levels), std::end(levels),
                     [line](std::string_view level) { return line.starts_with(level); });
}

bool is_ready_answer(std::string_view line) {
  return line.size() < 200 &&
         (line.ends_with(" - accepting connections") || line.ends_with(" - no response") ||
          line.ends_with(" - rejecting connections"));
}

class CompanionUnwrapper final : public LineUnwrapper {
 public:
  using LineUnwrapper::LineUnwrapper;

 protected:
  void line(std::string_view text, std::string& out) override {
    if (is_patroni(text) || is_ready_answer(text)) {
      inside_ = is_patroni(text);
      return other(text);
    }
    // What follows one, a traceback for instance, up to the next line with a time.
    inside_ = inside_ && !text.starts_with('\t') && !text.empty() && parse_time(text).length == 0 &&
              find_level(text).length == 0;
    if (inside_) return other(text);
    out.append(text).push_back('\n');
  }

 private:
  bool inside_ = false;
};

}  // namespace

bool is_tail_output(std::string_view head) {
  const std::string_view first = head.substr(0, head.find('\n'));
  return is_header(first.ends_with('\r') ? first.substr(0, first.size() - 1) : first);
}

bool is_with_companions(std::string_view head) {
  bool companion = false, server = false;
  for (size_t start = 0; start < head.size() && !(companion && server);) {
    const size_t end = std::min(head.find('\n', start), head.size());
    const std::string_view line = head.substr(start, end - start);
    start = end + 1;
    if (line.starts_with('\t')) continue;
    if (is_patroni(line)) {
      companion = true;
    } else if (!server) {
      server = parse_time(line).length > 0 && find_level(line).length > 0;
    }
  }
  return companion && server;
}

std::unique_ptr<Unwrapper> make_tail_output(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<TailUnwrapper>(report);
}
std::unique_ptr<Unwrapper> make_companions(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<CompanionUnwrapper>(report);
}

}  // namespace pgsieve
