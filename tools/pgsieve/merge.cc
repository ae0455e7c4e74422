// pgsieve merge: one store of several.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "analyzer/capture/session_rest.h"
#include "analyzer/report/layout.h"
#include "analyzer/store/ingest_record.h"
#include "analyzer/store/store.h"
#include "tools/pgsieve/commands.h"

namespace pgsieve {

namespace {

int refuse(const Error& error) {
  tell(error.to_string());
  return error.kind == Error::Kind::kUsage ? kExitUsage : kExitInput;
}

}  // namespace

int run_merge(const MergeOptions& options) {
  std::error_code failed;
  if (std::filesystem::exists(options.output, failed)) {
    tell(fmt::format("{} exists already: merge makes a new store", options.output));
    return kExitUsage;
  }
  StoreContents merged;
  std::vector<StoredInput> inputs;
  for (const std::string& path : options.stores) {
    const Result<Store> store = Store::open(path);
    if (!store) return refuse(store.error());
    Result<StoreContents> contents = store->load();
    if (!contents) return refuse(contents.error());
    const Result<std::vector<StoredInput>> stored = store->inputs();
    if (!stored) return refuse(stored.error());
    for (const StoredInput& input : *stored) {
      const bool twice = std::any_of(inputs.begin(), inputs.end(), [&](const StoredInput& each) {
        return each.content.bytes != 0 && each.content == input.content;
      });
      if (twice) {
        tell(fmt::format("{} and an earlier store both hold {}: nothing is merged, it would count twice",
                         path, input.name));
        return kExitInput;
      }
      inputs.push_back(input);
    }
    merged.workload.merge(contents->workload);
    SessionRests rests(merged.ingest.session_rests);
    rests.add(SessionRests(contents->ingest.session_rests));
    merge_ingest(merged.ingest, contents->ingest);
    merged.ingest.session_rests = rests.text();
  }
  Result<Store> target = Store::open_for_update(options.output);
  if (!target) return refuse(target.error());
  if (Status wrong = target->commit(merged, merged.workload, inputs)) return refuse(*wrong);
  tell(fmt::format(
      "{} holds {} of {}, {}", options.output, counted(merged.workload.executions, "executed statement"),
      counted(options.stores.size(), "store"), counted(merged.workload.patterns.size(), "pattern")));
  return kExitOk;
}

}  // namespace pgsieve
