// ORM: which library wrote the statements of an application. A pure function of facts.
//
// Every ORM has a handwriting: how it quotes, where it puts aliases and blanks, which conditions it always
// adds. No single statement is trusted; each pattern of an application casts votes for the libraries it is
// typical of, and the votes must agree. Comment tags that name the library count for more. Where the votes
// are few or divided, the answer is "unknown": a wrong fix teaches people to ignore the right ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/workload/workload.h"

namespace pgsieve {

enum class Orm : uint8_t {
  kUnknown,
  kDjango,
  kSqlAlchemy,
  kActiveRecord,
  kEloquent,
  kDoctrine,
  kHibernate,
  kTypeOrm,
  kSequelize,
  kObjection,  // and bare Knex, whose statements look the same
  kMikroOrm,
  kDrizzle,
  kPrisma,
  kGorm,
  kEcto,
  kEfCore,
  kSequel,  // only told by --orm or a tag: its statements could be anyone's
  kPeewee,  // the same
};
inline constexpr size_t kOrms = static_cast<size_t>(Orm::kPeewee) + 1;

std::string_view orm_name(Orm orm);  // "Django"; "" for kUnknown
std::string_view orm_language(
    Orm orm);  // "python", "ruby", "php", "java", "typescript", "go", "elixir", "csharp"
// The value of --orm: "django", "rails", "active_record", "ef-core", … in any letter case; kUnknown: no such
// ORM.
Orm orm_from_name(std::string_view name);
// The names orm_from_name() is documented with, for help and error texts.
std::vector<std::string> orm_names();

struct OrmVotes {
  // 0 … 3 per statement: 3 what hardly anything else writes, 1 what several write. For kUnknown: the hand of
  // an ORM that is none of these, though it looks like one.
  uint8_t votes[kOrms] = {};
  // It does not write like that by itself: others do, whose other statements look the same. Then only
  // votes of 3 count for it.
  bool against[kOrms] = {};
};
// What one statement says. `query` is its display text, `text` one execution of it.
OrmVotes orm_votes(std::string_view query, std::string_view text);

struct OrmGuess {
  Orm orm = Orm::kUnknown;
  uint64_t votes = 0;       // for it
  uint64_t patterns = 0;    // that voted for it
  uint64_t considered = 0;  // queries and writes of the application, catalogue queries left out
  Orm runner_up = Orm::kUnknown;
  uint64_t runner_up_votes = 0;
};

// Of the patterns that `application` ran ("" is an application too: the one without a name).
OrmGuess recognise_orm(const Workload& workload, std::string_view application);

// The application that ran a pattern most often; "" when none is known.
std::string main_application(const Pattern& pattern);

}  // namespace pgsieve
