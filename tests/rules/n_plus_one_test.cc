// Loops by sequences of statements.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

TEST(NPlusOne, ListedRowsReadAgainByKey) {
  SequenceBench bench;
  bench.run(kList);
  for (int id = 1; id <= 7; ++id) bench.run(visit(id), 800);
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].count, 7U);
}

// As many as were listed: a loop, however slow.
TEST(NPlusOne, ASlowLoopOverAWholePage) {
  SequenceBench bench;
  bench.run(kList);
  for (int id = 1; id <= 20; ++id) bench.run(visit(id), 60 * kMillisecond);
  EXPECT_EQ(bench.findings("n-plus-one").size(), 1U);
}

// Fewer turns than a page has rows may be what somebody opened; a limit that bounds nothing is no page.
TEST(NPlusOne, AnEndlessLimitIsNoPage) {
  for (const std::string limit : {"", " LIMIT 9007199254740991"}) {
    SequenceBench bench;
    bench.run("SELECT id, title FROM visits WHERE ward = 'x'" + limit);
    for (int id = 1; id <= 14; ++id)
      bench.run("SELECT body FROM notes WHERE visit_id = " + std::to_string(id),
                kThinkTimes[static_cast<size_t>(id - 1)] * kMillisecond / 2);
    EXPECT_EQ(bench.findings("n-plus-one").size(), 1U) << limit;
  }
}

// A relation's loader may find the row by the child's key: it reads another table than the one written.
TEST(NPlusOne, AReadThatOnlyJoinsTheWrittenTableIsItsOwnLoop) {
  SequenceBench bench(
      "CREATE TABLE doctors (id bigint PRIMARY KEY, name text);"
      "CREATE TABLE visits (id bigint PRIMARY KEY, doctor_id bigint REFERENCES doctors, notes text);");
  bench.run("SELECT id, notes FROM visits ORDER BY id LIMIT 6");
  for (int id = 1; id <= 6; ++id) {
    const std::string key = std::to_string(id);
    bench.run("SELECT d.id, d.name FROM doctors d JOIN visits v ON v.doctor_id = d.id WHERE v.id = " + key,
              500);
    bench.run("UPDATE visits SET notes = 'n" + key + "' WHERE id = " + key, 500);
  }
  const std::vector<Finding> reads = bench.findings("n-plus-one");
  ASSERT_EQ(reads.size(), 1U);
  EXPECT_EQ(reads[0].count, 6U);
}

TEST(NPlusOne, ACheckOfTheRowThatIsWrittenNextBelongsToTheWrite) {
  SequenceBench bench;
  for (int id = 1; id <= 6; ++id) {
    const std::string key = std::to_string(id);
    bench.run("SELECT id, notes FROM visits WHERE id = " + key, 500);
    bench.run("UPDATE visits SET notes = 'n" + key + "' WHERE id = " + key, 500);
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

// Nothing before the loop could have supplied the values.
TEST(NPlusOne, ASlowLoopInOneTransactionOrTrace) {
  SequenceBench transaction;
  transaction.run("BEGIN");
  for (int i = 0; i < 14; ++i)
    transaction.run(visit(100 + i * 37), kThinkTimes[static_cast<size_t>(i)] * kMillisecond);
  transaction.run("COMMIT");
  SequenceBench trace;
  for (int i = 0; i < 14; ++i)
    trace.run(visit(100 + i * 37), kThinkTimes[static_cast<size_t>(i)] * kMillisecond,
              "/*traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b71692033" + std::to_string(10 + i) +
                  "-01'*/");
  for (SequenceBench* bench : {&transaction, &trace}) {
    const std::vector<Finding> findings = bench->findings("n-plus-one");
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].confidence, Confidence::kMedium);
    EXPECT_TRUE(findings[0].parent == kNoPattern);
  }
}

// A distant server, or as much work for each row.
TEST(NPlusOne, ALoopAtASteadyPace) {
  for (const Microseconds pace : {6, 20, 60}) {
    SequenceBench bench;
    for (int i = 0; i < 14; ++i) bench.run(visit(100 + i * 37), pace * kMillisecond + (i % 5) * 150);
    const std::vector<Finding> findings = bench.findings("n-plus-one");
    ASSERT_EQ(findings.size(), 1U) << pace;
    EXPECT_EQ(findings[0].confidence, Confidence::kLow);
    EXPECT_GE(findings[0].why_not_higher.size(), 2U);
  }
}

