// Tiers of links between a statement and a list before it: of two lists the one of the higher tier feeds it.
#pragma once

#include "analyzer/workload/link.h"
#include "analyzer/workload/pattern.h"

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

// SELECT … WHERE id IN ($1, $2) and the same for one key: the batches of one loader, and neither is the list
// of the other; nor is a statement its own.
inline bool are_batches(const Pattern& left, const Pattern& right) {
  const auto lists_keys = [](const Pattern& pattern) {
    return pattern.key.arity == Arity::kOne || pattern.key.arity == Arity::kMany;
  };
  return &left == &right ||
         (left.key.fingerprint == right.key.fingerprint && lists_keys(left) && lists_keys(right));
}

}  // namespace pgsieve
