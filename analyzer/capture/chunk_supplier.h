// ChunkSupplier: the inputs as one sequence of chunks, each cut at record boundaries and labelled with its
// reader.
//
// Opens the inputs one after the other, unwraps them, detects their format from the head, and cuts. A record
// longer than the limit is cut there and the rest of it skipped, so a chunk never holds more than the limit.
// Not thread-safe: callers take turns.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "analyzer/base/error.h"
#include "analyzer/capture/detect.h"
#include "analyzer/capture/event_reader.h"
#include "analyzer/capture/ingest.h"
#include "analyzer/capture/input_order.h"
#include "analyzer/capture/log_reader.h"
#include "analyzer/capture/source.h"
#include "analyzer/capture/unwrap.h"

namespace pgsieve {

struct PipelineLimits {
  size_t chunk_bytes = size_t{96} * 1024;
  size_t head_bytes = size_t{512} * 1024;  // what detection sees
  size_t reversed_bytes =
      size_t{256} * 1024 * 1024;  // of an input that runs backwards in time, read as a whole
};

// One piece of work. Reused: the text keeps its capacity.
struct Job {
  std::string text;
  uint32_t file = 0;
  uint64_t offset = 0;
  bool first = false, last = false;
  bool reversed = false;        // the whole input, newest first
  bool unknown_format = false;  // no reader fits: all of it is unread
  std::shared_ptr<const LogReader> reader;
  Microseconds first_time = kUnknownTime;  // of the file, on its first chunk
  uint64_t skipped_bytes = 0;              // of a too long record, before this chunk
  uint64_t skipped_lines = 0;
  uint64_t lines_before = 0;  // of the file, before its first chunk
  bool cut = false;           // the chunk ends inside a too long record
  // An input that is read by an EventReader: text is its head.
  std::shared_ptr<EventReader> events;
  std::shared_ptr<Source> events_source;
};

class ChunkSupplier {
 public:
  ChunkSupplier(std::vector<std::string> paths, const IngestOptions& options, const PipelineLimits& limits);
  ~ChunkSupplier();

  // Fills `job` with the next chunk. False at the end, or after a failure (see failure()).
  bool next(Job& job);

  // Ends the input being read where it is.
  void interrupt();

  // Following: called, from the thread in next(), whenever all that is there was read. Set before next().
  void set_waiting(std::function<void()> waiting) { waiting_ = std::move(waiting); }
  // A log_line_prefix that the inputs probably have.
  void set_prefix_hint(std::string prefix) { prefix_hint_ = std::move(prefix); }

  // Following, where each input has a supplier of its own: what is known of its end, and who is told which
  // part of a later input was read as the rest of this one's last entry.
  void set_end(const InputOrder& order, const std::string& path,
               std::function<void(const std::string& later, const ByteRange& rest)> taken);

  // Why reading stopped before the end.
  const Status& failure() const { return failure_; }
  // What is known of the inputs; complete once next() returned false.
  std::vector<IngestFile>& files() { return files_; }
  std::vector<std::string>& warnings() { return warnings_; }
  const Detection& detection() const { return detection_; }  // of the first input that had one
  const Status& unmatched() const { return unmatched_; }     // why the first input without a format had none
  bool mixed() const { return mixed_; }
  uint64_t decoded_bytes() const { return decoded_bytes_; }

 private:
  struct Input;
  bool open_next();
  bool open_path(const std::string& path);
  bool append_continuation(const std::string& path);
  std::unique_ptr<Source> rest_of(const std::string& path, const std::string& tail);
  void start_input(std::unique_ptr<Source> source);
  bool fill(size_t want);
  bool cut(Job& job);
  void skip_rest(Job& job);
  void close_input();
  void report_progress();
  void checkpoint();

  const IngestOptions& options_;
  PipelineLimits limits_;
  std::vector<std::string> paths_;
  std::map<std::string, ByteRange> ranges_;  // of paths that are not read whole
  std::map<std::string, Continuation> continued_;
  std::map<std::string, OpenEnd> open_ends_;
  std::function<void(const std::string& later, const ByteRange& rest)> taken_;
  size_t next_path_ = 0;
  std::vector<std::unique_ptr<Source>> sources_;  // of the current path, in reverse order
  std::unique_ptr<Input> input_;
  std::vector<IngestFile> files_;
  std::vector<std::string> warnings_;
  Detection detection_;
  std::string prefix_hint_;
  std::function<void()> waiting_;
  Status failure_, unmatched_;
  bool mixed_ = false;
  int32_t zone_seconds_ = 0;
  uint64_t decoded_bytes_ = 0;
  uint64_t done_bytes_ = 0, total_bytes_ = 0;
};

}  // namespace pgsieve
