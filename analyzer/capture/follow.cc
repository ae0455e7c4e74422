#include "analyzer/capture/follow.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

namespace pgsieve {
namespace {

constexpr auto kPause = std::chrono::milliseconds(100);
constexpr size_t kHeadBytes = 256;  // compared to notice that a file started over

class FollowSource final : public Source {
 public:
  using Observe = std::function<void(const std::string& path, std::string_view bytes, bool first)>;

  FollowSource(std::string path, const std::atomic<bool>& stop, std::function<void()> waiting,
               Observe observe)
      : path_(std::move(path)), stop_(stop), waiting_(std::move(waiting)), observe_(std::move(observe)) {}
  ~FollowSource() override { close_file(); }
  FollowSource(const FollowSource&) = delete;
  FollowSource& operator=(const FollowSource&) = delete;

  // What has the name now, or what was held for us.
  bool open_file(const HeldFile* held = nullptr) {
    int next = held != nullptr ? held->take() : -1;
    if (next < 0) next = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (next < 0) return false;
    close_file();
    file_ = next;
    position_ = 0;
    head_.clear();
    return true;
  }

  void skip_to_end() {
    remember_head();
    const off_t end = lseek(file_, 0, SEEK_END);
    position_ = end > 0 ? static_cast<uint64_t>(end) : 0;
  }

  void skip(uint64_t bytes) {
    remember_head();
    position_ = bytes;
  }

  Result<size_t> read(std::string& buffer, size_t want) override {
    while (true) {
      // In this order: what is written before `stop` is set is read.
      const bool stopping = stop_.load();
      if (started_over()) {
        position_ = 0;
        head_.clear();
        restarted_ = true;
        if (const size_t added = end_line(buffer); added > 0) return added;
      }
      Result<size_t> got = read_here(buffer, want);
      if (!got || *got > 0) return got;
      if (rotated() && open_file()) {
        restarted_ = true;
        if (const size_t added = end_line(buffer); added > 0) return added;
        continue;
      }
      if (stopping) return size_t{0};
      if (waiting_) waiting_();
      std::this_thread::sleep_for(kPause);
    }
  }

  const std::string& name() const override { return path_; }
  std::string encoding() const override { return ""; }
  uint64_t stored_bytes() const override { return total_; }
  uint64_t stored_size() const override { return 0; }
  bool live() const override { return !stop_.load(); }
  uint64_t position() const override { return position_; }

 private:
  void close_file() {
    if (file_ >= 0) close(file_);
    file_ = -1;
  }

  Result<size_t> read_here(std::string& buffer, size_t want) {
    const size_t have = buffer.size();
    buffer.resize(have + want);
    ssize_t got = -1;
    do {
      got = pread(file_, buffer.data() + have, want, static_cast<off_t>(position_));
    } while (got < 0 && errno == EINTR);
    buffer.resize(have + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0) {
      Error failed;
      failed.kind = Error::Kind::kSystem;
      failed.message = std::string("can't read: ") + std::strerror(errno);
      failed.file = path_;
      return failed;
    }
    if (got > 0) {
      position_ += static_cast<uint64_t>(got);
      total_ += static_cast<uint64_t>(got);
      line_open_ = buffer.back() != '\n';
      remember_head();
      if (observe_) observe_(path_, std::string_view(buffer).substr(have), restarted_);
      restarted_ = false;
    }
    return static_cast<size_t>(got);
  }

  void remember_head() {
    if (head_.size() == kHeadBytes) return;
    head_.resize(kHeadBytes);
    const ssize_t got = pread(file_, head_.data(), head_.size(), 0);
    head_.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
  }

  bool started_over() const {
    struct stat info {};
    if (position_ == 0 || fstat(file_, &info) != 0) return false;
    if (static_cast<uint64_t>(info.st_size) < position_) return true;
    std::string now(head_.size(), '\0');
    const ssize_t got = pread(file_, now.data(), now.size(), 0);
    return got != static_cast<ssize_t>(now.size()) || now != head_;
  }

  // Another file has the name now.
  bool rotated() const {
    struct stat mine {};
    struct stat named {};
    if (fstat(file_, &mine) != 0 || stat(path_.c_str(), &named) != 0) return false;
    return mine.st_ino != named.st_ino || mine.st_dev != named.st_dev;
  }

  size_t end_line(std::string& buffer) {
    if (!line_open_) return 0;
    line_open_ = false;
    buffer += '\n';
    return 1;
  }

  std::string path_;
  const std::atomic<bool>& stop_;
  std::function<void()> waiting_;
  Observe observe_;
  int file_ = -1;
  uint64_t position_ = 0;  // in the file
  uint64_t total_ = 0;     // over all files
  std::string head_;
  bool line_open_ = false;
  bool restarted_ = false;  // another file, or the same from its start; nothing of it was read yet
};

}  // namespace

Result<std::unique_ptr<Source>> open_following(
    const std::string& path, const std::atomic<bool>& stop, bool from_end, std::function<void()> waiting,
    uint64_t from, std::function<void(const std::string& path, std::string_view bytes, bool first)> observe,
    const HeldFile* held) {
  auto source = std::make_unique<FollowSource>(path, stop, std::move(waiting), std::move(observe));
  if (!source->open_file(held)) {
    Error failed;
    failed.kind = Error::Kind::kInput;
    failed.message = std::string("can't open: ") + std::strerror(errno);
    failed.file = path;
    return failed;
  }
  if (from_end) source->skip_to_end();
  if (!from_end && from > 0) source->skip(from);
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace pgsieve
