// What one run over a log leaves to the next: of each session that may go on, what belongs to statements
// still to come. Numbers and hashes only, no text and no value; but for a statement whose last entry has not
// come and a plan whose statement has not, which are left to the next run whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "analyzer/capture/backend.h"

namespace pgsieve {

class SessionRests {
 public:
  SessionRests() = default;
  // As written by text(); what does not look like it is left out.
  explicit SessionRests(std::string_view text);

  // Of the backend's last statement. `duration`: it is counted, its duration may come. `statement`: itself,
  // with the plans it has. `error`: an error, whose statement comes. `plans`: those whose statement's entry
  // comes.
  struct Left {
    bool duration = false, statement = false, error = false, plans = false;
    bool whole() const { return statement || error || plans; }
  };

  // Whether there is room for what is left whole.
  bool has_room(const Backend& backend, Left left) const;
  // Keeps what the backend owes, if anything.
  void keep(const Backend& backend, Left left);
  // Gives the backend, which was just opened, what its session was left with: `current` is active when a
  // statement was, `failed` when an error was; their place in the input is not known. False: nothing.
  bool restore(Backend& backend);

  // Never empty. At most kMost sessions.
  std::string text() const;
  // Takes over the rests of other sessions.
  void add(const SessionRests& others) { rests_.insert(others.rests_.begin(), others.rests_.end()); }
  // Those with a statement that was left whole; those with plans whose statement had not come.
  size_t statements() const;
  size_t plans() const;

 private:
  static constexpr size_t kMost = BackendTable::kMaxBackends;
  static constexpr size_t kLongestStatement = size_t{64} * 1024, kMostBytes = size_t{4} << 20;
  std::map<uint64_t, std::string> rests_;  // by Backend::key
  size_t statement_bytes_ = 0;             // kept since it was made
};

}  // namespace pgsieve
