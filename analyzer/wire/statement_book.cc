#include "analyzer/wire/statement_book.h"

#include <algorithm>

namespace pgsieve {

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
  sent = Event::Sent::kUnknown;
  place = {};
  suspended = emitted = false;
}

bool Portal::is_large() const {
  constexpr size_t kSmall = 4096;
  return storage.capacity() > kSmall || values.capacity() > kSmall / sizeof(BoundValue) ||
         result.cells().capacity() > kSmall / sizeof(ResultCell);
}

std::shared_ptr<PreparedStatement> StatementBook::find(std::string_view name) const {
  const auto found = statements_.find(name);
  return found == statements_.end() ? nullptr : found->second;
}

void StatementBook::make_room() {
  while (statements_.size() >= kMaxStatements || (text_bytes_ > kMaxText && !statements_.empty())) {
    const auto oldest =
        std::min_element(statements_.begin(), statements_.end(),
                         [](const auto& a, const auto& b) { return a.second->age < b.second->age; });
    text_bytes_ -= oldest->second->text().size();
    statements_.erase(oldest);
  }
}

std::shared_ptr<PreparedStatement> StatementBook::put(std::shared_ptr<PreparedStatement> statement) {
  std::shared_ptr<PreparedStatement> previous = find(statement->name);
  erase(statement->name);
  make_room();
  statement->age = ++next_age_;
  text_bytes_ += statement->text().size();
  const std::string_view name = statement->name;
  statements_.emplace(name, std::move(statement));
  return previous;
}

void StatementBook::take_back(const PreparedStatement& taken, std::shared_ptr<PreparedStatement> previous) {
  const auto found = statements_.find(taken.name);
  if (found == statements_.end() || found->second.get() != &taken) return;
  erase(taken.name);
  if (previous != nullptr) put(std::move(previous));
}

void StatementBook::erase(std::string_view name) {
  const auto found = statements_.find(name);
  if (found == statements_.end()) return;
  text_bytes_ -= found->second->text().size();
  statements_.erase(found);
}

void StatementBook::clear() {
  statements_.clear();
  text_bytes_ = 0;
}

}  // namespace pgsieve
