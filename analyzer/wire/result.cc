#include "analyzer/wire/result.h"

#include <algorithm>

#include "analyzer/base/release.h"
#include "analyzer/wire/byte_cursor.h"
#include "analyzer/wire/value_text.h"

namespace pgsieve {

std::shared_ptr<const RowShape> RowShape::parse(std::string_view body) {
  ByteCursor cursor(body);
  const size_t count = cursor.u16();
  if (count > kMaxColumns) return nullptr;
  auto shape = std::make_shared<RowShape>();
  for (size_t i = 0; i < count; ++i) {
    Column column;
    column.name = cursor.text();
    column.table_oid = cursor.u32();
    column.attribute = cursor.u16();
    column.type = cursor.u32();
    cursor.u16();  // size of the type
    cursor.u32();  // its modifier
    column.binary = cursor.u16() == 1;
    if (cursor.failed()) return nullptr;
    shape->columns.push_back(std::move(column));
  }
  shape->source = body;
  return shape;
}

void ResultRows::add_row(std::string_view body, uint64_t size, const RowShape* shape,
                         const std::vector<bool>* binary) {
  const auto row = static_cast<uint32_t>(std::min<uint64_t>(rows_, UINT32_MAX));
  ++rows_;
  bytes_ += size;
  if (shape == nullptr || cells_.size() >= kMaxCells) return;
  if (row >= kWholeRows && row % kSampleStep != 0) return;
  ByteCursor cursor(body);
  const size_t count = std::min<size_t>(cursor.u16(), shape->columns.size());
  for (size_t i = 0; i < count && cells_.size() < kMaxCells; ++i) {
    const int32_t length = cursor.i32();
    if (cursor.failed()) return;
    if (length < 0) continue;  // NULL
    const std::string_view value = cursor.take(static_cast<size_t>(length));
    if (cursor.failed()) return;  // the rest of a long row was not kept
    const RowShape::Column& column = shape->columns[i];
    if (!can_be_key(column.type) || value.size() > kMaxKeyText) continue;
    bool in_binary = column.binary;
    if (binary != nullptr)
      in_binary = !binary->empty() && (*binary)[binary->size() == 1 ? 0 : i % binary->size()];
    uint64_t hash = 0;
    if (in_binary) {
      text_.clear();
      if (append_binary_value(column.type, value, text_) != ValueText::kExact) continue;
      hash = slot_value_hash(text_);
    } else {
      hash = slot_value_hash(value);
    }
    cells_.push_back({row, static_cast<uint16_t>(i), hash});
  }
}

void ResultRows::clear() {
  constexpr size_t kSmall = 256;
  rows_ = bytes_ = 0;
  if (cells_.capacity() > kSmall) release(cells_);
  cells_.clear();
}

void fill_columns(const RowShape& shape, std::vector<ResultColumn>& columns) {
  columns.clear();
  for (const RowShape::Column& column : shape.columns) {
    ResultColumn& shown = columns.emplace_back();
    shown.name = column.name;
    shown.table_oid = column.table_oid;
    shown.attribute = column.attribute;
  }
}

}  // namespace pgsieve
