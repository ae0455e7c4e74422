// Events kept as plain values, for comparing.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "analyzer/capture/pipeline.h"

namespace pgsieve::testing {

struct KeptEvent {
  Event::Kind kind = Event::Kind::kExecuted;
  uint64_t session = 0, transaction = 0;
  std::string user, database, application, host;
  Microseconds time = 0, duration = 0, prepare = 0;
  uint32_t fetches = 0;
  std::string text;
  Hash128 key;
  std::vector<std::string> parameters;  // "NULL" for null, else quoted
  Event::Sent sent = Event::Sent::kUnknown;
  bool parameters_known = false, extended = false, truncated = false;
  std::string statement_name, sqlstate, error_message;
  int plan_nodes = -1;
  bool nested = false;
  uint64_t offset = 0, line = 0;
};

class Keeper final : public EventSink {
 public:
  void on_event(const Event& event) override;
  std::vector<KeptEvent> events;

  std::vector<KeptEvent> of(Event::Kind kind) const;
  std::vector<KeptEvent> with_text(std::string_view part) const;
};

struct Ingested {
  Keeper kept;
  IngestStats stats;
  std::string error;  // of ingest(), empty: it succeeded
};

// A temporary file that is gone with the object.
class TempFile {
 public:
  explicit TempFile(std::string_view content);
  ~TempFile();
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Ingested ingest_file(const std::string& path, const IngestOptions& options = {},
                     const PipelineLimits& limits = {});
Ingested ingest_text(std::string_view text, const IngestOptions& options = {},
                     const PipelineLimits& limits = {});
std::string fixture(std::string_view name);  // path of fixtures/logs/NAME
std::string slurp(const std::string& path);

// Everything but what the format can't carry and where it stood.
std::string facts(const KeptEvent& event, bool with_host = true);

}  // namespace pgsieve::testing
