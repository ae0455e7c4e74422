#include "analyzer/capture/prefix.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace pgsieve {
namespace {

LogEntry matched(std::string_view prefix, std::string_view line) {
  const Result<PrefixMatcher> matcher = PrefixMatcher::compile(prefix);
  EXPECT_TRUE(matcher.ok());
  LogEntry entry;
  TimeMemo memo;
  const size_t length = matcher->match(line, entry, memo);
  EXPECT_GT(length, 0u) << prefix << " | " << line;
  entry.message = line.substr(length);
  return entry;
}

bool matches(std::string_view prefix, std::string_view line) {
  const Result<PrefixMatcher> matcher = PrefixMatcher::compile(prefix);
  LogEntry entry;
  TimeMemo memo;
  return matcher->match(line, entry, memo) > 0;
}

TEST(Prefix, EveryField) {
  const LogEntry entry = matched("%m [%p] %l %c %v %x %e %u@%d %a %r ",
                                 "2026-11-22 01:02:03.004 CET [77] 5 6a1b2c3d.4d 3/45 0 42P01 jo@shop my app "
                                 "10.0.0.1(5432) ERROR:  boom");
  EXPECT_EQ(format_time(entry.time), "2026-11-22 00:02:03.004 UTC");
  EXPECT_EQ(entry.pid, 77u);
  EXPECT_EQ(entry.session_line, 5u);
  EXPECT_EQ(entry.session_id, "6a1b2c3d.4d");
  EXPECT_EQ(entry.transaction, "3/45");
  EXPECT_EQ(entry.sqlstate, "42P01");
  EXPECT_EQ(entry.user, "jo");
  EXPECT_EQ(entry.database, "shop");
  EXPECT_EQ(entry.application, "my app");
  EXPECT_EQ(entry.host, "10.0.0.1");
  EXPECT_EQ(entry.severity, Severity::kError);
  EXPECT_EQ(entry.message, "boom");
}

TEST(Prefix, PaddingQuitAndPercent) {
  EXPECT_EQ(matched("%t [%5p] %-10u|%%", "2026-11-22 01:02:03 UTC [   77] jo        |%LOG:  x").user, "jo");
  EXPECT_EQ(matched("%m [%p] %q%u@%d ", "2026-11-22 01:02:03.000 UTC [9] LOG:  checkpoint").pid, 9u);
  EXPECT_EQ(matched("%m [%p] %q%u@%d ", "2026-11-22 01:02:03.000 UTC [9] a@b LOG:  x").database, "b");
  EXPECT_EQ(matched("%t:%r:%u@%d:[%p]:", "2026-11-22 01:02:03 UTC:1.2.3.4(99):u@d:[7]:LOG:  x").host,
            "1.2.3.4");
  EXPECT_EQ(matched("%t:%r:%u@%d:[%p]:", "2026-11-22 01:02:03 UTC::@:[7]:LOG:  x").pid, 7u);
  EXPECT_NE(matched("%t:%r:%u@%d:", "2026-11-22 01:02:03 UTC:1.2.3.4(99):u@d:LOG:  x").pid, 0u);
  EXPECT_EQ(matched("%t:%h:%u@%d:", "2026-11-22 01:02:03 UTC:1.2.3.4:u@d:LOG:  x").pid, 0u);
  EXPECT_EQ(format_time(matched("%n %Q ", "1763773323.004 -77 LOG: x").time), "2025-11-22 01:02:03.004 UTC");
}

// What follows a name may stand in the name, too: the first end at which the rest of the prefix fits is the
// name's.
TEST(Prefix, NamesWithWhatFollowsThem) {
  const LogEntry mail =
      matched("%m [%p] %u@%d LOG ", "2026-11-22 01:02:03.000 UTC [9] jo@example.org@shop LOG LOG:  x");
  EXPECT_EQ(mail.user, "jo");
  EXPECT_EQ(mail.database, "example.org@shop");
  const LogEntry pid = matched("%m %u[%p] ", "2026-11-22 01:02:03.000 UTC a[b[7] LOG:  x");
  EXPECT_EQ(pid.user, "a[b");
  EXPECT_EQ(pid.pid, 7u);
  EXPECT_EQ(matched("%m %a [%p] ", "2026-11-22 01:02:03.000 UTC my app [7] LOG:  x").application, "my app");
  EXPECT_EQ(matched("%m %d ", "2026-11-22 01:02:03.000 UTC Shop LOG:  x").database, "Shop");
  EXPECT_EQ(matched("%m %d", "2026-11-22 01:02:03.000 UTC LOGS LOG:  x").database, "LOGS");
}

// A command's tag may have several words in capitals; the next field's key is none of them.
TEST(Prefix, TheKeyBehindACommandTag) {
  const LogEntry entry = matched("%m %i DB=%d ", "2026-11-22 01:02:03.000 UTC SELECT DB=shop LOG:  x");
  EXPECT_EQ(entry.database, "shop");
  EXPECT_EQ(matched("%m %i DB=%d ", "2026-11-22 01:02:03.000 UTC CREATE TABLE AS DB=shop LOG:  x").database,
            "shop");
  EXPECT_EQ(matched("%m %i %d ", "2026-11-22 01:02:03.000 UTC CREATE TABLE shop LOG:  x").database, "shop");
}

// More free text than the way without retries keeps.
TEST(Prefix, ManyNames) {
  const LogEntry entry =
      matched("%m %u|%d|%a|%u|%d|%a|%u|%d|%a|%u ", "2026-11-22 01:02:03.000 UTC a|b|c|d|e|f|g|h|i|j LOG:  x");
  EXPECT_EQ(entry.user, "a");
  EXPECT_EQ(entry.database, "b");
  EXPECT_EQ(entry.application, "c");
  EXPECT_EQ(matched("%m %u|%u ", "2026-11-22 01:02:03.000 UTC a|b LOG:  x").user, "a");
}

// A field behind a %q that the level word follows is not read, whatever else the line has.
TEST(Prefix, NothingBehindQuit) {
  const LogEntry entry =
      matched("%m %a%q|%u@%d ", "2026-11-22 01:02:03.000 UTC checkpointer LOG:  x|y@z LOG:  w");
  EXPECT_EQ(entry.application, "checkpointer");
  EXPECT_TRUE(entry.user.empty());
  EXPECT_EQ(entry.message, "x|y@z LOG:  w");
}

bool same_prefix(const LogEntry& left, const LogEntry& right) {
  const auto fields = [](const LogEntry& entry) {
    return std::tie(entry.severity, entry.time, entry.user, entry.database, entry.application, entry.host,
                    entry.server, entry.pid, entry.session_id, entry.session_line, entry.transaction,
                    entry.sqlstate, entry.query_id, entry.localized);
  };
  return fields(left) == fields(right);
}

// Every line after every other: what was read before must not show.
TEST(PrefixMemo, ChangesNothing) {
  const std::string_view prefixes[] = {"%m [%p] %q%u@%d %a ",
                                       "%m [%p] %u@%d ",
                                       "%t:%r:%u@%d:[%p]:",
                                       "%m [%p] ",
                                       "%m %u",
                                       "%m|%u|%d|%c|%v|%x|",
                                       "%m %q%u ",
                                       "%m %s ",
                                       "%m %p",
                                       "%m %e ",
                                       "%m [%l] ",
                                       "%n %p ",
                                       "%m %-8u|",
                                       "%m %8u|",
                                       "%m%q|%u|",
                                       "%m %u%q %d "};
  const std::string_view heads[] = {"[7] ",
                                    "[7]  ",
                                    "[77] ",
                                    "[7] a@b ",
                                    "[7] a@b c ",
                                    "[7] a@b c d ",
                                    "[7] A@b ",
                                    "[7] @b ",
                                    "[8] a@b ",
                                    "[7] LO@b ",
                                    "a ",
                                    "a  ",
                                    "LOG ",
                                    "|a|b|6a.4d|3/45|0|",
                                    "|a|b|6a.4d|3/46|0|",
                                    "|a|",
                                    ":1.2.3.4(9):u@d:[7]:",
                                    ":::@:[7]:",
                                    "a       |",
                                    "       a|",
                                    "2026-11-22 01:02:03 UTC ",
                                    "42P01 ",
                                    "7",
                                    "",
                                    "DE"};
  const std::string_view levels[] = {"LOG:  x", " LOG:  x", "DETAIL:  y", "WARNING: z",
                                     "BUG:  x", "LOG",      "",           "FEHLER:  q"};
  const std::string_view times[] = {"2026-11-22 01:02:03.004 UTC ", "2026-11-22 01:02:59.9 UTC ",
                                    "2026-11-22 01:02:03 UTC", "1763773323.004 ", ""};
  std::vector<std::string> lines;
  for (const std::string_view time : times)
    for (const std::string_view head : heads)
      for (const std::string_view level : levels)
        lines.push_back(std::string(time) + std::string(head) + std::string(level));
  size_t entries = 0;
  for (const std::string_view prefix : prefixes) {
    const Result<PrefixMatcher> matcher = PrefixMatcher::compile(prefix);
    ASSERT_TRUE(matcher.ok());
    for (const size_t step : {1U, 2U, 7U, 8U, 200U, 201U}) {
      TimeMemo time;
      PrefixMemo memo;
      for (size_t i = 0, at = 0; i < lines.size(); ++i, at = (at + step) % lines.size()) {
        LogEntry plain, repeated;
        const size_t length = matcher->match(lines[at], plain, time);
        ASSERT_EQ(matcher->match(lines[at], repeated, memo), length) << prefix << " | " << lines[at];
        if (length == 0) continue;
        ASSERT_TRUE(same_prefix(plain, repeated)) << prefix << " | " << lines[at];
        ++entries;
      }
    }
  }
  EXPECT_GT(entries, 1000u);
}

TEST(Prefix, NoEntry) {
  EXPECT_FALSE(matches("%m [%p] ", "\t2026-11-22 01:02:03.000 UTC [9] LOG:  x"));
  EXPECT_FALSE(matches("%m [%p] ", "2026-11-22 01:02:03.000 UTC [9] hello"));
  EXPECT_FALSE(matches("%m [%p] ", ""));
  EXPECT_FALSE(PrefixMatcher::compile("%y").ok());
}

TEST(Prefix, HostileLinesCostLittle) {
  std::string line = "2026-11-22 01:02:03.000 UTC ";
  for (int i = 0; i < 20'000; ++i) line += "@ /";
  EXPECT_FALSE(matches("%m %u@%d %a/%r@%h/%i %b ", line));
}

TEST(Prefix, LocalisedLevels) {
  EXPECT_EQ(matched("%m ", "2026-11-22 01:02:03.000 UTC FEHLER:  x").severity, Severity::kError);
  EXPECT_EQ(matched("%m ", "2026-11-22 01:02:03.000 UTC СООБЩЕНИЕ:  x").severity, Severity::kLog);
  EXPECT_EQ(matched("%m ", "2026-11-22 01:02:03.000 UTC DÉTAIL : x").severity, Severity::kDetail);
}

}  // namespace
}  // namespace pgsieve
