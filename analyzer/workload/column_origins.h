// ColumnOrigins: which table and column a result column came from, by name.
//
// The protocol gives a table's object id and an attribute number. Where a statement reads one base table, the
// id is that table's; what was learned so serves the statements that join several. The schema of a capture
// does not change while it is read, so an id keeps its meaning; per database. Bounded.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/capture/event.h"
#include "analyzer/sql/shape.h"

namespace pgsieve {

class ColumnOrigins {
 public:
  // The event's columns with names filled in where they are known. Valid until the next call.
  std::span<const ResultColumn> name(const Event& event, const StatementShape& shape);

 private:
  static constexpr size_t kMaxNames = 65'536;
  uint64_t table_key(const Event& event, const ResultColumn& column) const;

  std::unordered_map<uint64_t, std::string> tables_;   // by database and object id
  std::unordered_map<uint64_t, std::string> columns_;  // by that and the attribute
  std::vector<ResultColumn> named_;
};

}  // namespace pgsieve
