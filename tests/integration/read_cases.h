// Loops of queries and what each becomes: the statement of one turn, its keys, and the class of fix.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "analyzer/sql/rewrite.h"

namespace pgsieve::testing {

enum class KeyKind { kId, kName, kEmail, kUuid, kRegion, kDay, kTagName };
std::string random_key(KeyKind kind, std::mt19937& random);

struct ReadCase {
  std::string name;
  std::string sql;  // keys are $1 …, what stays the same follows
  std::vector<KeyKind> keys;
  std::vector<std::string> constants;
  FixClass expected;
  std::vector<std::string> types;
  bool one_row = false;
  bool existence = false;  // a row or none becomes true or false
};

const std::vector<ReadCase>& read_cases();

}  // namespace pgsieve::testing
