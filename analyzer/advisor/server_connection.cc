#include "analyzer/advisor/server_connection.h"

#include <fmt/format.h>

#ifdef PGSIEVE_HAVE_LIBPQ
#include <libpq-fe.h>

#include "analyzer/base/shared_library.h"
#endif

namespace pgsieve {

namespace {

#ifdef PGSIEVE_HAVE_LIBPQ

// Most runs talk to no server.
const SharedLibrary& libpq() {
  static const SharedLibrary library(PGSIEVE_LIBPQ_FILE);
  return library;
}
PGSIEVE_LATE(libpq, PQclear);
PGSIEVE_LATE(libpq, PQconnectdbParams);
PGSIEVE_LATE(libpq, PQerrorMessage);
PGSIEVE_LATE(libpq, PQexecParams);
PGSIEVE_LATE(libpq, PQfinish);
PGSIEVE_LATE(libpq, PQfname);
PGSIEVE_LATE(libpq, PQgetisnull);
PGSIEVE_LATE(libpq, PQgetlength);
PGSIEVE_LATE(libpq, PQgetvalue);
PGSIEVE_LATE(libpq, PQnfields);
PGSIEVE_LATE(libpq, PQntuples);
PGSIEVE_LATE(libpq, PQresultStatus);
PGSIEVE_LATE(libpq, PQsetNoticeProcessor);
PGSIEVE_LATE(libpq, PQstatus);

#endif

Error failure(std::string_view message) {
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.remove_suffix(1);
  Error error;
  error.message = std::string(message);
  return error;
}

}  // namespace

int DatabaseRows::column(std::string_view name) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] == name) return static_cast<int>(i);
  }
  return -1;
}

#ifdef PGSIEVE_HAVE_LIBPQ

bool ServerConnection::available() {
  return true;
}

void ServerConnection::Close::operator()(pg_conn* connection) const {
  PQfinish(connection);
}

Result<ServerConnection> ServerConnection::connect(
    const std::string& url, std::span<const std::pair<std::string, std::string>> more) {
  if (const Status missing = libpq().missing()) return *missing;
  std::vector<const char*> keywords = {"dbname", "connect_timeout", "application_name"};
  std::vector<const char*> values = {url.c_str(), "10", "pgsieve"};
  for (const auto& [keyword, value] : more) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  ServerConnection database(PQconnectdbParams(keywords.data(), values.data(), 1));
  // What the server has to say besides its answers is not for the user.
  if (database.connection_ != nullptr)
    PQsetNoticeProcessor(
        database.connection_.get(), [](void*, const char*) {}, nullptr);
  if (database.connection_ == nullptr) return failure("can't connect: out of memory");
  if (PQstatus(database.connection_.get()) != CONNECTION_OK)
    return failure(fmt::format("can't connect: {}", PQerrorMessage(database.connection_.get())));
  return database;
}

Result<DatabaseRows> ServerConnection::query(const std::string& sql,
                                             std::span<const DatabaseValue> parameters, size_t max_rows) {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const DatabaseValue& value : parameters) values.push_back(value ? value->c_str() : nullptr);
  const auto clear = [](PGresult* result) { PQclear(result); };
  const std::unique_ptr<PGresult, decltype(clear)> result(
      PQexecParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                   nullptr, nullptr, 0),
      clear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY)
    return failure(PQerrorMessage(connection_.get()));
  DatabaseRows rows;
  const int columns = PQnfields(result.get());
  const int count = PQntuples(result.get());
  if (static_cast<size_t>(count) > max_rows)
    return failure(fmt::format("{} rows are more than the {} that are compared", count, max_rows));
  for (int column = 0; column < columns; ++column) rows.columns.emplace_back(PQfname(result.get(), column));
  rows.rows.resize(static_cast<size_t>(count));
  for (int row = 0; row < count; ++row) {
    for (int column = 0; column < columns; ++column) {
      const bool null = PQgetisnull(result.get(), row, column) != 0;
      rows.rows[static_cast<size_t>(row)].push_back(
          null ? DatabaseValue()
               : DatabaseValue(std::string(PQgetvalue(result.get(), row, column),
                                           static_cast<size_t>(PQgetlength(result.get(), row, column)))));
    }
  }
  return rows;
}

#else

bool ServerConnection::available() {
  return false;
}

void ServerConnection::Close::operator()(pg_conn* /*connection*/) const {}

Result<ServerConnection> ServerConnection::connect(
    const std::string& /*url*/, std::span<const std::pair<std::string, std::string>> /*more*/) {
  return failure("this pgsieve was built without libpq and can't connect to a server");
}

Result<DatabaseRows> ServerConnection::query(const std::string& /*sql*/,
                                             std::span<const DatabaseValue> /*parameters*/,
                                             size_t /*max_rows*/) {
  return failure("not connected");
}

#endif

Status ServerConnection::run(const std::string& sql) {
  const Result<DatabaseRows> rows = query(sql);
  return rows ? Status() : Status(rows.error());
}

}  // namespace pgsieve
