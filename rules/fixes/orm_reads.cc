// Aggregates, existence, the first few per parent, lookups by key, locks: what eager loading does not cover.
#include <fmt/format.h>

#include "rules/fixes/orm_calls.h"

namespace pgsieve {

namespace {

// The list's model and the last relation; empty names where no list is known.
struct Names {
  std::string parent;    // model
  std::string relation;  // member
  std::string child;     // model
  std::string key;       // field that picks the child
  std::string order;     // field
};

Names names_of(Orm orm, const FixPlan& plan) {
  Names names;
  if (!plan.path.empty()) {
    names.parent = model_name(orm, plan.path.back().from_table);
    names.relation = member_name(orm, plan.path.back().words);
  }
  names.child = model_name(orm, plan.table);
  names.key = field_name(orm, plan.key_column.empty() ? "id" : plan.key_column);
  names.order = field_name(orm, plan.order_column.empty() ? "id" : plan.order_column);
  return names;
}

std::string limit_of(const FixPlan& plan) {
  return plan.limit.empty() ? "n" : plan.limit;
}

}  // namespace

std::string count_call(Orm orm, const FixPlan& plan) {
  const Names n = names_of(orm, plan);
  if (n.parent.empty()) return {};
  switch (orm) {
    case Orm::kDjango:
      return fmt::format("{}.objects.annotate({}_count=Count(\"{}\"))", n.parent,
                         snake_case(singular_words(plan.table)), n.relation);
    case Orm::kSqlAlchemy:
      return fmt::format("select({0}.{1}, func.count()).where({0}.{1}.in_(ids)).group_by({0}.{1})", n.child,
                         n.key);
    case Orm::kActiveRecord:
      return fmt::format("{}.where({}: ids).group(:{}).count", n.child, n.key, n.key);
    case Orm::kEloquent:
      return fmt::format("{}::withCount('{}')->get()", n.parent, n.relation);
    case Orm::kDoctrine:
      return fmt::format(
          "SELECT p.id, COUNT(c.id) FROM {} p LEFT JOIN p.{} c WHERE p.id IN (:ids) GROUP BY p.id", n.parent,
          n.relation);
    case Orm::kHibernate:
      return fmt::format(
          "em.createQuery(\"select p.id, count(c) from {} p left join p.{} c where p.id in :ids group by "
          "p.id\")",
          n.parent, n.relation);
    case Orm::kTypeOrm:
      return fmt::format(
          "dataSource.getRepository({}).createQueryBuilder('p').loadRelationCountAndMap('p.{}Count', 'p.{}')",
          n.parent, n.relation, n.relation);
    case Orm::kSequelize:
      return fmt::format("{}.count({{ where: {{ {}: ids }}, group: ['{}'] }})", n.child, n.key, n.key);
    case Orm::kObjection:
      return fmt::format("{}.query().whereIn('{}', ids).groupBy('{}').select('{}').count()", n.child, n.key,
                         n.key, n.key);
    case Orm::kDrizzle:
      return fmt::format(
          "db.select({{ key: {0}.{1}, count: count() }}).from({0}).where(inArray({0}.{1}, "
          "ids)).groupBy({0}.{1})",
          n.child, n.key);
    case Orm::kPrisma:
      return fmt::format("prisma.{}.findMany({{ include: {{ _count: {{ select: {{ {}: true }} }} }} }})",
                         n.parent, n.relation);
    case Orm::kGorm:
      return fmt::format(
          "db.Model(&{}{{}}).Select(\"{}, count(*)\").Where(\"{} IN ?\", ids).Group(\"{}\").Scan(&counts)",
          n.child, plan.key_column, plan.key_column, plan.key_column);
    case Orm::kEcto:
      return fmt::format("from(x in {}, where: x.{} in ^ids, group_by: x.{}, select: {{x.{}, count()}})",
                         n.child, n.key, n.key, n.key);
    case Orm::kEfCore:
      return fmt::format("context.{}.Select(x => new {{ x.Id, Count = x.{}.Count() }})",
                         pascal_case(plural_words(plan.path.back().from_table)), n.relation);
    default:
      return {};
  }
}

std::string exists_call(Orm orm, const FixPlan& plan) {
  const Names n = names_of(orm, plan);
  if (n.parent.empty()) return {};
  switch (orm) {
    case Orm::kDjango:
      return fmt::format("{}.objects.annotate(has_{}=Exists({}.objects.filter({}=OuterRef(\"pk\"))))",
                         n.parent, n.relation, n.child, n.key);
    case Orm::kSqlAlchemy:
      return fmt::format("select({0}, exists().where({1}.{2} == {0}.id).label(\"has_{3}\"))", n.parent,
                         n.child, n.key, n.relation);
    case Orm::kActiveRecord:
      return fmt::format("{}.where({}: ids).distinct.pluck(:{}).to_set", n.child, n.key, n.key);
    case Orm::kEloquent:
      return fmt::format("{}::withExists('{}')->get()", n.parent, n.relation);
    case Orm::kHibernate:
      return fmt::format(
          "em.createQuery(\"select p.id from {} p where p.id in :ids and exists (select 1 from {} c where "
          "c.{} = p.id)\")",
          n.parent, n.child, n.key);
    case Orm::kPrisma:
      return fmt::format("prisma.{}.findMany({{ where: {{ {}: {{ some: {{}} }} }} }})", n.parent, n.relation);
    case Orm::kEcto:
      return fmt::format("from(x in {}, where: x.{} in ^ids, distinct: true, select: x.{})", n.child, n.key,
                         n.key);
    case Orm::kEfCore:
      return fmt::format("context.{}.Select(x => new {{ x.Id, Any = x.{}.Any() }})",
                         pascal_case(plural_words(plan.path.back().from_table)), n.relation);
    case Orm::kSequelize:
      return fmt::format("{}.findAll({{ attributes: ['{}'], where: {{ {}: ids }}, group: ['{}'] }})", n.child,
                         n.key, n.key, n.key);
    case Orm::kObjection:
      return fmt::format("{}.query().distinct('{}').whereIn('{}', ids)", n.child, n.key, n.key);
    case Orm::kGorm:
      return fmt::format("db.Model(&{}{{}}).Where(\"{} IN ?\", ids).Distinct().Pluck(\"{}\", &found)",
                         n.child, plan.key_column, plan.key_column);
    default:
      return {};
  }
}

std::string top_call(Orm orm, const FixPlan& plan) {
  const Names n = names_of(orm, plan);
  const std::string limit = limit_of(plan);
  if (n.parent.empty()) return {};
  switch (orm) {
    case Orm::kDjango:
      return fmt::format(
          "{}.objects.prefetch_related(Prefetch(\"{}\", queryset={}.objects.order_by(\"{}{}\")[:{}]))",
          n.parent, n.relation, n.child, plan.order_descending ? "-" : "", n.order, limit);
    case Orm::kEloquent:
      return limit == "1"
                 ? fmt::format(
                       "// in {0}: return $this->hasOne({1}::class)->ofMany('{2}', "
                       "'{3}');\n{0}::with('latest{1}')->get()",
                       n.parent, n.child, n.order, plan.order_descending ? "max" : "min")
                 : fmt::format("{}::with(['{}' => fn ($q) => $q->orderBy('{}', '{}')->limit({})])->get()",
                               n.parent, n.relation, n.order, plan.order_descending ? "desc" : "asc", limit);
    case Orm::kPrisma:
      return fmt::format(
          "prisma.{}.findMany({{ include: {{ {}: {{ orderBy: {{ {}: '{}' }}, take: {} }} }} }})", n.parent,
          n.relation, n.order, plan.order_descending ? "desc" : "asc", limit);
    case Orm::kDrizzle:
      return fmt::format(
          "db.query.{}.findMany({{ with: {{ {}: {{ orderBy: (t, {{ {} }}) => [{}(t.{})], limit: {} }} }} }})",
          n.parent, n.relation, plan.order_descending ? "desc" : "asc",
          plan.order_descending ? "desc" : "asc", n.order, limit);
    case Orm::kSequelize:
      return fmt::format(
          "{}.findAll({{ include: [{{ association: '{}', separate: true, order: [['{}', '{}']], limit: {} "
          "}}] }})",
          n.parent, n.relation, n.order, plan.order_descending ? "DESC" : "ASC", limit);
    case Orm::kEfCore:
      return fmt::format("context.{}.Include(x => x.{}.{}(c => c.{}).Take({}))",
                         pascal_case(plural_words(plan.path.back().from_table)), n.relation,
                         plan.order_descending ? "OrderByDescending" : "OrderBy", n.order, limit);
    default:
      return {};  // no call loads the first few per parent; plain preloading would load all rows
  }
}

std::string get_call(Orm orm, const FixPlan& plan) {
  const Names n = names_of(orm, plan);
  if (plan.key_column.empty() || plan.key_table != plan.table) return {};
  switch (orm) {
    case Orm::kDjango:
      return plan.one_row_per_key && (n.key == "id" || n.key == "pk")
                 ? fmt::format("{}.objects.in_bulk(ids)", n.child)
                 : fmt::format("{}.objects.filter({}__in=values)", n.child, n.key);
    case Orm::kSqlAlchemy:
      return fmt::format("select({0}).where({0}.{1}.in_(values))", n.child, n.key);
    case Orm::kActiveRecord:
      return plan.one_row_per_key ? fmt::format("{}.where({}: values).index_by(&:{})", n.child, n.key, n.key)
                                  : fmt::format("{}.where({}: values).group_by(&:{})", n.child, n.key, n.key);
    case Orm::kEloquent:
      return fmt::format("{}::whereIn('{}', $values)->get()->{}('{}')", n.child, n.key,
                         plan.one_row_per_key ? "keyBy" : "groupBy", n.key);
    case Orm::kDoctrine:
      return fmt::format("$em->getRepository({}::class)->findBy(['{}' => $values])", n.child, n.key);
    case Orm::kHibernate:
      return fmt::format("em.createQuery(\"select x from {0} x where x.{1} in :values\", {0}.class)", n.child,
                         n.key);
    case Orm::kTypeOrm:
      return fmt::format("dataSource.getRepository({}).findBy({{ {}: In(values) }})", n.child, n.key);
    case Orm::kSequelize:
      return fmt::format("{}.findAll({{ where: {{ {}: values }} }})", n.child, n.key);
    case Orm::kObjection:
      return fmt::format("{}.query().whereIn('{}', values)", n.child, n.key);
    case Orm::kMikroOrm:
      return fmt::format("em.find({}, {{ {}: {{ $in: values }} }})", n.child, n.key);
    case Orm::kDrizzle:
      return fmt::format("db.select().from({0}).where(inArray({0}.{1}, values))", n.child, n.key);
    case Orm::kPrisma:
      return fmt::format("prisma.{}.findMany({{ where: {{ {}: {{ in: values }} }} }})", n.child, n.key);
    case Orm::kGorm:
      return fmt::format("db.Where(\"{} IN ?\", values).Find(&{})", plan.key_column,
                         camel_case(plural_words(plan.table)));
    case Orm::kEcto:
      return fmt::format("Repo.all(from(x in {}, where: x.{} in ^values))", n.child, n.key);
    case Orm::kEfCore:
      return fmt::format("context.{}.Where(x => values.Contains(x.{}))",
                         pascal_case(plural_words(plan.table)), n.key);
    case Orm::kSequel:
      return fmt::format("{}.where({}: values).all", n.child, n.key);
    case Orm::kPeewee:
      return fmt::format("{0}.select().where({0}.{1}.in_(values))", n.child, n.key);
    case Orm::kUnknown:
      break;
  }
  return {};
}

std::string lock_call(Orm orm, const FixPlan& plan) {
  const Names n = names_of(orm, plan);
  if (plan.key_column.empty() || plan.key_table != plan.table) return {};
  switch (orm) {
    case Orm::kDjango:
      return fmt::format("{}.objects.select_for_update().filter({}__in=values).order_by(\"{}\")", n.child,
                         n.key, n.key);
    case Orm::kSqlAlchemy:
      return fmt::format("select({0}).where({0}.{1}.in_(values)).order_by({0}.{1}).with_for_update()",
                         n.child, n.key);
    case Orm::kActiveRecord:
      return fmt::format("{}.where({}: values).order(:{}).lock", n.child, n.key, n.key);
    case Orm::kEloquent:
      return fmt::format("{}::whereIn('{}', $values)->orderBy('{}')->lockForUpdate()->get()", n.child, n.key,
                         n.key);
    case Orm::kHibernate:
      return fmt::format(
          "em.createQuery(\"select x from {0} x where x.{1} in :values order by x.{1}\", "
          "{0}.class).setLockMode(LockModeType.PESSIMISTIC_WRITE)",
          n.child, n.key);
    case Orm::kTypeOrm:
      return fmt::format(
          "manager.createQueryBuilder({0}, 'x').setLock('pessimistic_write').where('x.{1} IN (:...values)', "
          "{{ values }}).orderBy('x.{1}').getMany()",
          n.child, n.key);
    case Orm::kSequelize:
      return fmt::format(
          "{}.findAll({{ where: {{ {}: values }}, order: ['{}'], lock: t.LOCK.UPDATE, transaction: t }})",
          n.child, n.key, n.key);
    case Orm::kObjection:
      return fmt::format("{}.query(trx).whereIn('{}', values).orderBy('{}').forUpdate()", n.child, n.key,
                         n.key);
    case Orm::kGorm:
      return fmt::format(
          "db.Clauses(clause.Locking{{Strength: \"UPDATE\"}}).Where(\"{0} IN ?\", "
          "values).Order(\"{0}\").Find(&{1})",
          plan.key_column, camel_case(plural_words(plan.table)));
    case Orm::kEcto:
      return fmt::format("from(x in {}, where: x.{} in ^values, order_by: x.{}, lock: \"FOR UPDATE\")",
                         n.child, n.key, n.key);
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
