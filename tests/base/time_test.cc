#include "analyzer/base/time.h"

#include <gtest/gtest.h>

namespace pgsieve {
namespace {

TEST(Time, DaysFromCivil) {
  EXPECT_EQ(days_from_civil(1970, 1, 1), 0);
  EXPECT_EQ(days_from_civil(2000, 3, 1), 11017);
  EXPECT_EQ(days_from_civil(1969, 12, 31), -1);
  EXPECT_EQ(days_from_civil(2024, 2, 29) + 1, days_from_civil(2024, 3, 1));
}

TEST(Time, ZonesByNameAndOffset) {
  EXPECT_EQ(zone_offset_seconds("UTC"), 0);
  EXPECT_EQ(zone_offset_seconds("CEST"), 7200);
  EXPECT_EQ(zone_offset_seconds("PDT"), -25200);
  EXPECT_EQ(zone_offset_seconds("NPT"), 20700);
  EXPECT_EQ(zone_offset_seconds("+03"), 10800);
  EXPECT_EQ(zone_offset_seconds("-0330"), -12600);
  EXPECT_EQ(zone_offset_seconds("+05:30"), 19800);
  EXPECT_EQ(zone_offset_seconds("XYZ"), std::nullopt);
  EXPECT_EQ(zone_offset_seconds(""), std::nullopt);
  EXPECT_EQ(zone_offset_seconds("+3"), std::nullopt);
}

TEST(Time, ZoneTableIsSorted) {
  for (const char* name : {"ACDT", "AZT", "BST", "CETDST", "EETDST", "MSK", "WITA", "ZULU", "Z", "YEKT"}) {
    EXPECT_TRUE(zone_offset_seconds(name).has_value()) << name;
  }
}

TEST(Time, ParsesServerTimeStamps) {
  const ParsedTime utc = parse_time("2026-11-22 01:05:49.032 UTC [1] LOG:");
  EXPECT_EQ(utc.length, 27u);
  EXPECT_EQ(format_time(utc.time), "2026-11-22 01:05:49.032 UTC");
  const ParsedTime summer = parse_time("2026-07-01 12:00:00 CEST [1]");
  EXPECT_EQ(summer.length, 24u);
  EXPECT_EQ(format_time(summer.time), "2026-07-01 10:00:00.000 UTC");
  const ParsedTime offset = parse_time("2026-07-01 12:00:00.5 -0330:");
  EXPECT_EQ(format_time(offset.time), "2026-07-01 15:30:00.500 UTC");
  const ParsedTime iso = parse_time("2026-07-01T12:00:00.123456+05:30 x");
  EXPECT_EQ(format_time(iso.time), "2026-07-01 06:30:00.123456 UTC");
  EXPECT_EQ(iso.length, 32u);
  const ParsedTime zulu = parse_time("2026-07-01T12:00:00Z");
  EXPECT_EQ(zulu.length, 20u);
}

// "%t:%r" of a server whose zone has no name: the colon is the prefix's, not the offset's.
TEST(Time, AnOffsetEndsBeforeAnAddress) {
  for (const char* text : {"2026-07-01 12:00:00 +03:127.0.0.1(5432):a@b:", "2026-07-01 12:00:00 +03:10.0.0.1(5432):a@b:",
                           "2026-07-01 12:00:00 +03:[local]:a@b:", "2026-07-01 12:00:00 +03:1.2.3.4(5):a@b:"}) {
    EXPECT_EQ(parse_time(text).length, 23u) << text;
    EXPECT_EQ(format_time(parse_time(text).time), "2026-07-01 09:00:00.000 UTC") << text;
  }
}

TEST(Time, ZoneIsOptionalAndNeverASeverity) {
  const ParsedTime bare = parse_time("2026-07-01 12:00:00 LOG:  x");
  EXPECT_EQ(bare.length, 19u);
  EXPECT_TRUE(bare.zone_known);
  EXPECT_EQ(parse_time("2026-07-01 12:00:00 postgres").length, 19u);
  const ParsedTime unknown = parse_time("2026-07-01 12:00:00 XQZ [5]");
  EXPECT_EQ(unknown.length, 23u);
  EXPECT_FALSE(unknown.zone_known);
}

TEST(Time, RejectsWhatIsNoTime) {
  for (const char* text :
       {"", "2026-07-01", "2026-13-01 00:00:00", "2026-00-01 00:00:00", "20x6-01-01 00:00:00",
        "2026-01-32 00:00:00", "2026-01-01 25:00:00", "2026-01-01 00:61:00"}) {
    EXPECT_EQ(parse_time(text).length, 0u) << text;
    EXPECT_EQ(parse_time(text).time, kUnknownTime) << text;
  }
}

TEST(Time, FormatsBeforeTheEpoch) {
  EXPECT_EQ(format_time(-1), "1969-12-31 23:59:59.999999 UTC");
  EXPECT_EQ(format_time(kUnknownTime), "");
}

TEST(Time, Milliseconds) {
  size_t used = 0;
  EXPECT_EQ(parse_milliseconds("0.217 ms", used), 217);
  EXPECT_EQ(used, 5u);
  EXPECT_EQ(parse_milliseconds("11368.000", used), 11'368'000);
  EXPECT_EQ(parse_milliseconds("7", used), 7000);
  EXPECT_EQ(used, 1u);
  EXPECT_EQ(parse_milliseconds("7.x", used), 7000);
  EXPECT_EQ(used, 1u);
  parse_milliseconds("ms", used);
  EXPECT_EQ(used, 0u);
  EXPECT_GT(parse_milliseconds("99999999999999999999999999.9", used), 0);
}

}  // namespace
}  // namespace pgsieve
