#include "rules/loop_parent.h"

#include <algorithm>
#include <set>
#include <utility>

#include "rules/loop_accident.h"
#include "rules/loop_habit.h"
#include "rules/memo.h"

namespace pgsieve {

namespace {

struct Form {
  const RuleContext& context;
  const LinkProfile& parent;
  const LinkProfile& child;
  const LinkProfile::Key& key;

  // What a foreign key or a join says that the column refers to.
  enum class Says : uint8_t { kNothing, kYes, kNo };
  Says declared(const LinkProfile::TableName& table, const std::string& column,
                const std::set<std::string>& wanted) const {
    if (const Table* known = context.schema.find(table.schema, table.name); known != nullptr) {
      for (const ForeignKey& foreign : known->foreign_keys) {
        if (std::ranges::find(foreign.columns, column) == foreign.columns.end()) continue;
        return wanted.contains(foreign.target_table) ? Says::kYes : Says::kNo;
      }
    }
    const std::set<std::string>* targets = context.references->targets(std::string(table.name), column);
    if (targets == nullptr) return Says::kNothing;
    return std::ranges::any_of(wanted, [&](const std::string& name) { return targets->contains(name); })
               ? Says::kYes
               : Says::kNo;
  }

  // The list's rows have the key of a row, and the loop asks by a reference.
  void by_row_id(Link& link) const {
    std::set<std::string> offered;
    for (size_t i = 0; i < parent.top_tables; ++i) offered.insert(std::string(parent.tables[i].name));
    if (offered.empty()) return;  // rows of a function, or the like
    const LinkProfile::TableName& table = child.tables[key.table];
    const Says says = declared(table, std::string(key.column), offered);
    if (says == Says::kNo) link.strength = LinkStrength::kNone;
    if (says == Says::kNothing && context.references->names_other_table(key.normal, offered))
      link.strength = LinkStrength::kNone;
    if (link.strength == LinkStrength::kNone || says != Says::kYes) return;
    const std::set<std::string>* targets =
        context.references->targets(std::string(table.name), std::string(key.column));
    link.strength = LinkStrength::kNames;
    link.joined = true;
    for (const std::string& name : offered)
      if (targets == nullptr || targets->contains(name)) link.parent_table = name;
    link.parent_column = "id";
  }

