// OpenScopes: what is still open at the end of a run, as bytes, so that the next run goes on with it:
// sessions with their statements, loops being followed and open transactions, and the parents that children
// on other connections may still find.
//
// The bytes are a sorted list of parts, one for each SessionTracker they come from; merging two lists is
// uniting them, which is commutative and associative. A part refers to patterns by key, and to statements by
// a text that is described again when it is read: the reader must have the workload the part was written
// with. What a part holds never depends on the machine.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/workload/session.h"

namespace pgsieve {

// How the reader finds what a part refers to; nullptr: unknown, and the part can't be used.
struct ScopeReferences {
  std::function<Pattern*(const PatternKey&)> pattern;
  std::function<uint32_t(const PatternKey&)> ordinal;  // of a pattern; 0: unknown
  std::function<std::shared_ptr<StatementInfo>(const PatternKey&, const std::string& text)> statement;
};

// One part. keep_values = false leaves sample values out.
std::string write_scopes(const OpenState& state, bool keep_values);

// Nothing when the part is damaged, was written by another version, or refers to something unknown. Ids of
// executions are made to follow `used_executions`, so that parts of different origin don't share any.
std::optional<OpenState> read_scopes(std::string_view part, uint64_t used_executions,
                                     const ScopeReferences& references);

// The list of parts and back. Damaged bytes count as one part, which read_scopes() will then reject.
std::string join_scopes(std::vector<std::string> parts);
std::vector<std::string> split_scopes(std::string_view bytes);

}  // namespace pgsieve
