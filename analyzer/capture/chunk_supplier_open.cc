// How a ChunkSupplier comes by its next input: opens it, with what another file holds of its last entry,
// undoes what it is wrapped in and finds out which format reads it.
#include <fmt/format.h>

#include <algorithm>

#include "analyzer/capture/chunk_input.h"
#include "analyzer/capture/chunk_supplier.h"
#include "analyzer/capture/file_part.h"
#include "analyzer/capture/follow.h"
#include "analyzer/capture/input_seams.h"

namespace pgsieve {

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

}  // namespace pgsieve
