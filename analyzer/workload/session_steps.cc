// What a statement says of its session, whether it counts or not: its times, how it was sent, its transaction
// and its unit.
#include <algorithm>
#include <utility>

#include "analyzer/workload/session_tracker.h"

namespace pgsieve {

namespace {

// A transaction that no BEGIN began ends with the client's Sync, which nothing shows: the next statement has
// another.
bool ended_unseen(const Session& session, const StatementEvent& statement) {
  const bool ends =
      statement.info->kind == StatementClass::kCommit || statement.info->kind == StatementClass::kRollback;
  return !session.transaction_begun && !ends && session.last_transaction_id != 0 &&
         statement.transaction != session.last_transaction_id;
}

}  // namespace

// The turnaround before this statement; closes the window when it was too long to belong to one request.
Microseconds SessionTracker::note_timing(Session& session, const StatementEvent& statement) {
  if (statement.end != kUnknownTime && statement.end % kSecond != 0) session.whole_seconds = false;
  Microseconds gap = kUnknownTime;
  if (session.last_end != kUnknownTime && statement.start != kUnknownTime) {
    gap = std::max<Microseconds>(0, statement.start - session.last_end);
    // What ended may have ended almost a second later than a clock of whole seconds says.
    if (session.whole_seconds) gap = gap > kSecond ? gap - kSecond : kUnknownTime;
    if (gap == kUnknownTime) {
      // No pause that is known of.
    } else if (session.in_transaction && !ended_unseen(session, statement) &&
               session.last_pattern != nullptr) {
      session.last_pattern->transaction_gaps.add(gap);
      TransactionPause pause{gap,
                             session.last_end,
                             statement.pattern == nullptr ? kNoPattern : statement.pattern->key,
                             session.transaction_statements,
                             session.transaction_writes,
                             session.transaction_tables};
      if (longer_pause(pause, session.last_pattern->longest_pause))
        session.last_pattern->longest_pause = std::move(pause);
    } else if (gap > kIdleGap && gap > 8 * std::max<Microseconds>(0, session.median_gap())) {
      session.pause_follows = true;
      close_window(session);
      gap = kUnknownTime;
    }
  }
  if (statement.end != kUnknownTime) {
    session.last_end =
        session.last_end == kUnknownTime ? statement.end : std::max(session.last_end, statement.end);
  }
  return gap;
}

// What is sent in one go runs in one transaction, without a BEGIN, too: it ends with the Sync behind it all.
// A client that waits for an answer has sent a Sync.
void SessionTracker::note_request(Session& session, const StatementEvent& statement, bool same_transaction) {
  RequestTotals& requests = session.requests;
  ++requests.statements;
  requests.busy += statement.duration;
  if (statement.sent == Event::Sent::kAfterAnswer) {
    ++requests.awaited;
  } else if (statement.sent == Event::Sent::kBeforeAnswer) {
    ++requests.ahead;
  } else if (same_transaction && !session.transaction_begun) {
    ++requests.unbegun;
  }
}

// A transaction is open after BEGIN, and between statements that carry one virtual transaction id.
void SessionTracker::note_transaction(Session& session, const StatementEvent& statement) {
  const bool ends =
      statement.info->kind == StatementClass::kCommit || statement.info->kind == StatementClass::kRollback;
  const bool same = statement.transaction != 0 && statement.transaction == session.last_transaction_id;
  const bool begins = statement.info->kind == StatementClass::kBegin || (same && !ends);
  if (!same && session.last_transaction_id != 0) session.in_transaction = session.transaction_begun = false;
  if (statement.info->kind == StatementClass::kBegin ||
      (session.requests.statements == 0 && statement.transaction != 0))
    session.transaction_begun = true;
  note_request(session, statement, same);
  if (begins && !session.in_transaction) {
    session.in_transaction = true;
    ++session.transaction_ordinal;
    session.transaction_statements = session.transaction_writes = 0;
    session.transaction_tables.clear();
  }
  if (ends) {
    session.in_transaction = session.transaction_begun = false;
    ++(statement.info->kind == StatementClass::kCommit ? session.commits : session.rollbacks);
  }
  if (statement.info->kind == StatementClass::kRollbackTo) ++session.rollbacks;
  session.last_transaction_id = ends ? 0 : statement.transaction;
  if (!session.in_transaction) return;
  const StatementInfo& info = *statement.info;
  const bool locks = info.locks_rows;
  if (info.kind == StatementClass::kQuery || info.kind == StatementClass::kWrite)
    ++session.transaction_statements;
  if (info.kind != StatementClass::kWrite && !locks) return;
  ++session.transaction_writes;
  for (const std::string table : locks ? info.tables_read : info.tables_written) {
    if (session.transaction_tables.find(table) != std::string::npos ||
        session.transaction_tables.size() > 180)
      continue;
    if (!session.transaction_tables.empty()) session.transaction_tables += ", ";
    session.transaction_tables += table;
  }
}

// Tables are emptied between tests, and before a batch: what comes after has nothing to do with the rows that
// were read before. Within a transaction that read something it is a step of the work.
void SessionTracker::note_wipe(Session& session) {
  if (session.in_transaction && session.transaction_statements > session.transaction_writes) return;
  close_window(session);
}

namespace {

uint64_t known_values(const StatementEvent& statement) {
  return statement.values_known ? std::max<uint64_t>(1, statement.tuple) : 0;
}

// Who asks is looked up before what is asked for: the key of an API, then its user. Where requests of one
// client follow each other without a pause that would end the window, these come again with the same values,
// and more time passes before them than within a request.
void note_opening(Session& session, const StatementEvent& statement) {
  Opening& opening = session.opening;
  if (session.opener == statement.pattern) {
    opening.after_pause = session.gap_since_counted > opening.longest;
    opening.longest = kUnknownTime;
    opening.latest_values = known_values(statement);
    opening.just_ran = true;
    return;
  }
  opening.longest = std::max(opening.longest, session.gap_since_counted);
  if (!std::exchange(opening.just_ran, false)) return;
  const uint64_t own = known_values(statement);
  const uint64_t both = own == 0 || opening.latest_values == 0 ? 0 : hash_combine(opening.latest_values, own);
  if (opening.second == nullptr) {
    opening.second = statement.pattern;
    opening.values = both;
  } else if (opening.after_pause && opening.second == statement.pattern && both != 0 &&
             both == opening.values) {
    ++opening.repeated;
  }
}

}  // namespace

// The first statement of a window is what a request begins with, where requests begin alike.
void SessionTracker::note_opener(Session& session, const StatementEvent& statement) {
  if (session.opener == nullptr) {
    session.opener = statement.pattern;
    ++statement.pattern->window_starts;
    facts_.windows.add(session.database);
  }
  if (session.opener == statement.pattern) ++session.openings;
  note_opening(session, statement);
}

void SessionTracker::note_units(Session& session, const StatementEvent& statement) {
  if (statement.unit == 0) return;
  ++session.unit_statements;
  if (statement.unit == session.last_unit) return;
  // Clients that share the connection statement by statement take turns: theirs go on.
  if (std::ranges::find(session.recent_units, statement.unit) == session.recent_units.end())
    session.recent_units[session.units++ % session.recent_units.size()] = statement.unit;
  if (session.last_unit != 0) ++session.unit_changes;
  session.last_unit = statement.unit;
}

}  // namespace pgsieve
