#include "tools/pgsieve/following.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <utility>

#include "analyzer/capture/file_part.h"
#include "analyzer/capture/input_order.h"
#include "analyzer/capture/source.h"
#include "analyzer/store/content.h"
#include "analyzer/store/ingest_record.h"
#include "analyzer/store/store.h"
#include "analyzer/workload/builder.h"
#include "tools/pgsieve/known_inputs.h"

namespace pgsieve {

namespace {

constexpr int kLooks = 3;  // at a file that is rotated while it is looked at

class Follower {
 public:
  explicit Follower(const AnalysisOptions& options) : options_(options), builder_(options.workload) {}

  Status run();

 private:
  using Clock = std::chrono::steady_clock;

  Status start(IngestOptions& ingest_options);
  Result<ByteRange> unknown_part(const std::string& path, const std::vector<StoredInput>& inputs);
  Status sample_head(const std::string& path, uint64_t bytes);
  void observe(const std::string& path, std::string_view bytes, bool first);
  void checkpoint(const std::string& path, uint64_t bytes, const IngestOptions::Rests& rests);
  Status commit(const IngestStats* account, const IngestOptions::Rests& rests);

  const AnalysisOptions& options_;
  WorkloadBuilder builder_;
  std::map<std::string, uint64_t> read_;  // of the files that have the names now
  std::map<std::string, uint64_t> committed_;
  Clock::time_point last_commit_ = Clock::now();
  Status failure_;

  // What rotation takes the name from must be known again under any other: its identity is computed as it is
  // read. Several threads read.
  std::mutex content_;
  std::map<std::string, ContentSampler> samplers_;
  std::vector<StoredInput> rotated_;
};

// Takes over the store's open scopes; finds the part of each file that the store doesn't know.
Status Follower::start(IngestOptions& ingest_options) {
  Result<Store> store = Store::open_for_update(options_.store_file);
  if (!store) return store.error();
  const Result<std::vector<StoredInput>> inputs = store->inputs();
  if (!inputs) return inputs.error();
  const Result<StoreContents> contents = store->load();
  if (!contents) return contents.error();
  builder_.resume(contents->workload);
  ingest_options.session_rests = contents->ingest.session_rests;
  ingest_options.keep_values = options_.workload.keep_values;
  const Result<std::vector<std::string>> paths = expand_inputs(options_.inputs);
  if (!paths) return paths.error();
  for (const std::string& path : *paths) {
    if (!is_plain_file(path)) continue;
    // Looked at again when it was rotated away meanwhile: what was found is the other file's.
    for (int looks = 0; looks < kLooks; ++looks) {
      const auto before = file_identity(path);
      const Result<ByteRange> unknown = unknown_part(path, *inputs);
      if (!unknown) return unknown.error();
      ingest_options.ranges[path] = *unknown;
      ingest_options.held[path] = HeldFile::open(path);
      const auto& held = ingest_options.held[path];
      if (held != nullptr && held->identity() == before) break;
    }
    committed_[path] = read_[path];
  }
  return {};
}

Result<ByteRange> Follower::unknown_part(const std::string& path, const std::vector<StoredInput>& inputs) {
  const Result<uint64_t> known =
      known_bytes(path, complete_size(path, {}, options_.ingest), inputs, options_.ingest);
  if (!known) return known.error();
  read_[path] = *known;
  samplers_[path] = ContentSampler();
  if (Status failed = sample_head(path, *known)) return *failed;
  ByteRange unknown;
  unknown.from = *known;
  return unknown;
}

Status Follower::sample_head(const std::string& path, uint64_t bytes) {
  Result<std::unique_ptr<Source>> head = open_file_part(path, {0, bytes});
  if (!head) return head.error();
  ContentSampler& sampler = samplers_[path];
  std::string block;
  while (true) {
    block.clear();
    const Result<size_t> got = (*head)->read(block, size_t{1} << 20);
    if (!got) return got.error();
    if (*got == 0) return {};
    sampler.add(block);
  }
}

void Follower::observe(const std::string& path, std::string_view bytes, bool first) {
  const std::lock_guard<std::mutex> lock(content_);
  ContentSampler& sampler = samplers_[path];
  if (first) {
    rotated_.push_back({path, sampler.finish()});
    sampler = ContentSampler();
  }
  sampler.add(bytes);
}

// A failed commit is told at the end; the facts stay in the builder's hands until one succeeds.
void Follower::checkpoint(const std::string& path, uint64_t bytes, const IngestOptions::Rests& rests) {
  read_[path] = bytes;
  const auto now = Clock::now();
  if (now - last_commit_ < std::chrono::seconds(kCommitSeconds) || read_ == committed_) return;
  last_commit_ = now;
  if (Status failed = commit(nullptr, rests); failed && !failure_) failure_ = std::move(failed);
}

// `account`: of all that was read, at the end; before that, null, and `rests` has what it would leave now.
Status Follower::commit(const IngestStats* account, const IngestOptions::Rests& rests) {
  Result<Store> store = Store::open_for_update(options_.store_file);
  if (!store) return store.error();
  Result<StoreContents> contents = store->load();
  if (!contents) return contents.error();
  const Workload added = builder_.finish(/*close_scopes=*/false);
  contents->workload.open_scopes.clear();  // they went on in the builder
  contents->workload.merge(added);
  if (account != nullptr) {
    merge_ingest(contents->ingest, *account);
  } else if (rests) {
    contents->ingest.session_rests = rests();
  }
  std::vector<StoredInput> inputs;
  for (const auto& [path, bytes] : read_) {
    if (const auto done = committed_.find(path); done != committed_.end() && done->second == bytes) continue;
    const Result<Content> content = content_of_head(path, bytes);
    if (content && content->bytes > 0) inputs.push_back({path, *content});
  }
  {
    const std::lock_guard<std::mutex> lock(content_);
    for (StoredInput& input : rotated_) {
      if (input.content.bytes > 0) inputs.push_back(std::move(input));
    }
    rotated_.clear();
  }
  Status failed = store->commit(*contents, added, inputs);
  builder_.resume(contents->workload);
  committed_ = read_;
  return failed;
}

Status Follower::run() {
  IngestOptions ingest_options = options_.ingest;
  if (Status failed = start(ingest_options)) return failed;
  ingest_options.checkpoint = [this](const std::string& path, uint64_t bytes,
                                     const IngestOptions::Rests& rests) { checkpoint(path, bytes, rests); };
  ingest_options.followed_bytes = [this](const std::string& path, std::string_view bytes, bool first) {
    observe(path, bytes, first);
  };
  Result<IngestStats> stats = ingest(options_.inputs, ingest_options, builder_);
  if (!stats) return stats.error();
  stats->filtered += builder_.left_out();
  if (Status failed = commit(&*stats, {})) return failed;
  return failure_;
}

}  // namespace

Status follow_into_store(const AnalysisOptions& options) {
  return Follower(options).run();
}

}  // namespace pgsieve
