#include "analyzer/workload/orm.h"

#include <algorithm>
#include <array>

namespace pgsieve {

namespace {

struct OrmRecord {
  Orm orm;
  std::string_view name;
  std::string_view language;
  std::string_view key;                      // of --orm
  std::array<std::string_view, 4> synonyms;  // as --orm and in tags, separators dropped
};

constexpr std::array<OrmRecord, kOrms - 1> kRecords = {{
    {Orm::kDjango, "Django", "python", "django", {}},
    {Orm::kSqlAlchemy, "SQLAlchemy", "python", "sqlalchemy", {"sqlmodel"}},
    {Orm::kActiveRecord, "ActiveRecord", "ruby", "activerecord", {"rails", "rubyonrails"}},
    {Orm::kEloquent, "Eloquent", "php", "eloquent", {"laravel"}},
    {Orm::kDoctrine, "Doctrine", "php", "doctrine", {"symfony"}},
    {Orm::kHibernate, "Hibernate", "java", "hibernate", {"jpa", "springdata", "springdatajpa"}},
    {Orm::kTypeOrm, "TypeORM", "typescript", "typeorm", {}},
    {Orm::kSequelize, "Sequelize", "typescript", "sequelize", {}},
    {Orm::kObjection, "Objection", "typescript", "objection", {"knex", "objectionjs"}},
    {Orm::kMikroOrm, "MikroORM", "typescript", "mikroorm", {"mikro"}},
    {Orm::kDrizzle, "Drizzle", "typescript", "drizzle", {"drizzleorm"}},
    {Orm::kPrisma, "Prisma", "typescript", "prisma", {}},
    {Orm::kGorm, "GORM", "go", "gorm", {}},
    {Orm::kEcto, "Ecto", "elixir", "ecto", {"phoenix"}},
    {Orm::kEfCore, "EF Core", "csharp", "efcore", {"entityframework", "entityframeworkcore", "ef"}},
    {Orm::kSequel, "Sequel", "ruby", "sequel", {}},
    {Orm::kPeewee, "peewee", "python", "peewee", {}},
}};

const OrmRecord* record_of(Orm orm) {
  const auto found = std::find_if(kRecords.begin(), kRecords.end(),
                                  [&](const OrmRecord& record) { return record.orm == orm; });
  return found == kRecords.end() ? nullptr : &*found;
}

std::string letters_of(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') letters += static_cast<char>(c + 32);
    if (c >= 'a' && c <= 'z') letters += c;
  }
  return letters;
}

// "django:3.2", "rails_v7.0", "sequelize:6.37", "django.db.backends.postgresql". A web framework that goes
// with one ORM only stands for it; Spring, Symfony and Phoenix do not.
Orm orm_of_tag(std::string_view key, std::string_view value) {
  if (key != "framework" && key != "db_driver" && key != "orm" && key != "db_orm") return Orm::kUnknown;
  const std::string_view head = value.substr(0, value.find_first_of(":. /@"));
  std::string letters = letters_of(head);
  if (letters.ends_with('v') && head.find("_v") != std::string_view::npos) letters.pop_back();
  if (letters == "symfony" || letters == "phoenix" || letters == "mikro" || letters == "ef")
    return Orm::kUnknown;
  return orm_from_name(letters);
}

// Votes of a pattern's comment tags.
void add_tag_votes(const Pattern& pattern, std::array<uint64_t, kOrms>& votes) {
  bool controller = false;
  bool action = false;
  bool framework = false;
  for (const auto& [key, values] : pattern.tags) {
    controller = controller || key == "controller" || key == "namespaced_controller";
    action = action || key == "action";
    framework = framework || key == "framework" || key == "db_driver";
    if (values.values().empty()) continue;
    const Orm orm = orm_of_tag(key, values.by_frequency().front().text);
    if (orm != Orm::kUnknown) votes[static_cast<size_t>(orm)] += 4;
  }
  // Rails' own tags don't name it.
  if (controller && action && !framework) votes[static_cast<size_t>(Orm::kActiveRecord)] += 1;
}

bool is_considered(const Pattern& pattern) {
  return pattern.shape != nullptr && (is_read(pattern.shape->kind) || is_write(pattern.shape->kind)) &&
         !pattern.shape->catalog_only && !pattern.shape->relations.empty();
}

bool ran_by(const Pattern& pattern, std::string_view application) {
  const auto& values = pattern.applications.values();
  if (values.empty()) return application.empty();
  return std::any_of(values.begin(), values.end(),
                     [&](const FacetCounts::Value& value) { return value.text == application; });
}

}  // namespace

