// Eager loading: a path of relations, written as each ORM nests it.
#include <fmt/format.h>

#include <algorithm>

#include "rules/fixes/orm_calls.h"
#include "rules/fixes/orm_conditions.h"
#include "rules/fixes/orm_names.h"

namespace pgsieve {

namespace {

std::vector<std::string> members(Orm orm, const FixPlan& plan) {
  std::vector<std::string> names;
  for (const RelationStep& step : plan.path) names.push_back(member_name(orm, step.words));
  return names;
}

// Where a join table is a model of its own, the way to the rows leads through it: posts.postTags.tag.
// Prisma's own join tables begin with an underscore, and are none.
std::vector<std::string> members_with_join_tables(Orm orm, const FixPlan& plan) {
  std::vector<std::string> names = members(orm, plan);
  const bool own = orm == Orm::kPrisma && plan.key_table.starts_with('_');
  if (plan.kind != FixClass::kManyToMany || plan.key_table.empty() || plan.key_table == plan.table || own)
    return names;
  names.back() = member_name(orm, plural_words(plan.key_table));
  names.push_back(member_name(orm, singular_words(plan.table)));
  return names;
}

// TypeORM's loader of a relation gives the rows the relation's own name as alias; its other queries use the
// entity's name, or one that the program chose: that is often the table in the singular, or a letter.
std::vector<std::string> members_by_alias(const FixPlan& plan) {
  std::vector<std::string> names = members(Orm::kTypeOrm, plan);
  const std::string& alias = plan.row_alias;
  const bool spoken = alias.size() >= 3 && alias[0] >= 'a' && alias[0] <= 'z' && alias != plan.table;
  const bool of_table = alias == camel_case(singular_words(plan.table)) && plan.key_table == plan.table &&
                        plan.path.back().to_many;
  if (spoken && !of_table) names.back() = alias;
  return names;
}

std::string joined(const std::vector<std::string>& names, std::string_view separator) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : std::string(separator)) + name;
  return text;
}

// { posts: { include: { comments: true } } } from the inside out. `text`: what is innermost.
std::string nested_object(const std::vector<std::string>& names, std::string_view inner_key,
                          std::string text = "true") {
  for (size_t i = names.size(); i-- > 0;) {
    const bool innermost = i + 1 == names.size();
    const std::string value =
        innermost || inner_key.empty() ? text : fmt::format("{{ {}: {} }}", inner_key, text);
    text = fmt::format("{{ {}: {} }}", names[i], value);
  }
  return text;
}

// posts: { comments: :author }
std::string ruby_path(const std::vector<std::string>& names) {
  std::string text = ":" + names.back();
  for (size_t i = names.size() - 1; i-- > 0;)
    text = fmt::format("{}: {}", names[i], text.front() == ':' ? text : "{ " + text + " }");
  return text;
}

std::string elixir_path(const std::vector<std::string>& names, const std::string& query) {
  std::string text = query.empty() ? ":" + names.back() : fmt::format("[{}: ^{}]", names.back(), query);
  for (size_t i = names.size() - 1; i-- > 0;) text = fmt::format("[{}: {}]", names[i], text);
  return text.front() == ':' ? "[" + text + "]" : text;
}

std::string sqlalchemy_path(const FixPlan& plan) {
  std::string text;
  const std::string asked =
      conditions_alone(Orm::kSqlAlchemy, plan, model_name(Orm::kSqlAlchemy, plan.table));
  for (const RelationStep& step : plan.path) {
    const bool last = &step == &plan.path.back();
    text +=
        fmt::format("{}{}({}.{}{})", text.empty() ? "" : ".", step.to_many ? "selectinload" : "joinedload",
                    model_name(Orm::kSqlAlchemy, step.from_table), member_name(Orm::kSqlAlchemy, step.words),
                    last && !asked.empty() ? fmt::format(".and_({})", asked) : "");
  }
  return text;
}

// Aliases by the first letter of each relation; a second one gets a number.
std::vector<std::string> aliases(const std::vector<std::string>& names) {
  std::vector<std::string> all;
  for (const std::string& name : names) {
    const std::string letter(1, name.empty() ? 'r' : static_cast<char>(name[0] | 0x20));
    std::string alias = letter;
    for (int n = 2; std::find(all.begin(), all.end(), alias) != all.end(); ++n)
      alias = letter + std::to_string(n);
    all.push_back(alias);
  }
  return all;
}

