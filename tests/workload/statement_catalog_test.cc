#include "analyzer/workload/statement_catalog.h"

#include <gtest/gtest.h>

#include "analyzer/sql/scan.h"

namespace pgsieve {
namespace {

// An event of a text, with its scan.
struct Sent {
  explicit Sent(std::string sql) : text(std::move(sql)) {
    scan_statement(text, scan, scratch);
    event.text = text;
    event.scan = &scan;
    event.time = 1000;
  }
  std::string text, scratch;
  StatementScan scan;
  Event event;
};

struct Catalog {
  explicit Catalog(WorkloadOptions wanted = {}) : options(std::move(wanted)) {}
  std::shared_ptr<StatementInfo> look_up(const std::string& sql) { return catalog.look_up(Sent(sql).event); }

  WorkloadOptions options;
  Workload facts;
  StatementCatalog catalog{options, facts};
};

TEST(StatementCatalog, ValuesDoNotMakeAnotherStatement) {
  Catalog of;
  const auto first = of.look_up("SELECT a FROM t WHERE id = 1");
  EXPECT_EQ(of.look_up("SELECT a FROM t WHERE id = 22"), first);
  EXPECT_EQ(of.look_up("select a from t where id = $1")->pattern, first->pattern);
  EXPECT_NE(of.look_up("SELECT b FROM t WHERE id = 1")->pattern, first->pattern);
  EXPECT_EQ(of.facts.patterns.size(), 2U);
}

TEST(StatementCatalog, MadeUpAliasesDoNotMakeAnotherStatement) {
  Catalog of;
  const auto first = of.look_up("SELECT q_1732406400123.a FROM t q_1732406400123 WHERE id = 1");
  const auto second = of.look_up("SELECT q_1732406400999.a FROM t q_1732406400999 WHERE id = 2");
  EXPECT_EQ(second->pattern, first->pattern);
  EXPECT_EQ(first->pattern->reference_text, "SELECT alias_1.a FROM t alias_1 WHERE id = 1");
}

TEST(StatementCatalog, WhatLinksAlikeHasOneNumber) {
  Catalog of;
  const auto star = of.look_up("SELECT a FROM t WHERE id IN (1, 2)");
  const auto longer = of.look_up("SELECT a FROM t WHERE id IN (1, 2, 3)");
  EXPECT_EQ(star->link_number, longer->link_number);
  EXPECT_NE(of.look_up("SELECT a FROM u WHERE id IN (1, 2)")->link_number, star->link_number);
}

TEST(StatementCatalog, BeyondTheCapAStatementHasNoPattern) {
  WorkloadOptions options;
  options.max_patterns = 1;
  Catalog of(options);
  EXPECT_NE(of.look_up("SELECT a FROM t")->pattern, nullptr);
  const auto beyond = of.look_up("SELECT b FROM t");
  EXPECT_EQ(beyond->pattern, nullptr);
  EXPECT_NE(beyond->link, nullptr);
  EXPECT_EQ(of.facts.patterns.size(), 1U);
}

TEST(StatementCatalog, AnExcludedStatementSaysSo) {
  WorkloadOptions options;
  options.exclude_sql.emplace_back("FROM audit");
  Catalog of(options);
  EXPECT_TRUE(of.look_up("SELECT 1 FROM audit WHERE id = 4")->excluded);
  EXPECT_FALSE(of.look_up("SELECT 1 FROM orders WHERE id = 4")->excluded);
}

TEST(StatementCatalog, ATextThatWasCutKeepsItsPattern) {
  Catalog before;
  const auto info = before.look_up("SELECT a, b FROM t WHERE id = 1");
  Catalog of;
  of.catalog.begin_resuming(before.facts);
  const auto restored = of.catalog.restore(info->key, "SELECT a FROM t WHE");
  of.catalog.end_resuming();
  ASSERT_NE(restored, nullptr);
  EXPECT_EQ(restored->key, info->key);
  ASSERT_NE(restored->pattern, nullptr);
  EXPECT_EQ(restored->pattern->key, info->key);
  EXPECT_EQ(of.catalog.adopt(PatternKey{}), nullptr);
}

}  // namespace
}  // namespace pgsieve
