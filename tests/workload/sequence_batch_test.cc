// Following sessions later than counting statements gives the same facts as doing both at once.
#include "analyzer/workload/sequence_batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "analyzer/capture/pipeline.h"
#include "analyzer/workload/builder.h"
#include "analyzer/workload/serialize.h"

namespace pgsieve {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> captures() {
  std::vector<std::string> paths;
  for (const auto& entry :
       fs::recursive_directory_iterator(fs::path(PGSIEVE_SOURCE_DIR) / "fixtures/traffic")) {
    const std::string name = entry.path().filename().string();
    if (name.find(".log") != std::string::npos || name.find(".csv") != std::string::npos)
      paths.push_back(entry.path().string());
  }
  std::ranges::sort(paths);
  return paths;
}

// Small chunks, so that sessions, scopes and loops go on from chunk to chunk.
Workload facts_of(const std::vector<std::string>& paths, unsigned threads, bool close_scopes) {
  WorkloadOptions built;
  built.track_units = true;
  WorkloadBuilder builder(built);
  IngestOptions options;
  options.threads = threads;
  PipelineLimits limits;
  limits.chunk_bytes = 4000;
  const Result<IngestStats> stats = ingest_with_limits(paths, options, limits, builder);
  EXPECT_TRUE(stats) << stats.error().message;
  return builder.finish(close_scopes);
}

TEST(SequenceBatch, ThreadsNeverChangeTheFacts) {
  const std::vector<std::string> paths = captures();
  ASSERT_GT(paths.size(), 50u);
  const Workload one = facts_of(paths, 1, true);
  ASSERT_GT(one.loops.size(), 50u);
  ASSERT_GT(one.repeats.size(), 5u);
  const std::string expected = serialize(one);
  for (const unsigned threads : {2U, 4U}) EXPECT_EQ(serialize(facts_of(paths, threads, true)), expected);
}

TEST(SequenceBatch, NorTheScopesThatStayOpen) {
  const std::vector<std::string> paths = captures();
  const Workload one = facts_of(paths, 1, false);
  ASSERT_FALSE(one.open_scopes.empty());
  EXPECT_EQ(serialize(facts_of(paths, 3, false)), serialize(one));
}

// The buffers of the events are gone, or hold something else, when the batch is replayed.
TEST(SequenceBatch, OwnsWhatItKeeps) {
  WorkloadOptions options;
  WorkloadBuilder deferring(options), direct(options);
  std::unique_ptr<DeferredWork> rest;
  for (WorkloadBuilder* builder : {&deferring, &direct}) {
    if (builder == &deferring) builder->begin_deferring();
    std::string scratch;
    for (int i = 0; i < 12; ++i) {
      std::string text = i == 0 ? "SELECT id FROM authors /*controller='books'*/"
                                : "SELECT * FROM books WHERE author_id = 'key-" + std::to_string(i) + "'";
      std::string database = "library-" + std::to_string(i / 100);
      StatementScan scan;
      scan_statement(text, scan, scratch);
      Event event;
      event.text = text;
      event.scan = &scan;
      event.session = 7;
      event.database = database;
      event.time = 1'000'000 + 1000 * i;
      event.duration = 100;
      event.parameters_known = true;
      builder->on_event(event);
      std::ranges::fill(text, '#');
      std::ranges::fill(database, '#');
    }
    if (builder == &deferring) rest = builder->take_deferred();
  }
  ASSERT_NE(rest, nullptr);
  rest->run();
  const Workload later = deferring.finish(), at_once = direct.finish();
  ASSERT_EQ(later.loops.size(), 1u);
  EXPECT_EQ(later.loops.begin()->second.examples.at(0).sample_values(0).at(0), "key-1");
  EXPECT_EQ(serialize(later), serialize(at_once));
}

}  // namespace
}  // namespace pgsieve
