// Ingest: from files (or standard input) to Events, and an exact account of what was read.
//
// Reading runs on `threads` threads. Each takes the next chunk of the input (cut at record boundaries), turns
// it into log entries and scans their statements in parallel; then, strictly in input order, the entries go
// through the assembler (which pairs the entries of each session into Events) to the sink. The sink is called
// from one thread at a time, in an order that does not depend on the number of threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/error.h"
#include "analyzer/base/time.h"
#include "analyzer/capture/event.h"
#include "analyzer/capture/held_file.h"

namespace pgsieve {

enum class LogFormatKind : uint8_t {
  kUnknown,
  kStderr,
  kCsv,
  kJson,
  kSyslog,
  kOtlpSpans,
  kStatStatements,
  kPackets,
  kConversations
};
std::string_view log_format_name(LogFormatKind kind);  // "stderr", "csvlog", "jsonlog", "syslog", "otlp",
                                                       // "pg_stat_statements", "pcap", "pgcap"

class EventReader;
struct IngestOptions;

// An input format that is read by a room above this one.
struct InputFormat {
  LogFormatKind kind = LogFormatKind::kUnknown;
  bool (*matches)(std::string_view head) = nullptr;
  std::unique_ptr<EventReader> (*make)(const IngestOptions& options) = nullptr;
};

// Bytes [from, to) of a plain file.
struct ByteRange {
  uint64_t from = 0;
  uint64_t to = UINT64_MAX;
  uint64_t lines = 0;  // before `from`, where they are known
};

struct IngestOptions {
  std::string format;  // "" or "auto": detect; else a log_format_name()
  std::string prefix;  // log_line_prefix; empty: detect
  bool prefix_given = false;
  std::string timezone;              // zone of time stamps that carry none; empty: UTC
  std::vector<InputFormat> formats;  // asked first
  unsigned threads = 1;
  Microseconds since = kUnknownTime, until = kUnknownTime;  // [since, until)
  // Filters by field: keep only / drop. Exact matches.
  std::vector<std::string> databases, users, applications, hosts;
  std::vector<std::string> exclude_databases, exclude_users, exclude_applications, exclude_hosts;
  // Of these plain files only a part is read. It starts at the start of a line.
  std::map<std::string, ByteRange> ranges;
  uint64_t max_entry_bytes = 16 * 1024 * 1024;  // longer entries are cut and counted
  std::function<void(uint64_t bytes_done, uint64_t bytes_total)>
      progress;  // from one thread at a time; may be empty

