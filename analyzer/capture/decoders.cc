// Decoders: gzip by ISA-L (or zlib where it is missing), zstd by libzstd, every other compression and the
// archives by libarchive.
#include <archive.h>
#include <archive_entry.h>
#include <zstd.h>
#include <zstd_errors.h>

#ifdef PGSIEVE_HAVE_ISAL
#include <isa-l.h>
#else
#include <zlib.h>
#endif

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "analyzer/base/shared_library.h"
#include "analyzer/capture/byte_stream.h"

namespace pgsieve {
namespace {

// Most logs are plain, or compressed by what is read without it.
const SharedLibrary& libarchive() {
  static const SharedLibrary library(PGSIEVE_LIBARCHIVE_FILE);
  return library;
}
PGSIEVE_LATE(libarchive, archive_entry_filetype);
PGSIEVE_LATE(libarchive, archive_entry_pathname);
PGSIEVE_LATE(libarchive, archive_entry_size);
PGSIEVE_LATE(libarchive, archive_entry_size_is_set);
PGSIEVE_LATE(libarchive, archive_error_string);
PGSIEVE_LATE(libarchive, archive_read_data);
PGSIEVE_LATE(libarchive, archive_read_free);
PGSIEVE_LATE(libarchive, archive_read_new);
PGSIEVE_LATE(libarchive, archive_read_next_header);
PGSIEVE_LATE(libarchive, archive_read_open1);
PGSIEVE_LATE(libarchive, archive_read_set_callback_data);
PGSIEVE_LATE(libarchive, archive_read_set_read_callback);
PGSIEVE_LATE(libarchive, archive_read_set_seek_callback);
PGSIEVE_LATE(libarchive, archive_read_support_filter_all);
PGSIEVE_LATE(libarchive, archive_read_support_format_all);
PGSIEVE_LATE(libarchive, archive_read_support_format_raw);
PGSIEVE_LATE(libarchive, archive_set_error);

constexpr size_t kInputBytes = size_t{128} * 1024;

Error damaged(std::string_view what, std::string_view detail) {
  Error failed;
  failed.message = std::string(what) + " data is damaged: " + std::string(detail);
  failed.hint = "What came before the damage was read";
  return failed;
}

Error cut_short(std::string_view what) {
  Error failed;
  failed.message = std::string(what) + " data ends early";
  failed.hint = "What came before the end was read";
  return failed;
}

// The compressed bytes not yet decoded.
class Input {
 public:
  explicit Input(std::unique_ptr<ByteStream> inner) : inner_(std::move(inner)), buffer_(kInputBytes) {}

  // Makes sure that there is at least one byte; false at the end.
  Result<bool> fill() {
    if (begin_ < end_) return true;
    Result<size_t> got = inner_->read(buffer_.data(), buffer_.size());
    if (!got) return got.error();
    begin_ = 0;
    end_ = *got;
    return end_ > 0;
  }
  char* data() { return buffer_.data() + begin_; }
  size_t size() const { return end_ - begin_; }
  void consume(size_t bytes) { begin_ += bytes; }

 private:
  std::unique_ptr<ByteStream> inner_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;
};

// One gzip member (RFC 1952) at a time; a file may hold several, and zero padding after the last.
class GzipStream final : public ByteStream {
 public:
  explicit GzipStream(std::unique_ptr<ByteStream> inner) : input_(std::move(inner)) { start(); }
  ~GzipStream() override {
#ifndef PGSIEVE_HAVE_ISAL
    inflateEnd(&state_);
#endif
  }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  Result<size_t> read(char* data, size_t size) override {
    while (true) {
      // The decoder may hold output of bytes it has taken: ask it before asking for more input.
      Result<bool> more = input_.fill();
      if (!more) return more.error();
      if (between_ && *more && *input_.data() == '\0' && members_ > 0) {
        input_.consume(1);
        continue;
      }
      if (between_ && !*more) return size_t{0};
      if (between_ && members_ > 0 && *input_.data() != '\x1f')
        return damaged("gzip", "other bytes follow its end");
      between_ = false;
      size_t made = 0;
      bool ended = false;
      if (Status failed = step(data, size, made, ended)) return *failed;
      if (ended) {
        ++members_;
        between_ = true;
        restart();
      }
      if (made > 0) return made;
      if (!ended && !*more) return cut_short("gzip");
    }
  }

