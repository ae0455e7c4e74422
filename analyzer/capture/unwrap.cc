#include "analyzer/capture/unwrap.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "analyzer/base/time.h"
#include "analyzer/capture/prefix.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

constexpr size_t kHeadBytes = size_t{64} * 1024;
constexpr size_t kMaxHeadBytes = size_t{1024} * 1024;  // a single record may be long
constexpr size_t kMaxWrappers = 6;
constexpr size_t kPortion = size_t{256} * 1024;

// A Source whose head was looked at; optionally with a wrapper undone.
class UnwrapSource final : public Source {
 public:
  UnwrapSource(std::unique_ptr<Source> inner, std::string head, std::unique_ptr<Unwrapper> unwrapper)
      : inner_(std::move(inner)), unwrapper_(std::move(unwrapper)) {
    if (unwrapper_) {
      unwrapper_->feed(head, ready_);
    } else {
      ready_ = std::move(head);
    }
  }

  Result<size_t> read(std::string& buffer, size_t want) override {
    while (used_ == ready_.size()) {
      ready_.clear();
      used_ = 0;
      if (!unwrapper_) return inner_->read(buffer, want);
      if (inner_ended_) {
        if (!finishing_) break;
        finishing_ = unwrapper_->finish(ready_);
        continue;
      }
      portion_.clear();
      Result<size_t> got = inner_->read(portion_, kPortion);
      if (!got) failed_ = got.error();
      inner_ended_ = !got || *got == 0;
      unwrapper_->feed(portion_, ready_);
    }
    const size_t part = std::min(want, ready_.size() - used_);
    if (part == 0 && failed_) return *failed_;
    buffer.append(ready_, used_, part);
    used_ += part;
    return part;
  }

  const std::string& name() const override { return inner_->name(); }
  std::string encoding() const override { return inner_->encoding(); }
  uint64_t stored_bytes() const override { return inner_->stored_bytes(); }
  uint64_t stored_size() const override { return inner_->stored_size(); }
  bool live() const override { return inner_->live(); }
  uint64_t position() const override { return inner_->position(); }
  std::string warning() const override { return inner_->warning(); }

 private:
  std::unique_ptr<Source> inner_;
  std::unique_ptr<Unwrapper> unwrapper_;
  std::string portion_, ready_;
  size_t used_ = 0;  // of ready_
  bool inner_ended_ = false;
  bool finishing_ = true;
  Status failed_;
};

// A Source that hands out an Error met while its head was read.
class FailedSource final : public Source {
 public:
  FailedSource(std::unique_ptr<Source> inner, Error failed)
      : inner_(std::move(inner)), failed_(std::move(failed)) {}
  Result<size_t> read(std::string&, size_t) override { return failed_; }
  const std::string& name() const override { return inner_->name(); }
  std::string encoding() const override { return inner_->encoding(); }
  uint64_t stored_bytes() const override { return inner_->stored_bytes(); }
  uint64_t stored_size() const override { return inner_->stored_size(); }

 private:
  std::unique_ptr<Source> inner_;
  Error failed_;
};

// Reads until `size` bytes are there or the end is; replaces a failed source by one that says so again.
bool read_head(std::unique_ptr<Source>& source, std::string& head, size_t size) {
  while (head.size() < size) {
    Result<size_t> got = source->read(head, size - head.size());
    if (!got) {
      source = std::make_unique<FailedSource>(std::move(source), got.error());
      return true;
    }
    if (*got == 0) return true;
    if (source->live() && head.ends_with('\n')) return false;
  }
  return false;
}

// Whether a log_line_prefix reads most of the lines as they are, those that go on with an entry aside: then
// what stands in front of them is that prefix, and no wrapper's.
bool reads_lines(const std::string& prefix, std::string_view lines) {
  const Result<PrefixMatcher> matcher = PrefixMatcher::compile(prefix);
  if (!matcher) return false;
  size_t entries = 0, others = 0;
  TimeMemo memo;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    LogEntry entry;
    if (line.empty() || line.starts_with('\t')) continue;
    ++(matcher->match(line, entry, memo) > 0 ? entries : others);
  }
  return entries > others;
}

std::string_view complete_lines(std::string_view head, bool ended) {
  const size_t end = head.rfind('\n');
  return ended || end == std::string_view::npos ? head : head.substr(0, end + 1);
}

}  // namespace

