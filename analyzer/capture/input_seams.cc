#include "analyzer/capture/input_seams.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "analyzer/base/bytes.h"
#include "analyzer/capture/detect.h"
#include "analyzer/capture/file_part.h"
#include "analyzer/capture/log_reader.h"
#include "analyzer/capture/source.h"
#include "analyzer/capture/unwrap.h"

namespace pgsieve {
namespace {

constexpr size_t kWindow = kTailBytes;
constexpr size_t kMostLines = 200;  // tried as the rest of an entry
constexpr Microseconds kDisorder = 2 * kSecond;

// A text as an input.
class WindowSource final : public Source {
 public:
  explicit WindowSource(std::string_view text) : text_(text) {}
  Result<size_t> read(std::string& buffer, size_t want) override {
    const std::string_view part = text_.substr(used_, want);
    buffer.append(part);
    used_ += part.size();
    return part.size();
  }
  const std::string& name() const override { return name_; }
  std::string encoding() const override { return ""; }
  uint64_t stored_bytes() const override { return used_; }
  uint64_t stored_size() const override { return text_.size(); }

 private:
  std::string_view text_;
  std::string name_;
  size_t used_ = 0;
};

// How a text reads.
struct Trial {
  uint64_t faults = 0, entries = 0;
  Microseconds first = kUnknownTime, last = kUnknownTime;
};

Trial operator+(const Trial& one, const Trial& other) {
  return {one.faults + other.faults, one.entries + other.entries, one.first, other.last};
}

class Reading {
 public:
  Reading(const SeamSides& sides, const IngestOptions& options) : sides_(sides), options_(options) {
    options_.progress = nullptr;
    options_.stop = nullptr;
    if (!sides.prefix.empty()) {
      options_.prefix = sides.prefix;
      options_.prefix_given = true;
    }
  }

  Trial read(std::string_view text) const {
    Trial trial;
    if (text.empty()) return trial;
    UnwrapReport report;
    const auto source = unwrap(std::make_unique<WindowSource>(text), options_, report);
    std::string plain;
    for (Result<size_t> got = size_t{1}; got && *got > 0;) got = source->read(plain, kWindow);
    trial.faults = report.other_records + report.damaged_records;
    ReaderOptions reader_options;
    reader_options.prefix = report.inner_prefix_known ? report.inner_prefix : sides_.prefix;
    const auto reader = make_log_reader(sides_.kind, reader_options);
    if (reader == nullptr) return trial;
    LogChunk chunk;
    reader->read({plain, 0, 0, false, true}, chunk);
    trial.entries = chunk.entries.size();
    trial.faults +=
        chunk.account.unread_lines + chunk.account.damaged_records + chunk.account.loose_continuations;
    for (const LogEntry& entry : chunk.entries) {
      if (entry.time == kUnknownTime) continue;
      if (trial.first == kUnknownTime) trial.first = entry.time;
      trial.last = entry.time;
    }
    return trial;
  }

 private:
  const SeamSides& sides_;
  IngestOptions options_;
};

// Wrapped records are not recognised behind the rest of one.
std::string_view without_line(std::string_view text) {
  return text.substr(std::min(text.find('\n'), text.size() - 1) + 1);
}

}  // namespace

// The whole lines at the end of the file, and what follows the last of them.
std::string seam_tail(const std::string& path) {
  const auto file = PlainFile::open(path);
  std::string tail;
  if (!file) return tail;
  const uint64_t from = file->size() - std::min<uint64_t>(file->size(), kWindow);
  if (!file->read(from, kWindow, tail)) return {};
  if (from > 0) {
    const size_t newline = tail.find('\n');
    if (newline == std::string::npos) return {};
    tail.erase(0, newline + 1);
  }
  return tail;
}

std::string seam_head(const std::string& path) {
  std::string head;
  const auto source = open_file_part(path, ByteRange());
  bool whole = !source.ok();
  while (!whole && head.size() < kWindow) {
    const Result<size_t> got = (*source)->read(head, kWindow - head.size());
    whole = !got || *got == 0;
  }
  if (!whole) head.resize(head.rfind('\n') + 1);
  return head;
}

Seam find_seam(const SeamSides& sides, const IngestOptions& options) {
  const std::string& tail = sides.earlier;
  const std::string& head = sides.later;
  if (tail.empty() || head.empty()) return {};
  const Reading reading(sides, options);
  const Trial before = reading.read(tail);
  const Trial after = reading.read(head);
  const Trial joined = reading.read(tail + head);
  if (joined.faults >= before.faults + after.faults) return {};
  const Microseconds resumed =
      after.first != kUnknownTime ? after.first : reading.read(without_line(head)).first;
  if (before.last == kUnknownTime || resumed == kUnknownTime || resumed < before.last - kDisorder ||
      resumed - before.last > kMaxSeamPause)
    return {};
  Seam seam;
  Seam best;
  Trial least = before + after;
  for (size_t at = 0; at < head.size() && seam.lines < kMostLines;) {
    at = std::min(head.find('\n', at), head.size() - 1) + 1;
    seam.bytes = at;
    ++seam.lines;
    const Trial parts =
        reading.read(tail + head.substr(0, at)) + reading.read(std::string_view(head).substr(at));
    if (parts.faults < least.faults) {
      least = parts;
      best = seam;
    }
    if (parts.faults <= joined.faults && parts.entries >= joined.entries) break;
  }
  return best;
}

}  // namespace pgsieve
