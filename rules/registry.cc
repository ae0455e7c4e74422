// The one list of rules. Adding a rule: its folder, and its lines here.
#include <array>

#include "rules/rule.h"

namespace pgsieve {

void check_n_plus_one(const RuleContext& context, std::vector<Finding>& findings);
void check_recursive_walk(const RuleContext& context, std::vector<Finding>& findings);
void check_batches_too_small(const RuleContext& context, std::vector<Finding>& findings);
void check_offset_walk(const RuleContext& context, std::vector<Finding>& findings);
void check_write_loop(const RuleContext& context, std::vector<Finding>& findings);
void check_duplicate_query(const RuleContext& context, std::vector<Finding>& findings);
void check_select_star(const RuleContext& context, std::vector<Finding>& findings);
void check_missing_index(const RuleContext& context, std::vector<Finding>& findings);
void check_unpaginated(const RuleContext& context, std::vector<Finding>& findings);
void check_deep_offset(const RuleContext& context, std::vector<Finding>& findings);
void check_idle_in_transaction(const RuleContext& context, std::vector<Finding>& findings);

// Loops first: later rules leave their statements alone.
std::span<const Rule> all_rules() {
  static constexpr std::array kRules = {
      Rule{"n-plus-one", "a query that runs once per row of an earlier one", check_n_plus_one},
      Rule{"recursive-walk", "a tree or chain followed one row at a time", check_recursive_walk},
      Rule{"batches-too-small", "keys asked for in lists of a few", check_batches_too_small},
      Rule{"write-loop", "rows written one statement at a time", check_write_loop},
      Rule{"duplicate-query", "the same query with the same values, again", check_duplicate_query},
      Rule{"select-star", "all columns are read, needed or not", check_select_star},
      Rule{"missing-index", "a condition or order that no index serves", check_missing_index},
      Rule{"unpaginated", "a large result read without a limit", check_unpaginated},
      Rule{"deep-offset", "rows read only to be skipped", check_deep_offset},
      Rule{"offset-walk", "a whole result read in pages with growing OFFSET", check_offset_walk},
      Rule{"idle-in-transaction", "a transaction left open while the client does something else",
           check_idle_in_transaction},
  };
  return kRules;
}

}  // namespace pgsieve
