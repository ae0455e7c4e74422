// StatementScan: a statement text reduced, without parsing it, to a key that ignores what must not matter (literals,
// white space, comments, letter case outside quotes, the length of a constant list) plus the slots: the literals and
// parameters it ignored, in source order.
//
// This is the hot path: every statement of a log goes through scan_statement(); libpg_query sees one text per distinct key.
//
// Invariant (property test and fuzzer): equal keys imply equal libpg_query fingerprints and equal parse trees up to
// constants. The converse does not hold, and need not.
//
// What counts as one slot:
//   * a literal: number, string of any kind ('..', E'..', U&'..', B'..', X'..', $tag$..$tag$); a sign is not part of it;
//   * TRUE, FALSE and NULL are words, not slots: they change how a statement plans;
//   * a parameter `$n` or a bare `?` placeholder;
//   * a constant list directly inside `IN ( … )` with two or more plain constants/parameters: ONE slot, kList, with the
//     number of elements; a one-element list is an ordinary slot, and the key tells `IN (?)` from `IN (?+)`;
//   * in `VALUES (…), (…)`, further rows whose tokens repeat the first row's: the slots of the first row only; the key tells
//     one row from many, and `rows` counts them.
// Comments (-- and nested /* */) are skipped; the first and last are kept as `comment_first`/`comment_last` for tags.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/hash.h"

namespace pgsieve {

struct Slot {
  enum class Kind : uint8_t {
    kNumber,
    kString,     // any quoted form; text is what stands between the quotes, escapes not undone
    kParameter,  // $n; parameter holds n
    kList,       // IN (a, b, …): text spans from the first to the last element
  };
  Kind kind = Kind::kNumber;
  uint16_t parameter = 0;  // n of $n (1-based); 0 when not a parameter
  uint32_t elements = 1;   // of a kList: number of elements (>= 2)
  std::string_view text;   // view into the scanned text
  uint32_t offset = 0;     // byte offset of the literal or parameter in the scanned text (its quote included)
  // Of the value, such that 1, '1' and a bound parameter of text 1 are equal (slot_value_hash). A kParameter: 0, the value
  // is the event's. A kList: combined over the element hashes in order; list elements that are parameters contribute their
  // number.
  uint64_t value_hash = 0;
};

// Hash of a value by its text form, shared by literals and bound parameters.
inline uint64_t slot_value_hash(std::string_view text) { return hash64(text, 0x70677369ULL); }

struct StatementScan {
  Hash128 key;                     // of the normalised text
  std::vector<Slot> slots;         // in source order; reused between calls (cleared, capacity kept)
  uint32_t rows = 0;               // rows of the (first) VALUES list; 0: no VALUES
  uint32_t statements = 1;         // statements in the text, separated by top-level ';' (empty ones do not count)
  std::string_view comment_first;  // without its delimiters; empty: none
  std::string_view comment_last;   // may be the same comment as comment_first
  bool incomplete = false;         // the text ends inside a quote or a comment (truncated log line)
};

// Scans one text. `scratch` holds the normalised text during the call; pass the same string again to avoid allocating.
// Never fails: any bytes give a key. NUL bytes are treated as white space. Work and memory are linear in the text.
void scan_statement(std::string_view text, StatementScan& scan, std::string& scratch);

// The byte ranges of the single statements of a text that holds several (scan.statements > 1), white space and leading
// comments trimmed off, empty statements left out.
std::vector<std::string_view> split_statements(std::string_view text);

// The text for people: literals replaced by $1, $2, … in source order (parameters keep their numbers; literals are numbered
// after the highest parameter), comments dropped, white space runs outside quotes made one blank, constant lists cut to
// their first element followed by ", ..." (`IN ($1, ...)`), repeated VALUES rows likewise. Depends only on the key and the
// letter case of the words. At most max_bytes long (then it ends in "…").
std::string normalize_for_display(std::string_view text, size_t max_bytes = 64 * 1024);

}  // namespace pgsieve
