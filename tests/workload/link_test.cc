#include "analyzer/workload/link.h"

#include <gtest/gtest.h>

namespace pgsieve {
namespace {

LinkStrength link(const std::string& parent, const std::string& child, const Schema* schema = nullptr) {
  return find_link(draw_link_profile(draw_shape(parent), schema),
                   draw_link_profile(draw_shape(child), schema), schema)
      .strength;
}

TEST(Link, NamesOfKeysAndTables) {
  EXPECT_EQ(link("SELECT id FROM users", "SELECT * FROM posts WHERE user_id = $1"), LinkStrength::kNames);
  EXPECT_EQ(link("SELECT * FROM categories", "SELECT * FROM items WHERE category_id = $1"),
            LinkStrength::kNames);
  EXPECT_EQ(link("SELECT * FROM app_users", "SELECT * FROM posts WHERE user_id = $1"), LinkStrength::kNames);
  EXPECT_EQ(link("SELECT * FROM orders", "SELECT * FROM order_items WHERE order_id = $1"),
            LinkStrength::kNames);
  EXPECT_EQ(link("SELECT * FROM users", "SELECT * FROM posts WHERE created_by_user_id = $1"),
            LinkStrength::kNames);
  EXPECT_EQ(link(R"(SELECT * FROM "OrderHeader")", R"(SELECT * FROM "OrderLine" WHERE "orderHeaderId" = $1)"),
            LinkStrength::kNames);
  EXPECT_EQ(link("SELECT * FROM people", "SELECT * FROM pets WHERE person_id = $1"), LinkStrength::kNames);
}

TEST(Link, BelongsTo) {
  EXPECT_EQ(link("SELECT id, user_id FROM posts", "SELECT * FROM users WHERE id = $1"), LinkStrength::kNames);
  EXPECT_GE(link("SELECT id, user_id FROM posts", "SELECT * FROM users WHERE users.id IN ($1)"),
            LinkStrength::kNames);
}

// Plurals of other languages: Kunden, ordini, fatture, faktury.
TEST(Link, WordsOfOneStem) {
  EXPECT_EQ(link("SELECT id FROM kunden", "SELECT * FROM rechnungen WHERE kunde_id = $1"),
            LinkStrength::kStem);
  EXPECT_EQ(link("SELECT id FROM ordini", "SELECT * FROM righe WHERE ordine_id = $1"), LinkStrength::kStem);
  EXPECT_EQ(link("SELECT id, fattura_id FROM righe", "SELECT * FROM fatture WHERE id = $1"),
            LinkStrength::kStem);
  EXPECT_EQ(link("SELECT * FROM t_faktury", "SELECT * FROM pozycje WHERE faktura_id = $1"),
            LinkStrength::kStem);
  EXPECT_EQ(link("SELECT * FROM autoren", "SELECT * FROM buecher WHERE autor_id = $1"), LinkStrength::kStem);
  // Not every column that begins like a table, and no word with another in front of it.
  EXPECT_LT(link("SELECT id FROM kunden", "SELECT * FROM rechnungen WHERE kunde = $1"), LinkStrength::kStem);
  EXPECT_LT(link("SELECT id FROM kunden", "SELECT * FROM rechnungen WHERE kundig_id = $1"),
            LinkStrength::kStem);
  EXPECT_LT(link("SELECT id FROM haupt_kunden", "SELECT * FROM rechnungen WHERE neben_kunde_id = $1"),
            LinkStrength::kStem);
}

TEST(Link, AgainByTheParentsOwnKey) {
  EXPECT_EQ(link("SELECT id FROM posts", "SELECT body FROM posts WHERE id = $1"), LinkStrength::kSameKey);
}

// A row for each status is no order.
TEST(Link, GroupsHaveTheKeyOfNoRow) {
  const std::string child = "SELECT * FROM items WHERE order_id = $1";
  const std::string again = "SELECT * FROM orders WHERE id = $1";
  const std::string counts = "SELECT status, count(*), sum(total) FROM orders GROUP BY status";
  EXPECT_EQ(link(counts, child), LinkStrength::kNone);
  EXPECT_EQ(link(counts, again), LinkStrength::kNone);
  // Of a group that is a row of another table, or with aggregates that hold keys.
  EXPECT_EQ(
      link("SELECT user_id, count(*) FROM orders GROUP BY user_id", "SELECT * FROM users WHERE id = $1"),
      LinkStrength::kNames);
  EXPECT_EQ(link("SELECT id, count(*) FROM orders GROUP BY id", child), LinkStrength::kNames);
  EXPECT_EQ(link("SELECT status, max(id) FROM orders GROUP BY status", child), LinkStrength::kNames);
  EXPECT_EQ(link("SELECT status, array_agg(id) FROM orders GROUP BY status", again), LinkStrength::kSameKey);
}

// … and a row for each status is what asks for the rows of that status, as it is of another column.
TEST(Link, AGroupMeetsItsRows) {
  const std::string rows = "SELECT * FROM orders WHERE status = $1";
  EXPECT_EQ(link("SELECT status, count(*) FROM orders GROUP BY status", rows), LinkStrength::kSameColumn);
  EXPECT_EQ(link("SELECT status, count(*) FROM invoices GROUP BY status", rows), LinkStrength::kNone);
  EXPECT_EQ(link("SELECT id, status FROM orders LIMIT 20", rows), LinkStrength::kNone);
}

// One row for all of them has the key of none, and a row asked for after it is of the list before.
TEST(Link, ACountHasTheKeyOfNoRow) {
  const std::string again = "SELECT name FROM products WHERE id = $1";
  EXPECT_EQ(link("SELECT count(*) FROM products WHERE shop_id = $1", again), LinkStrength::kNone);
  EXPECT_EQ(link("SELECT count(DISTINCT products.id) FROM products", again), LinkStrength::kNone);
  EXPECT_EQ(link("SELECT max(id) FROM products", again), LinkStrength::kSameKey);
}

// What it lists tells no row apart, so it can't have fed a query by id; expressions and stars may.
TEST(Link, AListWithoutAnyKeyFeedsNoQueryById) {
  const std::string metadata =
      " FROM zones, zone_settings WHERE zone_settings.zone_id = zones.id AND zones.name = $1";
  const std::string entries = "SELECT content FROM entries WHERE name = $1 AND zone_id = $2";
  EXPECT_LT(link("SELECT kind, content" + metadata, entries), LinkStrength::kSameColumn);
  EXPECT_EQ(link("SELECT zones.id, kind, content" + metadata, entries), LinkStrength::kNames);
  EXPECT_GE(link("SELECT zone_id, kind, content" + metadata, entries), LinkStrength::kSameColumn);
  EXPECT_EQ(link("SELECT kind, zones.id::text" + metadata, entries), LinkStrength::kNames);
  EXPECT_EQ(link("SELECT zones.*" + metadata, entries), LinkStrength::kNames);
  const std::string user = "SELECT * FROM users WHERE id = $1";
  EXPECT_LT(link("SELECT name, city FROM users", user), LinkStrength::kSameKey);
  EXPECT_EQ(link("SELECT title FROM books", "SELECT stars FROM reviews WHERE book = $1"),
            LinkStrength::kNames);  // not by id: by what, only the schema knows
}

// settings.key may be the key of any setting; settings.id is that of a row.
TEST(Link, AKeyOfWhateverIsNoRowsId) {
  EXPECT_EQ(link("SELECT * FROM settings WHERE key LIKE 'a%'", "SELECT * FROM settings WHERE key = $1"),
            LinkStrength::kSameColumn);
  EXPECT_EQ(link("SELECT * FROM settings", "SELECT * FROM settings WHERE id = $1"), LinkStrength::kSameKey);
}

TEST(Link, AgainByAKeyOfSeveralColumns) {
  const Result<Schema> schema = parse_schema(
      "CREATE TABLE shifts (doctor integer, day date, part smallint, room text, "
      "PRIMARY KEY (doctor, day, part));",
      "schema.sql");
  ASSERT_TRUE(schema.ok());
  const std::string child = "SELECT room FROM shifts WHERE doctor = $1 AND day = $2 AND part = $3";
  EXPECT_EQ(link("SELECT doctor, day, part FROM shifts WHERE room = 'r'", child, &*schema),
            LinkStrength::kSameKey);
  EXPECT_LT(link("SELECT doctor, day FROM shifts WHERE room = 'r'", child, &*schema), LinkStrength::kSameKey);
  EXPECT_LT(link("SELECT doctor, day, part FROM shifts WHERE room = 'r'",
                 "SELECT room FROM shifts WHERE doctor = $1 AND day = $2", &*schema),
            LinkStrength::kSameKey);
}

TEST(Link, ATree) {
  EXPECT_EQ(link("SELECT * FROM nodes WHERE depth = 1", "SELECT * FROM nodes WHERE parent_id = $1"),
            LinkStrength::kNames);
}

TEST(Link, SharedColumnsAndGenericOnes) {
  EXPECT_EQ(link("SELECT sku FROM stock", "SELECT * FROM prices WHERE sku = $1"), LinkStrength::kSameColumn);
  EXPECT_EQ(link("SELECT status FROM orders", "SELECT * FROM shipments WHERE status = $1"),
            LinkStrength::kNone);
}

TEST(Link, AStarMayHoldAnyKey) {
  EXPECT_EQ(link("SELECT * FROM posts", "SELECT * FROM countries WHERE id = $1"), LinkStrength::kReference);
  EXPECT_EQ(link("SELECT * FROM posts", "SELECT * FROM countries WHERE iso_code = $1"),
            LinkStrength::kPossible);
  EXPECT_EQ(link("SELECT id FROM posts", "SELECT * FROM countries WHERE iso_code = $1"), LinkStrength::kNone);
  for (const std::string key : {"state", "founded_year", "name"})
    EXPECT_EQ(link("SELECT * FROM posts", "SELECT * FROM countries WHERE " + key + " = $1"),
              LinkStrength::kNone)
        << key;
}

TEST(Link, AReferenceThatNamesNoTableMayMeanAnyRow) {
  const std::string by_id = "SELECT * FROM staff WHERE id = $1";
  for (const std::string reference : {"assignee_id", "created_by", "ownerId", "parent_uuid", "order_ref"})
    EXPECT_EQ(link("SELECT id, \"" + reference + "\" FROM jobs", by_id), LinkStrength::kReference)
        << reference;
  for (const std::string other : {"title", "status", "id", "created_at", "author", "by"})
    EXPECT_EQ(link("SELECT id, \"" + other + "\" FROM jobs", by_id), LinkStrength::kPossible) << other;
  EXPECT_EQ(link("SELECT id FROM jobs WHERE assignee_id = $1", by_id), LinkStrength::kPossible);
  EXPECT_EQ(link("SELECT assignee_id FROM jobs WHERE assignee_id = $1", by_id), LinkStrength::kPossible);
}

TEST(Link, AnInitialAndIdIsTheTablesOwnKey) {
  EXPECT_EQ(link("SELECT uid, nick FROM forum_users", "SELECT nick FROM forum_users WHERE uid = $1"),
            LinkStrength::kSameKey);
  EXPECT_EQ(link("SELECT id, owner_uuid FROM jobs", "SELECT tag FROM machines WHERE mid = $1"),
            LinkStrength::kReference);
  EXPECT_EQ(link("SELECT id, owner_uuid FROM jobs", "SELECT tag FROM machines WHERE aid = $1"),
            LinkStrength::kReference);
  EXPECT_EQ(link("SELECT title, owner_uuid FROM jobs", "SELECT tag FROM machines WHERE aid = $1"),
            LinkStrength::kNone);
  EXPECT_EQ(link("SELECT id, owner_uuid FROM jobs", "SELECT tag FROM machines WHERE valid = $1"),
            LinkStrength::kNone);
}

TEST(Link, ARowsOwnKeyMayBeWhatAReferenceSays) {
  const std::string by_reference = "SELECT label FROM tasks WHERE performed_by = $1";
  EXPECT_EQ(link("SELECT id, full_name FROM staff", by_reference), LinkStrength::kReference);
  EXPECT_EQ(link("SELECT staff_id FROM staff", by_reference), LinkStrength::kReference);
  EXPECT_EQ(link("SELECT full_name FROM staff", by_reference), LinkStrength::kNone);
  EXPECT_EQ(link("SELECT count(*) FROM staff GROUP BY team", by_reference), LinkStrength::kNone);
  EXPECT_EQ(link("SELECT id FROM staff", "SELECT label FROM tasks WHERE minutes = $1"), LinkStrength::kNone);
}

TEST(Link, AFunctionIsCalledForARow) {
  EXPECT_EQ(link("SELECT id FROM staff", "SELECT load_of($1)"), LinkStrength::kReference);
  EXPECT_EQ(link("SELECT id FROM staff", "SELECT * FROM load_of($1)"), LinkStrength::kReference);
  EXPECT_EQ(link("SELECT full_name FROM staff", "SELECT load_of($1)"), LinkStrength::kNone);
}

TEST(Link, AColumnMayNameTableAndNaturalKey) {
  EXPECT_EQ(link("SELECT part_sku, qty FROM usages", "SELECT title FROM parts WHERE sku = $1"),
            LinkStrength::kNames);
  EXPECT_NE(link("SELECT car_sku, qty FROM usages", "SELECT title FROM parts WHERE sku = $1"),
            LinkStrength::kNames);
}

// The other way round: the list has ships.imo, and what belongs to each calls it ship_imo.
TEST(Link, AReferenceMayNameTableAndColumn) {
  const std::string fees = "SELECT amount FROM fees WHERE ship_imo = $1";
  EXPECT_EQ(link("SELECT imo, title FROM ships WHERE flag = $1", fees), LinkStrength::kNames);
  EXPECT_NE(link("SELECT imo, title FROM boats WHERE flag = $1", fees), LinkStrength::kNames);
  EXPECT_NE(link("SELECT title, flag FROM ships", fees), LinkStrength::kNames);
  EXPECT_NE(link("SELECT status, flag FROM ships", "SELECT amount FROM fees WHERE ship_status = $1"),
            LinkStrength::kNames);
}

TEST(Link, APinnedColumnIsTheSameInAllRows) {
  EXPECT_NE(link("SELECT id, user_id FROM posts WHERE user_id = $1", "SELECT * FROM users WHERE id = $1"),
            LinkStrength::kNames);
}

TEST(Link, ARowAskedForByItsOwnKeyBringsNothingNewOfIt) {
  EXPECT_NE(
      link("SELECT user_id, name FROM users WHERE user_id = $1", "SELECT * FROM posts WHERE user_id = $1"),
      LinkStrength::kNames);
}

TEST(Link, PolymorphicPairs) {
  EXPECT_GE(link("SELECT * FROM photos",
                 "SELECT * FROM comments WHERE commentable_type = 'Photo' AND commentable_id = $1"),
            LinkStrength::kPolymorphic);
}

// A list of names has no key that the pair could mean.
TEST(Link, APolymorphicPairMeansAKey) {
  EXPECT_LT(link("SELECT name FROM modules WHERE project_id = $1",
                 "SELECT * FROM comments WHERE commentable_type = 'Photo' AND commentable_id = $1"),
            LinkStrength::kPolymorphic);
}

// One row names rows of any table.
TEST(Link, PolymorphicPairsOfTheList) {
  EXPECT_EQ(link("SELECT id, notable_type, notable_id FROM notes", "SELECT url FROM photos WHERE id = $1"),
            LinkStrength::kPolymorphic);
  EXPECT_EQ(link("SELECT content_type_id, object_id FROM tagged", "SELECT url FROM photos WHERE id = $1"),
            LinkStrength::kPolymorphic);
  EXPECT_EQ(link("SELECT id, note_type, photo_no FROM notes", "SELECT url FROM pictures WHERE id = $1"),
            LinkStrength::kPossible);
}

// The technical part of a table's name is no word of its rows.
TEST(Link, PrefixesAndSuffixesOfTables) {
  const auto one_row = [](const std::string& text) {
    return !draw_link_profile(draw_shape(text), nullptr).many_rows;
  };
  for (const std::string table : {"tbl_customers", "t_customer", "dim_customer", "customer_mst",
                                  "app_customer", "\"tblCustomer\"", "customer_info"}) {
    EXPECT_TRUE(one_row("SELECT * FROM " + table + " WHERE customer_id = $1")) << table;
    EXPECT_EQ(
        link("SELECT id, customer_id FROM orders", "SELECT * FROM " + table + " WHERE customer_id = $1"),
        LinkStrength::kNames)
        << table;
    EXPECT_EQ(link("SELECT * FROM " + table, "SELECT * FROM orders WHERE customer_id = $1"),
              LinkStrength::kNames)
        << table;
  }
  for (const std::string key :
       {"order_item WHERE order_id", "t_order_item WHERE order_id", "sys_user_role WHERE user_id",
        "tbl_customer_address WHERE customer_id", "patient_allergies WHERE allergy_id"})
    EXPECT_FALSE(one_row("SELECT * FROM " + key + " = $1")) << key;
  EXPECT_TRUE(one_row("SELECT * FROM wp_posts WHERE \"ID\" = $1"));
}

TEST(Link, ForeignKeysOfTheSchema) {
  Result<Schema> schema = parse_schema(
      "CREATE TABLE kunde (nummer int PRIMARY KEY, name text);"
      "CREATE TABLE auftrag (lfd int PRIMARY KEY, besteller int REFERENCES kunde (nummer));",
      "schema.sql");
  ASSERT_TRUE(schema.ok());
  const std::string all = "SELECT * FROM kunde", of_one = "SELECT * FROM auftrag WHERE besteller = $1";
  EXPECT_EQ(link(all, of_one), LinkStrength::kPossible);
  EXPECT_EQ(link(all, of_one, &*schema), LinkStrength::kForeignKey);
  EXPECT_EQ(link("SELECT lfd, besteller FROM auftrag", "SELECT * FROM kunde WHERE nummer = $1", &*schema),
            LinkStrength::kForeignKey);
}

// A foreign key counts whatever the table is called.
TEST(Link, AForeignKeyToATableWithATechnicalName) {
  Result<Schema> schema = parse_schema(
      "CREATE TABLE kunde_tbl (nummer int PRIMARY KEY, name text);"
      "CREATE TABLE auftrag (lfd int PRIMARY KEY, besteller int REFERENCES kunde_tbl (nummer));",
      "schema.sql");
  ASSERT_TRUE(schema.ok());
  EXPECT_EQ(link("SELECT nummer FROM kunde_tbl", "SELECT * FROM auftrag WHERE besteller = $1", &*schema),
            LinkStrength::kForeignKey);
  EXPECT_EQ(link("SELECT lfd, besteller FROM auftrag", "SELECT * FROM kunde_tbl WHERE nummer = $1", &*schema),
            LinkStrength::kForeignKey);
}

// The words of a profile only spare the search: they must never hide what it would find.
TEST(Link, TheMaskHidesNothing) {
  Result<Schema> schema = parse_schema(
      "CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE, boss int REFERENCES users);"
      "CREATE TABLE posts (id int PRIMARY KEY, author int REFERENCES users, status text);"
      "CREATE TABLE likes_tbl (post_id int REFERENCES posts, liker int REFERENCES users);",
      "schema.sql");
  ASSERT_TRUE(schema.ok());
  std::vector<LinkProfile> profiles;
  const std::vector<std::string> columns = {"id",        "user_id",    "author", "status", "post_id",
                                            "parent_id", "email",      "isbn",   "liker",  "boss",
                                            "name",      "notable_id", "code"};
  for (const Schema* known : {static_cast<const Schema*>(nullptr), static_cast<const Schema*>(&*schema)}) {
    profiles.clear();
    for (const std::string table : {"users", "posts", "likes_tbl", "t_user", "status", "notes"}) {
      for (const std::string& column : columns) {
        for (const std::string& listed :
             {std::string("*"), std::string("id"), "id, " + columns[profiles.size() % columns.size()]})
          profiles.push_back(draw_link_profile(
              draw_shape("SELECT " + listed + " FROM " + table + " WHERE " + column + " = $1"), known));
        profiles.push_back(draw_link_profile(
            draw_shape("SELECT * FROM " + table + " WHERE notable_type = 'x' AND " + column + " = $1"),
            known));
      }
      profiles.push_back(draw_link_profile(draw_shape("SELECT * FROM " + table), known));
    }
    size_t links = 0;
    for (const LinkProfile& parent : profiles) {
      LinkProfile open = parent;
      open.offers.fill(UINT64_MAX);
      for (const LinkProfile& child : profiles) {
        LinkProfile eager = child;
        eager.wants.fill(UINT64_MAX);
        const LinkStrength truth = find_link(open, eager, known).strength;
        EXPECT_EQ(find_link(parent, child, known).strength, truth);
        if (truth >= LinkStrength::kSameColumn) ++links;
      }
    }
    EXPECT_GT(links, 1000U);
  }
}

}  // namespace
}  // namespace pgsieve
