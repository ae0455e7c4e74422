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

// Part of what a compressed file decodes to. The stored bytes are counted where the end is read.
class DecodedPart final : public Source {
 public:
  DecodedPart(std::unique_ptr<Source> inner, const ByteRange& range)
      : inner_(std::move(inner)),
        skip_(range.from),
        left_(range.to - std::min(range.from, range.to)),
        to_the_end_(range.to == UINT64_MAX) {}

  Result<size_t> read(std::string& buffer, size_t want) override {
    while (skip_ > 0) {
      skipped_.clear();
      const Result<size_t> got = inner_->read(skipped_, std::min<uint64_t>(skip_, kPortion));
      if (!got || *got == 0) return got;
      skip_ -= *got;
    }
    const auto part = static_cast<size_t>(std::min<uint64_t>(want, left_));
    if (part == 0) return size_t{0};
    const Result<size_t> got = inner_->read(buffer, part);
    if (got) left_ -= *got;
    return got;
  }
  const std::string& name() const override { return inner_->name(); }
  std::string encoding() const override { return inner_->encoding(); }
  uint64_t stored_bytes() const override { return to_the_end_ ? inner_->stored_bytes() : 0; }
  uint64_t stored_size() const override { return to_the_end_ ? inner_->stored_size() : 0; }

 private:
  static constexpr uint64_t kPortion = uint64_t{256} * 1024;
  std::unique_ptr<Source> inner_;
  std::string skipped_;
  uint64_t skip_, left_;
  bool to_the_end_;
};

class ContinuedSource final : public Source {
 public:
  using Rest = std::function<std::unique_ptr<Source>(const std::string& tail)>;
  ContinuedSource(std::unique_ptr<Source> first, Rest find_rest)
      : first_(std::move(first)), find_rest_(std::move(find_rest)) {}

  Result<size_t> read(std::string& buffer, size_t want) override {
    if (first_ended_) return rest_ ? rest_->read(buffer, want) : Result<size_t>(size_t{0});
    Result<size_t> got = first_->read(buffer, want);
    if (!got) return got;
    if (*got > 0) {
      keep(std::string_view(buffer).substr(buffer.size() - *got));
      return got;
    }
    first_ended_ = true;
    if (cut_) tail_.erase(0, std::min(tail_.find('\n'), tail_.size() - 1) + 1);
    rest_ = find_rest_(tail_);
    tail_.clear();
    return read(buffer, want);
  }
  const std::string& name() const override { return first_->name(); }
  std::string encoding() const override { return first_->encoding(); }
  uint64_t stored_bytes() const override {
    return first_->stored_bytes() + (rest_ ? rest_->stored_bytes() : 0);
  }
  uint64_t stored_size() const override { return first_->stored_size() + (rest_ ? rest_->stored_size() : 0); }

 private:
  void keep(std::string_view bytes) {
    if (bytes.size() >= kTailBytes) {
      cut_ |= bytes.size() > kTailBytes || !tail_.empty();
      tail_ = bytes.substr(bytes.size() - kTailBytes);
      return;
    }
    tail_ += bytes;
    if (tail_.size() <= kTailBytes) return;
    tail_.erase(0, tail_.size() - kTailBytes);
    cut_ = true;
  }

  std::unique_ptr<Source> first_, rest_;
  Rest find_rest_;
  std::string tail_;
  bool cut_ = false;  // tail_ lacks the start of its first line
  bool first_ended_ = false;
};

}  // namespace

bool is_single_stream(const std::string& path) {
  if (!PlainFile::open(path)) return false;
  const auto sources = open_sources(path);
  return sources && sources->size() == 1;
}

std::unique_ptr<Source> continue_source(
    std::unique_ptr<Source> first, std::function<std::unique_ptr<Source>(const std::string& tail)> rest) {
  return std::make_unique<ContinuedSource>(std::move(first), std::move(rest));
}

std::unique_ptr<Source> join_sources(std::unique_ptr<Source> first, std::unique_ptr<Source> rest) {
  return std::make_unique<JoinedSource>(std::move(first), std::move(rest));
}

Result<std::unique_ptr<Source>> open_file_part(const std::string& path, const ByteRange& range) {
  std::optional<PlainFile> file = PlainFile::open(path);
  if (file && !is_plain_file(path)) {
    auto sources = open_sources(path);
    if (!sources) return sources.error();
    if (sources->size() == 1)
      return std::unique_ptr<Source>(std::make_unique<DecodedPart>(std::move(sources->front()), range));
    Error failed;
    failed.message = "an archive has no parts";
    failed.file = path;
    return failed;
  }
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
