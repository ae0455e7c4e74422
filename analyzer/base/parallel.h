// Work in equal pieces, done by several threads.
#pragma once

#include <cstddef>
#include <functional>

namespace pgsieve {

// Calls a worker for each index below `count`, in no order. `make_worker` is called once on each thread that
// takes part, at most `threads` of them and the calling one among them, so that a worker may keep what it
// needs from one index to the next to itself. Returns when all is done. An exception of a worker ends the
// work early and is thrown here. No more threads are started than there is work for; when none can be, the
// calling one does it all.
using IndexWorker = std::function<void(size_t index)>;
void parallel_for(unsigned threads, size_t count, const std::function<IndexWorker()>& make_worker);

}  // namespace pgsieve
