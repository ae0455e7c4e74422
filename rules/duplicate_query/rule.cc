// duplicate-query: the same statement with the same values, again, although nothing was written to its
// tables. See rule.md.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <tuple>
#include <vector>

#include "rules/common.h"
#include "rules/fixes/fixes.h"
#include "rules/loop_reasons.h"
#include "rules/loop_verdict.h"

namespace pgsieve {

namespace {

// Functions whose result differs from call to call: reading them again is the point.
constexpr std::array<std::string_view, 10> kVolatile = {
    "random",  "gen_random_uuid", "uuid_generate_v4", "clock_timestamp", "timeofday",
    "nextval", "pg_sleep",        "txid_current",     "pg_notify",       "statement_timestamp"};

bool repeatable(const Pattern& pattern) {
  if (pattern.shape == nullptr || !is_read(pattern.shape->kind) || pattern.shape->blocks.empty())
    return false;
  const QueryBlock& top = pattern.shape->blocks[0];
  if (top.skip_locked || top.for_update || pattern.shape->catalog_only) return false;
  const bool reads_table =
      std::any_of(pattern.shape->relations.begin(), pattern.shape->relations.end(),
                  [](const Relation& relation) { return relation.kind == Relation::Kind::kTable; });
  const bool changes = std::any_of(
      pattern.shape->functions.begin(), pattern.shape->functions.end(), [](const FunctionUse& use) {
        return std::find(kVolatile.begin(), kVolatile.end(), use.name) != kVolatile.end();
      });
  return reads_table && !changes;
}

// What a program may do between two statements of one request.
constexpr Microseconds kShortestPause = 3 * kMillisecond;
constexpr Microseconds kLongestPause = 10 * kMillisecond;

// One request after another, each beginning with the same statement: the longest pause between two
// repetitions is always before that one, and the others follow each other closely.
bool once_per_request(const RepeatExample& example) {
  constexpr Microseconds kClock = 2 * kMillisecond;  // what is known of two times in milliseconds
  if (example.inner_gap == kUnknownTime || example.same_pause * 5 < (example.count - 1) * 4) return false;
  return example.median_gap > std::max(kShortestPause, kClock + example.inner_gap * 3 / 2);
}

// The longest that can have passed between two repetitions, on average, where the log's clock shows no single
// pause; kUnknownTime: it does.
Microseconds average_pause(const RepeatExample& example) {
  if (example.median_gap != kUnknownTime || example.time == kUnknownTime || example.count < 2)
    return kUnknownTime;
  return (example.span + kSecond) / (example.count - 1);
}

// What holds the repetitions of one window together.
enum class Bond : uint8_t {
  kNone,
  kShort,  // nothing, but the window is as short as that of one request may be
  kBurst,  // pauses: none such as are around them was among them
  kHeld,   // a loop, a transaction, a trace or a test
};

// Where requests follow each other without a pause, bursts are long or never end.
Bond bond_of(const RepeatExample& example, bool in_loop, uint32_t min_count) {
  constexpr Microseconds kLongest = 50 * kMillisecond;
  constexpr uint64_t kStatements = 24;  // of a burst, on average
  if (in_loop || example.held >= min_count) return Bond::kHeld;
  if (example.longest_gap == kUnknownTime) return Bond::kNone;
  const bool several_each = example.count >= min_count * (1 + example.pauses);
  if (several_each && kStatements * example.session_pauses >= std::max(1U, example.session_gaps))
    return Bond::kBurst;
  if (example.longest_gap > kLongest) return Bond::kNone;
  if (kStatements * example.longer_gaps >= std::max(1U, example.session_gaps)) return Bond::kBurst;
  return example.session_gaps <= kStatements ? Bond::kShort : Bond::kNone;
}

// Before nearly every repetition the same statements ran, each time with other values.
bool whole_chain_again(const RepeatExample& example) {
  return example.same_chain >= 2 && example.same_chain * 5 >= (example.count - 2) * 4;
}

// One request right after another: a whole chain of statements begins again and again; or it ran with other
// values itself; or it is all that the session does.
bool like_a_load_test(const RepeatExample& example) {
  const bool mixed_values = example.distinct_tuples >= 3 && 2 * example.other_values > example.count - 1;
  const bool nothing_else =
      example.session_gaps > 0 && uint64_t{example.executions} * 10 >= uint64_t{example.session_gaps} * 9;
  return whole_chain_again(example) || mixed_values || nothing_else;
}

// Repetitions that belong to one piece of work, not to a poller, a retry or one request after another.
bool belongs_together(const RepeatExample& example, Bond bond, bool in_loop) {
  const uint32_t turns = example.count - 1;
  if (bond != Bond::kHeld && example.unit_changes * 2 > turns) return false;
  if ((example.rollbacks + example.errors) * 2 >= turns) return false;
  if (in_loop) return true;
  const bool untimed = example.median_gap == kUnknownTime;
  const bool of_requests = 2 * example.transaction_changes > turns || like_a_load_test(example);
  if (bond == Bond::kNone && of_requests) return false;
  if (untimed) return average_pause(example) != kUnknownTime && average_pause(example) <= kLongestPause;
  if (once_per_request(example)) return false;
  // Where the session's statements follow each other quickly, a pause between two repetitions is the time
  // between two requests.
  const Microseconds pace = example.session_median_gap == kUnknownTime
                                ? kLongestPause
                                : std::clamp(8 * example.session_median_gap, kShortestPause, kLongestPause);
  const Microseconds mean_time = example.repeated_time / std::max<Microseconds>(1, turns);
  return example.median_gap <= std::max(pace, 5 * mean_time);
}

// What a clock of whole seconds leaves open: repetitions that follow each other several times a second.
bool may_belong_together(const RepeatExample& example, Bond bond) {
  constexpr uint32_t kTurns = 5;
  constexpr Microseconds kSeldom = 250 * kMillisecond;
  if (bond == Bond::kNone &&
      (2 * example.transaction_changes > example.count - 1 || like_a_load_test(example)))
    return false;
  const Microseconds pause = average_pause(example);
  return pause != kUnknownTime && pause <= kSeldom && example.count >= kTurns && example.unit_changes == 0 &&
         example.rollbacks + example.errors == 0;
}

// Why the repetitions may be those of one request after another, each of which asks once; "" when something
// holds them together.
std::string requests_doubt(const RepeatExample& example, Bond bond) {
  if (bond == Bond::kHeld) return {};
  if (2 * example.transaction_changes > example.count - 1)
    return "most are in transactions of their own: each may belong to another request";
  if (example.median_gap == kUnknownTime || bond == Bond::kBurst ||
      (bond == Bond::kShort && !whole_chain_again(example)))
    return {};
  return "no transaction, trace or pause tells where a request ends: requests that ask once each, one right "
         "after the other, look the same";
}

bool is_loop_child(const std::vector<Finding>& findings, const PatternKey& key) {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
    return (finding.rule == "n-plus-one" || finding.rule == "recursive-walk") && finding.pattern == key;
  });
}

