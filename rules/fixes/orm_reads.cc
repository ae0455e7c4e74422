// The first few per parent, lookups by key, locks: what eager loading does not cover.
#include <fmt/format.h>

#include "rules/fixes/orm_calls.h"
#include "rules/fixes/orm_conditions.h"
#include "rules/fixes/orm_names.h"

namespace pgsieve {

namespace {

std::string limit_of(const FixPlan& plan) {
  return plan.limit.empty() ? "n" : plan.limit;
}

// "where: { status: status }, " among the options of a relation.
std::string where_member(Orm orm, const FixPlan& plan) {
  if (orm == Orm::kDrizzle) {
    const std::string where = drizzle_relation_where(plan);
    return where.empty() ? where : where + ", ";
  }
  const std::string asked = conditions_alone(orm, plan, {});
  return asked.empty() ? asked : fmt::format("where: {{ {} }}, ", asked);
}

std::string ef_where(const FixPlan& plan) {
  const std::string asked = conditions_alone(Orm::kEfCore, plan, "c");
  return asked.empty() ? asked : fmt::format(".Where(c => {})", asked);
}

}  // namespace

std::string top_call(Orm orm, const FixPlan& plan) {
  const CallNames n = call_names(orm, plan);
  const std::string limit = limit_of(plan);
  if (n.parent.empty()) return {};
  switch (orm) {
    case Orm::kDjango:
      return fmt::format(
          "{}.objects.prefetch_related(Prefetch(\"{}\", queryset={}.objects{}.order_by(\"{}{}\")[:{}]))",
          n.parent, n.relation, n.child, conditions_after(orm, plan, {}, AskedBy::kRelation),
          plan.order_descending ? "-" : "", n.order, limit);
    case Orm::kEloquent: {
      const std::string asked = conditions_after(orm, plan, {}, AskedBy::kRelation);
      if (limit != "1")
        return fmt::format("{}::with(['{}' => fn ($q) => $q{}->orderBy('{}', '{}')->limit({})])->get()",
                           n.parent, n.relation, asked, n.order, plan.order_descending ? "desc" : "asc",
                           limit);
      const std::string_view end = plan.order_descending ? "max" : "min";
      return fmt::format(
          "// in {0}: return $this->hasOne({1}::class)->ofMany({2});\n{0}::with('latest{1}')->get()",
          n.parent, n.child,
          asked.empty() ? fmt::format("'{}', '{}'", n.order, end)
                        : fmt::format("['{}' => '{}'], fn ($q) => $q{}", n.order, end, asked));
    }
    case Orm::kPrisma:
      return fmt::format(
          "prisma.{}.findMany({{ include: {{ {}: {{ {}orderBy: {{ {}: '{}' }}, take: {} }} }} }})", n.parent,
          n.relation, where_member(orm, plan), n.order, plan.order_descending ? "desc" : "asc", limit);
    case Orm::kDrizzle:
      return fmt::format(
          "db.query.{}.findMany({{ with: {{ {}: {{ {}orderBy: (t, {{ {} }}) => [{}(t.{})], limit: {} }} }} "
          "}})",
          n.parent, n.relation, where_member(orm, plan), plan.order_descending ? "desc" : "asc",
          plan.order_descending ? "desc" : "asc", n.order, limit);
    case Orm::kSequelize:
      return fmt::format(
          "{}.findAll({{ include: [{{ association: '{}', separate: true, {}order: [['{}', '{}']], limit: {} "
          "}}] }})",
          n.parent, n.relation, where_member(orm, plan), n.order, plan.order_descending ? "DESC" : "ASC",
          limit);
    case Orm::kEfCore:
      return fmt::format("context.{}.Include(x => x.{}{}.{}(c => c.{}).Take({}))",
                         pascal_case(plural_words(plan.path.back().from_table)), n.relation, ef_where(plan),
                         plan.order_descending ? "OrderByDescending" : "OrderBy", n.order, limit);
    default:
      return {};  // no call loads the first few per parent; plain preloading would load all rows
  }
}

std::string get_call(Orm orm, const FixPlan& plan) {
  const CallNames n = call_names(orm, plan);
  if (!by_key(plan)) return {};
  const std::string asked = conditions_after(orm, plan, queried_name(orm, plan));
  switch (orm) {
    case Orm::kDjango:
      return plan.one_row_per_key && (n.key == "id" || n.key == "pk")
                 ? fmt::format("{}.objects{}.in_bulk(ids)", n.child, asked)
                 : fmt::format("{}.objects.filter({}__in=values){}", n.child, n.key, asked);
    case Orm::kSqlAlchemy:
      return fmt::format("select({0}).where({0}.{1}.in_(values){2})", n.child, n.key, asked);
    case Orm::kActiveRecord:
      return fmt::format("{0}.where({1}: values){2}.{3}(&:{1})", n.child, n.key, asked,
                         plan.one_row_per_key ? "index_by" : "group_by");
    case Orm::kEloquent:
      return fmt::format("{}::whereIn('{}', $values){}->get()->{}('{}')", n.child, n.key, asked,
                         plan.one_row_per_key ? "keyBy" : "groupBy", n.key);
    case Orm::kDoctrine:
      if (!asked.empty())
        return fmt::format("$em->createQuery('SELECT x FROM {} x WHERE x.{} IN (:values){}')", n.child, n.key,
                           asked);
      return fmt::format("$em->getRepository({}::class)->findBy(['{}' => $values])", n.child, n.key);
    case Orm::kHibernate:
      return fmt::format("em.createQuery(\"select x from {0} x where x.{1} in :values{2}\", {0}.class)",
                         n.child, n.key, asked);
    case Orm::kTypeOrm:
      return fmt::format("dataSource.getRepository({}).findBy({{ {}: In(values){} }})", n.child, n.key,
                         asked);
    case Orm::kSequelize:
      return fmt::format("{}.findAll({{ where: {{ {}: values{} }} }})", n.child, n.key, asked);
    case Orm::kObjection:
      return fmt::format("{}.query().whereIn('{}', values){}", n.child, n.key, asked);
    case Orm::kMikroOrm:
      return fmt::format("em.find({}, {{ {}: {{ $in: values }}{} }})", n.child, n.key, asked);
    case Orm::kDrizzle:
      return fmt::format("db.select().from({}).where({})", n.child,
                         drizzle_where(fmt::format("inArray({}.{}, values)", n.child, n.key), asked));
    case Orm::kPrisma:
      return fmt::format("prisma.{}.findMany({{ where: {{ {}: {{ in: values }}{} }} }})", n.child, n.key,
                         asked);
    case Orm::kGorm:
      return fmt::format("db.Where(\"{} IN ?\", values){}.Find(&{})", plan.key_column, asked,
                         camel_case(plural_words(plan.table)));
    case Orm::kEcto:
      return fmt::format("Repo.all(from(x in {}, where: x.{} in ^values{}))", n.child, n.key, asked);
    case Orm::kEfCore:
      return fmt::format("context.{}.Where(x => values.Contains(x.{}){})",
                         pascal_case(plural_words(plan.table)), n.key, asked);
    case Orm::kSequel:
      return fmt::format("{}.where({}: values){}.all", n.child, n.key, asked);
    case Orm::kPeewee:
      return fmt::format("{0}.select().where({0}.{1}.in_(values){2})", n.child, n.key, asked);
    case Orm::kUnknown:
      break;
  }
  return {};
}

std::string lock_call(Orm orm, const FixPlan& plan) {
  const CallNames n = call_names(orm, plan);
  if (!by_key(plan)) return {};
  const std::string asked = conditions_after(orm, plan, queried_name(orm, plan));
  switch (orm) {
    case Orm::kDjango:
      return fmt::format("{}.objects.select_for_update().filter({}__in=values){}.order_by(\"{}\")", n.child,
                         n.key, asked, n.key);
    case Orm::kSqlAlchemy:
      return fmt::format("select({0}).where({0}.{1}.in_(values){2}).order_by({0}.{1}).with_for_update()",
                         n.child, n.key, asked);
    case Orm::kActiveRecord:
      return fmt::format("{}.where({}: values){}.order(:{}).lock", n.child, n.key, asked, n.key);
    case Orm::kEloquent:
      return fmt::format("{}::whereIn('{}', $values){}->orderBy('{}')->lockForUpdate()->get()", n.child,
                         n.key, asked, n.key);
    case Orm::kHibernate:
      return fmt::format(
          "em.createQuery(\"select x from {0} x where x.{1} in :values{2} order by x.{1}\", "
          "{0}.class).setLockMode(LockModeType.PESSIMISTIC_WRITE)",
          n.child, n.key, asked);
    case Orm::kTypeOrm: {
      const NamedCondition beside = typeorm_condition(plan, "x", AskedBy::kModel);
      return fmt::format(
          "manager.createQueryBuilder({0}, 'x').setLock('pessimistic_write').where('x.{1} IN (:...values)', "
          "{{ values }}){2}.orderBy('x.{1}').getMany()",
          n.child, n.key,
          beside.text.empty() ? "" : fmt::format(".andWhere('{}', {})", beside.text, beside.values));
    }
    case Orm::kSequelize:
      return fmt::format(
          "{0}.findAll({{ where: {{ {1}: values{2} }}, order: ['{1}'], lock: t.LOCK.UPDATE, transaction: t "
          "}})",
          n.child, n.key, asked);
    case Orm::kObjection:
      return fmt::format("{0}.query(trx).whereIn('{1}', values){2}.orderBy('{1}').forUpdate()", n.child,
                         n.key, asked);
    case Orm::kGorm:
      return fmt::format(
          "db.Clauses(clause.Locking{{Strength: \"UPDATE\"}}).Where(\"{0} IN ?\", "
          "values){2}.Order(\"{0}\").Find(&{1})",
          plan.key_column, camel_case(plural_words(plan.table)), asked);
    case Orm::kEcto:
      return fmt::format("from(x in {}, where: x.{} in ^values{}, order_by: x.{}, lock: \"FOR UPDATE\")",
                         n.child, n.key, asked, n.key);
    default:
      return {};
  }
}

std::string deferred_call(Orm orm, const FixPlan& plan) {
  const std::string model = model_name(orm, plan.table);
  switch (orm) {
    case Orm::kDjango:
      return fmt::format("{}.objects.all()  # without .only() / .defer() on what is used later", model);
    case Orm::kSqlAlchemy: {
      std::string columns;
      for (const std::string& column : plan.columns)
        if (column != plan.key_column)
          columns += fmt::format("{}undefer({}.{})", columns.empty() ? "" : ", ", model, column);
      return columns.empty() ? std::string() : fmt::format("select({}).options({})", model, columns);
    }
    case Orm::kActiveRecord:
      return fmt::format("{}.all  # without .select, or with every column that is used later", model);
    case Orm::kEloquent:
      return fmt::format("{}::get()  // without select(), or with every column that is used later", model);
    default:
      return {};
  }
}

}  // namespace pgsieve
