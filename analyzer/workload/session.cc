#include "analyzer/workload/session.h"

#include <algorithm>
#include <bit>

#include "analyzer/base/hash.h"

namespace pgsieve {

void Session::note_gap(Microseconds gap) {
  if (gap == kUnknownTime) return;
  const auto width =
      static_cast<size_t>(std::bit_width(static_cast<uint64_t>(std::max<Microseconds>(gap, 0))));
  const size_t place = std::min(width, gap_bits.size() - 1);
  ++gap_bits[place];
  latest_gaps[place] = {position, gap};
}

void Session::note_asked(uint64_t hash) {
  const auto kept = std::ranges::find_if(
      asked, [this](const AskedValue& value) { return value.position + kRecent > position; });
  asked.erase(asked.begin(), kept);
  asked.push_back({hash, position});
}

Microseconds Session::longest_gap_since(uint32_t counted) const {
  for (size_t place = latest_gaps.size(); place-- > 0;) {
    if (latest_gaps[place].gap != kUnknownTime && latest_gaps[place].position >= counted)
      return latest_gaps[place].gap;
  }
  return kUnknownTime;
}

Session::Turn Session::turn_since(uint32_t counted) const {
  const uint32_t statements = position - counted;
  Turn turn;
  if (statements < 2 || statements > recent.size()) return turn;
  Microseconds longest = kUnknownTime;
  for (size_t at = recent.size() - statements; at < recent.size(); ++at) {
    const Microseconds gap = recent_gaps[at];
    if (gap > longest || at == recent.size() - statements) {
      turn.inner_gap = longest;
      turn.after_pause = recent[at];
      longest = gap;
    } else {
      turn.inner_gap = std::max(turn.inner_gap, gap);
    }
  }
  return turn;
}

SeenTuple::Chain Session::chain_since(uint32_t counted) const {
  SeenTuple::Chain chain;
  const size_t statements = std::min<size_t>(position - counted, recent.size());
  for (size_t at = recent.size() - statements; at + 1 < recent.size(); ++at) {
    chain.statements =
        hash_combine(chain.statements, recent[at].fingerprint + static_cast<uint64_t>(recent[at].arity));
    chain.values = hash_combine(chain.values, recent_tuples[at]);
  }
  return chain;
}

Microseconds Session::median_gap() const {
  uint64_t total = 0;
  for (const uint32_t count : gap_bits) total += count;
  if (total == 0) return kUnknownTime;
  uint64_t seen = 0;
  for (size_t width = 0; width < gap_bits.size(); ++width) {
    seen += gap_bits[width];
    if (seen * 2 >= total) return width == 0 ? 0 : Microseconds{1} << (width - 1);
  }
  return kUnknownTime;
}

uint32_t Session::gaps_of_at_least(Microseconds gap) const {
  uint32_t gaps = pause_follows ? 1 : 0;
  for (size_t width = 0; width < gap_bits.size(); ++width) {
    const Microseconds shortest = width == 0 ? 0 : Microseconds{1} << (width - 1);
    if (shortest >= gap) gaps += gap_bits[width];
  }
  return gaps;
}

uint32_t Session::statements_per_unit() const {
  if (units == 0) return 0;
  return static_cast<uint32_t>(std::min<uint64_t>(unit_statements * 16 / units, UINT32_MAX));
}

namespace {

// Makes `index` the first of the order, whether it was in it or not.
void move_to_front(std::vector<uint8_t>& order, size_t index) {
  const auto value = static_cast<uint8_t>(index);
  auto at = std::find(order.begin(), order.end(), value);
  if (at == order.end()) at = order.insert(at, value);
  std::rotate(order.begin(), at, at + 1);
}

GroupHint::Parent parent_kind(const Group& group) {
  if (group.executions == 0) return GroupHint::Parent::kNo;
  if (group.info->kind == StatementClass::kWrite && !group.info->returning) return GroupHint::Parent::kNo;
  if (group.many_rows) return GroupHint::Parent::kRows;
  return group.run != nullptr && group.run->parent().id != 0 ? GroupHint::Parent::kInLoop
                                                             : GroupHint::Parent::kNo;
}

GroupHint hint_of(const Group& group, size_t index) {
  return {.ordinal = group.ordinal,
          .parent_number = group.info->parent_number,
          .group = static_cast<uint8_t>(index),
          .parent = parent_kind(group),
          .unsure_rows = group.info->unsure_rows};
}

RingHint hint_of(const RingEntry& entry) {
  const ParentExecution& execution = *entry.execution;
  return {.execution = execution.id,
          .session = execution.session,
          .trace = execution.trace,
          .end = execution.end,
          .ordinal = execution.pattern_ordinal,
          .parent_number = execution.info->parent_number};
}

}  // namespace

const GroupHint* Session::find_hint(uint32_t ordinal) const {
  const auto found = std::ranges::find(hints, ordinal, &GroupHint::ordinal);
  return found == hints.end() ? nullptr : &*found;
}

Group* Session::find_group(uint32_t ordinal) {
  const GroupHint* hint = find_hint(ordinal);
  return hint == nullptr ? nullptr : &groups[hint->group];
}

Group& Session::add_group(Group group) {
  static_assert(kMaxGroups <= 256);
  if (groups.size() == groups.capacity()) {  // in small steps: there are thousands of sessions
    constexpr size_t kStep = 8;
    groups.reserve(groups.size() + kStep);
    hints.reserve(groups.size() + kStep);
  }
  hints.push_back({.group = static_cast<uint8_t>(groups.size())});
  groups.push_back(std::move(group));
  touch(groups.back());
  return groups.back();
}

void Session::touch(Group& group) {
  const auto index = static_cast<size_t>(&group - groups.data());
  const auto at = std::ranges::find(hints, static_cast<uint8_t>(index), &GroupHint::group);
  std::move_backward(hints.begin(), at, at + 1);
  hints.front() = hint_of(group, index);
}

void Session::clear_groups() {
  groups.clear();
  hints.clear();
}

void Session::index_groups() {
  hints.clear();
  for (size_t i = 0; i < groups.size(); ++i) hints.push_back(hint_of(groups[i], i));
  std::ranges::sort(hints, std::ranges::greater(),
                    [this](const GroupHint& hint) { return groups[hint.group].last_position; });
}

std::shared_ptr<LoopRun> RingEntry::run_of(const Pattern* child) const {
  for (const std::shared_ptr<LoopRun>& run : runs) {
    if (run->child_pattern() == child) return run;
  }
  return nullptr;
}

void Application::touch(size_t place) {
  if (hints.size() < ring.size()) hints.resize(ring.size());
  hints[place] = hint_of(ring[place]);
  move_to_front(recency, place);
}

void Application::index_ring() {
  hints.clear();
  recency.resize(ring.size());
  for (size_t i = 0; i < ring.size(); ++i) {
    hints.push_back(hint_of(ring[i]));
    recency[i] = static_cast<uint8_t>(i);
  }
  std::sort(recency.begin(), recency.end(), [this](uint8_t left, uint8_t right) {
    return ring[left].execution->id > ring[right].execution->id;
  });
  find_spread();
}

void Application::find_spread() {
  spread.clear();
  for (const RingEntry& entry : ring) {
    for (const std::shared_ptr<LoopRun>& run : entry.runs)
      if (run->sessions() > 1 && !may_be_spread(run->child_pattern())) spread.push_back(run->child_pattern());
  }
}

void Application::note_spread(const Pattern* child) {
  constexpr size_t kMost = 64;  // with those that had one
  if (may_be_spread(child)) return;
  if (spread.size() >= kMost) find_spread();
  if (!may_be_spread(child)) spread.push_back(child);
}

size_t Application::places_since(const Pattern& list, Microseconds time) const {
  size_t places = 0;
  for (size_t i = 0; i < ring.size(); ++i)
    if (ring[i].execution->pattern == &list && hints[i].end != kUnknownTime && hints[i].end >= time) ++places;
  return places;
}

}  // namespace pgsieve
