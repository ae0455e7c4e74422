// Binary values as text; what the server's own text of thousands of them is, tests/integration asks it.
#include "analyzer/wire/value_text.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/wire/wire_testing.h"

namespace pgsieve {
namespace {

using testing::Message;

std::string binary(uint32_t type, const std::string& bytes, ValueText expected = ValueText::kExact) {
  std::string out;
  EXPECT_EQ(append_binary_value(type, bytes, out) == expected, true) << "type " << type;
  return out;
}

std::string text(uint32_t type, std::string_view value) {
  std::string out;
  append_text_value(type, value, out);
  return out;
}

TEST(ValueText, Binary) {
  EXPECT_EQ(binary(type_oid::kInt2, Message().u16(0x8000).body()), "-32768");
  EXPECT_EQ(binary(type_oid::kInt4, Message().u32(0xffffffff).body()), "-1");
  EXPECT_EQ(binary(type_oid::kInt8, Message().u64(1).body()), "1");
  EXPECT_EQ(binary(type_oid::kOid, Message().u32(0xffffffff).body()), "4294967295");
  EXPECT_EQ(binary(type_oid::kBool, Message().u8(1).body()), "t");
  EXPECT_EQ(binary(type_oid::kText, "it's"), "it's");
  EXPECT_EQ(binary(type_oid::kBytea, std::string("\0\xff", 2)), "\\x00ff");
  EXPECT_EQ(binary(type_oid::kUuid, std::string(16, '\x11')), "11111111-1111-1111-1111-111111111111");
  EXPECT_EQ(binary(type_oid::kTimestamp, Message().u64(0).body()), "2000-01-01 00:00:00");
  EXPECT_EQ(binary(type_oid::kDate, Message().u32(366).body()), "2001-01-01");
  EXPECT_EQ(binary(type_oid::kJsonb, "\x01{}"), "{}");
  // numeric: digits, weight, sign, scale, base-10000 digits
  EXPECT_EQ(binary(type_oid::kNumeric, Message().u16(2).u16(0).u16(0x4000).u16(2).u16(1).u16(2500).body()),
            "-1.25");
}

TEST(ValueText, ASizeThatIsWrongIsAnUnknownType) {
  for (const uint32_t type : {type_oid::kInt2, type_oid::kInt4, type_oid::kInt8, type_oid::kBool,
                              type_oid::kUuid, type_oid::kTimestamp, type_oid::kDate, type_oid::kNumeric,
                              type_oid::kInterval, type_oid::kFloat8, type_oid::kJsonb}) {
    EXPECT_EQ(binary(type, "xyz", ValueText::kGuessed), "xyz") << type;
  }
}

TEST(ValueText, TextAndBinaryMeet) {
  EXPECT_EQ(text(type_oid::kUuid, "ABCDEF00-1111-1111-1111-111111111111"),
            "abcdef00-1111-1111-1111-111111111111");
  EXPECT_EQ(text(type_oid::kBool, "true"), "t");
  EXPECT_EQ(text(type_oid::kBool, "off"), "f");
  EXPECT_EQ(text(1007, "{1, 2,3}"), "{1,2,3}");
  EXPECT_EQ(text(type_oid::kText, "true"), "true");
}

TEST(ValueText, RandomBytesAreNeverReadPast) {
  std::mt19937 random(11);
  std::string out;
  for (int i = 0; i < 200'000; ++i) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 4 == 0 ? random() : random() % 3);
    static constexpr uint32_t kTypes[] = {16,   17,   18,   19,   20,   21,   23,   25,   26,   114,
                                          142,  650,  700,  701,  705,  869,  1000, 1005, 1007, 1009,
                                          1014, 1015, 1016, 1021, 1022, 1042, 1082, 1083, 1114, 1115,
                                          1184, 1186, 1231, 1700, 2950, 2951, 3802};
    out.clear();
    const std::string exact = bytes;  // so that a sanitizer sees the end
    append_binary_value(kTypes[random() % std::size(kTypes)], exact, out);
    append_text_value(kTypes[random() % std::size(kTypes)], exact, out);
    ASSERT_LT(out.size(), 200'000U);
  }
}

}  // namespace
}  // namespace pgsieve
