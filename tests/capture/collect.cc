#include "tests/capture/collect.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace pgsieve::testing {

void Keeper::on_event(const Event& event) {
  KeptEvent& kept = events.emplace_back();
  kept.kind = event.kind;
  kept.session = event.session;
  kept.transaction = event.transaction;
  kept.user = event.user;
  kept.database = event.database;
  kept.application = event.application;
  kept.host = event.host;
  kept.time = event.time;
  kept.duration = event.duration;
  kept.prepare = event.prepare;
  kept.fetches = event.fetches;
  kept.text = event.text;
  if (event.scan != nullptr) kept.key = event.scan->key;
  for (const BoundValue& value : event.parameters) {
    kept.parameters.push_back(value.null ? "NULL" : "'" + std::string(value.text) + "'");
  }
  kept.parameters_known = event.parameters_known;
  kept.extended = event.extended;
  kept.sent = event.sent;
  kept.truncated = event.text_truncated;
  kept.statement_name = event.statement_name;
  kept.sqlstate = event.sqlstate;
  kept.error_message = event.error_message;
  if (event.plan != nullptr) {
    kept.plan_nodes = static_cast<int>(event.plan->nodes.size());
    kept.nested = event.plan->nested;
  }
  kept.offset = event.offset;
  kept.line = event.line;
}

std::vector<KeptEvent> Keeper::of(Event::Kind kind) const {
  std::vector<KeptEvent> found;
  for (const KeptEvent& event : events) {
    if (event.kind == kind) found.push_back(event);
  }
  return found;
}

std::vector<KeptEvent> Keeper::with_text(std::string_view part) const {
  std::vector<KeptEvent> found;
  for (const KeptEvent& event : events) {
    if (event.text.find(part) != std::string::npos) found.push_back(event);
  }
  return found;
}

TempFile::TempFile(std::string_view content) {
  std::string name = ::testing::TempDir() + "pgsieve_capture_XXXXXX";
  const int descriptor = mkstemp(name.data());
  EXPECT_GE(descriptor, 0);
  close(descriptor);
  path_ = name;
  std::ofstream(path_, std::ios::binary) << content;
}

TempFile::~TempFile() {
  unlink(path_.c_str());
}

Ingested ingest_file(const std::string& path, const IngestOptions& options, const PipelineLimits& limits) {
  Ingested result;
  const Result<IngestStats> stats = ingest_with_limits({path}, options, limits, result.kept);
  if (stats) {
    result.stats = *stats;
  } else {
    result.error = stats.error().to_string();
  }
  return result;
}

Ingested ingest_text(std::string_view text, const IngestOptions& options, const PipelineLimits& limits) {
  const TempFile file(text);
  return ingest_file(file.path(), options, limits);
}

std::string fixture(std::string_view name) {
  return std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/logs/" + std::string(name);
}

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

std::string facts(const KeptEvent& event, bool with_host) {
  std::string list;
  for (const std::string& value : event.parameters) list += value + ";";
  return fmt::format(
      "{} u={} d={} a={} h={} t={} dur={} prep={} f={} [{}] known={} ext={} name={} plan={} {:x}{:x} {}",
      static_cast<int>(event.kind), event.user, event.database, event.application,
      with_host ? event.host : "", event.time, event.duration, event.prepare, event.fetches, list,
      event.parameters_known, event.extended, event.statement_name, event.plan_nodes, event.key.high,
      event.key.low, event.text);
}

}  // namespace pgsieve::testing
