// A workload as bytes and back: a compact, versioned, self-describing form for the store and for `merge`. The
// bytes depend only on the facts (equal workloads, equal bytes), never on the machine.
#pragma once

#include <string>
#include <string_view>

#include "analyzer/base/error.h"
#include "analyzer/workload/workload.h"

namespace pgsieve {

inline constexpr uint32_t kWorkloadFormat = 19;

// One pattern or loop alone, so that a store can keep them in rows; shapes are drawn again on loading.
std::string serialize(const Pattern& pattern);
std::string serialize(const Loop& loop);
Result<Pattern> deserialize_pattern(std::string_view bytes);
Result<Loop> deserialize_loop(std::string_view bytes);

// One example without a version: what LoopExamples packs in memory. Bytes that are damaged give a wrong
// example.
std::string pack_example(const LoopExample& example);
LoopExample unpack_example(std::string_view bytes);

// All the rest: repeats, tables, counters, open scopes; without patterns and loops.
std::string serialize_summary(const Workload& workload);
Status deserialize_summary(std::string_view bytes, Workload& workload);

// Everything in one.
std::string serialize(const Workload& workload);
Result<Workload> deserialize_workload(std::string_view bytes);

}  // namespace pgsieve
