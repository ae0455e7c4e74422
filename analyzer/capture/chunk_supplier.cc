#include "analyzer/capture/chunk_supplier.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "analyzer/base/bytes.h"
#include "analyzer/base/time.h"
#include "analyzer/capture/chunk_input.h"

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
  if (std::string warning = input.source->warning(); !warning.empty())
    warnings_.push_back(std::move(warning));
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
