// The real values of a pattern's executions: which statements to plan, and which values never change.
// Pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/workload/pattern.h"

namespace pgsieve {

// A statement of the pattern with values in it, ready for EXPLAIN.
struct LiteralStatement {
  std::string which;  // "slowest", "median", "most frequent", "only"
  std::string text;
  double share =
      1;  // of the pattern's executions that it stands for, as far as the samples tell; the shares sum to 1
};

// The slowest execution, the median one and the most frequent values, each text once, the most representative
// first. Empty: the capture has no values (log_parameter_max_length = 0, pg_stat_statements), so that nothing
// can be planned.
std::vector<LiteralStatement> literal_statements(const Pattern& pattern);

// The SQL of the literal in this slot, when it is written in the text and every sample has the same; else
// nothing. Plain numbers and strings only.
std::optional<std::string> constant_literal(const Pattern& pattern, uint32_t slot);

// An expression with its parameters ($1) replaced by their values, where all samples have the same ones;
// nothing when one varies or is not known.
std::optional<std::string> with_constant_values(std::string expression, const Pattern& pattern);

// What a LIKE pattern asks for: as written, or where it came as a parameter, as seen in the samples.
LikePattern like_pattern_of(const Predicate& predicate, const Pattern& pattern);

// Text of parameter $n in "$1 = 'a', $2 = NULL"; nullopt: NULL or not there.
std::optional<std::string> parameter_value(std::string_view parameters, unsigned number);

// The statement with every $n replaced by its value as a literal of unknown type, which the server then reads
// as it would have read the parameter. nullopt: a value is missing.
std::optional<std::string> with_parameters(std::string_view statement, std::string_view parameters);

}  // namespace pgsieve
