#include "analyzer/capture/ingest.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "analyzer/capture/assembler.h"
#include "analyzer/capture/chunk_order.h"
#include "analyzer/capture/chunk_stages.h"
#include "analyzer/capture/chunk_supplier.h"
#include "analyzer/capture/file_part.h"
#include "analyzer/capture/held_file.h"
#include "analyzer/capture/ingest_summary.h"
#include "analyzer/capture/input_watch.h"
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
        return i;
    }
    ends_.push_back(kUnknownTime);
    return ends_.size() - 1;
  }
  void saw(uint64_t group, Microseconds time) {
    if (time != kUnknownTime) ends_[group] = std::max(ends_[group], time);
  }

 private:
  std::vector<Microseconds> ends_;
};

// What both ways of reading share: a chunk is prepared anywhere, and consumed by one thread at a time.
class Pipeline {
 public:
  Pipeline(const IngestOptions& options, EventSink& sink)
      : options_(options), filter_(options, stats_, sink), assembler_(stats_, filter_) {
    if (options.session_rests) assembler_.resume(*options.session_rests, options.keep_values);
  }

  // The inputs, one after the other, by all threads together.
  Result<IngestStats> run(std::vector<std::string> paths, const PipelineLimits& limits);
  // The inputs as they grow, a thread for each, until options.stop.
  Result<IngestStats> follow(const std::vector<std::string>& inputs, const PipelineLimits& limits);

 private:
  struct Followed;

  std::unique_ptr<DeferredWork> consume(Job& job, const PreparedChunk& chunk, ChunkSupplier& supplier);
  void follow(Followed& input);
  Status hold_files(const std::vector<std::string>& inputs);
  bool held_under_another_name(const std::string& path) const;
  void start_following(const std::string& path, const InputOrder& order, const PipelineLimits& limits);
  bool stopped() const { return options_.stop != nullptr && options_.stop->load(); }
  static void prepare(const Job& job, PreparedChunk& chunk);
  void open_file(const Job& job);
  void consume(const Job& job, const PreparedChunk& chunk);
  void consume_events(Job& job, IngestFile& file);
  Result<IngestStats> finish(InputFacts inputs, const Status& failure, const Status& unmatched);

  const IngestOptions& options_;
  IngestStats stats_;
  FilterSink filter_;
  Assembler assembler_;
  ReadAccount account_;
  FileGroups groups_;
  uint64_t log_entries_ = 0;
  std::vector<uint64_t> lines_, group_;  // by file: lines so far; group
  Status failure_;

  // Following: the inputs take turns.
  std::mutex turn_;
  std::condition_variable turn_changed_;
  IngestOptions follow_options_;
  std::vector<std::unique_ptr<Followed>> followed_;
  std::string prefix_;  // of the followed inputs so far
  uint32_t followed_files_ = 0;
};

