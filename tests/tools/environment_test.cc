// Where a connection setting leads, and how it leads through the tap.
#include "tools/pgsieve/environment.h"

#include <gtest/gtest.h>

#include "tests/tools/run_program.h"

namespace pgsieve {
namespace {

std::string server(const std::string& connection) {
  const std::optional<SocketAddress> address = server_of(connection);
  return address ? address->text() : "none";
}

TEST(Environment, ServersOfConnections) {
  EXPECT_EQ(server("postgres://me:secret@db.example:6000/shop?pool=5"), "db.example:6000");
  EXPECT_EQ(server("postgresql://db/shop"), "db:5432");
  EXPECT_EQ(server("postgresql:///shop"), "127.0.0.1:5432");
  EXPECT_EQ(server("postgresql://me@[::1]:5433/shop"), "[::1]:5433");
  EXPECT_EQ(server("postgresql://me:p%40ss:w@a,b:1/shop"), "a:5432");
  EXPECT_EQ(server("postgresql+psycopg2://me@db/shop"), "db:5432");
  EXPECT_EQ(server("jdbc:postgresql://db:7/shop?ssl=true"), "db:7");
  EXPECT_EQ(server("postgresql://%2Fvar%2Frun/shop"), "/var/run/.s.PGSQL.5432");
  EXPECT_EQ(server("postgresql:///shop?host=/tmp&port=5555"), "/tmp/.s.PGSQL.5555");
  EXPECT_EQ(server("host=db port=99 dbname=shop"), "db:99");
  EXPECT_EQ(server("dbname=shop"), "127.0.0.1:5432");
  EXPECT_EQ(server("host=/tmp port=5555"), "/tmp/.s.PGSQL.5555");
  EXPECT_EQ(server("just words"), "none");
  EXPECT_EQ(server(""), "none");
}

TEST(Environment, ConnectionsThroughTheTap) {
  EXPECT_EQ(redirected("postgres://me:secret@db.example:6000/shop?pool=5", 7777),
            "postgres://me:secret@127.0.0.1:7777/shop?pool=5");
  EXPECT_EQ(redirected("postgresql:///shop?host=/tmp&port=5555", 7),
            "postgresql://127.0.0.1:7/shop?host=127.0.0.1&port=7");
  EXPECT_EQ(redirected("host=db dbname=shop", 7), "host=127.0.0.1 dbname=shop port=7");
  EXPECT_EQ(redirected("dbname=shop hostaddr=10.0.0.1", 7),
            "dbname=shop hostaddr=127.0.0.1 host=127.0.0.1 port=7");
  EXPECT_EQ(redirected("redis://cache:6379", 7), "redis://127.0.0.1:7");  // only named variables are touched
}

TEST(Environment, TheFirstVariableThatIsSetWins) {
  const std::vector<std::string> names = {"DATABASE_URL", "SHOP_DB"};
  EXPECT_EQ(server_of({{"SHOP_DB", "postgres://b/x"}, {"PGHOST", "c"}}, names).text(), "b:5432");
  EXPECT_EQ(server_of({{"PGHOST", "c"}, {"PGPORT", "12"}}, names).text(), "c:12");
  EXPECT_EQ(server_of({{"PGHOST", "/run/pg"}, {"PGPORT", "12"}}, names).text(), "/run/pg/.s.PGSQL.12");
}

TEST(Environment, Redirected) {
  Environment environment = {
      {"DATABASE_URL", "postgres://me@db/shop?sslmode=verify-full&channel_binding=require"},
      {"OTHER_URL", "postgres://me@db/shop"},
      {"PGHOSTADDR", "10.0.0.1"},
      {"PGSSLMODE", "require"}};
  redirect(environment, {"DATABASE_URL"}, 7, /*plain=*/true);
  EXPECT_EQ(environment["DATABASE_URL"],
            "postgres://me@127.0.0.1:7/shop?sslmode=disable&channel_binding=disable");
  EXPECT_EQ(environment["OTHER_URL"], "postgres://me@db/shop");
  EXPECT_EQ(environment["PGHOST"], "127.0.0.1");
  EXPECT_EQ(environment["PGPORT"], "7");
  EXPECT_EQ(environment["PGHOSTADDR"], "127.0.0.1");
  EXPECT_EQ(environment["PGSSLMODE"], "disable");

  Environment as_they_are = {{"DATABASE_URL", "postgres://me@db/shop?sslmode=require"},
                             {"PGSSLMODE", "require"}};
  redirect(as_they_are, {"DATABASE_URL"}, 7, /*plain=*/false);
  EXPECT_EQ(as_they_are["DATABASE_URL"], "postgres://me@127.0.0.1:7/shop?sslmode=require");
  EXPECT_EQ(as_they_are["PGSSLMODE"], "require");
}

TEST(Environment, HowTheProgramWouldEncrypt) {
  const std::vector<std::string> names = {"DATABASE_URL"};
  EXPECT_EQ(encryption_of({}, names).mode, "");
  EXPECT_EQ(encryption_of({{"PGSSLMODE", "require"}}, names).mode, "require");
  EXPECT_EQ(
      encryption_of({{"DATABASE_URL", "postgres://db/x?a=b&sslmode=verify-ca&sslrootcert=/ca"}}, names).mode,
      "verify-ca");
  EXPECT_EQ(encryption_of({{"DATABASE_URL", "postgres://db/x?sslrootcert=/ca"}}, names).authority, "/ca");
  EXPECT_EQ(encryption_of({{"DATABASE_URL", "postgres://db/x?ssl=true"}}, names).mode, "require");
  EXPECT_EQ(encryption_of({{"DATABASE_URL", "host=db sslmode=prefer"}}, names).mode, "prefer");
}

TEST(Environment, WhatOnlyADriverKnowsIsLeftOutForLibpq) {
  const std::vector<std::string> names = {"DATABASE_URL"};
  EXPECT_EQ(
      libpq_url({{"DATABASE_URL", "postgresql+asyncpg://me@db/shop?pool=5&sslmode=require&x=y"}}, names),
      "postgresql://me@db/shop?sslmode=require");
  EXPECT_EQ(libpq_url({{"DATABASE_URL", "postgres://me@db/shop"}}, names), "postgresql://me@db/shop");
  EXPECT_EQ(libpq_url({{"DATABASE_URL", "host=db dbname=x"}}, names), "host=db dbname=x");
  EXPECT_EQ(libpq_url({}, names), "");
}

constexpr const char* kServices = R"(# ours
[shop]
host=db.example
port=6000
sslmode=require
user=me
[archive]
  host=old.example
[local]
dbname=x
)";

TEST(Environment, ServicesLeadToServers) {
  const TemporaryDirectory folder;
  const std::string file = folder.write("services", kServices);
  const std::vector<std::string> names = {"DATABASE_URL"};
  const Environment by_name = {{"PGSERVICEFILE", file}, {"PGSERVICE", "shop"}, {"PGHOST", "elsewhere"}};
  EXPECT_EQ(server_of(by_name, names).text(), "db.example:6000");
  EXPECT_EQ(encryption_of(by_name, names).mode, "require");
  EXPECT_EQ(libpq_url(by_name, names), "service=shop");
  const Environment by_url = {{"PGSERVICEFILE", file},
                              {"DATABASE_URL", "postgresql:///shop?service=archive"}};
  EXPECT_EQ(server_of(by_url, names).text(), "old.example:5432");
  const Environment explicit_host = {
      {"PGSERVICEFILE", file}, {"PGSERVICE", "shop"}, {"DATABASE_URL", "postgres://mine/x"}};
  EXPECT_EQ(server_of(explicit_host, names).text(), "mine:6000");
  EXPECT_EQ(server_of({{"PGSERVICEFILE", file}, {"PGSERVICE", "local"}, {"PGHOST", "c"}}, names).text(),
            "c:5432");
  EXPECT_EQ(
      server_of({{"PGSERVICEFILE", "/no/such/file"}, {"PGSERVICE", "x"}, {"PGHOST", "c"}}, names).text(),
      "c:5432");
}

TEST(Environment, ServicesAreLedThroughTheTap) {
  const TemporaryDirectory folder;
  const Environment environment = {{"PGSERVICEFILE", folder.write("services", kServices)},
                                   {"PGSERVICE", "shop"}};
  EXPECT_EQ(redirected_services(environment, {}, 7, /*plain=*/true),
            "# ours\n[shop]\ngssencmode=disable\nhost=127.0.0.1\nport=7\nsslmode=disable\nuser=me\n"
            "[archive]\n  host=old.example\n[local]\ndbname=x\n");
  EXPECT_EQ(redirected_services({{"PGHOST", "db.example"}}, {}, 7, /*plain=*/true), "");
}

TEST(Environment, AnAddressCountsMoreThanAName) {
  const std::vector<std::string> names = {"DATABASE_URL"};
  EXPECT_EQ(server_of({{"PGHOST", "db.example"}, {"PGHOSTADDR", "10.0.0.1"}, {"PGPORT", "6"}}, names).text(),
            "10.0.0.1:6");
  EXPECT_EQ(server_of({{"DATABASE_URL", "host=db.example hostaddr=10.0.0.2"}}, names).text(),
            "10.0.0.2:5432");
  // What the connection leaves open, the environment says.
  EXPECT_EQ(
      server_of({{"DATABASE_URL", "postgresql:///shop"}, {"PGHOST", "c"}, {"PGPORT", "6"}}, names).text(),
      "c:6");
  EXPECT_EQ(server_of({{"DATABASE_URL", "jdbc:postgresql:///shop"}, {"PGHOST", "c"}}, names).text(),
            "localhost:5432");
}

}  // namespace
}  // namespace pgsieve
