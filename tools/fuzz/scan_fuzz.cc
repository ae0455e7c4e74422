// Fuzzes the statement scanner, splitting and display. Beside memory safety it checks, for every text:
//   * the invariant: texts with one key have one libpg_query fingerprint. The partners of a text are variants
//   that should
//     have its key (other numbers, other white space, other case) and the statements seen before;
//   * slots lie inside the text, in source order;
//   * split_statements() agrees with the scan's count, and its parts scan to single statements.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_map>

#include "analyzer/sql/fingerprint.h"
#include "analyzer/sql/scan.h"

namespace {

using pgsieve::Hash128;

void require(bool condition) {
  if (!condition) std::abort();
}

Hash128 check_scan(std::string_view text) {
  pgsieve::StatementScan scan;
  std::string scratch;
  pgsieve::scan_statement(text, scan, scratch);
  size_t last = 0;
  for (const pgsieve::Slot& slot : scan.slots) {
    require(slot.offset >= last && slot.offset < text.size());
    require(slot.text.data() >= text.data() &&
            slot.text.data() + slot.text.size() <= text.data() + text.size());
    require(slot.kind != pgsieve::Slot::Kind::kList || slot.elements >= 2);
    last = slot.offset;
  }
  require(scan.statements == pgsieve::split_statements(text).size());
  return scan.key;
}

// The same text with each digit, letter or blank changed that `what` says, whatever it stands in: mostly that
// keeps the key, and where it doesn't, nothing is compared.
std::string vary(std::string_view text, uint8_t what) {
  std::string varied;
  for (const char c : text) {
    if ((what & 1) != 0 && c >= '1' && c <= '9') {
      varied += static_cast<char>('1' + '9' - c);
    } else if ((what & 2) != 0 && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) {
      varied += static_cast<char>(c ^ 0x20);
    } else if ((what & 4) != 0 && c == ' ') {
      varied += "/*?'*/\n ";
    } else if ((what & 8) != 0 && c == ',') {
      varied += ", 1,";
    } else {
      varied += c;
    }
  }
  return varied;
}

void check_pair(std::string_view text, const pgsieve::Fingerprint& fingerprint, Hash128 key,
                const std::string& other) {
  if (check_scan(other) != key) return;
  const pgsieve::Fingerprint compared = pgsieve::fingerprint_statement(other);
  if (compared.approximate) return;
  require(compared.hash == fingerprint.hash);
  require(pgsieve::normalize_for_display(text).size() == pgsieve::normalize_for_display(other).size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static std::unordered_map<Hash128, uint64_t, pgsieve::Hash128Hasher> seen;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Hash128 key = check_scan(text);
  pgsieve::normalize_for_display(text);
  require(pgsieve::normalize_for_display(text, 20).size() <= 20);
  for (const std::string_view part : pgsieve::split_statements(text)) {
    require(pgsieve::split_statements(part).size() == 1);
  }
  const pgsieve::Fingerprint fingerprint = pgsieve::fingerprint_statement(text);
  if (fingerprint.approximate) return 0;
  if (seen.size() > 200000) seen.clear();
  require(seen.try_emplace(key, fingerprint.hash).first->second == fingerprint.hash);
  for (uint8_t what = 1; what < 16; ++what) check_pair(text, fingerprint, key, vary(text, what));
  return 0;
}
