// pgsieve: reads the command line and hands over to the command.
#include "tools/pgsieve/commands.h"

// What jemalloc, where the program is linked with it, reads when it starts (jemalloc(3), TUNING): one arena
// for the two or three threads that there are, small caches, and pages that nobody uses given back soon.
// Takes a percent or two more time, and of many statements a sixth less memory. The variable MALLOC_CONF goes
// before it.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "narenas:1,lg_tcache_max:12,dirty_decay_ms:200,muzzy_decay_ms:0";
}

int main(int argc, char** argv) {
  using pgsieve::CommandLine;
  const pgsieve::ParsedCommandLine parsed = pgsieve::parse_command_line(argc, argv);
  if (parsed.exit_code) return *parsed.exit_code;
  const CommandLine& line = parsed.command_line;
  switch (line.command) {
    case CommandLine::Command::kReport:
    case CommandLine::Command::kLint:
      return pgsieve::run_report(line.report);
    case CommandLine::Command::kIngest:
      return pgsieve::run_ingest(line.report.analysis);
    case CommandLine::Command::kTap:
      return pgsieve::run_tap(line.tap);
    case CommandLine::Command::kExec:
      return pgsieve::run_exec(line.tap);
    case CommandLine::Command::kRules:
      return pgsieve::run_rules(line.rules, !line.no_pager);
    case CommandLine::Command::kDoctor:
      return pgsieve::run_doctor(line.doctor);
    case CommandLine::Command::kInit:
      return pgsieve::run_init(line.init);
    case CommandLine::Command::kCompletion:
      return pgsieve::write_stdout(pgsieve::write_completion(line.tree, line.shell)) ? 0
                                                                                     : pgsieve::kExitInput;
    case CommandLine::Command::kManual:
      return pgsieve::write_stdout(pgsieve::write_manual(line.tree, pgsieve::program_version()))
                 ? 0
                 : pgsieve::kExitInput;
    case CommandLine::Command::kFingerprint:
      return pgsieve::run_fingerprint(line.fingerprint);
    case CommandLine::Command::kStats:
      return pgsieve::run_stats(line.stats);
    case CommandLine::Command::kTwin:
      return pgsieve::run_twin(line.twin);
    case CommandLine::Command::kProve:
      return pgsieve::run_prove(line.prove);
    case CommandLine::Command::kBaseline:
      return pgsieve::run_baseline(line.baseline);
    case CommandLine::Command::kConfig:
      return pgsieve::run_config(line.config);
    case CommandLine::Command::kMerge:
      return pgsieve::run_merge(line.merge);
    case CommandLine::Command::kDiff:
      return pgsieve::run_diff(line.diff);
    case CommandLine::Command::kIndexSuggest:
      return pgsieve::run_index_suggest(line.index);
    case CommandLine::Command::kIndexReview:
      return pgsieve::run_index_review(line.review);
    case CommandLine::Command::kNone:
      break;
  }
  return pgsieve::kExitUsage;
}
