#include "analyzer/base/json_writer.h"

#include <gtest/gtest.h>

#include <limits>

namespace pgsieve {
namespace {

TEST(JsonWriter, PutsCommasBetweenMembersAndItems) {
  JsonWriter json;
  json.begin_object();
  json.member("a", 1);
  json.key("b");
  json.begin_array();
  json.value("x");
  json.value(true);
  json.null();
  json.begin_object();
  json.end_object();
  json.end_array();
  json.member("c", uint64_t{18446744073709551615U});
  json.end_object();
  EXPECT_EQ(json.text(), R"({"a":1,"b":["x",true,null,{}],"c":18446744073709551615})");
}

TEST(JsonWriter, IndentsButKeepsEmptyContainersShort) {
  JsonWriter json(2);
  json.begin_object();
  json.key("a");
  json.begin_array();
  json.end_array();
  json.key("b");
  json.begin_array();
  json.value(1);
  json.end_array();
  json.end_object();
  EXPECT_EQ(json.text(), "{\n  \"a\": [],\n  \"b\": [\n    1\n  ]\n}");
}

TEST(JsonWriter, NumbersAreExactAndNeverInvalid) {
  JsonWriter json;
  json.begin_array();
  json.value(0.217);
  json.value(12.0);
  json.value(-3);
  json.value(1e300);
  json.value(std::numeric_limits<double>::infinity());
  json.value(std::numeric_limits<double>::quiet_NaN());
  json.end_array();
  EXPECT_EQ(json.text(), "[0.217,12,-3,1e+300,null,null]");
}

TEST(JsonWriter, EscapesControlCharactersAndRepairsBytesThatAreNoText) {
  std::string out;
  append_json_string(out, std::string_view("q\"\\\n\t\x1b[0m\x7f\0z", 12));
  EXPECT_EQ(out, "\"q\\\"\\\\\\n\\t\\u001b[0m\\u007f\\u0000z\"");
  out.clear();
  append_json_string(out, "caf\xc3\xa9 \xff\xc3 end");
  EXPECT_EQ(out, "\"caf\xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd end\"");
}

}  // namespace
}  // namespace pgsieve