  // The list's rows have references, and the loop asks for a row by its key.
  void by_reference(Link& link) const {
    const std::set<std::string> wanted = {std::string(child.tables[key.table].name)};
    size_t open = 0;
    for (size_t i = 0; i < parent.columns.size(); ++i) {
      const LinkProfile::ColumnName& column = parent.columns[i];
      if (i >= parent.column_names.size() || column.words.empty()) continue;
      const uint32_t place = column.table < parent.tables.size() ? column.table
                             : parent.top_tables == 1            ? 0U
                                                                 : UINT32_MAX;
      const Says says = place == UINT32_MAX ? Says::kNothing
                                            : declared(parent.tables[place], parent.column_names[i], wanted);
      if (says == Says::kYes) {
        link.strength = LinkStrength::kNames;
        link.joined = true;
        link.parent_table = parent.tables[place].name;
        link.parent_column = parent.column_names[i];
        return;
      }
      if (says == Says::kNo || !column.reference || context.references->names_other_table(column, wanted))
        continue;
      if (place != UINT32_MAX && looks_primary(column, parent.tables[place])) continue;
      link.parent_table = place == UINT32_MAX ? std::string() : std::string(parent.tables[place].name);
      link.parent_column = parent.column_names[i];
      ++open;
    }
    if (open > 1) link.parent_column.clear();  // any of them
    // What else a star brings is not known.
    if (open == 0 && !parent.star_unknown) link.strength = LinkStrength::kPossible;
  }
};

// The link again, with what all of the traffic says.
Link reconsider(const RuleContext& context, const Pattern& child, const Pattern& list, Link link) {
  if (link.strength != LinkStrength::kReference) return link;
  const std::shared_ptr<const LinkProfile> parent = context.memo->profile(list, context);
  const std::shared_ptr<const LinkProfile> profile = context.memo->profile(child, context);
  const auto key = std::ranges::find_if(
      profile->keys, [&link](const LinkProfile::Key& candidate) { return candidate.slot == link.slot; });
  if (key == profile->keys.end()) return link;  // the argument of a function
  const Form form{context, *parent, *profile, *key};
  if (key->primary) {
    form.by_reference(link);
  } else {
    form.by_row_id(link);
  }
  return link;
}

// The list itself ran again and again, and had more than one turn each time: it is nearer than what ran once.
bool one_list_per_turns(const LoopExample& example) {
  return example.parent_executions > 1 && example.count > example.parent_executions + 1;
}

}  // namespace

ParentChoice choose_parent(const RuleContext& context, const LoopExample& example, const Pattern& child,
                           const Pattern& parent, const Link& link) {
  struct Candidate {
    const Pattern* pattern;
    Link link;
  };
  std::vector<Candidate> fitting;
  const auto consider = [&](const Pattern& list, const Link& of_list) {
    const Link known = reconsider(context, child, list, of_list);
    if (known.strength >= LinkStrength::kReference) fitting.push_back({&list, known});
  };
  consider(parent, link);
  for (const PatternKey& key : example.rivals) {
    const Pattern* rival = context.workload.find(key);
    if (rival != nullptr && rival->shape != nullptr)
      consider(*rival, context.memo->link(*rival, child, context));
  }
  ParentChoice choice;
  const auto named = std::ranges::find_if(
      fitting, [](const Candidate& one) { return one.link.strength >= LinkStrength::kSameColumn; });
  const bool nearest = !fitting.empty() && fitting.front().pattern == &parent;
  const bool one_turn_each = one_turn_per_row(example) && !example.rival_of_same_limit;
  const bool told = nearest && (one_turn_each || one_list_per_turns(example));
  if (named != fitting.end()) {
    choice = {named->pattern, named->link, {}};
  } else if (told || fitting.size() == 1) {
    choice = {fitting.front().pattern, fitting.front().link, {}};
  } else if (fitting.empty() &&
             reconsider(context, child, parent, link).strength == LinkStrength::kPossible) {
    choice.parent = &parent;
    choice.link.strength = LinkStrength::kPossible;
    choice.link.slot = link.slot;
  } else {
    for (const Candidate& one : fitting) choice.possible.push_back(one.pattern);
  }
  return choice;
}

namespace {

// A turn for each row, neither more nor less.
bool as_many_as_rows(const LoopExample& example) {
  const int64_t rows = example.parent_rows > 1 ? example.parent_rows : example.parent_limit;
  return rows > 1 && example.parent_executions <= 1 && example.count == rows;
}

// At one time with the loop, as far as is known of the other one.
bool may_have_run_with(const LoopExample& example, const Loop& other, const Pattern& list) {
  constexpr Microseconds kBefore = 100 * kMillisecond;
  const Microseconds from = example.time, until = example.time + example.span;
  if (from == kUnknownTime) return true;
  if (list.first != kUnknownTime && (list.first > until || list.last < from - kBefore)) return false;
  if (other.scopes > other.examples.size()) return true;
  return std::ranges::any_of(other.examples.unpacked(), [&](const LoopExample& its) {
    return its.time == kUnknownTime || (its.time <= until && from - kBefore <= its.time + its.span);
  });
}

// More rows asked for than the list may have.
bool more_than_rows(const LoopExample& example) {
  return example.parent_limit > 1 && example.parent_executions <= 1 &&
         example.distinct_values > example.parent_limit;
}

// The lists that may have fed the loop: those of just before, and where its turns came from several
// connections all that the statement has loops under at the time.
std::vector<PatternKey> rivals_of(const RuleContext& context, const LoopExample& example,
                                  const Pattern& child) {
  std::vector<PatternKey> rivals = example.rivals;
  if (example.scope != ScopeKind::kFanOut) return rivals;
  const auto& loops = context.workload.loops;
  for (auto at = loops.lower_bound(LoopKey{child.key, kNoPattern});
       at != loops.end() && at->first.child == child.key; ++at) {
    const Pattern* list = context.workload.find(at->first.parent);
    if (list == nullptr || !may_have_run_with(example, at->second, *list)) continue;
    if (std::ranges::find(rivals, list->key) == rivals.end()) rivals.push_back(list->key);
  }
  return rivals;
}

}  // namespace

bool shows_its_list(const LoopExample& example) {
  return as_many_as_rows(example) || one_unit_of_work(example);
}

// A run or a body that repeats, or as many turns as the list has rows, belongs to the list before it unless
// another is clearly the rule. Turns among all kinds of statements don't tell: there it takes a clear rule.
ParentChoice choose_named_parent(const RuleContext& context, const LoopExample& example, const Pattern& child,
                                 const Pattern& parent, const Link& link) {
  constexpr uint64_t kLists = 3, kRule = 50;  // executions that show one, and hundredths of them
  ParentChoice nearest{&parent, link, {}};
  if (as_many_as_rows(example) && !example.rival_of_same_limit) return nearest;
  const uint64_t own = habit(context, child, parent);
  ParentChoice other;
  uint64_t most = 0;
  std::vector<const Pattern*> possible = {&parent};
  for (const PatternKey& key : rivals_of(context, example, child)) {
    const Pattern* rival = context.workload.find(key);
    if (rival == nullptr || rival->shape == nullptr || rival == &parent || rival->key == child.key) continue;
    Link of_rival = context.memo->link(*rival, child, context);
    if (of_rival.strength < LinkStrength::kNames) continue;
    possible.push_back(rival);
    const uint64_t follows = rival->calls < kLists ? 0 : habit(context, child, *rival);
    if (other.parent == nullptr || follows > most) {
      most = follows;
      other = {rival, std::move(of_rival), {}};
    }
  }
  const bool too_many = more_than_rows(example);
  if (possible.size() == 1 || (own >= kRule && own >= 2 * most && !too_many)) return nearest;
  if (most >= kRule && most >= 2 * own) return other;
  const bool repeats = !is_scattered(example) || one_unit_of_work(example);
  if (repeats && !too_many && example.scope != ScopeKind::kFanOut) return nearest;
  return {nullptr, {}, std::move(possible)};
}

}  // namespace pgsieve
