// A source for tests: a text in memory, handed out in portions of any size.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "analyzer/capture/source.h"

namespace pgsieve {

class TextSource final : public Source {
 public:
  TextSource(std::string text, size_t portion) : text_(std::move(text)), portion_(portion) {}
  Result<size_t> read(std::string& buffer, size_t want) override {
    const size_t part = std::min({want, portion_, text_.size() - used_});
    buffer.append(text_, used_, part);
    used_ += part;
    return part;
  }
  const std::string& name() const override { return name_; }
  std::string encoding() const override { return ""; }
  uint64_t stored_bytes() const override { return used_; }
  uint64_t stored_size() const override { return text_.size(); }

 private:
  std::string text_, name_ = "text";
  size_t portion_, used_ = 0;
};

}  // namespace pgsieve
