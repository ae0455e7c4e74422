#include "analyzer/capture/ingest.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "analyzer/capture/assembler.h"
#include "analyzer/capture/chunk_order.h"
#include "analyzer/capture/chunk_supplier.h"
#include "analyzer/capture/ingest_summary.h"
#include "analyzer/capture/pipeline.h"
#include "analyzer/capture/prefix.h"
#include "analyzer/capture/prepared_chunk.h"

namespace pgsieve {
namespace {

constexpr Microseconds kOverlap = 60 * kSecond;

// Which files come from one server, so that a process id means the same in them: those whose times follow
// each other. A file that starts well before the previous one ended is another server's.
class FileGroups {
 public:
  uint64_t group_of(Microseconds first_time) {
    for (size_t i = ends_.size(); i-- > 0;) {
      if (first_time == kUnknownTime || ends_[i] == kUnknownTime || first_time >= ends_[i] - kOverlap)
        return current_ = i;
    }
    ends_.push_back(kUnknownTime);
    return current_ = ends_.size() - 1;
  }
  void saw(Microseconds time) {
    if (time != kUnknownTime && !ends_.empty()) ends_[current_] = std::max(ends_[current_], time);
  }

 private:
  std::vector<Microseconds> ends_;
  size_t current_ = 0;
};

class Pipeline {
 public:
  Pipeline(std::vector<std::string> paths, const IngestOptions& options, const PipelineLimits& limits,
           EventSink& sink)
      : options_(options),
        supplier_(std::move(paths), options, limits),
        filter_(options, stats_, sink),
        assembler_(stats_, filter_) {}

  Result<IngestStats> run();

 private:
  void work();
  // A followed file is read to its end first: its Source knows of the stop.
  bool stopped() const { return options_.stop != nullptr && !options_.follow && options_.stop->load(); }
  static void prepare(const Job& job, PreparedChunk& chunk);
  void consume(Job& job, const PreparedChunk& chunk);
  void consume_events(Job& job);

  const IngestOptions& options_;
  IngestStats stats_;
  ChunkSupplier supplier_;
  FilterSink filter_;
  Assembler assembler_;
  ReadAccount account_;
  FileGroups groups_;
  uint64_t group_ = 0;
  uint64_t log_entries_ = 0;
  std::vector<uint64_t> lines_;  // by file, so far
  Status failure_;

