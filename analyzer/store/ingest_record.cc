#include "analyzer/store/ingest_record.h"

#include <algorithm>
#include <array>
#include <bit>

namespace pgsieve {

const char* const kIngestTables = R"(
CREATE TABLE files(
  position INTEGER PRIMARY KEY, name TEXT NOT NULL, format TEXT NOT NULL, prefix TEXT NOT NULL,
  bytes INTEGER NOT NULL, decoded_bytes INTEGER NOT NULL, lines INTEGER NOT NULL);
CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE texts(name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE warnings(position INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE unread(
  shape TEXT PRIMARY KEY, lines INTEGER NOT NULL, sample TEXT NOT NULL, file INTEGER NOT NULL,
  line INTEGER NOT NULL, "offset" INTEGER NOT NULL);
)";

namespace {

constexpr size_t kMaxUnreadShapes = 64;
constexpr size_t kMaxWarnings = 100;

struct Counter {
  const char* name;
  uint64_t IngestStats::*member;
};
constexpr std::array kCounters{
    Counter{"bytes", &IngestStats::bytes},
    Counter{"lines", &IngestStats::lines},
    Counter{"entries", &IngestStats::entries},
    Counter{"entry_bytes", &IngestStats::entry_bytes},
    Counter{"unread_bytes", &IngestStats::unread_bytes},
    Counter{"blank_bytes", &IngestStats::blank_bytes},
    Counter{"unread_lines", &IngestStats::unread_lines},
    Counter{"executions", &IngestStats::executions},
    Counter{"errors", &IngestStats::errors},
    Counter{"selects", &IngestStats::selects},
    Counter{"inserts", &IngestStats::inserts},
    Counter{"updates", &IngestStats::updates},
    Counter{"deletes", &IngestStats::deletes},
    Counter{"transaction_commands", &IngestStats::transaction_commands},
    Counter{"other_statements", &IngestStats::other_statements},
    Counter{"extended", &IngestStats::extended},
    Counter{"other_entries", &IngestStats::other_entries},
    Counter{"orphan_binds", &IngestStats::orphan_binds},
    Counter{"orphan_durations", &IngestStats::orphan_durations},
    Counter{"plans", &IngestStats::plans},
    Counter{"filtered", &IngestStats::filtered},
    Counter{"truncated_texts", &IngestStats::truncated_texts},
    Counter{"truncated_parameters", &IngestStats::truncated_parameters},
    Counter{"missing_parameters", &IngestStats::missing_parameters},
    Counter{"no_session", &IngestStats::no_session},
    Counter{"localized_entries", &IngestStats::localized_entries},
    Counter{"skipped_duplicates", &IngestStats::skipped_duplicates},
};

struct Time {
  const char* name;
  Microseconds IngestStats::*member;
};
constexpr std::array kTimes{
    Time{"first", &IngestStats::first},
    Time{"last", &IngestStats::last},
    Time{"min_duration_seen", &IngestStats::min_duration_seen},
};

struct Text {
  const char* name;
  std::string IngestStats::*member;
};
constexpr std::array kTexts{
    Text{"format", &IngestStats::format},
    Text{"prefix", &IngestStats::prefix},
    Text{"confidence", &IngestStats::confidence},
    Text{"pin_options", &IngestStats::pin_options},
    Text{"session_rests", &IngestStats::session_rests},
};

// Earlier (or smaller) of two, where unknown is no answer.
Microseconds lower(Microseconds left, Microseconds right) {
  if (left == kUnknownTime) return right;
  return right == kUnknownTime ? left : std::min(left, right);
}

// A shape beyond the cap counts under the empty name.
void merge_unread(IngestStats& into, const IngestStats& later, uint32_t first_file) {
  for (const auto& [shape, unread] : later.unread_shapes) {
    const bool room = into.unread_shapes.size() < kMaxUnreadShapes || into.unread_shapes.contains(shape);
    const auto [found, fresh] = into.unread_shapes.try_emplace(room ? shape : std::string(), unread);
    if (fresh) {
      found->second.file += first_file;
    } else {
      found->second.lines += unread.lines;
    }
  }
}

}  // namespace

void merge_ingest(IngestStats& into, const IngestStats& later) {
  const bool empty = into.files.empty();
  merge_unread(into, later, static_cast<uint32_t>(into.files.size()));
  into.files.insert(into.files.end(), later.files.begin(), later.files.end());
  for (const Counter& counter : kCounters) into.*counter.member += later.*counter.member;
  into.first = lower(into.first, later.first);
  into.last = std::max(into.last, later.last);  // unknown is the smallest number
  into.min_duration_seen = lower(into.min_duration_seen, later.min_duration_seen);
  const bool other_format = !empty && !later.format.empty() && into.format != later.format;
  const bool other_prefix = !empty && !later.prefix.empty() && into.prefix != later.prefix;
  for (const Text& text : kTexts) {
    if (!(later.*text.member).empty()) into.*text.member = later.*text.member;
  }
  if (other_format) into.format = "mixed";
  if (other_prefix) into.prefix = "mixed";
  if (other_format || other_prefix) into.pin_options.clear();
  for (const auto& [name, value] : later.settings) into.settings.insert_or_assign(name, value);
  for (const std::string& warning : later.warnings) {
    if (into.warnings.size() >= kMaxWarnings) break;
    if (std::find(into.warnings.begin(), into.warnings.end(), warning) == into.warnings.end()) {
      into.warnings.push_back(warning);
    }
  }
  into.incomplete.insert(into.incomplete.end(), later.incomplete.begin(), later.incomplete.end());
}

namespace {

// SQLite's integers are signed; counters keep their bits.
int64_t to_sql(uint64_t number) {
  return std::bit_cast<int64_t>(number);
}
uint64_t from_sql(int64_t number) {
  return std::bit_cast<uint64_t>(number);
}

Status save_files(const Database& database, const IngestStats& ingest) {
  Result<Statement> insert = database.prepare("INSERT INTO files VALUES(?,?,?,?,?,?,?)");
  if (!insert) return insert.error();
  int64_t position = 0;
  for (const IngestFile& file : ingest.files) {
    insert->bind(1, position++).bind(2, file.name).bind(3, file.format).bind(4, file.prefix);
    insert->bind(5, to_sql(file.bytes)).bind(6, to_sql(file.decoded_bytes)).bind(7, to_sql(file.lines));
    if (Status failed = insert->run()) return failed;
  }
  return {};
}

Status save_numbers(const Database& database, const IngestStats& ingest) {
  Result<Statement> insert = database.prepare("INSERT INTO counters VALUES(?,?)");
  if (!insert) return insert.error();
  for (const Counter& counter : kCounters) {
    if (Status failed = insert->bind(1, counter.name).bind(2, to_sql(ingest.*counter.member)).run())
      return failed;
  }
  for (const Time& time : kTimes) {
    if (ingest.*time.member == kUnknownTime) continue;
    if (Status failed = insert->bind(1, time.name).bind(2, ingest.*time.member).run()) return failed;
  }
  return {};
}

Status save_texts(const Database& database, const IngestStats& ingest) {
  Result<Statement> text = database.prepare("INSERT INTO texts VALUES(?,?)");
  Result<Statement> setting = database.prepare("INSERT INTO settings VALUES(?,?)");
  Result<Statement> warning = database.prepare("INSERT INTO warnings VALUES(?,?)");
  if (!text) return text.error();
  if (!setting) return setting.error();
  if (!warning) return warning.error();
  for (const Text& field : kTexts) {
    if (Status failed = text->bind(1, field.name).bind(2, ingest.*field.member).run()) return failed;
  }
  for (const auto& [name, value] : ingest.settings) {
    if (Status failed = setting->bind(1, name).bind(2, value).run()) return failed;
  }
  int64_t position = 0;
  for (const std::string& sentence : ingest.warnings) {
    if (Status failed = warning->bind(1, position++).bind(2, sentence).run()) return failed;
  }
  return {};
}

Status save_unread(const Database& database, const IngestStats& ingest) {
  Result<Statement> insert = database.prepare("INSERT INTO unread VALUES(?,?,?,?,?,?)");
  if (!insert) return insert.error();
  for (const auto& [shape, unread] : ingest.unread_shapes) {
    insert->bind(1, shape).bind(2, to_sql(unread.lines)).bind(3, unread.sample);
    insert->bind(4, static_cast<int64_t>(unread.file))
        .bind(5, to_sql(unread.line))
        .bind(6, to_sql(unread.offset));
    if (Status failed = insert->run()) return failed;
  }
  return {};
}

// Calls visit(row) for every row of a query.
template <typename Visit>
Status for_each_row(const Database& database, std::string_view sql, Visit&& visit) {
  Result<Statement> query = database.prepare(sql);
  if (!query) return query.error();
  while (true) {
    const Result<bool> row = query->step();
    if (!row) return row.error();
    if (!*row) return {};
    visit(*query);
  }
}

Status load_numbers(const Database& database, IngestStats& ingest) {
  return for_each_row(database, "SELECT name, value FROM counters", [&](const Statement& row) {
    for (const Counter& counter : kCounters) {
      if (row.text(0) == counter.name) ingest.*counter.member = from_sql(row.number(1));
    }
    for (const Time& time : kTimes) {
      if (row.text(0) == time.name) ingest.*time.member = row.number(1);
    }
  });
}

Status load_texts(const Database& database, IngestStats& ingest) {
  Status failed = for_each_row(database, "SELECT name, value FROM texts", [&](const Statement& row) {
    for (const Text& text : kTexts) {
      if (row.text(0) == text.name) ingest.*text.member = std::string(row.text(1));
    }
  });
  if (failed) return failed;
  failed = for_each_row(database, "SELECT name, value FROM settings",
                        [&](const Statement& row) { ingest.settings.emplace(row.text(0), row.text(1)); });
  if (failed) return failed;
  return for_each_row(database, "SELECT text FROM warnings ORDER BY position",
                      [&](const Statement& row) { ingest.warnings.emplace_back(row.text(0)); });
}

}  // namespace

Status save_ingest(const Database& database, const IngestStats& ingest) {
  if (Status failed = database.execute("DELETE FROM files; DELETE FROM counters; DELETE FROM texts;"
                                       "DELETE FROM settings; DELETE FROM warnings; DELETE FROM unread;")) {
    return failed;
  }
  for (const auto save : {save_files, save_numbers, save_texts, save_unread}) {
    if (Status failed = save(database, ingest)) return failed;
  }
  return {};
}

Result<IngestStats> load_ingest(const Database& database) {
  IngestStats ingest;
  Status failed = for_each_row(
      database, "SELECT name, format, prefix, bytes, decoded_bytes, lines FROM files ORDER BY position",
      [&](const Statement& row) {
        ingest.files.push_back({.name = std::string(row.text(0)),
                                .format = std::string(row.text(1)),
                                .prefix = std::string(row.text(2)),
                                .bytes = from_sql(row.number(3)),
                                .decoded_bytes = from_sql(row.number(4)),
                                .lines = from_sql(row.number(5)),
                                .content = {}});
      });
  if (!failed) failed = load_numbers(database, ingest);
  if (!failed) failed = load_texts(database, ingest);
  if (!failed) {
    failed = for_each_row(database, "SELECT shape, lines, sample, file, line, \"offset\" FROM unread",
                          [&](const Statement& row) {
                            ingest.unread_shapes[std::string(row.text(0))] = {
                                .lines = from_sql(row.number(1)),
                                .sample = std::string(row.text(2)),
                                .file = static_cast<uint32_t>(row.number(3)),
                                .line = from_sql(row.number(4)),
                                .offset = from_sql(row.number(5))};
                          });
  }
  if (failed) return *failed;
  return ingest;
}

}  // namespace pgsieve
