// SQLite's handles with owners: a Database closes itself, a Statement finalises itself. Failures are Errors
// with SQLite's own words and the file's name. A Database and its Statements belong to one thread at a time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "analyzer/base/error.h"

namespace pgsieve {

class Statement {
 public:
  // Parameters count from 1. The text or blob is copied.
  Statement& bind(int at, std::string_view text);
  Statement& bind(int at, int64_t number);
  Statement& bind(int at, double number);
  Statement& bind_blob(int at, std::string_view bytes);
  Statement& bind_null(int at);

  // The next row: true; no more rows: false. After false the statement is ready to be bound and run again.
  Result<bool> step();
  // Runs a statement that yields no rows, and makes it ready for the next run.
  Status run();

  // Columns of the current row, from 0. Views live until the next step().
  std::string_view text(int column) const;
  int64_t number(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  Statement(sqlite3_stmt* statement, std::string file) : statement_(statement), file_(std::move(file)) {}
  Error failure() const;

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::string file_;
  bool bind_failed_ = false;
};

class Database {
 public:
  enum class Mode : uint8_t { kRead, kWrite };
  // kWrite creates the file when it is missing; kRead never writes a byte, and also works where it could not.
  static Result<Database> open(const std::string& path, Mode mode);

  Result<Statement> prepare(std::string_view sql) const;
  Status execute(const std::string& sql) const;  // any number of statements, no parameters, rows ignored
  Result<int64_t> number(std::string_view sql) const;  // first column of the first row

  const std::string& path() const { return path_; }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
  };
  Database(sqlite3* database, std::string path) : database_(database), path_(std::move(path)) {}
  Error failure() const;

  std::unique_ptr<sqlite3, Close> database_;
  std::string path_;
};

}  // namespace pgsieve
