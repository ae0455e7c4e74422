#include "analyzer/workload/workload.h"

#include <algorithm>

#include "analyzer/base/release.h"
#include "analyzer/workload/open_scopes.h"

namespace pgsieve {

void Workload::merge(const Workload& other) {
  for (const auto& [key, pattern] : other.patterns) {
    const auto [at, fresh] = patterns.try_emplace(key, pattern);
    if (!fresh) at->second.merge(pattern);
  }
  for (const auto& [key, loop] : other.loops) {
    const auto [at, fresh] = loops.try_emplace(key, loop);
    if (!fresh) at->second.merge(loop);
  }
  for (const auto& [key, pair] : other.latent_pairs) latent_pairs[key].scopes += pair.scopes;
  for (const auto& [key, repeat] : other.repeats) {
    const auto [at, fresh] = repeats.try_emplace(key, repeat);
    if (!fresh) at->second.merge(repeat);
  }
  for (const auto& [name, fact] : other.tables) {
    TableFact& mine = tables[name];
    mine.max_scanned_rows = std::max(mine.max_scanned_rows, fact.max_scanned_rows);
    mine.seq_scans += fact.seq_scans;
    mine.reads += fact.reads;
    mine.writes += fact.writes;
  }
  for (const auto& [name, facts] : other.units) {
    if (UnitFacts* mine = unit_of(units, name)) mine->merge(facts);
  }
  marked.merge(other.marked);
  windows.merge(other.windows);
  dropped.patterns += other.dropped.patterns;
  dropped.loops += other.dropped.loops;
  dropped.scopes += other.dropped.scopes;
  dropped.scope_statements += other.dropped.scope_statements;
  executions += other.executions;
  errors += other.errors;
  client_timed += other.client_timed;
  unparsed_statements += other.unparsed_statements;
  sessions += other.sessions;
  widen(first, last, other.first, other.last);
  if (!other.open_scopes.empty()) {
    std::vector<std::string> parts = split_scopes(open_scopes);
    for (std::string& part : split_scopes(other.open_scopes)) parts.push_back(std::move(part));
    open_scopes = join_scopes(std::move(parts));
  }
}

namespace {

template <typename Fact>
void move_texts(Fact& /*fact*/) {}

// What a copy shares with its original.
void move_texts(Pattern& pattern) {
  pattern.reference_text = SharedText(pattern.reference_text.str());
  pattern.query = SharedText::like(pattern.query, pattern.reference_text);
  pattern.slowest.text = SharedText::like(pattern.slowest.text, pattern.reference_text);
  if (pattern.shape.use_count() == 2) pattern.shape = std::make_shared<const StatementShape>(*pattern.shape);
}

template <typename Key, typename Fact>
void move_all(std::map<Key, Fact>& facts) {
  std::map<Key, Fact> moved;
  while (!facts.empty()) {
    Fact& fact = moved.emplace_hint(moved.end(), *facts.begin())->second;
    move_texts(fact);
    facts.erase(facts.begin());
  }
  facts.swap(moved);
}

}  // namespace

void Workload::compact() {
  const PackingScope packing;
  move_all(patterns);
  move_all(loops);
  move_all(latent_pairs);
  move_all(repeats);
}

const Pattern* Workload::find(const PatternKey& key) const {
  const auto found = patterns.find(key);
  return found == patterns.end() ? nullptr : &found->second;
}

const Pattern* Workload::find_fingerprint(uint64_t fingerprint) const {
  const auto found = patterns.lower_bound(PatternKey{fingerprint, Arity::kScalar, false});
  return found == patterns.end() || found->first.fingerprint != fingerprint ? nullptr : &found->second;
}

}  // namespace pgsieve
