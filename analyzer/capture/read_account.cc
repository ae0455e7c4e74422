#include "analyzer/capture/read_account.h"

namespace pgsieve {

std::string line_shape(std::string_view line) {
  constexpr size_t kMaxShape = 80;
  std::string shape;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
  };
  for (size_t i = 0; i < line.size() && shape.size() < kMaxShape; ++i) {
    const char c = line[i];
    if (is_digit(c)) {
      while (i + 1 < line.size() && is_digit(line[i + 1])) ++i;
      shape.push_back('0');
    } else if (is_letter(c)) {
      while (i + 1 < line.size() && is_letter(line[i + 1])) ++i;
      shape.push_back('a');
    } else if (c == '\'' || c == '"') {
      const size_t end = line.find(c, i + 1);
      i = end == std::string_view::npos ? line.size() : end;
      shape.append(2, c);
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      shape.push_back('?');
    } else {
      shape.push_back(c);
    }
  }
  return shape;
}

void ReadAccount::add_unread(std::string_view text, uint64_t bytes, uint32_t file, uint64_t line,
                             uint64_t offset) {
  unread_bytes += bytes;
  ++unread_lines;
  std::string key = line_shape(text.substr(0, 400));
  if (unread_shapes.size() >= kMaxShapes && !unread_shapes.contains(key)) key.clear();
  UnreadShape& shape = unread_shapes[key];
  if (shape.lines++ > 0) return;
  shape.sample = text.substr(0, 200);
  shape.file = file;
  shape.line = line;
  shape.offset = offset;
}

void ReadAccount::merge(const ReadAccount& other, uint64_t line_base) {
  if (damaged_records == 0) damaged_offset = other.damaged_offset;
  lines += other.lines;
  entry_bytes += other.entry_bytes;
  unread_bytes += other.unread_bytes;
  blank_bytes += other.blank_bytes;
  unread_lines += other.unread_lines;
  loose_continuations += other.loose_continuations;
  truncated_entries += other.truncated_entries;
  damaged_records += other.damaged_records;
  for (const auto& [key, shape] : other.unread_shapes) {
    const bool full = unread_shapes.size() >= kMaxShapes && !unread_shapes.contains(key);
    UnreadShape& mine = unread_shapes[full ? std::string() : key];
    if (mine.lines == 0) {
      mine = shape;
      mine.line += line_base;
    } else {
      mine.lines += shape.lines;
    }
  }
}

}  // namespace pgsieve
