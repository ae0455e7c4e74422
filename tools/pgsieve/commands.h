// The commands, one file each. They return the program's exit code.
#pragma once

#include "tools/pgsieve/options.h"

namespace pgsieve {

int run_report(const ReportOptions& options);  // report and lint
int run_ingest(const AnalysisOptions& options);
int run_tap(const TapOptions& options);
int run_exec(const TapOptions& options);
int run_rules(const RulesOptions& options, bool pager);
int run_doctor(const DoctorOptions& options);  // 1: a setting is missing
int run_init(const InitOptions& options);
int run_baseline(const BaselineOptions& options);
int run_config(const ConfigOptions& options);
int run_merge(const MergeOptions& options);
int run_diff(const DiffOptions& options);
int run_fingerprint(const FingerprintOptions& options);
int run_stats(const StatsOptions& options);
int run_twin(const TwinCommandOptions& options);
int run_index_suggest(const IndexOptions& options);
int run_index_review(const IndexReviewOptions& options);
int run_prove(const ProveOptions& options);  // 0: the rows agree, 1: they differ

// Writes to standard output. A reader that went away is no failure; a full disk is told, and false.
bool write_stdout(std::string_view text);

// Replaces a file. False: it can't be written, and that was told.
bool write_file(const std::string& path, std::string_view text);
using PieceSink = std::function<void(std::string_view)>;
bool write_file(const std::string& path, const std::function<void(const PieceSink&)>& produce);

}  // namespace pgsieve
