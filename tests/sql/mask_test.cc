#include "analyzer/sql/mask.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "analyzer/sql/fingerprint.h"
#include "analyzer/sql/scan.h"
#include "tests/sql/statement_files.h"

namespace pgsieve {
namespace {

TEST(Mask, LiteralsGoStructureStays) {
  EXPECT_EQ(mask_literals("SELECT * FROM t /* secret */ WHERE a IN (17, 23) AND b = 'it''s' -- secret\n"
                          " AND c LIKE '%key%' ORDER BY 1 LIMIT 21 OFFSET 40"),
            "SELECT * FROM t WHERE a IN (0, 0) AND b = 'x' AND c LIKE '%x%' ORDER BY 1 LIMIT 21 OFFSET 40");
  EXPECT_EQ(mask_literals("SELECT E'a\\'b', $$x y$$, $q$z$q$, B'101', X'1F', U&'d\\0061', -1.5e3, '' , $1"),
            "SELECT E'x', $$x$$, $q$x$q$, B'0', X'0', U&'x', -0, '' , $1");
  EXPECT_EQ(mask_literals("SELECT \"Name 7\", t1.c2 FROM \"x'y\" t1"),
            "SELECT \"Name 7\", t1.c2 FROM \"x'y\" t1");
  EXPECT_EQ(mask_literals("INSERT INTO t VALUES (1, 'a'), (2, 'b')"),
            "INSERT INTO t VALUES (0, 'x'), (0, 'x')");
}

TEST(Mask, WhatIsCutGoesToo) {
  for (const std::string text :
       {"SELECT 'secret", "SELECT $$secret", "SELECT /* secret", "SELECT E'secret\\"}) {
    EXPECT_EQ(mask_literals(text).find("secret"), std::string::npos) << text;
  }
}

// Over all statements of real traffic: the same fingerprint and the same slots, and masking again changes
// nothing.
TEST(Mask, FingerprintAndSlotsStay) {
  size_t compared = 0;
  for (const std::string& text : read_statements("traffic.sql")) {
    const Fingerprint before = fingerprint_statement(text);
    if (!before.parse_error.empty()) continue;
    StatementScan scan, masked_scan;
    std::string scratch, masked_scratch;
    scan_statement(text, scan, scratch);
    const std::string masked = mask_literals(text);
    scan_statement(masked, masked_scan, masked_scratch);
    EXPECT_EQ(scan.slots.size(), masked_scan.slots.size()) << text;
    EXPECT_EQ(mask_literals(masked), masked);
    const Fingerprint after = fingerprint_statement(masked);
    EXPECT_EQ(after.parse_error, "") << masked;
    // Elsewhere a literal may be the statement's meaning.
    static const std::set<std::string> kQueries = {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"};
    const bool query = kQueries.contains(text.substr(0, text.find(' ')));
    EXPECT_EQ(before.hash, query ? after.hash : before.hash) << text;
    ++compared;
  }
  EXPECT_GT(compared, 100U);
}

}  // namespace
}  // namespace pgsieve