// When a loop ran, from its first turn to the end of its last.
struct TimeSpan {
  Microseconds from = 0, to = 0;
};
constexpr TimeSpan kAnyTime{std::numeric_limits<Microseconds>::min(),
                            std::numeric_limits<Microseconds>::max()};

// What runs in every turn of a loop over the rows of a list, which is one piece of work however long its
// turns take, and when.
using LoopTimes = std::map<PatternKey, std::vector<TimeSpan>>;

LoopTimes statements_of_loops(const RuleContext& context, const std::vector<Finding>& findings) {
  LoopTimes statements;
  for (const Finding& finding : findings) {
    if (finding.rule != "n-plus-one" || finding.parent == kNoPattern ||
        finding.confidence < Confidence::kHigh)
      continue;
    const auto loop = context.workload.loops.find(LoopKey{finding.pattern, finding.parent});
    if (loop == context.workload.loops.end() || loop->second.examples.empty()) continue;
    if (loop->second.examples.front().parent_executions > 1) continue;
    const bool all_known = loop->second.scopes <= loop->second.examples.size();
    for (const LoopExample& example : loop->second.examples.unpacked()) {
      const bool timed = all_known && example.time != kUnknownTime;
      const TimeSpan span = timed ? TimeSpan{example.time, example.time + example.span} : kAnyTime;
      for (const PatternKey& key : example.cycle) statements[key].push_back(span);
    }
  }
  return statements;
}