// A busy machine holds up a turn here and there.
TEST(NPlusOne, ALoopOnABusyMachine) {
  SequenceBench bench;
  for (int i = 0; i < 12; ++i) bench.run(visit(100 + i * 37), i % 3 == 0 ? 300 : (7 + i % 2) * kMillisecond);
  EXPECT_EQ(bench.findings("n-plus-one").size(), 1U);
}

TEST(NPlusOne, RowsOfAnyTableThatAListNames) {
  SequenceBench bench;
  bench.run("SELECT id, notable_type, notable_id FROM notes ORDER BY id LIMIT 10");
  for (int i = 0; i < 10; ++i) {
    const std::string table = i % 2 == 0 ? "photos" : "articles";
    bench.run("SELECT id, title FROM " + table + " WHERE id = " + std::to_string(70 + i * 3));
  }
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  ASSERT_EQ(findings.size(), 2U);
  for (const Finding& finding : findings) EXPECT_NE(finding.parent_query.find("notes"), std::string::npos);
}

// The same at a program's pace: the list's records, read again.
TEST(NPlusOne, RecordsOfAListReadAgainAreALoop) {
  SequenceBench bench;
  bench.run("SELECT id, title FROM albums ORDER BY title LIMIT 20");
  for (int i = 0; i < 9; ++i) {
    const std::string key = std::to_string(7 + i * i * 3);
    bench.run("SELECT title FROM albums WHERE id = " + key, 400);
    bench.run("SELECT id, title FROM songs WHERE album_id = " + key, 300);
  }
  EXPECT_EQ(bench.findings("n-plus-one").size(), 2U);
}

// An identity map: what an earlier row brought is not asked for again, so that the turns come in no order and
// are fewer than the rows. From the list to the last turn it is one burst, and people leave time between
// those.
void lists_with_an_identity_map(SequenceBench& bench, Microseconds before_list, Microseconds within) {
  int key = 17;
  const auto next = [&key] { return std::to_string(key = key * 31 % 9973); };
  for (int page = 0; page < 6; ++page) {
    bench.run("SELECT id, patient_id, doctor_id FROM visits ORDER BY begins LIMIT 10",
              before_list + page * before_list / 8);
    for (int i = 0; i < 4; ++i) {
      bench.run("SELECT name, insurer_id FROM patients WHERE id = " + next(), within);
      if ((i + page) % 2 == 0) bench.run("SELECT name FROM doctors WHERE id = " + next(), within);
      if ((i + page) % 3 == 0) bench.run("SELECT name FROM doctors WHERE id = " + next(), within);
    }
  }
}

TEST(NPlusOne, FewTurnsAfterEachListInOneBurstAreALoop) {
  SequenceBench bursts;
  lists_with_an_identity_map(bursts, 40 * kMillisecond, 400);
  EXPECT_EQ(bursts.findings("n-plus-one").size(), 2U);
  // Where nothing sets the list and its turns apart from what ran before, they are requests.
  SequenceBench dense;
  lists_with_an_identity_map(dense, 400, 400);
  EXPECT_TRUE(dense.findings("n-plus-one").empty());
}

// Rows asked for by their keys, whichever way that is written; then each is worked on in a transaction, in
// which what belongs to it is read: before and after it gets a copy, and the copy's too.
TEST(NPlusOne, AsManyTurnsAsKeysAreALoop) {
  const std::string columns = "SELECT id, state FROM jobs WHERE ";
  for (const std::string list :
       {"id IN (3, 5, 8, 13, 21, 34)", "id = 3 OR id = 5 OR id = 8 OR id = 13 OR id = 21 OR id = 34",
        "id = ANY('{3,5,8,13,21,34}')"}) {
    SequenceBench bench;
    bench.run(columns + list, 2 * kMillisecond);
    int copy = 71;
    for (const int job : {3, 5, 8, 13, 21, 34}) {
      const auto read_settings = [&bench](int of) {
        bench.run(fmt::format("SELECT name, value FROM job_settings WHERE job_id = {}", of),
                  2 * kMillisecond);
      };
      read_settings(job);
      bench.run("BEGIN", 3 * kMillisecond);
      read_settings(job);
      bench.run(fmt::format("INSERT INTO jobs (state) VALUES ('new') RETURNING id"), 3 * kMillisecond);
      for (int i = 0; i < 3 + job % 3; ++i)
        bench.run(fmt::format("INSERT INTO job_settings (job_id, name) VALUES ({}, 's{}')", copy, i),
                  2 * kMillisecond);
      read_settings(copy++);
      bench.run("COMMIT", 2 * kMillisecond);
    }
    const std::vector<Finding> findings = bench.findings("n-plus-one");
    ASSERT_EQ(findings.size(), 1U) << list;
    EXPECT_EQ(findings[0].confidence, Confidence::kHigh) << list;
    EXPECT_TRUE(findings[0].parent_query.str().starts_with(columns)) << findings[0].parent_query.str();
  }
}

