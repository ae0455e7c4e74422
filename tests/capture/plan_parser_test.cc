#include "analyzer/capture/plan_parser.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <tuple>

namespace pgsieve {
namespace {

std::string read_fixture(const std::string& name) {
  std::ifstream file(std::string(PGSIEVE_SOURCE_DIR) + "/fixtures/plans/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Everything a plan says, on one line per node.
std::string facts(const ParsedPlan& plan) {
  std::ostringstream out;
  out << "query=" << plan.query << "\nparameters=" << plan.has_parameters << ' ' << plan.parameters
      << "\nanalysed=" << plan.analysed << " incomplete=" << plan.incomplete << " rows=" << plan.plan.rows
      << '\n';
  for (const PlanNode& node : plan.plan.nodes) {
    out << static_cast<int>(node.kind) << '|' << node.relation << '|' << node.alias << '|' << node.index
        << '|' << node.filter << '|' << node.condition << '|' << node.sort_key << '|' << node.actual_rows
        << '|' << node.loops << '|' << node.rows_removed << '|' << node.plan_rows << '|' << node.cost << '|'
        << node.disk_sort << '|' << node.sort_space_kb << '\n';
  }
  return out.str();
}

std::string facts_of(std::string_view text) {
  ParsedPlan plan;
  if (!parse_plan(text, plan)) return "no plan";
  return facts(plan);
}

constexpr const char* kFormats[] = {"text", "json", "xml", "yaml"};

TEST(PlanParser, FourFormatsGiveTheSameFacts) {
  for (const char* name :
       {"spill", "parallel", "bitmap", "quoted", "never", "modify", "incremental", "backward"}) {
    const std::string expected = facts_of(read_fixture(std::string(name) + ".text"));
    EXPECT_NE(expected.find("incomplete=0"), std::string::npos) << name << '\n' << expected;
    for (const char* format : kFormats) {
      EXPECT_EQ(facts_of(read_fixture(std::string(name) + "." + format)), expected)
          << name << " in " << format;
    }
  }
}

TEST(PlanParser, SpillingSortIsSeen) {
  ParsedPlan plan;
  ASSERT_TRUE(parse_plan(read_fixture("spill.json"), plan));
  ASSERT_EQ(plan.nodes.size(), 2U);
  EXPECT_EQ(plan.nodes[0].kind, PlanNode::Kind::kSort);
  EXPECT_TRUE(plan.nodes[0].disk_sort);
  EXPECT_GT(plan.nodes[0].sort_space_kb, 1000);
  EXPECT_EQ(plan.nodes[0].sort_key, "v, k DESC");
  EXPECT_EQ(plan.nodes[1].relation, "big");
  EXPECT_EQ(plan.plan.rows, 60000);
  EXPECT_TRUE(plan.analysed);
}

TEST(PlanParser, PlanLineInsideTheQueryIsPartOfTheQuery) {
  ParsedPlan plan;
  ASSERT_TRUE(parse_plan(read_fixture("quoted.text"), plan));
  EXPECT_NE(plan.query.find("forged"), std::string_view::npos);
  ASSERT_EQ(plan.nodes.size(), 1U);
  EXPECT_EQ(plan.nodes[0].relation, "My \"T\" on x");
  EXPECT_EQ(plan.nodes[0].alias, "a b");
  EXPECT_EQ(plan.nodes[0].filter, "((\"it's\" <> 'x\ny (cost=1'::text) AND (\"it's\" <> 'Filter: q'::text))");
}

TEST(PlanParser, QueryParameters) {
  const std::string node = "Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)";
  ParsedPlan plan;
  ASSERT_TRUE(parse_plan(
      "Query Text: select *\nfrom t where a = $1\nQuery Parameters: $1 = 'it''s\nhere', $2 = NULL\n" + node,
      plan));
  EXPECT_EQ(plan.query, "select *\nfrom t where a = $1");
  EXPECT_EQ(plan.parameters, "$1 = 'it''s\nhere', $2 = NULL");
  EXPECT_FALSE(plan.analysed);
  EXPECT_EQ(plan.plan.rows, -1);
  ASSERT_TRUE(parse_plan(
      R"({"Query Text": "select 1", "Query Parameters": "$1 = 'x\ty'", "Plan": {"Node Type": "Result"}})",
      plan));
  EXPECT_EQ(plan.parameters, "$1 = 'x\ty'");
  ASSERT_TRUE(parse_plan(
      "Query Text: \"select \\\"a\\\"\"\nQuery Parameters: \"$1 = 'x'\"\nPlan: \n  Node Type: \"Result\"",
      plan));
  EXPECT_EQ(plan.query, "select \"a\"");
  EXPECT_EQ(plan.parameters, "$1 = 'x'");
  EXPECT_EQ(plan.nodes.size(), 1U);
}

TEST(PlanParser, TextVariants) {
  ParsedPlan plan;
  ASSERT_TRUE(
      parse_plan("Query Text: select 1\r\n"
                 "Index Scan using \"A b\" on public.\"T\" x  (cost=0.29..8.31 rows=1 width=4) (actual "
                 "rows=2.50 loops=4)\r\n"
                 "  Index Cond: (id = 1)\r\n"
                 "Query Identifier: -5\r\n",
                 plan));
  EXPECT_EQ(plan.query, "select 1");
  ASSERT_EQ(plan.nodes.size(), 1U);
  EXPECT_EQ(plan.nodes[0].kind, PlanNode::Kind::kIndexScan);
  EXPECT_EQ(plan.nodes[0].index, "A b");
  EXPECT_EQ(plan.nodes[0].relation, "T");
  EXPECT_EQ(plan.nodes[0].alias, "x");
  EXPECT_EQ(plan.nodes[0].condition, "(id = 1)");
  EXPECT_EQ(plan.nodes[0].actual_rows, 2.5);
  EXPECT_EQ(plan.nodes[0].loops, 4);
  EXPECT_EQ(plan.query_id, static_cast<uint64_t>(-5));
}

TEST(PlanParser, NoPlan) {
  ParsedPlan plan;
  EXPECT_FALSE(parse_plan("", plan));
  EXPECT_FALSE(parse_plan("duration: 3 ms", plan));
  EXPECT_FALSE(parse_plan("{}", plan));
  EXPECT_FALSE(parse_plan("<", plan));
}

// Every prefix of every fixture: no crash, and once the query is complete it stays what it is.
TEST(PlanParser, CutAnywhere) {
  for (const char* name : {"spill", "quoted", "incremental"}) {
    for (const char* format : kFormats) {
      const std::string text = read_fixture(std::string(name) + "." + format);
      ParsedPlan whole;
      ASSERT_TRUE(parse_plan(text, whole));
      for (size_t length = 0; length < text.size(); ++length) {
        ParsedPlan cut;
        const bool read = parse_plan(std::string_view(text).substr(0, length), cut);
        if (!read || cut.nodes.empty()) continue;
        if (cut.incomplete && std::string_view(format) == "text") continue;  // the query itself may be cut
        EXPECT_EQ(cut.query, whole.query) << name << '.' << format << " cut at " << length;
        EXPECT_LE(cut.nodes.size(), whole.nodes.size());
      }
    }
  }
}

TEST(PlanParser, CutInsideTheQueryKeepsItsHead) {
  ParsedPlan plan;
  ASSERT_TRUE(parse_plan(R"({"Query Text": "select a, b fr)", plan));
  EXPECT_EQ(plan.query, "select a, b fr");
  EXPECT_TRUE(plan.incomplete);
}

TEST(PlanParser, HostileDepthAndWidth) {
  std::string deep = R"({"Query Text": "q", "Plan": )";
  for (int i = 0; i < 100'000; ++i) deep += R"({"Node Type": "Limit", "Plans": [)";
  ParsedPlan plan;
  ASSERT_TRUE(parse_plan(deep, plan));
  EXPECT_TRUE(plan.incomplete);
  EXPECT_LE(plan.nodes.size(), kMaxPlanDepth);

  std::string xml = "<explain><Query-Text>q</Query-Text>";
  for (int i = 0; i < 100'000; ++i) xml += "<Plan><Plans>";
  ASSERT_TRUE(parse_plan(xml, plan));
  EXPECT_TRUE(plan.incomplete);

  std::string wide = "Query Text: q";
  for (int i = 0; i < 50'000; ++i)
    wide += "\nSeq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n  Filter: 'open";
  ASSERT_TRUE(parse_plan(wide, plan));
  EXPECT_TRUE(plan.incomplete || plan.nodes.size() < 50'000);
  EXPECT_LE(plan.nodes.size(), kMaxPlanNodes);
}

}  // namespace
}  // namespace pgsieve
