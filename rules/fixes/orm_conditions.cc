#include "rules/fixes/orm_conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "rules/fixes/condition_syntax.h"

namespace pgsieve {

namespace {

const condition_syntax::Syntax* syntax_of(Orm orm) {
  switch (orm) {
    case Orm::kDjango:
      return &condition_syntax::kDjango;
    case Orm::kSqlAlchemy:
      return &condition_syntax::kSqlAlchemy;
    case Orm::kActiveRecord:
      return &condition_syntax::kActiveRecord;
    case Orm::kEloquent:
      return &condition_syntax::kEloquent;
    case Orm::kDoctrine:
      return &condition_syntax::kDoctrine;
    case Orm::kHibernate:
      return &condition_syntax::kHibernate;
    case Orm::kTypeOrm:
      return &condition_syntax::kTypeOrm;
    case Orm::kSequelize:
      return &condition_syntax::kSequelize;
    case Orm::kObjection:
      return &condition_syntax::kObjection;
    case Orm::kMikroOrm:
      return &condition_syntax::kMikroOrm;
    case Orm::kDrizzle:
      return &condition_syntax::kDrizzle;
    case Orm::kPrisma:
      return &condition_syntax::kPrisma;
    case Orm::kGorm:
      return &condition_syntax::kGorm;
    case Orm::kEcto:
      return &condition_syntax::kEcto;
    case Orm::kEfCore:
      return &condition_syntax::kEfCore;
    case Orm::kSequel:
      return &condition_syntax::kSequel;
    case Orm::kPeewee:
      return &condition_syntax::kPeewee;
    case Orm::kUnknown:
      break;
  }
  return nullptr;
}

std::string_view form_of(const condition_syntax::Syntax& syntax, PredicateOperator op) {
  switch (op) {
    case PredicateOperator::kNotEqual:
      return syntax.not_equal;
    case PredicateOperator::kLess:
      return syntax.less;
    case PredicateOperator::kLessEqual:
      return syntax.less_equal;
    case PredicateOperator::kGreater:
      return syntax.greater;
    case PredicateOperator::kGreaterEqual:
      return syntax.greater_equal;
    case PredicateOperator::kIn:
      return syntax.in;
    case PredicateOperator::kNotIn:
      return syntax.not_in;
    case PredicateOperator::kIsNull:
      return syntax.null;
    case PredicateOperator::kIsNotNull:
      return syntax.not_null;
    default:
      return syntax.equal;
  }
}

// status; statuses for a list; min_age and max_age for the ends of a range; True for a condition that is a
// column. "" where there is no value.
std::string variable_of(Orm orm, const RowCondition& condition) {
  const std::string_view language = orm_language(orm);
  NameWords words = singular_words(condition.column);
  bool literal = false;
  switch (condition.op) {
    case PredicateOperator::kIsTrue:
      words = {"true"}, literal = true;
      break;
    case PredicateOperator::kIsFalse:
      words = {"false"}, literal = true;
      break;
    case PredicateOperator::kLess:
    case PredicateOperator::kLessEqual:
      words.insert(words.begin(), "max");
      break;
    case PredicateOperator::kGreater:
    case PredicateOperator::kGreaterEqual:
      words.insert(words.begin(), "min");
      break;
    case PredicateOperator::kIn:
    case PredicateOperator::kNotIn:
      words = plural_words(condition.column);
      break;
    default:
      words = name_words(condition.column);
      break;
  }
  if (literal) return language == "python" ? pascal_case(words) : words[0];
  const bool snake = language == "python" || language == "ruby" || language == "elixir";
  const std::string name = snake ? snake_case(words) : camel_case(words);
  return orm == Orm::kEloquent ? "$" + name : name;
}

// GORM's conditions and Sequel's are SQL with the columns as they are.
std::string field_of(Orm orm, const RowCondition& condition) {
  return orm == Orm::kGorm || orm == Orm::kSequel ? condition.column : field_name(orm, condition.column);
}

bool is_one_of(std::string_view column, std::span<const std::string_view> names) {
  return std::ranges::find(names, column) != names.end();
}

// Rows marked as deleted, where leaving them out is built in; the classes that share one table.
bool model_adds(Orm orm, const RowCondition& condition) {
  constexpr std::array<std::string_view, 2> kDeleted = {"deleted_at", "deletedAt"};
  constexpr std::array<std::string_view, 1> kRubyClass = {"type"};
  constexpr std::array<std::string_view, 3> kClass = {"dtype", "discr", "discriminator"};
  switch (orm) {
    case Orm::kEloquent:
    case Orm::kGorm:
    case Orm::kSequelize:
    case Orm::kTypeOrm:
      return condition.op == PredicateOperator::kIsNull && is_one_of(condition.column, kDeleted);
    case Orm::kActiveRecord:
      return is_one_of(condition.column, kRubyClass);
    case Orm::kDoctrine:
    case Orm::kHibernate:
    case Orm::kEfCore:
      return is_one_of(condition.column, kClass);
    default:
      return false;
  }
}

// owner_type beside owner_id.
bool relation_adds(const FixPlan& plan, const RowCondition& condition) {
  if (condition.op != PredicateOperator::kEqual) return false;
  NameWords key = name_words(plan.key_column);
  NameWords type = name_words(condition.column);
  if (key.size() < 2 || key.size() != type.size() || type.back() != "type") return false;
  key.pop_back();
  type.pop_back();
  return key == type;
}

// Conditions are the members of an object, which has but one of each name.
bool one_per_column(Orm orm) {
  return orm == Orm::kTypeOrm || orm == Orm::kSequelize || orm == Orm::kMikroOrm || orm == Orm::kPrisma;
}

// A further condition on a column, or one on the key's.
bool is_second(const FixPlan& plan, size_t place) {
  const std::vector<RowCondition>& all = plan.conditions.constant;
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(place);
  return all[place].column == plan.key_column ||
         std::any_of(all.begin(), end,
                     [&](const RowCondition& earlier) { return earlier.column == all[place].column; });
}

std::vector<RowCondition> asked(Orm orm, const FixPlan& plan, AskedBy by) {
  std::vector<RowCondition> conditions;
  for (size_t i = 0; i < plan.conditions.constant.size(); ++i) {
    const RowCondition& condition = plan.conditions.constant[i];
    if (model_adds(orm, condition) || (by == AskedBy::kRelation && relation_adds(plan, condition))) continue;
    if (!one_per_column(orm) || !is_second(plan, i)) conditions.push_back(condition);
  }
  return conditions;
}

// TRUE and FALSE, which a condition that is a column stands for.
bool is_literal(const RowCondition& condition) {
  return condition.op == PredicateOperator::kIsTrue || condition.op == PredicateOperator::kIsFalse;
}

std::string written(Orm orm, const condition_syntax::Syntax& syntax,
                    const std::vector<RowCondition>& conditions, std::string_view subject) {
  std::string text;
  for (const RowCondition& condition : conditions) {
    // :true is no name: a literal stands where a named value would.
    std::string form(form_of(syntax, condition.op));
    for (const std::string_view mark : {":{2}", "^{2}"}) {
      if (const size_t at = form.find(mark); is_literal(condition) && at != std::string::npos)
        form.replace(at, mark.size(), "{2}");
    }
    text += fmt::format(fmt::runtime(form), subject, field_of(orm, condition), variable_of(orm, condition));
  }
  return text;
}

std::string alone(const condition_syntax::Syntax& syntax, std::string text) {
  return text.empty() ? text : text.substr(syntax.joiner.size());
}

bool has_value(const RowCondition& condition) {
  return condition.op != PredicateOperator::kIsNull && condition.op != PredicateOperator::kIsNotNull &&
         !is_literal(condition);
}

}  // namespace

bool has_conditions(Orm orm, const FixPlan& plan, AskedBy by) {
  return !asked(orm, plan, by).empty();
}

std::vector<std::string> columns_left_out(Orm orm, const FixPlan& plan) {
  std::vector<std::string> columns;
  for (size_t i = 0; one_per_column(orm) && i < plan.conditions.constant.size(); ++i) {
    if (is_second(plan, i)) columns.push_back(plan.conditions.constant[i].column);
  }
  return columns;
}

std::string conditions_after(Orm orm, const FixPlan& plan, std::string_view subject, AskedBy by) {
  const condition_syntax::Syntax* syntax = syntax_of(orm);
  return syntax == nullptr ? std::string() : written(orm, *syntax, asked(orm, plan, by), subject);
}

std::string conditions_alone(Orm orm, const FixPlan& plan, std::string_view subject, AskedBy by) {
  const condition_syntax::Syntax* syntax = syntax_of(orm);
  if (syntax == nullptr) return {};
  return alone(*syntax, conditions_after(orm, plan, subject, by));
}

std::string django_q(const FixPlan& plan, std::string_view relation) {
  const std::vector<RowCondition> conditions = asked(Orm::kDjango, plan, AskedBy::kRelation);
  return alone(condition_syntax::kDjangoQ,
               written(Orm::kDjango, condition_syntax::kDjangoQ, conditions, relation));
}

NamedCondition typeorm_condition(const FixPlan& plan, std::string_view alias, AskedBy by) {
  const std::vector<RowCondition> conditions = asked(Orm::kTypeOrm, plan, by);
  NamedCondition named;
  named.text = alone(condition_syntax::kTypeOrmBuilder,
                     written(Orm::kTypeOrm, condition_syntax::kTypeOrmBuilder, conditions, alias));
  for (const RowCondition& condition : conditions) {
    if (has_value(condition))
      named.values += (named.values.empty() ? "" : ", ") + variable_of(Orm::kTypeOrm, condition);
  }
  named.values = named.values.empty() ? "{}" : "{ " + named.values + " }";
  return named;
}

std::string drizzle_where(const std::string& first, const std::string& rest) {
  return rest.empty() ? first : fmt::format("and({}{})", first, rest);
}

std::string drizzle_relation_where(const FixPlan& plan) {
  const size_t conditions = asked(Orm::kDrizzle, plan, AskedBy::kRelation).size();
  if (conditions == 0) return {};
  const std::string text = conditions_alone(Orm::kDrizzle, plan, model_name(Orm::kDrizzle, plan.table));
  return fmt::format("where: {}", conditions == 1 ? text : "and(" + text + ")");
}

std::string gorm_condition(const FixPlan& plan) {
  const std::vector<RowCondition> conditions = asked(Orm::kGorm, plan, AskedBy::kRelation);
  std::string text = "\"" +
                     alone(condition_syntax::kGormPreload,
                           written(Orm::kGorm, condition_syntax::kGormPreload, conditions, {})) +
                     "\"";
  for (const RowCondition& condition : conditions) {
    if (is_literal(condition) || has_value(condition)) text += ", " + variable_of(Orm::kGorm, condition);
  }
  return text;
}

}  // namespace pgsieve
