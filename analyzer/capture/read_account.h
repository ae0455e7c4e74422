// ReadAccount: what became of every byte of a chunk (or of a whole input). Adds up: entry + unread + blank
// bytes are the bytes read.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "analyzer/capture/ingest.h"

namespace pgsieve {

struct ReadAccount {
  uint64_t lines = 0;
  uint64_t entry_bytes = 0;   // part of a recognised entry, continuation lines included
  uint64_t unread_bytes = 0;  // lines that are neither an entry nor a continuation
  uint64_t blank_bytes = 0;   // empty lines, byte order marks, header lines of exports
  uint64_t unread_lines = 0;
  uint64_t loose_continuations = 0;  // continuation lines without their tab (a shipper trimmed them)
  uint64_t truncated_entries = 0;    // longer than max_entry_bytes; the rest was skipped
  uint64_t damaged_records =
      0;  // csv rows or JSON lines that were cut or malformed (their lines count as unread)
  uint64_t damaged_offset = 0;                       // of the first of them
  std::map<std::string, UnreadShape> unread_shapes;  // at most kMaxShapes; the rest under ""

  static constexpr size_t kMaxShapes = 64;

  // Counts one unread line (its end-of-line included in `bytes`). `line` is 1-based.
  void add_unread(std::string_view text, uint64_t bytes, uint32_t file, uint64_t line, uint64_t offset);
  // Adds `other`, whose line numbers start after `line_base`.
  void merge(const ReadAccount& other, uint64_t line_base);
  uint64_t bytes() const { return entry_bytes + unread_bytes + blank_bytes; }
};

// A line reduced to its shape: digit runs become 0, quoted text '', words of letters a; at most 80 bytes.
std::string line_shape(std::string_view line);

}  // namespace pgsieve
