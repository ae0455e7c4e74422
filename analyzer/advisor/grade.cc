#include "analyzer/advisor/grade.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgsieve {

namespace {

constexpr double kSlowMs = 0.5;         // a mean below this proves nothing about reading too much
constexpr double kProvedRatio = 0.98;   // of costs: above, the planner sees no use
constexpr double kClearRatio = 0.8;     // above, it sees little
constexpr double kStableRatio = 0.9;    // for each set of values
constexpr double kRemovedPerKept = 10;  // rows read in vain per row kept
constexpr double kLargeShare = 1;       // of the table's size
constexpr double kHotCallsShare = 0.1;  // of the statements served: updates that lose HOT

std::string milliseconds(double ms) {
  return ms >= 1000 ? fmt::format("{:.1f} s", ms / 1000)
         : ms >= 10 ? fmt::format("{:.0f} ms", ms)
                    : fmt::format("{:.2g} ms", ms);
}

Grade worse(Grade grade) {
  return grade == Grade::kD ? Grade::kD : static_cast<Grade>(static_cast<uint8_t>(grade) + 1);
}

struct Proofs {
  bool clock = false, measured = false, planner = false, clear = false, model = false;
  int count() const { return (clock || measured ? 1 : 0) + (planner ? 1 : 0); }
};

Proofs find_proofs(const Proposal& proposal, const GradeContext& context, std::vector<std::string>& reasons) {
  Proofs proofs;
  for (const StatementEvidence& evidence : proposal.statements) {
    const double mean = evidence.calls == 0 ? 0 : evidence.observed_ms / static_cast<double>(evidence.calls);
    if (mean >= kSlowMs && !proofs.clock) {
      proofs.clock = true;
      reasons.push_back(fmt::format("observed: {} calls took {}, {} each", evidence.calls,
                                    milliseconds(evidence.observed_ms), milliseconds(mean)));
    }
    if (evidence.rows_scanned && !proofs.measured &&
        *evidence.rows_scanned >= kRemovedPerKept * std::max(evidence.rows_kept.value_or(0), 1.0)) {
      proofs.measured = true;
      reasons.push_back(fmt::format("measured: executed plans read {:.0f} rows to keep {:.0f}",
                                    *evidence.rows_scanned, evidence.rows_kept.value_or(0)));
    }
    const bool cheaper = evidence.cost_before && evidence.cost_after &&
                         *evidence.cost_after <= kProvedRatio * *evidence.cost_before;
    if (cheaper && !evidence.model)
      proofs.clear |= *evidence.cost_after <= kClearRatio * *evidence.cost_before;
    if (cheaper && !evidence.model && !proofs.planner) {
      proofs.planner = true;
      reasons.push_back(fmt::format("planner: cost {:.2f} falls to {:.2f} (an estimate, not a time)",
                                    *evidence.cost_before, *evidence.cost_after));
    }
    if (cheaper && evidence.model && !proofs.model) {
      proofs.model = true;
      reasons.push_back(
          fmt::format("model: cost {:.2f} falls to {:.2f} by {}", *evidence.cost_before, *evidence.cost_after,
                      context.statistics ? "the tables' statistics" : "assumptions about the tables"));
    }
    if (evidence.observation_wins)
      reasons.push_back("the planner finds the statement cheap, the clock does not; the clock is believed");
  }
  return proofs;
}

bool stable(const Proposal& proposal) {
  return std::ranges::all_of(proposal.statements, [](const StatementEvidence& evidence) {
    return evidence.literals.size() < 2 ||
           std::ranges::all_of(evidence.literals, [](const LiteralEvidence& literal) {
             return !literal.cost_before || !literal.cost_after ||
                    *literal.cost_after <= kStableRatio * *literal.cost_before;
           });
  });
}

void demote(Proposal& proposal, std::string why) {
  proposal.grade = worse(proposal.grade);
  proposal.why_not_higher.push_back(std::move(why));
}

void apply_demotions(Proposal& proposal, const GradeContext& context) {
  uint64_t served = 0;
  for (const StatementEvidence& evidence : proposal.statements) served += evidence.calls;
  for (const WriteCost::HotLoss& loss : proposal.writes.hot_losses) {
    if (static_cast<double>(loss.calls) < kHotCallsShare * static_cast<double>(served)) continue;
    demote(proposal,
           fmt::format(
               "{} updates of {} would no longer be heap-only (HOT) and write into every index of the table",
               loss.calls, fmt::join(loss.columns, ", ")));
    break;
  }
  if (context.table_bytes > 0 && proposal.build.size_bytes > kLargeShare * context.table_bytes)
    demote(proposal, fmt::format("it would be {:.0f} % of the table's size",
                                 100 * proposal.build.size_bytes / context.table_bytes));
}

}  // namespace

char grade_letter(Grade grade) {
  return static_cast<char>('A' + static_cast<int>(grade));
}

void grade(Proposal& proposal, const GradeContext& context) {
  const Proofs proofs = find_proofs(proposal, context, proposal.reasons);
  const bool steady = stable(proposal);
  if (!context.schema_known) {
    proposal.grade = proofs.clock || proofs.measured ? Grade::kC : Grade::kD;
    proposal.why_not_higher.emplace_back(
        "the schema is not known (--schema, --db): such an index may exist, and the types may not fit");
  } else if (proofs.count() == 2 && proofs.clear && steady && proposal.writes.visible) {
    proposal.grade = Grade::kA;
  } else if (proofs.count() >= 1) {
    proposal.grade = Grade::kB;
    if (!proofs.planner)
      proposal.why_not_higher.emplace_back(context.by_rule
                                               ? "no what-if planner can imagine this kind of index"
                                               : "no planner confirmed it (--db with HypoPG, or a twin)");
    if (!proofs.clock && !proofs.measured)
      proposal.why_not_higher.emplace_back("no observed time or executed plan confirms it");
    if (proofs.planner && !proofs.clear)
      proposal.why_not_higher.emplace_back("the planner sees only a small gain");
    if (!steady) proposal.why_not_higher.emplace_back("it does not help for all values seen");
    if (!proposal.writes.visible)
      proposal.why_not_higher.emplace_back("writes are not visible in this capture");
  } else {
    proposal.grade = proofs.model ? Grade::kC : Grade::kD;
    proposal.why_not_higher.emplace_back(
        "shape and frequency alone speak for it: no time, executed plan or planner does");
  }
  if (context.guessed_size && !context.server && proposal.grade < Grade::kC && !proofs.measured)
    proposal.why_not_higher.emplace_back(
        "the table's size is a guess from the statements' times (--stats knows it)");
  apply_demotions(proposal, context);
  proposal.ask = proposal.grade >= Grade::kC;
}

}  // namespace pgsieve
