// TapPump: the thread of a tap.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "analyzer/wire/descriptor.h"
#include "analyzer/wire/tap.h"
#include "analyzer/wire/tap_pair.h"

struct epoll_event;

namespace pgsieve {

class TapPump final : public Tap {
 public:
  // `upstream`: resolved addresses; `path`: of the Unix socket to remove at the end.
  TapPump(Descriptor listener, std::vector<std::string> upstream, uint16_t port, std::string path,
          TapSettings settings, Recorder& recorder);
  ~TapPump() override { stop(0); }

  uint16_t port() const override { return port_; }
  const TapCounts& counts() const override { return counts_; }
  std::string last_problem() const override;
  void stop(Microseconds grace) override;

 private:
  static constexpr size_t kChunk = size_t{64} * 1024;
  // So many full chunks of one end are forwarded before others have their turn.
  static constexpr int kTurn = 4;
  static constexpr uint64_t kListener = 0,
                            kWake = 1;  // an end of a pair has the pair's address, and its side
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kRetry{5};
  using Phase = TapPair::Phase;

  void watch(int socket, uint32_t events, uint64_t tag, int operation) const;
  void watch_end(TapPair& pair, size_t side, uint32_t events, int operation) const;
  void unwatch(const TapEnd& end) const;
  void run();
  void on_event(const epoll_event& event);
  void accept_all();
  static void set_up_connection(const Descriptor& socket);

  // tap_start.cc: until both ends are there
  void greet(TapPair& pair);
  void answer(TapPair& pair, char byte);
  void start_client_tls(TapPair& pair);
  void go_on_client_tls(TapPair& pair);
  void greeting_done(TapPair& pair, std::string_view packet);
  void connect_next(TapPair& pair);
  void wait_for_room(TapPair& pair);
  void connect_waiting();
  void on_connected(TapPair& pair);
  void read_tls_answer(TapPair& pair);
  void go_on_server_tls(TapPair& pair);
  void start_forwarding(TapPair& pair);
  void refuse(TapPair& pair, const std::string& why);
  void note_problem(const std::string& why);

  // tap_pump.cc: from then on
  void on_forwarding(TapPair& pair, size_t side, uint32_t events);
  void read_from(TapPair& pair, size_t side);
  void forward(TapPair& pair, size_t side, char* bytes, size_t size);
  void write_pending(TapPair& pair, size_t side);
  void finish_direction(TapPair& pair, size_t side);
  void settle(TapPair& pair);
  void kill(TapPair& pair);
  void update(TapPair& pair);
  uint32_t wanted_events(const TapPair& pair, size_t side) const;

  Descriptor listener_, epoll_, wake_;
  std::vector<std::string> upstream_;
  uint16_t port_;
  std::string path_;
  TapSettings settings_;
  Recorder& recorder_;
  std::string buffer_;
  std::unordered_map<uint64_t, TapPair> pairs_;
  std::vector<uint64_t> dead_;
  std::deque<uint64_t>
      waiting_;  // for room in the queue of the server's Unix socket; may name pairs that died
  Clock::time_point retry_at_{};
  TapCounts counts_;
  mutable std::mutex problem_lock_;
  std::string problem_;
  std::atomic<bool> stopping_{false};
  std::atomic<Microseconds> grace_{0};
  std::thread thread_;
};

}  // namespace pgsieve
