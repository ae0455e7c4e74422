// StatementText: the text of a statement and what scanning it says. StatementTexts: those that the
// connections of one capture have prepared, each kept once, however many prepared it.
//
// A text lives as long as somebody refers to it; StatementTexts itself refers to none. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyzer/sql/scan.h"

namespace pgsieve {

// `scan` and `parts` view into `text`, so it stays where it is.
struct StatementText {
  explicit StatementText(std::string_view text_given);
  StatementText(const StatementText&) = delete;
  StatementText& operator=(const StatementText&) = delete;

  std::string text;
  StatementScan scan;
  std::vector<std::string_view> parts;  // the single statements, when it is not just one
};

class StatementTexts {
 public:
  std::shared_ptr<const StatementText> get(std::string_view text);

 private:
  void sweep();

  static constexpr size_t kFirstSweep = 1024;
  std::unordered_map<uint64_t, std::weak_ptr<const StatementText>> known_;  // by hash of the text
  size_t next_sweep_ = kFirstSweep;
};

}  // namespace pgsieve
