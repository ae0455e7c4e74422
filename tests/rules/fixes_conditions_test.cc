// What a loop asks for beside its key stands in the ORM's call, too, or is said to be missing.
#include <gtest/gtest.h>

#include <map>

#include "tests/rules/fix_bench.h"

namespace pgsieve {
namespace {

const std::string kUsers = "SELECT id, name FROM users LIMIT 10";

std::string safety(LoopBench& bench, const std::string& orm, bool write = false) {
  for (const Fix& fix : bench.fixes(orm, write)) {
    if (fix.kind == "orm") return fix.safety;
  }
  return {};
}

TEST(FixConditions, EagerLoadsInEveryOrm) {
  LoopBench bench(kUsers, "SELECT * FROM posts WHERE user_id = $1 AND status = $2 AND score >= $3");
  const std::map<std::string, std::string> expected = {
      {"django",
       "User.objects.prefetch_related(Prefetch(\"posts\", "
       "queryset=Post.objects.filter(status=status).filter(score__gte=min_score)))"},
      {"sqlalchemy",
       "select(User).options(selectinload(User.posts.and_(Post.status == status, Post.score >= min_score)))"},
      {"rails",
       "Post.where(user_id: values).where(status: status).where(\"score >= ?\", "
       "min_score).group_by(&:user_id)"},
      {"laravel",
       "User::with(['posts' => fn ($q) => $q->where('status', $status)->where('score', '>=', "
       "$minScore)])->get()"},
      {"hibernate",
       "em.createQuery(\"select x from Post x where x.userId in :values and x.status = :status and x.score "
       ">= :minScore\", Post.class)"},
      {"typeorm",
       "dataSource.getRepository(Post).findBy({ userId: In(values), status: status, score: "
       "MoreThanOrEqual(minScore) })"},
      {"sequelize",
       "User.findAll({ include: [{ association: 'posts', where: { status: status, score: { [Op.gte]: "
       "minScore } }, required: false }] })"},
      {"objection",
       "User.query().withGraphFetched('posts').modifyGraph('posts', (q) => q.where('status', "
       "status).where('score', '>=', minScore))"},
      {"mikroorm",
       "em.find(User, {}, { populate: ['posts'], populateWhere: { posts: { status: status, score: { $gte: "
       "minScore } } } })"},
      {"drizzle",
       "db.query.users.findMany({ with: { posts: { where: and(eq(posts.status, status), gte(posts.score, "
       "minScore)) } } })"},
      {"prisma",
       "prisma.user.findMany({ include: { posts: { where: { status: status, score: { gte: minScore } } } } "
       "})"},
      {"gorm", "db.Preload(\"Posts\", \"status = ? AND score >= ?\", status, minScore).Find(&users)"},
      {"ecto",
       "from(x in User, preload: [posts: ^from(c in Post, where: c.status == ^status and c.score >= "
       "^min_score)])"},
      {"efcore",
       "context.Users\n    .Include(x => x.Posts.Where(c => c.Status == status && c.Score >= minScore))"},
      {"sequel", "Post.where(user_id: values).where(status: status).where(Sequel[:score] >= min_score).all"},
      {"peewee",
       "prefetch(User.select(), Post.select().where(Post.status == status, Post.score >= min_score))"},
  };
  for (const auto& [orm, code] : expected) EXPECT_EQ(bench.orm_code(orm), code) << orm;
  EXPECT_NE(bench.orm_code("doctrine")
                .find("->leftJoin('u.posts', 'p', 'WITH', 'p.status = :status AND p.score >= :minScore')"),
            std::string::npos);
}

TEST(FixConditions, TheWholePathKeepsThem) {
  LoopBench bench("SELECT id, title FROM posts WHERE user_id = $1",
                  "SELECT * FROM comments WHERE post_id = $1 AND NOT spam");
  bench.below(kUsers);
  EXPECT_EQ(bench.orm_code("django"),
            "User.objects.prefetch_related(Prefetch(\"posts__comments\", "
            "queryset=Comment.objects.filter(spam=False)))");
  EXPECT_EQ(bench.orm_code("ecto"),
            "from(x in User, preload: [posts: [comments: ^from(c in Comment, where: c.spam == false)]])");
  EXPECT_EQ(
      bench.orm_code("prisma"),
      "prisma.user.findMany({ include: { posts: { include: { comments: { where: { spam: false } } } } } "
      "})");
}

TEST(FixConditions, ARelationToOneIsReadByKey) {
  LoopBench bench("SELECT id, author_id FROM posts LIMIT 10",
                  "SELECT * FROM authors WHERE id = $1 AND banned_at IS NULL LIMIT 1");
  EXPECT_EQ(bench.orm_code("prisma"),
            "prisma.author.findMany({ where: { id: { in: values }, banned_at: null } })");
  EXPECT_EQ(bench.orm_code("rails"), "Author.where(id: values).where(banned_at: nil).index_by(&:id)");
  EXPECT_EQ(bench.fixes("rails")[0].title, "ActiveRecord: read all authors at once");
}

TEST(FixConditions, WhatTheModelOrTheRelationAddsIsNotRepeated) {
  LoopBench soft(kUsers, "SELECT * FROM posts WHERE user_id = $1 AND deleted_at IS NULL");
  EXPECT_EQ(soft.orm_code("laravel"), "User::with('posts')->get()");
  EXPECT_NE(soft.orm_code("django").find(".filter(deleted_at__isnull=True)"), std::string::npos);
  LoopBench typed(kUsers, "SELECT * FROM notes WHERE user_id = $1 AND user_type = $2");
  EXPECT_EQ(typed.orm_code("laravel"), "User::with('notes')->get()");
  LoopBench any("SELECT id FROM posts LIMIT 10",
                "SELECT * FROM images WHERE imageable_id = $1 AND imageable_type = $2");
  EXPECT_EQ(
      any.orm_code("rails"),
      "Image.where(imageable_id: values).where(imageable_type: imageable_type).group_by(&:imageable_id)");
  LoopBench not_null(kUsers, "SELECT * FROM posts WHERE user_id = $1 AND user_id IS NOT NULL");
  EXPECT_EQ(not_null.orm_code("laravel"), "User::with('posts')->get()");
}

TEST(FixConditions, AggregatesAndTheFirstRows) {
  LoopBench count(kUsers, "SELECT count(*) FROM posts WHERE user_id = $1 AND status <> 'draft'");
  EXPECT_EQ(count.orm_code("django"),
            "User.objects.annotate(post_count=Count(\"posts\", filter=~Q(posts__status=status)))");
  EXPECT_EQ(count.orm_code("laravel"),
            "User::withCount(['posts' => fn ($q) => $q->where('status', '<>', $status)])->get()");
  EXPECT_EQ(count.orm_code("rails"),
            "Post.where(user_id: ids).where.not(status: status).group(:user_id).count");
  EXPECT_EQ(count.orm_code("typeorm"),
            "dataSource.getRepository(Post).createQueryBuilder('c').select('c.userId', "
            "'key').addSelect('COUNT(*)', 'count').where('c.userId IN (:...ids)', { ids "
            "}).andWhere('c.status <> :status', { status }).groupBy('c.userId').getRawMany()");
  EXPECT_EQ(count.orm_code("drizzle"),
            "db.select({ key: posts.userId, count: count() }).from(posts).where(and(inArray(posts.userId, "
            "ids), ne(posts.status, status))).groupBy(posts.userId)");
  LoopBench exists(kUsers, "SELECT 1 AS one FROM posts WHERE user_id = $1 AND pinned LIMIT 1", 1);
  EXPECT_EQ(exists.orm_code("efcore"),
            "context.Users.Select(x => new { x.Id, Any = x.Posts.Any(c => c.Pinned == true) })");
  LoopBench top(kUsers,
                "SELECT * FROM posts WHERE user_id = $1 AND status = $2 ORDER BY created_at DESC LIMIT 3");
  EXPECT_EQ(top.orm_code("prisma"),
            "prisma.user.findMany({ include: { posts: { where: { status: status }, orderBy: { created_at: "
            "'desc' }, take: 3 } } })");
}

TEST(FixConditions, WritesKeepTheirChecks) {
  LoopBench erase(kUsers, "DELETE FROM posts WHERE id = $1 AND owner_id = $2");
  EXPECT_EQ(erase.orm_code("sequelize", true), "Post.destroy({ where: { id: values, owner_id: ownerId } })");
  EXPECT_EQ(erase.orm_code("django", true),
            "Post.objects.filter(id__in=values).filter(owner_id=owner_id).delete()");
  LoopBench aged(kUsers, "DELETE FROM posts WHERE created_at < $1");
  EXPECT_EQ(aged.orm_code("django", true), "");  // no key, and so no list of keys
}

TEST(FixConditions, AnObjectHoldsOneConditionForEachColumn) {
  LoopBench range(kUsers, "SELECT * FROM posts WHERE user_id = $1 AND score >= $2 AND score < $3");
  EXPECT_EQ(range.orm_code("prisma"),
            "prisma.user.findMany({ include: { posts: { where: { score: { gte: minScore } } } } })");
  EXPECT_NE(safety(range, "prisma").find("conditions on score"), std::string::npos);
  EXPECT_EQ(range.orm_code("objection"),
            "User.query().withGraphFetched('posts').modifyGraph('posts', (q) => q.where('score', '>=', "
            "minScore).where('score', '<', maxScore))");
  EXPECT_EQ(safety(range, "objection").find("conditions on"), std::string::npos);
}

TEST(FixConditions, WhatTheCallLeavesOutIsSaid) {
  LoopBench like(kUsers, "SELECT * FROM posts WHERE user_id = $1 AND title LIKE $2");
  EXPECT_EQ(like.orm_code("django"), "User.objects.prefetch_related(\"posts\")");
  EXPECT_NE(safety(like, "django").find("conditions on title"), std::string::npos);
  LoopBench joined("SELECT id FROM posts LIMIT 8",
                   "SELECT t.* FROM post_tags pt JOIN tags t ON t.id = pt.tag_id WHERE pt.post_id = 7 AND "
                   "t.hidden = 'no'");
  EXPECT_EQ(joined.orm_code("rails"), "Post.includes(:tags)");
  EXPECT_NE(safety(joined, "rails").find("conditions on hidden"), std::string::npos);
  EXPECT_EQ(safety(joined, "laravel").find("conditions on"), std::string::npos);
  LoopBench ranges("SELECT id, owner_id FROM members LIMIT 8",
                   "SELECT * FROM members WHERE owner_id >= $1 AND owner_id < $2 AND id = $3", 2);
  ranges.vary({0, 1, 2});
  EXPECT_EQ(ranges.orm_code("rails"), "Member.where(id: values).index_by(&:id)");
  EXPECT_NE(safety(ranges, "rails").find("Each turn also asks for owner_id"), std::string::npos);
}

}  // namespace
}  // namespace pgsieve
