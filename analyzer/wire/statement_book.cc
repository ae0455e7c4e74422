#include "analyzer/wire/statement_book.h"

#include <algorithm>

namespace pgsieve {

PreparedStatement::PreparedStatement(std::string_view text_given) : text(text_given) {
  std::string scratch;
  scan_statement(text, scan, scratch);
  if (scan.statements > 1) parts = split_statements(text);
}

void Portal::reset() {
  name.clear();
  statement = nullptr;
  storage.clear();
  values.clear();
  values_known = false;
  binary_results.clear();
  columns = nullptr;
  bound = false;
  result.clear();
  spent = 0;
  fetches = 0;
  place = {};
  suspended = emitted = false;
}

bool Portal::is_large() const {
  constexpr size_t kSmall = 4096;
  return storage.capacity() > kSmall || values.capacity() > kSmall / sizeof(BoundValue) ||
         result.cells().capacity() > kSmall / sizeof(ResultCell);
}

std::shared_ptr<PreparedStatement> StatementBook::find(const std::string& name) const {
  const auto found = statements_.find(name);
  return found == statements_.end() ? nullptr : found->second;
}

void StatementBook::make_room() {
  while (statements_.size() >= kMaxStatements || (text_bytes_ > kMaxText && !statements_.empty())) {
    const auto oldest =
        std::min_element(statements_.begin(), statements_.end(),
                         [](const auto& a, const auto& b) { return a.second->age < b.second->age; });
    text_bytes_ -= oldest->second->text.size();
    statements_.erase(oldest);
  }
}

std::shared_ptr<PreparedStatement> StatementBook::put(const std::string& name,
                                                      std::shared_ptr<PreparedStatement> statement) {
  std::shared_ptr<PreparedStatement> previous = find(name);
  erase(name);
  make_room();
  statement->age = ++next_age_;
  text_bytes_ += statement->text.size();
  statements_[name] = std::move(statement);
  return previous;
}

void StatementBook::take_back(const std::string& name, const PreparedStatement* taken,
                              std::shared_ptr<PreparedStatement> previous) {
  const auto found = statements_.find(name);
  if (found == statements_.end() ? taken != nullptr : found->second.get() != taken) return;
  erase(name);
  if (previous != nullptr) put(name, std::move(previous));
}

void StatementBook::erase(const std::string& name) {
  const auto found = statements_.find(name);
  if (found == statements_.end()) return;
  text_bytes_ -= found->second->text.size();
  statements_.erase(found);
}

void StatementBook::clear() {
  statements_.clear();
  text_bytes_ = 0;
}

}  // namespace pgsieve
