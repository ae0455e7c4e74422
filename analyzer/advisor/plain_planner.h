// PlainPlanner: a server without HypoPG. What a statement costs today is the server's answer (EXPLAIN); what
// it would cost with an index is that times the ratio our own model sees. Read-only; for one thread at a
// time.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "analyzer/advisor/cost_model.h"
#include "analyzer/advisor/planner.h"
#include "analyzer/advisor/server_connection.h"

namespace pgsieve {

class PlainPlanner final : public WhatIfPlanner {
 public:
  // `schema` and `statistics` are of the same server and outlive the planner. Error: the session can't be
  // made read-only.
  static Result<std::unique_ptr<PlainPlanner>> open(ServerConnection connection, const Schema& schema,
                                                    const Statistics& statistics, bool c_collation);

  Result<PlanAnswer> plan(std::string_view statement, std::span<const IndexDefinition> offered) override;
  bool can_imagine(const IndexDefinition& definition) override { return model_.can_imagine(definition); }
  double size_bytes(const IndexDefinition& definition) override { return model_.size_bytes(definition); }
  bool is_server() const override { return false; }
  std::string describe() const override { return description_; }
  uint64_t calls() const override { return calls_; }

 private:
  PlainPlanner(ServerConnection connection, const Schema& schema, const Statistics& statistics,
               bool c_collation)
      : connection_(std::move(connection)), model_(schema, statistics, c_collation) {}
  Result<PlanAnswer> today(const std::string& statement);

  ServerConnection connection_;
  CostModel model_;
  std::string description_;
  std::map<std::string, PlanAnswer> plans_;  // without offered indexes
  uint64_t calls_ = 0;
};

}  // namespace pgsieve
