// pgsieve prove FINDING --db URL: does the one statement really do what the loop did, and how much faster?
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "tools/pgsieve/analysis.h"
#include "tools/pgsieve/commands.h"
#include "tools/pgsieve/replay.h"

namespace pgsieve {

namespace {

// By its id, or by as much of its beginning as is unique.
Result<const Finding*> find_finding(const Analysis& analysis, const std::string& id) {
  const Finding* found = nullptr;
  Error error;
  error.kind = Error::Kind::kUsage;
  for (const Finding& finding : analysis.findings) {
    const bool begins =
        finding.id.starts_with(id) || finding.id.substr(finding.id.find(':') + 1).starts_with(id);
    if (!begins) continue;
    if (finding.id == id) return &finding;
    if (found != nullptr) {
      error.message = fmt::format("several findings begin with '{}'", id);
      return error;
    }
    found = &finding;
  }
  if (found != nullptr) return found;
  error.message = fmt::format("there is no finding '{}' in this capture", id);
  std::string known;
  for (const Finding& finding : analysis.findings) {
    if (finding.rule == "n-plus-one") known += (known.empty() ? "" : ", ") + finding.id;
  }
  if (!known.empty()) error.hint = "Loops that can be replayed: " + known;
  return error;
}

// The loop behind the finding, in the scope that left the most values. One that walks down its own table has
// itself for a parent, and no list before it.
std::optional<LoopExample> best_example(const Workload& workload, const Finding& finding) {
  std::optional<LoopExample> best;
  size_t most = 0;
  for (const auto& [key, loop] : workload.loops) {
    if (key.child != finding.pattern) continue;
    const bool own_rows = finding.parent == finding.pattern && key.parent == kNoPattern;
    const bool after_it = finding.parent == kNoPattern || key.parent == finding.parent || own_rows;
    for (LoopExample& example : loop.examples.unpacked()) {
      if (!after_it && std::ranges::find(example.rivals, finding.parent) == example.rivals.end()) continue;
      const size_t turns = example.sample_turns().size();
      if (best && turns <= most) continue;
      best = std::move(example);
      most = turns;
    }
  }
  return best;
}

std::string text_of(const Finding& finding, const Replay& replay) {
  std::string out = fmt::format("{} {}: {}\n\n", finding.rule, finding.id, finding.message);
  out += fmt::format("loop ({} of its turns, as captured):\n  {}\n", replay.turns, replay.loop_sql);
  out += fmt::format("one statement:\n  {}\n\n", replay.batch_sql);
  if (replay.agree) {
    out += fmt::format("rows         {} and {}: they agree\n", replay.loop_rows, replay.batch_rows);
  } else {
    out += fmt::format("rows         {} and {}: THEY DIFFER; {}\n", replay.loop_rows, replay.batch_rows,
                       replay.difference);
  }
  out += fmt::format("round trips  {} and 1\n", replay.turns);
  out += fmt::format("time         {:.2f} ms and {:.2f} ms", replay.loop_ms, replay.batch_ms);
  if (replay.batch_ms > 0) {
    const double ratio = replay.loop_ms / replay.batch_ms;
    out += ratio >= 1 ? fmt::format(": {:.1f} times faster", ratio)
                      : fmt::format(": {:.1f} times slower", 1 / ratio);
  }
  out += "\n";
  for (const std::string& note : replay.notes) out += note + "\n";
  return out;
}

}  // namespace

int run_prove(const ProveOptions& options) {
  if (!ServerConnection::available()) {
    tell("this pgsieve was built without libpq and can't connect to a server");
    return kExitUsage;
  }
  const Result<Analysis> analysis = analyse(options.analysis);
  if (!analysis) {
    tell(analysis.error().to_string());
    return analysis.error().kind == Error::Kind::kUsage ? kExitUsage : kExitInput;
  }
  for (const std::string& problem : analysis->problems) tell_warning(problem);
  const Result<const Finding*> finding = find_finding(*analysis, options.finding);
  if (!finding) {
    tell(finding.error().to_string());
    return kExitUsage;
  }
  const Pattern* child = analysis->workload.find((*finding)->pattern);
  const std::optional<LoopExample> example = best_example(analysis->workload, **finding);
  const bool loop = (*finding)->rule == "n-plus-one" || (*finding)->rule == "write-loop";
  if (!loop || child == nullptr || !example) {
    tell(fmt::format("{} {} is no loop{}: there is nothing to replay", (*finding)->rule, (*finding)->id,
                     loop ? " that was seen more than once per parent" : ""));
    return kExitUsage;
  }
  Result<ServerConnection> database = ServerConnection::connect(options.url);
  if (!database) {
    tell(database.error().to_string());
    return kExitInput;
  }
  const RuleContext context{
      .workload = analysis->workload, .schema = analysis->schema, .orm = {}, .options = {}};
  const Result<Replay> replay = replay_loop(*database, context, *child, *example);
  if (!replay) {
    tell(replay.error().to_string());
    return kExitInput;
  }
  if (!write_stdout(text_of(**finding, *replay))) return kExitInput;
  return replay->agree ? kExitOk : kExitFindings;
}

}  // namespace pgsieve
