// Loops and their look-alikes by sequences of statements.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

const std::string kList = "SELECT id, title FROM visits ORDER BY id LIMIT 20";

std::string visit(int id) {
  return "SELECT id, title, notes FROM visits WHERE id = " + std::to_string(id);
}

TEST(NPlusOne, ListedRowsReadAgainByKey) {
  SequenceBench bench;
  bench.run(kList);
  for (int id = 1; id <= 7; ++id) bench.run(visit(id), 800);
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].count, 7U);
}

TEST(NPlusOne, RowsOfAListOpenedOneByOneAreNoLoop) {
  for (const Microseconds think : {9 * kMillisecond, 60 * kMillisecond, 200 * kMillisecond}) {
    SequenceBench bench;
    bench.run(kList);
    for (const int id : {4, 17, 2, 9, 11, 6}) bench.run(visit(id), think);
    EXPECT_TRUE(bench.findings("n-plus-one").empty()) << think;
  }
}

// As many as were listed: a loop, however slow.
TEST(NPlusOne, ASlowLoopOverAWholePage) {
  SequenceBench bench;
  bench.run(kList);
  for (int id = 1; id <= 20; ++id) bench.run(visit(id), 60 * kMillisecond);
  EXPECT_EQ(bench.findings("n-plus-one").size(), 1U);
}

