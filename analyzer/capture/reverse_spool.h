// ReverseSpool: takes records in one order and gives them back in the other, through an unnamed temporary
// file. Memory stays small however much there is.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace pgsieve {

class ReverseSpool {
 public:
  bool open();                        // false: no temporary file to be had
  bool add(std::string_view record);  // false: disk full; the record is lost
  // Appends some of the last records not yet given back, latest first. False: that was the last.
  bool read_back(std::string& out);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_;
  uint64_t end_ = 0;  // of the records not yet given back
};

}  // namespace pgsieve
