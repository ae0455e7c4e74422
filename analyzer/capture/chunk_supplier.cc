#include "analyzer/capture/chunk_supplier.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "analyzer/base/bytes.h"
#include "analyzer/base/time.h"
#include "analyzer/capture/file_part.h"
#include "analyzer/capture/follow.h"
#include "analyzer/capture/input_seams.h"

namespace pgsieve {
namespace {

uint64_t size_of(const std::string& path) {
  std::error_code ignored;
  const auto size =
      std::filesystem::is_regular_file(path, ignored) ? std::filesystem::file_size(path, ignored) : 0;
  return ignored ? 0 : size;
}

// Reads until `text` has `want` bytes or the source ends (true) or fails (error is set, true).
bool read_up_to(Source& source, std::string& text, size_t want, Status& error) {
  while (text.size() < want) {
    const Result<size_t> got = source.read(text, want - text.size());
    if (!got) {
      error = got.error();
      return true;
    }
    if (*got == 0) return true;
    if (source.live() && text.ends_with('\n')) return false;
  }
  return false;
}

}  // namespace

// The input being read.
struct ChunkSupplier::Input {
  std::shared_ptr<Source> source;
  UnwrapReport report;
  std::shared_ptr<const LogReader> reader;
  std::shared_ptr<EventReader> events;
  Detection detection;
  uint32_t file = 0;
  std::string pending;  // decoded, not handed out yet
  uint64_t offset = 0;  // of pending
  uint64_t lines_before = 0;
  uint64_t stored = 0;  // stored bytes already counted for progress
  bool ended = false;
  bool first = true;
  bool skipping = false;
  bool unknown = false;
  bool followed = false;
};

ChunkSupplier::ChunkSupplier(std::vector<std::string> paths, const IngestOptions& options,
                             const PipelineLimits& limits)
    : options_(options), limits_(limits) {
  if (!options.timezone.empty()) {
    const auto zone = zone_offset_seconds(options.timezone);
    if (!zone) {
      failure_ = Error{Error::Kind::kUsage,
                       fmt::format("'{}' is no time zone we know", options.timezone),
                       "Give an abbreviation such as CET or an offset such as +02:00",
                       "",
                       0,
                       0,
                       false};
      return;
    }
    zone_seconds_ = *zone;
  }
  for (const std::string& path : paths) total_bytes_ += size_of(path);
  ranges_ = options.ranges;
  if (paths.size() == 1 || options.follow) {
    paths_ = std::move(paths);
    return;
  }
  InputOrder order = order_inputs(std::move(paths), options);
  paths_ = std::move(order.paths);
  warnings_ = std::move(order.warnings);
  for (const auto& [path, range] : order.ranges) {
    ByteRange& part = ranges_[path];
    if (range.from < part.from) continue;
    part.from = range.from;
    part.lines = range.lines;
  }
  continued_ = std::move(order.continued);
  open_ends_ = std::move(order.open_ends);
}

ChunkSupplier::~ChunkSupplier() = default;

bool ChunkSupplier::open_path(const std::string& path) {
  const auto range = ranges_.find(path);
  const auto held = options_.held.find(path);
  // A file that goes on in another one has its end.
  if (options_.follow && options_.stop != nullptr && !continued_.contains(path) &&
      (held != options_.held.end() || is_plain_file(path))) {
    const auto waiting = [this] {
      checkpoint();
      if (waiting_) waiting_();
    };
    auto source =
        open_following(path, *options_.stop, false, waiting, range == ranges_.end() ? 0 : range->second.from,
                       options_.followed_bytes, held == options_.held.end() ? nullptr : held->second.get());
    if (!source) {
      failure_ = source.error();
      return false;
    }
    sources_.push_back(std::move(*source));
    return true;
  }
  if (range != ranges_.end()) {
    auto source = open_file_part(path, range->second);
    if (!source) {
      failure_ = source.error();
      return false;
    }
    sources_.push_back(std::move(*source));
    return append_continuation(path);
  }
  auto sources = open_sources(path, options_.stop);
  if (!sources) {
    failure_ = sources.error();
    return false;
  }
  sources_ = std::move(*sources);
  std::reverse(sources_.begin(), sources_.end());
  return append_continuation(path);
}

// Puts what another file holds of its last entry behind the file that was opened.
bool ChunkSupplier::append_continuation(const std::string& path) {
  if (sources_.size() != 1) return true;
  if (open_ends_.contains(path)) {
    sources_.front() = continue_source(std::move(sources_.front()),
                                       [this, path](const std::string& tail) { return rest_of(path, tail); });
  }
  const auto rest = continued_.find(path);
  if (rest == continued_.end()) return true;
  auto source = open_file_part(rest->second.path, {0, rest->second.bytes, 0});
  if (!source) {
    failure_ = source.error();
    return false;
  }
  sources_.front() = join_sources(std::move(sources_.front()), std::move(*source));
  return true;
}

// What the next input holds of the last entry of the compressed one whose end is `tail`; null: nothing.
std::unique_ptr<Source> ChunkSupplier::rest_of(const std::string& path, const std::string& tail) {
  const OpenEnd& end = open_ends_.at(path);
  if (const auto part = ranges_.find(end.later); part != ranges_.end() && part->second.from > 0)
    return nullptr;
  const Seam seam = find_seam({tail, seam_head(end.later), end.prefix, end.kind}, options_);
  if (seam.bytes == 0) return nullptr;
  auto source = open_file_part(end.later, {0, seam.bytes, 0});
  if (!source) return nullptr;
  ByteRange& part = ranges_[end.later];
  part.from = seam.bytes;
  part.lines = seam.lines;
  if (taken_) taken_(end.later, part);
  return std::move(*source);
}

void ChunkSupplier::set_end(const InputOrder& order, const std::string& path,
                            std::function<void(const std::string& later, const ByteRange& rest)> taken) {
  if (const auto rest = order.continued.find(path); rest != order.continued.end()) continued_.insert(*rest);
  if (const auto end = order.open_ends.find(path); end != order.open_ends.end()) open_ends_.insert(*end);
  taken_ = std::move(taken);
}

bool ChunkSupplier::open_next() {
  while (sources_.empty()) {
    if (next_path_ >= paths_.size()) return false;
    if (!open_path(paths_[next_path_++])) return false;
  }
  std::unique_ptr<Source> source = std::move(sources_.back());
  sources_.pop_back();
  start_input(std::move(source));
  return true;
}

void ChunkSupplier::start_input(std::unique_ptr<Source> source) {
  input_ = std::make_unique<Input>();
  Input& input = *input_;
  IngestFile& file = files_.emplace_back();
  input.file = static_cast<uint32_t>(files_.size() - 1);
  file.name = source->name();
  input.followed = source->live();
  const bool whole_path = sources_.empty();  // no archive of several
  if (const auto part = ranges_.find(paths_[next_path_ - 1]); whole_path && part != ranges_.end()) {
    input.offset = part->second.from;
    input.lines_before = part->second.lines;
  }
  input.source = unwrap(std::move(source), options_, input.report);
  fill(limits_.head_bytes);
  LogFormatKind events = options_.format.empty() || options_.format == "auto"
                             ? detect_event_format(input.pending)
                             : log_format_kind(options_.format);
  for (const InputFormat& format : options_.formats) {
    const bool chosen = options_.format.empty() || options_.format == "auto" ? format.matches(input.pending)
                                                                             : events == format.kind;
    if (!chosen) continue;
    events = format.kind;
    input.events = format.make(options_);
  }
  if (input.events == nullptr) input.events = make_event_reader(events, options_);
  if (input.events != nullptr) {
    input.detection.kind = events;
  } else {
    IngestOptions options = options_;
    if (input.report.inner_prefix_known) {
      options.prefix = input.report.inner_prefix;
      options.prefix_given = true;
      options.format.clear();
    }
    Result<Detection> detection =
        detect_log(input.pending, input.ended, options,
                   detection_.prefix.empty() ? prefix_hint_ : detection_.prefix, input.report.inner_head);
    if (detection) {
      input.detection = *detection;
      ReaderOptions reader;
      reader.prefix = input.detection.prefix;
      reader.zone_seconds = zone_seconds_;
      input.reader = make_log_reader(input.detection.kind, reader);
    } else {
      input.unknown = true;
      Error error = detection.error();
      error.file = file.name;
      if (!input.pending.empty()) warnings_.push_back(error.to_string() + ".");
      if (!unmatched_) unmatched_ = std::move(error);
    }
  }
  if (!input.unknown) {
    if (detection_.kind == LogFormatKind::kUnknown) {
      detection_ = input.detection;
    } else if (detection_.kind != input.detection.kind) {
      mixed_ = true;
    }
  }
  file.format = input.unknown ? "unknown" : std::string(log_format_name(input.detection.kind));
  if (!input.report.wrappers.empty()) file.format += " in " + input.report.wrappers;
  if (const std::string encoding = input.source->encoding(); !encoding.empty())
    file.format += " in " + encoding;
  file.prefix = input.detection.prefix;
}

// Reads until `want` bytes are pending or the input ends.
bool ChunkSupplier::fill(size_t want) {
  Input& input = *input_;
  if (input.ended || input.pending.size() >= want) return !input.pending.empty();
  const size_t before = input.pending.size();
  Status error;
  input.ended = read_up_to(*input.source, input.pending, want, error);
  decoded_bytes_ += input.pending.size() - before;
  files_[input.file].decoded_bytes += input.pending.size() - before;
  if (error) {
    const uint64_t at = files_[input.file].decoded_bytes;
    if (at == 0) {
      failure_ = *error;
    } else {
      warnings_.push_back(fmt::format("{}: reading stopped after {} decoded bytes: {}.",
                                      files_[input.file].name, at, error->message));
    }
  }
  return !input.pending.empty();
}

void ChunkSupplier::checkpoint() {
  if (!options_.checkpoint || input_ == nullptr || input_->source == nullptr || !input_->followed) return;
  const uint64_t read = input_->source->position();
  options_.checkpoint(input_->source->name(), read - std::min<uint64_t>(read, input_->pending.size()), {});
}

void ChunkSupplier::interrupt() {
  if (input_ != nullptr) close_input();
}

void ChunkSupplier::report_progress() {
  const uint64_t stored = input_->source->stored_bytes();
  done_bytes_ += stored - std::min(stored, input_->stored);
  input_->stored = stored;
  if (options_.progress) options_.progress(done_bytes_, total_bytes_);
}

void ChunkSupplier::close_input() {
  Input& input = *input_;
  IngestFile& file = files_[input.file];
  file.bytes = input.source->stored_bytes();
  report_progress();
  checkpoint();
  for (std::string& warning : warnings_of(input.report, file.name)) warnings_.push_back(std::move(warning));
  input_.reset();
}

// Drops the rest of a record that was too long.
void ChunkSupplier::skip_rest(Job& job) {
  Input& input = *input_;
  while (input.skipping) {
    fill(limits_.chunk_bytes);
    size_t length = input.reader->find_record(input.pending);
    // Without a record start, all but the last bytes go: a start may be split between two reads.
    if (length == std::string_view::npos) {
      const size_t newline = input.pending.rfind('\n');
      length = input.ended || newline == std::string::npos || newline == 0 ? input.pending.size() : newline;
      if (input.ended) input.skipping = false;
    } else {
      input.skipping = false;
    }
    job.skipped_lines += count_byte(std::string_view(input.pending).substr(0, length), '\n');
    job.skipped_bytes += length;
    input.offset += length;
    input.pending.erase(0, length);
  }
}

// Moves the next whole records from pending to the job.
bool ChunkSupplier::cut(Job& job) {
  Input& input = *input_;
  const size_t limit = std::max<size_t>(options_.max_entry_bytes, limits_.chunk_bytes);
  size_t want = input.detection.descending ? limits_.reversed_bytes : limits_.chunk_bytes;
  size_t length = 0;
  for (;;) {
    if (!fill(want)) return false;
    if (input.ended && input.pending.size() <= want) {
      length = input.pending.size();
      job.last = true;
    } else {
      length = input.unknown
                   ? want
                   : input.reader->complete_records(std::string_view(input.pending).substr(0, want));
    }
    if (length > 0) break;
    if (input.pending.size() < want && !input.ended) {  // a live input: more may come
      fill(want);
      continue;
    }
    if (want >= limit) {
      length = std::min(want, input.pending.size());
      job.cut = true;
      input.skipping = true;
      break;
    }
    want = std::min(want * 2, limit);
  }
  if (input.detection.descending && !job.last && job.first) {
    warnings_.push_back(fmt::format(
        "{} runs backwards in time and is too large to be turned around as a whole; sessions that "
        "cross a boundary of {} bytes are in the wrong order.",
        files_[input.file].name, limits_.reversed_bytes));
  }
  job.text.swap(input.pending);
  input.pending.assign(job.text, length);
  job.text.resize(length);
  job.offset = input.offset;
  input.offset += length;
  return true;
}

bool ChunkSupplier::next(Job& job) {
  while (!failure_) {
    checkpoint();
    if (input_ == nullptr && !open_next()) return false;
    if (failure_) return false;
    Input& input = *input_;
    job.text.clear();
    job.file = input.file;
    job.first = input.first;
    job.last = job.cut = false;
    job.skipped_bytes = job.skipped_lines = 0;
    job.lines_before = input.lines_before;
    job.reversed = input.detection.descending;
    job.unknown_format = input.unknown;
    job.first_time = input.detection.first;
    job.reader = input.reader;
    job.events = nullptr;
    job.events_source = nullptr;
    input.first = false;
    if (input.events != nullptr) {
      if (!job.first) {
        close_input();
        continue;
      }
      job.text.swap(input.pending);
      job.events = input.events;
      job.events_source = input.source;
      return true;
    }
    if (input.skipping) skip_rest(job);
    if (cut(job)) {
      report_progress();
      return true;
    }
    const bool skipped = job.skipped_bytes > 0;
    close_input();
    if (skipped) return true;  // an empty chunk that still has to be accounted for
  }
  return false;
}

}  // namespace pgsieve
