#include "analyzer/capture/reverse_spool.h"

#include <cstring>

namespace pgsieve {
namespace {

constexpr size_t kPortion = size_t{256} * 1024;

}  // namespace

// Each record is followed by its length, so the file can be walked from its end.
bool ReverseSpool::open() {
  file_.reset(std::tmpfile());
  return file_ != nullptr;
}

bool ReverseSpool::add(std::string_view record) {
  const auto length = static_cast<uint32_t>(record.size());
  if (file_ == nullptr || std::fwrite(record.data(), 1, record.size(), file_.get()) != record.size() ||
      std::fwrite(&length, sizeof length, 1, file_.get()) != 1) {
    if (file_ != nullptr) std::fseek(file_.get(), static_cast<long>(end_), SEEK_SET);
    return false;
  }
  end_ += record.size() + sizeof length;
  return true;
}

bool ReverseSpool::read_back(std::string& out) {
  const size_t before = out.size();
  while (end_ > 0 && out.size() - before < kPortion) {
    uint32_t length = 0;
    const uint64_t at = end_ - sizeof length;
    if (std::fseek(file_.get(), static_cast<long>(at), SEEK_SET) != 0 ||
        std::fread(&length, sizeof length, 1, file_.get()) != 1 || length > at) {
      end_ = 0;
      break;
    }
    const size_t have = out.size();
    out.resize(have + length);
    end_ = at - length;
    std::fseek(file_.get(), static_cast<long>(end_), SEEK_SET);
    if (std::fread(out.data() + have, 1, length, file_.get()) != length) {
      out.resize(have);
      end_ = 0;
    }
  }
  return end_ > 0;
}

}  // namespace pgsieve
