#include "analyzer/capture/prefix_forms.h"

#include <algorithm>
#include <string>
#include <utility>

#include "analyzer/base/time.h"

namespace pgsieve::internal {

std::string_view escape_of_key(std::string_view key) {
  static constexpr std::pair<std::string_view, std::string_view> kKeys[] = {
      {"user", "%u"},
      {"usr", "%u"},
      {"username", "%u"},
      {"role", "%u"},
      {"u", "%u"},
      {"db", "%d"},
      {"database", "%d"},
      {"dbname", "%d"},
      {"d", "%d"},
      {"app", "%a"},
      {"application", "%a"},
      {"application_name", "%a"},
      {"appname", "%a"},
      {"a", "%a"},
      {"client", "%h"},
      {"host", "%h"},
      {"remote", "%r"},
      {"rhost", "%h"},
      {"ip", "%h"},
      {"h", "%h"},
      {"r", "%r"},
      {"pid", "%p"},
      {"p", "%p"},
      {"process", "%p"},
      {"line", "%l"},
      {"log_line", "%l"},
      {"l", "%l"},
      {"session", "%c"},
      {"sess", "%c"},
      {"sid", "%c"},
      {"session_id", "%c"},
      {"c", "%c"},
      {"vxid", "%v"},
      {"vtx", "%v"},
      {"v", "%v"},
      {"xid", "%x"},
      {"tx", "%x"},
      {"txid", "%x"},
      {"x", "%x"},
      {"sqlstate", "%e"},
      {"state", "%e"},
      {"err", "%e"},
      {"code", "%e"},
      {"sql_error_code", "%e"},
      {"e", "%e"},
      {"tag", "%i"},
      {"cmd", "%i"},
      {"command", "%i"},
      {"ps", "%i"},
      {"qid", "%Q"},
      {"query_id", "%Q"},
      {"queryid", "%Q"},
      {"backend", "%b"},
      {"type", "%b"},
      {"backend_type", "%b"},
      {"start", "%s"},
      {"session_start", "%s"},
      // The columns of the server's other formats.
      {"user_name", "%u"},
      {"database_name", "%d"},
      {"process_id", "%p"},
      {"connection_from", "%r"},
      {"remote_host", "%h"},
      {"client_ip", "%h"},
      {"client_addr", "%h"},
      {"line_num", "%l"},
      {"session_line_num", "%l"},
      {"command_tag", "%i"},
      {"session_start_time", "%s"},
      {"virtual_transaction_id", "%v"},
      {"virtualxid", "%v"},
      {"transaction_id", "%x"},
      {"sql_state_code", "%e"},
      {"state_code", "%e"},
      {"error_code", "%e"},
  };
  std::string lower(key);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const auto& [name, escape] : kKeys) {
    if (name == lower) return escape;
  }
  return {};
}

size_t backend_type_length(std::string_view text) {
  static constexpr std::string_view kTypes[] = {"client backend",
                                                "standalone backend",
                                                "dead-end client backend",
                                                "parallel worker",
                                                "autovacuum worker",
                                                "autovacuum launcher",
                                                "logical replication launcher",
                                                "logical replication apply worker",
                                                "logical replication parallel worker",
                                                "logical replication tablesync worker",
                                                "logical replication worker",
                                                "background writer",
                                                "background worker",
                                                "slotsync worker",
                                                "io worker",
                                                "walsender",
                                                "walwriter",
                                                "walreceiver",
                                                "walsummarizer",
                                                "checkpointer",
                                                "archiver",
                                                "startup",
                                                "postmaster",
                                                "logger",
                                                "not initialized"};
  for (const std::string_view type : kTypes) {
    if (!text.starts_with(type)) continue;
    const char next = type.size() < text.size() ? text[type.size()] : ' ';
    if (!is_name(next) && !is_digit(next)) return type.size();
  }
  return 0;
}

size_t command_tag_length(std::string_view text) {
  static constexpr std::string_view kFirst[] = {
      "ALTER",      "ANALYZE",        "BEGIN",    "BIND",        "CALL",     "CHECKPOINT",
      "CLOSE",      "CLUSTER",        "COMMENT",  "COMMIT",      "COPY",     "CREATE",
      "DEALLOCATE", "DECLARE",        "DELETE",   "DISCARD",     "DO",       "DROP",
      "EXECUTE",    "EXPLAIN",        "FETCH",    "GRANT",       "IMPORT",   "INSERT",
      "LISTEN",     "LOAD",           "LOCK",     "MERGE",       "MOVE",     "NOTIFY",
      "PARSE",      "PREPARE",        "REASSIGN", "REFRESH",     "REINDEX",  "RELEASE",
      "RESET",      "REVOKE",         "ROLLBACK", "SAVEPOINT",   "SECURITY", "SELECT",
      "SET",        "SHOW",           "START",    "TRUNCATE",    "UNLISTEN", "UPDATE",
      "VACUUM",     "authentication", "idle",     "initializing"};
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  for (const std::string_view first : kFirst) {
    if (!text.starts_with(first)) continue;
    size_t end = first.size();
    if (end < text.size() && (is_name(text[end]) || is_digit(text[end]))) continue;
    for (const std::string_view more : {" in transaction", " (aborted)", " waiting"}) {
      if (text.substr(end).starts_with(more) && (more == " waiting" || first == "idle")) end += more.size();
    }
    // "CREATE TABLE AS", but not the level word or the next field's key behind a tag.
    while (upper(first[0]) && end + 1 < text.size() && text[end] == ' ' && upper(text[end + 1])) {
      const size_t word = span_of(text.substr(end + 1), upper);
      const char next = end + 1 + word < text.size() ? text[end + 1 + word] : ' ';
      if (next == ':' || next == '=' || is_name(next) || is_digit(next)) break;
      end += 1 + word;
    }
    return end;
  }
  return 0;
}

