// pgsieve fingerprint [SQL|-]: the identity of statements, one line each.
#include <fmt/format.h>

#include <iostream>
#include <iterator>

#include "analyzer/base/json_writer.h"
#include "analyzer/report/escape.h"
#include "analyzer/sql/fingerprint.h"
#include "analyzer/sql/scan.h"
#include "analyzer/sql/shape.h"
#include "analyzer/sql/steady_names.h"
#include "tools/pgsieve/commands.h"

namespace pgsieve {

namespace {

std::string describe(std::string_view given, bool as_json) {
  const std::string text = with_steady_names(given).value_or(std::string(given));
  const Fingerprint fingerprint = fingerprint_statement(text);
  const StatementShape shape = draw_shape(text);
  const std::string query = normalize_for_display(text);
  if (!as_json) {
    std::string flat = escape_terminal(query);
    for (char& byte : flat) {
      if (byte == '\n' || byte == '\t') byte = ' ';
    }
    return fmt::format("{}{} {:<6} {}\n", fingerprint_hex(fingerprint.hash),
                       fingerprint.approximate ? "~" : " ", arity_name(shape.arity), flat);
  }
  JsonWriter json;
  json.begin_object();
  json.member("fingerprint", fingerprint_hex(fingerprint.hash));
  json.member("arity", arity_name(shape.arity));
  json.member("kind", statement_kind_name(shape.kind));
  json.member("query", query);
  json.member("approximate", fingerprint.approximate);
  if (fingerprint.approximate) json.member("parse_error", fingerprint.parse_error);
  json.end_object();
  return json.take() + "\n";
}

}  // namespace

int run_fingerprint(const FingerprintOptions& options) {
  size_t described = 0;
  bool understood = true;
  for (const std::string& argument : options.statements) {
    std::string text = argument;
    if (argument == "-") {
      text.assign(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
    }
    for (const std::string_view statement : split_statements(text)) {
      const Fingerprint fingerprint = fingerprint_statement(statement);
      if (fingerprint.approximate) {
        tell_warning(fmt::format("not PostgreSQL's grammar: {}", fingerprint.parse_error));
        understood = false;
      }
      if (!write_stdout(describe(statement, options.json))) return kExitInput;
      ++described;
    }
  }
  if (described == 0) {
    tell("there is no statement in the input");
    return kExitInput;
  }
  return understood ? kExitOk : kExitInput;
}

}  // namespace pgsieve
