// The users' documentation of every rule, compiled in from rules/<folder>/rule.md.
#pragma once

#include <iterator>
#include <span>
#include <string_view>

namespace pgsieve {

struct RuleDocument {
  std::string_view rule;      // "n-plus-one"
  std::string_view markdown;  // the whole rule.md
};

// All documents, ordered by folder name. Static storage; safe from any thread.
std::span<const RuleDocument> rule_documentation();

}  // namespace pgsieve
