// A Source over a fuzzer's input.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "analyzer/capture/source.h"

namespace pgsieve {

class FuzzSource final : public Source {
 public:
  FuzzSource(std::string_view text, size_t portion) : text_(text), portion_(portion) {}
  Result<size_t> read(std::string& buffer, size_t want) override {
    const size_t part = std::min({want, portion_, text_.size()});
    buffer.append(text_, 0, part);
    text_.remove_prefix(part);
    return part;
  }
  const std::string& name() const override { return name_; }
  std::string encoding() const override { return ""; }
  uint64_t stored_bytes() const override { return 0; }
  uint64_t stored_size() const override { return 0; }

 private:
  std::string_view text_;
  std::string name_ = "fuzz";
  size_t portion_;
};

}  // namespace pgsieve
