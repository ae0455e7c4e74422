// JsonRecords: cuts a stream of JSON into its records, without holding more than one of them.
//
// A record is an object: one per line (or one after the other), an element of a top-level array, or an
// element of the array under a known key of a top-level object ({"records":[…]}, {"events":[…]},
// {"resourceLogs":[…]}, …). White space and line breaks inside records do not matter, so pretty-printed
// exports work. One pass over the bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgsieve {

class JsonRecords {
 public:
  explicit JsonRecords(size_t max_record_bytes) : max_(max_record_bytes) {}

  // Scans `bytes`, calls record(std::string_view json) for each record that ends in them. Bytes that belong
  // to no JSON value are skipped and counted.
  template <typename Record>
  void feed(std::string_view bytes, Record&& record) {
    size_t from = 0;
    while (from < bytes.size()) {
      const size_t end = step(bytes, from);
      if (end == std::string_view::npos) return;
      record(std::string_view(buffer_));
      buffer_.clear();
      from = end;
    }
  }

  template <typename Record>
  void finish(Record&&) {}  // a record ends with its bracket

  bool inside() const { return !open_.empty(); }       // the stream ends inside a value
  uint64_t skipped_bytes() const { return skipped_; }  // outside of values: no JSON
  uint64_t oversized() const { return oversized_; }

 private:
  // Goes on from bytes[from]; the position after a record that is complete in buffer_, npos at the end of
  // bytes.
  size_t step(std::string_view bytes, size_t from);
  void open(char bracket);
  bool close();
  void start_over();

  size_t max_;
  std::string open_;         // closing brackets of the values we are in
  size_t record_depth_ = 0;  // open_.size() of the record being read; 0: none
  bool in_string_ = false, escaped_ = false;
  bool too_long_ = false;
  std::string key_;  // the latest string at depth 1, to know {"records": [
  std::string buffer_;
  uint64_t skipped_ = 0, oversized_ = 0;
};

}  // namespace pgsieve
