#include "analyzer/sql/fingerprint.h"

#include <fmt/format.h>
#include <pg_query.h>

#include <array>
#include <memory>
#include <utility>

#include "analyzer/sql/depth_guard.h"
#include "analyzer/sql/scan.h"

namespace pgsieve {
namespace {

constexpr std::array<std::pair<Arity, std::string_view>, 5> kArityNames{{{Arity::kScalar, "scalar"},
                                                                         {Arity::kOne, "one"},
                                                                         {Arity::kMany, "many"},
                                                                         {Arity::kRow, "row"},
                                                                         {Arity::kRows, "rows"}}};

struct FreeResult {
  void operator()(PgQueryFingerprintResult* result) const {
    pg_query_free_fingerprint_result(*result);
    delete result;
  }
};

}  // namespace

std::string_view arity_name(Arity arity) {
  for (const auto& [value, name] : kArityNames) {
    if (value == arity) return name;
  }
  return "scalar";
}

bool arity_from_name(std::string_view name, Arity& out) {
  for (const auto& [value, known] : kArityNames) {
    if (known == name) {
      out = value;
      return true;
    }
  }
  return false;
}

// Told apart from every libpg_query fingerprint only by `approximate`.
Fingerprint approximate_fingerprint(std::string_view text, std::string parse_error) {
  StatementScan scan;
  std::string scratch;
  scan_statement(text, scan, scratch);
  return {hash_combine(scan.key.high, scan.key.low), true, std::move(parse_error)};
}

Fingerprint fingerprint_statement(std::string_view text) {
  if (text.size() > kMaxParsedBytes) {
    return approximate_fingerprint(text, fmt::format("statement of {} bytes is longer than the {} that are parsed",
                                         text.size(), kMaxParsedBytes));
  }
  if (text.find('\0') != std::string_view::npos) return approximate_fingerprint(text, "statement contains a NUL byte");
  if (lexes_slowly(text)) return approximate_fingerprint(text, "too many comments within comments");
  const std::string terminated(text);  // libpg_query takes a C string
  // pg_query_exit() is never called: it corrupts the heap when the thread ends later. The library frees a
  // thread's memory by itself.
  const std::unique_ptr<PgQueryFingerprintResult, FreeResult> result(
      new PgQueryFingerprintResult(pg_query_fingerprint(terminated.c_str())));
  if (result->error != nullptr) {
    const char* message = result->error->message;
    return approximate_fingerprint(text,
                       message != nullptr && *message != '\0' ? message : "not accepted by the grammar");
  }
  return {result->fingerprint, false, {}};
}

std::string fingerprint_hex(uint64_t hash) {
  return fmt::format("{:016x}", hash);
}

}  // namespace pgsieve
