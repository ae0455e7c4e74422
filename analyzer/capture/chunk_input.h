// The input that a ChunkSupplier reads: internal to it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "analyzer/capture/chunk_supplier.h"

namespace pgsieve {

struct ChunkSupplier::Input {
  std::shared_ptr<Source> source;
  UnwrapReport report;
  std::shared_ptr<const LogReader> reader;
  std::shared_ptr<EventReader> events;
  Detection detection;
  uint32_t file = 0;
  std::string pending;  // decoded, not handed out yet
  uint64_t offset = 0;  // of pending
  uint64_t lines_before = 0;
  uint64_t stored = 0;  // stored bytes already counted for progress
  bool ended = false;
  bool first = true;
  bool skipping = false;
  bool unknown = false;
  bool followed = false;
};

}  // namespace pgsieve
