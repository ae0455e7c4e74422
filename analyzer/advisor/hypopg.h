// HypoPgPlanner: what-if through a server with the HypoPG extension (https://hypopg.readthedocs.io), which
// gives this one session indexes that exist for the planner only.
//
// The session is read-only and nothing real is created; the server forgets the hypothetical indexes with the
// connection.
//
// Fairness: HypoPG 1.x prices a look-up in a hypothetical b-tree without the descent from its root, so that
// the copy of an existing index looks cheaper than the index itself, and an advisor that believes it is paid
// for duplicating primary keys. Therefore every existing b-tree gets a hypothetical twin on both sides of
// every comparison, and costs are only ever compared with each other.
//
// When a connection is lost, every further plan() fails. For one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "analyzer/advisor/planner.h"
#include "analyzer/advisor/server_connection.h"
#include "analyzer/schema/schema.h"

namespace pgsieve {

class HypoPgPlanner final : public WhatIfPlanner {
 public:
  // `schema`: of the same server, for the twins. Error: HypoPG is not installed in this database, or the
  // session can't be made read-only.
  static Result<std::unique_ptr<HypoPgPlanner>> open(ServerConnection connection, const Schema& schema);

  Result<PlanAnswer> plan(std::string_view statement, std::span<const IndexDefinition> offered) override;
  bool can_imagine(const IndexDefinition& definition) override;
  double size_bytes(const IndexDefinition& definition) override;
  std::string describe() const override { return description_; }
  uint64_t calls() const override { return calls_; }

 private:
  struct Imagined {
    std::string oid, name;
  };
  struct Verdict {
    bool possible = false;
    double bytes = 0;
  };
  explicit HypoPgPlanner(ServerConnection connection) : connection_(std::move(connection)) {}
  void add_twins(const Schema& schema);
  Result<Imagined> imagine(const IndexDefinition& definition);
  Status offer(std::span<const IndexDefinition> offered);
  const Verdict& verdict(const IndexDefinition& definition);

  ServerConnection connection_;
  std::string description_;
  std::map<std::string, Imagined> present_;   // by definition_key(); what the session has now
  std::map<std::string, std::string> twins_;  // hypothetical name → real index
  std::map<std::string, Verdict> verdicts_;   // by definition_key()
  uint64_t calls_ = 0;
};

}  // namespace pgsieve
