#include "analyzer/store/sqlite.h"

#include <fmt/format.h>

namespace pgsieve {

namespace {

constexpr int kBusyMilliseconds = 60'000;

Error make_error(int code, const char* message, const std::string& file) {
  Error error{.message = fmt::format("SQLite: {}", message), .hint = {}, .file = file};
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      error.message = "the store is in use by another process";
      error.hint = "Try again when that process has finished";
      break;
    case SQLITE_NOTADB:
      error.message = "this file is not a pgsieve store";
      break;
    case SQLITE_CORRUPT:
      error.message = "the store is damaged";
      break;
    case SQLITE_FULL:
      error.message = "the disk is full; the store keeps its previous state";
      break;
    case SQLITE_CANTOPEN:
      error.message = "the store can't be opened";
      break;
    case SQLITE_READONLY:
      error.message = "the store can't be written";
      break;
    default:
      break;
  }
  return error;
}

}  // namespace

Error Statement::failure() const {
  sqlite3* database = sqlite3_db_handle(statement_.get());
  return make_error(sqlite3_extended_errcode(database), sqlite3_errmsg(database), file_);
}

Statement& Statement::bind(int at, std::string_view text) {
  bind_failed_ |= sqlite3_bind_text64(statement_.get(), at, text.data() == nullptr ? "" : text.data(),
                                      text.size(), SQLITE_TRANSIENT, SQLITE_UTF8) != SQLITE_OK;
  return *this;
}

Statement& Statement::bind(int at, int64_t number) {
  bind_failed_ |= sqlite3_bind_int64(statement_.get(), at, number) != SQLITE_OK;
  return *this;
}

Statement& Statement::bind(int at, double number) {
  bind_failed_ |= sqlite3_bind_double(statement_.get(), at, number) != SQLITE_OK;
  return *this;
}

Statement& Statement::bind_blob(int at, std::string_view bytes) {
  bind_failed_ |= sqlite3_bind_blob64(statement_.get(), at, bytes.data() == nullptr ? "" : bytes.data(),
                                      bytes.size(), SQLITE_TRANSIENT) != SQLITE_OK;
  return *this;
}

Statement& Statement::bind_null(int at) {
  bind_failed_ |= sqlite3_bind_null(statement_.get(), at) != SQLITE_OK;
  return *this;
}

Result<bool> Statement::step() {
  if (bind_failed_) return failure();
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) {
    Error error = failure();
    sqlite3_reset(statement_.get());
    return error;
  }
  sqlite3_reset(statement_.get());
  return false;
}

Status Statement::run() {
  const Result<bool> row = step();
  if (!row) return row.error();
  if (*row) sqlite3_reset(statement_.get());
  return {};
}

std::string_view Statement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

namespace {

// A path as SQLite's URI syntax wants it, for the one option that has no other spelling.
std::string immutable_uri(const std::string& path) {
  std::string uri = "file:";
  for (const char byte : path) {
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= '0' && byte <= '9') || byte == '/' || byte == '.' || byte == '-' ||
                       byte == '_';
    uri += plain ? std::string(1, byte) : fmt::format("%{:02X}", static_cast<unsigned char>(byte));
  }
  return uri + "?immutable=1";
}

}  // namespace

Error Database::failure() const {
  return make_error(sqlite3_extended_errcode(database_.get()), sqlite3_errmsg(database_.get()), path_);
}

// A database in WAL mode on a medium we may not write to opens only as immutable: nobody else can be changing
// it there.
Result<Database> Database::open(const std::string& path, Mode mode) {
  const auto attempt = [&](const std::string& name, int flags) {
    sqlite3* handle = nullptr;
    sqlite3_open_v2(name.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    return Database(handle, path);
  };
  const auto usable = [](const Database& database) {
    if (database.database_ == nullptr) return false;
    sqlite3_busy_timeout(database.database_.get(), kBusyMilliseconds);
    return sqlite3_errcode(database.database_.get()) == SQLITE_OK &&
           !database.execute("PRAGMA foreign_keys=ON; SELECT count(*) FROM sqlite_schema;").has_value();
  };
  Database database =
      attempt(path, mode == Mode::kWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
  if (usable(database)) return database;
  if (mode == Mode::kRead && database.database_ != nullptr &&
      sqlite3_errcode(database.database_.get()) == SQLITE_CANTOPEN) {
    Database immutable = attempt(immutable_uri(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    if (usable(immutable)) return immutable;
  }
  if (database.database_ == nullptr) return Error{.message = "out of memory", .hint = {}, .file = path};
  return database.failure();
}

Result<Statement> Database::prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return failure();
  return Statement(statement, path_);
}

Status Database::execute(const std::string& sql) const {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return failure();
  return {};
}

Result<int64_t> Database::number(std::string_view sql) const {
  Result<Statement> statement = prepare(sql);
  if (!statement) return statement.error();
  const Result<bool> row = statement->step();
  if (!row) return row.error();
  return *row ? statement->number(0) : int64_t{0};
}

}  // namespace pgsieve
