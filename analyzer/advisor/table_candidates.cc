#include "analyzer/advisor/table_candidates.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/advisor/candidate_list.h"
#include "analyzer/advisor/selectivity.h"

namespace pgsieve::internal {

namespace {

constexpr double kBlockRangePages = 1000;  // below, a b-tree is small as well
constexpr double kAppendOnlyCorrelation = 0.9;
constexpr double kMostRows = 0.5;

using Keys = std::vector<IndexKey>;

bool same_term(const IndexKey& left, const IndexKey& right) {
  return left.column == right.column && left.expression == right.expression;
}

bool holds(const Keys& keys, const IndexKey& key) {
  return std::ranges::any_of(keys, [&key](const IndexKey& each) { return same_term(each, key); });
}

std::string label(const IndexKey& key) {
  return key.column.empty() ? key.expression : key.column;
}

std::string labels(const Keys& keys) {
  std::string text;
  for (const IndexKey& key : keys) text += (text.empty() ? "" : ", ") + label(key);
  return text;
}

class Finder {
 public:
  Finder(const Pattern& pattern, TableConditions conditions, const Relation& relation,
         const ConditionContext& context, const ColumnPopularity& popularity, const CandidateOptions& options,
         CandidateSet& out)
      : pattern_(pattern),
        conditions_(std::move(conditions)),
        context_(context),
        popularity_(popularity),
        options_(options),
        out_(out),
        list_(conditions_, relation, context.statistics, out) {}

  void run() {
    for (const std::string& obstacle : conditions_.obstacles) out_.obstacles.push_back(obstacle);
    if (is_small()) {
      out_.small = true;
      return;
    }
    order_equalities();
    if (pinned()) {
      out_.served = true;
      return;
    }
    add_btrees();
    add_partial();
    add_prefixes();
    add_alternatives();
    add_searches();
    add_block_range();
  }

 private:
  // One way to use a b-tree: what comes first, then at most one thing more.
  struct Base {
    Keys keys;
    std::string why;
    bool complete = false;
  };

  bool is_small() const {
    return conditions_.table != nullptr && conditions_.table->pages &&
           *conditions_.table->pages < options_.min_pages;
  }

  double popularity_of(const IndexKey& key) const {
    if (conditions_.table == nullptr || key.column.empty()) return 0;
    const auto found = popularity_.find(popularity_key(*conditions_.table, key.column));
    return found == popularity_.end() ? 0 : found->second;
  }

  // Flags last; what more statements share first; among equals, what narrows most.
  void order_equalities() {
    // IS NULL can be looked up, but does not keep the order of the keys behind it: not in front of others.
    const bool alone = conditions_.equal.size() == 1 && conditions_.order.empty() &&
                       conditions_.range.empty() && conditions_.joined.empty();
    if (!alone)
      std::erase_if(conditions_.equal, [](const IndexTerm& term) {
        return term.predicate != nullptr && term.predicate->op == PredicateOperator::kIsNull;
      });
    std::ranges::stable_sort(conditions_.equal, [this](const IndexTerm& left, const IndexTerm& right) {
      if (left.flag != right.flag) return right.flag;
      const double first = popularity_of(left.key);
      const double second = popularity_of(right.key);
      if (first != second) return first > second;
      return left.distinct > right.distinct;
    });
  }

  Keys equality_keys() const {
    Keys keys;
    for (const IndexTerm& term : conditions_.equal)
      if (keys.size() < options_.max_keys) keys.push_back(term.key);
    return keys;
  }

  // Equality with values on all columns of a unique key: at most one row is left to look for.
  bool pinned() const {
    if (conditions_.table == nullptr) return false;
    std::vector<std::string> columns;
    for (const IndexTerm& term : conditions_.equal)
      if (!term.key.column.empty() && term.predicate != nullptr &&
          term.predicate->op != PredicateOperator::kIsNull)
        columns.push_back(term.key.column);
    return conditions_.table->unique_by(columns);
  }

  std::vector<Base> bases() const {
    std::vector<Base> bases;
    const Keys equal = equality_keys();
    if (!equal.empty())
      bases.push_back({.keys = equal, .why = "equality on " + labels(equal), .complete = true});
    for (const IndexTerm& join : conditions_.joined) {
      bases.push_back({.keys = {join.key}, .why = "join on " + label(join.key), .complete = equal.empty()});
      if (equal.empty() || holds(equal, join.key)) continue;
      Keys both = {join.key};
      both.insert(both.end(), equal.begin(), equal.end());
      bases.push_back({.keys = both,
                       .why = "join on " + label(join.key) + ", equality on " + labels(equal),
                       .complete = true});
      Keys reversed = equal;
      reversed.push_back(join.key);
      bases.push_back({.keys = reversed,
                       .why = "equality on " + labels(equal) + ", join on " + label(join.key),
                       .complete = true});
    }
    return bases;
  }

