#include "rules/fixes/fixes.h"

#include <fmt/format.h>

#include "rules/fixes/orm_calls.h"
#include "rules/fixes/orm_conditions.h"
#include "rules/fixes/orm_names.h"
#include "rules/memo.h"

namespace pgsieve {

namespace {

std::string sentences(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& sentence : all) text += (text.empty() ? "" : " ") + sentence;
  return text;
}

std::string or_table(const std::string& table) {
  return table.empty() ? std::string("rows") : table;
}

std::string path_text(const FixPlan& plan) {
  std::string text = plan.path.front().from_table;
  for (const RelationStep& step : plan.path) text += " → " + step.to_table;
  return text;
}

// Else the rows are read by key, after it.
bool is_loaded_with_list(Orm orm, const FixPlan& plan) {
  return !plan.path.empty() && !(eager_call_lacks_conditions(orm, plan) && by_key(plan));
}

std::string orm_title(Orm orm, const FixPlan& plan) {
  const std::string_view name = orm_name(orm);
  switch (plan.kind) {
    case FixClass::kHasMany:
    case FixClass::kBelongsTo:
    case FixClass::kManyToMany:
    case FixClass::kThrough:
    case FixClass::kPolymorphic:
      if (!is_loaded_with_list(orm, plan)) break;
      return fmt::format("{}: load {} with the list", name,
                         plan.path.size() > 1 ? path_text(plan) : or_table(plan.table));
    case FixClass::kCount:
      return fmt::format("{}: count {} for the whole list", name, or_table(plan.table));
    case FixClass::kExists:
      return fmt::format("{}: ask for the whole list whether there are rows of {}", name,
                         or_table(plan.table));
    case FixClass::kTopN:
      return fmt::format("{}: load the first {} of each with the list", name, or_table(plan.table));
    case FixClass::kLock:
      return fmt::format("{}: lock all {} in one statement", name, or_table(plan.table));
    case FixClass::kDeferred:
      return fmt::format("{}: read the missing columns with the list", name);
    case FixClass::kInsert:
    case FixClass::kUpsert:
      return fmt::format("{}: insert all rows of {} at once", name, or_table(plan.table));
    case FixClass::kUpdate:
      return fmt::format("{}: update all rows of {} at once", name, or_table(plan.table));
    case FixClass::kDelete:
      return fmt::format("{}: delete all rows of {} at once", name, or_table(plan.table));
    default:
      break;
  }
  return fmt::format("{}: read all {} at once", name, or_table(plan.table));
}

std::string listed(const std::vector<std::string>& columns) {
  std::string text;
  for (const std::string& column : columns)
    text += (text.empty() ? "" : ", ") + (column.empty() ? std::string("other tables") : column);
  return text;
}

// What the loop's statement asks for and the call does not.
void note_conditions(Orm orm, const FixPlan& plan, std::vector<std::string>& notes) {
  if (plan.kind == FixClass::kDeferred) return;
  std::vector<std::string> left_out = plan.conditions.unsaid;
  const bool by_rows = plan.kind == FixClass::kUpdate && !updates_alike(plan);
  const bool by_relation = orm_call_is_eager(plan) && eager_call_lacks_conditions(orm, plan) && !by_key(plan);
  if (by_rows || by_relation) {
    for (const RowCondition& condition : plan.conditions.constant) left_out.push_back(condition.column);
  } else {
    for (std::string& column : columns_left_out(orm, plan)) left_out.push_back(std::move(column));
  }
  if (!left_out.empty())
    notes.push_back(fmt::format(
        "The loop's statement also has conditions on {}: the call does not, so add them.", listed(left_out)));
  if (!plan.conditions.changing.empty())
    notes.push_back(
        fmt::format("Each turn also asks for {} with a value of its own, which the call leaves out.",
                    listed(plan.conditions.changing)));
}

std::string orm_safety(Orm orm, const FixPlan& plan) {
  std::vector<std::string> notes = {
      "Names of models and relations are guessed from tables and columns; use your own."};
  note_conditions(orm, plan, notes);
  switch (plan.kind) {
    case FixClass::kHasMany:
    case FixClass::kManyToMany:
    case FixClass::kThrough:
    case FixClass::kPolymorphic:
      notes.emplace_back("All rows of all parents are held in memory: page the list first.");
      if (!is_loaded_with_list(orm, plan)) break;
      if (orm == Orm::kDjango && plan.kind == FixClass::kHasMany)
        notes.emplace_back(
            "Without related_name the relation is called <model>_set. Filtering it later with .filter() asks "
            "again; use Prefetch.");
      if (orm == Orm::kHibernate)
        notes.emplace_back(
            "With LIMIT, or two collections, prefer @BatchSize or hibernate.default_batch_fetch_size.");
      if (orm == Orm::kEfCore) notes.emplace_back("Several collections multiply rows: add .AsSplitQuery().");
      if (orm == Orm::kActiveRecord)
        notes.emplace_back("Calling .where or .order on the loaded relation asks again.");
      break;
    case FixClass::kInsert:
    case FixClass::kUpdate:
    case FixClass::kDelete:
    case FixClass::kUpsert:
      notes.emplace_back("Bulk calls skip callbacks, validations and signals of the single rows.");
      break;
    case FixClass::kTopN:
      if (orm == Orm::kDjango) notes.emplace_back("Slices in Prefetch need Django 4.2.");
      if (orm == Orm::kEloquent) notes.emplace_back("limit() inside with() needs Laravel 11.");
      break;
    default:
      break;
  }
  return sentences(notes);
}

std::string sql_title(const FixPlan& plan) {
  const std::string table = or_table(plan.table);
  switch (plan.kind) {
    case FixClass::kHasMany:
    case FixClass::kBelongsTo:
    case FixClass::kManyToMany:
    case FixClass::kThrough:
    case FixClass::kPolymorphic:
    case FixClass::kGet:
      return fmt::format("Read {} for all keys at once", table);
    case FixClass::kTopN:
      return fmt::format("Read the first {} of every key at once", table);
    case FixClass::kCount:
      return fmt::format("Aggregate {} for all keys at once", table);
    case FixClass::kExists:
      return fmt::format("Ask for all keys at once whether there are rows of {}", table);
    case FixClass::kDeferred:
      return "Read the missing columns with the list";
    case FixClass::kLock:
      return fmt::format("Lock all rows of {} in one statement, in key order", table);
    case FixClass::kFunction:
      return "Call the function for all values in one statement";
    case FixClass::kRecursive:
      return fmt::format("Walk the tree of {} in one statement", table);
    case FixClass::kInsert:
      return fmt::format("Insert all rows of {} in one statement", table);
    case FixClass::kUpsert:
      return fmt::format("Insert all rows of {} in one statement, existing ones aside", table);
    case FixClass::kUpdate:
      return fmt::format("Update all rows of {} in one statement", table);
    case FixClass::kDelete:
      return fmt::format("Delete all rows of {} in one statement", table);
    case FixClass::kSequence:
      return "Fetch all numbers of the sequence in one statement";
  }
  return "One statement for all keys";
}

std::vector<Fix> fixes_of(const FixPlan& plan, Orm orm) {
  std::vector<Fix> fixes;
  if (std::string call = orm_call(orm, plan); !call.empty()) {
    fixes.push_back({"orm", orm_title(orm, plan), std::move(call), std::string(orm_language(orm)),
                     orm_safety(orm, plan)});
  }
  if (plan.rewrite) {
    const std::string parameters = describe_parameters(*plan.rewrite);
    std::string code = plan.rewrite->sql;
    if (!parameters.empty()) code += "\n-- " + parameters;
    fixes.push_back({"sql", sql_title(plan), std::move(code), "sql", sentences(plan.rewrite->notes)});
  }
  return fixes;
}

}  // namespace

