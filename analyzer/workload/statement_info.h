// StatementInfo: what the trackers need to know about a statement, worked out once per distinct text key.
// StatementCache: from scan key to info.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyzer/base/hash.h"
#include "analyzer/sql/scan.h"
#include "analyzer/workload/link.h"
#include "analyzer/workload/pattern.h"

namespace pgsieve {

// What a statement means for the sequence it stands in.
enum class StatementClass : uint8_t {
  kQuery,  // a read that counts
  kWrite,  // INSERT / UPDATE / DELETE / MERGE
  kBegin,
  kCommit,
  kRollback,
  kSavepoint,
  kRollbackTo,
  kPoolReset,    // DISCARD ALL, RESET ALL: a connection pool handed the session over
  kSetting,      // SET search_path / ROLE / SESSION AUTHORIZATION: the same text now means something else
  kCursor,       // DECLARE: the query behind later FETCHes
  kFetch,        // FETCH: more rows of a cursor
  kTransparent,  // everything else: neither counts nor breaks a run (SET, SHOW, DEALLOCATE, SELECT 1,
                 // catalogue look-ups, …)
};

// A slot whose value is followed.
struct ValueSlot {
  uint16_t ordinal = 0;    // scan order
  uint16_t parameter = 0;  // n of $n; 0: a literal
  SlotRole role = SlotRole::kNone;
  bool array = false;  // an array that stands for a list
};

struct StatementInfo {
  static constexpr size_t kMaxValueSlots = 8;

  StatementClass kind = StatementClass::kTransparent;
  PatternKey key;
  Pattern* pattern = nullptr;  // null: beyond the cap on patterns
  PatternKey one_key;          // the variant for an array parameter that holds one element
  Pattern* one_pattern = nullptr;
  bool excluded = false;    // WorkloadOptions::exclude_sql matches it
  bool array_list = false;  // the arity depends on an array parameter's value
  std::shared_ptr<const StatementShape>
      shape;                     // null once the pattern has it: most statements differ in slots only
  bool returning = false;        // of the shape
  bool locks_rows = false;       // SELECT … FOR UPDATE and its kin
  bool wipes = false;            // TRUNCATE, or DELETE of all rows
  std::vector<ValueSlot> slots;  // at most kMaxValueSlots, those that select rows first
  uint64_t signature = 0;        // of the slots' kinds and parameter numbers: see slot_signature()
  uint32_t ordinal = 0;          // small dense number of the pattern
  uint32_t one_ordinal = 0;      // of one_pattern
  uint32_t link_number = 0;  // small dense number of `link`, from 1: equal ones of one fingerprint share it
  uint32_t parent_number = UINT32_MAX;  // another one, of those whose rows may feed others; UINT32_MAX: none
  std::vector<struct TableFact*> read_facts, write_facts;  // set by the builder; null-free
  uint32_t limit_slot = kNoIndex, offset_slot = kNoIndex;
  int64_t limit_value = -1;       // literal LIMIT that is part of no slot
  std::vector<uint16_t> key_list;  // slots with the keys that all its rows have: see key_list_slots()
  bool needs_parameters = false;  // has $n
  bool single_value = true;       // arity scalar or one: a child of a loop; false: a batch
  // What following the sessions wants to know of `link` each time.
  bool many_rows = false, unsure_rows = false, asks_for_rows = false;
  std::shared_ptr<const LinkProfile>
      link;  // never null; the builder lets infos that differ in slots share it
  std::vector<CompactText> tables_read, tables_written;  // as written, "schema.name" when qualified
  uint64_t read_mask = 0, write_mask = 0;                // one bit per table
  CompactText name;                                      // cursor or prepared statement name
  std::shared_ptr<const StatementInfo> cursor_query;     // kCursor: the query inside
  CompactText reference_text;  // a text that gives this info; empty: the pattern's is one
  CompactText parse_error;

  // Of the pattern that an execution of this statement has.
  uint32_t ordinal_of(const PatternKey& execution) const {
    return array_list && execution == one_key ? one_ordinal : ordinal;
  }
};

// Of the slots of a scan: two texts of one fingerprint and one signature have the same slots in the same
// order. `key` is the normalised text that scanning it left behind.
uint64_t slot_signature(const StatementScan& scan, std::string_view key);

// Everything but the patterns. Pure and thread-safe: one text gives one result. `drawn` is the text's, its
// shape included; then the signature is left to the caller.
std::shared_ptr<StatementInfo> describe_statement(std::string_view text, const StatementScan& scan,
                                                  const Schema* schema);
std::shared_ptr<StatementInfo> describe_statement(std::string_view text, const StatementScan& scan,
                                                  const Schema* schema, FingerprintedShape drawn);

// From scan key to what is known. Bounded: when full, the half that was not used lately is forgotten. Not
// thread-safe.
class StatementCache {
 public:
  explicit StatementCache(size_t capacity) : capacity_(capacity) {}

  // nullptr: not known.
  std::shared_ptr<StatementInfo>* find(const Hash128& key);
  std::shared_ptr<StatementInfo>& insert(const Hash128& key, std::shared_ptr<StatementInfo> info);
  uint64_t forgotten() const { return forgotten_; }

 private:
  using Map = std::unordered_map<Hash128, std::shared_ptr<StatementInfo>, Hash128Hasher>;
  size_t capacity_;
  Map young_, old_;
  uint64_t forgotten_ = 0;
};

}  // namespace pgsieve
