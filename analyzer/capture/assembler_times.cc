// Times that stand on their own: parse and bind durations on their way to an execution, durations without a
// text, fetches.
#include <algorithm>
#include <utility>

#include "analyzer/capture/assembler.h"

namespace pgsieve {
namespace {

std::string_view statement_of(std::string_view name) {
  return name.substr(0, name.find('/'));
}

}  // namespace

void Assembler::add_prepare(Backend& backend, const Message& message) {
  ++evidence_.parses_and_binds;
  drop_loose(backend);
  const uint64_t name = hash64(statement_of(message.name));
  const uint64_t text = text_identity(message.text);
  auto found = std::find_if(backend.prepares.begin(), backend.prepares.end(),
                            [name](const PrepareTime& prepare) { return prepare.name == name; });
  const bool parse = message.kind == MessageKind::kParse;
  if (found != backend.prepares.end() && (found->text != text || parse)) {
    drop_prepare(*found);
    backend.prepares.erase(found);
    found = backend.prepares.end();
  }
  if (found == backend.prepares.end()) {
    if (backend.prepares.size() >= Backend::kMaxPrepares) {
      drop_prepare(backend.prepares.front());
      backend.prepares.erase(backend.prepares.begin());
    }
    found = backend.prepares.insert(backend.prepares.end(), PrepareTime{name, text});
  }
  if (parse) {
    found->parse += message.duration;
    ++found->parses;
    return;
  }
  if (found->binds > 0) stats_.orphan_binds += found->binds;  // bound, never seen to run, bound again
  found->bind = message.duration;
  found->binds = 1;
}

bool Assembler::take_prepare(Backend& backend, const Message& message) {
  if (backend.prepares.empty()) return false;
  const uint64_t name = hash64(statement_of(message.name));
  const auto found = std::find_if(backend.prepares.begin(), backend.prepares.end(),
                                  [name](const PrepareTime& prepare) { return prepare.name == name; });
  if (found == backend.prepares.end()) return false;
  const bool same = found->text == text_identity(message.text);
  const bool bound = same && found->binds > 0;
  if (same) {
    backend.current.prepare += found->parse + found->bind;
  } else {
    drop_prepare(*found);
  }
  backend.prepares.erase(found);
  return bound;
}

void Assembler::drop_prepare(const PrepareTime& prepare) {
  stats_.orphan_binds += prepare.parses + prepare.binds;
}

void Assembler::drop_loose(Backend& backend) {
  stats_.orphan_durations += backend.loose_count;
  evidence_.bare_durations += backend.loose_count;
  backend.loose_count = 0;
}

// Transactions of a backend are numbered one by one ("3/1042", "3/1043"): numbers that never show up are
// transactions the log has no statement of. Outside of a transaction the number is 0: a statement in one that
// is over.
void Assembler::watch_transaction(Backend& backend, std::string_view virtual_id) {
  constexpr uint64_t kLargestStep = 10'000;  // beyond it, the slot has another user
  const size_t slash = virtual_id.find('/');
  if (slash == std::string_view::npos || backend.session == 0) return;
  uint64_t number = 0;
  for (const char c : virtual_id.substr(slash + 1, 18)) {
    if (c < '0' || c > '9') return;
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  if (number == 0) {
    if (backend.latest_transaction != 0) ++backend.transactions_over;
    return;
  }
  const uint64_t before = std::exchange(backend.latest_transaction, number);
  const uint64_t over = std::exchange(backend.transactions_over, 0);
  if (before == 0 || number <= before || number - before > kLargestStep) return;
  evidence_.transactions_passed += number - before;
  evidence_.transactions_seen += std::min(number - before, 1 + over);
}

void Assembler::add_fetch(Backend& backend, const Message& message) {
  Execution& current = backend.current;
  if (!current.active || current.name != message.name ||
      (current.awaits_duration && message.duration != kUnknownTime)) {
    ++evidence_.late_fetches;
    if (message.duration != kUnknownTime) evidence_.late_fetch_time += message.duration;
    ++stats_.other_entries;
    return;
  }
  ++current.fetches;
  if (message.duration == kUnknownTime) {
    current.awaits_fetch = true;
  } else {
    current.duration += message.duration;
  }
}

void Assembler::add_duration(Backend& backend, Microseconds duration) {
  Execution& current = backend.current;
  if (current.active && current.awaits_duration) {
    current.duration = duration;
    current.awaits_duration = false;
    ++evidence_.durations_paired;
    return;
  }
  if (current.active && current.awaits_fetch) {
    current.awaits_fetch = false;
    if (current.duration != kUnknownTime) current.duration += duration;
    return;
  }
  if (std::exchange(backend.owed_duration, false)) return;
  if (backend.loose_count >= backend.loose.size()) {
    ++stats_.orphan_durations;
    ++evidence_.bare_durations;
    backend.loose[0] = backend.loose[1];
    backend.loose_count = 1;
  }
  backend.loose[backend.loose_count++] = duration;
}

}  // namespace pgsieve
