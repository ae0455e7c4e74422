// From chosen indexes to proposals with their evidence. Internal to advise().
#pragma once

#include <map>
#include <string>
#include <vector>

#include "analyzer/advisor/advised_statement.h"
#include "analyzer/advisor/advisor.h"
#include "analyzer/advisor/workload_schema.h"
#include "analyzer/advisor/write_model.h"

namespace pgsieve::internal {

struct MakerContext {
  const WorkloadSchema& schema;
  const Statistics& statistics;
  const WriteModel& writes;
  const AdvisorOptions& options;
  bool server = false;     // costs are PostgreSQL's
  double ms_per_cost = 0;  // what a cost unit takes here, by the statements' own times; 0: unknown
};

class ProposalMaker {
 public:
  explicit ProposalMaker(const MakerContext& context);

  // An index the search chose. Marks the statements it serves.
  Proposal chosen(size_t id, const SelectionResult& result, std::vector<AdvisedStatement>& statements);

  // An index that observation or shape calls for, for one statement; `saved_ms` is what it may save.
  Proposal ruled(const Candidate& candidate, AdvisedStatement& statement, double saved_ms,
                 const std::vector<PlannedLiteral>& planned);

  // The same index for one more statement.
  void add_statement(Proposal& proposal, AdvisedStatement& statement, double saved_ms,
                     const std::vector<PlannedLiteral>& planned);

  // Grades it once all statements are there.
  void complete(Proposal& proposal, bool by_rule);

 private:
  Proposal start(const IndexDefinition& index, const std::string& extension);
  StatementEvidence evidence_of(const AdvisedStatement& statement, const IndexDefinition& index,
                                const std::vector<PlannedLiteral>* planned) const;
  void add_build(Proposal& proposal) const;
  void add_overlaps(Proposal& proposal) const;
  void add_competitors(Proposal& proposal, size_t id, const SelectionResult& result,
                       const std::vector<AdvisedStatement>& statements) const;

  MakerContext context_;
  std::vector<std::string> taken_;  // index names
};

}  // namespace pgsieve::internal
