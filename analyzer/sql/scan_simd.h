// The vector loop under scan_statement(): copies statement text 32 bytes at a time, folding letters outside
// double quotes to lower case, up to the next place where something must be decided. Internal to the room.
#pragma once

#include <cstddef>

namespace pgsieve::lexical {

// What the copied text ends in, as far as it decides about the next byte. The vector loop updates it; whoever
// handles a stop sets it anew.
struct RunState {
  bool in_quotes = false;    // inside a quoted identifier
  bool after_ident = false;  // an identifier character came before: a digit or '$' goes on with it
  bool after_blank = false;
  bool after_dash = false;
  bool after_slash = false;
};

// Copies from `source`, of which `size` bytes may be read, to `out`, of which size + 32 bytes may be written,
// and returns the number of bytes copied. It ends at `size` or before the first byte outside double quotes
// that is
//   * a quote ', an opening parenthesis, a semicolon, a question mark, or a byte below the blank;
//   * a blank after a blank;
//   * a digit or a '$' that is not part of an identifier;
//   * the second character of "--" or "/*".
using CopyRun = size_t (*)(const char* source, size_t size, char* out, RunState& state);

size_t copy_run_portable(const char* source, size_t size, char* out, RunState& state);
// nullptr where the program or the machine lacks the instructions.
CopyRun copy_run_sse2();
CopyRun copy_run_avx2();

// The fastest of the above. Thread-safe.
CopyRun best_copy_run();

}  // namespace pgsieve::lexical
