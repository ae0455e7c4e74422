// The way of an input's chunks through the stages of ingest, by several threads together.
//
// A chunk is supplied (one at a time), prepared (beside all others), consumed (one at a time, in the order of
// the input), and what the sink deferred of it is run (likewise). Every thread does what is next of any
// chunk, the stage nearest to the end first; so a thread waits only when the chunks under way, one more than
// there are threads, all wait for a stage that is taken.
#pragma once

#include <functional>
#include <memory>

#include "analyzer/capture/chunk_supplier.h"
#include "analyzer/capture/event.h"
#include "analyzer/capture/prepared_chunk.h"

namespace pgsieve {

struct StageWork {
  std::function<bool(Job&)> supply;  // false: there is no more
  std::function<void(const Job&, PreparedChunk&)> prepare;
  // What is left to run; null: nothing. A chunk whose `events` is set is consumed while nothing is supplied,
  // and after all that was left of those before it was run.
  std::function<std::unique_ptr<DeferredWork>(Job&, const PreparedChunk&)> consume;
};

// Returns when the last chunk has been through all stages. The result does not depend on `threads` (at least
// 1).
void run_stages(unsigned threads, const StageWork& work);

}  // namespace pgsieve
