// Source: the bytes of one input, decoded. Opens files, standard input and archives, undoes compression
// (gzip, zstd, xz, bzip2, lz4, zip, tar, in any nesting) by looking at the content, never at the file name.
//
// A Source is used by one thread at a time. Compressed input is decoded by a thread of its own, behind a
// bounded queue.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/error.h"
#include "analyzer/base/hash.h"

namespace pgsieve {

class Source {
 public:
  virtual ~Source() = default;

  // Appends up to `want` decoded bytes to `buffer`; returns how many, 0 at the end. An Error is final; what
  // was decoded before it has been delivered.
  virtual Result<size_t> read(std::string& buffer, size_t want) = 0;

  virtual const std::string& name() const = 0;  // as given, plus "!member" inside an archive
  virtual std::string encoding() const = 0;     // "", "gzip", "zstd", "gzip in tar", …
  virtual uint64_t stored_bytes() const = 0;    // consumed from the file so far
  virtual uint64_t stored_size() const = 0;     // of the file; 0: unknown (pipe)

  // More may be written at any time: what is there should be handed on rather than held for a full buffer.
  virtual bool live() const { return false; }
  virtual uint64_t position() const { return stored_bytes(); }  // in the file that has the name now
  virtual std::string warning() const { return {}; }            // what may be missing, as a complete sentence
};

// Opens one path ("-": standard input). An archive with several members gives one Source per member.
// `interrupt` (may be null) ends a pipe that waits for more; it outlives the Sources.
Result<std::vector<std::unique_ptr<Source>>> open_sources(const std::string& path,
                                                          const std::atomic<bool>* interrupt = nullptr);

// Expands directories (regular files, by name) and globs; keeps "-" and plain paths. Fails when a path does
// not exist.
Result<std::vector<std::string>> expand_inputs(const std::vector<std::string>& inputs);

// Identity of a stored file's content: its size with a hash of its head, middle and tail (64 KiB each).
Result<Hash128> content_identity(const std::string& path);

}  // namespace pgsieve
