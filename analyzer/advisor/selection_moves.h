// The moves of a selection: what may be added to the chosen set in one step, and the most each can gain.
//
// The pool is the union of the statements' best sets and the prefixes of their b-trees; a move is one index
// of the pool, or a whole best set, whose indexes may be worth something only together. Internal to the
// selection.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "analyzer/advisor/selection_search.h"

namespace pgsieve::internal {

// Adding some indexes together.
struct Move {
  std::vector<size_t> ids;
  std::vector<size_t> statements;      // it may help
  std::map<size_t, double> last_gain;  // per statement: known from a smaller set, so a bound
  double bound = 0;                    // of its gain, writes subtracted
};

class SelectionMoves {
 public:
  // After search.plan_best_sets(). Prefixes that are new are added to the search, which must outlive this.
  explicit SelectionMoves(SelectionSearch& search);

  const IndexSet& pool() const { return pool_; }
  std::vector<Move>& all() { return moves_; }

  IndexSet with(const Move& move) const;  // the chosen set, the move made
  double added_bytes(const Move& move) const;
  // What a move must gain.
  double least_gain(const Move& move) const;

  // Bounds go by what is chosen and known: to be computed again when either changes.
  void refresh_all();
  void refresh_around(const Move& taken);  // those that may help a statement it touches
  void refresh_for(size_t statement);      // those that may help it
  // The most one statement gains by a move; exact: it does gain that.
  double bound_of(const Move& move, size_t at, const IndexSet& set, bool* exact) const;
  // The statement of a move whose gain is the largest unknown; npos: all that count are known.
  size_t most_uncertain(const Move& move) const;

 private:
  void make_pool();
  void extend_relevant();
  void make_moves();
  bool is_new_to_schema(const IndexDefinition& definition) const;
  bool is_relevant(const StatementCosts& statement, size_t id) const;
  void refresh(Move& move);

  SelectionSearch& search_;
  IndexSet pool_;
  std::vector<Move> moves_;
};

}  // namespace pgsieve::internal