const WrapperKind* detect_wrapper(std::string_view head, bool ended) {
  static const WrapperKind kCri{"CRI", make_cri};
  static const WrapperKind kFrames{"frames", make_frames};
  static const WrapperKind kHeroku{"logplex", make_heroku};
  static const WrapperKind kSyslog{"syslog", make_syslog};
  static const WrapperKind kJournal{"journald", make_journal_export};
  static const WrapperKind kStamped{"stamped lines", make_stamped_lines, true};
  static const WrapperKind kNamed{"container output", make_named_lines, true};
  static const WrapperKind kStern{"container output", make_stern, true};
  static const WrapperKind kNumbered{"syslog", make_numbered_parts};
  static const WrapperKind kLed{"led lines", make_led, true};
  static const WrapperKind kColoured{"colours", make_coloured};
  static const WrapperKind kCopyText{"table", make_copy_text};
  static const WrapperKind kJson[] = {
      {"docker", make_json}, {"journald", make_json},   {"Cloud Logging", make_json},
      {"Azure", make_json},  {"CloudWatch", make_json}, {"OTLP", make_json},
      {"JSON", make_json},   {"syslog", make_json},     {"CloudNativePG", make_json},
      {"Loki", make_json},   {"table", make_json}};
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  const std::string_view lines = complete_lines(head, ended);
  static const WrapperKind kTail{"tail", make_tail_output};
  static const WrapperKind kCompanions{"a cluster manager's output", make_companions};
  if (is_tail_output(lines)) return &kTail;
  if (is_cri(lines)) return &kCri;
  if (is_named_lines(lines)) return &kNamed;
  if (is_frames(head)) return &kFrames;
  if (is_numbered_parts(lines)) return &kNumbered;
  if (is_heroku(lines)) return &kHeroku;
  if (is_syslog(lines)) return &kSyslog;
  if (is_journal_export(head)) return &kJournal;
  if (is_coloured(lines)) return &kColoured;
  if (is_stern(lines)) return &kStern;
  if (is_copy_text(lines)) return &kCopyText;
  std::string_view name;
  if (is_wrapped_json(head, name)) {
    const auto* kind = std::find_if(std::begin(kJson), std::end(kJson),
                                    [&](const WrapperKind& known) { return known.name == name; });
    return kind == std::end(kJson) ? nullptr : kind;
  }
  static const WrapperKind kCsv[] = {{"CloudWatch CSV", make_csv},
                                     {"Azure CSV", make_csv},
                                     {"Cloud Logging CSV", make_csv},
                                     {"CSV", make_csv},
                                     {"table", make_csv}};
  if (is_wrapped_csv(head, name)) {
    const auto* kind = std::find_if(std::begin(kCsv), std::end(kCsv),
                                    [&](const WrapperKind& known) { return known.name.starts_with(name); });
    return kind == std::end(kCsv) ? &kCsv[3] : kind;
  }
  if (const WrapperKind* fields = detect_fields(lines); fields != nullptr) return fields;
  if (is_stamped_lines(lines)) return leads_further(lines) ? &kLed : &kStamped;
  if (is_led(lines)) return &kLed;
  return is_with_companions(lines) ? &kCompanions : nullptr;
}

std::unique_ptr<Source> unwrap(std::unique_ptr<Source> source, const IngestOptions& options,
                               UnwrapReport& report) {
  for (size_t depth = 0; depth < kMaxWrappers; ++depth) {
    std::string head;
    bool ended = read_head(source, head, kHeadBytes);
    const WrapperKind* kind = detect_wrapper(head, ended);
    const bool json = head.find_first_of("{[") == head.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    if (kind == nullptr && json && !ended) {
      ended = read_head(source, head, kMaxHeadBytes);
      kind = detect_wrapper(head, ended);
    }
    // The server's own time stamps have a blank before the hour; behind anything else there may be a line
    // further on that tells.
    if (kind == nullptr && !json && !ended && (parse_time(head).length == 0 || head[10] == 'T')) {
      ended = read_head(source, head, kMaxHeadBytes);
      kind = detect_wrapper(head, ended);
    }
    if (kind != nullptr && kind->by_likeness && options.prefix_given &&
        reads_lines(options.prefix, complete_lines(head, ended)))
      kind = nullptr;
    if (kind == nullptr) return std::make_unique<UnwrapSource>(std::move(source), std::move(head), nullptr);
    report.wrappers = std::string(kind->name) + (report.wrappers.empty() ? "" : " in " + report.wrappers);
    source = std::make_unique<UnwrapSource>(std::move(source), std::move(head), kind->make(options, report));
  }
  return source;
}

std::vector<std::string> warnings_of(const UnwrapReport& report, const std::string& file) {
  std::vector<std::string> warnings;
  if (!report.warning.empty()) warnings.push_back(report.warning);
  if (const uint64_t others = report.other_records; others > 0) {
    warnings.push_back(
        fmt::format("{}: {} other programs {} left out.", file,
                    others == 1 ? std::string("1 record of") : fmt::format("{} records of", others),
                    others == 1 ? "was" : "were"));
  }
  if (const uint64_t omitted = report.omitted_records; omitted > 0) {
    warnings.push_back(fmt::format(
        "{}: journalctl left out the text of {} {}, too long or not printable; journalctl --all has it.",
        file, omitted, omitted == 1 ? "message" : "messages"));
  }
  if (const uint64_t missing = report.missing_messages; missing > 0) {
    warnings.push_back(
        fmt::format("{}: {} of the server {} missing, by the numbers it gives them for syslog (dropped by a "
                    "rate limit or on the "
                    "network?): counts are too low and loops have gaps.",
                    file, missing == 1 ? std::string("1 message") : fmt::format("{} messages", missing),
                    missing == 1 ? "is" : "are"));
  }
  if (report.damaged_records > 0) {
    warnings.push_back(fmt::format("{}: {} {} records could not be undone, the first at byte {}.", file,
                                   report.damaged_records, report.wrappers, report.damaged_offset));
  }
  return warnings;
}

}  // namespace pgsieve
