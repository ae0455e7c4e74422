#include "analyzer/advisor/twin_catalog.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/sql/expression_text.h"

namespace pgsieve {

namespace {

// "de_DE.UTF-8" -> "de-DE", as ICU names it.
std::string language_tag(std::string locale) {
  locale = locale.substr(0, locale.find_first_of(".@"));
  std::ranges::replace(locale, '_', '-');
  return locale;
}

bool is_plain(const std::string& locale) {
  return locale.empty() || locale == "C" || locale == "POSIX" || locale.starts_with("C.");
}

// The clauses to try, best first.
std::vector<std::string> locale_clauses(const StatisticsHeader& header, int major) {
  std::vector<std::string> clauses;
  const std::string libc =
      fmt::format("LC_COLLATE {} LC_CTYPE {}", quote_literal(header.collate), quote_literal(header.ctype));
  constexpr int kIcu = 15;
  if (header.provider == "i" && major >= kIcu)
    clauses.push_back(fmt::format("LOCALE_PROVIDER icu ICU_LOCALE {} LC_COLLATE 'C' LC_CTYPE 'C'",
                                  quote_literal(header.icu_locale)));
  if (header.provider == "b" && major > 16)
    clauses.push_back(fmt::format("LOCALE_PROVIDER builtin BUILTIN_LOCALE {} LC_COLLATE 'C' LC_CTYPE 'C'",
                                  quote_literal(header.icu_locale)));
  if (!header.collate.empty()) clauses.push_back(libc);
  // Not the same order of letters, but like the original an order that is not the bytes': what decides which
  // indexes serve LIKE.
  if (!is_plain(header.collate) && major >= kIcu)
    clauses.push_back(fmt::format("LOCALE_PROVIDER icu ICU_LOCALE {} LC_COLLATE 'C' LC_CTYPE 'C'",
                                  quote_literal(language_tag(header.collate))));
  clauses.emplace_back("LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'");
  clauses.emplace_back("LC_COLLATE 'C' LC_CTYPE 'C'");
  return clauses;
}

}  // namespace

Status create_twin_database(ServerConnection& server, const StatisticsHeader& header, int major,
                            std::vector<std::string>& warnings) {
  const std::string encoding = header.encoding.empty() ? "UTF8" : header.encoding;
  const std::vector<std::string> clauses = locale_clauses(header, major);
  Status failed;
  for (size_t at = 0; at < clauses.size(); ++at) {
    const Status refused =
        server.run(fmt::format("CREATE DATABASE {} TEMPLATE template0 ENCODING {} {}",
                               quote_identifier(header.database), quote_literal(encoding), clauses[at]));
    if (!refused) {
      if (at != 0 && !is_plain(header.collate))
        warnings.push_back(
            fmt::format("this machine does not have the locale {}: the twin sorts by {}, so plans of text "
                        "ranges and LIKE may "
                        "differ",
                        header.collate, clauses[at]));
      return {};
    }
    if (!failed) failed = refused;
  }
  return failed;
}

Status set_twin_settings(ServerConnection& database, const StatisticsHeader& header,
                         std::vector<std::string>& warnings) {
  for (const auto& [name, value] : header.settings) {
    const std::vector<DatabaseValue> parameters{name, value};
    const Result<DatabaseRows> set = database.query("SELECT set_config($1, $2, false)", parameters);
    const Status kept =
        set ? database.run(fmt::format("ALTER DATABASE {} SET {} FROM CURRENT",
                                       quote_identifier(header.database), quote_identifier(name)))
            : Status(set.error());
    if (kept)
      warnings.push_back(
          fmt::format("the setting {} = {} can't be made here: {}", name, value, kept->message));
  }
  return {};
}

}  // namespace pgsieve