std::string_view orm_name(Orm orm) {
  const OrmRecord* record = record_of(orm);
  return record == nullptr ? std::string_view() : record->name;
}

std::string_view orm_language(Orm orm) {
  const OrmRecord* record = record_of(orm);
  return record == nullptr ? std::string_view() : record->language;
}

Orm orm_from_name(std::string_view name) {
  const std::string letters = letters_of(name);
  if (letters.empty()) return Orm::kUnknown;
  for (const OrmRecord& record : kRecords) {
    if (letters == record.key ||
        std::find(record.synonyms.begin(), record.synonyms.end(), letters) != record.synonyms.end())
      return record.orm;
  }
  return Orm::kUnknown;
}

std::vector<std::string> orm_names() {
  std::vector<std::string> names;
  for (const OrmRecord& record : kRecords) names.emplace_back(record.key);
  return names;
}

OrmGuess recognise_orm(const Workload& workload, std::string_view application) {
  std::array<uint64_t, kOrms> votes{};
  std::array<uint64_t, kOrms> voters{};
  std::array<uint64_t, kOrms> certain{};  // votes that hold whatever speaks against
  std::array<uint64_t, kOrms> strongest{};
  std::array<bool, kOrms> against{};
  OrmGuess guess;
  for (const auto& [key, pattern] : workload.patterns) {
    if (!is_considered(pattern) || !ran_by(pattern, application)) continue;
    ++guess.considered;
    std::array<uint64_t, kOrms> own{};
    add_tag_votes(pattern, own);
    const OrmVotes written = orm_votes(pattern.query, pattern.reference_text);
    for (size_t orm = 0; orm < kOrms; ++orm) {
      certain[orm] += own[orm] + (written.votes[orm] >= 3 ? written.votes[orm] : 0);
      against[orm] = against[orm] || written.against[orm];
      own[orm] += written.votes[orm];
      strongest[orm] = std::max(strongest[orm], own[orm]);
      votes[orm] += own[orm];
      if (own[orm] != 0) ++voters[orm];
    }
  }
  for (size_t orm = 0; orm < kOrms; ++orm) {
    if (against[orm]) votes[orm] = certain[orm];
    if (votes[orm] > guess.votes) {
      guess.runner_up = guess.orm;
      guess.runner_up_votes = guess.votes;
      guess.orm = static_cast<Orm>(orm);
      guess.votes = votes[orm];
      guess.patterns = voters[orm];
    } else if (votes[orm] > guess.runner_up_votes) {
      guess.runner_up = static_cast<Orm>(orm);
      guess.runner_up_votes = votes[orm];
    }
  }
  // Two typical statements or one that hardly anything else writes; not only what several write; twice the
  // votes of any other; and not a lone look-alike among hand-written statements.
  constexpr uint64_t kLeastVotes = 3;
  const bool enough = guess.votes >= kLeastVotes && guess.votes >= 2 * guess.runner_up_votes &&
                      strongest[static_cast<size_t>(guess.orm)] > 1;
  const bool common = guess.patterns * 5 >= guess.considered;
  if (!enough || !common) guess.orm = Orm::kUnknown;
  return guess;
}

std::string main_application(const Pattern& pattern) {
  const std::vector<FacetCounts::Value> values = pattern.applications.by_frequency();
  return values.empty() ? std::string() : std::string(values.front().text);
}

}  // namespace pgsieve