// The same statement repeated at another time is not that loop's.
bool ran_in(const LoopTimes& loops, const PatternKey& key, const RepeatExample& example) {
  const auto found = loops.find(key);
  if (found == loops.end()) return false;
  return example.time == kUnknownTime || std::ranges::any_of(found->second, [&example](const TimeSpan& span) {
           return example.time <= span.to && example.time + example.span >= span.from;
         });
}

}  // namespace

void check_duplicate_query(const RuleContext& context, std::vector<Finding>& findings) {
  const auto min_count = static_cast<uint32_t>(context.option("duplicate-query.min-count", 3));
  const LoopTimes loops = statements_of_loops(context, findings);
  FixAdvisor advisor(context);
  for (const auto& [key, repeat] : context.workload.repeats) {
    const Pattern* pattern = context.workload.find(key);
    if (pattern == nullptr || !repeatable(*pattern)) continue;
    const RepeatExample* best = nullptr;
    Bond bond = Bond::kNone;
    for (const RepeatExample& example : repeat.examples) {
      if (example.count < min_count) continue;
      // What has other values in each turn is no repetition in that loop.
      const bool in_loop = ran_in(loops, key, example) && 2 * example.other_values <= example.count;
      const Bond of_example = bond_of(example, in_loop, min_count);
      if (!belongs_together(example, of_example, in_loop) && !may_belong_together(example, of_example))
        continue;
      if (best != nullptr && std::tie(of_example, example.count) <= std::tie(bond, best->count)) continue;
      best = &example;
      bond = of_example;
    }
    if (best == nullptr) continue;
    // Mostly different values with a chance repetition is a loop or plain traffic.
    const bool held = best->held >= min_count;
    if (best->distinct_tuples * 2 > best->executions && !held) continue;
    if (best->distinct_tuples >= 3 && is_loop_child(findings, key)) continue;
    Finding finding = pattern_finding("duplicate-query", *pattern);
    finding.severity = FindingSeverity::kWarning;
    const std::string doubt = requests_doubt(*best, bond);
    const uint32_t together = held ? best->held : best->count;
    finding.confidence = together >= 4 && doubt.empty() ? Confidence::kHigh : Confidence::kMedium;
    const Microseconds pause = average_pause(*best);
    if (bond != Bond::kHeld && pause != kUnknownTime && pause > kLongestPause) {
      finding.confidence = Confidence::kLow;
      finding.why_not_higher.push_back(untimed_doubt(pause));
    }
    finding.count = best->executions;
    finding.scopes = repeat.windows;
    finding.message = fmt::format(
        "the same query on {} with the same values ran {} times in a row of work, nothing written in between",
        finding.table.empty() ? "a table" : finding.table, together);
    finding.evidence.push_back(fmt::format("{} executions within {:.1f} ms, {} different sets of values",
                                           best->executions, static_cast<double>(best->span) / 1000.0,
                                           best->distinct_tuples));
    if (best->median_gap != kUnknownTime)
      finding.evidence.push_back(
          fmt::format("at most {:.1f} ms without a statement between two of them (median)",
                      static_cast<double>(best->median_gap) / 1000.0));
    if (!doubt.empty()) finding.why_not_higher.push_back(doubt);
    if (together < 4) finding.why_not_higher.push_back(fmt::format("only {} executions", together));
    finding.time_ms = static_cast<double>(repeat.repeated_time) / 1000.0;
    if (!best->source.empty()) finding.tags["source"] = best->source;
    finding.fixes = advisor.repetition(*pattern);
    findings.push_back(std::move(finding));
  }
}

}  // namespace pgsieve