  void add_btrees() {
    for (const Base& base : bases()) add_tails(base, {});
    const Base nothing;
    for (const IndexTerm& range : conditions_.range) add_tail(nothing, {range.key}, "range of ", {});
    if (conditions_.limited && !conditions_.order.empty())
      add_tail(nothing, conditions_.order, "ORDER BY ", {});
    if (!conditions_.group.empty()) add_tail(nothing, conditions_.group, "GROUP BY ", {});
  }

  void add_tails(const Base& base, const std::string& predicate) {
    if (!base.keys.empty()) add(base, {}, "", predicate);
    for (const IndexTerm& range : conditions_.range) add_tail(base, {range.key}, "range of ", predicate);
    if (!conditions_.order.empty()) add_tail(base, conditions_.order, "ORDER BY ", predicate);
    if (!conditions_.group.empty()) add_tail(base, conditions_.group, "GROUP BY ", predicate);
  }

  void add_tail(const Base& base, const Keys& tail, std::string_view what, const std::string& predicate) {
    Keys fresh;
    for (const IndexKey& key : tail)
      if (!holds(base.keys, key)) fresh.push_back(key);
    if (fresh.empty()) return;
    add(base, fresh, what, predicate);
  }

  // Share of the rows the conditions on these keys, and a constant predicate, leave.
  double share_of(const Keys& keys, const std::string& predicate) const {
    double share = 1;
    for (const IndexKey& key : keys)
      for (const std::vector<IndexTerm>* terms :
           {&conditions_.equal, &conditions_.joined, &conditions_.range, &conditions_.prefix})
        for (const IndexTerm& term : *terms)
          if (same_term(term.key, key))
            share *= selectivity(term, conditions_.table, context_.statistics, pattern_);
    for (const auto& [group, branches] : conditions_.alternatives)
      for (const IndexTerm& term : branches)
        if (!keys.empty() && same_term(term.key, keys.front()))
          share *= selectivity(term, conditions_.table, context_.statistics, pattern_);
    if (!predicate.empty())
      for (size_t i = 0; i < conditions_.constant.size(); ++i)
        share *= constant_selectivity(conditions_.constant[i], conditions_.constant_keys[i],
                                      conditions_.table, context_.statistics);
    return share;
  }

  void add(const Base& base, const Keys& tail, std::string_view what, const std::string& predicate) {
    // Most of the table is read faster from the table, unless the order lets the reading stop early.
    const bool stops_early = conditions_.limited && !conditions_.order.empty();
    Keys all = base.keys;
    all.insert(all.end(), tail.begin(), tail.end());
    const double share = share_of(all, predicate);
    if (!stops_early && share > kMostRows) {
      if (!all.empty() && share < 1) out_.unselective = std::max(out_.unselective, share);
      return;
    }
    Candidate candidate;
    candidate.index = list_.blank();
    candidate.index.keys = base.keys;
    for (const IndexKey& key : tail)
      if (candidate.index.keys.size() < options_.max_keys) candidate.index.keys.push_back(key);
    candidate.index.predicate = predicate;
    candidate.why = base.why;
    if (!tail.empty())
      candidate.why += fmt::format("{}{}{}", base.why.empty() ? "" : ", then ", what, labels(tail));
    if (!predicate.empty()) candidate.why += ", for the rows where " + predicate;
    candidate.complete = base.complete;
    // A look-up by a unique key finds its one row already.
    if (conditions_.table != nullptr && unique_prefix(base.keys)) return;
    list_.add(candidate);
    if (options_.include_columns) list_.add_with_included(std::move(candidate));
  }

  bool unique_prefix(const Keys& keys) const {
    std::vector<std::string> columns;
    for (const IndexKey& key : keys) columns.push_back(key.column);
    return conditions_.table->unique_by(columns);
  }

