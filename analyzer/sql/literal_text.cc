#include "analyzer/sql/literal_text.h"

namespace pgsieve {

size_t sign_of(const Slot& slot, std::string_view statement) {
  const std::string_view before = statement.substr(0, slot.offset);
  const size_t sign = before.find_last_not_of(" \t\r\n");
  if (slot.kind != Slot::Kind::kNumber || sign == std::string_view::npos || before[sign] != '-')
    return slot.offset;
  const size_t operand = before.substr(0, sign).find_last_not_of(" \t\r\n");
  if (operand == std::string_view::npos) return sign;
  constexpr std::string_view kEndsOperand = ")]\"'_$";  // a - 5 takes 5 away; = -5 is one value
  const char last = before[operand];
  const bool subtracts = kEndsOperand.find(last) != std::string_view::npos || (last >= '0' && last <= '9') ||
                         (last >= 'a' && last <= 'z') || (last >= 'A' && last <= 'Z') ||
                         static_cast<unsigned char>(last) >= 0x80;
  return subtracts ? slot.offset : sign;
}

ValueSpelling literal_spelling(const Slot& slot, std::string_view statement) {
  if (slot.kind == Slot::Kind::kNumber)
    return sign_of(slot, statement) < slot.offset ? ValueSpelling::kNegative : ValueSpelling::kExact;
  if (slot.kind != Slot::Kind::kString || slot.offset >= statement.size()) return ValueSpelling::kUnclear;
  const char opens = statement[slot.offset];
  if (opens == '$') return ValueSpelling::kExact;
  const bool escapes = opens == 'E' || opens == 'e';
  const bool plain = opens == '\'' || opens == 'N' || opens == 'n' ||
                     (escapes && slot.text.find('\\') == std::string_view::npos);
  return plain ? ValueSpelling::kDoubled : ValueSpelling::kUnclear;
}

}  // namespace pgsieve
