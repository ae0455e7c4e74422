// LogReader: one log format. Turns a chunk of decoded bytes into LogEntries.
//
// A reader is immutable after construction and keeps nothing between chunks, so chunks are read in parallel
// by several threads through one reader. A chunk always starts at a record start (or at the start of the
// input, or with bytes that are no record at all) and ends just before one (or at the end of the input).
//
// The account must add up: every byte of the chunk is an entry's, unread, or blank.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/text_arena.h"
#include "analyzer/capture/ingest.h"
#include "analyzer/capture/log_entry.h"
#include "analyzer/capture/read_account.h"

namespace pgsieve {

struct ChunkInput {
  std::string_view text;
  uint32_t file = 0;
  uint64_t offset = 0;  // of text's first byte in the decoded input
  bool first = false;   // the first chunk of an input: may start with a byte order mark
  bool last = false;    // the end of the input: its last record may be cut
};

// What one chunk holds. Reused from chunk to chunk: clear() keeps capacities.
struct LogChunk {
  std::vector<LogEntry>
      entries;      // LogEntry::line counts from 1 at the start of the chunk; whoever knows the base adds it
  TextArena arena;  // text that could not be a view into the chunk
  ReadAccount account;  // line numbers likewise

  void clear() {
    entries.clear();
    arena.clear();
    account = ReadAccount();
  }
};

class LogReader {
 public:
  virtual ~LogReader() = default;

  virtual LogFormatKind kind() const = 0;

  // Length of the longest head of `buffer` that ends just before a record start, 0 when there is none but the
  // one at offset 0. `buffer` starts at a record start.
  virtual size_t complete_records(std::string_view buffer) const = 0;

  // For the rest of a record that was too long: offset of the first record start in `text`, npos when there
  // is none. `text` starts somewhere inside a record. The default takes the next line that begins with
  // neither tab nor blank.
  virtual size_t find_record(std::string_view text) const;

  // Appends the chunk's entries to `out` and adds to its account. Never fails: what can't be read is counted.
  virtual void read(const ChunkInput& input, LogChunk& out) const = 0;
};

struct ReaderOptions {
  std::string prefix;        // stderr, syslog: log_line_prefix
  int32_t zone_seconds = 0;  // offset from UTC of time stamps that carry no zone
};

// The reader of a format. kStderr, kCsv, kJson and kSyslog are logs; any other kind gives nullptr.
std::unique_ptr<LogReader> make_log_reader(LogFormatKind kind, const ReaderOptions& options);

std::unique_ptr<LogReader> make_stderr_reader(const ReaderOptions& options);
std::unique_ptr<LogReader> make_csv_reader(const ReaderOptions& options);
std::unique_ptr<LogReader> make_json_reader(const ReaderOptions& options);

}  // namespace pgsieve
