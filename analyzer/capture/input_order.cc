#include "analyzer/capture/input_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <thread>

#include "analyzer/capture/detect.h"
#include "analyzer/capture/file_part.h"
#include "analyzer/capture/input_seams.h"
#include "analyzer/capture/overlap.h"
#include "analyzer/capture/source.h"
#include "analyzer/capture/syslog_tail.h"
#include "analyzer/capture/unwrap.h"

namespace pgsieve {
namespace {

constexpr size_t kHeadBytes = size_t{128} * 1024;
constexpr size_t kStartBytes = 4096;
constexpr uint64_t kSearchBudget = uint64_t{1024} * 1024 * 1024;  // of files whose entries are wrapped

// The head of an input, looked at before it is read: when does it start, and what is it?
struct Peek {
  std::string path;
  Microseconds first = kUnknownTime, last = kUnknownTime;
  LogFormatKind kind = LogFormatKind::kUnknown;
  bool plain = false;
  bool single = false;  // one stream, plain or compressed
  bool descending = false;
  std::string wrappers;
  std::string prefix;
  std::string start;                        // its first decoded bytes
  std::shared_ptr<const LogReader> reader;  // of a plain log that isn't wrapped
};

bool is_nonempty_file(const std::string& path) {
  std::error_code failed;
  return std::filesystem::is_regular_file(path, failed) && std::filesystem::file_size(path, failed) > 0;
}

uint64_t size_of(const std::string& path) {
  const auto file = PlainFile::open(path);
  return file ? file->size() : 0;
}

void read_head(Source& source, std::string& head, size_t want, bool& whole) {
  while (head.size() < want) {
    const Result<size_t> got = source.read(head, want - head.size());
    whole = !got || *got == 0;
    if (whole) return;
  }
}

// How many bytes the first line of a plain file has; 0: it has no second one.
uint64_t first_line_bytes(const std::string& path) {
  std::string head;
  const auto file = PlainFile::open(path);
  if (!file || !file->read(0, kHeadBytes, head)) return 0;
  const size_t newline = head.find('\n');
  return newline == std::string::npos || newline + 1 == file->size() ? 0 : newline + 1;
}

// `from`: of a plain file, where to begin.
Peek peek(const std::string& path, const IngestOptions& options, uint64_t from = 0) {
  Peek result;
  result.path = path;
  if (path == "-" || !is_nonempty_file(path)) return result;
  result.plain = is_plain_file(path);
  auto sources = open_sources(path);
  if (from > 0 && sources && sources->size() == 1) {
    auto part = open_file_part(path, {from, UINT64_MAX, 0});
    if (!part) return result;
    sources->front() = std::move(*part);
  }
  if (!sources || sources->empty()) return result;
  result.single = sources->size() == 1;
  bool whole = false;
  if (!result.plain) {
    read_head(*sources->front(), result.start, kStartBytes, whole);
    sources = open_sources(path);
    if (!sources || sources->empty()) return result;
  }
  UnwrapReport report;
  const auto source = unwrap(std::move(sources->front()), options, report);
  std::string head;
  whole = false;
  read_head(*source, head, kHeadBytes, whole);
  IngestOptions inner = options;
  if (report.inner_prefix_known) {
    inner.prefix = report.inner_prefix;
    inner.prefix_given = true;
  }
  result.wrappers = report.wrappers;
  const Result<Detection> detection = detect_log(head, whole, inner, {}, report.inner_head);
  if (!detection) return result;
  result.first = detection->first;
  result.kind = detection->kind;
  result.prefix = detection->prefix;
  result.descending = detection->descending;
  if (!result.plain || !result.wrappers.empty() || detection->descending) return result;
  ReaderOptions reader;
  reader.prefix = detection->prefix;
  result.reader = make_log_reader(result.kind, reader);
  if (result.reader != nullptr) result.last = last_entry_time(path, *result.reader);
  return result;
}

std::string stem_of(const std::string& path) {
  const std::filesystem::path name(path);
  return (name.parent_path() / name.stem()).string();
}

class Ordering {
 public:
  Ordering(const IngestOptions& options, InputOrder& order) : options_(options), order_(order) {}

