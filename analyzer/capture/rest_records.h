// What a run leaves to the next of statements and plans, as text: numbers in hexadecimal with blanks between
// them, texts with two digits for a byte. So no other character than digits and blanks is in a record, and
// what puts records together may separate them by any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analyzer/capture/execution.h"

namespace pgsieve {

// Reads what the append functions wrote, in their order. What is missing or damaged reads as nothing.
class RestReader {
 public:
  explicit RestReader(std::string_view text) : text_(text) {}
  std::optional<uint64_t> next();
  uint64_t number() { return next().value_or(0); }
  std::string text();
  bool at_end() const { return text_.empty(); }

 private:
  void skip_blank() {
    if (text_.starts_with(' ')) text_.remove_prefix(1);
  }

  std::string_view text_;
};

void append_number(uint64_t number, std::string& out);
void append_text(std::string_view text, std::string& out);

// Of the texts in the record: what a statement costs that is left, with the plans it has.
size_t rest_bytes(const Execution& statement);
size_t rest_bytes(const PlanRecord& plan);

// A statement or an error, without its plans.
std::string rest_of(const Execution& statement);
// The statement is active afterwards, unless there is none. It owns its texts.
void read_rest(std::string_view record, Execution& statement);

std::string rest_of(const PlanRecord& plan);
PlanRecord read_plan_rest(std::string_view record);

}  // namespace pgsieve
