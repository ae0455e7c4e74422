#include "analyzer/capture/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>

#include "analyzer/capture/byte_stream.h"
#include "analyzer/capture/leaf_cursor.h"

namespace pgsieve {
namespace {

constexpr size_t kMaxMembers = 100'000;  // of one file
constexpr size_t kBlockBytes = size_t{256} * 1024;
constexpr size_t kQueuedBlocks = 8;

Error system_error(const std::string& name, const std::string& what) {
  Error failed;
  failed.kind = Error::Kind::kSystem;
  failed.message = what + ": " + std::strerror(errno);
  failed.file = name;
  return failed;
}

// A cursor, and where it stands: at leaf `at` (not yet read) when `leaf` is set, else behind leaf at - 1.
struct Position {
  std::unique_ptr<LeafCursor> cursor;
  Leaf* leaf = nullptr;
  size_t at = 0;
};

// The head of a pipe, to be looked through before the pipe is.
class MemoryStream final : public ByteStream {
 public:
  explicit MemoryStream(std::string_view bytes) : bytes_(bytes) {}
  Result<size_t> read(char* data, size_t size) override {
    const size_t part = bytes_.copy(data, size);
    bytes_.remove_prefix(part);
    return part;
  }

 private:
  std::string_view bytes_;
};

// What the Sources of one file share: the way to open it again, and a cursor left behind by the Source
// before, so that reading the members in order decodes the archive once.
class SharedFile {
 public:
  // `path` is "-" for standard input. Takes over `descriptor`.
  SharedFile(std::string path, int descriptor, bool regular, uint64_t size)
      : path_(std::move(path)), reopen_(path_ == "-" ? "/dev/fd/0" : path_), size_(size) {
    auto stream = std::make_unique<PeekStream>(make_file_stream(descriptor, regular, path_, progress_));
    if (!regular) pipe_ = stream.get();
    first_ = std::move(stream);
  }
  ~SharedFile() {
    if (spool_ >= 0) close(spool_);
  }
  SharedFile(const SharedFile&) = delete;
  SharedFile& operator=(const SharedFile&) = delete;

  uint64_t size() const { return size_; }
  const std::shared_ptr<FileProgress>& progress() const { return progress_; }

  Result<Position> start() {
    if (!first_) {
      const int descriptor = open(reopen_.c_str(), O_RDONLY | O_CLOEXEC);
      if (descriptor < 0) return system_error(path_, "can't open again");
      first_ = make_file_stream(descriptor, true, path_, progress_);
    }
    return Position{std::make_unique<LeafCursor>(std::move(first_), path_)};
  }

  // An archive that comes through a pipe is copied to an unnamed temporary file: its members are counted
  // first and read then. Its first bytes, decoded, show that it is one.
  Status spool_archive() {
    if (pipe_ == nullptr) return {};
    Result<std::string_view> head = pipe_->peek(kSniffBytes);
    if (!head) return head.error();
    if (sniff_encoding(*head) == Encoding::kPlain) return {};
    head = pipe_->peek(kBlockBytes);
    if (!head) return head.error();
    LeafCursor probe(std::make_unique<MemoryStream>(*head), path_);
    if (!probe.next() || !probe.in_archive()) return {};
    return spool();
  }

  void park(Position position) {
    const std::lock_guard lock(mutex_);
    if (!parked_.cursor || parked_.at < position.at) parked_ = std::move(position);
  }

  // A cursor at leaf `wanted`: the parked one when it is not past it, else a new one that skips.
  Result<Position> at_leaf(size_t wanted) {
    Position position;
    {
      const std::lock_guard lock(mutex_);
      if (parked_.cursor && parked_.at <= wanted) position = std::exchange(parked_, Position());
    }
    if (!position.cursor) {
      Result<Position> opened = start();
      if (!opened) return opened.error();
      position = std::move(*opened);
    }
    while (position.leaf == nullptr || position.at < wanted) {
      if (position.leaf != nullptr) ++position.at;
      Result<Leaf*> leaf = position.cursor->next();
      if (!leaf) return leaf.error();
      if (*leaf == nullptr) return Position();
      position.leaf = *leaf;
    }
    return position;
  }

