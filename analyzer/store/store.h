// Store: a workload kept in a SQLite file, so that traffic can be collected over days and judged at any time.
//
// The file is in WAL mode. Everything one ingest adds becomes visible in one transaction: a process killed at
// any moment leaves the state before or the state after, and readers never wait. One writer at a time; a
// second one waits for up to a minute. Patterns are in rows that any SQLite client can query; the columns
// beside `facts` are copies for that purpose.
#pragma once

#include <string>
#include <vector>

#include "analyzer/base/error.h"
#include "analyzer/capture/ingest.h"
#include "analyzer/store/content.h"
#include "analyzer/store/sqlite.h"
#include "analyzer/workload/workload.h"

namespace pgsieve {

inline constexpr int kStoreSchemaVersion = 2;

// One input that was read into the store. Standard input has no content to know it by (content.bytes == 0).
struct StoredInput {
  std::string name;
  Content content;
};

struct StoreContents {
  Workload workload;  // its open scopes still open
  IngestStats ingest;
};

class Store {
 public:
  // Opens an existing store for reading. Fails when there is none, or it is no store, or a newer pgsieve made
  // it.
  static Result<Store> open(const std::string& path);
  // Opens or creates a store for writing and takes the write lock. Nothing is changed before commit(); a
  // Store that goes away without it leaves no trace (but an empty store where there was no file).
  static Result<Store> open_for_update(const std::string& path);

  Result<StoreContents> load() const;
  Result<std::vector<StoredInput>> inputs() const;

  // Writes what has become of the store: `contents` whole, `changed` the workload of the new events alone (it
  // tells which rows need writing), `added` the inputs they came from. Ends the update.
  Status commit(const StoreContents& contents, const Workload& changed,
                const std::vector<StoredInput>& added);

 private:
  explicit Store(Database database) : database_(std::move(database)) {}
  Database database_;
};

}  // namespace pgsieve
