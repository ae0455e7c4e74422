// TableNames: the names of tables and columns, asked of the server's catalogue on connections of our own.
//
// The protocol names the origin of a result column by object id and attribute number. The first time an id is
// seen, all tables of that database are read at once; the connection is closed again right away, so that
// nobody who drops the database finds it in use. Ids of tables that are not visible yet are asked for again,
// at most every kPause. A server that can't be asked is told once, and names stay unknown. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/capture/event.h"

namespace pgsieve {

class TableNames {
 public:
  static constexpr std::chrono::seconds kPause{2};
  static constexpr size_t kMaxDatabases = 256;

  // `url`: of the server, as libpq takes it; the database is replaced.
  explicit TableNames(std::string url);
  ~TableNames();

  // The sink that fills in names and hands on to `next`, which outlives it; always the same. Owned by this.
  EventSink& before(EventSink& next);

 private:
  class Sink;
  struct Table {
    std::string name;
    std::unordered_map<uint16_t, std::string> columns;
  };
  struct Database {
    std::unordered_map<uint32_t, Table> tables;
    std::chrono::steady_clock::time_point asked{};
    bool unreachable = false;
  };
  const Table* find(std::string_view database, uint32_t table);
  void read(const std::string& name, Database& database);

  std::string url_;
  std::unordered_map<std::string, Database> databases_;
  std::unique_ptr<Sink> sink_;
};

}  // namespace pgsieve
