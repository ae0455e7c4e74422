#include "tools/pgsieve/live.h"

#include <fmt/format.h>

#include <random>
#include <utility>

#include "analyzer/store/ingest_record.h"
#include "analyzer/store/store.h"
#include "analyzer/wire/wire_summary.h"

namespace pgsieve {
namespace {

uint64_t random_seed() {
  std::random_device device;
  return uint64_t{device()} << 32U | device();
}

}  // namespace

LiveAnalysis::LiveAnalysis(const AnalysisOptions& options, std::string where,
                           std::unique_ptr<TableNames> names)
    : options_(options),
      where_(std::move(where)),
      builder_(options.workload),
      filter_(options.ingest, stats_, builder_),
      names_(std::move(names)),
      decoder_(random_seed(), 0, wire_, first_sink()),
      flows_(0, random_seed(), wire_, first_sink()) {}

EventSink& LiveAnalysis::first_sink() {
  return names_ != nullptr ? names_->before(filter_) : filter_;
}

void LiveAnalysis::open(uint64_t id, std::string_view client, Microseconds time) {
  const std::lock_guard<std::mutex> guard(lock_);
  decoder_.open(id, client, time);
}

void LiveAnalysis::data(uint64_t id, Side side, std::string_view bytes, Microseconds time) {
  const std::lock_guard<std::mutex> guard(lock_);
  stats_.bytes += bytes.size();
  ++stats_.entries;
  stirred_ = true;
  decoder_.data(id, side, bytes, time);
}

void LiveAnalysis::lost(uint64_t id, Side side, uint64_t bytes, Microseconds time) {
  const std::lock_guard<std::mutex> guard(lock_);
  decoder_.lost(id, side, bytes, time);
}

void LiveAnalysis::close(uint64_t id, Microseconds time) {
  const std::lock_guard<std::mutex> guard(lock_);
  decoder_.close(id, time);
}

void LiveAnalysis::listen_for(std::span<const uint16_t> ports) {
  for (const uint16_t port : ports) flows_.add_server_port(port);
}

void LiveAnalysis::segment(const TcpSegment& segment, Microseconds time) {
  const std::lock_guard<std::mutex> guard(lock_);
  stats_.bytes += segment.payload.size();
  ++stats_.entries;
  stirred_ = true;
  flows_.add(segment, time, {});
  if (time - swept_ < 5 * kSecond) return;
  swept_ = time;
  flows_.forget_finished();
}

// Moves the builder's facts to total_; scopes that are open go on in the builder.
void LiveAnalysis::gather(bool last) {
  Workload added = builder_.finish(/*close_scopes=*/last);
  total_.open_scopes.clear();
  total_.merge(added);
  if (!options_.store_file.empty()) {
    added.open_scopes.clear();
    uncommitted_.merge(added);
  }
  if (!last) builder_.resume(total_);
  stirred_ = false;
}

std::vector<Finding> LiveAnalysis::new_findings() {
  Workload snapshot;
  {
    const std::lock_guard<std::mutex> guard(lock_);
    if (!stirred_) return {};
    gather(/*last=*/false);
    snapshot = total_;
  }
  Reading reading;
  reading.workload = std::move(snapshot);
  close_scopes(reading.workload, options_.workload);
  Result<Analysis> analysis = judge(std::move(reading), options_);
  std::vector<Finding> fresh;
  if (!analysis) return fresh;
  for (Finding& finding : analysis->findings) {
    if (told_.insert(finding.id).second) fresh.push_back(std::move(finding));
  }
  return fresh;
}

Status LiveAnalysis::commit() {
  const std::lock_guard<std::mutex> guard(lock_);
  if (stirred_) gather(/*last=*/false);
  if (uncommitted_.executions + uncommitted_.errors == 0) return {};
  return commit_locked(nullptr);
}

Status LiveAnalysis::commit_locked(const IngestStats* account) {
  Result<Store> store = Store::open_for_update(options_.store_file);
  if (!store) return store.error();
  Result<StoreContents> contents = store->load();
  if (!contents) return contents.error();
  contents->workload.merge(uncommitted_);
  if (account != nullptr) merge_ingest(contents->ingest, *account);
  if (Status failed = store->commit(*contents, uncommitted_, {})) return failed;
  uncommitted_ = {};
  return {};
}

IngestStats LiveAnalysis::account(const std::vector<std::string>& further) const {
  IngestStats stats = stats_;
  stats.format = std::string(log_format_name(LogFormatKind::kConversations));
  stats.confidence = fmt::format("{} messages", wire_.messages);
  IngestFile file;
  file.name = where_;
  file.format = stats.format;
  file.bytes = file.decoded_bytes = stats.entry_bytes = stats.bytes;
  stats.files.push_back(std::move(file));
  summarize_wire(wire_, stats);
  if (stats.plans > 0) stats.settings["auto_explain"] = fmt::format("on ({} plans)", stats.plans);
  for (const std::string& warning : further) note_incomplete(stats, warning);
  return stats;
}

Result<Reading> LiveAnalysis::finish(const std::vector<std::string>& further) {
  const std::lock_guard<std::mutex> guard(lock_);
  decoder_.finish();
  flows_.finish();
  gather(/*last=*/true);
  Reading reading;
  reading.ingest = account(further);
  if (options_.store_file.empty()) {
    reading.workload = std::move(total_);
    return reading;
  }
  if (Status failed = commit_locked(&reading.ingest)) return *failed;
  AnalysisOptions all = options_;
  all.inputs.clear();
  return read_store(all);
}

LiveAnalysis::Counts LiveAnalysis::counts() {
  const std::lock_guard<std::mutex> guard(lock_);
  return {wire_,        stats_.executions,      stats_.errors,
          stats_.plans, total_.patterns.size(), decoder_.connections() + flows_.connections()};
}

}  // namespace pgsieve