std::string doctrine_path(const FixPlan& plan) {
  std::vector<std::string> names = members(Orm::kDoctrine, plan);
  const std::string root = model_name(Orm::kDoctrine, plan.path.front().from_table);
  names.insert(names.begin(), root);
  const std::vector<std::string> alias = aliases(names);
  std::string text = fmt::format("$em->createQueryBuilder()\n    ->select('{}')\n    ->from({}::class, '{}')",
                                 joined(alias, ", "), root, alias[0]);
  const std::string asked = conditions_alone(Orm::kDoctrine, plan, alias.back());
  for (size_t i = 1; i < names.size(); ++i) {
    const bool with = i + 1 == names.size() && !asked.empty();
    text += fmt::format("\n    ->leftJoin('{}.{}', '{}'{})", alias[i - 1], names[i], alias[i],
                        with ? fmt::format(", 'WITH', '{}'", asked) : "");
  }
  return text;
}

std::string hibernate_path(const FixPlan& plan) {
  std::vector<std::string> names = members(Orm::kHibernate, plan);
  const std::string root = model_name(Orm::kHibernate, plan.path.front().from_table);
  names.insert(names.begin(), root);
  const std::vector<std::string> alias = aliases(names);
  std::string text = fmt::format("select distinct {} from {} {}", alias[0], root, alias[0]);
  for (size_t i = 1; i < names.size(); ++i) {
    const bool last = i + 1 == names.size();
    text += fmt::format(" left join fetch {}.{}{}", alias[i - 1], names[i], last ? "" : " " + alias[i]);
  }
  return fmt::format("em.createQuery(\"{}\", {}.class)", text, root);
}

std::string ef_path(const FixPlan& plan) {
  std::string text = fmt::format("context.{}", pascal_case(plural_words(plan.path.front().from_table)));
  const std::string asked = conditions_alone(Orm::kEfCore, plan, "c");
  for (size_t i = 0; i < plan.path.size(); ++i) {
    const bool last = i + 1 == plan.path.size() && !asked.empty();
    text += fmt::format("\n    .{}(x => x.{}{})", i == 0 ? "Include" : "ThenInclude",
                        member_name(Orm::kEfCore, plan.path[i].words),
                        last ? fmt::format(".Where(c => {})", asked) : "");
  }
  return text;
}

// Joins fetch the one row that each refers to; several are fetched by a query per table.
std::string peewee_path(const FixPlan& plan, bool to_many) {
  const auto model = [](const std::string& table) { return model_name(Orm::kPeewee, table); };
  const std::string root = model(plan.path.front().from_table);
  std::string models = root;
  std::string joins;
  std::string queries = root + ".select()";
  const std::string asked = conditions_alone(Orm::kPeewee, plan, model(plan.table));
  for (const RelationStep& step : plan.path) {
    const std::string next = model(step.to_table);
    const bool last = &step == &plan.path.back() && !asked.empty();
    models += ", " + next;
    joins += fmt::format(".join({})", next);
    queries += fmt::format(", {}.select(){}", next, last ? fmt::format(".where({})", asked) : "");
  }
  return to_many ? fmt::format("prefetch({})", queries) : fmt::format("{}.select({}){}", root, models, joins);
}

// Whether the ORM's call for a relation can hold conditions. Prisma, EF Core and peewee have them for
// relations to many only, and so has Drizzle; of TypeORM's, Sequel's and the rest's calls none has, or not at
// every depth.
bool relation_takes_conditions(Orm orm, const FixPlan& plan) {
  switch (orm) {
    case Orm::kDjango:
    case Orm::kSqlAlchemy:
    case Orm::kEloquent:
    case Orm::kDoctrine:
    case Orm::kSequelize:
    case Orm::kObjection:
    case Orm::kMikroOrm:
    case Orm::kGorm:
    case Orm::kEcto:
      return true;
    case Orm::kPrisma:
    case Orm::kDrizzle:
    case Orm::kEfCore:
    case Orm::kPeewee:
      return plan.path.back().to_many && plan.kind != FixClass::kManyToMany;
    default:
      return false;
  }
}

}  // namespace

bool eager_call_lacks_conditions(Orm orm, const FixPlan& plan) {
  return !plan.path.empty() && has_conditions(orm, plan, AskedBy::kRelation) &&
         !relation_takes_conditions(orm, plan);
}

