// LoopClass: what a loop is, told from what varies from turn to turn and from the time between the turns.
//
// A loop that is no problem is told apart by evidence, not by allow-lists: pagination (only a range, LIMIT or
// OFFSET varies), a queue (SKIP LOCKED), a retry (ROLLBACK or an error between turns), tenants (search_path
// or role changes between turns), polling and independent requests on one pooled connection (think time
// between turns, a new trace or tag each).
#pragma once

#include <cstdint>
#include <string_view>

#include "analyzer/workload/link.h"
#include "analyzer/workload/loop.h"
#include "analyzer/workload/pattern.h"

namespace pgsieve {

enum class LoopClass : uint8_t {
  kRowByRow,  // a value per turn, from a list or from outside the database
  kTreeWalk,  // each turn asks for the children of rows of the same table
  kKeyset,    // pages by key
  kOffset,    // pages by OFFSET
  kQueue,
  kRetry,
  kTenants,
  kIndependent,  // requests that have nothing to do with each other
  kBatch,        // writes that the driver sent as one batch, by one round trip
  kSameValues,   // nothing varies: a repetition, not a loop
  kUnclear,      // too little to say
};
std::string_view loop_class_name(LoopClass kind);

struct LoopOptions {
  uint32_t min_count = 3;                     // executions after one parent
  uint32_t min_alone = 5;                     // without a parent statement
  Microseconds tight_gap = 5 * kMillisecond;  // at most; see tight_turn()
};

// The longest turnaround within a loop that leaves no room for another request, by the session's own pace: a
// program takes about as long before one statement as before another, and a person, a client or a queue takes
// longer. What there is to compare with are the other statements of the session and the child's own time.
// Where every request is one statement, the others' turnaround is think time, too: so it can only tighten the
// bound.
Microseconds tight_turn(const LoopExample& example, const LoopOptions& options);

// The turns belong to one piece of work whatever the time between them: all in one transaction, trace, test
// or request.
bool one_unit_of_work(const LoopExample& example);

// The statement follows itself at a pace that hardly changes, at most kSlowestPace: a loop that waits for a
// distant server or works for as long on each row. Between requests, people and queues leave times that
// differ; a transaction, a setting or another statement in between begins something new.
inline constexpr Microseconds kSlowestPace = 150 * kMillisecond;
bool steady_turns(const LoopExample& example);

// The statement follows itself, most often within a millisecond: that some turns took longer is the doing of
// a busy machine. Requests don't follow each other like that.
bool hurried_turns(const LoopExample& example, const LoopOptions& options);

// A clock of whole seconds shows no pause between two turns, only what all of them can have been on average
// (LoopExample::most_idle). Close: that leaves no room for another request. Dense: it leaves some, but the
// statement follows itself, or one turn is like the next, several times a second: a loop, or a program that
// is asked for nothing else all the time. Leaves room: enough for somebody who asks for some rows of a list.
// All false where single pauses are known.
bool leaves_room(const LoopExample& example);
bool close_on_average(const LoopExample& example, const LoopOptions& options);
bool dense_turns(const LoopExample& example, const LoopOptions& options);

// Time passes between the turns, and neither a steady pace nor a busy machine accounts for it. False when no
// times are known.
bool at_leisure(const LoopExample& example, const LoopOptions& options);

// The executions stand alone or by the few among other statements, in no order that repeats: as on a busy
// connection, on which look-ups of all kinds follow lists of all kinds. A loop's body repeats; but rows that
// are known already are not asked for again, and some rows have nothing to ask for.
bool is_scattered(const LoopExample& example);

// Scattered, and some turns took far longer than the session takes from one statement to the next, or they
// are in transactions of their own.
bool scattered_turns(const LoopExample& example, const LoopOptions& options);

// The list began a burst of statements and all turns are in it: from the list to the last turn no time passed
// such as the session has between its bursts. Requests of their own begin after a pause of their own.
bool in_one_burst(const LoopExample& example);
// A pool took the connection back after each turn: the next one there may be another client's.
bool lent_for_each_turn(const LoopExample& example);

// A turn is several statements, another value each time, and before none of them passes much more time than
// before any statement of the session: a program that takes its time, not requests with pauses between them.
bool at_session_pace(const LoopExample& example);

// No turn began after a pause: the longest turnaround of a turn is hardly longer than others of the session,
// and as long turn after turn. What is known already is not asked for again, so the turns need not be alike;
// but between requests there is at least the way to the client and back.
bool without_pauses(const LoopExample& example);

// The capture has not the values that may have varied: a log with log_parameter_max_length = 0, most spans.
bool unseen_values(const LoopExample& example);

// Traces and tags tell requests apart only where they last for more than a statement; an instrumentation that
// starts a new trace for every statement says nothing.
bool units_are_requests(const LoopExample& example);

// Every turn in another request: by trace or tag, or by the time a person or a load balancer took between
// them.
bool independent(const LoopExample& example, bool linked, const LoopOptions& options);

// The class of one scope of a loop. `link`: from the parent, kNone without one.
LoopClass loop_class(const LoopExample& example, const Pattern& child, const Link& link,
                     const LoopOptions& options);

}  // namespace pgsieve
