// StreamText: what records of a shipper carry of a server's standard error, as the lines they were. Internal
// to unwrapping.
#pragma once

#include <string>
#include <string_view>

#include "analyzer/base/time.h"

namespace pgsieve {

class StreamText {
 public:
  // The text of one record, an entry or a line of one: goes on as it is, with the record's time in front when
  // its prefix has none.
  void append(std::string_view text, Microseconds time, std::string& lines);

 private:
  bool rows_ = false;  // the lines are a csvlog's: a row may go on in the next record
};

}  // namespace pgsieve
