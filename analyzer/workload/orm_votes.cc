// The handwriting of ORMs, read from a statement's tokens.
#include <algorithm>

#include "analyzer/workload/orm.h"
#include "analyzer/workload/orm_tokens.h"

namespace pgsieve {

namespace {

using handwriting::all_digits;
using handwriting::equal_nocase;
using handwriting::has_parameters;
using handwriting::is_digit;
using handwriting::is_initial_of;
using handwriting::letters_and_number;
using handwriting::Token;
using handwriting::tokens_of;
using handwriting::without_last_comment;

// … limit $2
bool has_bound_limit(std::string_view text) {
  const std::vector<Token> tokens = tokens_of(text);
  for (size_t i = 0; i + 1 < tokens.size(); ++i)
    if (equal_nocase(tokens[i].text, "limit") && tokens[i + 1].kind == Token::Kind::kParameter) return true;
  return false;
}

// What the tokens show, gathered in one pass.
class Reader {
 public:
  Reader(std::string_view query, std::string_view text)
      : tokens_(tokens_of(query)), text_(text), semicolon_(without_last_comment(text).ends_with(';')) {}

  OrmVotes run() {
    if (tokens_.empty()) return votes_;
    const std::string_view first = tokens_[0].text;
    upper_ = std::all_of(first.begin(), first.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    lower_ = std::all_of(first.begin(), first.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    select_ = equal_nocase(first, "select") || equal_nocase(first, "with");
    for (size_t i = 0; i < tokens_.size(); ++i) look_at(i);
    if (select_) look_at_select();
    if (equal_nocase(first, "insert")) look_at_insert();
    if (equal_nocase(first, "update")) look_at_update();
    if (equal_nocase(first, "update") || equal_nocase(first, "delete")) look_at_returning();
    look_at_text();
    return votes_;
  }

 private:
  using Kind = Token::Kind;
  const Token& at(size_t i) const {
    static const Token kEnd;
    return i < tokens_.size() ? tokens_[i] : kEnd;
  }
  bool word(size_t i, std::string_view text) const {
    return at(i).kind == Kind::kWord && equal_nocase(at(i).text, text);
  }
  bool symbol(size_t i, char c) const { return at(i).kind == Kind::kSymbol && at(i).text[0] == c; }
  bool quoted(size_t i) const { return at(i).kind == Kind::kQuoted; }
  bool plain(size_t i) const { return at(i).kind == Kind::kWord; }
  // "t"."c" or t.c from token i on.
  bool column(size_t i, Kind kind) const {
    return at(i).kind == kind && symbol(i + 1, '.') && at(i + 2).kind == kind && !symbol(i + 3, '.') &&
           !(i > 0 && symbol(i - 1, '.'));
  }
  // Past the schema of "s"."t" at token i.
  size_t table_at(size_t i) const { return quoted(i) && symbol(i + 1, '.') && quoted(i + 2) ? i + 2 : i; }
  // "t"."c" or "s"."t"."c" from token i on.
  bool qualified_column(size_t i) const {
    return quoted(i) && symbol(i + 1, '.') && quoted(i + 2) && !(i > 0 && symbol(i - 1, '.'));
  }
  void vote(Orm orm, uint8_t weight) {
    uint8_t& votes = votes_.votes[static_cast<size_t>(orm)];
    votes = std::max(votes, weight);
  }

  void look_at(size_t i) {
    switch (at(i).kind) {
      case Kind::kQuoted:
        look_at_name(at(i).text, true);
        look_at_quoted(i);
        break;
      case Kind::kWord:
        look_at_name(at(i).text, false);
        look_at_word(i);
        break;
      case Kind::kParameter:
        if (symbol(i + 1, '=') && column(i + 2, Kind::kWord) && upper_) vote(Orm::kSqlAlchemy, 2);
        if (word(i + 1, "as") && plain(i + 2) && at(i + 2).text == "one" && upper_)
          vote(Orm::kActiveRecord, 3);
        break;
      default:
        if (symbol(i, '(') && at(i + 1).kind == Kind::kParameter && symbol(i + 2, ')') && word(i + 3, "as") &&
            quoted(i + 4) && at(i + 4).text == "a" && upper_)
          vote(Orm::kDjango, 3);
    }
  }

  void look_at_quoted(size_t i) {
    if (column(i, Kind::kQuoted)) look_at_quoted_column(i);
    if (symbol(i + 1, '.') && quoted(i + 2) && symbol(i + 3, '.') && quoted(i + 4) && upper_)
      three_parts_ = true;
  }

  void look_at_word(size_t i) {
    const std::string_view text = at(i).text;
    if (column(i, Kind::kWord)) look_at_plain_column(i);
    if (symbol(i + 1, '.') && quoted(i + 2) && upper_) {
      if (letters_and_number(text, 3)) letter_alias_number_ = true;
      if (text.size() == 1 && text[0] >= 'a' && text[0] <= 'z') letter_alias_ = true;
      if (text.size() == 2 && (text[0] == 'U' || text[0] == 'V') && is_digit(text[1])) vote(Orm::kDjango, 3);
    }
    if (word(i, "offset") && three_parts_ && upper_) vote(Orm::kPrisma, 3);
    if (word(i, "from") || word(i, "join")) look_at_relation(i + 1);
    // Django gives a table's other name without AS.
    if ((word(i, "from") || word(i, "join") || word(i, "into")) && quoted(i + 1) && word(i + 2, "as"))
      votes_.against[static_cast<size_t>(Orm::kDjango)] = true;
    if (word(i, "is") && word(i + 1, "not") && word(i + 2, "null") && lower_) look_at_not_null(i);
    if (word(i, "on") && symbol(i + 1, '(') && column(i + 2, Kind::kQuoted) && symbol(i + 5, '=') && upper_)
      vote(Orm::kDjango, 2);
    if (word(i, "returning") && column(i + 1, Kind::kQuoted) && upper_) vote(Orm::kDjango, 2);
  }

  // Names that only one library gives.
  void look_at_name(std::string_view name, bool in_quotes) {
    const auto starts = [&](std::string_view prefix) { return name.starts_with(prefix); };
    if (starts("_prefetch_related_val_") || name == "__count" || starts("_django_curs_") ||
        starts("django_") || name == "__col1")
      vote(Orm::kDjango, 3);
    if (starts("anon_") && all_digits(name.substr(5))) vote(Orm::kSqlAlchemy, 3);
    if (starts("count_") && all_digits(name.substr(6)) && !in_quotes) vote(Orm::kSqlAlchemy, 3);
    if (name == "imp_sen" || name == "alembic_version") vote(Orm::kSqlAlchemy, 3);
    if (name == "t0_r0" || name == "count_all" || name == "subquery_for_count" ||
        name == "ar_internal_metadata" || (starts("alias_") && all_digits(name.substr(6))))
      vote(Orm::kActiveRecord, 3);
    if (starts("pivot_")) vote(Orm::kEloquent, 1);  // AdonisJS's Lucid writes it, too
    if (name == "laravel_through_key" || name == "laravel_row" || name == "latestOfMany")
      vote(Orm::kEloquent, 3);
    if (name == "aggregate" && lower_ && !in_quotes) vote(Orm::kEloquent, 3);
    if (starts("dctrn_") || starts("sclr_") || name == "doctrine_migration_versions") vote(Orm::kDoctrine, 3);
    if (name == "distinctAlias") vote(Orm::kTypeOrm, 3);
    if (starts("objectiontmpjoin") || name == "knex_migrations") vote(Orm::kObjection, 3);
    if (in_quotes && lower_ && name.find(':') != std::string_view::npos) vote(Orm::kObjection, 3);
    if (in_quotes && upper_ && (name.find("->") != std::string_view::npos || name == "SequelizeMeta"))
      vote(Orm::kSequelize, 3);
    if (in_quotes && upper_ && name.find('.') != std::string_view::npos) vote(Orm::kSequelize, 3);
    if (name == "_prisma_migrations" || starts("_count$") || starts("aggr_selection_") ||
        starts("_aggr_count_"))
      vote(Orm::kPrisma, 3);
    if (name == "__drizzle_migrations") vote(Orm::kDrizzle, 3);
    if (name == "json_build_array" && lower_) vote(Orm::kDrizzle, 3);
    if (name == "__EFMigrationsHistory") vote(Orm::kEfCore, 3);
    if (name == "mikro_orm_migrations") vote(Orm::kMikroOrm, 3);
  }

  // "t"."c", perhaps AS "…".
  void look_at_quoted_column(size_t i) {
    const std::string_view table = at(i).text;
    const std::string_view name = at(i + 2).text;
    if (!word(i + 3, "as") || !quoted(i + 4)) return;
    const std::string_view alias = at(i + 4).text;
    const bool joined = alias.size() == table.size() + name.size() + 1 && alias.starts_with(table) &&
                        alias[table.size()] == '_' && alias.ends_with(name);
    if (joined) table_column_alias_ = true;
    if (alias.ends_with(name) && alias.find("__") != std::string_view::npos && alias.starts_with(table) &&
        !joined) {
      double_underscore_alias_ = true;
      if (word(i - 1, "select") || word(i - 1, "distinct")) first_double_underscore_alias_ = true;
    }
  }

  // t.c, perhaps AS …
  void look_at_plain_column(size_t i) {
    const std::string_view table = at(i).text;
    const std::string_view name = at(i + 2).text;
    // p1_0.id, Hibernate 6; team0_.id as id1_1_0_, Hibernate 5.
    const size_t underscore = table.rfind('_');
    if (underscore != std::string_view::npos && underscore > 1 && lower_) {
      const std::string_view stem = table.substr(0, underscore);
      const std::string_view tail = table.substr(underscore + 1);
      const size_t digits = stem.find_first_of("0123456789");
      const bool counted = digits != std::string_view::npos && digits > 0 && all_digits(stem.substr(digits));
      if (counted && tail.size() == 1 && is_digit(tail[0]) && digits <= 3) vote(Orm::kHibernate, 3);
      if (counted && tail.empty()) vote(Orm::kHibernate, 2);
    }
    if (!word(i + 3, "as") || !plain(i + 4)) return;
    const std::string_view alias = at(i + 4).text;
    if (upper_ && alias.size() == table.size() + name.size() + 1 && alias.starts_with(table) &&
        alias.ends_with(name))
      vote(Orm::kSqlAlchemy, 3);
    // t0.id AS id_1, u0_.id AS id_0
    const size_t number = alias.rfind('_');
    const bool numbered = number != std::string_view::npos && all_digits(alias.substr(number + 1)) &&
                          equal_nocase(alias.substr(0, number), name);
    const std::string_view stem = table.ends_with('_') ? table.substr(0, table.size() - 1) : table;
    if (upper_ && numbered && letters_and_number(stem, 1)) vote(Orm::kDoctrine, 3);
    if (lower_ && alias.ends_with('_') && alias.find_first_of("0123456789") != std::string_view::npos)
      vote(Orm::kHibernate, 3);
  }

  void look_at_relation(size_t i) {
    i = table_at(i);
    if (!quoted(i)) return;
    if (word(i + 1, "as") && quoted(i + 2)) {
      const std::string_view alias = at(i + 2).text;
      // MikroORM's letter is its entity's initial, once it was e for all of them.
      if (lower_ && letters_and_number(alias, 1))
        vote(alias[0] == 'e' || is_initial_of(alias[0], at(i).text) ? Orm::kMikroOrm : Orm::kUnknown, 3);
      // Sequelize ends its statements with a semicolon. Others who call tables like that don't.
      if (upper_ && !letters_and_number(alias, 1) && semicolon_) vote(Orm::kSequelize, 2);
      if (upper_ && alias == "t0") vote(Orm::kPrisma, 3);  // who counts from t1 is another
    } else if (word(i + 1, "as") && plain(i + 2) && upper_) {
      const std::string_view alias = at(i + 2).text;
      if (!relation_seen_ && letters_and_number(alias, 3) && alias.ends_with('0')) ecto_alias_ = true;
      if (!relation_seen_ && alias.size() == 1) ef_alias_ = true;
    } else if (upper_ && quoted(i + 1)) {
      relation_alias_ = true;
    } else if (lower_ && quoted(i + 1)) {
      vote(Orm::kDrizzle, equal_nocase(at(i + 1).text, at(i).text) ? 3 : 2);
    }
    relation_seen_ = true;
  }

  // … "c" = $1 and "c" is not null
  void look_at_not_null(size_t i) {
    if (i < 9 || !column(i - 3, Kind::kQuoted) || !word(i - 4, "and")) return;
    const std::string_view name = at(i - 1).text;
    for (size_t back = i - 4; back > 2 && back + 12 > i; --back) {
      if (quoted(back) && at(back).text == name && (symbol(back + 1, '=') || word(back + 1, "in")))
        vote(Orm::kEloquent, 3);
    }
  }

  void look_at_select() {
    if (ecto_alias_ && letter_alias_number_) vote(Orm::kEcto, 3);
    if (ef_alias_ && letter_alias_) vote(Orm::kEfCore, 2);
    if (three_parts_) vote(Orm::kPrisma, 2);
    // "User"."id" AS "User_id" FROM "users" "User": the table has an alias, too.
    if (upper_ && table_column_alias_ && relation_alias_) vote(Orm::kTypeOrm, 3);
    // Of a joined table; the list's own columns come first and have no alias.
    if (upper_ && double_underscore_alias_ && !first_double_underscore_alias_) vote(Orm::kGorm, 3);
    // SELECT "t".* FROM "t"
    const bool star = quoted(1) && symbol(2, '.') && symbol(3, '*') && word(4, "from");
    if (star && quoted(table_at(5)) && at(table_at(5)).text == at(1).text) {
      if (upper_) vote(Orm::kActiveRecord, 2);
      if (lower_) vote(Orm::kObjection, 2);
    }
    if (symbol(1, '*') && word(2, "from") && quoted(3)) look_at_bare_star();
    // select "a", "b" from "t" where "t"."c"
    size_t i = 1;
    while (quoted(i) && symbol(i + 1, ',')) i += 2;
    if (lower_ && quoted(i) && word(i + 1, "from") && quoted(i + 2) && !word(table_at(i + 2) + 1, "as")) {
      for (size_t j = i + 3; j + 2 < tokens_.size(); ++j) {
        if (word(j, "where") && (qualified_column(j + 1) || (symbol(j + 1, '(') && qualified_column(j + 2))))
          vote(Orm::kDrizzle, 2);
      }
    }
    // SELECT "t"."a", "t"."b" FROM "t": several write that.
    size_t listed = 1;
    while (column(listed, Kind::kQuoted) && symbol(listed + 3, ',') && at(listed + 4).after_blank)
      listed += 4;
    const size_t from = table_at(listed + 4);
    if (upper_ && listed > 1 && column(listed, Kind::kQuoted) && word(listed + 3, "from") && quoted(from) &&
        at(from).text == at(1).text && !word(from + 1, "as")) {
      // Django writes values into the text, and no parentheses around a lone condition.
      const size_t where = from + 1;
      const bool alone = word(where, "where") && symbol(where + 1, '(') && column(where + 2, Kind::kQuoted) &&
                         symbol(where + 5, '=') && symbol(where + 7, ')');
      if (alone || has_parameters(text_)) {
        votes_.against[static_cast<size_t>(Orm::kDjango)] = true;
      } else {
        vote(Orm::kDjango, 2);
      }
      vote(Orm::kActiveRecord, 1);
    }
    if (lower_ && word(1, "exists") && word(3, "select")) vote(Orm::kEloquent, 2);
  }

  void look_at_bare_star() {
    const std::string_view table = at(table_at(3)).text;
    // WHERE ("t"."c" = 1), all of it in parentheses, is Sequel's hand; GORM's first version has two blanks
    // before the WHERE.
    const size_t where = table_at(3) + 1;
    const bool two_blanks = text_.find("  WHERE ") != std::string_view::npos;
    const bool in_parentheses =
        word(where, "where") && symbol(where + 1, '(') && column(where + 2, Kind::kQuoted) && !two_blanks;
    bool qualified = false;
    bool soft_delete = false;
    const bool bound_limit = has_bound_limit(text_);
    bool limited = false;
    for (size_t i = 4; i < tokens_.size(); ++i) {
      if (column(i, Kind::kQuoted) && at(i).text == table) qualified = true;
      if (quoted(i) && at(i).text == "deleted_at" && word(i + 1, "is")) soft_delete = true;
      if (word(i, "limit")) limited = true;
    }
    const bool literal_limit = limited && !bound_limit;  // Knex sends it apart from the text
    if (upper_ && qualified && !in_parentheses) vote(Orm::kGorm, soft_delete ? 3 : 2);
    if (upper_ && !qualified && two_blanks && word(where, "where") && symbol(where + 1, '('))
      vote(Orm::kGorm, 2);
    if (lower_ && qualified) vote(Orm::kEloquent, literal_limit ? 2 : 1);
    if (lower_ && bound_limit) votes_.against[static_cast<size_t>(Orm::kEloquent)] = true;
    if (lower_ && !qualified) {
      vote(Orm::kObjection, literal_limit ? 0 : 1);
      vote(Orm::kEloquent, literal_limit ? 2 : 1);
    }
  }

  void look_at_insert() {
    // INSERT INTO "t" ("a","b") VALUES (DEFAULT,$1)
    size_t i = 2;
    if (!quoted(i)) return;
    while (symbol(i + 1, '.')) i += 2;
    const bool no_blank_before = symbol(i + 1, '(') && !at(i + 1).after_blank;
    const bool close_list = symbol(i + 3, ',') && !at(i + 4).after_blank;
    size_t values = i;
    while (values < tokens_.size() && !word(values, "values")) ++values;
    const bool with_default = word(values + 2, "default");
    if (upper_ && no_blank_before && !close_list) vote(Orm::kTypeOrm, 2);
    if (upper_ && !no_blank_before && close_list && with_default) vote(Orm::kSequelize, 3);
    if (upper_ && !no_blank_before && close_list && !with_default) {
      vote(Orm::kGorm, 1);
      vote(Orm::kSequelize, 1);
    }
    if (lower_ && close_list == false && with_default && at(values + 2).text == "default")
      vote(Orm::kDrizzle, 2);
    if (three_parts_) vote(Orm::kPrisma, 2);
  }

  void look_at_update() {
    // UPDATE "t" SET "a"=$1
    const size_t set = table_at(1) + 1;
    if (!upper_ || !quoted(1) || !word(set, "set") || !quoted(set + 1)) return;
    if (symbol(set + 2, '=') && !at(set + 2).after_blank) {
      vote(Orm::kGorm, 1);
      vote(Orm::kSequelize, 1);
    }
  }

  // … RETURNING "s"."t"."c"
  void look_at_returning() {
    for (size_t i = 0; upper_ && three_parts_ && i < tokens_.size(); ++i)
      if (word(i, "returning") && qualified_column(i + 1) && symbol(i + 4, '.')) vote(Orm::kPrisma, 3);
  }

  // What the display text no longer has: line breaks and numbers.
  void look_at_text() {
    if (upper_ && text_.find(" \nFROM ") != std::string_view::npos) vote(Orm::kSqlAlchemy, 2);
    if (upper_ && text_.find("\nFROM \"") != std::string_view::npos && ef_alias_ && letter_alias_)
      vote(Orm::kEfCore, 3);
    if (upper_ && text_.starts_with("INSERT INTO \"") && text_.find("\nVALUES (") != std::string_view::npos &&
        text_.find("\nRETURNING \"") != std::string_view::npos)
      vote(Orm::kEfCore, 2);
    if (upper_ && select_ && quoted(1) && text_.ends_with(" LIMIT 21")) vote(Orm::kDjango, 3);
  }

  std::vector<Token> tokens_;
  std::string_view text_;
  OrmVotes votes_;
  bool upper_ = false, lower_ = false, select_ = false;
  bool semicolon_ = false;
  bool three_parts_ = false;
  bool table_column_alias_ = false, relation_alias_ = false;
  bool double_underscore_alias_ = false, first_double_underscore_alias_ = false;
  bool letter_alias_ = false, letter_alias_number_ = false;
  bool ecto_alias_ = false, ef_alias_ = false, relation_seen_ = false;
};

}  // namespace

OrmVotes orm_votes(std::string_view query, std::string_view text) {
  return Reader(query, text).run();
}

}  // namespace pgsieve
