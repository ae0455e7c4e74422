#include "tools/pgsieve/tail_pipe.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>
#include <vector>

namespace pgsieve {

namespace {

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  int get() const { return number_; }
  void reset() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

// Ends when the file does, or when nobody reads the pipe any more.
void copy_to_pipe(int file, uint64_t offset, int pipe) {
  std::vector<char> block(size_t{256} * 1024);
  while (true) {
    const ssize_t got = ::pread(file, block.data(), block.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    offset += static_cast<uint64_t>(got);
    for (ssize_t done = 0; done < got;) {
      const ssize_t wrote = ::write(pipe, block.data() + done, static_cast<size_t>(got - done));
      if (wrote < 0 && errno != EINTR) return;
      if (wrote > 0) done += wrote;
    }
  }
}

class FileTail final : public TailPipe {
 public:
  FileTail(Descriptor file, uint64_t offset, Descriptor reader, Descriptor writer)
      : reader_(std::move(reader)), path_("/dev/fd/" + std::to_string(reader_.get())) {
    copier_ = std::thread([source = std::move(file), sink = std::move(writer), offset] {
      // A pipe without readers must end this thread, not the program.
      sigset_t broken_pipe;
      sigemptyset(&broken_pipe);
      sigaddset(&broken_pipe, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
      copy_to_pipe(source.get(), offset, sink.get());
    });
  }
  ~FileTail() override {
    reader_.reset();
    copier_.join();
  }
  FileTail(const FileTail&) = delete;
  FileTail& operator=(const FileTail&) = delete;
  const std::string& path() const override { return path_; }

 private:
  Descriptor reader_;
  std::string path_;
  std::thread copier_;
};

Error system_error(const std::string& file) {
  return {.kind = Error::Kind::kSystem,
          .message = std::string("can't read: ") + std::strerror(errno),
          .hint = {},
          .file = file};
}

}  // namespace

Result<std::unique_ptr<TailPipe>> TailPipe::open(const std::string& file, uint64_t offset) {
  Descriptor source(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  int ends[2];
  if (source.get() < 0 || ::pipe2(ends, O_CLOEXEC) != 0) return system_error(file);
  return std::unique_ptr<TailPipe>(
      std::make_unique<FileTail>(std::move(source), offset, Descriptor(ends[0]), Descriptor(ends[1])));
}

}  // namespace pgsieve