// One followed input. Its supplier and thread are its own; the rest is guarded by turn_.
struct Pipeline::Followed {
  std::unique_ptr<ChunkSupplier> supplier;
  std::thread thread;
  std::vector<uint32_t> files;  // ordinal of each of the supplier's files among all
  bool caught_up = false;       // all that was there at its start was read
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

void Pipeline::open_file(const Job& job) {
  if (lines_.size() > job.file) return;
  lines_.resize(job.file + 1);
  group_.resize(job.file + 1);
}

void Pipeline::consume_events(Job& job, IngestFile& file) {
  open_file(job);
  ReadAccount account;
  if (Status error = job.events->read(job.text, *job.events_source, job.file, filter_, account, stats_))
    failure_ = error;
  lines_[job.file] += account.lines;
  file.decoded_bytes = account.bytes();
  file.bytes = job.events_source->stored_bytes();
  account_.merge(account, 0);
}

// The sequential part: the chunks of a file come in order.
void Pipeline::consume(const Job& job, const PreparedChunk& chunk) {
  open_file(job);
  uint64_t& lines = lines_[job.file];
  uint64_t& group = group_[job.file];
  if (job.first) group = groups_.group_of(job.first_time);
  if (job.skipped_bytes > 0) {
    account_.entry_bytes += job.skipped_bytes;
    account_.lines += job.skipped_lines;
    lines += job.skipped_lines;
  }
  if (job.cut) ++account_.truncated_entries;
  assembler_.add(chunk, {job.file, job.lines_before + lines, group});
  log_entries_ += chunk.log.entries.size();
  account_.merge(chunk.log.account, job.lines_before + lines);
  lines += chunk.log.account.lines;
  if (!chunk.log.entries.empty()) groups_.saw(group, chunk.log.entries.back().time);
}

std::unique_ptr<DeferredWork> Pipeline::consume(Job& job, const PreparedChunk& chunk,
                                                ChunkSupplier& supplier) {
  if (job.events != nullptr) {
    consume_events(job, supplier.files()[job.file]);
    return nullptr;
  }
  filter_.begin_deferring();
  consume(job, chunk);
  return filter_.take_deferred();
}

Result<IngestStats> Pipeline::finish(InputFacts inputs, const Status& failure, const Status& unmatched) {
  if (failure) return *failure;
  if (failure_) return *failure_;
  assembler_.finish();
  for (size_t i = 0; i < lines_.size() && i < inputs.files.size(); ++i) inputs.files[i].lines = lines_[i];
  if (stats_.entries + stats_.executions == 0 && unmatched) return *unmatched;
  summarize(std::move(inputs), account_, assembler_.evidence(), log_entries_, options_, stats_);
  return std::move(stats_);
}

Result<IngestStats> Pipeline::run(std::vector<std::string> paths, const PipelineLimits& limits) {
  ChunkSupplier supplier(std::move(paths), options_, limits);
  run_stages(std::max(options_.threads, 1U),
             {[&](Job& job) { return !stopped() && supplier.next(job); },
              [](const Job& job, PreparedChunk& chunk) { prepare(job, chunk); },
              [&](Job& job, const PreparedChunk& chunk) { return consume(job, chunk, supplier); }});
  stats_.interrupted = stopped();
  if (stats_.interrupted) supplier.interrupt();
  const Status failure = supplier.failure();
  const Status unmatched = supplier.unmatched();
  InputFacts inputs;
  inputs.add(supplier);
  return finish(std::move(inputs), failure, unmatched);
}

// The thread of one followed input.
void Pipeline::follow(Followed& input) {
  Job job;
  PreparedChunk chunk;
  while (input.supplier->next(job)) {
    const uint32_t own = job.file;
    {
      const std::lock_guard<std::mutex> lock(turn_);
      while (input.files.size() <= own) input.files.push_back(followed_files_++);
      job.file = input.files[own];
      if (prefix_.empty()) prefix_ = input.supplier->detection().prefix;
    }
    prepare(job, chunk);
    const std::lock_guard<std::mutex> lock(turn_);
    if (job.events != nullptr) {
      consume_events(job, input.supplier->files()[own]);
    } else {
      consume(job, chunk);
    }
  }
  const std::lock_guard<std::mutex> lock(turn_);
  input.caught_up = true;
  turn_changed_.notify_all();
}

// Returns when all that the file holds now was read: a session may go on in the next.
void Pipeline::start_following(const std::string& path, const InputOrder& order,
                               const PipelineLimits& limits) {
  Followed& input = *followed_.emplace_back(std::make_unique<Followed>());
  input.supplier = std::make_unique<ChunkSupplier>(std::vector<std::string>{path}, follow_options_, limits);
  // An input that goes on in another one is read to its end, before that one is started.
  input.supplier->set_end(order, path, [this](const std::string& later, const ByteRange& rest) {
    const std::lock_guard<std::mutex> lock(turn_);
    ByteRange& part = follow_options_.ranges[later];
    part.from = rest.from;
    part.lines = rest.lines;
  });
  input.supplier->set_waiting([this, &input] {
    const std::lock_guard<std::mutex> lock(turn_);
    input.caught_up = true;
    turn_changed_.notify_all();
  });
  std::unique_lock<std::mutex> lock(turn_);
  input.supplier->set_prefix_hint(prefix_);
  input.thread = std::thread([this, &input] { follow(input); });
  turn_changed_.wait(lock, [&input] { return input.caught_up; });
}

// Opens the inputs that are followed, before anything is looked at.
Status Pipeline::hold_files(const std::vector<std::string>& inputs) {
  const Result<std::vector<std::string>> paths = expand_inputs(inputs);
  if (!paths) return paths.error();
  for (const std::string& path : *paths) {
    if (!follow_options_.held.contains(path) && is_plain_file(path))
      follow_options_.held[path] = HeldFile::open(path);
  }
  return {};
}

// A file that lost its name since it was held is read under the name it had.
bool Pipeline::held_under_another_name(const std::string& path) const {
  const auto identity = file_identity(path);
  return std::any_of(follow_options_.held.begin(), follow_options_.held.end(), [&](const auto& held) {
    return held.second != nullptr && held.second->identity() == identity &&
           file_identity(held.first) != identity;
  });
}

Result<IngestStats> Pipeline::follow(const std::vector<std::string>& inputs, const PipelineLimits& limits) {
  constexpr auto kPause = std::chrono::milliseconds(200);
  follow_options_ = options_;
  if (Status failed = hold_files(inputs)) return *failed;
  InputWatch watch(inputs);
  Result<InputOrder> order = watch.start(options_);
  if (!order) return order.error();
  // What nobody reads under its name is let go of.
  std::erase_if(follow_options_.held, [&order](const auto& held) {
    return std::find(order->paths.begin(), order->paths.end(), held.first) == order->paths.end();
  });
  std::erase_if(order->paths, [this](const std::string& path) { return held_under_another_name(path); });
  follow_options_.progress = nullptr;
  for (const auto& [path, range] : order->ranges) {
    ByteRange& part = follow_options_.ranges[path];
    if (range.from < part.from) continue;
    part.from = range.from;
    part.lines = range.lines;
  }
  if (options_.checkpoint) {
    follow_options_.checkpoint = [this](const std::string& path, uint64_t bytes,
                                        const IngestOptions::Rests& /*none*/) {
      const std::lock_guard<std::mutex> lock(turn_);
      options_.checkpoint(path, bytes, [this] { return assembler_.rests_so_far(); });
    };
  }
  for (const std::string& path : order->paths) start_following(path, *order, limits);
  while (!stopped()) {
    std::this_thread::sleep_for(kPause);
    for (const std::string& path : watch.fresh()) start_following(path, InputOrder(), limits);
  }
  InputFacts facts;
  facts.warnings = std::move(order->warnings);
  Status failure, unmatched;
  std::vector<IngestFile> files(followed_files_);
  for (const auto& input : followed_) {
    input->thread.join();
    if (!failure) failure = input->supplier->failure();
    if (!unmatched) unmatched = input->supplier->unmatched();
    files.resize(std::max<size_t>(files.size(), followed_files_));
    for (size_t i = 0; i < input->files.size(); ++i)
      files[input->files[i]] = std::move(input->supplier->files()[i]);
    facts.add(*input->supplier);
  }
  facts.files = std::move(files);
  return finish(std::move(facts), failure, unmatched);
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
  Pipeline pipeline(options, sink);
  return options.follow ? pipeline.follow(inputs, limits) : pipeline.run(std::move(*paths), limits);
}

Result<IngestStats> ingest(const std::vector<std::string>& inputs, const IngestOptions& options,
                           EventSink& sink) {
  return ingest_with_limits(inputs, options, PipelineLimits(), sink);
}

}  // namespace pgsieve
