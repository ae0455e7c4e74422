#include "tools/pgsieve/following.h"

#include <algorithm>
#include <chrono>

#include "analyzer/store/content.h"
#include "analyzer/store/ingest_record.h"
#include "analyzer/store/store.h"
#include "analyzer/workload/builder.h"

namespace pgsieve {

namespace {

class Follower {
 public:
  explicit Follower(const AnalysisOptions& options)
      : options_(options), path_(options.inputs.back()), builder_(options.workload) {}

  Status run();

 private:
  using Clock = std::chrono::steady_clock;

  Result<uint64_t> start();
  void checkpoint(uint64_t bytes);
  Status commit(const IngestStats* account);

  const AnalysisOptions& options_;
  std::string path_;
  WorkloadBuilder builder_;
  uint64_t read_ = 0;       // of the file that has the name now
  uint64_t committed_ = 0;  // likewise
  Clock::time_point last_commit_ = Clock::now();
  Status failure_;
};

// Takes over the store's open scopes; gives how much of the file the store knows.
Result<uint64_t> Follower::start() {
  Result<Store> store = Store::open_for_update(options_.store_file);
  if (!store) return store.error();
  const Result<std::vector<StoredInput>> inputs = store->inputs();
  if (!inputs) return inputs.error();
  const Result<StoreContents> contents = store->load();
  if (!contents) return contents.error();
  builder_.resume(contents->workload);
  uint64_t known = 0;
  const Result<Content> now = content_of(path_);
  for (const StoredInput& input : *inputs) {
    const bool same = now && input.content == *now;
    if (input.content.bytes > known && (same || has_grown_from(path_, input.content)))
      known = input.content.bytes;
  }
  return known;
}

// A failed commit is told at the end; the facts stay in the builder's hands until one succeeds.
void Follower::checkpoint(uint64_t bytes) {
  read_ = bytes;
  const auto now = Clock::now();
  if (read_ == committed_ || now - last_commit_ < std::chrono::seconds(kCommitSeconds)) return;
  last_commit_ = now;
  if (Status failed = commit(nullptr); failed && !failure_) failure_ = std::move(failed);
}

Status Follower::commit(const IngestStats* account) {
  Result<Store> store = Store::open_for_update(options_.store_file);
  if (!store) return store.error();
  Result<StoreContents> contents = store->load();
  if (!contents) return contents.error();
  const Workload added = builder_.finish(/*close_scopes=*/false);
  contents->workload.open_scopes.clear();  // they went on in the builder
  contents->workload.merge(added);
  if (account != nullptr) merge_ingest(contents->ingest, *account);
  std::vector<StoredInput> inputs;
  const Result<Content> content = content_of_head(path_, read_);
  if (content && content->bytes > 0) inputs.push_back({path_, *content});
  Status failed = store->commit(*contents, added, inputs);
  builder_.resume(contents->workload);
  committed_ = read_;
  return failed;
}

Status Follower::run() {
  const Result<uint64_t> known = start();
  if (!known) return known.error();
  IngestOptions ingest_options = options_.ingest;
  ingest_options.follow_from = read_ = committed_ = *known;
  ingest_options.checkpoint = [this](uint64_t bytes) { checkpoint(bytes); };
  const Result<IngestStats> stats = ingest({path_}, ingest_options, builder_);
  if (!stats) return stats.error();
  if (Status failed = commit(&*stats)) return failed;
  return failure_;
}

}  // namespace

Status follow_into_store(const AnalysisOptions& options) {
  return Follower(options).run();
}

}  // namespace pgsieve