  // Set from any thread or a signal handler: reading ends early, as if the inputs ended. May be null.
  const std::atomic<bool>* stop = nullptr;
  // The inputs are followed as they grow and across their rotation (see follow.h), until `stop`; so are files
  // that appear in the directories and globs among them. Compressed files are read to their end. Every file
  // is read by a thread of its own; the sink is called from one thread at a time.
  bool follow = false;
  // Following: files the caller opened when it decided what of them is to be read. The others are opened
  // first of all.
  std::map<std::string, std::shared_ptr<const HeldFile>> held;
  std::vector<std::string> leave_out;  // following: files in the directories that are not read
  // Following: called with all bytes read, in order for each path, from any thread. `first`: they are the
  // first of a file that has the name now, while another had it before. May be empty.
  std::function<void(const std::string& path, std::string_view bytes, bool first)> followed_bytes;
  // What the run before left (IngestStats::session_rests; empty: there was none), where another will follow:
  // then what waits for statements to come is left to that one.
  std::optional<std::string> session_rests;
  bool keep_values = true;  // false: what is left to the next run holds no text and no value
  // Following: called now and then while the sink is not. `bytes` of the file that has the name `path` now
  // have been turned into entries. `rests` works out what IngestStats::session_rests would be if it ended
  // here. May be empty.
  using Rests = std::function<std::string()>;
  std::function<void(const std::string& path, uint64_t bytes, const Rests& rests)> checkpoint;
};

// Lines that were neither an entry nor a known continuation, grouped by shape (digits, quotes and words
// folded).
struct UnreadShape {
  uint64_t lines = 0;
  std::string sample;  // at most 200 bytes
  uint32_t file = 0;
  uint64_t line = 0;
  uint64_t offset = 0;
};

struct IngestFile {
  std::string name;
  std::string format;          // "csvlog in gzip"
  std::string prefix;          // stderr only
  uint64_t bytes = 0;          // as stored
  uint64_t decoded_bytes = 0;  // after decompression and unwrapping
  uint64_t lines = 0;
  Hash128 content;  // identity of the content (size, head and tail), not of the name
};

struct IngestStats {
  std::vector<IngestFile> files;
  uint64_t bytes = 0;  // read from the inputs
  uint64_t lines = 0;
  uint64_t entries = 0;  // log entries recognised
  // Every decoded byte is one of these; they add up to the decoded size.
  uint64_t entry_bytes = 0;   // part of a recognised entry (continuation lines included)
  uint64_t unread_bytes = 0;  // unread lines
  uint64_t blank_bytes = 0;   // empty lines, byte order marks, header lines of exports
  uint64_t unread_lines = 0;
  std::map<std::string, UnreadShape> unread_shapes;  // at most 64; the rest under ""
  uint64_t executions = 0;                           // each executed statement once
  uint64_t errors = 0;                               // failed statements
  // Of the executions: by their first word, and those that came by the extended protocol.
  uint64_t selects = 0;  // SELECT, VALUES, TABLE, WITH
  uint64_t inserts = 0, updates = 0, deletes = 0;
  uint64_t transaction_commands = 0;  // BEGIN, COMMIT, ROLLBACK, SAVEPOINT, …
  uint64_t other_statements = 0;
  uint64_t extended = 0;
  uint64_t other_entries = 0;     // connection messages, checkpoints, NOTICEs, …
  uint64_t orphan_binds = 0;      // parse/bind entries whose execution was not logged
  uint64_t orphan_durations = 0;  // duration lines without a statement
  uint64_t plans = 0;
  uint64_t filtered = 0;  // events dropped by the filters
  // While none has passed: what the log has where a filter names what is kept ("databases", "users",
  // "applications", "hosts"), at most 8 of each.
  std::map<std::string, std::set<std::string>> other_names;
  uint64_t truncated_texts = 0;
  uint64_t truncated_parameters = 0;
  uint64_t missing_parameters = 0;  // executions with $n and no values
  uint64_t no_session = 0;          // executions without session information
  uint64_t localized_entries = 0;
  uint64_t skipped_duplicates = 0;  // entries that a second copy of the same log repeated
  std::string format;               // of the input: one name, or "mixed"
  std::string prefix;
  std::string confidence;   // how sure the detection is, and on how many lines: "matched 396 of 396 entries"
  std::string pin_options;  // the options that pin the detection: "--format stderr --prefix '%m [%p] '"
  std::string session_rests;  // for the next run: see IngestOptions::session_rests
  bool interrupted = false;   // by IngestOptions::stop, before the end of the inputs
  Microseconds first = kUnknownTime, last = kUnknownTime;
  Microseconds min_duration_seen = kUnknownTime;
  std::map<std::string, std::string>
      settings;  // what the log implies: log_min_duration_statement, log_duration, auto_explain, …
  std::vector<std::string> warnings;    // complete sentences for the header of the report
  std::vector<std::string> incomplete;  // those of them because of which a verdict is partial
};

// Reads all inputs in the given order into the sink. Inputs: files, directories (their regular files, by
// name), globs that the shell left alone, "-" for standard input. Fails when an input can't be opened or
// read, or when nothing in it is a log we know; the Error says what the lines look like. A damaged part
// inside a readable file is counted and warned about, not an Error.
Result<IngestStats> ingest(const std::vector<std::string>& inputs, const IngestOptions& options,
                           EventSink& sink);

}  // namespace pgsieve
