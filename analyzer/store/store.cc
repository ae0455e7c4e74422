#include "analyzer/store/store.h"

#include <fmt/format.h>

#include <bit>
#include <filesystem>

#include "analyzer/store/ingest_record.h"
#include "analyzer/workload/serialize.h"

namespace pgsieve {

namespace {

constexpr int kApplicationId = 0x70677376;  // "pgsv", as `file` shows it

constexpr const char* kTables = R"(
CREATE TABLE inputs(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, bytes INTEGER NOT NULL,
  content_high INTEGER NOT NULL, content_low INTEGER NOT NULL, added TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE patterns(
  fingerprint TEXT NOT NULL, arity TEXT NOT NULL, approximate INTEGER NOT NULL,
  query TEXT NOT NULL, calls INTEGER NOT NULL, errors INTEGER NOT NULL,
  total_ms REAL NOT NULL, mean_ms REAL, p95_ms REAL, max_ms REAL, rows INTEGER,
  first TEXT NOT NULL, last TEXT NOT NULL, facts BLOB NOT NULL,
  PRIMARY KEY(fingerprint, arity, approximate));
CREATE TABLE loops(
  fingerprint TEXT NOT NULL, arity TEXT NOT NULL, approximate INTEGER NOT NULL,
  parent_fingerprint TEXT NOT NULL, parent_arity TEXT NOT NULL, parent_approximate INTEGER NOT NULL,
  scopes INTEGER NOT NULL, executions INTEGER NOT NULL, facts BLOB NOT NULL,
  PRIMARY KEY(fingerprint, arity, approximate, parent_fingerprint, parent_arity, parent_approximate));
CREATE TABLE summary(id INTEGER PRIMARY KEY CHECK(id = 1), facts BLOB NOT NULL);
)";

Error store_error(const Database& database, std::string message, std::string hint = {}) {
  return {.message = std::move(message), .hint = std::move(hint), .file = database.path()};
}

// Nothing: it is a store this version can read. An empty database is none yet.
Status check_version(const Database& database) {
  const Result<int64_t> application = database.number("PRAGMA application_id");
  if (!application) return application.error();
  const Result<int64_t> version = database.number("PRAGMA user_version");
  if (!version) return version.error();
  if (*application != kApplicationId) return store_error(database, "this file is not a pgsieve store");
  if (*version > kStoreSchemaVersion) {
    return store_error(
        database,
        fmt::format("the store has version {}, this pgsieve knows {}", *version, kStoreSchemaVersion),
        "Use the newer pgsieve that wrote it");
  }
  return {};
}

Result<bool> is_empty(const Database& database) {
  const Result<int64_t> objects = database.number("SELECT count(*) FROM sqlite_schema");
  if (!objects) return objects.error();
  return *objects == 0;
}

}  // namespace

Result<Store> Store::open(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return Error{.message = "there is no such store", .hint = "Name captures to read into it", .file = path};
  }
  Result<Database> database = Database::open(path, Database::Mode::kRead);
  if (!database) return database.error();
  const Result<bool> empty = is_empty(*database);
  if (!empty) return empty.error();
  if (*empty) return store_error(*database, "the store is empty", "Name captures to read into it");
  if (Status failed = check_version(*database)) return *failed;
  // One snapshot for all that is read, whatever a writer commits meanwhile.
  if (Status failed = database->execute("BEGIN")) return *failed;
  return Store(std::move(*database));
}

Result<Store> Store::open_for_update(const std::string& path) {
  Result<Database> database = Database::open(path, Database::Mode::kWrite);
  if (!database) return database.error();
  const Result<bool> empty = is_empty(*database);
  if (!empty) return empty.error();
  if (!*empty) {
    if (Status failed = check_version(*database)) return *failed;
  }
  if (Status failed =
          database->execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; BEGIN IMMEDIATE;")) {
    return *failed;
  }
  // Asked again under the lock: another process may have made the store in between.
  const Result<bool> still_empty = is_empty(*database);
  if (!still_empty) return still_empty.error();
  if (!*still_empty) {
    if (Status failed = check_version(*database)) return *failed;
  }
  // What is written is of this version, also where an earlier one made the store.
  const std::string marks =
      fmt::format("PRAGMA application_id={}; PRAGMA user_version={};", kApplicationId, kStoreSchemaVersion);
  if (Status failed = database->execute((*still_empty ? std::string(kTables) + kIngestTables : "") + marks))
    return *failed;
  return Store(std::move(*database));
}

