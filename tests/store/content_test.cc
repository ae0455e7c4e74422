#include "analyzer/store/content.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

namespace pgsieve {
namespace {

class ContentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    directory_ = std::filesystem::temp_directory_path() /
                 ("pgsieve-content-" + std::string(test->name()) + std::to_string(::getpid()));
    std::filesystem::create_directories(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, const std::string& content) {
    const std::string path = (directory_ / name).string();
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  std::string write_gzip(const std::string& name, const std::string& content) {
    const std::string path = (directory_ / name).string();
    const gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
    gzclose(file);
    return path;
  }
  static std::string lines(size_t bytes) {
    std::string text;
    for (size_t number = 0; text.size() < bytes; ++number) text += "line " + std::to_string(number) + "\n";
    text.resize(bytes);
    return text;
  }

 private:
  std::filesystem::path directory_;
};

// Below, at and above every edge of the sampling.
TEST_F(ContentTest, CompressionDoesNotChangeTheIdentity) {
  for (const size_t bytes : {0UL, 1UL, 65535UL, 65536UL, 65537UL, 131072UL, 200000UL, 262144UL, 1000003UL}) {
    const std::string text = lines(bytes);
    const auto plain = content_of(write("plain", text));
    const auto packed = content_of(write_gzip("packed", text));
    ASSERT_TRUE(plain && packed) << bytes;
    EXPECT_EQ(plain->bytes, bytes);
    EXPECT_TRUE(bytes == 0 || *plain == *packed) << bytes;
  }
}

TEST_F(ContentTest, AGrownFileIsKnownByItsBeginning) {
  for (const size_t bytes : {10UL, 65536UL, 65540UL, 300001UL}) {
    const std::string text = lines(bytes);
    const std::string path = write("log", text);
    const auto before = content_of(path);
    ASSERT_TRUE(before);
    EXPECT_FALSE(has_grown_from(path, *before));
    write("log", text + "more\n");
    EXPECT_TRUE(has_grown_from(path, *before)) << bytes;
    write("log", "X" + text + "more\n");
    EXPECT_FALSE(has_grown_from(path, *before)) << bytes;
    write("log", text.substr(0, bytes / 2));
    EXPECT_FALSE(has_grown_from(path, *before)) << bytes;
  }
}

TEST_F(ContentTest, AnotherHeadOrTailIsAnotherContent) {
  std::string text = lines(400000);
  const auto before = content_of(write("log", text));
  text.back() = '#';
  const auto tail = content_of(write("log", text));
  text = "#" + lines(400000).substr(1);
  const auto head = content_of(write("log", text));
  ASSERT_TRUE(before && tail && head);
  EXPECT_NE(before->identity, tail->identity);
  EXPECT_NE(before->identity, head->identity);
}

TEST_F(ContentTest, AMissingFileIsAnError) {
  EXPECT_FALSE(content_of("/nonexistent/file"));
}

}  // namespace
}  // namespace pgsieve
