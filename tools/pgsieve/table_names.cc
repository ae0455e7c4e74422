#include "tools/pgsieve/table_names.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "analyzer/advisor/server_connection.h"
#include "tools/pgsieve/terminal.h"

namespace pgsieve {
namespace {

constexpr const char* kTables =
    "SELECT c.oid, c.relname, a.attnum, a.attname FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
    "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')";

template <typename Number>
Number number_of(const DatabaseValue& value) {
  Number number = 0;
  if (value) std::from_chars(value->data(), value->data() + value->size(), number);
  return number;
}

}  // namespace

class TableNames::Sink final : public EventSink {
 public:
  Sink(TableNames& names, EventSink& next) : names_(names), next_(next) {}

  void on_event(const Event& event) override {
    bool nameless = false;
    for (const ResultColumn& column : event.columns)
      nameless |= column.table_oid != 0 && column.table.empty();
    if (!nameless) return next_.on_event(event);
    columns_.assign(event.columns.begin(), event.columns.end());
    for (ResultColumn& column : columns_) {
      if (column.table_oid == 0) continue;
      const Table* table = names_.find(event.database, column.table_oid);
      if (table == nullptr) continue;
      column.table = table->name;
      if (const auto found = table->columns.find(column.attribute); found != table->columns.end())
        column.column = found->second;
    }
    Event named = event;
    named.columns = columns_;
    next_.on_event(named);
  }

 private:
  TableNames& names_;
  EventSink& next_;
  std::vector<ResultColumn> columns_;
};

TableNames::TableNames(std::string url) : url_(std::move(url)) {}
TableNames::~TableNames() = default;

EventSink& TableNames::before(EventSink& next) {
  if (sink_ == nullptr) sink_ = std::make_unique<Sink>(*this, next);
  return *sink_;
}

const TableNames::Table* TableNames::find(std::string_view database, uint32_t table) {
  const std::string name(database);
  if (databases_.size() >= kMaxDatabases && databases_.count(name) == 0) return nullptr;
  Database& known = databases_[name];
  if (const auto found = known.tables.find(table); found != known.tables.end()) return &found->second;
  const auto now = std::chrono::steady_clock::now();
  if (known.unreachable || (known.asked.time_since_epoch().count() != 0 && now - known.asked < kPause))
    return nullptr;
  read(name, known);
  known.asked = std::chrono::steady_clock::now();
  const auto found = known.tables.find(table);
  return found == known.tables.end() ? nullptr : &found->second;
}

void TableNames::read(const std::string& name, Database& database) {
  const std::pair<std::string, std::string> only[] = {{"dbname", name}};
  Result<ServerConnection> server = ServerConnection::connect(url_, only);
  Result<DatabaseRows> rows = server ? server->query(kTables) : Result<DatabaseRows>(server.error());
  if (!rows) {
    // A database that is gone by now is no news.
    if (databases_.size() == 1)
      tell_warning(fmt::format("names of tables stay unknown: {}", rows.error().message));
    database.unreachable = true;
    return;
  }
  for (const std::vector<DatabaseValue>& row : rows->rows) {
    Table& table = database.tables[number_of<uint32_t>(row[0])];
    table.name = row[1].value_or("");
    table.columns[number_of<uint16_t>(row[2])] = row[3].value_or("");
  }
}

}  // namespace pgsieve
