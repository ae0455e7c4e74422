// Requests of users that look like loops.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/rules/sequence_bench.h"

namespace pgsieve {
namespace {

TEST(Requests, RowsOfAListOpenedOneByOneAreNoLoop) {
  for (const Microseconds think : {9 * kMillisecond, 60 * kMillisecond, 200 * kMillisecond}) {
    SequenceBench bench;
    bench.run(kList);
    for (const int id : {4, 17, 2, 9, 11, 6}) bench.run(visit(id), think);
    EXPECT_TRUE(bench.findings("n-plus-one").empty()) << think;
  }
}

// The list was read on another connection: what runs here at leisure are requests.
TEST(Requests, RequestsBesideAListOfAnotherConnection) {
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

TEST(Requests, RequestsOnOnePooledConnectionAreNoLoop) {
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

// Five of them happened to be of one kind: a loop's turns would have gone on, or followed each other evenly.
TEST(Requests, ARunAmongRequestsOfOtherKindsIsNoLoop) {
  for (const bool even : {false, true}) {
    SequenceBench bench;
    const std::string kinds = "rprpprpprrrrrpprpprprpr";
    for (size_t i = 0; i < kinds.size(); ++i) {
      const std::string key = std::to_string(1000 + i * 389 % 1000);
      const Microseconds pause = even ? 1 : (i % 5 == 2 ? 13 : 3);
      bench.run(kinds[i] == 'r' ? "SELECT id, title FROM rooms WHERE label = 'r" + key + "'"
                                : "SELECT id, name FROM people WHERE login = 'p" + key + "'",
                pause * kMillisecond);
    }
    EXPECT_EQ(bench.findings("n-plus-one").empty(), !even);
  }
}

// One of the requests ran in a transaction: that makes no unit of work of them.
TEST(Requests, ATransactionAmongRequests) {
  SequenceBench bench;
  for (int i = 0; i < 14; ++i) {
    if (i == 6) bench.run("BEGIN");
    bench.run(visit(100 + i * 37), kThinkTimes[static_cast<size_t>(i)] * kMillisecond);
    if (i == 6) bench.run("COMMIT");
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

// (day, id) > (…) written out for a database without row comparison.
TEST(Requests, PagesByACompositeKeyAreNoLoop) {
  SequenceBench bench;
  for (int i = 1; i <= 9; ++i) {
    const std::string day = "'2026-01-0" + std::to_string(i) + "'";
    bench.run("SELECT id, day FROM visits WHERE ward = 7 AND (day > " + day + " OR (day = " + day +
              " AND id > " + std::to_string(i * 11) + ")) ORDER BY day, id LIMIT 10");
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

// A page of a list, then records of it one by one, each with what belongs to it: clicks, whatever is read
// with the record.
TEST(Requests, RecordsOpenedFromAListAreNoLoop) {
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

// Clients of one pool: some ask for a page of visits, others for a patient.
TEST(Requests, LookUpsThatFollowAListByAccidentAreNoLoop) {
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

// Who asks (A), or what is shown of a member (B), request after request: now and then several of the second
// kind follow the first, which has a column of the same name.
TEST(Requests, LookUpsThatFollowAnotherByAccidentAreNoLoop) {
  SequenceBench bench;
  int i = 0;
  for (const char kind : std::string_view("ABABABBBBABABABABABBBBABABABABBBABABABABABBBBABABAB")) {
    const std::string number = std::to_string(200 + i * 37 % 101);
    const Microseconds pause = (7 + i * 7 % 11) * kMillisecond;
    if (kind == 'A') {
      bench.run("SELECT member_no FROM tokens WHERE token = 't" + number + "'", pause);
      bench.run("UPDATE tokens SET seen = now() WHERE token = 't" + number + "'", 300);
    } else {
      bench.run("SELECT member_no, name FROM people WHERE member_no = " + number, pause);
      bench.run("SELECT price FROM tariffs WHERE nr = " + std::to_string((200 + i * 37 % 101) % 30), 300);
    }
    ++i;
  }
  EXPECT_TRUE(bench.findings("n-plus-one").empty());
}

// Few of the rows of a page, each after a pause, the first one, too.
TEST(Requests, AFewRowsOfAPageAtLeisureAreRequests) {
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
TEST(Requests, ATransactionForEachTurnAndTimeBetweenThemAreRequests) {
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
TEST(Requests, SomeRowsOfAPageThatAreOpenedAtLeisureWithAllThatBelongsToThem) {
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

TEST(Requests, PagesOfAllKindsOnOneConnectionAreNoLoop) {
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
TEST(Requests, ALoopIsFoundAmongPagesOfAllKinds) {
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

}  // namespace
}  // namespace pgsieve