 private:
#ifdef PGSIEVE_HAVE_ISAL
  void start() {
    isal_inflate_init(&state_);
    state_.crc_flag = ISAL_GZIP;
  }
  void restart() {
    start();
  }
  Status step(char* data, size_t size, size_t& made, bool& ended) {
    const size_t before = input_.size();
    state_.next_in = reinterpret_cast<uint8_t*>(input_.data());
    state_.avail_in = static_cast<uint32_t>(before);
    state_.next_out = reinterpret_cast<uint8_t*>(data);
    state_.avail_out = static_cast<uint32_t>(std::min(size, size_t{1} << 30));
    const uint32_t room = state_.avail_out;
    const int code = isal_inflate(&state_);
    input_.consume(before - state_.avail_in);
    made = room - state_.avail_out;
    if (code < 0) return damaged("gzip", "error " + std::to_string(code));
    ended = state_.block_state == ISAL_BLOCK_FINISH;
    return {};
  }
  inflate_state state_;
#else
  void start() {
    inflateInit2(&state_, 15 + 16);
  }
  void restart() {
    inflateReset(&state_);
  }
  Status step(char* data, size_t size, size_t& made, bool& ended) {
    const size_t before = input_.size();
    state_.next_in = reinterpret_cast<Bytef*>(input_.data());
    state_.avail_in = static_cast<uInt>(before);
    state_.next_out = reinterpret_cast<Bytef*>(data);
    state_.avail_out = static_cast<uInt>(std::min(size, size_t{1} << 30));
    const uInt room = state_.avail_out;
    const int code = inflate(&state_, Z_NO_FLUSH);
    input_.consume(before - state_.avail_in);
    made = room - state_.avail_out;
    ended = code == Z_STREAM_END;
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      return damaged("gzip", state_.msg != nullptr ? state_.msg : "unknown error");
    }
    return {};
  }
  z_stream state_{};
#endif

  Input input_;
  bool between_ = true;  // before a member
  uint64_t members_ = 0;
};

Error too_wide() {
  Error failed;
  failed.message = "zstd data needs more than 128 MiB of memory (it was made with --long or --ultra)";
  failed.hint = "Decompress it first, with zstd -d --long=31";
  return failed;
}

class ZstdStream final : public ByteStream {
 public:
  explicit ZstdStream(std::unique_ptr<ByteStream> inner)
      : input_(std::move(inner)), context_(ZSTD_createDStream()) {
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, 27);  // 128 MiB, what `zstd --long` makes
  }

  Result<size_t> read(char* data, size_t size) override {
    while (true) {
      Result<bool> more = input_.fill();
      if (!more) return more.error();
      if (!*more && frame_done_) return size_t{0};
      ZSTD_inBuffer in{input_.data(), input_.size(), 0};
      ZSTD_outBuffer out{data, size, 0};
      const size_t code = ZSTD_decompressStream(context_.get(), &out, &in);
      input_.consume(in.pos);
      if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge) return too_wide();
      if (ZSTD_isError(code) != 0) return damaged("zstd", ZSTD_getErrorName(code));
      frame_done_ = code == 0;
      if (out.pos > 0) return out.pos;
      if (!*more) return cut_short("zstd");
    }
  }

 private:
  struct Free {
    void operator()(ZSTD_DStream* context) const { ZSTD_freeDStream(context); }
  };
  Input input_;
  std::unique_ptr<ZSTD_DStream, Free> context_;
  bool frame_done_ = true;
};

// libarchive over a ByteStream.
class Archive {
 public:
  enum class Mode : uint8_t { kFilter, kMembers };

  Archive(std::unique_ptr<ByteStream> inner, Mode mode)
      : inner_(std::move(inner)), buffer_(kInputBytes), failed_(libarchive().missing()) {
    if (failed_) return;
    archive_.reset(archive_read_new());
    if (mode == Mode::kFilter) {
      archive_read_support_filter_all(archive_.get());
      archive_read_support_format_raw(archive_.get());
    } else {
      archive_read_support_format_all(archive_.get());
    }
    archive_read_set_callback_data(archive_.get(), this);
    archive_read_set_read_callback(archive_.get(), [](archive*, void* self, const void** block) {
      return static_cast<Archive*>(self)->on_read(block);
    });
    if (inner_->seek(0)) {
      archive_read_set_seek_callback(archive_.get(), [](archive*, void* self, la_int64_t offset, int whence) {
        return static_cast<Archive*>(self)->on_seek(offset, whence);
      });
    }
  }

  // ARCHIVE_EOF at the end. Warnings (odd names and the like) are not ours to judge.
  Result<bool> next_header() {
    if (archive_ == nullptr) return error();
    if (!opened_) {
      opened_ = true;
      if (archive_read_open1(archive_.get()) < ARCHIVE_WARN) return error();
    }
    while (true) {
      const int code = archive_read_next_header(archive_.get(), &entry_);
      if (code == ARCHIVE_EOF) return false;
      if (code == ARCHIVE_RETRY) continue;
      if (code < ARCHIVE_WARN) return error();
      return true;
    }
  }