  void look(std::vector<std::string> paths);
  void look_again();
  void drop_formats();
  void sort();
  void drop_shared();
  void drop_compressed_copies();
  void join();
  void finish();

 private:
  void warn(std::string sentence) { order_.warnings.push_back(std::move(sentence)); }

  const IngestOptions& options_;
  InputOrder& order_;
  std::vector<Peek> peeks_;
};

// Leaves out what has the same bytes as another input.
void Ordering::look(std::vector<std::string> paths) {
  std::set<std::pair<uint64_t, uint64_t>> contents;
  for (std::string& path : paths) {
    if (path != "-" && is_nonempty_file(path)) {
      const auto identity = content_identity(path);
      if (identity.ok() && !contents.emplace(identity->high, identity->low).second) {
        warn(fmt::format("{} has the same content as another input; it was read once.", path));
        continue;
      }
    }
    peeks_.push_back(peek(path, options_));
  }
}

// A file that begins in the middle of a wrapped record does not look like the others, but from its second
// line on.
void Ordering::look_again() {
  for (Peek& one : peeks_) {
    if (!one.plain || !one.wrappers.empty()) continue;
    const auto is_wrapped = [](const Peek& other) { return !other.wrappers.empty(); };
    if (std::none_of(peeks_.begin(), peeks_.end(), is_wrapped)) return;
    const uint64_t from = first_line_bytes(one.path);
    if (from == 0) continue;
    Peek again = peek(one.path, options_, from);
    const auto alike = [&again](const Peek& other) {
      return other.wrappers == again.wrappers && other.kind == again.kind;
    };
    if (again.wrappers.empty() || std::none_of(peeks_.begin(), peeks_.end(), alike)) continue;
    one = std::move(again);
  }
}

// csvlog and jsonlog beside stderr, of the same name and time: csvlog and jsonlog say more.
void Ordering::drop_formats() {
  std::vector<Peek> kept;
  for (Peek& one : peeks_) {
    const auto twin = std::find_if(kept.begin(), kept.end(), [&one](const Peek& other) {
      return one.kind != LogFormatKind::kUnknown && other.kind != LogFormatKind::kUnknown &&
             one.kind != other.kind && one.first != kUnknownTime && other.first != kUnknownTime &&
             stem_of(one.path) == stem_of(other.path) && std::abs(one.first - other.first) < 60 * kSecond;
    });
    if (twin == kept.end()) {
      kept.push_back(std::move(one));
      continue;
    }
    const bool replace = twin->kind == LogFormatKind::kStderr;
    warn(fmt::format("{} and {} are the same log in two formats; only {} was read.", twin->path, one.path,
                     replace ? one.path : twin->path));
    order_.other_formats.push_back(replace ? twin->path : one.path);
    if (replace) *twin = std::move(one);
  }
  peeks_ = std::move(kept);
}

// Inputs without a known time keep their places.
void Ordering::sort() {
  std::vector<Peek> timed;
  for (Peek& one : peeks_) {
    if (one.first != kUnknownTime) timed.push_back(std::move(one));
  }
  std::stable_sort(timed.begin(), timed.end(),
                   [](const Peek& left, const Peek& right) { return left.first < right.first; });
  size_t next = 0;
  for (Peek& one : peeks_) {
    if (one.path.empty()) one = std::move(timed[next++]);
  }
}

// A compressed file and one that begins with all of its content, or the other way round.
void Ordering::drop_compressed_copies() {
  const auto start = [](Peek& one) -> const std::string& {
    if (const auto file = PlainFile::open(one.path); one.start.empty() && one.plain && file)
      file->read(0, kStartBytes, one.start);
    return one.start;
  };
  for (size_t i = 0; i < peeks_.size(); ++i) {
    for (size_t k = i + 1; k < peeks_.size() && !peeks_[i].path.empty(); ++k) {
      Peek& one = peeks_[i];
      Peek& other = peeks_[k];
      if (other.path.empty() || one.first == kUnknownTime || one.first != other.first ||
          (one.plain && other.plain) || start(one) != start(other))
        continue;
      const int shorter = contained_content(one.path, other.path);
      if (shorter == 0) continue;
      const bool drop_one =
          shorter < 0 && !(one.plain && !other.plain && contained_content(other.path, one.path) < 0);
      Peek& dropped = drop_one ? one : other;
      warn(fmt::format("{} is contained in {}; it was read once.", dropped.path,
                       drop_one ? other.path : one.path));
      dropped.path.clear();
    }
  }
  std::erase_if(peeks_, [](const Peek& one) { return one.path.empty(); });
}

// What a plain file has in common with an earlier one is read there.
void Ordering::drop_shared() {
  uint64_t budget = kSearchBudget;
  for (size_t k = 1; k < peeks_.size(); ++k) {
    Peek& later = peeks_[k];
    if (!later.plain || later.first == kUnknownTime) continue;
    uint64_t shared = 0;
    std::string with;
    for (size_t i = 0; i < k; ++i) {
      const Peek& earlier = peeks_[i];
      if (!earlier.plain || earlier.path.empty() || earlier.kind != later.kind ||
          earlier.wrappers != later.wrappers || earlier.first == kUnknownTime ||
          (earlier.reader != nullptr && earlier.last < later.first))
        continue;
      const uint64_t bytes =
          shared_bytes(earlier.path, UINT64_MAX, earlier.reader.get(), later.path, 0, &budget);
      if (bytes <= shared) continue;
      shared = bytes;
      with = earlier.path;
    }
    if (shared == 0) continue;
    const auto file = PlainFile::open(later.path);
    if (file && shared == file->size()) {
      warn(fmt::format("{} is contained in {}; it was read once.", later.path, with));
      later.path.clear();
      continue;
    }
    warn(fmt::format("{} begins with {} bytes of {}; they were read once.", later.path, shared, with));
    order_.ranges[later.path].from = shared;
  }
  std::erase_if(peeks_, [](const Peek& one) { return one.path.empty(); });
}

// Neighbours of which the later begins with the rest of the earlier's last entry.
void Ordering::join() {
  for (size_t k = 1; k < peeks_.size(); ++k) {
    const Peek& earlier = peeks_[k - 1];
    const Peek& later = peeks_[k];
    const auto begun = [](const std::map<std::string, ByteRange>& ranges, const std::string& path) {
      const auto range = ranges.find(path);
      return range != ranges.end() && range->second.from > 0;
    };
    const auto range = options_.ranges.find(earlier.path);
    const uint64_t end = range == options_.ranges.end() ? UINT64_MAX : range->second.to;
    if (!earlier.single || !later.single || earlier.kind != later.kind ||
        earlier.wrappers != later.wrappers || earlier.first == kUnknownTime || later.first == kUnknownTime ||
        earlier.descending || later.descending || begun(options_.ranges, later.path) ||
        begun(order_.ranges, later.path) || end < (earlier.plain ? size_of(earlier.path) : UINT64_MAX))
      continue;
    if (!earlier.plain) {
      order_.open_ends[earlier.path] = {later.path, earlier.prefix, earlier.kind};
      continue;
    }
    const Seam seam =
        find_seam({seam_tail(earlier.path), seam_head(later.path), earlier.prefix, earlier.kind}, options_);
    if (seam.bytes == 0) continue;
    order_.continued[earlier.path] = {later.path, seam.bytes};
    order_.ranges[later.path].from = seam.bytes;
    order_.ranges[later.path].lines = seam.lines;
  }
}

void Ordering::finish() {
  for (Peek& one : peeks_) order_.paths.push_back(std::move(one.path));
}

}  // namespace

InputOrder order_inputs(std::vector<std::string> paths, const IngestOptions& options) {
  InputOrder order;
  Ordering ordering(options, order);
  ordering.look(std::move(paths));
  ordering.look_again();
  ordering.drop_formats();
  ordering.sort();
  ordering.drop_compressed_copies();
  ordering.drop_shared();
  ordering.join();
  ordering.finish();
  return order;
}

uint64_t shared_bytes(const std::string& earlier, uint64_t bytes, const std::string& later, uint64_t from,
                      const IngestOptions& options) {
  const Peek one = peek(earlier, options);
  const Peek other = peek(later, options);
  if (!one.plain || !other.plain || one.kind != other.kind || one.wrappers != other.wrappers ||
      one.first == kUnknownTime || other.first == kUnknownTime || (from == 0 && one.first > other.first))
    return 0;
  uint64_t budget = kSearchBudget;
  return shared_bytes(earlier, bytes, one.reader.get(), later, from, &budget);
}

namespace {

bool goes_on_elsewhere(const Peek& file, const std::vector<std::string>& others,
                       const IngestOptions& options) {
  const std::string tail = seam_tail(file.path);
  return std::any_of(others.begin(), others.end(), [&](const std::string& other) {
    return other != file.path && other != "-" && is_nonempty_file(other) &&
           find_seam({tail, seam_head(other), file.prefix, file.kind}, options).bytes > 0;
  });
}

// Where the last entry of a plain file begins, whose last whole line ends at `lines`.
uint64_t last_entry_start(const Peek& peeked, const PlainFile& file, uint64_t lines) {
  if (peeked.reader == nullptr) return lines;
  uint64_t from = lines - std::min<uint64_t>(lines, kTailBytes);
  std::string text;
  if (!file.read(from, static_cast<size_t>(file.size() - from), text)) return lines;
  if (from > 0) {
    const size_t record = peeked.reader->find_record(text);
    if (record == std::string::npos) return lines;
    from += record;
    text.erase(0, record);
  }
  const size_t whole = peeked.reader->complete_records(text);
  return whole == 0 ? lines : std::min(lines, from + whole);
}

}  // namespace

// Up to the end of the last whole line, or of the last whole entry.
static uint64_t complete_entries(const PlainFile& file, const Peek& peeked) {
  constexpr uint64_t kStep = uint64_t{64} * 1024;
  std::string block;
  for (uint64_t end = file.size(); end > 0;) {
    const uint64_t from = end - std::min(end, kStep);
    block.clear();
    if (!file.read(from, static_cast<size_t>(end - from), block)) return 0;
    if (const size_t newline = block.rfind('\n'); newline != std::string::npos)
      return last_entry_start(peeked, file, from + newline + 1);
    end = from;
  }
  return 0;
}

uint64_t complete_size(const std::string& path, const std::vector<std::string>& others,
                       const IngestOptions& options) {
  constexpr auto kWritten = std::chrono::minutes(10);
  constexpr auto kJustNow = std::chrono::seconds(1);
  constexpr auto kPause = std::chrono::milliseconds(10);
  const auto file = PlainFile::open(path);
  if (!file) return 0;
  if (file->size() == 0) return 0;
  std::error_code failed;
  const auto age =
      std::filesystem::file_time_type::clock::now() - std::filesystem::last_write_time(path, failed);
  if (failed || age > kWritten) return file->size();
  std::string last;
  if (!file->read(file->size() - 1, 1, last)) return file->size();
  if (last == "\n") {
    // The parts of a message are written one right after another.
    if (age < kJustNow) std::this_thread::sleep_for(kPause);
    return end_of_whole_messages(*file, file->size());
  }
  const Peek peeked = peek(path, options);
  if (goes_on_elsewhere(peeked, others, options)) return file->size();
  return end_of_whole_messages(*file, complete_entries(*file, peeked));
}

}  // namespace pgsieve
