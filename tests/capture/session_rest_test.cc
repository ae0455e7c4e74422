#include "analyzer/capture/session_rest.h"

#include <gtest/gtest.h>

namespace pgsieve {
namespace {

TEST(SessionRests, GoOnInTheNextRun) {
  Backend backend;
  backend.key = UINT64_MAX - 5;
  backend.has_statements = true;
  backend.prepares.push_back({1, UINT64_MAX, 20, 30, 1, 2});
  backend.loose = {7, 9};
  backend.loose_count = 2;
  backend.unplanned[3] = 77;
  SessionRests rests;
  rests.keep(backend, true);
  Backend nothing_left;
  nothing_left.key = 4;
  rests.keep(nothing_left, false);

  SessionRests read(rests.text());
  EXPECT_EQ(read.text(), rests.text());
  Backend other, same;
  other.key = 4;
  EXPECT_FALSE(read.restore(other));
  same.key = backend.key;
  ASSERT_TRUE(read.restore(same));
  EXPECT_TRUE(same.has_statements && same.owed_duration);
  EXPECT_EQ(same.loose, backend.loose);
  EXPECT_EQ(same.loose_count, 2U);
  EXPECT_EQ(same.unplanned, backend.unplanned);
  ASSERT_EQ(same.prepares.size(), 1U);
  EXPECT_EQ(same.prepares[0].text, UINT64_MAX);
  EXPECT_EQ(same.prepares[0].bind, 30);
  EXPECT_EQ(same.prepares[0].binds, 2U);
  EXPECT_FALSE(read.restore(same)) << "only once";
}

TEST(SessionRests, OfAnotherFormAreLeftOut) {
  for (const char* text : {"", "rests/2\n1 0\n", "rests/1\n", "rests/1\nx y\n\n", "rests/1\n5\n"})
    EXPECT_EQ(SessionRests(text).text(), "rests/1\n") << text;
  SessionRests cut("rests/1\n5 3 ffffffff 1\n");
  Backend backend;
  backend.key = 5;
  EXPECT_TRUE(cut.restore(backend));
  EXPECT_LE(backend.loose_count, backend.loose.size());
}

}  // namespace
}  // namespace pgsieve