// The rows of the list were seen, and hold none of the values.
TEST(NPlusOne, RowsThatHoldNoneOfTheValuesAreNoParent) {
  const auto findings = [](int first_asked, bool list_before) {
    SequenceBench bench;
    std::vector<SequenceBench::Row> rows;
    std::vector<SequenceBench::Row> others;
    for (int i = 0; i < 6; ++i) {
      rows.push_back({{std::to_string(52'000 + i * 17)}});
      others.push_back({{std::to_string(93'000 + i * 17)}});
    }
    // What an earlier list brought is of another request.
    if (list_before) bench.run_with_rows("SELECT id FROM albums ORDER BY title", {"albums.id"}, others);
    bench.run_with_rows("SELECT id FROM albums ORDER BY title", {"albums.id"}, rows);
    for (int i = 0; i < 6; ++i)
      bench.run_with_rows("SELECT title FROM songs WHERE album_id = " + std::to_string(first_asked + i * 17),
                          {"songs.title"}, {{{"la"}}, {{"le"}}}, 400);
    return bench.findings("n-plus-one");
  };
  const std::vector<Finding> true_loop = findings(52'000, false);
  ASSERT_EQ(true_loop.size(), 1U);
  EXPECT_EQ(true_loop[0].confidence, Confidence::kProved);
  for (const bool list_before : {false, true}) {
    const std::vector<Finding> others = findings(93'000, list_before);
    ASSERT_EQ(others.size(), 1U);
    EXPECT_EQ(others[0].confidence, Confidence::kLow);
    EXPECT_TRUE(others[0].parent == kNoPattern);
  }
}

// More of them than the list may have had.
TEST(NPlusOne, MoreValuesThanTheListHadRowsComeFromElsewhere) {
  for (const Microseconds pace : {kMillisecond / 2, 11 * kMillisecond}) {
    SequenceBench bench;
    bench.run("SELECT id, patient_id FROM visits ORDER BY begins DESC LIMIT 10");
    int key = 17;
    for (int i = 0; i < 16; ++i)
      bench.run("SELECT name FROM patients WHERE id = " + std::to_string(key = key * 31 % 9973),
                pace * (1 + i * 7 % 5));
    // At a program's pace two columns of each row may have named them: home and away.
    EXPECT_EQ(bench.findings("n-plus-one").empty(), pace > kMillisecond);
  }
}

// Of a join, the table that the values come from is the one the message speaks of.
TEST(NPlusOne, NamesTheJoinedTableThatTheValuesComeFrom) {
  SequenceBench bench;
  bench.run("SELECT v.id, v.nr, s.id, s.carrier_id FROM voyages v JOIN ships s ON s.id = v.ship_id");
  for (int i = 0; i < 9; ++i)
    bench.run("SELECT name FROM carriers WHERE id = " + std::to_string(7 + i * i * 3), 300);
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_NE(findings[0].message.find("a list of ships"), std::string::npos) << findings[0].message;
}

// At a pace that is no proof by itself, what ties the two must be known.
TEST(NPlusOne, TablesNamedInOtherLanguages) {
  const auto findings = [](const std::string& key) {
    SequenceBench bench;
    bench.run("SELECT id, name FROM kunden ORDER BY id");
    for (int i = 1; i <= 6; ++i)
      bench.run("SELECT id, betrag FROM rechnungen WHERE " + key + " = " + std::to_string(i),
                (9 + 3 * (i % 3)) * kMillisecond);
    return bench.findings("n-plus-one");
  };
  const std::vector<Finding> akin = findings("kunde_id");
  ASSERT_EQ(akin.size(), 1U);
  EXPECT_EQ(akin[0].confidence, Confidence::kMedium);
  EXPECT_NE(akin[0].parent, kNoPattern);
  EXPECT_FALSE(akin[0].why_not_higher.empty());
  EXPECT_TRUE(findings("lager").empty());
}

// Between the turns of a loop a page shows some totals: by no column that a row is known by.
TEST(NPlusOne, AKindOfRowIsNoKey) {
  const auto totals = [](const std::vector<std::string>& values) {
    SequenceBench bench;
    bench.run("SELECT id, zustand, betrag FROM belege WHERE konto_id = 7");
    for (const std::string& value : values)
      bench.run("SELECT sum(betrag) FROM belege WHERE zustand = '" + value + "'", 700);
    return bench.findings("n-plus-one").size();
  };
  EXPECT_EQ(totals({"neu", "bezahlt", "offen", "neu", "bezahlt"}), 0U);
  EXPECT_EQ(totals({"a1", "b7", "c3", "d9", "e4", "f2"}), 1U);
}

// Logs with %t show whole seconds: some turns after a list may be what a person asked for next.
TEST(NPlusOne, ByAClockOfWholeSeconds) {
  const auto grade = [](int limit, int turns) {
    SequenceBench bench;
    bench.clock_step(kSecond);
    bench.run("SELECT id, title FROM visits ORDER BY id LIMIT " + std::to_string(limit));
    for (int i = 1; i <= turns; ++i)
      bench.run("SELECT id, body FROM notes WHERE visit_id = " + std::to_string(i));
    const std::vector<Finding> findings = bench.findings("n-plus-one");
    return findings.empty() ? Confidence::kLow : findings[0].confidence;
  };
  EXPECT_EQ(grade(50, 8), Confidence::kMedium);
  EXPECT_EQ(grade(8, 8), Confidence::kHigh);
  EXPECT_EQ(grade(500, 60), Confidence::kHigh);
}

// log_parameter_max_length = 0, and most spans.
TEST(NPlusOne, WithoutTheValues) {
  const auto findings = [](const std::string& list, const std::string& child) {
    SequenceBench bench;
    bench.hide_parameters();
    bench.run(list);
    for (int i = 1; i <= 8; ++i) bench.run_bound(child, {std::to_string(i), "2"});
    return bench.findings("n-plus-one");
  };
  const std::vector<Finding> linked =
      findings("SELECT id, name FROM owners", "SELECT id, name FROM pets WHERE owner_id = $1");
  ASSERT_EQ(linked.size(), 1U);
  EXPECT_EQ(linked[0].confidence, Confidence::kMedium);
  EXPECT_FALSE(linked[0].why_not_higher.empty());
  EXPECT_NE(linked[0].parent, kNoPattern);
  for (const std::string child :
       {"SELECT value FROM settings WHERE name = $1",                           // no list has its values
        "SELECT id, name FROM pets WHERE owner_id = 7 AND kind = $1",           // always of one owner
        "SELECT id, name FROM pets WHERE owner_id = $1 AND id > $2 LIMIT 100",  // pages
        "SELECT id, name FROM pets WHERE owner_id = $1 LIMIT 100 OFFSET $2",    // pages
        "SELECT id, name, street FROM owners WHERE id = $1"})                   // opened one by one
    EXPECT_TRUE(findings("SELECT id, name FROM owners", child).empty()) << child;
}

// The books of each author, by a table in between: it is books that are read.
TEST(NPlusOne, SaysWhatIsRead) {
  SequenceBench bench;
  bench.run("SELECT a.id, a.name FROM authors a ORDER BY a.name LIMIT 10");
  for (int i = 0; i < 10; ++i)
    bench.run(
        fmt::format("SELECT b.id, b.title FROM books b LEFT JOIN author_links l ON l.book_id = b.id "
                    "LEFT JOIN authors a ON a.id = l.author_id WHERE a.id = {}",
                    30 + 7 * i));
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].message, "a query on books ran 10 times, once per row of a list of authors");
}

}  // namespace
}  // namespace pgsieve
