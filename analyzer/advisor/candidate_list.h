// CandidateList: the candidates of one statement on one of its tables, as they are found. It takes what is
// of use: no index twice, none that an existing one covers; and adds the forms of it that hold less or
// more. Internal to the search for candidates.
#pragma once

#include <set>
#include <string>

#include "analyzer/advisor/candidate.h"

namespace pgsieve::internal {

class CandidateList {
 public:
  // All outlive the list; `conditions` may change meanwhile. It fills `candidates` and `served` of `out`.
  CandidateList(const TableConditions& conditions, const Relation& relation, const Statistics& statistics,
                CandidateSet& out)
      : conditions_(conditions), relation_(relation), statistics_(statistics), out_(out) {}

  IndexDefinition blank() const;  // on the table, without keys
  // Takes it; where its first key is mostly NULL and never asked for so, also without these rows.
  void add(Candidate candidate);
  // The same with the other columns that the statement reads, when they are few and narrow.
  void add_with_included(Candidate candidate);

 private:
  void add_unless_served(Candidate candidate);

  const TableConditions& conditions_;
  const Relation& relation_;
  const Statistics& statistics_;
  CandidateSet& out_;
  std::set<std::string> known_;  // definition keys
};

}  // namespace pgsieve::internal