std::string eager_call(Orm orm, const FixPlan& plan) {
  if (plan.path.empty()) return {};
  // What is asked for by key can be read for all of them with the same conditions.
  const bool lacks = eager_call_lacks_conditions(orm, plan);
  if (lacks && by_key(plan)) return get_call(orm, plan);
  const std::string asked =
      lacks ? std::string() : conditions_alone(orm, plan, orm == Orm::kEcto ? "c" : std::string_view());
  const std::vector<std::string> names = members(orm, plan);
  const std::string root = model_name(orm, plan.path.front().from_table);
  const bool to_many =
      std::any_of(plan.path.begin(), plan.path.end(), [](const RelationStep& step) { return step.to_many; });
  switch (orm) {
    case Orm::kDjango:
      if (!asked.empty())
        return fmt::format("{}.objects.prefetch_related(Prefetch(\"{}\", queryset={}.objects{}))", root,
                           joined(names, "__"), model_name(orm, plan.table), asked);
      return fmt::format("{}.objects.{}(\"{}\")", root, to_many ? "prefetch_related" : "select_related",
                         joined(names, "__"));
    case Orm::kSqlAlchemy:
      return fmt::format("select({}).options({})", root, sqlalchemy_path(plan));
    case Orm::kActiveRecord:
      return fmt::format("{}.includes({})", root, ruby_path(names));
    case Orm::kEloquent:
      if (!asked.empty())
        return fmt::format("{}::with(['{}' => fn ($q) => $q{}])->get()", root, joined(names, "."), asked);
      return fmt::format("{}::with('{}')->get()", root, joined(names, "."));
    case Orm::kDoctrine:
      return doctrine_path(plan);
    case Orm::kHibernate:
      return hibernate_path(plan);
    case Orm::kTypeOrm:
      return fmt::format("dataSource.getRepository({}).find({{ relations: {} }})", root,
                         nested_object(members_by_alias(plan), ""));
    case Orm::kSequelize: {
      const std::string where = asked.empty() ? "" : fmt::format(", where: {{ {} }}, required: false", asked);
      std::string text = fmt::format("{{ association: '{}'{} }}", names.back(), where);
      for (size_t i = names.size() - 1; i-- > 0;)
        text = fmt::format("{{ association: '{}', include: [{}] }}", names[i], text);
      return fmt::format("{}.findAll({{ include: [{}] }})", root, text);
    }
    case Orm::kObjection:
      return fmt::format(
          "{}.query().withGraphFetched('{}'){}", root, joined(names, "."),
          asked.empty() ? "" : fmt::format(".modifyGraph('{}', (q) => q{})", joined(names, "."), asked));
    case Orm::kMikroOrm:
      return fmt::format(
          "em.find({}, {{}}, {{ populate: ['{}']{} }})", root, joined(names, "."),
          asked.empty()
              ? ""
              : fmt::format(", populateWhere: {}", nested_object(names, "", fmt::format("{{ {} }}", asked))));
    case Orm::kDrizzle:
      return fmt::format(
          "db.query.{}.findMany({{ with: {} }})", root,
          nested_object(members_with_join_tables(orm, plan), "with",
                        asked.empty() ? "true" : fmt::format("{{ {} }}", drizzle_relation_where(plan))));
    case Orm::kPrisma:
      return fmt::format("prisma.{}.findMany({{ include: {} }})", root,
                         nested_object(members_with_join_tables(orm, plan), "include",
                                       asked.empty() ? "true" : fmt::format("{{ where: {{ {} }} }}", asked)));
    case Orm::kGorm:
      return fmt::format("db.Preload(\"{}\"{}).Find(&{})", joined(names, "."),
                         asked.empty() ? "" : ", " + gorm_condition(plan),
                         camel_case(plural_words(plan.path.front().from_table)));
    case Orm::kEcto:
      return fmt::format("from(x in {}, preload: {})", root,
                         elixir_path(names, asked.empty() ? ""
                                                          : fmt::format("from(c in {}, where: {})",
                                                                        model_name(orm, plan.table), asked)));
    case Orm::kEfCore:
      return ef_path(plan);
    case Orm::kSequel:
      return fmt::format("{}.eager({}).all", root, ruby_path(names));
    case Orm::kPeewee:
      return peewee_path(plan, to_many);
    case Orm::kUnknown:
      break;
  }
  return {};
}

}  // namespace pgsieve
