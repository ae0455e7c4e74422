// WriteModel: what indexes cost the workload's own writes.
//
// An INSERT writes one entry into each index of the table. An UPDATE that sets no indexed column is
// "heap-only" (HOT) and writes none; any other writes one into each index, whatever it set. So one index too
// many on a column that is updated often costs an entry in every index of the table. A DELETE writes none
// (https://www.postgresql.org/docs/current/storage-hot.html). Immutable after construction.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "analyzer/advisor/proposal.h"
#include "analyzer/schema/schema.h"
#include "analyzer/workload/workload.h"

namespace pgsieve {

class WriteModel {
 public:
  WriteModel(const Workload& workload, const Schema& schema, double entry_ms);

  // Price of a set of new indexes over the capture, in ms.
  double cost_ms(const std::vector<const IndexDefinition*>& added) const;

  // Of one index, when nothing else is added.
  WriteCost of(const IndexDefinition& added) const;

  // Index entries per second that go away with an existing index.
  double entries_per_second(const Table& table, const Index& index) const;

  bool any_writes() const { return any_writes_; }

 private:
  struct Update {
    const Pattern* pattern = nullptr;
    std::vector<std::string> columns;
    double calls = 0;
    bool heap_only = true;  // today
  };
  struct Writes {
    const Table* table = nullptr;
    double inserts = 0;  // rows
    std::vector<Update> updates;
  };

  double entries(const Writes& writes, const std::vector<const IndexDefinition*>& added) const;
  const Writes* writes_of(const IndexDefinition& definition) const;

  std::map<std::string, Writes> tables_;  // "schema.table"
  double entry_ms_;
  double seconds_ = 0;  // the capture lasts
  bool any_writes_ = false;
};

}  // namespace pgsieve
