// Conversations in a file: .pgcap, what `pgsieve tap --write FILE.pgcap` keeps and every command reads again.
//
// A head of 16 bytes: the 8 bytes "\x89PGCAP\r\n", the version (1), four bytes that are zero. Then frames,
// each a header of 24 bytes and its payload. Numbers are little-endian.
//
//   offset  size
//        0     1  kind: 1 open, 2 data, 3 lost, 4 close, 5 end of the recording
//        1     1  side: 0 client, 1 server (data, lost; else 0)
//        2     2  zero
//        4     4  size of the payload
//        8     8  number of the connection, never used again in the file
//       16     8  time, microseconds since 1970
//
// Payload: open: the client's address; data: bytes of the plain protocol stream (at most 1 MiB); lost: the
// number of bytes missing here (8 bytes; 0: unknown); close and end: nothing. The bodies of password messages
// are zeroes, and traffic is what it was before any encryption the tap did itself. Frames of a kind not
// listed are passed over. A file without an end frame was cut short.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "analyzer/base/error.h"
#include "analyzer/capture/ingest.h"
#include "analyzer/wire/conversation.h"

namespace pgsieve {

class ConversationWriter final : public ConversationSink {
 public:
  static Result<std::unique_ptr<ConversationWriter>> create(const std::string& path);

  void open(uint64_t id, std::string_view client, Microseconds time) override;
  void data(uint64_t id, Side side, std::string_view bytes, Microseconds time) override;
  void lost(uint64_t id, Side side, uint64_t bytes, Microseconds time) override;
  void close(uint64_t id, Microseconds time) override;

  // Writes the end frame and everything before it. False: some of it could not be written.
  bool finish();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void frame(uint8_t kind, Side side, uint64_t id, Microseconds time, std::string_view payload);

  std::unique_ptr<std::FILE, Close> file_;
  Microseconds last_ = 0;
  bool failed_ = false;
};

// Whether a file with this head is one.
bool is_conversation_file(std::string_view head);

// The format "pgcap" for IngestOptions::formats.
InputFormat conversation_format();

}  // namespace pgsieve