namespace {

template <typename Visit>
Status for_each_blob(const Database& database, std::string_view sql, Visit&& visit) {
  Result<Statement> query = database.prepare(sql);
  if (!query) return query.error();
  while (true) {
    const Result<bool> row = query->step();
    if (!row) return row.error();
    if (!*row) return {};
    if (Status failed = visit(query->text(0))) {
      failed->file = database.path();
      return failed;
    }
  }
}

Status load_workload(const Database& database, Workload& workload) {
  Status failed =
      for_each_blob(database, "SELECT facts FROM patterns", [&](std::string_view bytes) -> Status {
        Result<Pattern> pattern = deserialize_pattern(bytes);
        if (!pattern) return pattern.error();
        const PatternKey key = pattern->key;
        workload.patterns.insert_or_assign(key, std::move(*pattern));
        return {};
      });
  if (failed) return failed;
  failed = for_each_blob(database, "SELECT facts FROM loops", [&](std::string_view bytes) -> Status {
    Result<Loop> loop = deserialize_loop(bytes);
    if (!loop) return loop.error();
    const LoopKey key = loop->key;
    workload.loops.insert_or_assign(key, std::move(*loop));
    return {};
  });
  if (failed) return failed;
  return for_each_blob(database, "SELECT facts FROM summary",
                       [&](std::string_view bytes) { return deserialize_summary(bytes, workload); });
}

void bind_key(Statement& statement, int at, const PatternKey& key) {
  statement.bind(at, fingerprint_hex(key.fingerprint)).bind(at + 1, arity_name(key.arity));
  statement.bind(at + 2, int64_t{key.approximate ? 1 : 0});
}

Status save_pattern(Statement& statement, const Pattern& pattern) {
  const Histogram& durations = pattern.durations;
  const auto ms = [](int64_t microseconds) { return static_cast<double>(microseconds) / 1000.0; };
  bind_key(statement, 1, pattern.key);
  statement.bind(4, pattern.query).bind(5, static_cast<int64_t>(pattern.calls));
  statement.bind(6, static_cast<int64_t>(pattern.errors)).bind(7, pattern.total_ms());
  if (durations.count() == 0) {
    statement.bind_null(8).bind_null(9).bind_null(10);
  } else {
    statement.bind(8, durations.mean() / 1000.0)
        .bind(9, ms(durations.quantile(0.95)))
        .bind(10, ms(durations.max()));
  }
  if (pattern.rows_calls == 0) {
    statement.bind_null(11);
  } else {
    statement.bind(11, static_cast<int64_t>(pattern.rows_total));
  }
  statement.bind(12, format_time(pattern.first)).bind(13, format_time(pattern.last));
  return statement.bind_blob(14, serialize(pattern)).run();
}

Status save_patterns(const Database& database, const Workload& workload, const Workload& changed) {
  Result<Statement> insert =
      database.prepare("INSERT OR REPLACE INTO patterns VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  if (!insert) return insert.error();
  for (const auto& [key, unused] : changed.patterns) {
    const Pattern* pattern = workload.find(key);
    if (pattern == nullptr) continue;
    if (Status failed = save_pattern(*insert, *pattern)) return failed;
  }
  return {};
}

Status save_loops(const Database& database, const Workload& workload, const Workload& changed) {
  Result<Statement> insert = database.prepare("INSERT OR REPLACE INTO loops VALUES(?,?,?,?,?,?,?,?,?)");
  if (!insert) return insert.error();
  for (const auto& [key, unused] : changed.loops) {
    const auto loop = workload.loops.find(key);
    if (loop == workload.loops.end()) continue;
    bind_key(*insert, 1, key.child);
    bind_key(*insert, 4, key.parent);
    insert->bind(7, static_cast<int64_t>(loop->second.scopes))
        .bind(8, static_cast<int64_t>(loop->second.executions));
    if (Status failed = insert->bind_blob(9, serialize(loop->second)).run()) return failed;
  }
  return {};
}

Status save_inputs(const Database& database, const std::vector<StoredInput>& added) {
  Result<Statement> insert =
      database.prepare("INSERT INTO inputs(name, bytes, content_high, content_low) VALUES(?,?,?,?)");
  if (!insert) return insert.error();
  for (const StoredInput& input : added) {
    insert->bind(1, input.name).bind(2, static_cast<int64_t>(input.content.bytes));
    insert->bind(3, std::bit_cast<int64_t>(input.content.identity.high));
    insert->bind(4, std::bit_cast<int64_t>(input.content.identity.low));
    if (Status failed = insert->run()) return failed;
  }
  return {};
}

}  // namespace

Result<StoreContents> Store::load() const {
  StoreContents contents;
  if (Status failed = load_workload(database_, contents.workload)) return *failed;
  Result<IngestStats> ingest = load_ingest(database_);
  if (!ingest) return ingest.error();
  contents.ingest = std::move(*ingest);
  return contents;
}

Result<std::vector<StoredInput>> Store::inputs() const {
  Result<Statement> query =
      database_.prepare("SELECT name, bytes, content_high, content_low FROM inputs ORDER BY id");
  if (!query) return query.error();
  std::vector<StoredInput> inputs;
  while (true) {
    const Result<bool> row = query->step();
    if (!row) return row.error();
    if (!*row) return inputs;
    inputs.push_back({.name = std::string(query->text(0)),
                      .content = {.bytes = static_cast<uint64_t>(query->number(1)),
                                  .identity = {.high = std::bit_cast<uint64_t>(query->number(2)),
                                               .low = std::bit_cast<uint64_t>(query->number(3))}}});
  }
}

Status Store::commit(const StoreContents& contents, const Workload& changed,
                     const std::vector<StoredInput>& added) {
  if (Status failed = save_patterns(database_, contents.workload, changed)) return failed;
  if (Status failed = save_loops(database_, contents.workload, changed)) return failed;
  {
    Result<Statement> summary = database_.prepare("INSERT OR REPLACE INTO summary VALUES(1, ?)");
    if (!summary) return summary.error();
    if (Status failed = summary->bind_blob(1, serialize_summary(contents.workload)).run()) return failed;
  }
  if (Status failed = save_ingest(database_, contents.ingest)) return failed;
  if (Status failed = save_inputs(database_, added)) return failed;
  return database_.execute("COMMIT");
}

}  // namespace pgsieve
