// ByteStream: a pull stream of bytes. Sources are stacks of them: a file at the bottom, then one per layer of
// compression or archive. Each owns what it reads from.
//
// Used by one thread at a time. An Error is final; the bytes before it have been delivered.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "analyzer/base/error.h"

namespace pgsieve {

class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Fills up to `size` bytes of `data`; returns how many, at least 1 except at the end (0).
  virtual Result<size_t> read(char* data, size_t size) = 0;

  // Moves to an absolute position; false when this stream can't. Formats with a directory at the end (7z)
  // need it.
  virtual bool seek(uint64_t /*position*/) { return false; }
  virtual uint64_t size() const { return 0; }  // of a stream that can seek
};

// What the thread that reads a file shares with the one that watches it.
struct FileProgress {
  std::atomic<uint64_t> stored_bytes{0};
  std::atomic<bool> stop{false};                 // give up waiting for a pipe
  const std::atomic<bool>* interrupt = nullptr;  // a pipe that waits ends when it is set; may be null
};

// The bytes of an open file; takes over the descriptor. A pipe is polled, so that `stop` ends the wait (as if
// it ended).
std::unique_ptr<ByteStream> make_file_stream(int descriptor, bool regular, std::string name,
                                             std::shared_ptr<FileProgress> progress);

// A stream whose head can be looked at before it is read.
class PeekStream final : public ByteStream {
 public:
  explicit PeekStream(std::unique_ptr<ByteStream> inner) : inner_(std::move(inner)) {}

  // The first bytes, at least `size` unless the stream is shorter. Only before the first read().
  Result<std::string_view> peek(size_t size);

  Result<size_t> read(char* data, size_t size) override;
  bool seek(uint64_t position) override;
  uint64_t size() const override { return inner_->size(); }

 private:
  std::unique_ptr<ByteStream> inner_;
  std::string head_;
  size_t used_ = 0;  // of head_
  Status failed_;    // met while peeking; due after head_
};

// What the first bytes of a stream are. Never the file name.
enum class Encoding : uint8_t {
  kPlain,
  kGzip,
  kZstd,
  kXz,
  kBzip2,
  kLz4,
  kLzip,
  kLzma,
  kCompress,
  kLzop,
  kUtf16,
  kTar,
  kZip,
  kSevenZip,
  kCpio,
  kRar,
  kAr
};
Encoding sniff_encoding(std::string_view head);
inline constexpr size_t kSniffBytes = 1024;
std::string_view encoding_name(Encoding encoding);  // "gzip"; "" for kPlain
bool is_archive(Encoding encoding);                 // holds members, each with bytes of its own

// Undoes one layer of compression (not an archive).
std::unique_ptr<ByteStream> make_decoder(Encoding encoding, std::unique_ptr<ByteStream> inner);
std::unique_ptr<ByteStream> make_utf16_decoder(std::unique_ptr<ByteStream> inner);  // utf16_stream.cc

// The members of an archive, one after the other.
class ArchiveReader {
 public:
  virtual ~ArchiveReader() = default;
  // Moves to the next regular file with content; false at the end.
  virtual Result<bool> next() = 0;
  virtual const std::string& member_name() const = 0;
  virtual Result<size_t> read(char* data, size_t size) = 0;  // of the current member
};
std::unique_ptr<ArchiveReader> make_archive_reader(std::unique_ptr<ByteStream> inner);

}  // namespace pgsieve
