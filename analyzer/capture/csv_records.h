// CsvRecords: cuts a table exported as CSV (RFC 4180, with a header line) into its rows, each given as a JSON
// object of strings that has the header's names as keys. Holds one row at a time; one pass over the bytes.
//
// For exports of log services, whose rows have the same fields as their JSON records, and of tables that hold
// a csvlog. Fields are separated by commas, semicolons or tabs: by what stands in the header most.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/capture/json_fields.h"

namespace pgsieve {

class CsvRecords {
 public:
  explicit CsvRecords(size_t max_record_bytes) : max_(max_record_bytes) {}

  // Whether the first line names a column that log services keep the message in.
  static bool has_header(std::string_view head);

  // Calls record(std::string_view json) for each row that ends in `bytes`.
  template <typename Record>
  void feed(std::string_view bytes, Record&& record) {
    if (!header_done_) {
      // The separator must be known before the first field ends.
      header_ += bytes;
      if (header_.find('\n') == std::string::npos && header_.size() < kMaxHeaderBytes) return;
      separator_ = separator_of(std::string_view(header_).substr(0, kMaxHeaderBytes));
      const std::string head = std::move(header_);
      header_.clear();
      for (const char byte : head) {
        if (take(byte)) record(std::string_view(row_json()));
      }
      header_done_ = true;
      return;
    }
    for (const char byte : bytes) {
      if (take(byte)) record(std::string_view(row_json()));
    }
  }
  // The last row may lack its line end.
  template <typename Record>
  void finish(Record&& record) {
    if (!quoted_ && started_ && take('\n')) record(std::string_view(row_json()));
  }

  bool inside() const { return quoted_ && started_; }  // the stream ends inside quotes
  uint64_t oversized() const { return oversized_; }

 private:
  static constexpr size_t kMaxHeaderBytes = 8192;

  static char separator_of(std::string_view head);
  bool take(char byte);  // true: a row is complete in fields_
  bool end_row();
  const std::string& row_json();

  size_t max_;
  std::vector<std::string> names_;   // as JSON strings
  std::vector<std::string> fields_;  // of the row being read; [0, used_)
  size_t used_ = 0, bytes_ = 0;
  bool started_ = false, quoted_ = false, was_quote_ = false;
  bool header_done_ = false, too_long_ = false;
  char separator_ = ',';
  std::string header_;  // until its line is complete
  uint64_t oversized_ = 0;
  std::string json_;
};

}  // namespace pgsieve
