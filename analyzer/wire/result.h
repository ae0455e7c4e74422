// Result: the rows of one execution as far as the analysis needs them: how many, how large, and hashes of the
// cells that can be keys.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/capture/event.h"

namespace pgsieve {

// A RowDescription. Immutable once made; shared by all executions it describes.
struct RowShape {
  struct Column {
    std::string name;
    uint32_t table_oid = 0;
    uint16_t attribute = 0;
    uint32_t type = 0;
    bool binary = false;
  };
  static constexpr size_t kMaxColumns = 1664;  // MaxTupleAttributeNumber
  std::vector<Column> columns;
  std::string source;  // the message it was made of: equal messages make equal shapes

  // nullptr when the message is malformed.
  static std::shared_ptr<const RowShape> parse(std::string_view body);
};

// Bounded: the first kWholeRows rows have all their key cells hashed, after them every kSampleStep-th row, in
// all at most kMaxCells.
class ResultRows {
 public:
  static constexpr uint32_t kWholeRows = 512, kSampleStep = 64;
  static constexpr size_t kMaxCells = 4096;

  // `formats`: of the columns, as Bind asked for them: none (text), one for all, or one each. nullptr: as the
  // row description says.
  void add_row(std::string_view body, uint64_t size, const RowShape* shape, const std::vector<bool>* binary);
  void clear();

  uint64_t rows() const { return rows_; }
  uint64_t bytes() const { return bytes_; }
  const std::vector<ResultCell>& cells() const { return cells_; }

 private:
  uint64_t rows_ = 0, bytes_ = 0;
  std::vector<ResultCell> cells_;
  std::string text_;
};

// The columns as an Event shows them. Views into `shape`.
void fill_columns(const RowShape& shape, std::vector<ResultColumn>& columns);

}  // namespace pgsieve
