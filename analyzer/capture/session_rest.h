// What one run over a log leaves to the next: of each session that may go on, what belongs to statements
// still to come. Numbers and hashes only, no text and no value.
#pragma once

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

  // Keeps what the backend owes, if anything. `awaits`: the duration of its last statement has not come.
  void keep(const Backend& backend, bool awaits);
  // Gives the backend, which was just opened, what its session was left with. False: nothing.
  bool restore(Backend& backend);

  // Never empty. At most kMost sessions.
  std::string text() const;

 private:
  static constexpr size_t kMost = BackendTable::kMaxBackends;
  std::map<uint64_t, std::string> rests_;  // by Backend::key
};

}  // namespace pgsieve
