#include "analyzer/capture/follow.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "analyzer/capture/truncated_copy.h"

namespace pgsieve {
namespace {

constexpr auto kPause = std::chrono::milliseconds(100);
constexpr size_t kHeadBytes = 256;  // compared to notice that a file started over
constexpr size_t kTailBytes = 256;  // compared to know a copy of it

class FollowSource final : public Source {
 public:
  using Observe = std::function<void(const std::string& path, std::string_view bytes, bool first)>;

  FollowSource(std::string path, const std::atomic<bool>& stop, std::function<void()> waiting,
               Observe observe)
      : path_(std::move(path)), stop_(stop), waiting_(std::move(waiting)), observe_(std::move(observe)) {}
  ~FollowSource() override {
    close_file(copy_);
    close_file(file_);
  }
  FollowSource(const FollowSource&) = delete;
  FollowSource& operator=(const FollowSource&) = delete;

  // What has the name now, or what was held for us.
  bool open_file(const HeldFile* held = nullptr) {
    int next = held != nullptr ? held->take() : -1;
    if (next < 0) next = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (next < 0) return false;
    close_file(file_);
    file_ = next;
    start();
    return true;
  }

  void skip_to_end() {
    const off_t end = lseek(file_, 0, SEEK_END);
    skip(end > 0 ? static_cast<uint64_t>(end) : 0);
  }

  void skip(uint64_t bytes) {
    remember_head();
    position_ = bytes;
    read_.tail.resize(std::min<uint64_t>(bytes, kTailBytes));
    const off_t from = static_cast<off_t>(bytes - read_.tail.size());
    if (pread(file_, read_.tail.data(), read_.tail.size(), from) != static_cast<ssize_t>(read_.tail.size()))
      read_.tail.clear();
  }

  Result<size_t> read(std::string& buffer, size_t want) override {
    while (true) {
      // In this order: what is written before `stop` is set is read.
      const bool stopping = stop_.load();
      if (copy_ < 0 && started_over()) {
        read_.bytes = position_;
        copy_ = open_copy(path_, read_);
        if (copy_ < 0) {
          ++truncations_;
          if (const size_t added = start_over(buffer); added > 0) return added;
        }
      }
      Result<size_t> got = read_here(buffer, want);
      if (!got || *got > 0) return got;
      if (copy_ >= 0) {
        close_file(copy_);
        if (const size_t added = start_over(buffer); added > 0) return added;
        continue;
      }
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
  std::string warning() const override {
    if (truncations_ == 0) return {};
    return fmt::format(
        "{} was truncated {} while it was followed, and no copy of it is beside it: what was written to it "
        "in "
        "the tenth of a second before may be missing.",
        path_, truncations_ == 1 ? std::string("once") : fmt::format("{} times", truncations_));
  }

 private:
  static void close_file(int& file) {
    if (file >= 0) close(file);
    file = -1;
  }

  void start() {
    position_ = 0;
    read_ = {};
  }

  size_t start_over(std::string& buffer) {
    start();
    restarted_ = true;
    return end_line(buffer);
  }

  Result<size_t> read_here(std::string& buffer, size_t want) {
    const size_t have = buffer.size();
    buffer.resize(have + want);
    ssize_t got = -1;
    do {
      got = pread(copy_ >= 0 ? copy_ : file_, buffer.data() + have, want, static_cast<off_t>(position_));
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
      if (copy_ < 0) remember(std::string_view(buffer).substr(have));
      if (observe_) observe_(path_, std::string_view(buffer).substr(have), restarted_);
      restarted_ = false;
    }
    return static_cast<size_t>(got);
  }

  void remember(std::string_view bytes) {
    remember_head();
    read_.tail += bytes.substr(bytes.size() - std::min(bytes.size(), kTailBytes));
    if (read_.tail.size() > kTailBytes) read_.tail.erase(0, read_.tail.size() - kTailBytes);
  }

  void remember_head() {
    std::string& head = read_.head;
    if (head.size() == kHeadBytes) return;
    head.resize(kHeadBytes);
    const ssize_t got = pread(file_, head.data(), head.size(), 0);
    head.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
  }

  bool started_over() const {
    struct stat info {};
    if (position_ == 0 || fstat(file_, &info) != 0) return false;
    if (static_cast<uint64_t>(info.st_size) < position_) return true;
    std::string now(read_.head.size(), '\0');
    const ssize_t got = pread(file_, now.data(), now.size(), 0);
    return got != static_cast<ssize_t>(now.size()) || now != read_.head;
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
  ReadPart read_;
  int copy_ = -1;             // being read in place of the file, which was truncated
  uint64_t truncations_ = 0;  // without a copy
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