Orm FixAdvisor::orm_of(const Pattern& pattern) {
  if (!context_.orm.empty()) return orm_from_name(context_.orm);
  return context_.memo->orm(context_.workload, main_application(pattern));
}

std::vector<Fix> FixAdvisor::read_loop(const LoopVerdict& verdict, const Pattern& child,
                                       const Pattern* parent) {
  if (verdict.example == nullptr || child.shape == nullptr) return {};
  return fixes_of(plan_read(context_, verdict, child, parent), orm_of(child));
}

std::vector<Fix> FixAdvisor::write_loop(const LoopVerdict& verdict, const Pattern& child) {
  if (verdict.example == nullptr || child.shape == nullptr) return {};
  std::vector<Fix> fixes = fixes_of(plan_write(context_, verdict, child), orm_of(child));
  for (const PatternKey& key : verdict.example->cycle) {
    const Pattern* other = context_.workload.find(key);
    if (other == nullptr || other->shape == nullptr) continue;
    const std::optional<Rewrite> numbers = sequence_rewrite(other->reference_text, *other->shape);
    if (!numbers) continue;
    FixPlan plan;
    plan.kind = FixClass::kSequence;
    plan.rewrite = numbers;
    plan.rewrite->notes.emplace_back(
        "Or let the column take its default and read it back with RETURNING; with Hibernate, raise "
        "allocationSize.");
    for (Fix& fix : fixes_of(plan, Orm::kUnknown)) fixes.push_back(std::move(fix));
  }
  return fixes;
}

std::vector<Fix> FixAdvisor::repetition(const Pattern& pattern) {
  const std::string safety =
      "The value must not change during the request; the request's own writes must drop what was kept.";
  std::string code;
  const Orm orm = orm_of(pattern);
  switch (orm) {
    case Orm::kDjango:
      code =
          "@cached_property  # on the object that lives as long as the request; or evaluate the queryset "
          "once";
      break;
    case Orm::kActiveRecord:
      code =
          "@value ||= …  # in an object that lives as long as the request; or "
          "ActiveSupport::CurrentAttributes";
      break;
    case Orm::kEloquent:
      code = "once(fn () => …)  // or a singleton of the request's container";
      break;
    default:
      break;
  }
  std::vector<Fix> fixes;
  if (!code.empty())
    fixes.push_back({"orm", fmt::format("{}: read it once per request and keep the result", orm_name(orm)),
                     code, std::string(orm_language(orm)), safety});
  fixes.push_back({"advice", "Read it once per request and keep the result", "", "", safety});
  return fixes;
}

}  // namespace pgsieve
