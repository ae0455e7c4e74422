#include "analyzer/wire/conversation_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "analyzer/base/hash.h"
#include "analyzer/capture/event_reader.h"
#include "analyzer/wire/conversation_decoder.h"
#include "analyzer/wire/wire_summary.h"

namespace pgsieve {
namespace {

constexpr std::string_view kMagic("\x89PGCAP\r\n", 8);
constexpr uint64_t kVersion = 1;
constexpr size_t kHeadBytes = 16, kHeaderBytes = 24;
constexpr size_t kMaxPayload = size_t{1} << 20U;
constexpr size_t kReadBytes = size_t{256} * 1024;
enum Kind : uint8_t { kOpen = 1, kData = 2, kLost = 3, kClose = 4, kEnd = 5 };

void put_number(char* out, uint64_t number, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) out[i] = static_cast<char>(number >> (8 * i));
}

uint64_t number_at(std::string_view bytes, size_t at, size_t size) {
  uint64_t number = 0;
  for (size_t i = size; i-- > 0;) number = number << 8U | static_cast<uint8_t>(bytes[at + i]);
  return number;
}

}  // namespace

Result<std::unique_ptr<ConversationWriter>> ConversationWriter::create(const std::string& path) {
  auto writer = std::make_unique<ConversationWriter>();
  writer->file_.reset(std::fopen(path.c_str(), "wb"));
  if (writer->file_ == nullptr) {
    return Error{.kind = Error::Kind::kSystem,
                 .message = std::string("can't write: ") + std::strerror(errno),
                 .hint = {},
                 .file = path};
  }
  std::array<char, kHeadBytes> head{};
  std::memcpy(head.data(), kMagic.data(), kMagic.size());
  put_number(head.data() + 8, kVersion, 4);
  writer->failed_ = std::fwrite(head.data(), 1, head.size(), writer->file_.get()) != head.size();
  return writer;
}

void ConversationWriter::frame(uint8_t kind, Side side, uint64_t id, Microseconds time,
                               std::string_view payload) {
  std::array<char, kHeaderBytes> header{};
  header[0] = static_cast<char>(kind);
  header[1] = static_cast<char>(side);
  put_number(header.data() + 4, payload.size(), 4);
  put_number(header.data() + 8, id, 8);
  put_number(header.data() + 16, static_cast<uint64_t>(time), 8);
  const bool written = std::fwrite(header.data(), 1, header.size(), file_.get()) == header.size();
  // An empty view may have no address at all, which fwrite() must not be given.
  if (!written ||
      (!payload.empty() && std::fwrite(payload.data(), 1, payload.size(), file_.get()) != payload.size())) {
    failed_ = true;
  }
  last_ = time;
}

void ConversationWriter::open(uint64_t id, std::string_view client, Microseconds time) {
  frame(kOpen, Side::kClient, id, time, client);
}

void ConversationWriter::data(uint64_t id, Side side, std::string_view bytes, Microseconds time) {
  for (; bytes.size() > kMaxPayload; bytes.remove_prefix(kMaxPayload))
    frame(kData, side, id, time, bytes.substr(0, kMaxPayload));
  frame(kData, side, id, time, bytes);
}

void ConversationWriter::lost(uint64_t id, Side side, uint64_t bytes, Microseconds time) {
  std::array<char, 8> count{};
  put_number(count.data(), bytes, count.size());
  frame(kLost, side, id, time, std::string_view(count.data(), count.size()));
}

void ConversationWriter::close(uint64_t id, Microseconds time) {
  frame(kClose, Side::kClient, id, time, {});
}

bool ConversationWriter::finish() {
  frame(kEnd, Side::kClient, 0, last_, {});
  if (std::fflush(file_.get()) != 0) failed_ = true;
  return !failed_;
}

bool is_conversation_file(std::string_view head) {
  return head.starts_with(kMagic);
}

namespace {

// A thousand years from now at most; what a damaged frame says beyond that is no time.
Microseconds possible_time(uint64_t written) {
  constexpr Microseconds kFarthest = Microseconds{1} << 55U;
  const auto time = static_cast<Microseconds>(written);
  return time <= kFarthest && time >= -kFarthest ? time : kUnknownTime;
}

// Cuts the stream into frames. Memory: one frame and one read.
class FrameReader {
 public:
  FrameReader(std::string_view head, Source& source) : source_(source), buffer_(head) {}

