#include "analyzer/capture/input_watch.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "analyzer/capture/file_part.h"
#include "analyzer/capture/held_file.h"
#include "analyzer/capture/source.h"

namespace pgsieve {
namespace {

constexpr size_t kHeadBytes = 4096;
constexpr size_t kEnough = 64;  // bytes of a head that tell one log from another
constexpr size_t kMostHeads = 16;

// Decoded.
std::string head_of(const std::string& path) {
  std::string head;
  auto sources = open_sources(path);
  if (!sources || sources->empty()) return head;
  while (head.size() < kHeadBytes) {
    const Result<size_t> got = sources->front()->read(head, kHeadBytes - head.size());
    if (!got || *got == 0) break;
  }
  return head;
}

std::pair<std::string, std::string> kind_of(const std::string& path) {
  const std::filesystem::path name(path);
  return {name.parent_path().string(), name.extension().string()};
}

}  // namespace

Result<InputOrder> InputWatch::start(const IngestOptions& options) {
  Result<std::vector<std::string>> paths = expand_inputs(inputs_);
  if (!paths) return paths.error();
  for (const std::string& path : *paths) remember(path);
  std::erase_if(*paths, [&options](const std::string& path) {
    return std::find(options.leave_out.begin(), options.leave_out.end(), path) != options.leave_out.end();
  });
  InputOrder order = order_inputs(std::move(*paths), options);
  for (const std::string& path : order.other_formats) left_out_.insert(kind_of(path));
  return order;
}

void InputWatch::remember(const std::string& path) {
  paths_.insert(path);
  const auto identity = file_identity(path);
  struct stat info {};
  if (!identity || stat(path.c_str(), &info) != 0) return;
  Known& known = known_[*identity];
  const std::pair<int64_t, int64_t> changed(info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  if (!known.heads.empty() && known.changed == changed) return;
  known.changed = changed;
  std::string head = head_of(path);
  if (!known.heads.empty() && head.starts_with(known.heads.back())) {
    known.heads.back() = std::move(head);
  } else if (known.heads.empty() || !known.heads.back().starts_with(head)) {
    known.heads.push_back(std::move(head));
    if (known.heads.size() > kMostHeads) known.heads.erase(known.heads.begin());
  }
}

// Either may be the shorter one: a copy grows while it is made.
bool InputWatch::is_copy(const std::string& head) const {
  const auto begins_like = [&head](const std::string& known) {
    const size_t common = std::min(known.size(), head.size());
    return common >= kEnough && known.compare(0, common, head, 0, common) == 0;
  };
  return std::any_of(known_.begin(), known_.end(), [&begins_like](const auto& one) {
    return std::any_of(one.second.heads.begin(), one.second.heads.end(), begins_like);
  });
}

std::vector<std::string> InputWatch::fresh() {
  std::vector<std::string> found;
  for (const std::string& input : inputs_) {
    const Result<std::vector<std::string>> paths = expand_inputs({input});
    if (!paths) continue;  // between a rotation's two steps the directory may be empty
    for (const std::string& path : *paths) {
      const auto identity = file_identity(path);
      if (!identity || left_out_.contains(kind_of(path))) continue;
      if (paths_.contains(path)) {  // followed: also what has the name now
        remember(path);
        continue;
      }
      if (known_.contains(*identity) || !is_plain_file(path)) continue;
      const std::string head = head_of(path);
      if (head.size() < kEnough) continue;  // too little to tell: next time
      if (is_copy(head)) {
        known_[*identity].heads = {head};  // the original may be truncated soon
        continue;
      }
      remember(path);
      found.push_back(path);
    }
  }
  return found;
}

}  // namespace pgsieve
