// Tiers of links between a statement and a list before it: of two lists the one of the higher tier feeds it.
#pragma once

#include "analyzer/workload/link.h"

namespace pgsieve {

// Names and declared keys outrank a shared column, which outranks a key and a reference that may mean each
// other, which outrank "any list could have fed a lookup by primary key".
inline constexpr int kHighestTier = 4;
inline constexpr int kColumnTier = 3;
inline constexpr int kReferenceTier = 2;
constexpr int tier(LinkStrength strength) {
  if (strength >= LinkStrength::kNames) return kHighestTier;
  if (strength >= LinkStrength::kSameColumn) return kColumnTier;
  if (strength == LinkStrength::kReference) return kReferenceTier;
  return strength == LinkStrength::kPossible ? 1 : 0;
}

}  // namespace pgsieve
