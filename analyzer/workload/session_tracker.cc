#include "analyzer/workload/session_tracker.h"

#include <algorithm>
#include <utility>

namespace pgsieve {

namespace {

void name_session(Session& session, const StatementEvent& statement) {
  session.application = statement.application;
  session.database = statement.event->database;
  session.application_name = statement.event->application;
}

bool tidies_up(StatementClass kind) {
  return kind == StatementClass::kTransparent || kind == StatementClass::kSavepoint ||
         kind == StatementClass::kSetting;
}

}  // namespace

SessionTracker::SessionTracker(const WorkloadOptions& options, Workload& facts)
    : options_(options), facts_(facts), links_(options.schema) {}

SessionTracker::~SessionTracker() {
  finish();
}

Session& SessionTracker::open_session(const StatementEvent& statement) {
  const auto found = by_id_.find(statement.session);
  if (found != by_id_.end()) {
    state_.sessions.splice(state_.sessions.end(), state_.sessions, found->second);  // most recently used last
    Session& session = *found->second;
    if (session.application != statement.application) {
      // application_name is often set by the first statements of a connection: that is no change of hands.
      if (session.position > 0 && !session.in_transaction) close_window(session);
      name_session(session, statement);
    }
    return session;
  }
  if (state_.sessions.size() >= options_.max_open_scopes) evict_oldest();
  Session& session = state_.sessions.emplace_back();
  by_id_[statement.session] = std::prev(state_.sessions.end());
  session.id = statement.session;
  name_session(session, statement);
  ++facts_.sessions;
  return session;
}

void SessionTracker::evict_oldest() {
  Session& oldest = state_.sessions.front();
  close_window(oldest);
  ++facts_.dropped.scopes;
  by_id_.erase(oldest.id);
  state_.sessions.pop_front();
}

void SessionTracker::close_window(Session& session) {
  for (Group& group : session.groups) {
    fold_repeats(group, session);
    release(group.run, session);
  }
  session.clear_groups();
  session.opener = nullptr;
  session.opening = {};
  session.pause_follows = false;
  session.gap_bits.fill(0);
  session.latest_gaps.fill({});
  session.asked.clear();
  session.recent.clear();
  session.recent_tuples.clear();
  session.recent_gaps.clear();
  session.gap_since_counted = kUnknownTime;
  session.cursors.clear();
  session.values.clear();
}

void SessionTracker::on_session_end(uint64_t id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  found->second->pause_follows = true;
  close_window(*found->second);
  state_.sessions.erase(found->second);
  by_id_.erase(found);
}

void SessionTracker::on_boundary(uint64_t id) {
  const auto found = by_id_.find(id);
  if (found != by_id_.end()) close_window(*found->second);
}

void SessionTracker::finish() {
  for (Session& session : state_.sessions) close_window(session);
  for (auto& [key, application] : state_.applications) {
    for (RingEntry& entry : application.ring) release(entry);
  }
  suspend();
}

void SessionTracker::close_half() {
  if (state_.sessions.empty()) return finish();
  for (size_t left = (state_.sessions.size() + 1) / 2; left > 0; --left) evict_oldest();
}

OpenState SessionTracker::suspend() {
  flush_latent();
  by_id_.clear();
  return std::exchange(state_, OpenState{});
}

void SessionTracker::resume(OpenState state) {
  state_.next_execution = std::max(state_.next_execution, state.next_execution);
  while (!state.sessions.empty()) {
    Session& session = state.sessions.front();
    if (by_id_.count(session.id) != 0) {
      close_window(session);
      state.sessions.pop_front();
      continue;
    }
    session.index_groups();
    state_.sessions.splice(state_.sessions.end(), state.sessions, state.sessions.begin());
    by_id_[session.id] = std::prev(state_.sessions.end());
    if (state_.sessions.size() > options_.max_open_scopes) evict_oldest();
  }
  for (auto& [id, application] : state.applications) {
    Application& resumed = application_of(id);
    for (RingEntry& entry : application.ring) {
      if (resumed.ring.size() < kRing) {
        resumed.ring.push_back(std::move(entry));
      } else {
        release(entry);
      }
    }
    resumed.index_ring();
  }
}

Group& SessionTracker::group_of(Session& session, const StatementEvent& statement) {
  if (Group* group = session.find_group(statement.pattern_ordinal)) return *group;
  Group group;
  group.pattern = statement.pattern;
  group.ordinal = statement.pattern_ordinal;
  group.info = statement.info;
  group.source = statement.tags->source();
  if (session.groups.size() < Session::kMaxGroups) return session.add_group(std::move(group));
  Group& oldest = session.oldest_group();
  fold_repeats(oldest, session);
  release(oldest.run, session);
  ++facts_.dropped.scope_statements;
  oldest = std::move(group);
  session.touch(oldest);
  return oldest;
}

// A write makes earlier reads of its tables stale, and closes a get-or-create turn when it writes what was
// just asked for.
void SessionTracker::note_write(Session& session, const StatementEvent& statement) {
  ++session.write_sequence;
  for (uint64_t bits = statement.info->write_mask; bits != 0; bits &= bits - 1) {
    session.table_writes[static_cast<size_t>(__builtin_ctzll(bits))] = session.write_sequence;
  }
  for (const GroupHint& hint : session.hints) {
    Group& group = session.groups[hint.group];
    if (group.last_position != 0 && group.last_position + 3 < session.position) break;
    if (group.run == nullptr || group.info->kind != StatementClass::kQuery || group.last_value == 0) continue;
    if ((group.info->read_mask & statement.info->write_mask) == 0) continue;
    const auto end = statement.values.begin() + static_cast<std::ptrdiff_t>(statement.value_count);
    const bool same = std::any_of(statement.values.begin(), end, [&](const SlotValue& value) {
      return value.known && value.hash == group.last_value;
    });
    if (same) group.run->note_write_after();
  }
}

// Remembers the execution as a possible parent.
void SessionTracker::note_execution(Session& session, Group& group, const StatementEvent& statement,
                                    uint32_t result) {
  group.many_rows = statement.info->many_rows && (statement.limit < 0 || statement.limit > 1) &&
                    statement.asked_keys != 1 && statement.rows != 0 && statement.rows != 1;
  if (!group.many_rows) return;
  ++session.parent_epoch;
  auto parent = std::make_shared<ParentExecution>();
  ParentExecution& execution = *parent;
  execution.id = state_.next_execution++;
  const bool chained = group.run != nullptr && group.run->parent().id != 0;
  execution.root_id = chained ? group.run->parent().root_id : execution.id;
  execution.root = chained ? group.run->parent().root : statement.pattern;
  execution.info = statement.info;
  execution.pattern = statement.pattern;
  execution.pattern_ordinal = statement.pattern_ordinal;
  execution.end = statement.end;
  execution.limit = statement.limit < kEndlessLimit ? statement.limit : -1;
  execution.keys = statement.asked_keys;
  execution.rows = statement.rows;
  execution.session = statement.session;
  execution.trace = statement.trace;
  execution.unit = statement.unit;
  execution.result = result;
  execution.cells = static_cast<uint32_t>(std::min<size_t>(statement.event->cells.size(), UINT32_MAX));
  execution.transaction = session.in_transaction ? session.transaction_ordinal : 0;
  execution.openings = session.openings;
  group.execution = std::move(parent);
  push_ring(statement, group.execution);
}

void SessionTracker::note_counted(Session& session, const StatementEvent& statement, Microseconds gap) {
  ++session.position;
  note_opener(session, statement);
  session.recent.push_back(statement.pattern->key);
  session.recent_tuples.push_back(statement.tuple);
  session.recent_gaps.push_back(session.gap_since_counted);
  session.gap_since_counted = kUnknownTime;
  if (session.recent.size() > Session::kRecent) {
    session.recent.erase(session.recent.begin());
    session.recent_tuples.erase(session.recent_tuples.begin());
    session.recent_gaps.erase(session.recent_gaps.begin());
  }
  Group& group = group_of(session, statement);
  ++group.executions;

  RunContext context;
  context.gap = gap;
  context.position = session.position;
  context.errors = session.errors;
  context.rollbacks = session.rollbacks;
  context.commits = session.commits;
  context.unit_changes = session.unit_changes;
  context.setting_changes = session.setting_changes;
  context.transactions = session.in_transaction ? session.transaction_ordinal : 0;
  context.openings = session.openings;
  context.repeated_openings = session.opening.repeated;
  context.requests = session.requests;
  context.clock = session.whole_seconds ? kSecond : kMillisecond;
  context.asked = &session.asked;
  context.recent = &session.recent;
  context.recent_gaps = &session.recent_gaps;
  attribute(session, group, statement, context);
  const uint32_t result =
      session.values.add(statement.pattern_ordinal, statement.info->key, *statement.event);
  note_repeat(session, group, statement);
  if (statement.info->kind == StatementClass::kWrite) note_write(session, statement);
  group.last_position = session.position;
  group.last_value = 0;
  for (size_t i = 0; i < statement.value_count; ++i) {
    const SlotValue& value = statement.values[i];
    if (!value.known || value.role != SlotRole::kEqual) continue;
    if (group.last_value == 0) group.last_value = value.hash;
    session.note_asked(value.hash);
  }
  note_execution(session, group, statement, result);
  session.touch(group);
}

// A cursor's rows come with its FETCHes: each counts as one more execution of its DECLARE, which thus becomes
// the parent of what runs between them.
bool SessionTracker::note_cursor(Session& session, const StatementEvent& statement) {
  const std::string_view name = statement.info->name;
  const auto found = std::find_if(session.cursors.begin(), session.cursors.end(),
                                  [&](const auto& cursor) { return cursor.first == name; });
  if (statement.info->kind == StatementClass::kCursor) {
    if (found != session.cursors.end()) session.cursors.erase(found);
    if (session.cursors.size() >= 16) session.cursors.erase(session.cursors.begin());
    session.cursors.emplace_back(name, statement.pattern);
    return false;
  }
  if (found == session.cursors.end()) return false;
  const auto group = std::ranges::find(session.groups, found->second, &Group::pattern);
  if (group == session.groups.end() || group->info->cursor_query == nullptr ||
      !group->info->cursor_query->many_rows)
    return false;
  StatementEvent fetched = statement;
  fetched.pattern = group->pattern;
  fetched.pattern_ordinal = group->ordinal;
  fetched.info = group->info;
  ++session.position;
  group->last_position = session.position;
  const uint32_t result = session.values.add(fetched.pattern_ordinal, fetched.info->key, *statement.event);
  note_execution(session, *group, fetched, result);
  session.touch(*group);
  return true;
}

// In steps, each of which asks for what the addresses of the next are in: nothing waits but the first look at
// each.
void SessionTracker::expect(std::span<const Expected> statements) {
  constexpr size_t kMost = 32;
  std::array<const Session*, kMost> sessions{};
  std::array<const Group*, kMost> groups{};
  const size_t count = std::min(statements.size(), kMost);
  for (size_t i = 0; i < count; ++i) {
    const auto found = by_id_.find(statements[i].session);
    if (found == by_id_.end()) continue;
    sessions[i] = &*found->second;
    fetch(sessions[i], sizeof(Session));
  }
  for (size_t i = 0; i < count; ++i) {
    if (sessions[i] != nullptr)
      fetch(sessions[i]->hints.data(), sessions[i]->hints.size() * sizeof(GroupHint));
  }
  for (size_t i = 0; i < count; ++i) {
    if (sessions[i] == nullptr || sessions[i]->hints.empty()) continue;
    const GroupHint* hint = sessions[i]->find_hint(statements[i].pattern_ordinal);
    groups[i] = &sessions[i]->groups[hint == nullptr ? sessions[i]->hints.back().group : hint->group];
    fetch(groups[i], sizeof(Group));
  }
  for (size_t i = 0; i < count; ++i) {
    if (groups[i] == nullptr) continue;
    fetch(groups[i]->run.get(), sizeof(LoopRun));
    fetch(groups[i]->tuples.data(), groups[i]->tuples.size() * sizeof(SeenTuple));
    fetch(groups[i]->execution.get(), sizeof(ParentExecution));
  }
  for (size_t i = 0; i < count; ++i) {
    if (groups[i] != nullptr && groups[i]->run != nullptr) groups[i]->run->fetch();
  }
}

void SessionTracker::on_statement(const StatementEvent& statement) {
  if (statement.session == 0) return;
  Session& session = open_session(statement);
  const Microseconds gap = note_timing(session, statement);
  session.note_gap(gap);
  session.gap_since_counted = std::max(session.gap_since_counted, gap);
  if (statement.failed) ++session.errors;
  note_transaction(session, statement);
  note_units(session, statement);
  if (statement.info->wipes && !statement.failed) note_wipe(session);
  switch (statement.info->kind) {
    case StatementClass::kPoolReset:
      // A library that takes a connection for each statement has it reset after each: that bounds no work.
      if (session.position > session.reset_position + 1) close_window(session);
      session.reset_position = session.position;
      ++session.commits;
      break;
    case StatementClass::kSetting:
      ++session.setting_changes;
      break;
    case StatementClass::kFetch:
      if (statement.pattern != nullptr && !statement.failed) note_cursor(session, statement);
      break;
    case StatementClass::kCursor:
      if (statement.pattern != nullptr && !statement.failed) {
        note_counted(session, statement, gap);
        note_cursor(session, statement);
      }
      break;
    case StatementClass::kQuery:
    case StatementClass::kWrite:
      if (statement.pattern != nullptr && !statement.failed) note_counted(session, statement, gap);
      break;
    default:
      break;
  }
  // A pause is told of the statement it followed, not of the tidying up after that one (DEALLOCATE, CLOSE).
  if (!tidies_up(statement.info->kind) || session.last_pattern == nullptr)
    session.last_pattern = statement.pattern;
}

}  // namespace pgsieve