  Result<size_t> read(char* data, size_t size) {
    while (true) {
      const la_ssize_t got = archive_read_data(archive_.get(), data, size);
      if (got >= 0) return static_cast<size_t>(got);
      if (got == ARCHIVE_RETRY) continue;
      return error();
    }
  }

  archive_entry* entry() { return entry_; }

 private:
  Error error() {
    if (failed_) return *failed_;
    const char* text = archive_error_string(archive_.get());
    const std::string_view problem = text != nullptr ? text : "unknown error";
    if (problem.find("assphrase") != std::string_view::npos ||
        problem.find("ncrypted") != std::string_view::npos)
      return Error{.kind = Error::Kind::kInput,
                   .message = "the archive is encrypted",
                   .hint = "Unpack it with its password, and give what was in it",
                   .file = {}};
    return damaged("archive", problem);
  }

  la_ssize_t on_read(const void** block) {
    Result<size_t> got = inner_->read(buffer_.data(), buffer_.size());
    *block = buffer_.data();
    if (got) {
      position_ += static_cast<la_int64_t>(*got);
      return static_cast<la_ssize_t>(*got);
    }
    failed_ = got.error();
    archive_set_error(archive_.get(), EIO, "%s", failed_->message.c_str());
    return -1;
  }

  la_int64_t on_seek(la_int64_t offset, int whence) {
    const auto size = static_cast<la_int64_t>(inner_->size());
    const la_int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? position_ : size;
    const la_int64_t target = std::clamp(base + offset, la_int64_t{0}, size);
    if (!inner_->seek(static_cast<uint64_t>(target))) return ARCHIVE_FATAL;
    return position_ = target;
  }

  struct Free {
    void operator()(archive* handle) const { archive_read_free(handle); }
  };
  std::unique_ptr<ByteStream> inner_;
  std::vector<char> buffer_;
  std::unique_ptr<archive, Free> archive_;
  archive_entry* entry_ = nullptr;  // owned by archive_
  la_int64_t position_ = 0;
  bool opened_ = false;
  Status failed_;  // of inner_, or libarchive is missing
};

class FilterStream final : public ByteStream {
 public:
  FilterStream(Encoding encoding, std::unique_ptr<ByteStream> inner)
      : encoding_(encoding), archive_(std::move(inner), Archive::Mode::kFilter) {}

  Result<size_t> read(char* data, size_t size) override {
    if (!started_) {
      started_ = true;
      Result<bool> header = archive_.next_header();
      if (!header) return header.error();
      if (!*header) return size_t{0};
    }
    Result<size_t> got = archive_.read(data, size);
    if (!got) {
      Error failed = got.error();
      if (failed.message.starts_with("archive ")) failed.message.replace(0, 7, encoding_name(encoding_));
      return failed;
    }
    return got;
  }

 private:
  Encoding encoding_;
  Archive archive_;
  bool started_ = false;
};

// What macOS adds to an archive beside each file: "__MACOSX/._postgresql.log".
bool is_resource_fork(std::string_view name) {
  const size_t slash = name.rfind('/');
  return name.starts_with("__MACOSX/") ||
         name.substr(slash == std::string_view::npos ? 0 : slash + 1).starts_with("._");
}

class MemberReader final : public ArchiveReader {
 public:
  explicit MemberReader(std::unique_ptr<ByteStream> inner)
      : archive_(std::move(inner), Archive::Mode::kMembers) {}

  Result<bool> next() override {
    while (true) {
      Result<bool> header = archive_.next_header();
      if (!header || !*header) return header;
      if (archive_entry_filetype(archive_.entry()) != AE_IFREG) continue;
      if (archive_entry_size_is_set(archive_.entry()) != 0 && archive_entry_size(archive_.entry()) == 0)
        continue;
      const char* name = archive_entry_pathname(archive_.entry());
      name_ = name != nullptr ? name : "?";
      if (is_resource_fork(name_)) continue;
      return true;
    }
  }
  const std::string& member_name() const override { return name_; }
  Result<size_t> read(char* data, size_t size) override { return archive_.read(data, size); }

 private:
  Archive archive_;
  std::string name_;
};

}  // namespace

std::unique_ptr<ByteStream> make_decoder(Encoding encoding, std::unique_ptr<ByteStream> inner) {
  if (encoding == Encoding::kGzip) return std::make_unique<GzipStream>(std::move(inner));
  if (encoding == Encoding::kZstd) return std::make_unique<ZstdStream>(std::move(inner));
  if (encoding == Encoding::kUtf16) return make_utf16_decoder(std::move(inner));
  return std::make_unique<FilterStream>(encoding, std::move(inner));
}

std::unique_ptr<ArchiveReader> make_archive_reader(std::unique_ptr<ByteStream> inner) {
  return std::make_unique<MemberReader>(std::move(inner));
}

}  // namespace pgsieve
