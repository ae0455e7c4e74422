#include "analyzer/capture/file_part.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "analyzer/capture/byte_stream.h"

namespace pgsieve {

std::optional<PlainFile> PlainFile::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return {};
  struct stat info {};
  if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(descriptor);
    return {};
  }
  return PlainFile(descriptor, static_cast<uint64_t>(info.st_size));
}

PlainFile::~PlainFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool PlainFile::read(uint64_t offset, size_t bytes, std::string& out) const {
  const size_t before = out.size();
  out.resize(before + bytes);
  size_t have = 0;
  while (have < bytes) {
    const ssize_t got =
        ::pread(descriptor_, out.data() + before + have, bytes - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      out.resize(before + have);
      return got == 0;
    }
    have += static_cast<size_t>(got);
  }
  return true;
}

bool is_plain_file(const std::string& path) {
  const std::optional<PlainFile> file = PlainFile::open(path);
  std::string head;
  return file && file->read(0, kSniffBytes, head) && sniff_encoding(head) == Encoding::kPlain;
}

namespace {

class FilePart final : public Source {
 public:
  FilePart(PlainFile file, std::string name, const ByteRange& range)
      : file_(std::move(file)), name_(std::move(name)), at_(range.from), end_(range.to), from_(range.from) {}

  Result<size_t> read(std::string& buffer, size_t want) override {
    const size_t before = buffer.size();
    const auto part = static_cast<size_t>(std::min<uint64_t>(want, end_ - std::min(at_, end_)));
    if (!file_.read(at_, part, buffer)) {
      Error failed;
      failed.kind = Error::Kind::kSystem;
      failed.message = std::string("can't read: ") + std::strerror(errno);
      failed.file = name_;
      return failed;
    }
    at_ += buffer.size() - before;
    return buffer.size() - before;
  }
  const std::string& name() const override { return name_; }
  std::string encoding() const override { return ""; }
  uint64_t stored_bytes() const override { return at_ - from_; }
  uint64_t stored_size() const override {
    return std::min(end_, file_.size()) - std::min(from_, file_.size());
  }

 private:
  PlainFile file_;
  std::string name_;
  uint64_t at_, end_, from_;
};

class JoinedSource final : public Source {
 public:
  JoinedSource(std::unique_ptr<Source> first, std::unique_ptr<Source> rest)
      : first_(std::move(first)), rest_(std::move(rest)) {}

  Result<size_t> read(std::string& buffer, size_t want) override {
    if (!first_ended_) {
      Result<size_t> got = first_->read(buffer, want);
      first_ended_ = got && *got == 0;
      if (!first_ended_) return got;
    }
    return rest_->read(buffer, want);
  }
  const std::string& name() const override { return first_->name(); }
  std::string encoding() const override { return first_->encoding(); }
  uint64_t stored_bytes() const override { return first_->stored_bytes() + rest_->stored_bytes(); }
  uint64_t stored_size() const override { return first_->stored_size() + rest_->stored_size(); }

 private:
  std::unique_ptr<Source> first_, rest_;
  bool first_ended_ = false;
};

}  // namespace

std::unique_ptr<Source> join_sources(std::unique_ptr<Source> first, std::unique_ptr<Source> rest) {
  return std::make_unique<JoinedSource>(std::move(first), std::move(rest));
}

Result<std::unique_ptr<Source>> open_file_part(const std::string& path, const ByteRange& range) {
  std::optional<PlainFile> file = PlainFile::open(path);
  if (!file) {
    Error failed;
    failed.kind = Error::Kind::kSystem;
    failed.message = std::string("can't read: ") + std::strerror(errno);
    failed.file = path;
    return failed;
  }
  return std::unique_ptr<Source>(std::make_unique<FilePart>(std::move(*file), path, range));
}

}  // namespace pgsieve