// The list was read on another connection: what runs here at leisure are requests.
TEST(NPlusOne, RequestsBesideAListOfAnotherConnection) {
  SequenceBench bench;
  for (int id = 1; id <= 12; ++id) {
    if (id % 3 == 1) {
      bench.session(2);
      bench.run(kList, 8 * kMillisecond);
      bench.session(1);
    }
    bench.run(visit(id * 37), 8 * kMillisecond);
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
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
const std::vector<Microseconds> kThinkTimes = {23, 41, 35, 28, 47, 22, 50, 31, 44, 26, 38, 49, 21, 33};

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

TEST(NPlusOne, RequestsOnOnePooledConnectionAreNoLoop) {
  const auto silent = [](auto&& request) {
    SequenceBench bench;
    for (int i = 0; i < 14; ++i) request(bench, i);
    return bench.findings("n-plus-one").empty();
  };
  EXPECT_TRUE(silent([](SequenceBench& bench, int i) {
    bench.run(visit(100 + i * 37), kThinkTimes[static_cast<size_t>(i)] * kMillisecond);
  })) << "think time";
  // At a fixed rate, but told apart by what stands between them.
  for (const Microseconds rate : {8 * kMillisecond, 30 * kMillisecond}) {
    EXPECT_TRUE(silent([rate](SequenceBench& bench, int i) {
      bench.run("BEGIN", rate);
      bench.run(visit(100 + i * 37), 200);
      bench.run("COMMIT", 200);
    })) << "transactions";
    EXPECT_TRUE(silent([rate](SequenceBench& bench, int i) {
      bench.run(visit(100 + i * 37), rate);
      bench.run("DISCARD ALL", 200);
    })) << "resets";
    EXPECT_TRUE(silent([rate](SequenceBench& bench, int i) {
      bench.run("SELECT 1", rate);
      bench.run(visit(100 + i * 37), 200);
    })) << "pings";
    EXPECT_TRUE(silent([rate](SequenceBench& bench, int i) {
      bench.run("SET statement_timeout = 1000", rate);
      bench.run(visit(100 + i * 37), 200);
    })) << "settings";
    EXPECT_TRUE(silent([rate](SequenceBench& bench, int i) {
      bench.run("SELECT user_id FROM tokens WHERE token = 't" + std::to_string(i % 3) + "'", rate);
      bench.run(visit(100 + i * 37), 400);
    })) << "a statement before";
    EXPECT_TRUE(silent([rate](SequenceBench& bench, int i) {
      bench.run(visit(100 + i * 37), rate,
                "/*traceparent='00-0af7651916cd43dd8448eb211c8031" + std::to_string(10 + i) +
                    "-b7ad6b7169203331-01'*/");
    })) << "traces";
  }
}

// One of the requests ran in a transaction: that makes no unit of work of them.
TEST(NPlusOne, ATransactionAmongRequests) {
  SequenceBench bench;
  for (int i = 0; i < 14; ++i) {
    if (i == 6) bench.run("BEGIN");
    bench.run(visit(100 + i * 37), kThinkTimes[static_cast<size_t>(i)] * kMillisecond);
    if (i == 6) bench.run("COMMIT");
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

// (day, id) > (…) written out for a database without row comparison.
TEST(NPlusOne, PagesByACompositeKeyAreNoLoop) {
  SequenceBench bench;
  for (int i = 1; i <= 9; ++i) {
    const std::string day = "'2026-01-0" + std::to_string(i) + "'";
    bench.run("SELECT id, day FROM visits WHERE ward = 7 AND (day > " + day + " OR (day = " + day +
              " AND id > " + std::to_string(i * 11) + ")) ORDER BY day, id LIMIT 10");
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
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

// wards → patients of each → the one doctor of each patient → the rooms of the doctor's clinic.
TEST(NPlusOne, AChainThroughASingleRowNamesItsRoot) {
  SequenceBench bench;
  bench.run("SELECT id, name FROM wards ORDER BY id LIMIT 3");
  int patient = 500;
  for (int ward = 1; ward <= 3; ++ward) {
    bench.run("SELECT id, doctor_id FROM patients WHERE ward_id = " + std::to_string(ward));
    for (int i = 0; i < 4; ++i, ++patient) {
      bench.run("SELECT id, clinic_id FROM doctors WHERE id = " + std::to_string(patient));
      bench.run("SELECT id, floor FROM rooms WHERE clinic_id = " + std::to_string(900 - patient));
    }
  }
  for (const Finding& finding : bench.findings("n-plus-one")) {
    if (finding.table != "rooms") continue;
    EXPECT_EQ(finding.count, 12U);
    std::vector<std::string> path;
    std::vector<uint64_t> counts;
    for (const ChainLink& link : finding.chain) {
      path.push_back(link.table);
      counts.push_back(link.count);
    }
    EXPECT_EQ(path, (std::vector<std::string>{"wards", "patients", "doctors", "rooms"}));
    EXPECT_EQ(counts, (std::vector<uint64_t>{1, 3, 12, 12}));
    return;
  }
  ADD_FAILURE() << "not found";
}

// A child that brings no rows of its own is counted under each of its parents just as well.
TEST(NPlusOne, AChainCountsTheListsInBetween) {
  SequenceBench bench;
  bench.run("SELECT id, name FROM wards ORDER BY id LIMIT 3");
  for (int ward = 1; ward <= 3; ++ward) {
    bench.run("SELECT id, name FROM patients WHERE ward_id = " + std::to_string(ward));
    for (int i = 0; i < 4; ++i)
      bench.run("SELECT count(*) FROM visits WHERE patient_id = " + std::to_string(100 * ward + i));
  }
  for (const Finding& finding : bench.findings("n-plus-one")) {
    if (finding.table != "visits") continue;
    ASSERT_EQ(finding.chain.size(), 3U);
    EXPECT_EQ(finding.chain[1].count, 3U);
    EXPECT_EQ(finding.chain[2].count, 12U);
    return;
  }
  ADD_FAILURE() << "not found";
}

// A record, one row it refers to, and a list of its kind, page after page: the list of the page before is no
// parent of this page's rows.
TEST(NPlusOne, PagesThatEndWithAListAreNoChain) {
  SequenceBench bench;
  for (int i = 0; i < 12; ++i) {
    const std::string key = std::to_string(100 + i * 37);
    bench.run("SELECT id, patient_id FROM visits WHERE id = " + key, (9 + i % 7 * 5) * kMillisecond);
    bench.run("SELECT id, name FROM patients WHERE id = " + std::to_string(9000 - i * 31), 500);
    bench.run("SELECT id, patient_id FROM visits WHERE room = " + std::to_string(i), 500);
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

// Slow pages that look a row up and then what belongs to it: the row of one page is none of the list of the
// page before.
TEST(NPlusOne, PagesOfARowAndItsChildrenAreNoChain) {
  SequenceBench bench;
  for (int i = 0; i < 12; ++i) {
    bench.run("SELECT id, name FROM doctors WHERE id = " + std::to_string(100 + i * 37),
              (9 + i % 5) * kMillisecond);
    bench.run("SELECT id, begins FROM shifts WHERE doctor_id = " + std::to_string(100 + i * 37), 500);
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

constexpr const char* kPlaces =
    "CREATE TABLE place (nr integer PRIMARY KEY, inside integer REFERENCES place, label text);";

// From one node down there is no list before the loop: its own rows are.
TEST(NPlusOne, ChildrenOfChildrenAreAWalk) {
  SequenceBench bench(kPlaces);
  bench.run("SELECT nr, label FROM place WHERE nr = 3");
  for (int i = 0; i < 12; ++i)
    bench.run("SELECT nr, label FROM place WHERE inside = " + std::to_string(3 + i * i), 500);
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].confidence, Confidence::kMedium);
  EXPECT_EQ(findings[0].parent_query, findings[0].query);
  ASSERT_FALSE(findings[0].fixes.empty());
  EXPECT_TRUE(findings[0].fixes[0].code.starts_with("WITH RECURSIVE")) << findings[0].fixes[0].code;
}

// Rows of such a table, by a list of keys from elsewhere.
TEST(NPlusOne, TheKeyOfATableThatRefersToItselfIsNoWalk) {
  SequenceBench bench(kPlaces);
  for (int i = 0; i < 12; ++i)
    bench.run("SELECT nr, inside, label FROM place WHERE nr = " + std::to_string(3 + i * i), 500);
  const std::vector<Finding> findings = bench.findings("n-plus-one");
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].confidence, Confidence::kLow);
  EXPECT_EQ(findings[0].parent_query, "");
  EXPECT_FALSE(findings[0].fixes[0].code.starts_with("WITH RECURSIVE")) << findings[0].fixes[0].code;
}

// Somebody opens one folder after another.
TEST(NPlusOne, ChildrenOfOneNodeInEachRequestAreNoWalk) {
  SequenceBench bench(kPlaces);
  for (int i = 0; i < 12; ++i)
    bench.run("SELECT nr, label FROM place WHERE inside = " + std::to_string(3 + i * i),
              (30 + i % 5 * 35) * kMillisecond);
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

// A page of a list, then records of it one by one, each with what belongs to it: clicks, whatever is read
// with the record.
TEST(NPlusOne, RecordsOpenedFromAListAreNoLoop) {
  SequenceBench bench;
  for (int page = 0; page < 4; ++page) {
    bench.run("SELECT id, title FROM albums ORDER BY title LIMIT 20 OFFSET " + std::to_string(20 * page),
              90 * kMillisecond);
    for (int i = 0; i < 5; ++i) {
      const std::string key = std::to_string(7 + page * 131 + i * i * 3);
      bench.run("SELECT title FROM albums WHERE id = " + key, (40 + i * 31 % 77) * kMillisecond);
      bench.run("SELECT id, title FROM songs WHERE album_id = " + key, 300);
    }
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
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

// Clients of one pool: some ask for a page of visits, others for a patient.
TEST(NPlusOne, LookUpsThatFollowAListByAccidentAreNoLoop) {
  SequenceBench bench;
  int key = 17;
  for (int page = 0; page < 5; ++page) {
    bench.run(
        "SELECT id, patient_id FROM visits ORDER BY begins DESC LIMIT 20 OFFSET " + std::to_string(20 * page),
        30 * kMillisecond);
    for (int i = 0; i < 4 + page * 3 % 7; ++i)
      bench.run("SELECT name FROM patients WHERE id = " + std::to_string(key = key * 31 % 9973),
                (6 + i * 13 % 29) * kMillisecond);
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
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

// Few of the rows of a page, each after a pause, the first one, too.
TEST(NPlusOne, AFewRowsOfAPageAtLeisureAreRequests) {
  for (const bool think : {true, false}) {
    SequenceBench bench;
    bench.run("SELECT id, title FROM albums ORDER BY id LIMIT 20");
    for (int i = 0; i < 6; ++i) {
      const std::string key = std::to_string(7 + i * i * 3);
      bench.run("SELECT id, title FROM songs WHERE album_id = " + key,
                think ? kThinkTimes[static_cast<size_t>(i)] * kMillisecond : 400);
      bench.run("SELECT body FROM reviews WHERE album_id = " + key, 300);
    }
    EXPECT_EQ(bench.findings("n-plus-one").empty(), think);
  }
}

// Somebody opens some rows of a page, one request after the other.
TEST(NPlusOne, ATransactionForEachTurnAndTimeBetweenThemAreRequests) {
  for (const bool think : {true, false}) {
    SequenceBench bench;
    bench.run("SELECT id, title FROM albums ORDER BY id LIMIT 20");
    for (int i = 0; i < 6; ++i) {
      bench.run("BEGIN", think ? kThinkTimes[static_cast<size_t>(i)] * kMillisecond : 400);
      bench.run("SELECT id, title FROM songs WHERE album_id = " + std::to_string(7 + i * i * 3), 300);
      bench.run("SELECT code FROM labels WHERE name = 'l" + std::to_string(i * i) + "'", 300);
      bench.run("COMMIT", 300);
    }
    const std::vector<Finding> findings = bench.findings("n-plus-one");
    const bool songs = std::ranges::any_of(
        findings, [](const Finding& finding) { return finding.query.find("songs") != std::string::npos; });
    EXPECT_EQ(songs, !think);
  }
}

// … also where the turn that asks for the row itself is not the one just before.
TEST(NPlusOne, SomeRowsOfAPageThatAreOpenedAtLeisureWithAllThatBelongsToThem) {
  SequenceBench bench;
  bench.run("SELECT id, title FROM albums ORDER BY id LIMIT 20");
  for (int i = 0; i < 6; ++i) {
    const std::string key = std::to_string(7 + i * i * 3);
    bench.run("SELECT id, title, label_id FROM albums WHERE id = " + key,
              kThinkTimes[static_cast<size_t>(i)] * kMillisecond);
    bench.run("SELECT name FROM labels WHERE id = " + std::to_string(100 + i % 4), 300);
    bench.run("SELECT id, title FROM songs WHERE album_id = " + key, 300);
  }
  for (const Finding& finding : bench.findings("n-plus-one"))
    EXPECT_EQ(finding.query.find("songs"), std::string::npos) << finding.query;
}

// One connection of a pool serves pages of all kinds, some with several look-ups, at irregular times.
// Whatever a page asks for, some list that ran before has it.
class Pages {
 public:
  explicit Pages(uint64_t seed) : state_(seed) {}

  void serve(SequenceBench& bench, int pages, int rows_of_list) {
    const std::string limit = " LIMIT " + std::to_string(rows_of_list);
    for (int i = 0; i < pages; ++i) {
      const Microseconds think = (2 + next(60)) * kMillisecond;
      const std::string key = std::to_string(next(9000));
      switch (next(6)) {
        case 0:
          bench.run("SELECT id, from_port_id, to_port_id, ship_id FROM trips ORDER BY id DESC" + limit,
                    think);
          break;
        case 1:
          bench.run("SELECT id, from_port_id, to_port_id FROM trips WHERE id = " + key, think);
          bench.run("SELECT name FROM ports WHERE id = " + std::to_string(next(9000)), 400);
          bench.run("SELECT name FROM ports WHERE id = " + std::to_string(next(9000)), 300);
          break;
        case 2:
          bench.run("SELECT id, name FROM ships WHERE id = " + key, think);
          bench.run("SELECT id, name FROM crew WHERE ship_id = " + key, 600);
          break;
        case 3:
          bench.run("SELECT name FROM ports WHERE id = " + key, think);
          break;
        case 4:
          bench.run("BEGIN", think);
          bench.run("UPDATE trips SET state = 's" + key + "' WHERE id = " + key, 500);
          bench.run("COMMIT", 300);
          break;
        default:
          bench.run("SELECT id, code FROM boxes WHERE trip_id = " + key, think);
          break;
      }
    }
  }

 private:
  int next(int below) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<int>((state_ >> 33U) % static_cast<uint64_t>(below));
  }

  uint64_t state_;
};

TEST(NPlusOne, PagesOfAllKindsOnOneConnectionAreNoLoop) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    for (const std::string_view rule : {"n-plus-one", "write-loop"}) {
      SequenceBench bench;
      Pages(seed).serve(bench, 150, 20);
      for (const Finding& finding : bench.findings(rule))
        EXPECT_LT(finding.confidence, Confidence::kHigh) << seed << ": " << finding.message;
    }
  }
}

// Among such pages a loop is found all the same: its turns follow each other, one list after the other.
TEST(NPlusOne, ALoopIsFoundAmongPagesOfAllKinds) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SequenceBench bench;
    Pages pages(seed);
    for (int times = 0; times < 3; ++times) {
      pages.serve(bench, 40, 20);
      bench.run("SELECT id, owner_id FROM ships ORDER BY name LIMIT 10", 20 * kMillisecond);
      for (int i = 0; i < 10; ++i)
        bench.run("SELECT name FROM owners WHERE id = " + std::to_string(17 + times * 100 + i * i), 400);
    }
    const std::vector<Finding> findings = bench.findings("n-plus-one");
    EXPECT_TRUE(std::ranges::any_of(findings, [](const Finding& finding) {
      return finding.confidence >= Confidence::kHigh && finding.query.find("owners") != std::string::npos;
    })) << seed;
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

TEST(WriteLoop, RequestsThatWriteOneRowEachAreNoLoop) {
  for (const Microseconds think : {kMillisecond / 2, 2 * kMillisecond}) {
    SequenceBench bench;
    for (int i = 0; i < 12; ++i)
      bench.run("INSERT INTO events (kind, body) VALUES ('click', 'b" + std::to_string(i) + "')",
                think * kThinkTimes[static_cast<size_t>(i)]);
    EXPECT_TRUE(bench.findings("write-loop").empty()) << think;
  }
}

// A distant server, as of reads.
TEST(WriteLoop, RowsWrittenAtASteadyPace) {
  for (const Microseconds pace : {20, 60, 100}) {
    SequenceBench bench;
    for (int i = 0; i < 12; ++i)
      bench.run("INSERT INTO events (kind, body) VALUES ('click', 'b" + std::to_string(i) + "')",
                pace * kMillisecond + (i % 5) * 150);
    const std::vector<Finding> findings = bench.findings("write-loop");
    ASSERT_EQ(findings.size(), 1U) << pace;
    EXPECT_EQ(findings[0].confidence, Confidence::kLow);
    EXPECT_FALSE(findings[0].why_not_higher.empty());
  }
}

TEST(WriteLoop, RowsWrittenOneAfterAnother) {
  SequenceBench bench;
  for (int i = 0; i < 12; ++i)
    bench.run("INSERT INTO events (kind, body) VALUES ('click', 'b" + std::to_string(i) + "')", 900);
  EXPECT_EQ(bench.findings("write-loop").size(), 1U);
}

}  // namespace
}  // namespace pgsieve
