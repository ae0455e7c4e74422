#include "analyzer/workload/statement_info.h"

#include <gtest/gtest.h>

#include "tests/workload/stream.h"

namespace pgsieve {
namespace {

std::shared_ptr<StatementInfo> info_of(const std::string& text) {
  StatementScan scan;
  std::string scratch;
  scan_statement(text, scan, scratch);
  return describe_statement(text, scan, nullptr);
}

TEST(StatementInfo, Classes) {
  const std::vector<std::pair<const char*, StatementClass>> cases = {
      {"SELECT * FROM posts", StatementClass::kQuery},
      {"WITH x AS (SELECT 1) SELECT * FROM posts, x", StatementClass::kQuery},
      {"INSERT INTO posts (a) VALUES (1)", StatementClass::kWrite},
      {"UPDATE posts SET a = 1", StatementClass::kWrite},
      {"DELETE FROM posts", StatementClass::kWrite},
      {"BEGIN", StatementClass::kBegin},
      {"START TRANSACTION", StatementClass::kBegin},
      {"COMMIT", StatementClass::kCommit},
      {"END", StatementClass::kCommit},
      {"ROLLBACK", StatementClass::kRollback},
      {"SAVEPOINT s", StatementClass::kSavepoint},
      {"RELEASE SAVEPOINT s", StatementClass::kSavepoint},
      {"ROLLBACK TO SAVEPOINT s", StatementClass::kRollbackTo},
      {"DISCARD ALL", StatementClass::kPoolReset},
      {"RESET ALL", StatementClass::kPoolReset},
      {"RESET work_mem", StatementClass::kTransparent},
      {"SET search_path = tenant", StatementClass::kSetting},
      {"SET ROLE reader", StatementClass::kSetting},
      {"SET app.tenant_id = '7'", StatementClass::kSetting},
      {"SET statement_timeout = 0", StatementClass::kTransparent},
      {"SHOW server_version", StatementClass::kTransparent},
      {"SELECT 1", StatementClass::kTransparent},
      {"SELECT nextval('s')", StatementClass::kTransparent},
      {"SELECT pg_advisory_lock(1)", StatementClass::kTransparent},
      {"SELECT relname FROM pg_catalog.pg_class", StatementClass::kTransparent},
      {"SELECT my_function(1)", StatementClass::kQuery},
      {"DECLARE c CURSOR FOR SELECT * FROM posts", StatementClass::kCursor},
      {"FETCH 10 FROM c", StatementClass::kFetch},
      {"CREATE TABLE t (a int)", StatementClass::kTransparent},
  };
  for (const auto& [text, kind] : cases) EXPECT_EQ(info_of(text)->kind, kind) << text;
}

TEST(StatementInfo, SlotsThatSelectRowsComeFirst) {
  const auto info = info_of("UPDATE posts SET title = $1, body = $2 WHERE id = $3 AND state = 'x' AND n > 4");
  ASSERT_EQ(info->slots.size(), 5U);
  EXPECT_EQ(info->slots[0].role, SlotRole::kEqual);
  EXPECT_EQ(info->slots[0].parameter, 3);
  EXPECT_EQ(info->slots[1].role, SlotRole::kEqual);
  EXPECT_EQ(info->slots[2].role, SlotRole::kRange);
  EXPECT_EQ(info->slots[3].role, SlotRole::kWritten);
  EXPECT_TRUE(info->needs_parameters);
  EXPECT_TRUE(info->asks_for_rows);
  std::string wide = "INSERT INTO t VALUES ($1";
  for (int i = 2; i <= 40; ++i) wide += ", $" + std::to_string(i);
  EXPECT_EQ(info_of(wide + ")")->slots.size(), StatementInfo::kMaxValueSlots);
}

TEST(StatementInfo, BoundsAndTables) {
  const auto info = info_of("SELECT * FROM app.posts p JOIN users u ON u.id = p.user_id LIMIT 10 OFFSET $1");
  EXPECT_EQ(info->tables_read, (std::vector<CompactText>{"app.posts", "users"}));
  EXPECT_EQ(info->limit_slot, 0U);
  EXPECT_EQ(info->offset_slot, 1U);
  const auto write = info_of("UPDATE posts SET a = b.a FROM backup b WHERE b.id = posts.id");
  EXPECT_EQ(write->tables_written, std::vector<CompactText>{"posts"});
  EXPECT_EQ(write->tables_read, std::vector<CompactText>{"backup"});
}

TEST(StatementInfo, TheSignatureTellsListsAndParametersApart) {
  const auto signature = [](const std::string& text) { return info_of(text)->signature; };
  EXPECT_EQ(signature("SELECT * FROM t WHERE a = 1"), signature("SELECT * FROM t WHERE a = 'x'"));
  EXPECT_NE(signature("SELECT * FROM t WHERE a = 1"), signature("SELECT * FROM t WHERE a = $1"));
  EXPECT_NE(signature("SELECT * FROM t WHERE a = $1"), signature("SELECT * FROM t WHERE a IN ($1)"));
  EXPECT_NE(signature("SELECT * FROM t WHERE a IN (1)"), signature("SELECT * FROM t WHERE a IN (1, 2)"));
}

TEST(StatementInfo, AnArrayParameterHoldsOneValueOrMany) {
  testing::Stream stream;
  const std::string text = "SELECT * FROM users WHERE id = ANY($1)";
  stream.run(1, text, {"{7}"}).run(1, text, {"{\"a,b\"}"}).run(1, text, {"{1,2,3}"}).run(1, text, {"{}"});
  const Workload facts = stream.facts();
  ASSERT_EQ(facts.patterns.size(), 2U);
  uint64_t one = 0, many = 0;
  for (const auto& [key, pattern] : facts.patterns) {
    (key.arity == Arity::kOne ? one : many) += pattern.calls;
    EXPECT_EQ(pattern.max_list_elements, key.arity == Arity::kOne ? 1U : 3U);
  }
  EXPECT_EQ(one, 2U);
  EXPECT_EQ(many, 2U);
}

TEST(StatementCache, ForgetsTheHalfNotUsedLately) {
  StatementCache cache(8);
  const auto key = [](uint64_t number) { return Hash128{number, number}; };
  for (uint64_t i = 0; i < 4; ++i) cache.insert(key(i), std::make_shared<StatementInfo>());
  for (uint64_t i = 4; i < 100; ++i) {
    cache.insert(key(i), std::make_shared<StatementInfo>());
    ASSERT_NE(cache.find(key(1)), nullptr) << i;  // in use
  }
  EXPECT_EQ(cache.find(key(0)), nullptr);
  EXPECT_GT(cache.forgotten(), 80U);
}

}  // namespace
}  // namespace pgsieve
