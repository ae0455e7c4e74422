#include "analyzer/sql/deparse.h"
#include "analyzer/sql/depth_guard.h"
#include "analyzer/sql/fingerprint.h"
#include "analyzer/sql/parse_tree.h"
#include "analyzer/sql/shape.h"
#include "analyzer/sql/statement_text.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/sql/statement_files.h"

namespace pgsieve {
namespace {

std::string repeated(std::string_view part, size_t times) {
  std::string text;
  text.reserve(part.size() * times);
  for (size_t i = 0; i < times; ++i) text += part;
  return text;
}

TEST(ShapeHostile, DeepStatementsNeitherCrashNorLie) {
  const std::string deep[] = {
      "SELECT a" + repeated(" || a", 20'000),
      "SELECT 1" + repeated("+1", 50'000),
      "SELECT 1" + repeated("+1", 3'000),
      "SELECT " + repeated("+-", 5'000) + "1",
      "SELECT " + repeated("NOT ", 9'000) + "true",
      "SELECT 1" + repeated("::int", 9'000),
      "SELECT " + repeated("(SELECT ", 2'500) + "1" + repeated(")", 2'500),
      "SELECT " + repeated("f(", 900) + "1" + repeated(")", 900),
      "SELECT " + repeated("CASE WHEN true THEN ", 900) + "1" + repeated(" END", 900),
      "SELECT 1 FROM t" + repeated(" CROSS JOIN t", 4'000),
      "SELECT 1 WHERE " + repeated("NOT (a = 1 OR ", 1'000) + "true" + repeated(")", 1'000),
  };
  for (const std::string& text : deep) {
    const StatementShape shape = draw_shape(text);
    EXPECT_TRUE(shape.truncated) << text.substr(0, 40);
    EXPECT_EQ(shape.kind, StatementKind::kSelect) << text.substr(0, 40);
  }
}

TEST(ShapeHostile, DeepNestingTheGrammarRefusesIsUnparsed) {
  const StatementShape shape = draw_shape(repeated("(", 200'000));
  EXPECT_TRUE(shape.kind == StatementKind::kUnparsed || shape.truncated);
}

// PostgreSQL's lexer takes the square of such a run; what people write in comments is not refused for it.
TEST(ShapeHostile, CommentsWithinCommentsAreNotLexed) {
  EXPECT_TRUE(lexes_slowly("SELECT " + repeated("/*", 100'000)));
  EXPECT_TRUE(draw_shape("SELECT " + repeated("/*", 100'000)).truncated);
  EXPECT_TRUE(fingerprint_statement("SELECT " + repeated("/*", 100'000)).approximate);
  EXPECT_FALSE(lexes_slowly("SELECT 1 " + repeated("/*" + repeated("*", 78) + "/\n", 5'000)));
  EXPECT_FALSE(lexes_slowly("SELECT 1 /*" + repeated("-", 1'000'000) + "*/"));
  EXPECT_EQ(draw_shape("SELECT 1 /* a /* b */ c */").kind, StatementKind::kSelect);
}

TEST(ShapeHostile, SmallStacksSuffice) {
  // The guard sends deep trees to a stack of their own, so a default thread never overflows.
  std::thread([] { EXPECT_TRUE(draw_shape("SELECT 1" + repeated("+1", 9'000)).truncated); }).join();
}

TEST(ShapeHostile, WideStatementsAreDrawnWhole) {
  const StatementShape wide =
      draw_shape("SELECT 1 FROM t WHERE a = 0" + repeated(" OR (a = 1 AND b = 2)", 2'000));
  EXPECT_FALSE(wide.truncated);
  EXPECT_EQ(wide.predicates.size(), 4'001U);
  const StatementShape arms =
      draw_shape("SELECT 1 AS a FROM t" + repeated(" UNION ALL SELECT 2 FROM u", 1'000));
  EXPECT_FALSE(arms.truncated);
  EXPECT_EQ(arms.blocks.size(), 1'002U);
}

TEST(ShapeHostile, TooManyPredicatesAreCut) {
  const StatementShape shape = draw_shape("SELECT 1 FROM t WHERE a = 0" + repeated(" OR a = 1", 20'000));
  EXPECT_TRUE(shape.truncated);
  EXPECT_LE(shape.predicates.size(), 8'192U);
}

TEST(ShapeHostile, LongListsKeepTheirShape) {
  const StatementShape insert = draw_shape("INSERT INTO t (a, b) VALUES (1, -2)" +
                                           repeated(", (1, -2)", 800'000) + " ON CONFLICT DO NOTHING");
  EXPECT_EQ(insert.kind, StatementKind::kInsert);
  EXPECT_EQ(insert.arity, Arity::kRows);
  EXPECT_TRUE(insert.on_conflict);
  EXPECT_FALSE(insert.truncated);
  ASSERT_EQ(insert.relations.size(), 1U);
  EXPECT_EQ(insert.slots.at(0).role, SlotRole::kWritten);
  const StatementShape list =
      draw_shape("SELECT * FROM t WHERE x = 'a' OR a IN (1" + repeated(", 123456", 400'000) + ") AND b = 5");
  EXPECT_EQ(list.arity, Arity::kMany);
  EXPECT_FALSE(list.truncated);
  EXPECT_EQ(list.predicates.size(), 3U);
  EXPECT_EQ(list.slots.at(2).column.column, "b");
}

TEST(ShapeHostile, HugeTextIsGuessed) {
  const StatementShape shape =
      draw_shape("UPDATE t SET a = '" + std::string(20'000'000, 'x') + "' WHERE id = 1");
  EXPECT_TRUE(shape.truncated);
  EXPECT_EQ(shape.kind, StatementKind::kUpdate);
}

TEST(ShapeHostile, OddBytes) {
  const std::string texts[] = {
      std::string("SELECT 1\0 FROM t", 16),
      "SELECT '\xff\xfe' FROM t WHERE \"\xc3\" = 1",
      "SELECT 'unterminated",
      "/* unterminated",
      "SELECT $tag$ never closed",
      "\"",
      "'",
      "$1",
      "?",
      "SELECT 1; SELECT 2",
      "SELECT * FROM t WHERE a = $99999999999",
      "SELECT * FROM t LIMIT 99999999999999999999999",
      "SELECT a FROM t ORDER BY 0, -1, 2147483647",
      "SELECT a[1:2], (b).c, *, t.*.* FROM t",
      "WITH RECURSIVE a AS (SELECT * FROM a) SELECT * FROM a",
      "WITH RECURSIVE a AS (SELECT x FROM b), b AS (SELECT x FROM a) SELECT * FROM a WHERE x = 1",
  };
  for (const std::string& text : texts) draw_shape(text);  // must return
  EXPECT_EQ(draw_shape(texts[0]).kind, StatementKind::kSelect);
}

TEST(ShapeHostile, EveryPrefixOfAStatementReturns) {
  const std::string text =
      "WITH x AS (SELECT a, E'b\\'c' FROM t WHERE (a, b) IN ((1, $2)) AND c ->> 'k' LIKE 'x%' || $1) "
      "INSERT INTO u (p, q) SELECT x.a, row_number() OVER (PARTITION BY y ORDER BY z DESC NULLS LAST) FROM x "
      "LEFT JOIN LATERAL (SELECT * FROM v WHERE v.a = x.a LIMIT 3) l ON true GROUP BY ROLLUP (1, 2) "
      "ON CONFLICT (p) DO UPDATE SET q = EXCLUDED.q RETURNING *";
  for (size_t size = 0; size <= text.size(); ++size) draw_shape(std::string_view(text).substr(0, size));
  EXPECT_EQ(draw_shape(text).kind, StatementKind::kInsert);
}

// Indexes of a shape never point outside its lists.
void expect_consistent(const StatementShape& shape, const std::string& text) {
  const auto column = [&](const ColumnUse& use) {
    EXPECT_TRUE(use.relation == kNoIndex || use.relation < shape.relations.size()) << text;
  };
  const auto block = [&](uint32_t index) { EXPECT_LT(index, shape.blocks.size()) << text; };
  const auto slot = [&](uint32_t index) { EXPECT_LT(index, shape.slots.size()) << text; };
  for (const Relation& relation : shape.relations) {
    block(relation.block);
    if (relation.source_block != kNoIndex) block(relation.source_block);
  }
  for (const Predicate& predicate : shape.predicates) {
    block(predicate.block);
    column(predicate.column);
    column(predicate.other);
    if (predicate.other_block != kNoIndex) block(predicate.other_block);
    for (const uint32_t index : predicate.slots) slot(index);
  }
  for (const SlotUse& use : shape.slots) {
    column(use.column);
    EXPECT_TRUE(use.predicate == kNoIndex || use.predicate < shape.predicates.size()) << text;
  }
  for (const Join& join : shape.joins) {
    column({join.left, ""});
    column({join.right, ""});
    block(join.block);
  }
  for (const FunctionUse& function : shape.functions) {
    block(function.block);
    for (const uint32_t index : function.argument_slots) slot(index);
  }
  for (const QueryBlock& each : shape.blocks) {
    if (each.parent != kNoIndex) block(each.parent);
    for (const TargetColumn& target : each.targets) column(target.use);
    for (const OrderKey& key : each.order) column(key.use);
    if (each.limit.slot != kNoIndex) slot(each.limit.slot);
  }
}

TEST(ShapeHostile, RecordedStatementsAreConsistent) {
  const std::vector<std::string> statements = all_statements();
  ASSERT_GT(statements.size(), 100U);
  size_t parsed = 0;
  for (const std::string& text : statements) {
    const StatementShape shape = draw_shape(text);
    parsed += shape.kind != StatementKind::kUnparsed ? 1 : 0;
    expect_consistent(shape, text);
    // Cut short anywhere, as a log may.
    for (size_t cut = 1; cut < 4; ++cut) {
      const std::string part = text.substr(0, text.size() * cut / 4);
      expect_consistent(draw_shape(part), part);
    }
  }
  EXPECT_GT(parsed, statements.size() * 3 / 4);
}

TEST(DepthGuard, BoundsFlatTextsTightly) {
  EXPECT_LT(estimate_tree_depth("SELECT 1 WHERE a = 1" + repeated(" AND b = 2", 1'000)), 20U);
  EXPECT_LT(estimate_tree_depth("INSERT INTO t VALUES (1, -2)" + repeated(", (3, -4)", 1'000)), 20U);
  EXPECT_GE(estimate_tree_depth("SELECT 1" + repeated("+1", 1'000)), 1'000U);
  EXPECT_GE(estimate_tree_depth("SELECT '" + repeated("+1", 1'000) + "'"), 1U);
  EXPECT_LT(estimate_tree_depth("SELECT '" + repeated("+1", 1'000) + "' -- " + repeated("+", 99)), 10U);
}

TEST(WithoutBulk, KeepsOffsetsAndMeaning) {
  EXPECT_EQ(internal::without_bulk("a IN (1, 2, 3, 4) AND b = 5"), "a IN (1, 2      ) AND b = 5");
  EXPECT_EQ(internal::without_bulk("VALUES (1, 'a'), (2, 'b'), (3, 'c') RETURNING x"),
            "VALUES (1, 'a'), (2, 'b')           RETURNING x");
  const std::string untouched[] = {"f(1, 2, 3, 4)", "ARRAY[1, 2, 3, 4]", "a IN (1, b, 3, 4)",
                                   "VALUES (1), (2), ((SELECT 3 FROM t))", "SELECT a, b, c, d"};
  for (const std::string& text : untouched) EXPECT_EQ(internal::without_bulk(text), text);
}

TEST(Deparse, WritesATreeOutAgain) {
  const ParseTree tree("select  a , b from t where x=1");
  ASSERT_TRUE(tree.ok());
  const Result<std::string> text = deparse(*tree.root());
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*text, "SELECT a, b FROM t WHERE x = 1");
  const ParseTree deep("SELECT 1" + repeated("+1", 2'000));
  ASSERT_TRUE(deep.ok());
  EXPECT_FALSE(deparse(*deep.root()).ok());
}

TEST(ParseTreeTest, OutcomesAndMessages) {
  EXPECT_EQ(ParseTree("SELECT 1").outcome(), ParseTree::Outcome::kParsed);
  EXPECT_EQ(ParseTree("SELEC 1").outcome(), ParseTree::Outcome::kRejected);
  EXPECT_NE(ParseTree("SELEC 1").message().find("syntax error"), std::string::npos);
  EXPECT_EQ(ParseTree("SELECT 1" + repeated("+1", 20'000)).outcome(), ParseTree::Outcome::kTooComplex);
  ParseTree moved = ParseTree("SELECT 1; SELECT 2");
  const ParseTree kept = std::move(moved);
  EXPECT_EQ(kept.statements().size(), 2U);
}

}  // namespace
}  // namespace pgsieve
