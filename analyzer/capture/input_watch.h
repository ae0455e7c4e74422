// InputWatch: the files behind the inputs of a run that follows them. Finds what appears later: the server
// starts a new file at rotation when log_filename has a date in it.
//
// A new name need not be new content. Rotation by renaming gives a known file (by device and inode) another
// name; copying before truncating makes a second file that begins like a known one. Neither is read again,
// and nor is what is compressed after rotation. Used by one thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/capture/held_file.h"
#include "analyzer/capture/input_order.h"

namespace pgsieve {

class InputWatch {
 public:
  // `inputs` as the user named them: directories and globs are looked through again and again.
  explicit InputWatch(std::vector<std::string> inputs) : inputs_(std::move(inputs)) {}

  // What is there at the start, in order. Call first, once. Fails as expand_inputs().
  Result<InputOrder> start(const IngestOptions& options);
  // The files that came since the last call.
  std::vector<std::string> fresh();

 private:
  struct Known {
    std::vector<std::string>
        heads;  // its first bytes, as far as they were there: after each truncation others
    std::pair<int64_t, int64_t> changed;  // when it was written to at the latest, as far as known
  };

  void remember(const std::string& path);
  bool is_copy(const std::string& head) const;

  std::vector<std::string> inputs_;
  std::set<std::string> paths_;  // handed out or left out
  std::map<FileIdentity, Known> known_;
  std::set<std::pair<std::string, std::string>>
      left_out_;  // directory and extension of a log's other formats
};

}  // namespace pgsieve
