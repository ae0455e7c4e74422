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
  rests.keep(backend, SessionRests::Left::kDuration);
  Backend nothing_left;
  nothing_left.key = 4;
  rests.keep(nothing_left, SessionRests::Left::kNothing);

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

TEST(SessionRests, AStatementThatHasNotEndedGoesOnWhole) {
  std::string scratch;
  Backend backend;
  backend.key = 9;
  Execution& statement = backend.current;
  statement.active = statement.extended = statement.awaits_duration = true;
  statement.text = "SELECT 'é;\n' || $1";
  statement.name = "S_1/C_2";
  statement.time = 5;
  statement.transaction = UINT64_MAX;
  statement.set_parameters("$1 = 'it''s', $2 = NULL", scratch);
  statement.own();
  SessionRests rests;
  rests.keep(backend, SessionRests::Left::kStatement);
  EXPECT_EQ(rests.statements(), 1U);

  SessionRests others, read(rests.text());
  others.add(read);
  EXPECT_EQ(others.text(), rests.text());
  Backend same;
  same.key = backend.key;
  ASSERT_TRUE(read.restore(same));
  EXPECT_EQ(read.statements(), 0U);
  EXPECT_TRUE(same.current.active && same.current.extended && same.current.awaits_duration);
  EXPECT_FALSE(same.owed_duration);
  EXPECT_EQ(same.current.text, statement.text);
  EXPECT_EQ(same.current.name, statement.name);
  EXPECT_EQ(same.current.prepare_text, "");
  EXPECT_EQ(same.current.time, 5);
  EXPECT_EQ(same.current.duration, kUnknownTime);
  EXPECT_EQ(same.current.transaction, UINT64_MAX);
  EXPECT_EQ(same.current.parameter_list, statement.parameter_list);
  ASSERT_EQ(same.current.parameters.size(), 2U);
  EXPECT_EQ(same.current.parameters[0].hash, statement.parameters[0].hash);
  EXPECT_TRUE(same.current.parameters[1].null);
}

TEST(SessionRests, OfAnotherFormAreLeftOut) {
  for (const char* text : {"", "rests/2\n1 0\n", "rests/1\n", "rests/1\nx y\n\n", "rests/1\n5\n"})
    EXPECT_EQ(SessionRests(text).text(), "rests/1\n") << text;
  SessionRests cut("rests/1\n5 3 ffffffff 1\n");
  Backend backend;
  backend.key = 5;
  EXPECT_TRUE(cut.restore(backend));
  EXPECT_LE(backend.loose_count, backend.loose.size());
  for (const char* statement : {";", "; 1 0 0", "; 7 0 0 0 0 0 4x 41 zz 4", "; 1 0 0 0 0 0 4"}) {
    SessionRests damaged(std::string("rests/1\n5 1 0 0 0 0 0 0 0") + statement + "\n");
    Backend other;
    other.key = 5;
    EXPECT_TRUE(damaged.restore(other)) << statement;
    EXPECT_FALSE(other.current.active && other.current.text.empty()) << statement;
  }
}

}  // namespace
}  // namespace pgsieve
