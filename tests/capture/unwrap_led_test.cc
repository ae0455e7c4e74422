// Logs with something of someone else in every line: names, labels, colours; and tables without a header.
#include <gtest/gtest.h>

#include <string>

#include "tests/capture/collect.h"
#include "tests/capture/unwrap_testing.h"

namespace pgsieve {
namespace {

std::string each_line(const std::string& log, const std::string& before, const std::string& after = "") {
  std::string out;
  for (const std::string& line : lines_of(log)) out += before + line + after + "\n";
  return out;
}

TEST(UnwrapLed, Stern) {
  expect_unwrapped(each_line(kLog, "postgres-0 postgres "), kLog, "container output");
  expect_unwrapped(each_line(kLog, "default postgres-0 postgres "), kLog, "container output");
  expect_unwrapped(each_line(kLog, "\x1b[36mpostgres-0\x1b[0m \x1b[96mpostgres\x1b[0m "), kLog,
                   "container output in colours");
  std::string two;
  for (const std::string& line : lines_of(kLog)) {
    two += "pg-0 postgres " + line + "\npg-1 postgres " + line + "\nweb-7d9f app GET /orders 200\n";
  }
  const Unwrapped result = undo("+ pg-0 \u203a postgres\n" + two);
  EXPECT_EQ(result.report.wrappers, "container output");
  EXPECT_EQ(result.report.other_records, 5U);
  const std::vector<std::string> lines = lines_of(kLog);
  const std::string entry = lines[0] + "\n" + lines[1] + "\n";
  EXPECT_TRUE(result.text.starts_with(entry + entry) ||
              result.text.starts_with(entry + lines[2] + "\n" + entry))
      << result.text;
}

// Two names in front are the server's own where further lines of an entry have none.
TEST(UnwrapLed, NamesOfTheServersOwnPrefix) {
  const std::string own = "jo shop 2026-11-22 00:53:03.318 UTC [77] LOG:  statement: SELECT 1\n\tFROM t\n" +
                          each_line(lines_of(kLog)[0], "jo shop ");
  expect_unwrapped(own, own, "");
  const std::string single = each_line(lines_of(kLog)[0], "jo shop ");
  expect_unwrapped(single, single, "");
  const std::string trimmed = single + "FROM t \tWHERE x\n" + single;  // a shipper took the tab in front
  expect_unwrapped(trimmed, trimmed, "");
}

TEST(UnwrapLed, Colours) {
  expect_unwrapped(each_line(kLog, "\x1b[0;32m", "\x1b[0m"), kLog, "colours");
  std::string words;
  for (const std::string& line : lines_of(kLog)) {
    const size_t level = line.find(" LOG:");
    words += level == std::string::npos ? line
                                        : "\x1b[90m" + line.substr(0, level) +
                                              "\x1b[0m \x1b[1;34mLOG\x1b[0m:" + line.substr(level + 5);
    words += '\n';
  }
  expect_unwrapped(words, kLog, "colours");
}

// What a statement says in colours is its own.
TEST(UnwrapLed, ColoursInStatementsStay) {
  std::string log;
  for (int i = 0; i < 10; ++i)
    log += "2026-11-22 00:53:03.318 UTC [77] LOG:  statement: SELECT '\x1b[31mred\x1b[0m'\n";
  expect_unwrapped(log, log, "");
}

TEST(UnwrapLed, TheSameWordsBeforeEveryLine) {
  for (const std::string lead :
       {"postgresql.log:", "> ", "2026-11-22T00:51:18Z app[e2865641be3e86] ams [info]postgres | ",
        "2026-11-22T00:51:18.600000Z{filename=\"/var/log/pg.log\", job=\"pg\"}\t",
        "2026-11-22T00:51:18.600000Z  pg-1  postgresql-15.service  "}) {
    expect_unwrapped(each_line(kLog, lead), kLog, "led lines");
  }
  std::string numbered;
  for (size_t i = 0; i < 30; ++i) {
    for (const std::string& line : lines_of(kLog)) numbered += std::to_string(i * 7 + 1) + ":" + line + "\n";
  }
  EXPECT_EQ(undo(numbered).text, [] {
    std::string log;
    for (size_t i = 0; i < 30; ++i) log += kLog;
    return log;
  }());
}

TEST(UnwrapLed, TabsInStatementsAreNoLead) {
  std::string log;
  for (int i = 0; i < 10; ++i) log += "2026-11-22 00:53:03.318 UTC [77] LOG:  statement: SELECT\t1\tFROM t\n";
  expect_unwrapped(log, log, "");
  const std::string other = each_line(log, "jo ");
  expect_unwrapped(other, other, "");
}

// The words that all lines begin with may be a log_line_prefix: it has the server's times, or further lines
// of an entry lack it, or it is known.
TEST(UnwrapLed, PrefixesWithTabsAreNoLead) {
  const std::string statement = "LOG:  statement: SELECT 1\n";
  std::string zoned, further, known;
  for (int i = 0; i < 10; ++i) {
    zoned += "2026-11-22 00:53:03.318 UTC\tjo\t2026-11-22 00:52:00 UTC\tweb\t6a1b2c3d.4d: " + statement;
    further += "(pid 77)\tjo\t2026-11-22 00:53:03 UTC: LOG:  statement: SELECT 1\n\tFROM t\n";
    known += "(pid 77)\tjo\t2026-11-22 00:53:03 UTC: " + statement;
  }
  expect_unwrapped(zoned, zoned, "");
  expect_unwrapped(further, further, "");
  IngestOptions options;
  options.prefix = "(pid %p)\t%u\t%t: ";
  options.prefix_given = true;
  EXPECT_EQ(undo(known, 100'000, options).text, known);
}

// `\copy postgres_log TO 'FILE'`: tabs between columns, no header.
std::string as_copy_text(const std::string& csv) {
  std::string out, field;
  bool quoted = false, was_quoted = false;
  const auto end_field = [&](char after) {
    out += field.empty() && !was_quoted ? "\\N" : field;
    out += after;
    field.clear();
    was_quoted = false;
  };
  for (size_t i = 0; i < csv.size(); ++i) {
    const char c = csv[i];
    if (c == '"') {
      if (quoted && i + 1 < csv.size() && csv[i + 1] == '"') {
        field += csv[i++];
      } else {
        quoted = !quoted;
        was_quoted = true;
      }
    } else if (!quoted && (c == ',' || c == '\n')) {
      end_field(c == ',' ? '\t' : '\n');
    } else if (c == '\n') {
      field += "\\n";
    } else if (c == '\t') {
      field += "\\t";
    } else if (c == '\\') {
      field += "\\\\";
    } else {
      field += c;
    }
  }
  return out;
}

TEST(UnwrapLed, CopyTextOfATableIsTheCsvlog) {
  const std::string csv = testing::slurp(testing::fixture("all.csv"));
  const testing::Ingested whole = testing::ingest_text(csv);
  const testing::Ingested copied = testing::ingest_text(as_copy_text(csv));
  ASSERT_EQ(copied.error, "");
  EXPECT_EQ(copied.stats.unread_lines, 0U);
  ASSERT_EQ(copied.kept.events.size(), whole.kept.events.size());
  for (size_t i = 0; i < whole.kept.events.size(); ++i)
    EXPECT_EQ(testing::facts(copied.kept.events[i]), testing::facts(whole.kept.events[i]));
}

}  // namespace
}  // namespace pgsieve
