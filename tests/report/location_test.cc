// The ladder of places, on a checkout made for the test.
#include "analyzer/report/location.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "analyzer/sql/fingerprint.h"
#include "tests/report/sample_report.h"

namespace pgsieve {
namespace {

namespace fs = std::filesystem;
using Kind = SourceLocation::Kind;

class Location : public ::testing::Test {
 protected:
  Location() {
    std::string pattern = (fs::temp_directory_path() / "pgsieve-places-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    root_ = pattern;
    finding_.rule = "n-plus-one";
    finding_.table = "orders";
    finding_.pattern.fingerprint = fingerprint_statement("SELECT * FROM orders WHERE user_id = $1").hash;
  }
  ~Location() override {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }
  void file(const std::string& path, const std::string& content) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << content;
  }
  std::string place() {
    index_ = SourceIndex::search(root_.string(), std::span(&finding_, 1), limits_);
    sample_.report.sources = &index_;
    return place_text(locate(finding_, sample_.report));
  }
  Kind kind() { return locate(finding_, sample_.report).kind; }

  fs::path root_;
  Finding finding_;
  SourceIndex::Limits limits_;
  SourceIndex index_;
  SampleReport sample_;
};

TEST_F(Location, TheCodeTagComesFirst) {
  file("app/orders.rb", "x\n");
  finding_.tags = {{"file", "/build/job/app/orders.rb"}, {"line", "7"}, {"test", "spec/a_spec.rb"}};
  EXPECT_EQ(place(), "app/orders.rb:7");  // made relative to the checkout
  finding_.tags = {{"source_location", "./app/orders.rb:12:in `index'"}};
  EXPECT_EQ(place(), "app/orders.rb:12");
  finding_.tags = {{"file", "/elsewhere/lib.rb:3"}};
  EXPECT_EQ(place(), "elsewhere/lib.rb:3");
}

TEST_F(Location, ThenTheTest) {
  file("tests/test_orders.py", "import x\n\nclass TestOrders:\n    def test_index(self):\n        pass\n");
  file("test/orders_test.rb", "class OrdersTest\n  def test_list\n");
  file("src/orders.test.ts", "describe('orders', () => {\n  it('are listed once', () => {})\n})\n");
  const std::pair<const char*, const char*> cases[] = {
      {"tests/test_orders.py::TestOrders::test_index[7]", "tests/test_orders.py:4"},
      {"./spec/orders_spec.rb:12", "spec/orders_spec.rb:12"},
      {"./spec/orders_spec.rb[1:2]", "spec/orders_spec.rb:1"},
      {"orders_test.py::test_list", "orders_test.py:1"},
      {"OrdersTest#test_list", "test/orders_test.rb:2"},
      {"Tests\\Feature\\OrdersTest::test_list", "test/orders_test.rb:2"},
      {"shop.OrdersTest.test_list()", "test/orders_test.rb:2"},
      {"src/orders.test.ts::orders are listed once", "src/orders.test.ts:2"},
      {"src/orders.test.ts > orders > are listed once", "src/orders.test.ts:2"},
  };
  for (const auto& [test, expected] : cases) {
    finding_.tags = {{"test", test}};
    EXPECT_EQ(place(), expected) << test;
    EXPECT_EQ(kind(), Kind::kTest);
  }
}

TEST_F(Location, ThenTheStatementInTheCheckout) {
  file("app/report.py", "def of(user):\n    return run('select *  from orders\\n where user_id=%s', user)\n");
  file("app/other.py", "run('select * from orders where id=%s')\n");
  file("tests/aaa_test.py", "run('select * from orders where user_id = 1')\n");
  file("node_modules/x/index.js", "q('SELECT * FROM orders WHERE user_id = $1')\n");
  EXPECT_EQ(place(), "app/report.py:2");
  EXPECT_EQ(kind(), Kind::kStatement);
}

TEST_F(Location, OrItsParent) {
  file("app/report.go", "\n\nq := `SELECT id FROM users WHERE age > $1`\n");
  finding_.parent.fingerprint = fingerprint_statement("SELECT id FROM users WHERE age > 3").hash;
  finding_.parent_query = "SELECT id FROM users WHERE age > $1";
  EXPECT_EQ(place(), "app/report.go:3");
  EXPECT_EQ(kind(), Kind::kParent);
}

TEST_F(Location, ThenTheTable) {
  file("db/structure.sql", "CREATE TABLE public.orders (id int);\n");
  file("db/migrate/001_orders.rb", "class A\n  create_table :orders do |t|\n");
  EXPECT_EQ(place(), "db/migrate/001_orders.rb:2");
  EXPECT_EQ(kind(), Kind::kTable);
}

TEST_F(Location, OrInTheSchemaThatWasGiven) {
  file("schema.sql", "CREATE TABLE users (id int);\nCREATE TABLE orders (id int);\n");
  index_.add_schema((root_ / "schema.sql").string(), std::span(&finding_, 1));  // no checkout was searched
  sample_.report.sources = &index_;
  const SourceLocation location = locate(finding_, sample_.report);
  EXPECT_TRUE(location.path.ends_with("schema.sql") && !location.path.starts_with('/')) << location.path;
  EXPECT_EQ(location.line, 2U);
  EXPECT_EQ(location.kind, Kind::kTable);
}

TEST_F(Location, ElseTheConfiguration) {
  file("app/other.py", "run('select * from invoices')\n");
  EXPECT_EQ(place(), "pgsieve.toml:1");
  EXPECT_EQ(kind(), Kind::kFiled);
  sample_.report.config_file = "./conf/pgsieve.toml";
  EXPECT_EQ(place(), "conf/pgsieve.toml:1");
}

TEST_F(Location, NeverLeadsOutOfTheCheckout) {
  for (const char* path : {"../../etc/passwd", "/etc/passwd", "C:\\windows\\win.ini", "..\\x"}) {
    finding_.tags = {{"file", path}};
    const std::string found = place();
    EXPECT_FALSE(found.starts_with('/') || found.starts_with("..") || found.starts_with("C:")) << found;
  }
}

TEST_F(Location, TheSearchIsBoundedAndSaysSo) {
  for (int number = 0; number < 5; ++number) file("app/" + std::to_string(number) + ".py", "x = 1\n");
  limits_.files = 3;
  place();
  EXPECT_THAT(index_.note(), ::testing::HasSubstr("stopped at its bound: 4 files"));
  limits_.files = 5;
  place();
  EXPECT_EQ(index_.note(), "");
}

TEST_F(Location, FilesThatAreNoTextAreNoObstacle) {
  std::string bytes;
  for (int number = 0; number < 5000; ++number) bytes += static_cast<char>(number * 7919 >> 3);
  file("app/a.py", bytes + "'SELECT " + bytes);
  file("app/b.sql", "SELECT * FROM orders WHERE user_id = 7;");
  EXPECT_EQ(place(), "app/b.sql:1");
}

}  // namespace
}  // namespace pgsieve
