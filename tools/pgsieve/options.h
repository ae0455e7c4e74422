// The command line as plain data: how it is parsed, and that CLI11 does it, only the files of options know.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/advisor/decisions.h"
#include "analyzer/advisor/migration.h"
#include "analyzer/advisor/verify.h"
#include "analyzer/capture/ingest.h"
#include "analyzer/policy/policy.h"
#include "analyzer/report/report.h"
#include "analyzer/workload/builder.h"
#include "rules/rule.h"
#include "tools/pgsieve/log_settings.h"
#include "tools/pgsieve/option_tree.h"
#include "tools/pgsieve/server_options.h"
#include "tools/pgsieve/terminal.h"

namespace pgsieve {

// What every command returns to the shell.
enum ExitCode : int {
  kExitOk = 0,
  kExitFindings = 1,       // lint only
  kExitUsage = 2,          // command line, configuration, schema or statistics file
  kExitInput = 3,          // a capture or store that can't be used, or that holds no statement
  kExitInterrupted = 130,  // Ctrl-C: what was written covers a part of the inputs
};

// Which facts to look at and how to judge them: shared by report and lint.
struct AnalysisOptions {
  std::vector<std::string> inputs;
  std::string schema_file;
  std::string statistics_file;
  std::string store_file;
  IngestOptions ingest;
  WorkloadOptions workload;
  std::vector<std::string> rules;  // empty: all
  std::vector<std::string> skip_rules;
  std::map<std::string, std::string> rule_options;  // "rule.option"
  std::string orm;
  Confidence min_confidence = Confidence::kLow;
  bool allow_empty = false;
};

struct OutputSpec {
  const ReportFormat* format = nullptr;
  std::string file;  // empty: standard output
};

enum class FailOn : uint8_t { kInfo, kWarning, kError, kNever };

// What lint adds to a report.
struct GateOptions {
  std::string config;  // --config
  bool no_config = false;
  std::string config_file;    // the configuration that was found; "": none
  std::string config_folder;  // where it lies
  std::string baseline;
  bool baseline_given = false;  // on the command line: it must exist
  bool no_baseline = false;
  std::string against;
  std::string stale = "note";
  bool show_accepted = false;
  bool exit_zero = false;
  std::map<std::string, FindingSeverity> severities;  // --severity
  double min_recognised = 0;                          // per cent
};

struct ReportOptions {
  bool lint = false;
  GateOptions gate;
  Policy policy;
  AnalysisOptions analysis;
  std::vector<OutputSpec> outputs;
  std::optional<std::string> source_root;  // checkout to look for places in; "": none; unset: lint finds it
  size_t top = 20;
  bool show_values = false;
  When color = When::kAuto;
  FailOn fail_on = FailOn::kWarning;
  std::optional<double> scale;  // report: project to that many times the rows
  bool strict = false;  // lint: a partial verdict is none
};

struct DoctorOptions {
  std::string url;  // "": what the PG… variables say
  bool apply = false, revert = false;
  LoggingWishes wishes;
  std::string state_file;  // "": a file of this server's in the user's state folder
  When color = When::kAuto;
};

struct InitOptions {
  std::string ci;  // "", "github" or "gitlab"
  bool force = false;
};

struct RulesOptions {
  std::string rule;  // empty: list all
};

struct FingerprintOptions {
  std::vector<std::string> statements;  // "-": standard input
  bool json = false;
};

struct ProveOptions {
  std::string finding;  // id, or the beginning of one
  std::string url;      // of the server
  AnalysisOptions analysis;
};

// tap and exec.
struct TapOptions {
  ReportOptions report;
  std::string listen = "127.0.0.1:6432";  // tap
  std::string upstream;                   // exec: empty, where the environment leads
  std::string write;                      // keep the recording here
  std::string interface;                  // tap: listen on a network interface instead
  std::vector<uint16_t> ports;            // of servers, with `interface`
  bool anywhere = false;
  bool no_drop = false;
  std::string certificate, key;           // shown to clients
  std::string upstream_tls, authority;    // "": as the rest suggests
  bool plans = false;
  std::string server;                     // connection URL, for names and to ask whether plans may be had
  std::string metrics;                    // address; "": none
  std::vector<std::string> environment;  // exec: further variables to rewrite
  std::vector<std::string> command;      // exec
};

// baseline ACTION [INPUT…]
struct BaselineOptions {
  std::string action;
  ReportOptions report;
  bool merge = false;
  bool not_exercised = false;  // prune: also what had no chance to show up
  std::string reason, until;   // accept
  std::string command;         // as typed, for the head of the file
};

struct ConfigOptions {
  std::string action;
  std::string config;
};

struct MergeOptions {
  std::vector<std::string> stores;
  std::string output;
};

struct DiffOptions {
  std::string before, after;
  AnalysisOptions analysis;
  bool json = false;
  bool exit_code = false;
};

// What the commands about indexes know the workload by.
struct AdviceOptions {
  AnalysisOptions analysis;
  std::string url;     // of a server; empty: none
  bool twin = false;   // ask a planner twin made of the schema and the statistics
  std::string bin_directory;  // of the twin's server programs; empty: looked for
  std::string budget;  // "500MB", "20%"; empty: none
  uint64_t max_plans = 2000;
  double write_entry_ms = 0.02;
  bool weigh_by_cost = false;
  bool no_include = false;
  bool show_values = false;
};

struct IndexOptions {
  AdviceOptions advice;
  std::string format = "text";  // text, json or sql
  bool plans = false;
};

// index list, show, accept, reject, sql, verify.
struct IndexReviewOptions {
  enum class Action : uint8_t { kList, kShow, kAccept, kReject, kSql, kVerify };
  Action action = Action::kList;
  AdviceOptions advice;
  std::string decisions_file;
  std::optional<double> scale;
  // list, show, accept, reject
  std::string index;  // id, the beginning of one, or a CREATE INDEX statement
  std::string reason, until, by;
  bool rejected_too = false;
  // sql
  std::vector<std::string> indexes;
  std::string format = "sql";
  std::string output;
  bool rollback = false;
  bool all = false;
  MigrationOptions migration;
  // verify
  std::vector<std::string> before, after;
  VerifyOptions verify;
  bool dry_run = false;
};

struct CommandLine {
  enum class Command : uint8_t { kNone, kReport, kLint, kIngest, kRules, kFingerprint, kProve, kTap, kExec, kStats, kTwin,
                                 kDoctor, kInit, kCompletion, kManual, kBaseline, kConfig, kMerge, kDiff,
                                 kIndexSuggest, kIndexReview };
  Command command = Command::kNone;
  ReportOptions report;
  RulesOptions rules;
  FingerprintOptions fingerprint;
  ProveOptions prove;
  IndexOptions index;
  IndexReviewOptions review;
  TapOptions tap;
  BaselineOptions baseline;
  ConfigOptions config;
  MergeOptions merge;
  DiffOptions diff;
  StatsOptions stats;
  TwinCommandOptions twin;
  DoctorOptions doctor;
  InitOptions init;
  std::string shell;  // completion
  bool no_pager = false;
  CommandInfo tree;  // of the options; for completion and the manual
};

struct ParsedCommandLine {
  CommandLine command_line;
  std::optional<int>
      exit_code;  // set: help or version was printed, or the usage error was told; nothing more to do
};

std::string_view program_version();  // "0.1.0"

ParsedCommandLine parse_command_line(int argc, const char* const* argv);

// "24h", "7d", "90m", "30s" before now, or a date with or without time of day (UTC unless a zone follows).
std::optional<Microseconds> parse_moment(std::string_view text, Microseconds now);

}  // namespace pgsieve
