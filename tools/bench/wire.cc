// bench_wire [CAPTURE [ROUNDS]]: what decoding costs, in CPU time of the thread that does it.
//
// Without CAPTURE, traffic is made up: transactions of a prepared SELECT by key on eight connections (what
// pgbench -S -M prepared sends), one large result, and COPY in both directions, in pieces as a tap forwards
// them. Printed are nanoseconds per transaction and milliseconds per MB, decoded alone and with the facts
// drawn (Workload). CAPTURE is a packet capture or a recording: MB of it per CPU second, from the open file
// to the Workload. The best of ROUNDS (default 5) is printed: a busy machine disturbs it least.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/capture/ingest.h"
#include "analyzer/wire/capture_reader.h"
#include "analyzer/wire/conversation_decoder.h"
#include "analyzer/wire/conversation_file.h"
#include "analyzer/workload/builder.h"

namespace {

using pgsieve::Microseconds;
using pgsieve::Side;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Chunk {
  uint64_t id = 0;
  Side side = Side::kClient;
  std::string bytes;
};

std::string number(uint64_t value, int size) {
  std::string out;
  for (int i = size - 1; i >= 0; --i)
    out.push_back(static_cast<char>(value >> (8 * static_cast<unsigned>(i))));
  return out;
}

std::string text(std::string_view value) {
  return std::string(value) + '\0';
}

std::string message(char type, const std::string& body) {
  return std::string(1, type) + number(body.size() + 4, 4) + body;
}

std::string startup() {
  const std::string body =
      number(196'608, 4) + text("user") + text("app") + text("database") + text("shop") + '\0';
  return number(body.size() + 4, 4) + body;
}

std::string ready() {
  return message('Z', "I");
}

std::string greeting() {
  return message('R', number(0, 4)) + ready();
}

std::string column(std::string_view name, uint32_t type) {
  return text(name) + number(16'384, 4) + number(1, 2) + number(type, 4) + number(4, 2) + number(0, 4) +
         number(0, 2);
}

std::string row(const std::vector<std::string>& values) {
  std::string body = number(values.size(), 2);
  for (const std::string& value : values) body += number(value.size(), 4) + value;
  return message('D', body);
}

void open(std::vector<Chunk>& chunks, uint64_t id) {
  chunks.push_back({id, Side::kClient, startup()});
  chunks.push_back({id, Side::kServer, greeting()});
}

// As libpq sends them: the statement is prepared once, the portal described each time.
std::vector<Chunk> prepared_transactions(size_t count) {
  constexpr uint64_t kConnections = 8;
  std::vector<Chunk> chunks;
  for (uint64_t id = 1; id <= kConnections; ++id) {
    open(chunks, id);
    const std::string query = "SELECT abalance FROM pgbench_accounts WHERE aid = $1;";
    chunks.push_back({id, Side::kClient,
                      message('P', text("P0_1") + text(query) + number(0, 2)) + message('S', std::string())});
    chunks.push_back({id, Side::kServer, message('1', std::string()) + ready()});
  }
  for (size_t i = 0; i < count; ++i) {
    const std::string key = std::to_string(i * 7919 % 100'000);
    const uint64_t id = i % kConnections + 1;
    chunks.push_back({id, Side::kClient,
                      message('B', text("") + text("P0_1") + number(0, 2) + number(1, 2) +
                                       number(key.size(), 4) + key + number(1, 2) + number(0, 2)) +
                          message('D', "P" + text("")) + message('E', text("") + number(0, 4)) +
                          message('S', std::string())});
    chunks.push_back({id, Side::kServer,
                      message('2', std::string()) + message('T', number(1, 2) + column("abalance", 23)) +
                          row({std::to_string(i % 1000)}) + message('C', text("SELECT 1")) + ready()});
  }
  return chunks;
}

// Cuts the bytes of one side into pieces as large as a tap reads them.
void append_in_pieces(std::vector<Chunk>& chunks, Side side, std::string_view bytes) {
  constexpr size_t kPiece = size_t{64} * 1024;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(kPiece, bytes.size())))
    chunks.push_back({1, side, std::string(bytes.substr(0, kPiece))});
}

std::vector<Chunk> large_result(size_t rows) {
  std::vector<Chunk> chunks;
  open(chunks, 1);
  chunks.push_back({1, Side::kClient, message('Q', text("SELECT i, repeat('x', 80) FROM big"))});
  std::string answer = message('T', number(2, 2) + column("i", 23) + column("repeat", 25));
  for (size_t i = 0; i < rows; ++i) answer += row({std::to_string(i), std::string(80, 'x')});
  answer += message('C', text(fmt::format("SELECT {}", rows))) + ready();
  append_in_pieces(chunks, Side::kServer, answer);
  return chunks;
}

std::vector<Chunk> copy(Side from, size_t rows) {
  std::vector<Chunk> chunks;
  open(chunks, 1);
  const bool out = from == Side::kServer;
  chunks.push_back(
      {1, Side::kClient, message('Q', text(out ? "COPY big TO STDOUT" : "COPY big FROM STDIN"))});
  std::string data;
  for (size_t i = 0; i < rows; ++i) data += message('d', fmt::format("{}\t{}\n", i, std::string(85, 'y')));
  chunks.push_back({1, Side::kServer, message(out ? 'H' : 'G', number(0, 1) + number(0, 2))});
  append_in_pieces(chunks, from, data + message('c', std::string()));
  chunks.push_back({1, Side::kServer, message('C', text(fmt::format("COPY {}", rows))) + ready()});
  return chunks;
}

class Nothing final : public pgsieve::EventSink {
 public:
  void on_event(const pgsieve::Event& /*event*/) override {}
};

double decode(const std::vector<Chunk>& chunks, pgsieve::EventSink& sink) {
  pgsieve::WireCounts counts;
  pgsieve::ConversationDecoder decoder(1, 0, counts, sink);
  for (uint64_t id = 1; id <= 8; ++id) decoder.open(id, "127.0.0.1", 1'000'000);
  Microseconds time = 1'000'000;
  const double start = cpu_seconds();
  for (const Chunk& chunk : chunks) decoder.data(chunk.id, chunk.side, chunk.bytes, time += 10);
  const double spent = cpu_seconds() - start;
  decoder.finish();
  if (counts.unmatched + counts.unresolved + counts.undecodable != 0) {
    fmt::print(stderr, "bench_wire: the traffic was not understood\n");
    std::exit(1);
  }
  return spent;
}

void measure(const char* name, const std::vector<Chunk>& chunks, double units, const char* unit, int rounds) {
  double alone = 1e9, with_facts = 1e9;
  for (int i = 0; i < rounds; ++i) {
    Nothing nothing;
    alone = std::min(alone, decode(chunks, nothing));
    pgsieve::WorkloadBuilder builder;
    with_facts = std::min(with_facts, decode(chunks, builder));
  }
  fmt::print("{:<22} {:8.3f} {} decoded, {:8.3f} with its facts\n", name, alone / units, unit,
             with_facts / units);
}

void measure_bulk(const char* name, const std::vector<Chunk>& chunks, int rounds) {
  size_t bytes = 0;
  for (const Chunk& chunk : chunks) bytes += chunk.bytes.size();
  measure(name, chunks, static_cast<double>(bytes) / 1e6 / 1e3, "ms/MB", rounds);
}

int measure_file(const std::string& path, int rounds) {
  std::error_code failed;
  const auto size = static_cast<double>(std::filesystem::file_size(path, failed));
  double best = 1e9;
  uint64_t executions = 0;
  for (int i = 0; i < rounds; ++i) {
    pgsieve::WorkloadBuilder builder;
    pgsieve::IngestOptions options;
    options.formats = {pgsieve::packet_capture_format(), pgsieve::conversation_format()};
    const double start = cpu_seconds();
    const pgsieve::Result<pgsieve::IngestStats> stats = pgsieve::ingest({path}, options, builder);
    best = std::min(best, cpu_seconds() - start);
    if (!stats) {
      fmt::print(stderr, "bench_wire: {}\n", stats.error().to_string());
      return 1;
    }
    executions = stats->executions;
  }
  fmt::print("{}: {:.1f} MB per CPU second, {} statements\n", path, size / 1e6 / best, executions);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<size_t>(argc));
  const int rounds = arguments.size() > 2 ? std::max(1, std::atoi(arguments[2])) : 5;
  if (arguments.size() > 1) return measure_file(arguments[1], rounds);
  constexpr size_t kTransactions = 200'000, kRows = 1'000'000;
  measure("prepared transaction", prepared_transactions(kTransactions), static_cast<double>(kTransactions) / 1e6, "us", rounds);
  measure_bulk("large result", large_result(kRows), rounds);
  measure_bulk("COPY out", copy(Side::kServer, kRows), rounds);
  measure_bulk("COPY in", copy(Side::kClient, kRows), rounds);
  return 0;
}
