// The names that a call is made of, as the ORM's users spell them.
#pragma once

#include <string>

#include "rules/fixes/plan.h"

namespace pgsieve {

// The list's model and the last relation; empty names where no list is known.
struct CallNames {
  std::string parent;    // model
  std::string relation;  // member
  std::string child;     // model
  std::string key;       // field that picks the child
  std::string order;     // field
};

CallNames call_names(Orm orm, const FixPlan& plan);

// What a call that reads or writes the child by key names it by: "x" in languages of queries, else the model.
std::string queried_name(Orm orm, const FixPlan& plan);

// Whether the rows themselves have the key, so that they can be asked for without a relation.
bool by_key(const FixPlan& plan);

}  // namespace pgsieve
