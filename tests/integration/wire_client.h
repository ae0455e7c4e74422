// WireClient: a PostgreSQL client that says exactly what the test wants said, message by message.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgsieve::testing {

class WireClient {
 public:
  // Connects to 127.0.0.1:port as `postgres`, and waits until the server is ready.
  WireClient(uint16_t port, std::string_view application);
  ~WireClient();
  WireClient(const WireClient&) = delete;
  WireClient& operator=(const WireClient&) = delete;

  bool connected() const { return socket_ >= 0 && ready_; }
  // Everything that is said until flush() goes out in one piece.
  WireClient& query(std::string_view text);
  WireClient& parse(std::string_view name, std::string_view text);
  WireClient& bind(std::string_view portal, std::string_view statement,
                   const std::vector<std::optional<std::string>>& values = {});
  WireClient& describe(char what, std::string_view name);
  WireClient& execute(std::string_view portal, uint32_t limit = 0);
  WireClient& close(char what, std::string_view name);
  WireClient& sync();
  WireClient& ask_to_flush();
  WireClient& copy_data(std::string_view bytes);
  WireClient& copy_done();
  WireClient& copy_fail(std::string_view why);
  WireClient& raw(std::string_view bytes);
  WireClient& flush();
  // Sends, and reads until the server has said `what` so many times: 'Z' ready, 'G' send copy data, ….
  // The type bytes of all that came, notices and parameters left out. A connection that ends gives what came.
  std::string until(char what, int times = 1);
  void leave();   // says goodbye
  void vanish();  // with a reset

 private:
  WireClient& message(char type, std::string_view body);
  int socket_ = -1;
  bool ready_ = false;
  std::string out_, in_;
};

// "127.0.0.1:port" for a client of `port`.
int connect_to(uint16_t port);

}  // namespace pgsieve::testing
