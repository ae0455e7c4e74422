// StatementScan: a statement text reduced, without parsing it, to a key that ignores what must not matter
// (literals, white space, comments, letter case outside quotes, the length of a constant list) plus the
// slots: the literals and parameters it ignored, in source order.
//
// This is the hot path: every statement of a log goes through scan_statement(); libpg_query sees one text per
// distinct key.
//
// Invariant (property test and fuzzer), for texts the grammar accepts: equal keys imply equal libpg_query
// fingerprints and equal parse trees up to constants. The converse does not hold, and need not: a = 1, a=1, a
// = '1' and a = $1 have four keys. White space counts as one blank or none; only the length of a run is
// ignored.
//
// Statements other than queries, data changes, SET, EXECUTE, CALL, DECLARE and PREPARE keep their literals in
// the key: there a literal may be the statement's meaning (a COPY's file, a DEFAULT, FETCH's count). They are
// slots all the same, but nothing is collapsed.
//
// What counts as one slot:
//   * a literal: number, string of any kind ('..', E'..', U&'..', B'..', X'..', $tag$..$tag$); a sign is not
//   part of it;
//   * TRUE, FALSE and NULL are words, not slots: they change how a statement plans;
//   * a parameter `$n`, or a `?` where an operand must come (elsewhere it is an operator of jsonb);
//   * a list directly inside `IN ( … )` of two or more constants and parameters, signed or not, or of such
//   with one and the
//     same cast, or of rows of such, `IN ((1, 2), (3, 4))`: ONE slot, kList, with the number of elements; a
//     one-element list gives ordinary slots, and the key tells `IN (1)` from `IN (1, 2)`;
//   * in `VALUES (…), (…)`, further rows whose tokens repeat an earlier row's (there, constants, parameters,
//   NULL and
//     booleans are alike): none, so usually the slots of the first row only; the key tells one row from many,
//     and `rows` counts them. Lists inside rows are not collapsed.
// Comments (-- and nested /* */) are skipped; the first and last are kept as `comment_first`/`comment_last`
// for tags, except those inside a constant list or a VALUES row.
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
    kParameter,  // $n, parameter holds n; or ?, parameter counts them from 1
    kList,       // IN (a, b, …): text spans from the first to the last element
  };
  Kind kind = Kind::kNumber;
  uint16_t parameter = 0;  // n of $n (1-based); 0 when not a parameter
  uint32_t elements = 1;   // of a kList: number of elements (>= 2)
  std::string_view text;   // view into the scanned text
  // Byte offset of the literal or parameter in the scanned text: where the grammar's token starts, its quote
  // and prefix (E, U&, B, X) included, its sign not; of a kList, where the first element starts, its sign
  // included.
  uint32_t offset = 0;
  // Of the value, such that 1, '1' and a bound parameter of text 1 are equal (slot_value_hash). A kParameter:
  // 0, the value is the event's. A kList: combined over the element hashes in order; list elements that are
  // parameters contribute their number.
  uint64_t value_hash = 0;
};

// Hash of a value by its text form, shared by literals and bound parameters.
inline uint64_t slot_value_hash(std::string_view text) {
  return hash64(text, 0x70677369ULL);
}

struct StatementScan {
  Hash128 key;              // of the normalised text
  size_t key_bytes = 0;     // how long that is
  std::vector<Slot> slots;  // in source order; reused between calls (cleared, capacity kept)
  uint32_t rows = 0;        // rows of the (first) VALUES list; 0: no VALUES
  uint32_t statements = 0;  // statements in the text, separated by top-level ';' (empty ones do not count)
  std::string_view comment_first;  // without its delimiters; empty: none
  std::string_view comment_last;   // may be the same comment as comment_first
  bool incomplete = false;         // the text ends inside a quote or a comment (truncated log line)
};

// Scans one text. `scratch` begins with the normalised text, key_bytes long, until the next call; pass the
// same string again to avoid allocating (it only grows, to about twice the longest text). Never fails: any
// bytes give a key. NUL bytes are treated as white space. Work and memory are linear in the text.
void scan_statement(std::string_view text, StatementScan& scan, std::string& scratch);

// The byte ranges of the single statements of a text that holds several (scan.statements > 1), white space
// and leading comments trimmed off, empty statements left out.
std::vector<std::string_view> split_statements(std::string_view text);

// The text for people: literals and parameters replaced by $1, $2, … in source order, comments dropped, white
// space runs outside quotes made one blank, constant lists cut to their first element followed by ", ..."
// (`IN ($1, ...)`), VALUES to the first row likewise. Depends only on the key and the letter case of the
// words (so parameters can't keep their numbers: behind a cut list those would depend on its length). At most
// max_bytes long (then it ends in "…").
std::string normalize_for_display(std::string_view text, size_t max_bytes = 64 * 1024);

}  // namespace pgsieve
