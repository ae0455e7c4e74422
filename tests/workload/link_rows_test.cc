#include "analyzer/workload/link_rows.h"

#include <gtest/gtest.h>

#include "analyzer/workload/link.h"

namespace pgsieve {
namespace {

TEST(LinkRows, ManyRowsOrOne) {
  const auto many = [](const std::string& text) {
    return draw_link_profile(draw_shape(text), nullptr).many_rows;
  };
  EXPECT_TRUE(many("SELECT * FROM posts"));
  EXPECT_TRUE(many("SELECT * FROM posts WHERE user_id = $1"));
  EXPECT_TRUE(many("SELECT * FROM posts LIMIT 10"));
  EXPECT_TRUE(many("SELECT user_id, count(*) FROM posts GROUP BY user_id"));
  EXPECT_TRUE(many("INSERT INTO posts (a) VALUES (1), (2) RETURNING id"));
  EXPECT_TRUE(many("SELECT * FROM posts WHERE id = 1 OR id = 2"));
  EXPECT_TRUE(many("SELECT * FROM posts WHERE id = $1 OR slug = $2"));
  EXPECT_TRUE(many("SELECT * FROM posts WHERE id = ANY($1)"));
  EXPECT_FALSE(many("SELECT * FROM posts WHERE id = $1 AND (lang = 'en' OR lang = 'de')"));
  EXPECT_FALSE(many("SELECT * FROM posts WHERE id = $1"));
  EXPECT_FALSE(many("SELECT count(*) FROM posts"));
  EXPECT_FALSE(many("SELECT * FROM posts FETCH FIRST ROW ONLY"));
  EXPECT_FALSE(many("UPDATE posts SET a = 1"));
}

TEST(LinkRows, AKeyWithAMeaningMayBringOneRow) {
  const auto unsure = [](const std::string& text) {
    return draw_link_profile(draw_shape(text), nullptr).unsure_rows;
  };
  EXPECT_TRUE(unsure("SELECT * FROM title WHERE isbn = $1"));
  EXPECT_TRUE(unsure("SELECT * FROM airport WHERE iata_code = $1"));
  EXPECT_TRUE(unsure("SELECT * FROM account WHERE email = $1"));
  EXPECT_FALSE(unsure("SELECT * FROM title WHERE isbn = $1 ORDER BY printing"));
  EXPECT_FALSE(unsure("SELECT * FROM title WHERE isbn = $1 LIMIT 20"));
  EXPECT_FALSE(unsure("SELECT * FROM title WHERE publisher_id = $1"));
  EXPECT_FALSE(unsure("SELECT * FROM title WHERE status = $1"));
  EXPECT_FALSE(unsure("SELECT * FROM title WHERE id = $1"));
  EXPECT_FALSE(unsure("SELECT * FROM title"));
  Result<Schema> schema = parse_schema("CREATE TABLE title (id int PRIMARY KEY, isbn text);", "schema.sql");
  ASSERT_TRUE(schema.ok());
  EXPECT_FALSE(draw_link_profile(draw_shape("SELECT * FROM title WHERE isbn = $1"), &*schema).unsure_rows);
}

}  // namespace
}  // namespace pgsieve
