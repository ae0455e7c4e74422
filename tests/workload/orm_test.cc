// Each ORM by statements as it writes them, the look-alikes, and hand-written SQL that must stay
// unrecognised.
#include "analyzer/workload/orm.h"

#include <gtest/gtest.h>

#include "analyzer/sql/scan.h"

namespace pgsieve {
namespace {

Workload workload_of(const std::vector<std::string>& statements, const std::string& application = "app") {
  Workload workload;
  for (const std::string& text : statements) {
    Pattern pattern;
    pattern.reference_text = text;
    pattern.query = normalize_for_display(text);
    pattern.key.fingerprint = fingerprint_statement(text).hash ^ hash64(text);
    pattern.shape = std::make_shared<const StatementShape>(draw_shape(text));
    pattern.calls = 1;
    pattern.applications.add(application);
    workload.patterns.emplace(pattern.key, pattern);
  }
  return workload;
}

struct Handwriting {
  Orm orm;
  std::vector<std::string> statements;
};

const std::vector<Handwriting>& handwritings() {
  static const std::vector<Handwriting> kAll = {
      {Orm::kDjango,
       {R"(SELECT "users"."id", "users"."name" FROM "users" WHERE "users"."id" = 2 LIMIT 21)",
        R"(SELECT "posts"."id", "posts"."title", "posts"."user_id" FROM "posts" WHERE "posts"."user_id" = 2)",
        R"(SELECT COUNT(*) AS "__count" FROM "orders" WHERE "orders"."status" = 'paid')"}},
      {Orm::kDjango,
       {R"(SELECT "posts"."id", "users"."id" FROM "posts" INNER JOIN "users" ON ("posts"."user_id" = "users"."id"))",
        R"(INSERT INTO "tags" ("name") VALUES ('x') RETURNING "tags"."id")"}},
      {Orm::kSqlAlchemy,
       {"SELECT posts.id AS posts_id, posts.title AS posts_title \nFROM posts \nWHERE 1 = posts.user_id",
        "SELECT users.id AS users_id \nFROM users \nWHERE users.id = 2"}},
      {Orm::kSqlAlchemy,
       {"SELECT users.id, users.name \nFROM users \nWHERE users.id = $1::INTEGER",
        "SELECT count(*) AS count_1 \nFROM posts"}},
      {Orm::kActiveRecord,
       {R"(SELECT "posts".* FROM "posts" WHERE "posts"."user_id" = $1)",
        R"(SELECT 1 AS one FROM "users" WHERE "users"."email" = $1 LIMIT $2)",
        R"(UPDATE "users" SET "name" = $1 WHERE "users"."id" = $2)"}},
      {Orm::kEloquent,
       {R"(select * from "posts" where "posts"."user_id" = $1 and "posts"."user_id" is not null)",
        R"(select * from "users" where "users"."id" = $1 limit 1)",
        R"(select count(*) as aggregate from "posts")"}},
      {Orm::kEloquent,
       {R"(select "tags".*, "posts_tags"."post_id" as "pivot_post_id" from "tags" inner join "posts_tags" on "tags"."id" = "posts_tags"."tag_id" where "posts_tags"."post_id" = $1)",
        R"(select * from "users" order by "id" asc limit 6)"}},
      {Orm::kDoctrine,
       {"SELECT t0.id AS id_1, t0.title AS title_2, t0.user_id AS user_id_3 FROM posts t0 WHERE t0.user_id = "
        "$1",
        "SELECT u0_.id AS id_0, u0_.name AS name_1 FROM users u0_ LIMIT 10"}},
      {Orm::kHibernate,
       {"select p1_0.user_id,p1_0.id,p1_0.title from posts p1_0 where p1_0.user_id=$1",
        "select u1_0.id,u1_0.name from users u1_0 where u1_0.id=$1"}},
      {Orm::kHibernate,
       {"select team0_.id as id1_1_0_, team0_.name as name2_1_0_ from Team team0_ where team0_.id=$1"}},
      {Orm::kTypeOrm,
       {R"(SELECT "User"."id" AS "User_id", "User"."name" AS "User_name" FROM "users" "User" LIMIT 10)",
        R"(SELECT "posts"."id" AS "posts_id" FROM "posts" "posts" WHERE "posts"."user_id" IN ($1))",
        R"(INSERT INTO "posts"("title", "user_id") VALUES ($1, $2) RETURNING "id")"}},
      {Orm::kSequelize,
       {R"(SELECT "id", "name" FROM "users" AS "User" ORDER BY "User"."id" LIMIT 8;)",
        R"(SELECT "id", "title", "user_id" FROM "posts" AS "Post" WHERE "Post"."user_id" = '1';)",
        R"(INSERT INTO "Comments" ("id","body") VALUES (DEFAULT,$1) RETURNING "id","body";)"}},
      {Orm::kObjection,
       {R"(select "posts".* from "posts" where "posts"."user_id" in ($1))",
        R"(select "users".* from "users" limit $1)",
        R"(insert into "comments" ("body", "user_id") values ($1, $2) returning "id")"}},
      {Orm::kMikroOrm,
       {R"(select "p0".* from "posts" as "p0" where "p0"."user_id" in ('1'))",
        R"(select "u0".* from "users" as "u0" order by "u0"."id" asc limit 8)"}},
      {Orm::kMikroOrm,
       {R"(select "v0".* from "care"."Visit" as "v0" where "v0"."patientId" in ('1'))",
        R"(select "p0".* from "care"."Patient" as "p0" order by "p0"."createdAt" asc limit 8)"}},
      {Orm::kMikroOrm,
       {R"(select "v0".* from "t_visit" as "v0" left join "t_visit_tags" as "v1" on "v0"."id" = "v1"."visit_id")",
        R"(select "e0".* from "patients" as "e0" where "e0"."id" in ('1'))"}},
      {Orm::kDrizzle,
       {R"(select "id", "patientId" from "care"."Visit" where "care"."Visit"."patientId" = $1)",
        R"(select "id", "mrn" from "care"."Patient" "patient" order by "patient"."createdAt" asc limit $1)"}},
      {Orm::kPrisma,
       {R"(SELECT "t0"."id", "t0"."status"::text FROM "care"."Visit" AS "t0" WHERE "t0"."patientId" = $1)",
        R"(UPDATE "care"."Visit" SET "notes" = $1 WHERE ("care"."Visit"."id" = $2 AND 1=1) RETURNING "care"."Visit"."id")"}},
      {Orm::kDrizzle,
       {R"(select "id", "title", "user_id" from "posts" where "posts"."user_id" = $1)",
        R"(select "id", "name" from "users" limit $1)",
        R"(insert into "tags" ("id", "name") values (default, $1) returning "id")"}},
      {Orm::kPrisma,
       {R"(SELECT "public"."posts"."id", "public"."posts"."user_id" FROM "public"."posts" WHERE "public"."posts"."user_id" = $1 OFFSET $2)",
        R"(INSERT INTO "public"."tags" ("name") VALUES ($1) RETURNING "public"."tags"."id")"}},
      {Orm::kGorm,
       {R"(SELECT * FROM "orders" WHERE "orders"."user_id" = $1 AND "orders"."deleted_at" IS NULL)",
        R"(SELECT * FROM "users" WHERE "users"."id" = $1 ORDER BY "users"."id" LIMIT 1)",
        R"(INSERT INTO "orders" ("user_id","total") VALUES ($1,$2) RETURNING "id")"}},
      {Orm::kGorm,
       {R"(SELECT * FROM "venues"  WHERE (city = $1))", R"(SELECT * FROM "halls"  WHERE ("venue_id" = $1))"}},
      {Orm::kEcto,
       {R"(SELECT p0."id", p0."title", p0."user_id" FROM "posts" AS p0 WHERE (p0."user_id" = $1))",
        R"(SELECT u0."id", u0."name" FROM "users" AS u0 LIMIT 10)",
        R"(INSERT INTO "tags" ("name","inserted_at") VALUES ($1,$2) RETURNING "id")"}},
      {Orm::kEfCore,
       {"SELECT p.\"Id\", p.\"Title\"\nFROM \"Posts\" AS p\nWHERE p.\"BlogId\" = $1",
        "SELECT b.\"Id\", b.\"Url\", p0.\"Id\"\nFROM \"Blogs\" AS b\nLEFT JOIN \"Posts\" AS p0 ON b.\"Id\" = "
        "p0.\"BlogId\"",
        "INSERT INTO \"Posts\" (\"Title\")\nVALUES ($1)\nRETURNING \"Id\";"}},
  };
  return kAll;
}

TEST(Orm, RecognisesHandwriting) {
  for (const Handwriting& writing : handwritings()) {
    const OrmGuess guess = recognise_orm(workload_of(writing.statements), "app");
    EXPECT_EQ(orm_name(guess.orm), orm_name(writing.orm))
        << writing.statements[0] << "\nvotes " << guess.votes << ", runner-up " << orm_name(guess.runner_up)
        << " " << guess.runner_up_votes;
  }
}

TEST(Orm, HandWrittenStatementsStayUnrecognised) {
  const std::vector<std::vector<std::string>> all = {
      {"SELECT id, name, email FROM users WHERE id = 22", "SELECT count(*) FROM orders WHERE status = 'paid'",
       "INSERT INTO comments (product_id, body) VALUES ($1, $2)",
       "UPDATE orders SET status = $1 WHERE id = $2"},
      {"select u.id, u.name from users u where u.id = $1", "select * from orders where user_id = $1",
       "delete from tags where id = $1"},
      {"SELECT o.id, o.total FROM orders o JOIN users u ON u.id = o.user_id WHERE u.id = $1 LIMIT 21"},
      // jOOQ
      {R"(select "public"."book"."id", "public"."book"."title" from "public"."book" where "public"."book"."author_id" = $1)"},
      {"SELECT\n  id, name\nFROM users\nWHERE id = $1"},
      {R"(SELECT "id", "name" FROM "users" WHERE "id" = $1)"},
      // Sequel
      {R"(SELECT * FROM "posts" WHERE ("posts"."user_id" = 7))",
       R"(SELECT * FROM "profiles" WHERE ("profiles"."user_id" = 7) LIMIT 1)"},
      {},
  };
  for (const auto& statements : all) {
    const OrmGuess guess = recognise_orm(workload_of(statements), "app");
    EXPECT_EQ(guess.orm, Orm::kUnknown)
        << (statements.empty() ? "" : statements[0]) << " → " << orm_name(guess.orm);
  }
}

// Libraries that are not among those with fixes of their own, and whose hand looks like one of them.
TEST(Orm, OtherLibrariesAreTakenForNoneOfThese) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> all = {
      {"ent",
       {R"(SELECT "albums"."id", "albums"."title" FROM "albums" ORDER BY "albums"."id" ASC LIMIT 10)",
        R"(SELECT "songs"."id", "songs"."title" FROM "songs" WHERE "songs"."album_id" = $1)"}},
      {"Lucid",
       {R"(select * from "exhibitions" where "museum_id" = $1 order by "opens" asc)",
        R"(select "artworks".*, "exhibits"."exhibition_id" as "pivot_exhibition_id" from "artworks" inner join "exhibits" on "artworks"."id" = "exhibits"."artwork_id" where "exhibits"."exhibition_id" = $1)"}},
      {"Lucid, a page of the list",
       {R"(select * from "exhibitions" order by "opens" asc limit $1)",
        R"(select "artworks".*, "exhibits"."exhibition_id" as "pivot_exhibition_id" from "artworks" inner join "exhibits" on "artworks"."id" = "exhibits"."artwork_id" where "exhibits"."exhibition_id" = $1)"}},
      {"ent, several lists",
       {R"(SELECT "albums"."id", "albums"."title" FROM "albums" ORDER BY "albums"."id" ASC LIMIT 10)",
        R"(SELECT "artists"."id", "artists"."name" FROM "artists" LIMIT 10)",
        R"(SELECT "songs"."id", "songs"."title" FROM "songs" WHERE "songs"."album_id" = $1)",
        R"(SELECT "albums"."id", "albums"."title" FROM "albums" JOIN "songs" AS "t1" ON "albums"."id" = "t1"."album_id" WHERE "t1"."id" = $1 LIMIT 2)"}},
      {"SeaORM",
       {R"(SELECT "cake"."id", "cake"."name" FROM "cake" ORDER BY "cake"."id" ASC LIMIT $1)",
        R"(SELECT "fruit"."id", "fruit"."name" FROM "fruit" WHERE "fruit"."cake_id" = $1)",
        R"(INSERT INTO "cake" ("name") VALUES ($1) RETURNING "id", "name")"}},
      {"Diesel",
       {R"(SELECT "posts"."id", "posts"."title" FROM "posts" LIMIT $1)",
        R"(SELECT "users"."id", "users"."name" FROM "users" WHERE ("users"."id" = $1))"}},
      {"Strapi",
       {R"(select "t0"."id", "t0"."name" from "public"."shelves" as "t0" order by "t0"."id" asc limit 10)",
        R"(select "t0"."id" from "public"."tags" as "t0" inner join "public"."books_tags_links" as "t1" on "t0"."id" = "t1"."tag_id" where "t1"."book_id" in (1, 2))",
        R"(select "t0"."id" from "public"."books" as "t0" left join "public"."books_shelf_links" as "t1" on "t0"."id" = "t1"."book_id" where "t1"."shelf_id" = 7)"}},
      {"ROM",
       {R"(SELECT "users"."id", "users"."name" FROM "users" ORDER BY "users"."id")",
        R"(SELECT "posts"."id", "posts"."title" FROM "posts" WHERE ("posts"."user_id" = 7) ORDER BY "posts"."id")"}},
      {"Fluent",
       {R"(SELECT "planets"."id" AS "planets_id", "planets"."name" AS "planets_name" FROM "planets")",
        R"(SELECT "moons"."id" AS "moons_id" FROM "moons" WHERE "moons"."planet_id" = $1)"}},
      {"Bun",
       {R"(SELECT "u"."id", "u"."name" FROM "users" AS "u" ORDER BY "u"."id" LIMIT 10)",
        R"(SELECT "post"."id", "post"."title" FROM "posts" AS "post" WHERE ("post"."user_id" = 7))"}},
      {"go-pg",
       {R"(SELECT "user"."id", "user"."name" FROM "users" AS "user" LIMIT 10)",
        R"(SELECT "post"."id" FROM "posts" AS "post" WHERE ("post"."user_id" = 7))"}},
      {"CakePHP",
       {R"(SELECT "Articles"."id" AS "Articles__id", "Articles"."title" AS "Articles__title" FROM "articles" "Articles" LIMIT 10)",
        R"(SELECT "Users"."id" AS "Users__id" FROM "users" "Users" WHERE "Users"."id" = $1)"}},
      {"peewee",
       {R"(SELECT "t1"."id", "t1"."name" FROM "users" AS "t1" LIMIT 10)",
        R"(SELECT "t1"."id", "t1"."title" FROM "posts" AS "t1" WHERE ("t1"."user_id" = 7))"}},
      {"python-sql",
       {R"(SELECT "a"."id" AS "id", "b"."name" AS "name" FROM "party" AS "a" LEFT JOIN "lang" AS "b" ON ("b"."id" = "a"."lang") WHERE ("a"."id" IN (1, 2)))",
        R"(INSERT INTO "party" AS "a" ("create_uid", "name") VALUES (1, 'x') RETURNING "a"."id")",
        R"(INSERT INTO "address" AS "a" ("party", "city") VALUES (1, 'x') RETURNING "a"."id")"}},
      {"Pony",
       {R"(SELECT "u"."id", "u"."name" FROM "users" "u" ORDER BY "u"."id" LIMIT 10)",
        R"(SELECT "id", "title", "user" FROM "posts" WHERE "user" = 7)"}},
      {"DBIx::Class",
       {R"(SELECT "me"."id", "me"."name" FROM "users" "me" LIMIT $1)",
        R"(SELECT "me"."id", "me"."title" FROM "posts" "me" WHERE ( "me"."user_id" = $1 ))"}},
      {"Spring Data JDBC",
       {R"(SELECT "users"."id" AS "id", "users"."name" AS "name" FROM "users" LIMIT 10)",
        R"(SELECT "posts"."id" AS "id" FROM "posts" WHERE "posts"."user_id" = $1)"}},
      {"Kysely",
       {R"(select "id", "name" from "users" order by "id" limit $1)",
        R"(select * from "posts" where "user_id" = $1)"}},
      {"EclipseLink",
       {"SELECT ID, NAME FROM USERS ORDER BY ID LIMIT $1 OFFSET $2",
        "SELECT ID, TITLE, USER_ID FROM POSTS WHERE (USER_ID = $1)"}},
  };
  for (const auto& [library, statements] : all) {
    const OrmGuess guess = recognise_orm(workload_of(statements), "app");
    EXPECT_EQ(guess.orm, Orm::kUnknown) << library << " → " << orm_name(guess.orm);
  }
}

TEST(Orm, ALoneLookAlikeAmongManyDecidesNothing) {
  std::vector<std::string> statements = {R"(SELECT "users".* FROM "users" WHERE "users"."id" = $1)",
                                         "SELECT posts.id AS posts_id FROM posts"};
  for (int i = 0; i < 20; ++i)
    statements.push_back("SELECT a, b FROM t" + std::to_string(i) + " WHERE c = $1");
  EXPECT_EQ(recognise_orm(workload_of(statements), "app").orm, Orm::kUnknown);
}

TEST(Orm, ApplicationsAreToldApart) {
  Workload workload = workload_of(handwritings()[0].statements, "shop");
  workload.merge(workload_of({R"(SELECT "posts".* FROM "posts" WHERE "posts"."user_id" = $1)",
                              R"(SELECT 1 AS one FROM "users" LIMIT $1)"},
                             "admin"));
  EXPECT_EQ(recognise_orm(workload, "shop").orm, Orm::kDjango);
  EXPECT_EQ(recognise_orm(workload, "admin").orm, Orm::kActiveRecord);
  EXPECT_EQ(recognise_orm(workload, "other").orm, Orm::kUnknown);
}

TEST(Orm, TagsNameTheLibrary) {
  Workload workload = workload_of({"SELECT id FROM users WHERE id = 1"});
  workload.patterns.begin()->second.tags["db_driver"].add("sequelize:6.37.0");
  EXPECT_EQ(recognise_orm(workload, "app").orm, Orm::kSequelize);
  Workload raw = workload_of({"SELECT id FROM users WHERE id = 1"});
  raw.patterns.begin()->second.tags["framework"].add("raw");
  EXPECT_EQ(recognise_orm(raw, "app").orm, Orm::kUnknown);
}

TEST(Orm, NamesOfTheOption) {
  EXPECT_EQ(orm_from_name("Django"), Orm::kDjango);
  EXPECT_EQ(orm_from_name("rails"), Orm::kActiveRecord);
  EXPECT_EQ(orm_from_name("active_record"), Orm::kActiveRecord);
  EXPECT_EQ(orm_from_name("EF-Core"), Orm::kEfCore);
  EXPECT_EQ(orm_from_name("knex"), Orm::kObjection);
  EXPECT_EQ(orm_from_name("nonesuch"), Orm::kUnknown);
  for (const std::string& name : orm_names()) EXPECT_NE(orm_from_name(name), Orm::kUnknown) << name;
}

}  // namespace
}  // namespace pgsieve
