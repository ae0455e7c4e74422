// Many rows in one statement.
#include <fmt/format.h>

#include <algorithm>

#include "rules/fixes/orm_calls.h"
#include "rules/fixes/orm_conditions.h"
#include "rules/fixes/orm_names.h"

namespace pgsieve {

namespace {

std::string rows_variable(Orm orm, const FixPlan& plan) {
  const NameWords words = plural_words(plan.table);
  return orm_language(orm) == "python" || orm_language(orm) == "ruby" || orm_language(orm) == "elixir"
             ? snake_case(words)
             : camel_case(words);
}

// The columns written, as a list of quoted names.
std::string quoted_columns(Orm orm, const FixPlan& plan, std::string_view quote) {
  std::string text;
  for (const std::string& column : plan.columns) {
    if (column == plan.key_column) continue;
    text += fmt::format("{}{}{}{}", text.empty() ? "" : ", ", quote, field_name(orm, column),
                        quote == ":" ? "" : quote);
  }
  return text;
}

}  // namespace

std::string insert_call(Orm orm, const FixPlan& plan) {
  const std::string model = model_name(orm, plan.table);
  const std::string rows = rows_variable(orm, plan);
  switch (orm) {
    case Orm::kDjango:
      return fmt::format("{}.objects.bulk_create({})", model, rows);
    case Orm::kSqlAlchemy:
      return fmt::format(
          "session.execute(insert({}), rows)  # a list of dicts; or session.add_all({}) with one flush",
          model, rows);
    case Orm::kActiveRecord:
      return fmt::format("{}.insert_all(rows)", model);
    case Orm::kEloquent:
      return fmt::format("{}::insert($rows)", model);
    case Orm::kDoctrine:
      return fmt::format(
          "$connection->executeStatement($sql, [$rows])  // the statement below; persist() writes row by "
          "row");
    case Orm::kHibernate:
      return "hibernate.jdbc.batch_size=50\nhibernate.order_inserts=true\n# and ids from a sequence "
             "(GenerationType.SEQUENCE with allocationSize > 1): IDENTITY forbids batches\n"
             "# and reWriteBatchedInserts=true in the JDBC URL: one INSERT of many rows";
    case Orm::kTypeOrm:
      return fmt::format("dataSource.getRepository({}).insert(rows)", model);
    case Orm::kSequelize:
      return fmt::format("{}.bulkCreate(rows)", model);
    case Orm::kObjection:
      return fmt::format("{}.query().insert(rows)", model);
    case Orm::kMikroOrm:
      return fmt::format("em.insertMany({}, rows)", model);
    case Orm::kDrizzle:
      return fmt::format("db.insert({}).values(rows)", model);
    case Orm::kPrisma:
      return fmt::format("prisma.{}.createMany({{ data: rows }})", model);
    case Orm::kGorm:
      return fmt::format("db.CreateInBatches(&{}, 500)", rows);
    case Orm::kEcto:
      return fmt::format("Repo.insert_all({}, rows)", model);
    case Orm::kEfCore:
      return fmt::format(
          "context.{0}.AddRange({1});\nawait context.SaveChangesAsync();  // once, after the loop",
          pascal_case(plural_words(plan.table)), rows);
    case Orm::kSequel:
      return fmt::format("{}.multi_insert({})", model, rows);
    case Orm::kPeewee:
      return fmt::format("{}.insert_many({}).execute()", model, rows);
    case Orm::kUnknown:
      break;
  }
  return {};
}

bool updates_alike(const FixPlan& plan) {
  return plan.rewrite &&
         std::ranges::count_if(plan.rewrite->parameters,
                               [](const RewriteParameter& parameter) { return parameter.array; }) == 1 &&
         !plan.rewrite->json;
}

std::string update_call(Orm orm, const FixPlan& plan) {
  const std::string model = model_name(orm, plan.table);
  const std::string rows = rows_variable(orm, plan);
  const bool same = updates_alike(plan);
  if (plan.key_column.empty()) return {};
  const std::string key = field_name(orm, plan.key_column);
  const std::string asked = conditions_after(orm, plan, queried_name(orm, plan));
  const std::string first = plan.columns.empty() ? "value" : field_name(orm, plan.columns[0]);
  switch (orm) {
    case Orm::kDjango:
      return same ? fmt::format("{}.objects.filter({}__in=ids){}.update({}=value)", model, key, asked, first)
                  : fmt::format("{}.objects.bulk_update({}, [{}])", model, rows,
                                quoted_columns(orm, plan, "\""));
    case Orm::kSqlAlchemy:
      return same ? fmt::format("update({0}).where({0}.{1}.in_(ids){3}).values({2}=value)", model, key, first,
                                asked)
                  : fmt::format("session.execute(update({}), rows)  # a list of dicts with the primary key",
                                model);
    case Orm::kActiveRecord:
      return same ? fmt::format("{}.where({}: ids){}.update_all({}: value)", model, key, asked, first)
                  : fmt::format("{}.upsert_all(rows, unique_by: :{}, update_only: [{}])", model, key,
                                quoted_columns(orm, plan, ":"));
    case Orm::kEloquent:
      return same
                 ? fmt::format("{}::whereIn('{}', $ids){}->update(['{}' => $value])", model, key, asked,
                               first)
                 : fmt::format("{}::upsert($rows, ['{}'], [{}])", model, key, quoted_columns(orm, plan, "'"));
    case Orm::kDoctrine:
      return same ? fmt::format("UPDATE {} x SET x.{} = :value WHERE x.{} IN (:ids){}", model, first, key,
                                asked)
                  : std::string();
    case Orm::kHibernate:
      return same ? fmt::format(
                        "em.createQuery(\"update {} x set x.{} = :value where x.{} in "
                        ":ids{}\").executeUpdate()",
                        model, first, key, asked)
                  : "hibernate.jdbc.batch_size=50\nhibernate.order_updates=true";
    case Orm::kTypeOrm:
      return same ? fmt::format("dataSource.getRepository({}).update({{ {}: In(ids){} }}, {{ {}: value }})",
                                model, key, asked, first)
                  : fmt::format("dataSource.getRepository({}).upsert(rows, ['{}'])", model, key);
    case Orm::kSequelize:
      return same ? fmt::format("{}.update({{ {}: value }}, {{ where: {{ {}: ids{} }} }})", model, first, key,
                                asked)
                  : fmt::format("{}.bulkCreate(rows, {{ updateOnDuplicate: [{}] }})", model,
                                quoted_columns(orm, plan, "'"));
    case Orm::kObjection:
      return same ? fmt::format("{}.query().patch({{ {}: value }}).whereIn('{}', ids){}", model, first, key,
                                asked)
                  : std::string();
    case Orm::kMikroOrm:
      return same ? fmt::format("em.nativeUpdate({}, {{ {}: {{ $in: ids }}{} }}, {{ {}: value }})", model,
                                key, asked, first)
                  : fmt::format("em.upsertMany({}, rows)", model);
    case Orm::kDrizzle:
      return same ? fmt::format("db.update({}).set({{ {}: value }}).where({})", model, first,
                                drizzle_where(fmt::format("inArray({}.{}, ids)", model, key), asked))
                  : std::string();
    case Orm::kPrisma:
      return same ? fmt::format(
                        "prisma.{}.updateMany({{ where: {{ {}: {{ in: ids }}{} }}, data: {{ {}: value }} }})",
                        model, key, asked, first)
                  : std::string();
    case Orm::kGorm:
      return same ? fmt::format("db.Model(&{}{{}}).Where(\"{} IN ?\", ids){}.Update(\"{}\", value)", model,
                                plan.key_column, asked, first)
                  : std::string();
    case Orm::kEcto:
      return same ? fmt::format("Repo.update_all(from(x in {}, where: x.{} in ^ids{}), set: [{}: value])",
                                model, key, asked, first)
                  : fmt::format(
                        "Repo.insert_all({}, rows, on_conflict: {{:replace, [{}]}}, conflict_target: :{})",
                        model, quoted_columns(orm, plan, ":"), key);
    case Orm::kEfCore:
      return same ? fmt::format(
                        "context.{}.Where(x => ids.Contains(x.{}){}).ExecuteUpdateAsync(s => s.SetProperty(x "
                        "=> x.{}, value))",
                        pascal_case(plural_words(plan.table)), key, asked, first)
                  : std::string(
                        "await context.SaveChangesAsync();  // once, after the loop: it sends the updates in "
                        "batches");
    case Orm::kSequel:
    case Orm::kPeewee:
    case Orm::kUnknown:
      break;
  }
  return {};
}

std::string delete_call(Orm orm, const FixPlan& plan) {
  const std::string model = model_name(orm, plan.table);
  if (plan.key_column.empty()) return {};
  const std::string key = field_name(orm, plan.key_column);
  const std::string asked = conditions_after(orm, plan, queried_name(orm, plan));
  switch (orm) {
    case Orm::kDjango:
      return fmt::format("{}.objects.filter({}__in=values){}.delete()", model, key, asked);
    case Orm::kSqlAlchemy:
      return fmt::format("delete({0}).where({0}.{1}.in_(values){2})", model, key, asked);
    case Orm::kActiveRecord:
      return fmt::format("{}.where({}: values){}.delete_all", model, key, asked);
    case Orm::kEloquent:
      return fmt::format("{}::whereIn('{}', $values){}->delete()", model, key, asked);
    case Orm::kDoctrine:
      return fmt::format("DELETE FROM {} x WHERE x.{} IN (:values){}", model, key, asked);
    case Orm::kHibernate:
      return fmt::format("em.createQuery(\"delete from {} x where x.{} in :values{}\").executeUpdate()",
                         model, key, asked);
    case Orm::kTypeOrm:
      return fmt::format("dataSource.getRepository({}).delete({{ {}: In(values){} }})", model, key, asked);
    case Orm::kSequelize:
      return fmt::format("{}.destroy({{ where: {{ {}: values{} }} }})", model, key, asked);
    case Orm::kObjection:
      return fmt::format("{}.query().delete().whereIn('{}', values){}", model, key, asked);
    case Orm::kMikroOrm:
      return fmt::format("em.nativeDelete({}, {{ {}: {{ $in: values }}{} }})", model, key, asked);
    case Orm::kDrizzle:
      return fmt::format("db.delete({}).where({})", model,
                         drizzle_where(fmt::format("inArray({}.{}, values)", model, key), asked));
    case Orm::kPrisma:
      return fmt::format("prisma.{}.deleteMany({{ where: {{ {}: {{ in: values }}{} }} }})", model, key,
                         asked);
    case Orm::kGorm:
      return fmt::format("db.Where(\"{} IN ?\", values){}.Delete(&{}{{}})", plan.key_column, asked, model);
    case Orm::kEcto:
      return fmt::format("Repo.delete_all(from(x in {}, where: x.{} in ^values{}))", model, key, asked);
    case Orm::kEfCore:
      return fmt::format("context.{}.Where(x => values.Contains(x.{}){}).ExecuteDeleteAsync()",
                         pascal_case(plural_words(plan.table)), key, asked);
    case Orm::kSequel:
      return fmt::format("{}.where({}: values){}.delete", model, key, asked);
    case Orm::kPeewee:
      return fmt::format("{0}.delete().where({0}.{1}.in_(values){2}).execute()", model, key, asked);
    case Orm::kUnknown:
      break;
  }
  return {};
}

std::string upsert_call(Orm orm, const FixPlan& plan) {
  const std::string model = model_name(orm, plan.table);
  const std::string rows = rows_variable(orm, plan);
  switch (orm) {
    case Orm::kDjango:
      return fmt::format("{}.objects.bulk_create({}, ignore_conflicts=True)", model, rows);
    case Orm::kSqlAlchemy:
      return fmt::format(
          "session.execute(insert({}).on_conflict_do_nothing(), rows)  # "
          "sqlalchemy.dialects.postgresql.insert",
          model);
    case Orm::kActiveRecord:
      return fmt::format(
          "{}.insert_all(rows)  # skips duplicates; upsert_all(rows, unique_by: …) updates them", model);
    case Orm::kEloquent:
      return fmt::format("{}::insertOrIgnore($rows)  // upsert($rows, [keys], [columns]) updates them",
                         model);
    case Orm::kTypeOrm:
      return fmt::format(
          "dataSource.getRepository({}).upsert(rows, {{ conflictPaths: keys, skipUpdateIfNoValuesChanged: "
          "true }})",
          model);
    case Orm::kSequelize:
      return fmt::format("{}.bulkCreate(rows, {{ ignoreDuplicates: true }})", model);
    case Orm::kObjection:
      return fmt::format("{}.query().insert(rows).onConflict(keys).ignore()", model);
    case Orm::kMikroOrm:
      return fmt::format("em.upsertMany({}, rows)", model);
    case Orm::kDrizzle:
      return fmt::format("db.insert({}).values(rows).onConflictDoNothing()", model);
    case Orm::kPrisma:
      return fmt::format("prisma.{}.createMany({{ data: rows, skipDuplicates: true }})", model);
    case Orm::kGorm:
      return fmt::format("db.Clauses(clause.OnConflict{{DoNothing: true}}).Create(&{})", rows);
    case Orm::kEcto:
      return fmt::format("Repo.insert_all({}, rows, on_conflict: :nothing)", model);
    default:
      return {};
  }
}

}  // namespace pgsieve
