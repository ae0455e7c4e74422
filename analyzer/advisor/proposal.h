// Proposal: one suggested index with everything a DBA wants to know before signing. Plain data, made by
// advise().
//
// Units: times in milliseconds as observed over the capture, sizes in bytes, costs in the planner's units. A
// cost ratio is a ratio of estimates; it is never a promise of time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/advisor/index_definition.h"
#include "analyzer/workload/pattern.h"

namespace pgsieve {

// How well a proposal is proved.
//   A  two independent proofs (observed time or rows, and the planner), stable over the literals, writes
//   known B  one proof and the schema C  shape and weight only D  shape only: a question, not an answer
enum class Grade : uint8_t { kA, kB, kC, kD };
char grade_letter(Grade grade);

// One set of real values a statement was planned with.
struct LiteralEvidence {
  std::string which;      // "slowest", "median", "most frequent", "only"
  std::string statement;  // with the values; empty when values are not kept
  std::optional<double> cost_before, cost_after;
};

// What an index does for one statement.
struct StatementEvidence {
  PatternKey pattern;
  std::string query;  // normalised, no values
  uint64_t calls = 0;
  double observed_ms = 0;  // in total; 0: no durations
  double saved_ms = 0;     // observed_ms × (1 − cost ratio), the part of this index in the chosen set
  std::vector<LiteralEvidence> literals;
  std::optional<double> cost_before, cost_after;  // mean over the literals; nothing: no planner was asked
  bool model = false;                             // the costs are the offline model's, not PostgreSQL's
  bool observation_wins = false;  // the planner finds it cheap, the clock does not: the clock is believed
  std::optional<double> rows_scanned, rows_kept;  // per execution, measured (auto_explain)
  std::string plan_before, plan_after;            // empty: not planned
};

// A candidate that lost against this proposal.
struct Competitor {
  IndexDefinition index;
  std::string why;  // "3 % dearer for the same statements", "covered by the wider index", …
  std::optional<double> cost_ratio;  // of the statements it would serve
  double size_bytes = 0;
};

struct WriteCost {
  bool visible = false;           // false: the capture shows no writes to this table, which proves nothing
  double entries_per_second = 0;  // index entries that this index adds
  double entries_per_second_now = 0;  // into all indexes of the table today
  uint64_t entries = 0;               // over the capture
  double cost_ms = 0;                 // entries × price per entry, over the capture
  struct HotLoss {
    PatternKey pattern;
    std::string query;
    std::vector<std::string> columns;  // set by it, and in the index
    uint64_t calls = 0;
  };
  std::vector<HotLoss> hot_losses;  // updates that are HOT today and would not be
};

struct BuildEstimate {
  double size_bytes = 0;          // de-duplication and fill factor considered; 0: unknown
  double planner_size_bytes = 0;  // as the planner has it; 0: none was asked
  double seconds = 0;             // to build it with CREATE INDEX; 0: unknown
  std::string lock;     // what CONCURRENTLY holds and waits for, and what the plain form would block
  std::string caution;  // partitioned table, needed extension, …; may be empty
};

struct Proposal {
  std::string id;    // definition_id()
  std::string name;  // suggested, free in the schema
  IndexDefinition index;
  Grade grade = Grade::kD;
  std::vector<std::string> reasons;           // for the grade, strongest first
  std::vector<std::string> why_not_higher;    // what keeps the grade down
  std::vector<StatementEvidence> statements;  // most time saved first
  std::vector<Competitor> competitors;
  std::vector<std::string>
      overlaps;  // existing indexes it shares leading keys with or makes redundant: sentences
  std::vector<std::string> makes_redundant;  // names of existing indexes that can go once this one is built
  std::string extension;                     // must be created first: "pg_trgm"; empty: none
  WriteCost writes;
  BuildEstimate build;
  double saved_ms = 0;  // sum over the statements, writes not subtracted
  bool ask = false;     // not to be applied unread: grade C or D
};

struct DropProposal {
  std::string id;
  std::string name;  // of the existing index
  IndexDefinition index;
  std::string covered_by;    // the index that does its work
  bool by_proposal = false;  // covered_by is a proposal of this advice
  std::string reason;
  double size_bytes = 0;          // 0: unknown
  std::optional<uint64_t> scans;  // idx_scan, on this server only
  double entries_per_second = 0;  // saved
};

// CREATE STATISTICS for columns whose conditions are not independent.
struct StatisticsAdvice {
  std::string schema, table;
  std::vector<std::string> columns;
  std::string sql;
  std::string reason;
  std::vector<PatternKey> statements;
};

// Why a slow statement has no proposal.
struct WhyNot {
  PatternKey pattern;
  std::string query;
  uint64_t calls = 0;
  double observed_ms = 0;
  std::string reason;
};

struct Advice {
  std::vector<Proposal> proposals;  // most time saved first
  std::vector<DropProposal> drops;
  std::vector<StatisticsAdvice> statistics;
  std::vector<WhyNot> why_not;  // slowest first
  // How it was found.
  std::string planner;  // WhatIfPlanner::describe(); empty: none
  uint64_t planner_calls = 0;
  bool plans_exhausted = false;                   // the budget of planner calls ended the search
  size_t candidates = 0;                          // considered, after what exists was taken out
  size_t statements = 0;                          // that were looked at
  double observed_ms = 0;                         // of them
  std::optional<double> cost_before, cost_after;  // Σ calls × cost, of the statements that could be planned
  double size_bytes = 0;                          // of all proposals
  std::vector<std::string> notes;  // what the reader must know: writes not visible, no HypoPG, …
};

}  // namespace pgsieve
