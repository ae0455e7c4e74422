// Decisions: what people have said about suggested indexes, remembered in a file that is checked in beside
// the code (pgsieve-indexes.toml).
//
// The key of a decision is the normalised definition of the index (definition_key()), so that it outlives
// renamed columns in other parts of a statement, new fingerprints and other spellings. The file is written
// sorted, one table per index, one line per member: two branches that decide on different indexes merge
// without a conflict.
//
//   ["public.orders btree (user_id, created_at)"]
//   decision = "rejected"
//   ddl = "CREATE INDEX …"
//   …
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/advisor/index_definition.h"
#include "analyzer/base/error.h"

namespace pgsieve {

inline constexpr std::string_view kDecisionsFile = "pgsieve-indexes.toml";

// A day as people write it, "2026-11-22"; empty: none. Compared as text.
using Day = std::string;
bool is_day(std::string_view text);

struct Decision {
  enum class Verdict : uint8_t { kAccepted, kRejected };
  enum class Outcome : uint8_t { kNone, kKept, kFailed, kUnclear };  // of `index verify`
  Verdict verdict = Verdict::kAccepted;
  bool drop = false;      // about removing an index that exists
  std::string ddl;        // CREATE INDEX without CONCURRENTLY; of an index to drop, what would bring it back
  std::string name;       // of the index
  std::string extension;  // that it needs
  std::string reason;     // required of a rejection
  std::string by;         // who decided
  Day on;                 // when
  Day until;              // a rejection holds until then
  std::vector<std::string> statements;  // fingerprints it was accepted for, 16 hexadecimal digits
  Outcome outcome = Outcome::kNone;
  Day verified;        // when the outcome was found
  std::string result;  // one sentence about it

  // False: a rejection whose time is over; the index may be proposed again.
  bool holds(const Day& today) const;
};
std::string_view outcome_name(Decision::Outcome outcome);  // "kept", "failed", "unclear"; "" for none

// The key of a decision about creating or dropping an index.
std::string decision_key(const IndexDefinition& definition, bool drop);

class Decisions {
 public:
  // An absent file is an empty one. Error: not TOML, an unknown member or value; with the line.
  static Result<Decisions> load(const std::string& path);
  static Result<Decisions> parse(std::string_view text, const std::string& file_name);

  const Decision* find(const std::string& key) const;
  void set(const std::string& key, Decision decision);
  bool erase(const std::string& key) { return decisions_.erase(key) != 0; }
  const std::map<std::string, Decision>& all() const { return decisions_; }

  std::string text() const;
  // Replaces the file in one step: a reader sees the old or the new one.
  Status save(const std::string& path) const;

 private:
  std::map<std::string, Decision> decisions_;
};

}  // namespace pgsieve
