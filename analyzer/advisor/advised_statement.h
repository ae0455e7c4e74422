// What the advisor's passes share about one statement. Internal to advise().
#pragma once

#include <string>
#include <vector>

#include "analyzer/advisor/candidate.h"
#include "analyzer/advisor/literals.h"
#include "analyzer/advisor/selection.h"
#include "analyzer/workload/pattern.h"

namespace pgsieve::internal {

struct AdvisedStatement {
  const Pattern* pattern = nullptr;
  CandidateSet found;
  std::vector<LiteralStatement> literals;
  std::vector<Candidate> ruled;         // of found.candidates: those no planner can imagine
  std::vector<size_t> plannable;        // positions in SelectionProblem::candidates of the others
  double observed_ms = 0;               // 0: no times
  double weight_ms = 0;                 // observed, or estimated from the cost
  size_t selected = std::string::npos;  // position among the selection's statements
  bool proposed = false;                // some proposal serves it
  std::string turned_down;              // why the best idea for it was not taken

  double mean_ms() const {
    return pattern->calls == 0 ? 0 : observed_ms / static_cast<double>(pattern->calls);
  }
};

// Mean costs over the literals that could be planned; nothing when none could.
struct MeanCost {
  double before = 0, after = 0;
  double ratio() const { return before > 0 ? after / before : 1; }
};
std::optional<MeanCost> mean_cost(const std::vector<LiteralStatement>& literals,
                                  const std::vector<PlannedLiteral>& planned);

// The planner finds the statement cheap, its observed time says it is not.
bool clock_disagrees(const AdvisedStatement& statement, double cost, double ms_per_cost);

// Share of its time that is left when its cost falls as `mean` says. Where clock and planner disagree, the
// ratio of costs says little about what is left; the cost itself does. ms_per_cost: 0 when not known.
double share_left(const AdvisedStatement& statement, const MeanCost& mean, double ms_per_cost);

}  // namespace pgsieve::internal
