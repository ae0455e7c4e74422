// Statistics: what PostgreSQL's ANALYZE knows about columns
// (https://www.postgresql.org/docs/current/view-pg-stats.html), and the sizes of tables and indexes. Plain
// data, immutable after loading and then safe to share between threads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgsieve {

struct ColumnStatistics {
  double null_fraction = 0;
  double average_width = 0;           // bytes
  double distinct = 0;                // as pg_stats.n_distinct: negative is a fraction of the rows, 0 unknown
  std::optional<double> correlation;  // of physical and logical order, -1 to 1
  std::vector<std::string> common_values;  // may be empty where values are kept out of an export
  std::vector<double> common_frequencies;  // parallel to common_values, or alone when values are kept out
  std::vector<std::string> histogram;      // bounds in text form, ascending
};

struct RelationStatistics {
  double rows = 0;   // negative: unknown
  double pages = 0;  // negative: unknown
  std::optional<uint64_t> scans;  // idx_scan of an index since its statistics began
  std::map<std::string, ColumnStatistics, std::less<>> columns;  // by column name
};

class Statistics {
 public:
  // "name" stands for "public.name". Adds it when it isn't there.
  RelationStatistics& relation(std::string_view schema, std::string_view name);
  const RelationStatistics* find(std::string_view schema, std::string_view name) const;
  const ColumnStatistics* find_column(std::string_view schema, std::string_view table,
                                      std::string_view column) const;
  bool empty() const { return relations_.empty(); }
  const std::map<std::string, RelationStatistics, std::less<>>& relations() const { return relations_; }

 private:
  std::map<std::string, RelationStatistics, std::less<>> relations_;  // "schema.name"; tables and indexes
};

}  // namespace pgsieve
