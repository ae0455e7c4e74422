// Workload: the facts of a capture, and nothing but facts. A commutative monoid: Workload() is neutral,
// merge() is commutative and associative, and merge(facts(a), facts(b)) == facts(a then b) whenever no
// session spans both inputs (nor a request whose statements are spread over sessions of both). For a session
// that does, the open scopes travel along (open_scopes) and the WorkloadBuilder of the next run goes on where
// this one stopped.
//
// Not thread-safe while it is being built or merged; afterwards any number of readers.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/error.h"
#include "analyzer/workload/loop.h"
#include "analyzer/workload/pattern.h"
#include "analyzer/workload/unit_facts.h"

namespace pgsieve {

// What plans revealed about a table, whatever statement they belonged to.
struct TableFact {
  double max_scanned_rows =
      0;  // rows + rows removed of the largest sequential scan: a lower bound of the table's size
  uint64_t seq_scans = 0;
  uint64_t reads = 0;   // executions of statements that read it
  uint64_t writes = 0;  // executions of INSERT / UPDATE / DELETE on it
  friend bool operator==(const TableFact&, const TableFact&) = default;
};

// Everything that was left out for want of room, by what was dropped. Reported, never silent.
struct Dropped {
  uint64_t patterns = 0;          // executions of patterns beyond the cap
  uint64_t loops = 0;             // loop and repeat observations beyond the cap
  uint64_t scopes = 0;            // open scopes closed early by the cap
  uint64_t scope_statements = 0;  // statements of a scope beyond its window
  friend bool operator==(const Dropped&, const Dropped&) = default;
};

class Workload {
 public:
  std::map<PatternKey, Pattern> patterns;
  std::map<LoopKey, Loop> loops;
  std::map<LoopKey, LatentPair> latent_pairs;  // linked statements that ran one to one
  std::map<PatternKey, Repeat> repeats;
  std::map<std::string, TableFact> tables;  // "name" or "schema.name" as written
  Units units;         // empty unless WorkloadOptions::track_units
  FacetCounts marked;  // client programs that name their tests by markers: application_name, or the database
  FacetCounts windows;  // session windows, by database
  Dropped dropped;
  uint64_t executions = 0;  // each executed statement once
  uint64_t errors = 0;
  uint64_t client_timed = 0;         // executions whose time a client took: spans
  uint64_t unparsed_statements = 0;  // executions whose text the grammar rejected
  uint64_t sessions = 0;
  Microseconds first = kUnknownTime, last = kUnknownTime;
  // Scopes that were still open at the end of the input, as bytes (see open_scopes.h); merging keeps those of
  // both. Empty when the capture was closed with WorkloadBuilder::finish(true).
  std::string open_scopes;

  void merge(const Workload& other);

  // Moves every fact to another place in memory. Facts are made among what follows the sessions, and when
  // that is freed, they keep nearly every page; copied one after the other, they fill the holes of the first
  // pages, and the rest can be given back (give_back_memory()). Pointers to facts, and iterators, are void.
  void compact();

  const Pattern* find(const PatternKey& key) const;
  const Pattern* find_fingerprint(uint64_t fingerprint) const;  // any arity
};

}  // namespace pgsieve
