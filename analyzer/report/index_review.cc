#include "analyzer/report/index_review.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analyzer/report/escape.h"
#include "analyzer/report/layout.h"
#include "analyzer/sql/fingerprint.h"

namespace pgsieve {

namespace {

constexpr size_t kMaxQueryBytes = 400;
constexpr size_t kMaxList = 60;

std::string cost(const std::optional<double>& value) {
  if (!value) return "?";
  return *value >= 1000 ? human_count(static_cast<uint64_t>(std::llround(*value)))
                        : fmt::format("{:.2f}", *value);
}

std::string size_text(double bytes) {
  return bytes > 0 ? human_bytes(static_cast<uint64_t>(bytes)) : "unknown";
}

std::string create_text(const IndexDefinition& index, const std::string& name) {
  return escape_terminal(create_index_sql(index, {.name = name}));
}

class Page {
 public:
  explicit Page(const ReportStyle& style) : paint_(style.color), width_(std::max<size_t>(style.width, 60)) {}

  // "label     text", wrapped under the text.
  void field(std::string_view label, std::string_view text) {
    constexpr size_t kLabel = 14;
    const std::string margin(kLabel, ' ');
    out_ += paint_.cyan(fmt::format("{:<14}", label));
    out_ += wrap(text, width_ - kLabel, margin) + "\n";
  }
  void fields(std::string_view label, const std::vector<std::string>& texts, std::string_view bullet = "") {
    for (size_t at = 0; at < texts.size(); ++at)
      field(at == 0 ? label : "", std::string(bullet) + escape_terminal(texts[at]));
  }
  void line(std::string_view text) { out_ += std::string(text) + "\n"; }
  void title(std::string_view text) { out_ += paint_.bold(text) + "\n"; }
  void indented(const std::string& text, size_t columns) {
    const std::string margin(columns, ' ');
    out_ += margin + wrap(text, width_ - columns, margin) + "\n";
  }
  const Paint& paint() const { return paint_; }
  std::string take() { return std::move(out_); }

