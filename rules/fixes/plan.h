// Plan: what a loop should have been. From the facts about one loop: which class of fix it is, the one
// statement that replaces it, and the path of relations that leads from the list to what the loop read.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/sql/rewrite.h"
#include "rules/fixes/naming.h"
#include "rules/fixes/row_conditions.h"
#include "rules/loop_verdict.h"

namespace pgsieve {

// One relation on the way: users.posts.
struct RelationStep {
  std::string from_table;
  std::string to_table;
  NameWords words;  // of the relation, singular or plural as it is
  bool to_many = false;
};

struct FixPlan {
  FixClass kind = FixClass::kGet;
  std::optional<Rewrite> rewrite;  // none: the statement has no batched form
  std::vector<RelationStep> path;  // from the list at the root down; empty: no list is known
  std::string table;               // what the loop read or wrote
  std::string row_alias;           // the alias the statement gave it; "" none
  std::string key_table;     // the table whose column picked it: the join table of many-to-many, else `table`
  std::string key_column;    // "": no plain comparison with a column
  RowConditions conditions;  // what it asks for beside the key
  std::vector<std::string> columns;  // deferred: what the loop read; writes: the columns written
  std::string order_column;          // top-n: the first column of ORDER BY
  bool order_descending = false;
  std::string limit;  // top-n: rows per key, "" unknown
  bool one_row_per_key = false;
};

// The table whose rows the statement returns; "" where no table is known.
std::string result_table(const StatementShape& shape);

// Reads. `parent` may be null; `verdict` has an example and a loop.
FixPlan plan_read(const RuleContext& context, const LoopVerdict& verdict, const Pattern& child,
                  const Pattern* parent);

// Writes. A query on the same table in the same turn makes an insert an upsert by the columns it asked for.
FixPlan plan_write(const RuleContext& context, const LoopVerdict& verdict, const Pattern& child);

// "user_id values (array), status": the parameters of a rewrite for people.
std::string describe_parameters(const Rewrite& rewrite);

}  // namespace pgsieve
