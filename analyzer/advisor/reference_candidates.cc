// Candidates that a foreign key asks for, not a statement: see candidate.h.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "analyzer/advisor/candidate.h"

namespace pgsieve {

std::vector<Candidate> reference_candidates(const Schema& schema, const Table& parent) {
  std::vector<Candidate> found;
  for (const Table& child : schema.tables()) {
    for (const ForeignKey& key : child.foreign_keys) {
      if (schema.find(key.target_schema, key.target_table) != &parent || key.columns.empty()) continue;
      // Any order of the columns will do, as long as they come first.
      const bool indexed = std::ranges::any_of(child.indexes, [&key](const Index& index) {
        if (index.method != "btree" || !index.predicate.empty() || index.keys.size() < key.columns.size())
          return false;
        return std::all_of(index.keys.begin(),
                           index.keys.begin() + static_cast<std::ptrdiff_t>(key.columns.size()),
                           [&key](const IndexKey& each) {
                             return std::ranges::find(key.columns, each.column) != key.columns.end();
                           });
      });
      if (indexed) continue;
      Candidate candidate;
      candidate.index.schema = child.schema;
      candidate.index.table = child.name;
      for (const std::string& column : key.columns) {
        IndexKey made;
        made.column = column;
        candidate.index.keys.push_back(std::move(made));
      }
      candidate.kind = Candidate::Kind::kReference;
      candidate.complete = true;
      candidate.why =
          fmt::format("foreign key {} references {}: without it, every deleted row of {} scans {}", key.name,
                      parent.name, parent.name, child.name);
      found.push_back(std::move(candidate));
    }
  }
  return found;
}

}  // namespace pgsieve