size_t query_id_length(std::string_view text) {
  const size_t sign = text.starts_with('-') ? 1 : 0;
  const size_t digits = span_of(text.substr(sign), is_digit);
  const size_t end = sign + digits;
  if (end < text.size() && (is_name(text[end]) || text[end] == '.' || text[end] == '/')) return 0;
  return digits > 20 || digits < (sign == 1 ? 6U : 11U) ? 0 : end;
}

static size_t dotted_length(std::string_view rest) {
  const size_t length = span_of(rest, [](char c) { return is_digit(c) || c == '.'; });
  const auto end = rest.begin() + static_cast<std::ptrdiff_t>(length);
  return std::count(rest.begin(), end, '.') == 3 ? length : 0;
}

// Eight groups of up to four digits; "::" stands once for as many as are missing, and the last two may be a
// dotted address (RFC 4291, 2.2).
static size_t colons_length(std::string_view rest) {
  constexpr size_t kGroups = 8, kDigits = 4;
  size_t groups = 0, at = 0;
  bool shortened = false;
  if (rest.starts_with("::")) {
    shortened = true;
    at = 2;
  }
  while (groups < kGroups) {
    if (const size_t dotted = groups > 0 || shortened ? dotted_length(rest.substr(at)) : 0; dotted > 0) {
      groups += 2;
      at += dotted;
      break;
    }
    const size_t digits = span_of(rest.substr(at), is_hex);
    if (digits == 0) break;
    if (digits > kDigits) return 0;
    ++groups;
    at += digits;
    const std::string_view behind = rest.substr(at);
    if (behind.starts_with("::") && !shortened) {
      shortened = true;
      at += 2;
    } else if (behind.starts_with(':') && behind.size() > 1 && is_hex(behind[1])) {
      ++at;
    } else {
      break;
    }
  }
  const bool goes_on =
      at + 1 < rest.size() && rest[at] == ':' && (is_hex(rest[at + 1]) || rest[at + 1] == ':');
  if (groups == 0 || rest[at - 1] == ':' || goes_on) return 0;
  return shortened == (groups < kGroups) ? at : 0;
}

size_t host_length(std::string_view rest) {
  size_t length = dotted_length(rest);
  if (length == 0) {
    length = colons_length(rest);
    // The zone of a link's own address (RFC 4007): "fe80::1%eth0".
    if (length > 0 && rest.substr(length).starts_with('%'))
      length += 1 + span_of(rest.substr(length + 1), [](char c) { return is_name(c) || is_digit(c); });
  }
  if (length == 0) return 0;
  if (length < rest.size() && rest[length] == '(') {
    const size_t close = rest.find(')', length);
    if (close != std::string_view::npos) return close + 1;
  }
  return length;
}

size_t name_limit(std::string_view text) {
  for (size_t at = text.find_first_of(" /"); at != std::string_view::npos;
       at = text.find_first_of(" /", at + 1)) {
    const std::string_view rest = text.substr(at + 1);
    if (text[at] == '/') {
      if (host_length(rest) > 0 || rest.starts_with("[local]")) return at;
      continue;
    }
    const size_t hex = span_of(rest, is_hex);
    const size_t digits = span_of(rest, is_digit);
    const bool session = hex >= 6 && hex < rest.size() && rest[hex] == '.' && is_hex(rest.substr(hex + 1)[0]);
    const bool transaction =
        digits > 0 && digits + 1 < rest.size() && rest[digits] == '/' && is_digit(rest[digits + 1]);
    if (!session && !transaction && host_length(rest) == 0 && !rest.starts_with("[local]") &&
        parse_time(rest).length == 0 && backend_type_length(rest) == 0)
      continue;
    return text.substr(0, at).ends_with(" from") ? at - 5 : at;
  }
  return text.size();
}

size_t number_after_name(std::string_view text) {
  for (size_t at = text.find(' '); at != std::string_view::npos; at = text.find(' ', at + 1)) {
    const std::string_view rest = text.substr(at + 1);
    const size_t digits = span_of(rest, is_digit);
    if (digits > 1 && digits < 9 && (digits == rest.size() || is_delimiter(rest[digits]))) return at;
  }
  return text.size();
}

}  // namespace pgsieve::internal
