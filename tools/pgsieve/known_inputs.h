// How much of a file a store knows already, by content.
#pragma once

#include <string>
#include <vector>

#include "analyzer/base/error.h"
#include "analyzer/capture/ingest.h"
#include "analyzer/store/store.h"

namespace pgsieve {

// Of a plain file: the bytes at its start that the store has, because it was read when it was shorter or
// under another name, or because they stand in files that were read and are still there. `size`: how many are
// to be read (see complete_size()).
Result<uint64_t> known_bytes(const std::string& path, uint64_t size, const std::vector<StoredInput>& stored,
                             const IngestOptions& options);

}  // namespace pgsieve
