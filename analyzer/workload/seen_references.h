// What the statements of a workload give away of the references between tables: joins say that
// tasks.performed_by is a staff.id, and no table's name is in that column's. Stands in for foreign keys where
// no schema declares any. Pure; immutable once made, so safe to share between threads.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/workload/link.h"
#include "analyzer/workload/workload.h"

namespace pgsieve {

class SeenReferences {
 public:
  explicit SeenReferences(const Workload& workload);

  // The tables whose own keys some statement joins that column with; null: no statement does.
  const std::set<std::string>* targets(const std::string& table, const std::string& column) const;
  // True when some table of the workload other than `except` has the name that is in the column's:
  // vehicle_id, where there are vehicles.
  bool names_other_table(const LinkProfile::ColumnName& column, const std::set<std::string>& except) const;

 private:
  void add(const StatementShape& shape);

  std::map<std::pair<std::string, std::string>, std::set<std::string>> targets_;  // (table, column) → tables
  std::map<uint32_t, std::vector<LinkProfile::TableName>> tables_;                // by the name's last word
  std::set<std::string> known_;                                                   // those in tables_
};

std::shared_ptr<const SeenReferences> seen_references(const Workload& workload);

}  // namespace pgsieve
