// The fixes of loops: the ORM's call with the relation's name and path, and SQL that stands on its own.
#include "rules/fixes/fixes.h"

#include <gtest/gtest.h>

#include "tests/rules/fix_bench.h"

namespace pgsieve {
namespace {

TEST(Fixes, HasManyInEveryOrm) {
  LoopBench bench("SELECT id, name FROM users LIMIT 10", "SELECT * FROM order_items WHERE user_id = $1");
  const std::map<std::string, std::string> expected = {
      {"django", "User.objects.prefetch_related(\"order_items\")"},
      {"sqlalchemy", "select(User).options(selectinload(User.order_items))"},
      {"rails", "User.includes(:order_items)"},
      {"laravel", "User::with('orderItems')->get()"},
      {"hibernate",
       "em.createQuery(\"select distinct u from User u left join fetch u.orderItems\", User.class)"},
      {"typeorm", "dataSource.getRepository(User).find({ relations: { orderItems: true } })"},
      {"sequelize", "User.findAll({ include: [{ association: 'orderItems' }] })"},
      {"objection", "User.query().withGraphFetched('orderItems')"},
      {"mikroorm", "em.find(User, {}, { populate: ['orderItems'] })"},
      {"drizzle", "db.query.users.findMany({ with: { orderItems: true } })"},
      {"prisma", "prisma.user.findMany({ include: { orderItems: true } })"},
      {"gorm", "db.Preload(\"OrderItems\").Find(&users)"},
      {"ecto", "from(x in User, preload: [:order_items])"},
      {"efcore", "context.Users\n    .Include(x => x.OrderItems)"},
      {"sequel", "User.eager(:order_items).all"},
      {"peewee", "prefetch(User.select(), OrderItem.select())"},
  };
  for (const auto& [orm, code] : expected) EXPECT_EQ(bench.orm_code(orm), code) << orm;
  EXPECT_NE(bench.orm_code("doctrine").find("->leftJoin('u.orderItems', 'o')"), std::string::npos);
  EXPECT_EQ(bench.sql(), "SELECT * FROM order_items WHERE user_id = ANY($1) ORDER BY user_id");
}

TEST(Fixes, BelongsToTakesItsNameFromTheColumn) {
  LoopBench author("SELECT id, author_id FROM posts LIMIT 10", "SELECT * FROM authors WHERE id = $1");
  EXPECT_EQ(author.orm_code("django"), "Post.objects.select_related(\"author\")");
  LoopBench user("SELECT id, user_id FROM posts LIMIT 10", "SELECT * FROM users WHERE id = $1 LIMIT 1");
  EXPECT_EQ(user.orm_code("rails"), "Post.includes(:user)");
  EXPECT_EQ(user.sql(), "SELECT * FROM users WHERE id = ANY($1) ORDER BY id");
}

TEST(Fixes, ChainsAreOnePath) {
  LoopBench bench("SELECT id, title FROM posts WHERE user_id = $1",
                  "SELECT * FROM comments WHERE post_id = $1");
  bench.below("SELECT id, name FROM users LIMIT 10");
  EXPECT_EQ(bench.orm_code("django"), "User.objects.prefetch_related(\"posts__comments\")");
  EXPECT_EQ(bench.orm_code("rails"), "User.includes(posts: :comments)");
  EXPECT_EQ(bench.orm_code("laravel"), "User::with('posts.comments')->get()");
  EXPECT_EQ(bench.orm_code("prisma"),
            "prisma.user.findMany({ include: { posts: { include: { comments: true } } } })");
  EXPECT_EQ(bench.orm_code("efcore"),
            "context.Users\n    .Include(x => x.Posts)\n    .ThenInclude(x => x.Comments)");
}

TEST(Fixes, TheKeyIsNoPartOfTheRelationsName) {
  LoopBench bench(R"(SELECT "id", "carrier_code" FROM "parcels" LIMIT 8)",
                  R"(SELECT "code", "name" FROM "carriers" WHERE "code" = 'CR1')");
  EXPECT_EQ(bench.orm_code("prisma"), "prisma.parcel.findMany({ include: { carrier: true } })");
}

TEST(Fixes, TypeOrmNamesTheRelationInTheAlias) {
  LoopBench bench(
      R"(SELECT "Parcel"."id" AS "Parcel_id" FROM "parcels" "Parcel" LIMIT 8)",
      R"(SELECT "stops"."id" AS "stops_id" FROM "waypoints" "stops" WHERE "stops"."parcel_id" IN (1))");
  EXPECT_EQ(bench.orm_code("typeorm"),
            "dataSource.getRepository(Parcel).find({ relations: { stops: true } })");
}

TEST(Fixes, RowsBehindAJoinTable) {
  const std::string list = R"(SELECT "id", "title" FROM "posts" LIMIT 8)";
  // A join table's own keys may stand first, or after the rows that are meant.
  for (const std::string columns :
       {"pt.post_id, pt.tag_id, t.id, t.name", "t.*, pt.post_id AS pivot_post_id"}) {
    LoopBench bench(list, "SELECT " + columns +
                              " FROM post_tags pt JOIN tags t ON t.id = pt.tag_id WHERE pt.post_id = 1001");
    EXPECT_EQ(bench.orm_code("mikroorm"), "em.find(Post, {}, { populate: ['tags'] })") << columns;
    EXPECT_EQ(bench.orm_code("drizzle"),
              "db.query.posts.findMany({ with: { postTags: { with: { tag: true } } } })");
    EXPECT_EQ(bench.orm_code("prisma"),
              "prisma.post.findMany({ include: { postTags: { include: { tag: true } } } })");
  }
}

TEST(Fixes, AggregatesFirstRowsAndOwnRows) {
  LoopBench count("SELECT id FROM users LIMIT 10", "SELECT count(*) FROM posts WHERE user_id = $1");
  EXPECT_EQ(count.orm_code("laravel"), "User::withCount('posts')->get()");
  EXPECT_NE(count.sql().find("LEFT JOIN"), std::string::npos);
  LoopBench top("SELECT id FROM users LIMIT 10",
                "SELECT * FROM posts WHERE user_id = $1 ORDER BY created_at DESC LIMIT 3");
  EXPECT_EQ(top.orm_code("prisma"),
            "prisma.user.findMany({ include: { posts: { orderBy: { created_at: 'desc' }, take: 3 } } })");
  EXPECT_EQ(top.orm_code("rails"), "");  // preloading would read every post
  EXPECT_NE(top.sql().find("LATERAL"), std::string::npos);
  LoopBench one("SELECT id FROM users LIMIT 10", "SELECT * FROM profiles WHERE user_id = $1 LIMIT 1");
  EXPECT_EQ(one.orm_code("rails"), "User.includes(:profile)");
  LoopBench deferred("SELECT id FROM posts LIMIT 10", "SELECT id, title FROM posts WHERE id = $1");
  EXPECT_EQ(deferred.sql(), "SELECT id, posts.title FROM posts LIMIT 10");
}

TEST(Fixes, Writes) {
  LoopBench insert("SELECT 1", "INSERT INTO tags (name) VALUES ('red') RETURNING id");
  EXPECT_EQ(insert.orm_code("django", true), "Tag.objects.bulk_create(tags)");
  EXPECT_EQ(insert.sql(true), "INSERT INTO tags (name) SELECT * FROM unnest($1::text[]) RETURNING id");
  insert.with_turn("SELECT id FROM tags WHERE name = $1");
  EXPECT_EQ(insert.orm_code("prisma", true), "prisma.tag.createMany({ data: rows, skipDuplicates: true })");
  EXPECT_NE(insert.sql(true).find("ON CONFLICT (name) DO NOTHING"), std::string::npos);
  LoopBench erase("SELECT id FROM users", "DELETE FROM posts WHERE id = $1");
  EXPECT_EQ(erase.orm_code("sequelize", true), "Post.destroy({ where: { id: values } })");
}

TEST(Fixes, AnUnknownOrmGetsSqlOnly) {
  LoopBench bench("SELECT id, name FROM users LIMIT 10", "SELECT id, title FROM posts WHERE user_id = $1");
  const std::vector<Fix> fixes = bench.fixes("");
  ASSERT_EQ(fixes.size(), 1U);
  EXPECT_EQ(fixes[0].kind, "sql");
  EXPECT_EQ(fixes[0].language, "sql");
}

TEST(Fixes, LiteralsAreNotRepeated) {
  LoopBench bench("SELECT id FROM users LIMIT 10",
                  "SELECT id FROM posts WHERE user_id = 7 AND owner_email = 'ann@example.org'");
  for (const Fix& fix : bench.fixes("django"))
    EXPECT_EQ(fix.code.find("ann@"), std::string::npos) << fix.code;
}

}  // namespace
}  // namespace pgsieve
