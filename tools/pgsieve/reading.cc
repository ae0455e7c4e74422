#include "tools/pgsieve/reading.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "analyzer/capture/file_part.h"
#include "analyzer/capture/input_order.h"
#include "analyzer/capture/session_rest.h"
#include "analyzer/capture/source.h"
#include "analyzer/report/layout.h"
#include "analyzer/store/ingest_record.h"
#include "analyzer/store/store.h"
#include "analyzer/wire/capture_reader.h"
#include "analyzer/wire/conversation_file.h"
#include "analyzer/workload/builder.h"
#include "tools/pgsieve/following.h"
#include "tools/pgsieve/known_inputs.h"
#include "tools/pgsieve/terminal.h"

namespace pgsieve {

namespace {

void reject(const Error& error, std::vector<std::string>& problems) {
  tell_warning(error.to_string());
  problems.push_back(error.to_string());
}

// The inputs that can be opened, each file once; the others are told.
std::vector<std::string> usable_inputs(const std::vector<std::string>& inputs,
                                       std::vector<std::string>& problems) {
  std::vector<std::string> usable;
  std::set<std::string> seen;
  for (const std::string& input : inputs) {
    const Result<std::vector<std::string>> files = expand_inputs({input});
    if (!files) {
      reject(files.error(), problems);
      continue;
    }
    for (const std::string& file : *files) {
      if (!seen.insert(file).second) continue;
      // Asked, not opened: what a pipe holds can be read only once.
      if (file == "-" || ::access(file.c_str(), R_OK) == 0) {
        usable.push_back(file);
      } else {
        reject({.kind = Error::Kind::kSystem,
                .message = std::string("can't read: ") + std::strerror(errno),
                .hint = {},
                .file = file},
               problems);
      }
    }
  }
  return usable;
}

Error no_input(const std::vector<std::string>& problems) {
  if (problems.size() == 1) return {.message = problems.front(), .hint = {}, .file = {}};
  return {
      .message = fmt::format("none of the {} inputs can be used", problems.size()), .hint = {}, .file = {}};
}

Result<IngestStats> ingest_with_progress(const std::vector<std::string>& inputs,
                                         const AnalysisOptions& options, EventSink& sink) {
  ProgressBar bar;
  IngestOptions ingest_options = options.ingest;
  ingest_options.formats.push_back(packet_capture_format());
  ingest_options.formats.push_back(conversation_format());
  if (bar.enabled()) {
    ingest_options.progress = [&bar](uint64_t done, uint64_t total) { bar.update(done, total); };
  }
  Result<IngestStats> stats = ingest(inputs, ingest_options, sink);
  bar.finish();
  // A line that could not be read may hold anything; its shape holds no value.
  if (stats && !options.workload.keep_values) {
    for (auto& [shape, unread] : stats->unread_shapes) unread.sample = shape;
  }
  return stats;
}

// What a run will read into a store.
struct StorePlan {
  std::vector<std::string> paths;  // as handed to ingest()
  std::map<std::string, ByteRange> ranges;
  std::vector<StoredInput> added;
  uint64_t known = 0;
};

// A plain file, as far as it is there now: it may grow while it is read. False: all of it is known.
Result<bool> plan_plain(const std::string& path, const std::vector<std::string>& paths,
                        const std::vector<StoredInput>& stored, const IngestOptions& options,
                        StorePlan& plan) {
  ByteRange range{0, complete_size(path, paths, options)};
  const Result<Content> content = content_of_head(path, range.to);
  if (!content) return content.error();
  const Result<uint64_t> known = known_bytes(path, range.to, stored, options);
  if (!known) return known.error();
  range.from = *known;
  plan.added.push_back({path, *content});
  if (range.from >= range.to) return content->bytes == 0;
  plan.ranges[path] = range;
  return true;
}

Result<StorePlan> plan_reading(const std::vector<std::string>& paths, std::vector<StoredInput> stored,
                               const IngestOptions& options) {
  StorePlan plan;
  for (const std::string& path : paths) {
    std::error_code ignored;
    if (path == "-" || !std::filesystem::is_regular_file(path, ignored)) {
      plan.paths.push_back(path);
      plan.added.push_back({path, {}});
      continue;
    }
    const size_t before = plan.added.size();
    bool fresh = false;
    if (is_plain_file(path)) {
      const Result<bool> planned = plan_plain(path, paths, stored, options, plan);
      if (!planned) return planned.error();
      fresh = *planned;
    } else {
      std::vector<Content> known;
      for (const StoredInput& input : stored) known.push_back(input.content);
      const Result<KnownContent> content = content_of(path, known);
      if (!content) return content.error();
      fresh = content->whole.bytes == 0 || content->known_bytes < content->whole.bytes;
      if (fresh) plan.added.push_back({path, content->whole});
      // Read in part before it was compressed.
      if (fresh && content->known_bytes > 0 && is_single_stream(path))
        plan.ranges[path] = {content->known_bytes, UINT64_MAX};
    }
    if (fresh) {
      plan.paths.push_back(path);
    } else {
      ++plan.known;
    }
    // A second copy in the same run is known, too.
    if (plan.added.size() > before) stored.push_back(plan.added.back());
  }
  return plan;
}

// Adds the planned inputs to the store's contents and commits. Gives the Error of the reading, with the store
// unchanged.
Status extend(Store& store, StoreContents& contents, const StorePlan& plan, const AnalysisOptions& options,
              bool& interrupted) {
  WorkloadBuilder builder(options.workload);
  builder.resume(contents.workload);
  AnalysisOptions parts = options;
  parts.ingest.ranges = plan.ranges;
  parts.ingest.session_rests = contents.ingest.session_rests;
  parts.ingest.keep_values = options.workload.keep_values;
  Result<IngestStats> stats = ingest_with_progress(plan.paths, parts, builder);
  if (!stats) return stats.error();
  stats->filtered += builder.left_out();
  const Workload added = builder.finish(/*close_scopes=*/false);
  contents.workload.open_scopes.clear();  // resumed: they go on in `added`
  contents.workload.merge(added);
  merge_ingest(contents.ingest, *stats);
  interrupted = stats->interrupted;
  if (interrupted) return {};
  return store.commit(contents, added, plan.added);
}

Result<Reading> read_store_only(const AnalysisOptions& options) {
  Result<Store> store = Store::open(options.store_file);
  if (!store) return store.error();
  Result<StoreContents> contents = store->load();
  if (!contents) return contents.error();
  return Reading{std::move(contents->ingest), std::move(contents->workload), {}, 0, false};
}

Result<Reading> read_into_store(const AnalysisOptions& options) {
  std::vector<std::string> problems;
  const std::vector<std::string> paths = usable_inputs(options.inputs, problems);
  if (paths.empty()) return no_input(problems);
  Result<Store> store = Store::open_for_update(options.store_file);
  if (!store) return store.error();
  const Result<std::vector<StoredInput>> stored = store->inputs();
  if (!stored) return stored.error();
  Result<StoreContents> contents = store->load();
  if (!contents) return contents.error();
  const Result<StorePlan> plan = plan_reading(paths, *stored, options.ingest);
  if (!plan) return plan.error();
  bool interrupted = false;
  if (!plan->paths.empty()) {
    if (Status failed = extend(*store, *contents, *plan, options, interrupted)) return *failed;
  }
  if (plan->known != 0) {
    tell(fmt::format("{} of {} inputs skipped: the store has their content already", plan->known,
                     paths.size()));
  }
  return Reading{std::move(contents->ingest), std::move(contents->workload), std::move(problems), plan->known,
                 interrupted};
}

}  // namespace

// A file can go away, or turn out unreadable, after it was listed: then the reading starts again without it.
Result<Reading> read_captures(const AnalysisOptions& options) {
  Reading reading;
  std::vector<std::string> paths = usable_inputs(options.inputs, reading.problems);
  // Followed, directories and globs are handed on as they are: files may come.
  if (options.ingest.follow && reading.problems.empty()) paths = options.inputs;
  while (!paths.empty()) {
    WorkloadBuilder builder(options.workload);
    Result<IngestStats> stats = ingest_with_progress(paths, options, builder);
    if (stats) {
      reading.interrupted = stats->interrupted;
      reading.ingest = std::move(*stats);
      reading.ingest.filtered += builder.left_out();
      reading.workload = builder.finish();
      return reading;
    }
    const Error& error = stats.error();
    const auto lost = std::find(paths.begin(), paths.end(), error.file);
    const bool can_do_without = error.kind == Error::Kind::kSystem && lost != paths.end() &&
                                paths.size() > 1 && std::find(paths.begin(), paths.end(), "-") == paths.end();
    if (!can_do_without) return error;
    reject(error, reading.problems);
    paths.erase(lost);
  }
  return no_input(reading.problems);
}

// What can't grow is read first, then the others are followed. Directories are handed on as they are: files
// may come.
static Result<Reading> follow_store(const AnalysisOptions& options) {
  const Result<std::vector<std::string>> paths = expand_inputs(options.inputs);
  if (!paths) return paths.error();
  AnalysisOptions others = options;
  others.ingest.follow = false;
  others.inputs.clear();
  for (const std::string& path : *paths) {
    if (!is_plain_file(path)) others.inputs.push_back(path);
  }
  if (!others.inputs.empty()) {
    const Result<Reading> before = read_into_store(others);
    if (!before || before->interrupted) return before;
  }
  AnalysisOptions followed = options;
  std::erase_if(followed.inputs, [&](const std::string& input) {
    return std::find(others.inputs.begin(), others.inputs.end(), input) != others.inputs.end();
  });
  if (followed.inputs.empty()) return read_store_only(options);
  followed.ingest.leave_out = others.inputs;
  if (Status failed = follow_into_store(followed)) return *failed;
  return read_store_only(options);
}

void close_scopes(Workload& workload, const WorkloadOptions& options) {
  if (workload.open_scopes.empty()) return;
  WorkloadBuilder builder(options);
  builder.resume(workload);
  workload.open_scopes.clear();
  workload.merge(builder.finish(/*close_scopes=*/true));
}

// Of the store as it is now; the next run counts them.
static void tell_unfinished(IngestStats& ingest) {
  const SessionRests rests(ingest.session_rests);
  if (rests.statements() != 0) {
    ingest.warnings.push_back(
        fmt::format("{} had not ended where the log ends: counted by the run that finds the end.",
                    counted(rests.statements(), "statement")));
  }
  if (rests.plans() != 0) {
    ingest.warnings.push_back(
        fmt::format("{} came where the log ends, before the statement: read with it by the run that finds it.",
                    counted(rests.plans(), "plan")));
  }
}

Result<Reading> read_store(const AnalysisOptions& options) {
  Result<Reading> reading = options.ingest.follow    ? follow_store(options)
                            : options.inputs.empty() ? read_store_only(options)
                                                     : read_into_store(options);
  if (!reading) return reading;
  close_scopes(reading->workload, options.workload);
  tell_unfinished(reading->ingest);
  return reading;
}

}  // namespace pgsieve