  // The same look-ups, the constant conditions moved into WHERE.
  void add_partial() {
    if (conditions_.constant.empty()) return;
    std::string predicate;
    for (size_t i = 0; i < conditions_.constant.size(); ++i)
      predicate += (i == 0 ? "" : " AND ") + conditions_.constant[i];
    std::vector<IndexTerm> kept;
    for (const IndexTerm& term : conditions_.equal)
      if (!holds(conditions_.constant_keys, term.key)) kept.push_back(term);
    std::swap(kept, conditions_.equal);
    const std::vector<Base> all = bases();
    for (const Base& base : all) add_tails(base, predicate);
    const Base nothing;
    for (const IndexTerm& range : conditions_.range)
      if (!holds(conditions_.constant_keys, range.key))
        add_tail({.keys = {}, .why = {}, .complete = true}, {range.key}, "range of ", predicate);
    if (!conditions_.order.empty())
      add_tail({.keys = {}, .why = {}, .complete = true}, conditions_.order, "ORDER BY ", predicate);
    std::swap(kept, conditions_.equal);
    // Nothing but the constant condition: an index of the few rows that meet it, by whatever identifies them.
    if (all.empty() && conditions_.order.empty() && conditions_.range.empty() &&
        conditions_.table != nullptr && !conditions_.table->primary_key.empty()) {
      Base rows{.keys = {}, .why = "the rows that meet a constant condition", .complete = true};
      for (const std::string& column : conditions_.table->primary_key) {
        IndexKey key;
        key.column = column;
        rows.keys.push_back(std::move(key));
      }
      add(rows, {}, "", predicate);
    }
  }

  void add_prefixes() {
    for (const IndexTerm& term : conditions_.prefix) {
      Base base{.keys = equality_keys(), .why = {}, .complete = true};
      if (!base.keys.empty()) {
        base.why = "equality on " + labels(base.keys);
        add(base, {term.key}, "prefix of ", {});
      }
      add({.keys = {}, .why = {}, .complete = base.keys.empty()}, {term.key}, "prefix of ", {});
    }
  }

  void add_alternatives() {
    for (const auto& [group, branches] : conditions_.alternatives)
      for (const IndexTerm& term : branches) {
        add({.keys = {term.key}, .why = "one branch of an OR, on " + label(term.key)}, {}, "", {});
        if (!conditions_.order.empty())
          add_tail({.keys = {term.key}, .why = "one branch of an OR, on " + label(term.key)},
                   conditions_.order, "ORDER BY ", {});
      }
  }

  void add_searches() {
    for (const IndexTerm& term : conditions_.search) {
      Candidate candidate;
      candidate.index = list_.blank();
      candidate.index.method = conditions_.search_method.at(term.predicate);
      candidate.index.keys = {term.key};
      candidate.kind = Candidate::Kind::kInverted;
      candidate.complete = conditions_.equal.empty() && conditions_.search.size() == 1;
      candidate.why = fmt::format("{} on {} needs an inverted index",
                                  term.predicate->op_text.empty() ? "the search" : term.predicate->op_text,
                                  label(term.key));
      if (term.key.opclass == "gin_trgm_ops") candidate.extension = "pg_trgm";
      list_.add(std::move(candidate));
    }
  }

  // Rows that arrive in the order of a column lie in it: a summary of each range of pages is enough, and
  // tiny.
  void add_block_range() {
    const Table* table = conditions_.table;
    if (table == nullptr || table->pages.value_or(0) < kBlockRangePages) return;
    for (const IndexTerm& term : conditions_.range) {
      const ColumnStatistics* known =
          term.key.column.empty()
              ? nullptr
              : context_.statistics.find_column(table->schema, table->name, term.key.column);
      if (known == nullptr || known->correlation.value_or(0) < kAppendOnlyCorrelation) continue;
      Candidate candidate;
      candidate.index = list_.blank();
      candidate.index.method = "brin";
      candidate.index.keys = {term.key};
      candidate.kind = Candidate::Kind::kBlockRange;
      candidate.why = fmt::format("range of {}, in whose order the rows lie", label(term.key));
      list_.add(std::move(candidate));
    }
  }

  const Pattern& pattern_;
  TableConditions conditions_;
  const ConditionContext& context_;
  const ColumnPopularity& popularity_;
  const CandidateOptions& options_;
  CandidateSet& out_;
  CandidateList list_;
};

}  // namespace

void find_table_candidates(const Pattern& pattern, TableConditions conditions, const Relation& relation,
                           const ConditionContext& context, const ColumnPopularity& popularity,
                           const CandidateOptions& options, CandidateSet& out) {
  Finder(pattern, std::move(conditions), relation, context, popularity, options, out).run();
}

std::pair<std::string, std::string> popularity_key(const Table& table, std::string_view column) {
  return {table.schema + "." + table.name, std::string(column)};
}

}  // namespace pgsieve::internal
