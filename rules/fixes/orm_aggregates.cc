// How many there are for each of the list, and whether there are any.
#include <fmt/format.h>

#include "rules/fixes/orm_calls.h"
#include "rules/fixes/orm_conditions.h"
#include "rules/fixes/orm_names.h"

namespace pgsieve {

namespace {

// with(['posts' => fn ($q) => $q->where(…)]) and its like: a relation as it is, or with conditions.
std::string eloquent_relation(const FixPlan& plan, const std::string& relation) {
  const std::string asked = conditions_after(Orm::kEloquent, plan, {}, AskedBy::kRelation);
  return asked.empty() ? fmt::format("'{}'", relation)
                       : fmt::format("['{}' => fn ($q) => $q{}]", relation, asked);
}

std::string django_filter(const FixPlan& plan, std::string_view relation) {
  const std::string condition = django_q(plan, relation);
  return condition.empty() ? condition : ", filter=" + condition;
}

// x => x.Posts.Count(c => c.Status == status): the argument.
std::string ef_filter(const FixPlan& plan) {
  const std::string asked = conditions_alone(Orm::kEfCore, plan, "c");
  return asked.empty() ? asked : "c => " + asked;
}

}  // namespace

std::string count_call(Orm orm, const FixPlan& plan) {
  const CallNames n = call_names(orm, plan);
  const bool by_relation = orm == Orm::kDjango || orm == Orm::kEloquent || orm == Orm::kDoctrine ||
                           orm == Orm::kHibernate || orm == Orm::kPrisma || orm == Orm::kEfCore;
  if (n.parent.empty() || (!by_relation && !by_key(plan))) return {};
  const std::string own = conditions_after(orm, plan, queried_name(orm, plan));
  const std::string joined = conditions_alone(orm, plan, "c");
  switch (orm) {
    case Orm::kDjango:
      return fmt::format("{}.objects.annotate({}_count=Count(\"{}\"{}))", n.parent,
                         snake_case(singular_words(plan.table)), n.relation, django_filter(plan, n.relation));
    case Orm::kSqlAlchemy:
      return fmt::format("select({0}.{1}, func.count()).where({0}.{1}.in_(ids){2}).group_by({0}.{1})",
                         n.child, n.key, own);
    case Orm::kActiveRecord:
      return fmt::format("{}.where({}: ids){}.group(:{}).count", n.child, n.key, own, n.key);
    case Orm::kEloquent:
      return fmt::format("{}::withCount({})->get()", n.parent, eloquent_relation(plan, n.relation));
    case Orm::kDoctrine:
      return fmt::format(
          "SELECT p.id, COUNT(c.id) FROM {} p LEFT JOIN p.{} c{} WHERE p.id IN (:ids) GROUP BY p.id",
          n.parent, n.relation, joined.empty() ? joined : " WITH " + joined);
    case Orm::kHibernate:
      return fmt::format(
          "em.createQuery(\"select p.id, count(c) from {} p left join p.{} c{} where p.id in :ids group by "
          "p.id\")",
          n.parent, n.relation, joined.empty() ? joined : " on " + joined);
    case Orm::kTypeOrm: {
      const NamedCondition asked = typeorm_condition(plan, "c", AskedBy::kModel);
      const std::string beside =
          asked.text.empty() ? "" : fmt::format(".andWhere('{}', {})", asked.text, asked.values);
      return fmt::format(
          "dataSource.getRepository({0}).createQueryBuilder('c').select('c.{1}', "
          "'key').addSelect('COUNT(*)', "
          "'count').where('c.{1} IN (:...ids)', {{ ids }}){2}.groupBy('c.{1}').getRawMany()",
          n.child, n.key, beside);
    }
    case Orm::kSequelize:
      return fmt::format("{}.count({{ where: {{ {}: ids{} }}, group: ['{}'] }})", n.child, n.key, own, n.key);
    case Orm::kObjection:
      return fmt::format("{0}.query().whereIn('{1}', ids){2}.groupBy('{1}').select('{1}').count()", n.child,
                         n.key, own);
    case Orm::kDrizzle:
      return fmt::format(
          "db.select({{ key: {0}.{1}, count: count() }}).from({0}).where({2}).groupBy({0}.{1})", n.child,
          n.key, drizzle_where(fmt::format("inArray({}.{}, ids)", n.child, n.key), own));
    case Orm::kPrisma:
      return fmt::format("prisma.{}.findMany({{ include: {{ _count: {{ select: {{ {}: {} }} }} }} }})",
                         n.parent, n.relation,
                         joined.empty() ? "true" : fmt::format("{{ where: {{ {} }} }}", joined));
    case Orm::kGorm:
      return fmt::format(
          "db.Model(&{0}{{}}).Select(\"{1}, count(*)\").Where(\"{1} IN ?\", "
          "ids){2}.Group(\"{1}\").Scan(&counts)",
          n.child, plan.key_column, own);
    case Orm::kEcto:
      return fmt::format(
          "from(x in {0}, where: x.{1} in ^ids{2}, group_by: x.{1}, select: {{x.{1}, count()}})", n.child,
          n.key, own);
    case Orm::kEfCore:
      return fmt::format("context.{}.Select(x => new {{ x.Id, Count = x.{}.Count({}) }})",
                         pascal_case(plural_words(plan.path.back().from_table)), n.relation, ef_filter(plan));
    default:
      return {};
  }
}

std::string exists_call(Orm orm, const FixPlan& plan) {
  const CallNames n = call_names(orm, plan);
  const bool by_relation = orm == Orm::kEloquent || orm == Orm::kPrisma || orm == Orm::kEfCore;
  if (n.parent.empty() || (!by_relation && !by_key(plan))) return {};
  const std::string own =
      conditions_after(orm, plan, orm == Orm::kHibernate ? std::string("c") : queried_name(orm, plan));
  switch (orm) {
    case Orm::kDjango:
      return fmt::format("{}.objects.annotate(has_{}=Exists({}.objects.filter({}=OuterRef(\"pk\")){}))",
                         n.parent, n.relation, n.child, n.key, own);
    case Orm::kSqlAlchemy:
      return fmt::format("select({0}, exists().where({1}.{2} == {0}.id{4}).label(\"has_{3}\"))", n.parent,
                         n.child, n.key, n.relation, own);
    case Orm::kActiveRecord:
      return fmt::format("{}.where({}: ids){}.distinct.pluck(:{}).to_set", n.child, n.key, own, n.key);
    case Orm::kEloquent:
      return fmt::format("{}::withExists({})->get()", n.parent, eloquent_relation(plan, n.relation));
    case Orm::kHibernate:
      return fmt::format(
          "em.createQuery(\"select p.id from {} p where p.id in :ids and exists (select 1 from {} c where "
          "c.{} = p.id{})\")",
          n.parent, n.child, n.key, own);
    case Orm::kPrisma: {
      const std::string asked = conditions_alone(orm, plan, {});
      return fmt::format("prisma.{}.findMany({{ where: {{ {}: {{ some: {{{}}} }} }} }})", n.parent,
                         n.relation, asked.empty() ? asked : " " + asked + " ");
    }
    case Orm::kEcto:
      return fmt::format("from(x in {0}, where: x.{1} in ^ids{2}, distinct: true, select: x.{1})", n.child,
                         n.key, own);
    case Orm::kEfCore:
      return fmt::format("context.{}.Select(x => new {{ x.Id, Any = x.{}.Any({}) }})",
                         pascal_case(plural_words(plan.path.back().from_table)), n.relation, ef_filter(plan));
    case Orm::kSequelize:
      return fmt::format("{0}.findAll({{ attributes: ['{1}'], where: {{ {1}: ids{2} }}, group: ['{1}'] }})",
                         n.child, n.key, own);
    case Orm::kObjection:
      return fmt::format("{0}.query().distinct('{1}').whereIn('{1}', ids){2}", n.child, n.key, own);
    case Orm::kGorm:
      return fmt::format("db.Model(&{0}{{}}).Where(\"{1} IN ?\", ids){2}.Distinct().Pluck(\"{1}\", &found)",
                         n.child, plan.key_column, own);
    default:
      return {};
  }
}

}  // namespace pgsieve