 private:
  Paint paint_;
  size_t width_;
  std::string out_;
};

std::string colored_grade(const Paint& paint, Grade grade) {
  const std::string letter(1, grade_letter(grade));
  return grade >= Grade::kC ? paint.yellow(letter) : paint.bold(letter);
}

// A plan's line without what differs between two plans of the same shape.
std::string bare(std::string_view line) {
  const size_t figures = line.find("  (cost=");
  const size_t short_figures = line.find(" (cost=");
  return std::string(line.substr(0, std::min(figures, short_figures)));
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

void append_statement(Page& page, const StatementEvidence& evidence, size_t number,
                      const ReviewContext& context) {
  std::string head = fmt::format("{}. {}", number, counted(evidence.calls, "call"));
  if (evidence.observed_ms > 0)
    head += fmt::format(", {} in the capture, {} of it saved{}", human_duration(evidence.observed_ms),
                        human_duration(evidence.saved_ms), evidence.model ? " by our model" : "");
  head += fmt::format("   [{}]", fingerprint_hex(evidence.pattern.fingerprint));
  page.line(head);
  page.indented(escape_terminal(shorten(compact_query(evidence.query, kMaxList), kMaxQueryBytes)), 3);
  for (const LiteralEvidence& literal : evidence.literals) {
    std::string text = fmt::format("{:<14} cost {} -> {}", literal.which, cost(literal.cost_before),
                                   cost(literal.cost_after));
    if (context.style.show_values && !literal.statement.empty())
      text += "   " + escape_terminal(shorten(literal.statement, kMaxQueryBytes));
    page.indented(text, 3);
  }
  if (evidence.literals.empty() && evidence.cost_before)
    page.indented(fmt::format("cost {} -> {}{}", cost(evidence.cost_before), cost(evidence.cost_after),
                              evidence.model ? " (our model's)" : ""),
                  3);
  if (evidence.rows_scanned)
    page.indented(fmt::format("measured: {} rows read for {} kept, per execution",
                              human_count(static_cast<uint64_t>(*evidence.rows_scanned)),
                              human_count(static_cast<uint64_t>(evidence.rows_kept.value_or(0)))),
                  3);
  if (evidence.observation_wins)
    page.indented("the planner finds it cheap, the clock does not: the clock is believed", 3);
  if (!evidence.plan_before.empty() && !evidence.plan_after.empty()) {
    for (const std::string& each : lines_of(plan_difference(evidence.plan_before, evidence.plan_after)))
      page.line("   " + escape_terminal(each));
  }
}

void append_writes(Page& page, const WriteCost& writes) {
  if (!writes.visible) {
    page.field("writes", "not visible in this capture, which does not mean that there are none");
    return;
  }
  page.field("writes", fmt::format("{:.2f} index entries/s more ({:.2f}/s into the table's indexes today), "
                                   "{} over the capture, priced at {}",
                                   writes.entries_per_second, writes.entries_per_second_now,
                                   human_count(writes.entries), human_duration(writes.cost_ms)));
  for (const WriteCost::HotLoss& loss : writes.hot_losses)
    page.field("", fmt::format("{} of {} would not be HOT any more, since it sets {}: {}",
                               counted(loss.calls, "execution"), "an update", fmt::join(loss.columns, ", "),
                               escape_terminal(shorten(loss.query, kMaxQueryBytes))));
}

void append_decision(Page& page, const Decision* decision, const Day& today) {
  const std::string text = decision_text(decision, today);
  page.field("decision", text.empty() ? "none yet" : escape_terminal(text));
}

}  // namespace

std::string decision_text(const Decision* decision, const Day& today) {
  if (decision == nullptr) return {};
  const bool accepted = decision->verdict == Decision::Verdict::kAccepted;
  std::string text = accepted ? "accepted" : decision->holds(today) ? "rejected" : "rejected once";
  if (!decision->by.empty()) text += " by " + decision->by;
  if (!decision->on.empty()) text += " on " + decision->on;
  if (!decision->until.empty()) text += (decision->holds(today) ? ", until " : ", until ") + decision->until;
  if (!decision->reason.empty()) text += ": " + decision->reason;
  if (decision->outcome != Decision::Outcome::kNone)
    text += fmt::format("; {} ({}{})", outcome_name(decision->outcome), decision->result,
                        decision->verified.empty() ? "" : ", " + decision->verified);
  return text;
}

std::string plan_difference(const std::string& before, const std::string& after) {
  const std::vector<std::string> old_lines = lines_of(before);
  const std::vector<std::string> new_lines = lines_of(after);
  // Longest common subsequence, from the end, so that the lines can be walked from the start.
  std::vector<std::vector<size_t>> common(old_lines.size() + 1, std::vector<size_t>(new_lines.size() + 1, 0));
  for (size_t i = old_lines.size(); i-- > 0;)
    for (size_t j = new_lines.size(); j-- > 0;)
      common[i][j] = bare(old_lines[i]) == bare(new_lines[j]) ? common[i + 1][j + 1] + 1
                                                              : std::max(common[i + 1][j], common[i][j + 1]);
  std::string out;
  size_t i = 0, j = 0;
  while (i < old_lines.size() || j < new_lines.size()) {
    if (i < old_lines.size() && j < new_lines.size() && bare(old_lines[i]) == bare(new_lines[j])) {
      out += "  " + new_lines[j++] + "\n";
      ++i;
    } else if (j == new_lines.size() || (i < old_lines.size() && common[i + 1][j] >= common[i][j + 1])) {
      out += "- " + old_lines[i++] + "\n";
    } else {
      out += "+ " + new_lines[j++] + "\n";
    }
  }
  return out;
}

std::string review_list(const Advice& advice, const ReviewContext& context) {
  Page page(context.style);
  size_t hidden = 0;
  const auto skipped = [&](const std::string& key) {
    const Decision* decision = context.decisions.find(key);
    const bool skip = !context.rejected_too && decision != nullptr &&
                      decision->verdict == Decision::Verdict::kRejected && decision->holds(context.today);
    hidden += skip ? 1 : 0;
    return skip;
  };
  for (const Proposal& proposal : advice.proposals) {
    const std::string key = decision_key(proposal.index, false);
    if (skipped(key)) continue;
    page.line(fmt::format("{}  {}  {}", page.paint().bold(proposal.id),
                          colored_grade(page.paint(), proposal.grade),
                          create_text(proposal.index, proposal.name)));
    std::string facts =
        fmt::format("saves {} in {}, size {}", human_duration(proposal.saved_ms),
                    counted(proposal.statements.size(), "statement"), size_text(proposal.build.size_bytes));
    if (!proposal.makes_redundant.empty())
      facts += fmt::format(", makes {} redundant", fmt::join(proposal.makes_redundant, ", "));
    page.indented(facts, 13);
    if (const std::string decided = decision_text(context.decisions.find(key), context.today);
        !decided.empty())
      page.indented(escape_terminal(decided), 13);
  }
  for (const DropProposal& drop : advice.drops) {
    const std::string key = decision_key(drop.index, true);
    if (skipped(key)) continue;
    page.line(fmt::format("{}  -  DROP INDEX {}", page.paint().bold(drop.id), escape_terminal(drop.name)));
    page.indented(escape_terminal(drop.reason), 13);
    if (const std::string decided = decision_text(context.decisions.find(key), context.today);
        !decided.empty())
      page.indented(escape_terminal(decided), 13);
  }
  if (advice.proposals.empty() && advice.drops.empty()) page.line("no index is worth a word");
  if (hidden != 0)
    page.line(fmt::format("{} hidden: rejected, and the rejection holds (--rejected shows them)", hidden));
  for (const std::string& note : advice.notes) page.field("note", escape_terminal(note));
  return page.take();
}

std::string review_proposal(const Proposal& proposal, const ReviewContext& context) {
  Page page(context.style);
  page.title(fmt::format("{}  {}", proposal.id, create_text(proposal.index, proposal.name)));
  page.field("grade", fmt::format("{}{}", grade_letter(proposal.grade),
                                  proposal.ask ? ": a question, not an answer" : ""));
  page.fields("", proposal.reasons, "+ ");
  page.fields("", proposal.why_not_higher, "- ");
  append_decision(page, context.decisions.find(decision_key(proposal.index, false)), context.today);
  if (!proposal.extension.empty()) page.field("needs", "the extension " + proposal.extension);
  page.line("");
  page.title(fmt::format("serves {}, saves {}", counted(proposal.statements.size(), "statement"),
                         human_duration(proposal.saved_ms)));
  size_t number = 0;
  for (const StatementEvidence& evidence : proposal.statements)
    append_statement(page, evidence, ++number, context);
  page.line("");
  for (size_t at = 0; at < proposal.competitors.size(); ++at) {
    const Competitor& competitor = proposal.competitors[at];
    std::string text = create_text(competitor.index, {});
    if (competitor.cost_ratio) text += fmt::format(", {:.3f} of today's cost", *competitor.cost_ratio);
    if (competitor.size_bytes > 0) text += ", " + size_text(competitor.size_bytes);
    page.field(at == 0 ? "beats" : "", text + ": " + escape_terminal(competitor.why));
  }
  page.fields("overlap", proposal.overlaps);
  if (!proposal.makes_redundant.empty())
    page.field("redundant", escape_terminal(fmt::format("{} can go once it is built",
                                                        fmt::join(proposal.makes_redundant, ", "))));
  std::string size = size_text(proposal.build.size_bytes);
  if (proposal.build.planner_size_bytes > 0 && proposal.build.size_bytes > 0)
    size += fmt::format(" (the planner says {}, without de-duplication)",
                        size_text(proposal.build.planner_size_bytes));
  page.field("size", size);
  page.field("build", proposal.build.seconds > 0
                          ? fmt::format("about {}", human_duration(proposal.build.seconds * 1000))
                          : "time unknown");
  if (!proposal.build.lock.empty()) page.field("lock", proposal.build.lock);
  if (!proposal.build.caution.empty()) page.field("caution", proposal.build.caution);
  append_writes(page, proposal.writes);
  return page.take();
}

std::string review_drop(const DropProposal& drop, const ReviewContext& context) {
  Page page(context.style);
  page.title(fmt::format("{}  DROP INDEX {}", drop.id, escape_terminal(drop.name)));
  page.field("is", create_text(drop.index, drop.name));
  page.field("because", escape_terminal(drop.reason));
  if (!drop.covered_by.empty())
    page.field("covered by", escape_terminal(drop.covered_by) +
                                 (drop.by_proposal ? ", which is proposed and must be built first" : ""));
  if (drop.size_bytes > 0) page.field("frees", size_text(drop.size_bytes));
  if (drop.scans)
    page.field("scans",
               fmt::format("{} on this server; replicas have counts of their own", human_count(*drop.scans)));
  if (drop.entries_per_second > 0)
    page.field("writes", fmt::format("{:.2f} index entries/s less", drop.entries_per_second));
  append_decision(page, context.decisions.find(decision_key(drop.index, true)), context.today);
  return page.take();
}

std::string review_verification(const std::string& key, const Decision& decision,
                                const IndexVerification& verification, const ReportStyle& style) {
  Page page(style);
  const std::string outcome(outcome_name(verification.outcome));
  page.title(fmt::format("{}{}  {}", decision.drop ? "dropped " : "", escape_terminal(decision.name),
                         escape_terminal(key)));
  page.line(fmt::format("  {}: {}",
                        verification.outcome == Decision::Outcome::kFailed ? page.paint().red(outcome)
                                                                           : page.paint().bold(outcome),
                        verification.result));
  const auto append = [&](const StatementChange& change, std::string_view place) {
    std::string text;
    switch (change.verdict) {
      case StatementChange::Verdict::kFaster:
        text = "faster";
        break;
      case StatementChange::Verdict::kSlower:
        text = page.paint().red("slower");
        break;
      case StatementChange::Verdict::kSame:
        text = "no change";
        break;
      case StatementChange::Verdict::kNotEnough:
        text = "not enough calls";
        break;
    }
    text += fmt::format("{}: {} and {} calls, p50 {} -> {}", place, human_count(change.calls_before),
                        human_count(change.calls_after), human_duration(change.p50_before_ms),
                        human_duration(change.p50_after_ms));
    if (change.verdict != StatementChange::Verdict::kNotEnough)
      text += change.p < 0.001 ? ", p < 0.001" : fmt::format(", p = {:.3f}", change.p);
    page.indented(text, 4);
    page.indented(escape_terminal(shorten(compact_query(change.query, kMaxList), kMaxQueryBytes)), 6);
  };
  for (const StatementChange& change : verification.served) append(change, "");
  for (const StatementChange& change : verification.beside) append(change, " beside it");
  return page.take();
}

}  // namespace pgsieve
