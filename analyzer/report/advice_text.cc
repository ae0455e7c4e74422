#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analyzer/report/advice.h"
#include "analyzer/report/escape.h"
#include "analyzer/report/layout.h"
#include "analyzer/sql/expression_text.h"

namespace pgsieve {

namespace {

constexpr std::string_view kIndent = "            ";
constexpr size_t kQueryBytes = 400;
constexpr size_t kMaxStatements = 5;

class Printer {
 public:
  explicit Printer(const AdviceStyle& style) : style_(style), paint_(style.color) {}

  void line(std::string_view text) { out_ += escape_terminal(text) + "\n"; }
  void head(const std::string& text) { out_ += "\n" + text + "\n"; }

  // One labelled paragraph.
  void paragraph(std::string_view label, std::string_view text) {
    const size_t width = style_.width > 50 ? style_.width - kIndent.size() : 50;
    out_ += fmt::format("  {}{}\n", paint_.dim(fmt::format("{:<10}", label)),
                        wrap(escape_terminal(text), width, kIndent));
  }

  void list(std::string_view label, const std::vector<std::string>& items) {
    for (size_t i = 0; i < items.size(); ++i) paragraph(i == 0 ? label : "", "- " + items[i]);
  }

  void block(std::string_view label, std::string_view text) {
    bool first = true;
    while (!text.empty()) {
      const size_t end = text.find('\n');
      out_ += fmt::format("  {}{}\n", paint_.dim(fmt::format("{:<10}", first ? label : "")),
                          escape_terminal(text.substr(0, end)));
      first = false;
      text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
  }

  const Paint& paint() const { return paint_; }
  const AdviceStyle& style() const { return style_; }
  std::string take() { return std::move(out_); }

 private:
  const AdviceStyle& style_;
  Paint paint_;
  std::string out_;
};

std::string indexes(uint64_t count) {
  return count == 1 ? "1 index" : human_count(count) + " indexes";
}

std::string bytes_text(double bytes) {
  return human_bytes(static_cast<uint64_t>(std::max(bytes, 0.0)));
}

std::string grade_text(Grade grade, const Paint& paint) {
  const std::string letter(1, grade_letter(grade));
  return grade <= Grade::kB   ? paint.bold(letter)
         : grade == Grade::kC ? paint.yellow(letter)
                              : paint.dim(letter);
}

std::string statement_text(const StatementEvidence& evidence) {
  std::string text = fmt::format("{} of {}", counted(evidence.calls, "call"),
                                 shorten(compact_query(evidence.query, 80), kQueryBytes));
  std::vector<std::string> facts;
  if (evidence.observed_ms > 0)
    facts.push_back(fmt::format(
        "{} observed, {} each", human_duration(evidence.observed_ms),
        human_duration(evidence.observed_ms / static_cast<double>(std::max<uint64_t>(evidence.calls, 1)))));
  if (evidence.cost_before && evidence.cost_after)
    facts.push_back(fmt::format("{} {:.2f} -> {:.2f}", evidence.model ? "modelled cost" : "cost",
                                *evidence.cost_before, *evidence.cost_after));
  else if (evidence.cost_before)
    facts.push_back(fmt::format("cost {:.2f} today", *evidence.cost_before));
  if (evidence.rows_scanned)
    facts.push_back(fmt::format("reads {:.0f} rows to keep {:.0f}", *evidence.rows_scanned,
                                evidence.rows_kept.value_or(0)));
  if (!facts.empty()) text += fmt::format("\n{}", fmt::join(facts, "; "));
  return text;
}

void print_literals(Printer& out, const StatementEvidence& evidence) {
  if (evidence.literals.size() < 2 && !out.style().show_values) return;
  for (const LiteralEvidence& literal : evidence.literals) {
    std::string text = literal.which;
    if (literal.cost_before && literal.cost_after)
      text += fmt::format(": cost {:.2f} -> {:.2f}", *literal.cost_before, *literal.cost_after);
    if (out.style().show_values && !literal.statement.empty())
      text += ": " + shorten(literal.statement, kQueryBytes);
    out.paragraph("", "  " + text);
  }
}

std::string write_text(const WriteCost& writes) {
  if (!writes.visible) return "not visible in this capture";
  if (writes.entries == 0) return "none to this table in the capture";
  std::string text = fmt::format("{} over the capture", counted(writes.entries, "more index entry"));
  if (writes.entries_per_second > 0)
    text += fmt::format(" ({:.3g} a second beside today's {:.3g})", writes.entries_per_second,
                        writes.entries_per_second_now);
  return text;
}

std::string size_text(const BuildEstimate& build) {
  if (build.size_bytes <= 0 && build.planner_size_bytes <= 0) return "not known: --stats or --db tells it";
  std::string text =
      fmt::format("about {}", bytes_text(build.size_bytes > 0 ? build.size_bytes : build.planner_size_bytes));
  if (build.planner_size_bytes > 0)
    text += fmt::format(" (the planner, which does not know de-duplication: {})",
                        bytes_text(build.planner_size_bytes));
  if (build.seconds > 0)
    text += fmt::format(", built in about {}", human_duration(std::max(build.seconds * 1000, 10.0)));
  return text;
}

void print_proposal(Printer& out, const Proposal& proposal, size_t number) {
  out.head(fmt::format(
      "{}. grade {}  {}  {}{}", number, grade_text(proposal.grade, out.paint()),
      out.paint().bold(escape_terminal(proposal.name)), out.paint().dim("id " + proposal.id),
      proposal.saved_ms > 0 ? fmt::format("  would save up to {}", human_duration(proposal.saved_ms)) : ""));
  out.paragraph(proposal.ask ? "ask about" : "create", proposal_sql(proposal) + ";");
  if (!out.style().details) return;
  size_t shown = 0;
  for (const StatementEvidence& evidence : proposal.statements) {
    if (shown++ == kMaxStatements) {
      out.paragraph(
          "", fmt::format("and {} more", counted(proposal.statements.size() - kMaxStatements, "statement")));
      break;
    }
    out.paragraph(shown == 1 ? "serves" : "", statement_text(evidence));
    print_literals(out, evidence);
    if (!out.style().plans) continue;
    out.block("before", evidence.plan_before);
    out.block("after", evidence.plan_after);
  }
  out.list("because", proposal.reasons);
  out.list("but", proposal.why_not_higher);
  out.paragraph("size", size_text(proposal.build));
  out.paragraph("writes", write_text(proposal.writes));
  for (const WriteCost::HotLoss& loss : proposal.writes.hot_losses)
    out.paragraph("HOT lost", fmt::format("{} sets {}: {} that are heap-only today would not be",
                                          shorten(loss.query, 120), fmt::join(loss.columns, ", "),
                                          counted(loss.calls, "update")));
  out.list("overlaps", proposal.overlaps);
  std::vector<std::string> beaten;
  for (const Competitor& competitor : proposal.competitors)
    beaten.push_back(create_index_sql(competitor.index) + ": " + competitor.why);
  out.list("beat", beaten);
  if (!proposal.build.caution.empty()) out.paragraph("note", proposal.build.caution);
}

std::string summary(const Advice& advice) {
  double saved = 0;
  size_t questions = 0;
  for (const Proposal& proposal : advice.proposals) {
    saved += proposal.ask ? 0 : proposal.saved_ms;
    questions += proposal.ask ? 1 : 0;
  }
  const size_t proposals = advice.proposals.size() - questions;
  std::string text =
      proposals == 0 ? std::string("no index is proposed") : fmt::format("{} proposed", indexes(proposals));
  if (advice.observed_ms > 0 && saved > 0)
    text += fmt::format(": of {} observed, up to {} might be saved", human_duration(advice.observed_ms),
                        human_duration(std::min(saved, advice.observed_ms)));
  if (questions > 0) text += fmt::format("; {} to ask about", indexes(questions));
  return text;
}

}  // namespace

std::string proposal_sql(const Proposal& proposal) {
  return create_index_sql(proposal.index,
                          {.name = proposal.name, .concurrently = true, .if_not_exists = true});
}

std::string proposal_text(const Proposal& proposal, size_t number, const AdviceStyle& style) {
  Printer out(style);
  print_proposal(out, proposal, number);
  return out.take();
}

std::string advice_text(const Advice& advice, const AdviceStyle& style) {
  Printer out(style);
  out.line(summary(advice));
  out.paragraph(
      "asked", fmt::format("{}, {}; {} for {}", advice.planner, counted(advice.planner_calls, "question"),
                           counted(advice.candidates, "candidate"), counted(advice.statements, "statement")));
  if (advice.cost_before && *advice.cost_before > 0)
    out.paragraph(
        "cost",
        fmt::format("calls x estimated cost falls to {:.3g} of what it is, of the statements with candidates",
                    *advice.cost_after / *advice.cost_before));
  out.list("note", advice.notes);
  size_t number = 0;
  for (const Proposal& proposal : advice.proposals) print_proposal(out, proposal, ++number);
  if (!advice.drops.empty()) out.head(out.paint().bold("Indexes that could go"));
  for (const DropProposal& drop : advice.drops) {
    std::string facts = drop.reason;
    if (drop.size_bytes > 0) facts += "; " + bytes_text(drop.size_bytes);
    if (drop.scans)
      facts += fmt::format("; {} on this server since its statistics began (replicas count their own)",
                           counted(*drop.scans, "scan"));
    out.paragraph("drop", fmt::format("{} on {}: {}{}", drop.name, drop.index.table, facts,
                                      drop.by_proposal ? ", once that exists" : ""));
  }
  if (!advice.statistics.empty()) out.head(out.paint().bold("Statistics the planner lacks"));
  for (const StatisticsAdvice& each : advice.statistics)
    out.paragraph("create", each.sql + ";\n" + each.reason);
  if (!advice.why_not.empty()) out.head(out.paint().bold("Slow statements without a proposal"));
  for (const WhyNot& each : advice.why_not)
    out.paragraph(each.observed_ms > 0 ? human_duration(each.observed_ms) : counted(each.calls, "call"),
                  shorten(compact_query(each.query, 80), 160) + "\n" + each.reason);
  return out.take();
}

std::string advice_sql(const Advice& advice, bool include_questions) {
  std::string sql;
  std::set<std::string> extensions;
  for (const Proposal& proposal : advice.proposals) {
    if (proposal.ask && !include_questions) continue;
    if (!proposal.extension.empty() && extensions.insert(proposal.extension).second)
      sql += "-- needs: CREATE EXTENSION IF NOT EXISTS " + quote_identifier(proposal.extension) + ";\n";
    sql += proposal_sql(proposal) + ";\n";
  }
  return sql;
}

}  // namespace pgsieve
