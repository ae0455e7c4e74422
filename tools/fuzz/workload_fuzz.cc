// What a store holds: facts and open scopes. The first byte chooses; whatever the rest is, it is refused or
// can be used: written again the same, merged, gone on from and closed.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "analyzer/workload/builder.h"
#include "analyzer/workload/open_scopes.h"
#include "analyzer/workload/serialize.h"

namespace {

using namespace pgsieve;

// A small workload that open scopes can refer to.
Workload known_statements() {
  WorkloadBuilder builder;
  uint64_t time = 0;
  for (const char* text :
       {"SELECT id FROM posts", "SELECT * FROM comments WHERE post_id = 1",
        "SELECT * FROM comments WHERE post_id = 2", "BEGIN", "UPDATE posts SET a = 1 WHERE id = 2",
        "DECLARE c CURSOR FOR SELECT id FROM posts"}) {
    StatementScan scan;
    std::string scratch;
    scan_statement(text, scan, scratch);
    Event event;
    event.session = 1;
    event.text = text;
    event.scan = &scan;
    event.time = static_cast<Microseconds>(++time * 1000);
    event.duration = 10;
    builder.on_event(event);
  }
  return builder.finish(/*close_scopes=*/false);
}

void go_on(const Workload& stored) {
  WorkloadBuilder builder;
  builder.resume(stored);
  const Workload open = builder.finish(/*close_scopes=*/false);
  builder.resume(stored);
  Workload closed = builder.finish();
  closed.merge(open);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    const Result<Workload> workload = deserialize_workload(bytes);
    if (!workload) return 0;
    const std::string written = serialize(*workload);
    const Result<Workload> again = deserialize_workload(written);
    if (!again || serialize(*again) != written) std::abort();
    go_on(*workload);
  } else {
    static const Workload known = known_statements();
    Workload stored = known;
    stored.open_scopes = join_scopes({std::string(bytes)});
    go_on(stored);
  }
  return 0;
}