  std::mutex supply_;
  uint64_t next_ticket_ = 0;
  std::mutex turn_;
  std::condition_variable turn_changed_;
  uint64_t turn_ticket_ = 0;
};

// The part that needs nothing but the chunk: runs in parallel.
void Pipeline::prepare(const Job& job, PreparedChunk& chunk) {
  chunk.clear();
  if (job.events != nullptr || job.text.empty()) return;
  if (job.unknown_format) {
    ReadAccount& account = chunk.log.account;
    size_t at = 0;
    while (at < job.text.size()) {
      const size_t end = std::min(job.text.find('\n', at), job.text.size() - 1) + 1;
      ++account.lines;
      account.add_unread(std::string_view(job.text).substr(at, end - at), end - at, job.file, account.lines,
                         job.offset + at);
      at = end;
    }
    return;
  }
  job.reader->read({job.text, job.file, job.offset, job.first, job.last}, chunk.log);
  if (job.reversed) {
    oldest_first(chunk.log.entries);
  } else if (job.reader->kind() == LogFormatKind::kJson) {
    restore_session_order(chunk.log.entries);
  }
  chunk.prepare();
}

void Pipeline::consume_events(Job& job) {
  ReadAccount account;
  if (Status error = job.events->read(job.text, *job.events_source, job.file, filter_, account, stats_))
    failure_ = error;
  lines_[job.file] += account.lines;
  supplier_.files()[job.file].decoded_bytes = account.bytes();
  supplier_.files()[job.file].bytes = job.events_source->stored_bytes();
  account_.merge(account, 0);
}

// The sequential part: chunks come in input order.
void Pipeline::consume(Job& job, const PreparedChunk& chunk) {
  if (lines_.size() <= job.file) lines_.resize(job.file + 1);
  if (job.events != nullptr) {
    const std::lock_guard<std::mutex> lock(
        supply_);  // the reader reads from the source of a supplier's input
    consume_events(job);
    return;
  }
  uint64_t& lines = lines_[job.file];
  if (job.first) group_ = groups_.group_of(job.first_time);
  if (job.skipped_bytes > 0) {
    account_.entry_bytes += job.skipped_bytes;
    account_.lines += job.skipped_lines;
    lines += job.skipped_lines;
  }
  if (job.cut) ++account_.truncated_entries;
  assembler_.add(chunk, {job.file, lines, group_});
  log_entries_ += chunk.log.entries.size();
  account_.merge(chunk.log.account, lines);
  lines += chunk.log.account.lines;
  if (!chunk.log.entries.empty()) groups_.saw(chunk.log.entries.back().time);
}

void Pipeline::work() {
  Job job;
  PreparedChunk chunk;
  for (;;) {
    uint64_t ticket = 0;
    {
      const std::lock_guard<std::mutex> lock(supply_);
      if (stopped() || !supplier_.next(job)) return;
      ticket = next_ticket_++;
    }
    prepare(job, chunk);
    {
      std::unique_lock<std::mutex> lock(turn_);
      turn_changed_.wait(lock, [this, ticket] { return turn_ticket_ == ticket; });
    }
    consume(job, chunk);  // alone: everybody else waits for a later ticket
    {
      const std::lock_guard<std::mutex> lock(turn_);
      ++turn_ticket_;
    }
    turn_changed_.notify_all();
  }
}

Result<IngestStats> Pipeline::run() {
  std::vector<std::thread> threads;
  const unsigned count = options_.follow ? 1 : std::max(options_.threads, 1U);
  for (unsigned i = 1; i < count; ++i) threads.emplace_back([this] { work(); });
  work();
  for (std::thread& thread : threads) thread.join();
  stats_.interrupted = stopped();
  if (stats_.interrupted) supplier_.interrupt();
  if (supplier_.failure()) return *supplier_.failure();
  if (failure_) return *failure_;
  assembler_.finish();
  for (size_t i = 0; i < lines_.size() && i < supplier_.files().size(); ++i)
    supplier_.files()[i].lines = lines_[i];
  if (stats_.entries + stats_.executions == 0 && supplier_.unmatched()) return *supplier_.unmatched();
  summarize(supplier_, account_, assembler_.evidence(), log_entries_, options_, stats_);
  return std::move(stats_);
}

}  // namespace

Result<IngestStats> ingest_with_limits(const std::vector<std::string>& inputs, const IngestOptions& options,
                                       const PipelineLimits& limits, EventSink& sink) {
  Result<std::vector<std::string>> paths = expand_inputs(inputs);
  if (!paths) return paths.error();
  if (!options.format.empty() && options.format != "auto" &&
      log_format_kind(options.format) == LogFormatKind::kUnknown) {
    return Error{Error::Kind::kUsage,
                 "'" + options.format + "' is no log format",
                 "Known are stderr, csvlog, jsonlog, syslog, otlp and pg_stat_statements",
                 "",
                 0,
                 0,
                 false};
  }
  if (options.prefix_given) {
    if (const auto matcher = PrefixMatcher::compile(options.prefix); !matcher) return matcher.error();
  }
  if (paths->empty()) return Error{Error::Kind::kInput, "there is no file to read", "", "", 0, 0, false};
  Pipeline pipeline(std::move(*paths), options, limits, sink);
  return pipeline.run();
}

Result<IngestStats> ingest(const std::vector<std::string>& inputs, const IngestOptions& options,
                           EventSink& sink) {
  return ingest_with_limits(inputs, options, PipelineLimits(), sink);
}

}  // namespace pgsieve