 private:
  Status spool() {
    std::FILE* file = std::tmpfile();
    if (file == nullptr) return system_error(path_, "can't make a temporary file for an archive from a pipe");
    spool_ = fcntl(fileno(file), F_DUPFD_CLOEXEC, 3);
    std::fclose(file);
    if (spool_ < 0) return system_error(path_, "can't make a temporary file for an archive from a pipe");
    std::string block(kBlockBytes, '\0');
    while (true) {
      Result<size_t> got = first_->read(block.data(), block.size());
      if (!got) return got.error();
      if (*got == 0) break;
      for (size_t done = 0; done < *got;) {
        const ssize_t wrote = write(spool_, block.data() + done, *got - done);
        if (wrote < 0 && errno != EINTR) return system_error(path_, "can't write a temporary file");
        if (wrote > 0) done += static_cast<size_t>(wrote);
      }
    }
    reopen_ = "/dev/fd/" + std::to_string(spool_);
    first_.reset();
    pipe_ = nullptr;
    return {};
  }

  std::string path_;
  std::string reopen_;
  uint64_t size_;
  std::shared_ptr<FileProgress> progress_ = std::make_shared<FileProgress>();
  std::unique_ptr<ByteStream> first_;  // already open
  PeekStream* pipe_ = nullptr;         // first_, while it is a pipe
  int spool_ = -1;
  std::mutex mutex_;
  Position parked_;
};

// Decoded blocks from the decoding thread to the reader: at most kQueuedBlocks wait.
class BlockQueue {
 public:
  // False: the reader is gone.
  bool push(std::string block) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopped_ || blocks_.size() < kQueuedBlocks; });
    if (stopped_) return false;
    blocks_.push_back(std::move(block));
    changed_.notify_all();
    return true;
  }
  void close(Status failed) {
    const std::lock_guard lock(mutex_);
    failed_ = std::move(failed);
    closed_ = true;
    changed_.notify_all();
  }
  // Empty: the end, or `failed`.
  std::string pop(Status& failed) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !blocks_.empty(); });
    if (blocks_.empty()) {
      failed = failed_;
      return {};
    }
    std::string block = std::move(blocks_.front());
    blocks_.pop_front();
    changed_.notify_all();
    return block;
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> blocks_;
  bool closed_ = false, stopped_ = false;
  Status failed_;
};

class FileSource final : public Source {
 public:
  FileSource(std::shared_ptr<SharedFile> file, size_t leaf, std::string name, std::string encoding)
      : file_(std::move(file)), leaf_(leaf), name_(std::move(name)), encoding_(std::move(encoding)) {}
  ~FileSource() override {
    if (!decoder_.joinable()) return;
    queue_.stop();
    file_->progress()->stop = true;
    decoder_.join();
    file_->progress()->stop = false;
  }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  Result<size_t> read(std::string& buffer, size_t want) override {
    if (ended_) return failed_ ? Result<size_t>(*failed_) : Result<size_t>(size_t{0});
    if (encoding_.empty()) return read_plain(buffer, want);
    if (!decoder_.joinable()) decoder_ = std::thread([this] { decode(); });
    if (used_ == block_.size()) {
      block_ = queue_.pop(failed_);
      used_ = 0;
      if (block_.empty()) return end();
    }
    const size_t part = std::min(want, block_.size() - used_);
    buffer.append(block_, used_, part);
    used_ += part;
    return part;
  }

  const std::string& name() const override { return name_; }
  std::string encoding() const override { return encoding_; }
  uint64_t stored_bytes() const override { return file_->progress()->stored_bytes; }
  uint64_t stored_size() const override { return file_->size(); }

  // An error met behind the last leaf when the members were listed: due after this one's end.
  void set_trailing_error(Error failed) { trailing_ = std::move(failed); }

 private:
  Result<size_t> end() {
    ended_ = true;
    if (!failed_) failed_ = trailing_;
    if (failed_ && failed_->file.empty()) failed_->file = name_;
    return failed_ ? Result<size_t>(*failed_) : Result<size_t>(size_t{0});
  }

