#include "analyzer/advisor/hypopg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>

#include "analyzer/advisor/explain.h"

namespace pgsieve {

namespace {

Error failure(std::string message, std::string hint = {}) {
  Error error;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

}  // namespace

Result<std::unique_ptr<HypoPgPlanner>> HypoPgPlanner::open(ServerConnection connection,
                                                           const Schema& schema) {
  std::unique_ptr<HypoPgPlanner> planner(new HypoPgPlanner(std::move(connection)));
  if (const Status refused = make_read_only(planner->connection_)) return *refused;
  const std::string version =
      single_value(planner->connection_, "SELECT extversion FROM pg_extension WHERE extname = 'hypopg'");
  if (version.empty())
    return failure(
        "the database has no HypoPG extension",
        "CREATE EXTENSION hypopg, as a superuser, lets the planner price indexes that do not exist");
  const Result<DatabaseRows> reset = planner->connection_.query("SELECT hypopg_reset()");
  if (!reset) return reset.error();
  planner->description_ = fmt::format("PostgreSQL {} with HypoPG {}",
                                      single_value(planner->connection_, "SHOW server_version"), version);
  planner->add_twins(schema);
  return planner;
}

void HypoPgPlanner::add_twins(const Schema& schema) {
  for (const Table& table : schema.tables()) {
    for (const Index& index : table.indexes) {
      if (index.method != "btree") continue;
      IndexDefinition twin = definition_of(table, index);
      twin.unique = false;
      const Result<Imagined> made = imagine(twin);
      if (made.ok()) twins_[made->name] = index.name;
    }
  }
}

Result<HypoPgPlanner::Imagined> HypoPgPlanner::imagine(const IndexDefinition& definition) {
  IndexDefinition plain = definition;
  plain.unique = false;  // HypoPG can't check it, and it makes no difference to the size
  const DatabaseValue sql = create_index_sql(plain);
  const Result<DatabaseRows> made =
      connection_.query("SELECT indexrelid::text, indexname FROM hypopg_create_index($1)", {&sql, 1});
  if (!made) return made.error();
  if (made->rows.empty() || !made->rows[0][0] || !made->rows[0][1]) return failure("HypoPG made no index");
  return Imagined{.oid = *made->rows[0][0], .name = *made->rows[0][1]};
}

const HypoPgPlanner::Verdict& HypoPgPlanner::verdict(const IndexDefinition& definition) {
  const std::string key = definition_key(definition);
  const auto known = verdicts_.find(key);
  if (known != verdicts_.end()) return known->second;
  Verdict& made = verdicts_[key];
  const bool supported =
      definition.method == "btree" || definition.method == "brin" || definition.method == "hash";
  const auto present = present_.find(key);
  if (!supported) return made;
  if (present == present_.end()) {
    Result<Imagined> imagined = imagine(definition);
    if (!imagined) return made;
    present_[key] = *imagined;
  }
  made.possible = true;
  made.bytes = std::strtod(
      single_value(connection_, "SELECT hypopg_relation_size(" + present_[key].oid + "::oid)").c_str(),
      nullptr);
  return made;
}

bool HypoPgPlanner::can_imagine(const IndexDefinition& definition) {
  return verdict(definition).possible;
}

double HypoPgPlanner::size_bytes(const IndexDefinition& definition) {
  return verdict(definition).bytes;
}

// Makes the session's hypothetical indexes the offered ones, beside the twins.
Status HypoPgPlanner::offer(std::span<const IndexDefinition> offered) {
  std::set<std::string> wanted;
  for (const IndexDefinition& definition : offered) wanted.insert(definition_key(definition));
  for (auto at = present_.begin(); at != present_.end();) {
    if (wanted.contains(at->first)) {
      ++at;
      continue;
    }
    const DatabaseValue oid = at->second.oid;
    const Result<DatabaseRows> dropped = connection_.query("SELECT hypopg_drop_index($1::oid)", {&oid, 1});
    if (!dropped) return dropped.error();
    at = present_.erase(at);
  }
  for (const IndexDefinition& definition : offered) {
    const std::string key = definition_key(definition);
    if (present_.contains(key)) continue;
    const Result<Imagined> made = imagine(definition);
    if (!made) return made.error();
    present_[key] = *made;
  }
  return {};
}

Result<PlanAnswer> HypoPgPlanner::plan(std::string_view statement, std::span<const IndexDefinition> offered) {
  ++calls_;
  if (const Status refused = offer(offered)) return *refused;
  std::vector<size_t> used;
  std::vector<std::string> existing;
  const Result<PlanAnswer> answer = explain(connection_, statement, [&](std::string_view name) {
    for (size_t i = 0; i < offered.size(); ++i) {
      if (present_[definition_key(offered[i])].name != name) continue;
      used.push_back(i);
      return index_name(offered[i]) + " (proposed)";
    }
    const auto twin = twins_.find(std::string(name));
    existing.emplace_back(twin == twins_.end() ? std::string(name) : twin->second);
    return existing.back();
  });
  if (!answer) return answer.error();
  PlanAnswer made = *answer;
  std::ranges::sort(used);
  used.erase(std::unique(used.begin(), used.end()), used.end());
  made.used = std::move(used);
  made.existing = std::move(existing);
  return made;
}

}  // namespace pgsieve
