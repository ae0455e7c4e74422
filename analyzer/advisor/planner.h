// WhatIfPlanner: the seam between the advisor and whatever answers "what would this statement cost if these
// indexes existed?": a live server with HypoPG, a twin, the offline model, or a test's table of answers.
//
// Every call of plan() is one question to the planner and counts as one, also when it fails. Implementations
// answer the same question the same way (the advisor keeps answers, and asks nothing twice). For one thread
// at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/advisor/index_definition.h"
#include "analyzer/base/error.h"

namespace pgsieve {

// A plan of one statement.
struct PlanAnswer {
  double cost = 0;                    // total cost in the planner's units
  double rows = 0;                    // estimated rows of the top node
  std::vector<size_t> used;           // positions of the offered indexes that the plan uses, ascending
  std::vector<std::string> existing;  // names of real indexes that the plan uses
  std::vector<std::string> scanned;   // tables that are read whole, "schema" left out
  std::string plan;  // for people, one node per line, indented: "Index Scan using … (cost=0.42..8.44 rows=1)"
};

class WhatIfPlanner {
 public:
  WhatIfPlanner() = default;
  WhatIfPlanner(const WhatIfPlanner&) = delete;
  WhatIfPlanner& operator=(const WhatIfPlanner&) = delete;
  virtual ~WhatIfPlanner() = default;

  // `statement`: one complete statement with its values in it, nothing left as $n. Error: the server refuses
  // the statement, or the connection is gone.
  virtual Result<PlanAnswer> plan(std::string_view statement, std::span<const IndexDefinition> offered) = 0;

  // False: this planner can't imagine such an index (GIN and GiST with HypoPG), or refuses its definition.
  virtual bool can_imagine(const IndexDefinition& definition) = 0;

  // What it thinks the index would take on disk; 0: unknown.
  virtual double size_bytes(const IndexDefinition& definition) = 0;

  // True: PostgreSQL itself answers; false: a model of it.
  virtual bool is_server() const { return true; }

  // One line about who answers: "PostgreSQL 15.8 with HypoPG 1.3.1".
  virtual std::string describe() const = 0;

  // Statements planned so far.
  virtual uint64_t calls() const = 0;
};

}  // namespace pgsieve