  Result<size_t> read_plain(std::string& buffer, size_t want) {
    if (!position_.cursor) {
      Result<Position> opened = file_->at_leaf(leaf_);
      if (!opened) return failed_ = opened.error(), end();
      position_ = std::move(*opened);
      if (position_.leaf == nullptr) return end();
    }
    const size_t have = buffer.size();
    buffer.resize(have + want);
    Result<size_t> got = position_.leaf->stream->read(buffer.data() + have, want);
    buffer.resize(have + (got ? *got : 0));
    if (!got) failed_ = got.error();
    if (!got || *got == 0) return end();
    return got;
  }

  // The decoding thread.
  void decode() {
    Result<Position> opened = file_->at_leaf(leaf_);
    if (!opened) return queue_.close(opened.error());
    Position position = std::move(*opened);
    Status failed;
    while (position.leaf != nullptr) {
      std::string block(kBlockBytes, '\0');
      size_t filled = 0;
      bool at_end = false;
      while (filled < block.size() && !at_end && !failed) {
        Result<size_t> got = position.leaf->stream->read(block.data() + filled, block.size() - filled);
        if (!got) failed = got.error();
        at_end = got && *got == 0;
        filled += got ? *got : 0;
      }
      block.resize(filled);
      if (filled > 0 && !queue_.push(std::move(block))) return;
      if (failed) break;
      if (at_end) {
        position.leaf = nullptr;
        ++position.at;
        file_->park(std::move(position));
        break;
      }
    }
    queue_.close(std::move(failed));
  }

  std::shared_ptr<SharedFile> file_;
  size_t leaf_;
  std::string name_, encoding_;
  Status trailing_;

  Position position_;  // of plain input
  BlockQueue queue_;
  std::string block_;
  size_t used_ = 0;
  bool ended_ = false;
  Status failed_;
  std::thread decoder_;
};

// Lists the members of an archive whose first leaf the cursor has reached.
std::vector<std::unique_ptr<Source>> list_members(const std::shared_ptr<SharedFile>& file, LeafCursor& cursor,
                                                  Leaf* first) {
  std::vector<std::unique_ptr<Source>> sources;
  FileSource* last = nullptr;
  Status failed;
  for (Leaf* leaf = first; leaf != nullptr;) {
    auto source = std::make_unique<FileSource>(file, sources.size(), leaf->name, leaf->encoding);
    last = source.get();
    sources.push_back(std::move(source));
    if (sources.size() == kMaxMembers) {
      Error too_many;
      too_many.message = "more than " + std::to_string(kMaxMembers) + " members; the rest was not read";
      failed = too_many;
      break;
    }
    Result<Leaf*> next = cursor.next();
    if (!next) failed = next.error();
    leaf = next ? *next : nullptr;
  }
  if (failed && last != nullptr) last->set_trailing_error(*failed);
  return sources;
}

}  // namespace

Result<std::vector<std::unique_ptr<Source>>> open_sources(const std::string& path,
                                                          const std::atomic<bool>* interrupt) {
  const int descriptor = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return system_error(path, "can't open");
  struct stat info {};
  if (fstat(descriptor, &info) != 0 || S_ISDIR(info.st_mode)) {
    if (S_ISDIR(info.st_mode)) errno = EISDIR;
    const Error failed = system_error(path, "can't read");
    if (descriptor > STDERR_FILENO) close(descriptor);
    return failed;
  }
  const bool regular = S_ISREG(info.st_mode);
  auto file = std::make_shared<SharedFile>(path, descriptor, regular,
                                           regular ? static_cast<uint64_t>(info.st_size) : 0);
  file->progress()->interrupt = interrupt;

  std::vector<std::unique_ptr<Source>> sources;
  if (Status failed = file->spool_archive()) return *failed;
  Result<Position> start = file->start();
  if (!start) return start.error();
  Result<Leaf*> first = start->cursor->next();
  if (!first) return first.error();
  if (*first == nullptr) return sources;
  if (!start->cursor->in_archive()) {
    sources.push_back(std::make_unique<FileSource>(file, 0, (*first)->name, (*first)->encoding));
    start->leaf = *first;
    file->park(std::move(*start));
    return sources;
  }
  sources = list_members(file, *start->cursor, *first);
  file->progress()->stored_bytes = 0;
  return sources;
}

}  // namespace pgsieve
