#include "analyzer/base/json_writer.h"
#include "analyzer/report/advice.h"
#include "analyzer/report/escape.h"

#include <fmt/format.h>

namespace pgsieve {

namespace {

std::string key_text(const PatternKey& key) {
  return fmt::format("{:016x}", key.fingerprint);
}

void write_number(JsonWriter& json, std::string_view name, const std::optional<double>& number) {
  json.key(name);
  if (number) {
    json.value(*number);
  } else {
    json.null();
  }
}

void write_strings(JsonWriter& json, std::string_view name, const std::vector<std::string>& items) {
  json.key(name);
  json.begin_array();
  for (const std::string& item : items) json.value(item);
  json.end_array();
}

void write_definition(JsonWriter& json, const IndexDefinition& index) {
  json.member("key", definition_key(index));
  json.member("schema", index.schema.empty() ? "public" : index.schema);
  json.member("table", index.table);
  json.member("method", index.method);
  json.key("keys");
  json.begin_array();
  for (const IndexKey& key : index.keys) json.value(key_sql(key));
  json.end_array();
  write_strings(json, "include", index.include);
  json.member("predicate", index.predicate);
  json.member("unique", index.unique);
}

void write_statement(JsonWriter& json, const StatementEvidence& evidence, bool show_values) {
  json.begin_object();
  json.member("fingerprint", key_text(evidence.pattern));
  json.member("query", evidence.query);
  json.member("calls", evidence.calls);
  json.member("observed_ms", evidence.observed_ms);
  json.member("saved_ms", evidence.saved_ms);
  write_number(json, "cost_before", evidence.cost_before);
  write_number(json, "cost_after", evidence.cost_after);
  json.member("costs_by", evidence.model ? "model" : "planner");
  json.member("observation_wins", evidence.observation_wins);
  write_number(json, "rows_scanned", evidence.rows_scanned);
  write_number(json, "rows_kept", evidence.rows_kept);
  json.key("literals");
  json.begin_array();
  for (const LiteralEvidence& literal : evidence.literals) {
    json.begin_object();
    json.member("which", literal.which);
    if (show_values) json.member("statement", literal.statement);
    write_number(json, "cost_before", literal.cost_before);
    write_number(json, "cost_after", literal.cost_after);
    json.end_object();
  }
  json.end_array();
  if (show_values) {  // conditions in plans hold values
    json.member("plan_before", evidence.plan_before);
    json.member("plan_after", evidence.plan_after);
  }
  json.end_object();
}

void write_writes(JsonWriter& json, const WriteCost& writes) {
  json.key("writes");
  json.begin_object();
  json.member("visible", writes.visible);
  json.member("entries", writes.entries);
  json.member("entries_per_second", writes.entries_per_second);
  json.member("entries_per_second_now", writes.entries_per_second_now);
  json.member("cost_ms", writes.cost_ms);
  json.key("hot_losses");
  json.begin_array();
  for (const WriteCost::HotLoss& loss : writes.hot_losses) {
    json.begin_object();
    json.member("fingerprint", key_text(loss.pattern));
    json.member("query", loss.query);
    json.member("calls", loss.calls);
    write_strings(json, "columns", loss.columns);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

void write_build(JsonWriter& json, const BuildEstimate& build) {
  json.key("build");
  json.begin_object();
  json.member("size_bytes", build.size_bytes);
  json.member("planner_size_bytes", build.planner_size_bytes);
  json.member("seconds", build.seconds);
  json.member("lock", build.lock);
  json.member("caution", build.caution);
  json.end_object();
}

void write_proposal(JsonWriter& json, const Proposal& proposal, bool show_values) {
  json.begin_object();
  json.member("id", proposal.id);
  json.member("name", proposal.name);
  json.member("grade", std::string(1, grade_letter(proposal.grade)));
  json.member("ask", proposal.ask);
  json.member("sql", proposal_sql(proposal));
  write_definition(json, proposal.index);
  json.member("saved_ms", proposal.saved_ms);
  json.member("extension", proposal.extension);
  write_strings(json, "reasons", proposal.reasons);
  write_strings(json, "why_not_higher", proposal.why_not_higher);
  write_strings(json, "overlaps", proposal.overlaps);
  write_strings(json, "makes_redundant", proposal.makes_redundant);
  json.key("statements");
  json.begin_array();
  for (const StatementEvidence& evidence : proposal.statements) write_statement(json, evidence, show_values);
  json.end_array();
  json.key("competitors");
  json.begin_array();
  for (const Competitor& competitor : proposal.competitors) {
    json.begin_object();
    json.member("sql", create_index_sql(competitor.index));
    json.member("why", competitor.why);
    json.member("size_bytes", competitor.size_bytes);
    json.end_object();
  }
  json.end_array();
  write_writes(json, proposal.writes);
  write_build(json, proposal.build);
  json.end_object();
}

void write_others(JsonWriter& json, const Advice& advice) {
  json.key("drops");
  json.begin_array();
  for (const DropProposal& drop : advice.drops) {
    json.begin_object();
    json.member("id", drop.id);
    json.member("name", drop.name);
    write_definition(json, drop.index);
    json.member("covered_by", drop.covered_by);
    json.member("by_proposal", drop.by_proposal);
    json.member("reason", drop.reason);
    json.member("size_bytes", drop.size_bytes);
    json.key("scans");
    if (drop.scans) {
      json.value(*drop.scans);
    } else {
      json.null();
    }
    json.member("entries_per_second", drop.entries_per_second);
    json.end_object();
  }
  json.end_array();
  json.key("statistics");
  json.begin_array();
  for (const StatisticsAdvice& each : advice.statistics) {
    json.begin_object();
    json.member("sql", each.sql);
    json.member("table", each.table);
    write_strings(json, "columns", each.columns);
    json.member("reason", each.reason);
    json.end_object();
  }
  json.end_array();
  json.key("why_not");
  json.begin_array();
  for (const WhyNot& each : advice.why_not) {
    json.begin_object();
    json.member("fingerprint", key_text(each.pattern));
    json.member("query", each.query);
    json.member("calls", each.calls);
    json.member("observed_ms", each.observed_ms);
    json.member("reason", each.reason);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string advice_json(const Advice& advice, bool show_values) {
  JsonWriter json(2);
  json.begin_object();
  json.member("format", "pgsieve.advice/1");
  json.member("planner", advice.planner);
  json.member("planner_calls", advice.planner_calls);
  json.member("plans_exhausted", advice.plans_exhausted);
  json.member("candidates", static_cast<uint64_t>(advice.candidates));
  json.member("statements", static_cast<uint64_t>(advice.statements));
  json.member("observed_ms", advice.observed_ms);
  write_number(json, "cost_before", advice.cost_before);
  write_number(json, "cost_after", advice.cost_after);
  json.member("size_bytes", advice.size_bytes);
  write_strings(json, "notes", advice.notes);
  json.key("proposals");
  json.begin_array();
  for (const Proposal& proposal : advice.proposals) write_proposal(json, proposal, show_values);
  json.end_array();
  write_others(json, advice);
  json.end_object();
  return json.take() + "\n";
}

}  // namespace pgsieve
