// How regularly a statement follows a list, in all of the traffic. Where clients share connections no single
// stretch of a session is one client's work, and the turns of several loops mix; sums and habits remain.
#pragma once

#include "analyzer/workload/pattern.h"
#include "rules/rule.h"

namespace pgsieve {

// Of the list's executions, those that the statement followed, in hundredths.
uint64_t habit(const RuleContext& context, const Pattern& child, const Pattern& list);

// It followed nearly all of them, and seldom ran but after one.
bool follows_as_a_rule(const RuleContext& context, const Pattern& child, const Pattern& list);

// A capture of one request, or a few: its turns, and they are many, come nearly all after the list.
bool runs_nowhere_else(const RuleContext& context, const Pattern& child, const Pattern& list);

// The turns that seem to be the list's are about as many as all its executions together may have had rows.
bool once_per_row_after(const RuleContext& context, const Pattern& child, const Pattern& list);

// The list that a name or key links the statement to, that it mostly followed, and all of whose rows account
// for all of its executions; null: none, or several.
const Pattern* list_of_all(const RuleContext& context, const Pattern& child);

}  // namespace pgsieve
