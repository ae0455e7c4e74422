#include "tools/pgsieve/suggest.h"

#include <gtest/gtest.h>

#include <vector>

namespace pgsieve {
namespace {

TEST(Suggest, CountsEditsAndSwapsOnce) {
  EXPECT_EQ(edit_distance("report", "report"), 0U);
  EXPECT_EQ(edit_distance("reprot", "report"), 1U);
  EXPECT_EQ(edit_distance("repot", "report"), 1U);
  EXPECT_EQ(edit_distance("", "lint"), 4U);
  EXPECT_EQ(edit_distance("LINT", "lint"), 0U);
}

TEST(Suggest, OffersOnlyWhatIsNear) {
  const std::vector<std::string> names{"report", "lint", "rules", "fingerprint"};
  EXPECT_EQ(nearest_name("reprot", names), "report");
  EXPECT_EQ(nearest_name("fingerprnt", names), "fingerprint");
  EXPECT_EQ(nearest_name("finger", names), "fingerprint");
  EXPECT_EQ(nearest_name("xyzzy", names), "");
  EXPECT_EQ(did_you_mean("lnit", names), "; did you mean 'lint'?");
  EXPECT_EQ(did_you_mean("q", names), "");
}

}  // namespace
}  // namespace pgsieve
