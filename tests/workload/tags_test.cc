#include "analyzer/workload/tags.h"

#include <gtest/gtest.h>

namespace pgsieve {
namespace {

Tags tags_of(const std::string& text) {
  StatementScan scan;
  std::string scratch;
  scan_statement(text, scan, scratch);
  Tags tags;
  parse_tags(scan, tags);
  // Views end with the scan; tags own what they hold.
  return tags;
}

TEST(Tags, Sqlcommenter) {
  const Tags tags = tags_of(
      "SELECT 1 FROM t /*action='index',controller='posts',route='%2Fposts%2F%3Aid',"
      "traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01',note='it\\'s'*/");
  EXPECT_EQ(tags.find("action"), "index");
  EXPECT_EQ(tags.find("route"), "/posts/:id");
  EXPECT_EQ(tags.find("note"), "it's");
  EXPECT_EQ(tags.trace_id, "5bd66ef5095369c7b0d1f8f4bd33716a");
  EXPECT_EQ(tags.source(), "action=index controller=posts route=/posts/:id");
  EXPECT_EQ(tags.find("absent"), "");
}

TEST(Tags, LegacyRailsAndPlainPairs) {
  const Tags rails = tags_of("/*application:Shop,controller:posts,action:index*/ SELECT 1 FROM t");
  EXPECT_EQ(rails.find("application"), "Shop");
  EXPECT_EQ(rails.find("action"), "index");
  const Tags plain = tags_of("SELECT 1 FROM t /* controller=posts, action=index */");
  EXPECT_EQ(plain.find("controller"), "posts");
  EXPECT_EQ(plain.find("action"), "index");
  EXPECT_EQ(plain.unit(), rails.unit());  // the application names no unit of work
}

TEST(Tags, BothEndsCount) {
  const Tags tags = tags_of("/*job='mail'*/ SELECT 1 FROM t /*db_driver='pg'*/");
  EXPECT_EQ(tags.find("job"), "mail");
  EXPECT_EQ(tags.find("db_driver"), "pg");
}

TEST(Tags, ThePlaceInTheProgram) {
  EXPECT_EQ(tags_of("-- name: ListPosts :many\nSELECT 1 FROM t").source(), "code.function=ListPosts");
  EXPECT_EQ(tags_of("SELECT /* PostStore::list_posts  */ 1 FROM t").source(),
            "code.function=PostStore::list_posts");
  EXPECT_EQ(tags_of("SELECT /* Blog\\PostStore::list(en)-small 127.0.0.1 */ 1 FROM t").source(),
            "code.function=Blog\\PostStore::list");
  EXPECT_EQ(tags_of("-- File: Blog/Posts.cs:21\nSELECT 1 FROM t").source(), "file=Blog/Posts.cs:21");
  for (const char* text :
       {"SELECT 1 FROM t -- name: the author of it", "SELECT 1 FROM t /* std::map of the posts */",
        "SELECT 1 FROM t -- name: Posts", "SELECT 1 FROM t /* a :: b */", "SELECT 1 FROM t /* Posts:: */"}) {
    EXPECT_EQ(tags_of(text).find("code.function"), "") << text;
  }
}

TEST(Tags, OurOwnDirective) {
  EXPECT_EQ(tags_of("SELECT 1 FROM t /* pgsieve:ignore n-plus-one -- a batch, bounded */").find("pgsieve"),
            "ignore n-plus-one -- a batch, bounded");
  EXPECT_EQ(tags_of("SELECT 1 FROM t -- pgsieve:ignore n-plus-one").find("pgsieve"), "ignore n-plus-one");
  EXPECT_EQ(tags_of("SELECT 1 FROM t /*action='a',pgsieve='ignore%3An-plus-one'*/").find("pgsieve"),
            "ignore:n-plus-one");
}

TEST(Tags, ProseAndHintsAreNone) {
  for (const char* text : {"SELECT 1 FROM t /* load all posts, then their comments */",
                           "SELECT 1 FROM t -- TODO: an index, perhaps", "/*+ SeqScan(t) */ SELECT 1 FROM t",
                           "/*+ Set(work_mem = '1MB') */ SELECT 1 FROM t", "SELECT 1 FROM t /**/",
                           "SELECT 1 FROM t /* Note: a = b */ -- see the manual"}) {
    EXPECT_TRUE(tags_of(text).empty()) << text;
  }
}

TEST(Tags, TheUnitIgnoresOrderAndRequests) {
  const uint64_t unit = tags_of("SELECT 1 FROM t /*action='a',controller='b'*/").unit();
  EXPECT_NE(unit, 0U);
  EXPECT_EQ(tags_of("SELECT 1 FROM t /*controller='b',action='a',request_id='1'*/").unit(), unit);
  EXPECT_NE(tags_of("SELECT 1 FROM t /*controller='b',action='c'*/").unit(), unit);
  EXPECT_EQ(tags_of("SELECT 1 FROM t /*db_driver='pg'*/").unit(), 0U);
}

TEST(Tags, RequestIdsNameTheTraceWhenThereIsNoTraceparent) {
  EXPECT_EQ(tags_of("SELECT 1 FROM t /*request_id='abc'*/").trace_id, "abc");
  EXPECT_FALSE(countable_tag("request_id"));
  EXPECT_FALSE(countable_tag("traceparent"));
  EXPECT_TRUE(countable_tag("controller"));
}

TEST(Tags, ManyAndLongOnesAreBounded) {
  std::string comment = "/*";
  for (int i = 0; i < 100; ++i) comment += (i == 0 ? "k" : ",k") + std::to_string(i) + "='v'";
  EXPECT_LE(tags_of("SELECT 1 FROM t " + comment + "*/").values.size(), 16U);
  EXPECT_TRUE(tags_of("SELECT 1 FROM t /*a='" + std::string(10'000, 'x') + "'*/").empty());
}

}  // namespace
}  // namespace pgsieve
