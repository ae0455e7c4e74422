#include "analyzer/base/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace pgsieve {
namespace {

constexpr int32_t kHour = 3600;
constexpr int32_t kMinute = 60;
constexpr int64_t kDaySeconds = 86'400;

// Abbreviations of PostgreSQL's default set (src/timezone/tznames/Default) that occur as log_timezone, in
// minutes east of Greenwich, sorted by name.
constexpr std::pair<std::string_view, int16_t> kZones[] = {
    {"ACDT", 630},  {"ACST", 570},  {"ADT", -180},   {"AEDT", 660},   {"AEST", 600},  {"AFT", 270},
    {"AKDT", -480}, {"AKST", -540}, {"ALMT", 300},   {"AMST", 240},   {"AMT", -240},  {"ANAT", 720},
    {"ART", -180},  {"AST", -240},  {"AWST", 480},   {"AZOST", 0},    {"AZOT", -60},  {"AZT", 240},
    {"BDST", 120},  {"BDT", 360},   {"BNT", 480},    {"BOT", -240},   {"BRST", -120}, {"BRT", -180},
    {"BST", 60},    {"BTT", 360},   {"CADT", 630},   {"CAST", 570},   {"CAT", 120},   {"CCT", 480},
    {"CDT", -300},  {"CEST", 120},  {"CET", 60},     {"CETDST", 120}, {"CHADT", 825}, {"CHAST", 765},
    {"CHST", 600},  {"CLST", -180}, {"CLT", -240},   {"COT", -300},   {"CST", -360},  {"CXT", 420},
    {"DAVT", 420},  {"DDUT", 600},  {"EASST", -300}, {"EAST", -360},  {"EAT", 180},   {"EDT", -240},
    {"EEST", 180},  {"EET", 120},   {"EETDST", 180}, {"EGST", 0},     {"EGT", -60},   {"EST", -300},
    {"FET", 180},   {"FJT", 720},   {"FKST", -180},  {"FKT", -240},   {"FNT", -120},  {"GALT", -360},
    {"GAMT", -540}, {"GEST", 240},  {"GET", 240},    {"GFT", -180},   {"GILT", 720},  {"GMT", 0},
    {"GYT", -240},  {"HKT", 480},   {"HST", -600},   {"ICT", 420},    {"IDT", 180},   {"IOT", 360},
    {"IRKST", 480}, {"IRKT", 480},  {"IRST", 210},   {"IST", 120},    {"JST", 540},   {"KDT", 600},
    {"KGST", 360},  {"KGT", 360},   {"KOST", 660},   {"KRAST", 420},  {"KRAT", 420},  {"KST", 540},
    {"LHDT", 660},  {"LHST", 630},  {"LIGT", 600},   {"LINT", 840},   {"MAGST", 660}, {"MAGT", 660},
    {"MART", -570}, {"MAWT", 300},  {"MDT", -360},   {"MEST", 120},   {"MET", 60},    {"METDST", 120},
    {"MHT", 720},   {"MMT", 390},   {"MPT", 600},    {"MSD", 240},    {"MSK", 180},   {"MST", -420},
    {"MUST", 300},  {"MUT", 240},   {"MVT", 300},    {"MYT", 480},    {"NDT", -150},  {"NFT", -210},
    {"NOVST", 420}, {"NOVT", 420},  {"NPT", 345},    {"NST", -210},   {"NUT", -660},  {"NZDT", 780},
    {"NZST", 720},  {"NZT", 720},   {"OMSST", 360},  {"OMST", 360},   {"PDT", -420},  {"PET", -300},
    {"PETST", 720}, {"PETT", 720},  {"PGT", 600},    {"PHT", 480},    {"PKST", 360},  {"PKT", 300},
    {"PMDT", -120}, {"PMST", -180}, {"PONT", 660},   {"PST", -480},   {"PWT", 540},   {"PYST", -180},
    {"PYT", -180},  {"RET", 240},   {"SADT", 630},   {"SAST", 120},   {"SCT", 240},   {"SGT", 480},
    {"TAHT", -600}, {"TFT", 300},   {"TJT", 300},    {"TKT", 780},    {"TMT", 300},   {"TOT", 780},
    {"TRUT", 600},  {"TVT", 720},   {"UCT", 0},      {"ULAST", 540},  {"ULAT", 480},  {"UT", 0},
    {"UTC", 0},     {"UYST", -120}, {"UYT", -180},   {"UZST", 360},   {"UZT", 300},   {"VET", -240},
    {"VLAST", 600}, {"VLAT", 600},  {"VOLT", 180},   {"VUT", 660},    {"WADT", 480},  {"WAKT", 720},
    {"WAST", 420},  {"WAT", 60},    {"WDT", 540},    {"WET", 0},      {"WETDST", 60}, {"WFT", 720},
    {"WGST", -120}, {"WGT", -180},  {"WIB", 420},    {"WIT", 540},    {"WITA", 480},  {"YAKST", 540},
    {"YAKT", 540},  {"YEKST", 300}, {"YEKT", 300},   {"Z", 0},        {"ZULU", 0},
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// Two digits at `at`; a value above 99 when they are not digits.
unsigned two_digits(const char* at) {
  const unsigned tens = static_cast<unsigned char>(at[0]) - unsigned{'0'};
  const unsigned ones = static_cast<unsigned char>(at[1]) - unsigned{'0'};
  return tens > 9 || ones > 9 ? 100'000 : tens * 10 + ones;
}

// Length of the signed offset "+03", "-0330", "+05:30", "+05:30:15" at the start of text; 0: none. In "+03:10.0.0.1" and
// "+03:127.0.0.1" (%t:%r) the colon is not the offset's.
size_t offset_length(std::string_view text) {
  if (text.size() < 3 || (text[0] != '+' && text[0] != '-') || !is_digit(text[1]) || !is_digit(text[2]))
    return 0;
  size_t length = 3;
  for (int group = 0; group < 2; ++group) {
    const size_t digits = length + (length < text.size() && text[length] == ':' ? 1 : 0);
    if (digits + 2 > text.size() || !is_digit(text[digits]) || !is_digit(text[digits + 1])) break;
    const char next = digits + 2 < text.size() ? text[digits + 2] : ' ';
    if (digits > length && (is_digit(next) || next == '.')) break;
    length = digits + 2;
  }
  return length;
}

int32_t offset_seconds(std::string_view text) {
  int32_t parts[3] = {0, 0, 0};
  size_t part = 0;
  for (size_t i = 1; i + 1 < text.size() && part < 3; ++part) {
    if (text[i] == ':') ++i;
    if (i + 1 >= text.size()) break;
    parts[part] = static_cast<int32_t>(two_digits(text.data() + i));
    i += 2;
  }
  const int32_t seconds = parts[0] * kHour + parts[1] * kMinute + parts[2];
  return text[0] == '-' ? -seconds : seconds;
}

// The zone that follows a time of day: directly (Z, +hh) or after one blank. Adds its length and offset.
void read_zone(std::string_view text, ParsedTime& parsed) {
  size_t start = parsed.length;
  if (start < text.size() && text[start] == ' ') ++start;
  std::string_view rest = text.substr(std::min(start, text.size()));
  if (rest.starts_with("UTC") && (rest.size() == 3 || !is_letter(rest[3]))) {
    parsed.length = start + 3;
    return;
  }
  if (const size_t length = offset_length(rest); length > 0) {
    parsed.time -= kSecond * offset_seconds(rest.substr(0, length));
    parsed.length = start + length;
    return;
  }
  size_t letters = 0;
  while (letters < rest.size() && is_letter(rest[letters])) ++letters;
  // A severity word or user name is no zone: letters must be upper case, few, and not run into ':' or '@'.
  const std::string_view name = rest.substr(0, letters);
  const bool upper = std::all_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (letters == 0 || letters > 6 || !upper) return;
  const char next = letters < rest.size() ? rest[letters] : ' ';
  if (const auto offset = zone_offset_seconds(name)) {
    parsed.time -= kSecond * *offset;
  } else {
    if (start == parsed.length || (next != ' ' && next != '[' && next != ']' && next != ':' && next != ','))
      return;
    static constexpr std::string_view kWords[] = {"LOG",   "ERROR", "DEBUG",  "INFO", "NOTICE",
                                                  "FATAL", "PANIC", "DETAIL", "HINT", "QUERY"};
    if (std::find(std::begin(kWords), std::end(kWords), name) != std::end(kWords)) return;
    parsed.zone_known = false;
  }
  parsed.length = start + letters;
}

}  // namespace

int64_t days_from_civil(int64_t year, unsigned month, unsigned day) {
  // Count years from March, so that the leap day is a year's last, in eras of 400 years (146,097 days).
  year -= month <= 2 ? 1 : 0;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t month_from_march = (static_cast<int64_t>(month) + 9) % 12;
  const int64_t day_of_year = (153 * month_from_march + 2) / 5 + static_cast<int64_t>(day) - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

std::optional<int32_t> zone_offset_seconds(std::string_view zone) {
  if (const size_t length = offset_length(zone); length > 0 && length == zone.size())
    return offset_seconds(zone);
  const auto* found =
      std::lower_bound(std::begin(kZones), std::end(kZones), zone,
                       [](const auto& entry, std::string_view name) { return entry.first < name; });
  if (found == std::end(kZones) || found->first != zone) return std::nullopt;
  return found->second * kMinute;
}

ParsedTime parse_time(std::string_view text) {
  ParsedTime parsed;
  if (text.size() < 19) return parsed;
  const char* at = text.data();
  if (at[4] != '-' || at[7] != '-' || (at[10] != ' ' && at[10] != 'T') || at[13] != ':' || at[16] != ':')
    return parsed;
  const unsigned year = two_digits(at) * 100 + two_digits(at + 2);
  const unsigned month = two_digits(at + 5);
  const unsigned day = two_digits(at + 8);
  const unsigned hour = two_digits(at + 11);
  const unsigned minute = two_digits(at + 14);
  const unsigned second = two_digits(at + 17);
  if (year > 9999 || month - 1 > 11 || day - 1 > 30 || hour > 24 || minute > 59 || second > 60) return parsed;
  const int64_t seconds =
      days_from_civil(year, month, day) * kDaySeconds + hour * kHour + minute * kMinute + second;
  parsed.time = seconds * kSecond;
  parsed.length = 19;
  if (text.size() > 20 && (at[19] == '.' || at[19] == ',') && is_digit(at[20])) {
    Microseconds scale = kSecond / 10;
    for (parsed.length = 20; parsed.length < text.size() && is_digit(at[parsed.length]);
         ++parsed.length, scale /= 10) {
      parsed.time += (at[parsed.length] - '0') * scale;
    }
  }
  read_zone(text, parsed);
  return parsed;
}

std::string format_time(Microseconds time) {
  if (time == kUnknownTime) return "";
  int64_t seconds = time / kSecond;
  int64_t micros = time % kSecond;
  if (micros < 0) {
    micros += kSecond;
    --seconds;
  }
  int64_t days = seconds / kDaySeconds;
  int64_t of_day = seconds % kDaySeconds;
  if (of_day < 0) {
    of_day += kDaySeconds;
    --days;
  }
  // The inverse of days_from_civil.
  days += 719'468;
  const int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const int64_t day_of_era = days - era * 146'097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  std::string text = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", year, month, day, of_day / kHour,
                                 of_day / kMinute % 60, of_day % 60);
  text += micros % 1000 == 0 ? fmt::format(".{:03} UTC", micros / 1000) : fmt::format(".{:06} UTC", micros);
  return text;
}

Microseconds parse_milliseconds(std::string_view text, size_t& consumed) {
  constexpr Microseconds kLimit = std::numeric_limits<Microseconds>::max() / 100'000;
  size_t at = 0;
  Microseconds value = 0;
  while (at < text.size() && is_digit(text[at])) {
    if (value < kLimit) value = value * 10 + (text[at] - '0');
    ++at;
  }
  consumed = at;
  if (at == 0) return 0;
  value *= kMillisecond;
  if (at + 1 < text.size() && text[at] == '.' && is_digit(text[at + 1])) {
    Microseconds scale = kMillisecond / 10;
    for (++at; at < text.size() && is_digit(text[at]); ++at, scale /= 10) value += (text[at] - '0') * scale;
    consumed = at;
  }
  return value;
}

}  // namespace pgsieve
