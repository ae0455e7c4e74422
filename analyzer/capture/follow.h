// Following a log file that is being written, across rotation by rename (a new file appears under the name)
// and by copying and truncating (the same file starts over).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "analyzer/base/error.h"
#include "analyzer/capture/held_file.h"
#include "analyzer/capture/source.h"

namespace pgsieve {

// A Source over `path` that waits at the end of the file for more, until `stop` is set; then it reads what is
// there and ends. Plain text only. `stop` outlives the Source and may be set from any thread or a signal
// handler. After a rotation the rest of the old file comes first, then the new one from its start; a last
// line without its end gets one. A truncated file is noticed by its size or by other bytes at its start; what
// was written to it before that is read from the copy beside it, and where there is none, warning() says so.
// With
// `from_end`, what the file holds already is skipped; else its first `from` bytes are. `waiting` is called
// now and then while there is nothing to read, from the thread that reads. `observe` is called with all bytes
// read, see IngestOptions::followed_bytes. `held`: the file to begin with, whatever has the name now.
Result<std::unique_ptr<Source>> open_following(
    const std::string& path, const std::atomic<bool>& stop, bool from_end = false,
    std::function<void()> waiting = {}, uint64_t from = 0,
    std::function<void(const std::string& path, std::string_view bytes, bool first)> observe = {},
    const HeldFile* held = nullptr);

}  // namespace pgsieve
