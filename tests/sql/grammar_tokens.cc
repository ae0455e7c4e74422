#include "tests/sql/grammar_tokens.h"

#include <cstdint>

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

namespace pgsieve {
namespace {

GrammarToken::Kind kind_of(const PgQuery__ScanToken& token, std::string_view text) {
  using Kind = GrammarToken::Kind;
  switch (token.token) {
    case PG_QUERY__TOKEN__ICONST:
      return Kind::kInteger;
    case PG_QUERY__TOKEN__FCONST:
      return Kind::kDecimal;
    case PG_QUERY__TOKEN__SCONST:
      return text.front() == 'e' || text.front() == 'E' ? Kind::kEscapeString : Kind::kString;
    case PG_QUERY__TOKEN__BCONST:
    case PG_QUERY__TOKEN__XCONST:
      return Kind::kBitString;
    case PG_QUERY__TOKEN__USCONST:
      return Kind::kUnicodeString;
    case PG_QUERY__TOKEN__PARAM:
      return Kind::kParameter;
    case PG_QUERY__TOKEN__IDENT:
    case PG_QUERY__TOKEN__UIDENT:
      return Kind::kIdentifier;
    case PG_QUERY__TOKEN__SQL_COMMENT:
    case PG_QUERY__TOKEN__C_COMMENT:
      return Kind::kComment;
    default:
      return token.keyword_kind != PG_QUERY__KEYWORD_KIND__NO_KEYWORD ? Kind::kKeyword : Kind::kOther;
  }
}

}  // namespace

std::vector<GrammarToken> grammar_tokens(const std::string& text) {
  std::vector<GrammarToken> tokens;
  if (text.find("U&") != std::string::npos || text.find("u&") != std::string::npos) return tokens;
  const PgQueryScanResult result = pg_query_scan(text.c_str());
  if (result.error == nullptr) {
    PgQuery__ScanResult* scan = pg_query__scan_result__unpack(
        nullptr, result.pbuf.len, reinterpret_cast<const uint8_t*>(result.pbuf.data));
    for (size_t i = 0; scan != nullptr && i < scan->n_tokens; ++i) {
      const PgQuery__ScanToken& token = *scan->tokens[i];
      const auto begin = static_cast<size_t>(token.start);
      const auto end = static_cast<size_t>(token.end);
      if (begin >= end || end > text.size()) continue;
      tokens.push_back({kind_of(token, std::string_view(text).substr(begin, end - begin)), begin, end});
    }
    pg_query__scan_result__free_unpacked(scan, nullptr);
  }
  pg_query_free_scan_result(result);
  return tokens;
}

bool is_literal(const GrammarToken& token) {
  using Kind = GrammarToken::Kind;
  return token.kind == Kind::kInteger || token.kind == Kind::kDecimal || token.kind == Kind::kString ||
         token.kind == Kind::kEscapeString || token.kind == Kind::kBitString ||
         token.kind == Kind::kUnicodeString;
}

}  // namespace pgsieve
