#include "analyzer/workload/loop_run.h"

#include <algorithm>
#include <utility>

#include "analyzer/workload/session.h"

namespace pgsieve {

namespace {

// Inserts into a sorted set of limited size; values beyond it are only counted (again and again when they
// come again).
void insert_distinct(std::vector<uint64_t>& distinct, uint64_t value, size_t limit, uint32_t& beyond) {
  const auto at = std::lower_bound(distinct.begin(), distinct.end(), value);
  if (at != distinct.end() && *at == value) return;
  if (distinct.size() >= limit) {
    ++beyond;
    return;
  }
  distinct.insert(at, value);
}

// Numbers by their size; other values by how their texts begin, byte by byte: enough to tell whether they
// come in an order.
int64_t place_in_order(const SlotValue& value) {
  if (value.number != SlotValue::kNotNumeric || value.text.empty()) return value.number;
  uint64_t beginning = 0;
  for (size_t i = 0; i < sizeof beginning; ++i)
    beginning = beginning << 8U | (i < value.text.size() ? static_cast<unsigned char>(value.text[i]) : 0U);
  return static_cast<int64_t>(beginning >> 1U);
}

}  // namespace

void GapSummary::add(Microseconds gap) {
  if (gap == kUnknownTime) return;
  ++count_;
  sum_ += gap;
  max_ = std::max(max_, gap);
  if (first_.size() < 64)
    first_.push_back(static_cast<uint32_t>(std::clamp<Microseconds>(gap, 0, UINT32_MAX)));
}

// Of an even number the median is the upper one; the places of 10 and 90 lie the same way from the ends.
Microseconds GapSummary::percentile(uint32_t percent) const {
  if (first_.empty()) return kUnknownTime;
  std::vector<uint32_t> sorted = first_;
  const size_t last = sorted.size() - 1;
  const size_t place = percent < 50 ? last * percent / 100 : last - last * (100 - percent) / 100;
  const auto element = sorted.begin() + static_cast<std::ptrdiff_t>(place);
  std::nth_element(sorted.begin(), element, sorted.end());
  return *element;
}

uint32_t GapSummary::of_at_least(Microseconds gap) const {
  const auto found = static_cast<uint64_t>(
      std::ranges::count_if(first_, [gap](uint32_t each) { return Microseconds{each} >= gap; }));
  return first_.empty() ? 0 : static_cast<uint32_t>(found * count_ / first_.size());
}

const ParentExecution LoopRun::kNoParent;
const GapSummary LoopRun::kNoGaps;
const LoopRun::Aside LoopRun::kNothingAside;

LoopRun::LoopRun(const StatementEvent& child, std::shared_ptr<const ParentExecution> parent, Pattern* via)
    : info_(child.info),
      pattern_(child.pattern),
      via_(via),
      parent_(std::move(parent)),
      first_session_(child.session) {
  first_.reserve(child.value_count);
  for (size_t i = 0; i < child.value_count; ++i) {
    const SlotValue& value = child.values[i];
    first_.push_back({value.hash, place_in_order(value), value.ordinal, value.role, !value.known});
  }
  if (child.event->code_location.empty()) {
    source_ = child.tags->source();
    return;
  }
  std::string source(child.tags->source());
  if (!source.empty()) source += ' ';
  source += "source_location=";
  source += child.event->code_location.substr(0, 200);
  source_ = source;
}

LoopRun::Aside& LoopRun::set_aside() {
  if (aside_ == nullptr) aside_ = std::make_unique<Aside>();
  return *aside_;
}

void LoopRun::move_to(std::shared_ptr<const ParentExecution> parent, Pattern* via) {
  parent_ = std::move(parent);
  via_ = via;
  if (aside_ != nullptr) aside_->votes = {};
  const bool known = parent_ != nullptr && parent_->end != kUnknownTime && first_start_ != kUnknownTime;
  parent_gap_ = known ? std::max<Microseconds>(0, first_start_ - parent_->end) : kUnknownTime;
  parent_executions_ = beside_parent_ = turns_of_parent_ = parent_ == nullptr ? 0 : 1;
  last_parent_id_ = parent_ == nullptr ? 0 : parent_->id;
}

void LoopRun::fetch() const {
  pgsieve::fetch(parent_.get(), sizeof(ParentExecution));
  pgsieve::fetch(first_.data(), first_.size() * sizeof(FirstValue));
  pgsieve::fetch(followed_.get(), sizeof(Followed));
  pgsieve::fetch(sample_.packed().data(), 1);
}

LoopRun::Followed& LoopRun::follow() {
  if (followed_ == nullptr) {
    followed_ = std::make_unique<Followed>();
    followed_->slots.resize(first_.size());
    followed_->sessions.push_back(first_session_);
    followed_->last_session = first_session_;
    followed_->last_requests = followed_->tick_requests = first_requests_;
    followed_->tick = last_end_;
    if (first_tuple_known_) followed_->tuples.push_back(first_tuple_);
  }
  return *followed_;
}

// The place of a value among the slots of the first execution. A page read by OFFSET often begins without one
// (one fingerprint, a slot less): the first page's is 0.
LoopRun::Slot* LoopRun::slot_for(const SlotValue& value, size_t at, size_t& index) {
  const auto slot_at = [&](size_t place) {
    index = place;
    return &followed_->slots[place];
  };
  if (at < first_.size() && first_[at].role == value.role) return slot_at(at);
  if (value.role != SlotRole::kLimit && value.role != SlotRole::kOffset) return nullptr;
  for (size_t i = 0; i < first_.size(); ++i) {
    if (first_[i].role == value.role) return slot_at(i);
  }
  if (value.role != SlotRole::kOffset) return nullptr;
  first_.push_back({slot_value_hash("0"), 0, value.ordinal, value.role, false});
  followed_->slots.emplace_back();
  return slot_at(first_.size() - 1);
}

void LoopRun::add_slots(const StatementEvent& child) {
  for (size_t i = 0; i < child.value_count; ++i) {
    const SlotValue& value = child.values[i];
    size_t index = 0;
    Slot* slot = slot_for(value, i, index);
    if (slot == nullptr) continue;
    FirstValue& first = first_[index];
    if (!value.known) first.unknown = true;
    if (first.unknown || (!slot->varies && value.hash == first.hash)) continue;
    if (!slot->varies) {
      slot->varies = true;
      slot->distinct.push_back(first.hash);
    }
    insert_distinct(slot->distinct, value.hash, Slot::kExact, slot->beyond);
  }
}

// The value of the slot whose steps are followed; that is, from then on, the first numeric one that varied,
// or else the first.
const SlotValue* LoopRun::stepping_value(const StatementEvent& child) {
  Followed& followed = *followed_;
  const SlotValue* chosen = nullptr;
  size_t place = 0;
  for (size_t i = 0; i < child.value_count; ++i) {
    const SlotValue& value = child.values[i];
    size_t index = 0;
    const Slot* slot = slot_for(value, i, index);
    if (slot == nullptr) continue;
    if (followed.stepping && index == followed.stepping_slot) return &value;
    if (followed.stepping || !slot->varies || first_[index].unknown) continue;
    const bool number = value.number != SlotValue::kNotNumeric;
    if (chosen == nullptr || number) {
      chosen = &value;
      place = index;
    }
    if (number) break;
  }
  if (chosen == nullptr) return nullptr;
  followed.stepping = true;
  followed.stepping_slot = static_cast<uint16_t>(place);
  followed.last_number = first_[place].number;
  return chosen;
}

// Up, down, by equal steps.
void LoopRun::add_steps(const StatementEvent& child) {
  Followed& followed = *followed_;
  const SlotValue* stepping = stepping_value(child);
  if (stepping == nullptr) return;
  const int64_t number = place_in_order(*stepping);
  const int64_t last = std::exchange(followed.last_number, number);
  if (number == SlotValue::kNotNumeric || last == SlotValue::kNotNumeric) return;
  const auto step = static_cast<int64_t>(static_cast<uint64_t>(number) - static_cast<uint64_t>(last));
  if (step > 0) ++followed.ascending;
  if (step < 0) ++followed.descending;
  if (step != 0 && step == followed.last_step) ++followed.arithmetic;
  followed.last_step = step;
}

// Did a row of this very loop bring the value (a walk down or up a tree)? A coincidence now and then is
// nothing; the same result column every time is what counts.
void LoopRun::match_own_rows(const StatementEvent& child) {
  const std::vector<OwnCell>& own_cells = aside().own_cells;
  for (size_t i = 0; i < child.value_count; ++i) {
    const SlotValue& value = child.values[i];
    if (value.role != SlotRole::kEqual || !value.known) continue;
    uint64_t columns = 0;
    for (uint16_t column = 0; column < std::min<size_t>(child.event->columns.size(), 64); ++column) {
      if (std::binary_search(own_cells.begin(), own_cells.end(), OwnCell{column, value.hash}))
        columns |= uint64_t{1} << column;
    }
    Followed& followed = *followed_;
    if ((columns & followed.own_columns) == 0) continue;
    followed.own_columns &= columns;
    ++followed.fed_by_own_rows;
    const ResultColumn& origin =
        child.event->columns[static_cast<size_t>(__builtin_ctzll(followed.own_columns))];
    followed.own_column = std::string(origin.table);
    if (!followed.own_column.empty()) followed.own_column += '.';
    followed.own_column += origin.column.empty() ? origin.name : origin.column;
    return;
  }
}

void LoopRun::keep_own_rows(const StatementEvent& child) {
  if (child.event->cells.empty()) return;
  std::vector<OwnCell>& own_cells = set_aside().own_cells;
  for (const ResultCell& cell : child.event->cells) {
    if (own_cells.size() >= kMaxOwnCells) return;
    const OwnCell own{cell.column, cell.value_hash};
    const auto at = std::lower_bound(own_cells.begin(), own_cells.end(), own);
    if (at == own_cells.end() || *at != own) own_cells.insert(at, own);
  }
}

// The statements of one turn: what ran between the previous child and this one.
void LoopRun::add_cycle(const RunContext& context) {
  Followed& followed = *followed_;
  const uint32_t distance = context.position - last_position_;
  followed.run = distance == 1 ? followed.run + 1 : 1;
  followed.longest_run = std::max(followed.longest_run, followed.run);
  if (context.recent == nullptr || distance == 0 || distance > context.recent->size() || distance > 8) {
    followed.cycle_regular = false;
    return;
  }
  std::vector<PatternKey>& turn = followed.cycle;
  turn.assign(context.recent->end() - static_cast<std::ptrdiff_t>(distance), context.recent->end());
  std::sort(turn.begin(), turn.end());
  turn.erase(std::unique(turn.begin(), turn.end()), turn.end());
  const auto statements = static_cast<uint32_t>(turn.size());
  if (followed.cycle_statements != 0 && followed.cycle_statements != statements)
    followed.cycle_regular = false;
  followed.cycle_statements = statements;
  const auto longest = std::max_element(context.recent_gaps->end() - static_cast<std::ptrdiff_t>(distance),
                                        context.recent_gaps->end());
  followed.turn_gaps.add(*longest);
}

// How the client got from the previous child to this one: by a round trip, or in one go. Where nothing says
// it, the clock may: between statements that end at one time by a clock of milliseconds there was less than
// one altogether.
void LoopRun::add_request(const StatementEvent& child, const RunContext& context) {
  Followed& followed = *followed_;
  const RequestTotals& now = context.requests;
  const RequestTotals last = std::exchange(followed.last_requests, now);
  const uint32_t statements = now.statements - last.statements;
  followed.clock = context.clock;
  if (now.awaited != last.awaited) {
    ++followed.awaited;
  } else if (now.ahead - last.ahead == statements) {
    ++followed.pipelined;
  } else if (now.ahead - last.ahead + now.unbegun - last.unbegun == statements) {
    ++followed.unbegun;
  }
  if (child.end == kUnknownTime) return;
  if (child.end != followed.tick) {
    followed.tick = child.end;
    followed.tick_requests = now;
    return;
  }
  const RequestTotals& first = followed.tick_requests;
  const Microseconds idle = std::max<Microseconds>(0, context.clock - (now.busy - first.busy)) /
                            std::max<Microseconds>(1, now.statements - first.statements);
  if (followed.closest_idle == kUnknownTime || idle < followed.closest_idle) followed.closest_idle = idle;
}

// The second execution and all that follow.
void LoopRun::add_again(const StatementEvent& child, const RunContext& context) {
  Followed& followed = follow();
  add_slots(child);
  add_steps(child);
  if (!aside().own_cells.empty()) match_own_rows(child);
  if (child.session == followed.last_session) {
    followed.gaps.add(context.gap);
    add_cycle(context);
    add_request(child, context);
    followed.errors += context.errors - last_counters_.errors;
    followed.rollbacks += context.rollbacks - last_counters_.rollbacks;
    followed.commits += context.commits - last_counters_.commits;
    followed.setting_changes += context.setting_changes > last_counters_.setting_changes ? 1 : 0;
  } else {
    uint32_t ignored = 0;
    insert_distinct(followed.sessions, child.session, 64, ignored);
    followed.last_session = child.session;
    followed.last_requests = followed.tick_requests = context.requests;
    followed.tick = child.end;
  }
  if (child.unit != last_unit_) {
    ++followed.unit_changes;
    one_unit_ = false;
  }
  if (child.values_known) insert_distinct(followed.tuples, child.tuple, 64, followed.tuples_beyond);
  if (count_ < LoopSample::kMaxTurns) sample_.add(child);
}

// Whether a statement after the `after`th asked for one of the child's values.
bool LoopRun::asked_before(const StatementEvent& child, const std::vector<AskedValue>& asked,
                           uint32_t after) {
  for (auto before = asked.rbegin(); before != asked.rend() && before->position > after; ++before) {
    for (size_t i = 0; i < child.value_count; ++i) {
      const SlotValue& value = child.values[i];
      if (value.role == SlotRole::kEqual && value.known && value.hash == before->hash) return true;
    }
  }
  return false;
}

void LoopRun::add(const StatementEvent& child, const RunContext& context) {
  if (count_ > 0) {
    add_again(child, context);
  } else {
    first_start_ = child.start;
    first_end_ = child.end;
    first_tuple_ = child.tuple;
    first_tuple_known_ = child.values_known;
    first_requests_ = context.requests;
    one_unit_ = child.trace != 0 || (child.unit != 0 && !child.tags->find("test").empty());
    sample_.add(child);
    last_openings_ =
        parent().id != 0 && parent().session == child.session ? parent().openings : context.openings;
    if (parent().id != 0 && parent().end != kUnknownTime && child.start != kUnknownTime) {
      parent_gap_ = std::max<Microseconds>(0, child.start - parent().end);
    }
  }
  keep_own_rows(child);
  if (context.asked != nullptr && asked_before(child, *context.asked, last_position_)) ++fed_by_previous_;
  last_counters_ = {context.errors, context.rollbacks, context.commits, context.setting_changes};
  if (count_ > 0 && context.repeated_openings != last_repeated_openings_) ++reopened_turns_;
  last_repeated_openings_ = context.repeated_openings;
  if (context.openings != last_openings_) ++opened_turns_;
  last_openings_ = context.openings;
  last_position_ = context.position;
  last_unit_ = child.unit;
  if (parent().id != 0) {
    if (context.parent_id != last_parent_id_) {
      if (turns_of_parent_ == 1) ++lone_turns_;
      turns_of_parent_ = 0;
      ++parent_executions_;
      last_parent_id_ = context.parent_id;
    }
    ++turns_of_parent_;
    if (child.session == parent().session) ++beside_parent_;
    if (child.unit != parent().unit) ++unit_mismatches_;
    if (child.session != parent().session && child.trace != 0 && child.trace == parent().trace)
      other_trace_session_ = true;
  }
  if (context.transactions == 0) {
    ++outside_transactions_;
  } else if (context.transactions != last_transaction_) {
    ++transactions_;
    last_transaction_ = context.transactions;
  }
  if (context.values != nullptr && !context.values->empty() && parent().id != 0)
    set_aside().votes.add(child, parent().pattern_ordinal, parent().result, *context.values);
  ++count_;
  child_time_ += child.duration;
  last_end_ = child.end;
  if (child.rows == 0) ++empty_results_;
  if (child.rows > 0) ++row_results_;
}

void LoopRun::note_session(const Session& session) {
  if (session.id != first_session_) return;
  Aside& aside = set_aside();
  aside.session_median_gap = session.median_gap();
  aside.session_gaps = session.gaps_of_at_least(0);
  aside.longer_gaps = session.gaps_of_at_least(4 * std::max(longest_gap(), kMillisecond));
  aside.statements_per_unit = session.statements_per_unit();
  aside.opener = session.opener;
  aside.database = session.database;
  aside.application = session.application_name;
}

Microseconds LoopRun::longest_gap() const {
  return followed_ == nullptr ? parent_gap_ : std::max(parent_gap_, followed_->turn_gaps.max());
}

}  // namespace pgsieve