  // Makes `size` bytes available at ahead(); false when the file ends before.
  bool need(size_t size) {
    while (buffer_.size() - used_ < size && !ended_) {
      buffer_.erase(0, used_);
      used_ = 0;
      const Result<size_t> got = source_.read(buffer_, std::max(kReadBytes, size));
      if (!got) error_ = got.error();
      if (!got || *got == 0) ended_ = true;
    }
    return buffer_.size() - used_ >= size;
  }
  std::string_view ahead() const { return std::string_view(buffer_).substr(used_); }
  void consume(size_t size) {
    used_ += size;
    offset_ += size;
  }
  void drain() {
    while (need(1)) consume(buffer_.size() - used_);
  }
  bool at_end() { return !need(1); }
  uint64_t offset() const { return offset_; }
  const Status& error() const { return error_; }

 private:
  Source& source_;
  std::string buffer_;
  size_t used_ = 0;
  uint64_t offset_ = 0;
  bool ended_ = false;
  Status error_;
};

class ConversationReader final : public EventReader {
 public:
  Status read(std::string_view head, Source& source, uint32_t file, EventSink& sink, ReadAccount& account,
              IngestStats& stats) override {
    FrameReader frames(head, source);
    if (!frames.need(kHeadBytes)) return damaged(frames, source, "the head is cut short");
    const uint64_t version = number_at(frames.ahead(), 8, 4);
    if (version != kVersion) {
      return Error{.kind = Error::Kind::kInput,
                   .message = fmt::format("a recording of version {}; this pgsieve reads version {}", version,
                                          kVersion),
                   .hint = "Read it with the pgsieve that wrote it, or a later one",
                   .file = source.name()};
    }
    frames.consume(kHeadBytes);
    WireCounts counts;
    ConversationDecoder decoder(hash64(source.name()), file, counts, sink);
    const std::string problem = play(frames, decoder, stats);
    decoder.finish();
    const uint64_t read = frames.offset();
    account.entry_bytes += read;
    frames.drain();
    account.unread_bytes += frames.offset() - read;
    if (!problem.empty()) {
      if (account.damaged_records++ == 0) account.damaged_offset = read;
      note_incomplete(
          stats, fmt::format("{}: {} at byte {}; what follows was not read.", source.name(), problem, read));
    }
    summarize_wire(counts, stats);
    return frames.error();
  }

 private:
  static Status damaged(const FrameReader& frames, const Source& source, const std::string& problem) {
    return Error{.kind = Error::Kind::kInput,
                 .message = problem,
                 .hint = {},
                 .file = source.name(),
                 .line = 0,
                 .offset = frames.offset()};
  }

  // Until the end, or until something can't be right, which is returned.
  static std::string play(FrameReader& frames, ConversationDecoder& decoder, IngestStats& stats) {
    for (;;) {
      if (frames.at_end()) return "the recording was cut short: it has no end";
      if (!frames.need(kHeaderBytes)) return "a frame is cut short";
      const size_t size = number_at(frames.ahead(), 4, 4);
      if (size > kMaxPayload) return fmt::format("a frame claims {} bytes", size);
      if (!frames.need(kHeaderBytes + size)) return "a frame is cut short";
      const std::string_view frame = frames.ahead().substr(0, kHeaderBytes + size);
      decoder.set_place({frames.offset(), ++stats.entries});
      if (static_cast<uint8_t>(frame[0]) == kEnd) {
        frames.consume(frame.size());
        return {};
      }
      play_frame(frame, decoder);
      frames.consume(frame.size());
    }
  }

  static void play_frame(std::string_view frame, ConversationDecoder& decoder) {
    const Side side = frame[1] == 0 ? Side::kClient : Side::kServer;
    const uint64_t id = number_at(frame, 8, 8);
    const Microseconds time = possible_time(number_at(frame, 16, 8));
    const std::string_view payload = frame.substr(kHeaderBytes);
    switch (static_cast<uint8_t>(frame[0])) {
      case kOpen:
        decoder.open(id, payload, time);
        break;
      case kData:
        decoder.data(id, side, payload, time);
        break;
      case kLost:
        if (payload.size() == 8) decoder.lost(id, side, number_at(payload, 0, 8), time);
        break;
      case kClose:
        decoder.close(id, time);
        break;
      default:
        break;
    }
  }
};

}  // namespace

InputFormat conversation_format() {
  return {LogFormatKind::kConversations, is_conversation_file,
          [](const IngestOptions& /*options*/) -> std::unique_ptr<EventReader> {
            return std::make_unique<ConversationReader>();
          }};
}

}  // namespace pgsieve
