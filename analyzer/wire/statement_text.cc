#include "analyzer/wire/statement_text.h"

#include <algorithm>

#include "analyzer/base/hash.h"

namespace pgsieve {

StatementText::StatementText(std::string_view text_given) : text(text_given) {
  std::string scratch;
  scan_statement(text, scan, scratch);
  scan.slots.shrink_to_fit();
  if (scan.statements > 1) parts = split_statements(text);
}

std::shared_ptr<const StatementText> StatementTexts::get(std::string_view text) {
  std::weak_ptr<const StatementText>& place = known_[hash64(text)];
  std::shared_ptr<const StatementText> found = place.lock();
  if (found != nullptr && found->text == text) return found;
  found = std::make_shared<const StatementText>(text);
  place = found;
  if (known_.size() >= next_sweep_) sweep();
  return found;
}

// Forgets the texts that nobody refers to any more.
void StatementTexts::sweep() {
  std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
  next_sweep_ = std::max(kFirstSweep, known_.size() * 2);
}

}  // namespace pgsieve
