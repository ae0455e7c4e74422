// Which requests the turns of a loop belong to, where requests begin alike: an application with users reads
// its session or its settings first, whatever is asked of it.
//
// A session is cut into windows by pauses, and what a window begins with is what a request begins with. A
// statement that begins most windows of its database is an opener: where it did not run between a list and
// the last turn of a loop, all turns belong to the list's request, however long they take and whatever else
// runs among them; where it ran before turn after turn, each belongs to a request of its own. Requests that
// follow each other without a pause are told apart the same way, once others have shown the opener; or where
// the first two statements come again with the same values, turn after turn. Pure.
#pragma once

#include "analyzer/workload/loop.h"
#include "rules/rule.h"

namespace pgsieve {

LoopExample::Requests requests_of(const RuleContext& context, const LoopExample& example,
                                  const Pattern& child);

}  // namespace pgsieve
