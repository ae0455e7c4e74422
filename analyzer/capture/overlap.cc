#include "analyzer/capture/overlap.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "analyzer/capture/file_part.h"
#include "analyzer/capture/source.h"

namespace pgsieve {
namespace {

constexpr size_t kProbeBytes = size_t{64} * 1024;
constexpr size_t kMaxProbeBytes = size_t{4} * 1024 * 1024;  // a single entry may be long
constexpr size_t kBlock = size_t{1} * 1024 * 1024;
constexpr size_t kMaxMark = 4096;
constexpr uint64_t kMinShared = 256;
constexpr size_t kMaxTries = 1000;
constexpr size_t kMinMark = 32;                              // shorter says too little
constexpr uint64_t kMaxSearch = uint64_t{64} * 1024 * 1024;  // from where the times meet

// Times of the entries in a block that may start and end anywhere.
struct Times {
  Microseconds first = kUnknownTime, last = kUnknownTime;
};

Times times_in(std::string_view block, bool from_start, const LogReader& reader) {
  const size_t start = from_start ? 0 : reader.find_record(block);
  if (start == std::string_view::npos) return {};
  LogChunk chunk;
  reader.read({block.substr(start), 0, 0, from_start, true}, chunk);
  Times times;
  for (const LogEntry& entry : chunk.entries) {
    if (entry.time == kUnknownTime) continue;
    if (times.first == kUnknownTime) times.first = entry.time;
    times.last = entry.time;
  }
  return times;
}

// The first entry's time at or after `offset`.
Microseconds time_at(const PlainFile& file, uint64_t offset, const LogReader& reader) {
  std::string block;
  for (size_t bytes = kProbeBytes; bytes <= kMaxProbeBytes; bytes *= 8) {
    block.clear();
    if (!file.read(offset, bytes, block)) return kUnknownTime;
    const Times times = times_in(block, offset == 0, reader);
    if (times.first != kUnknownTime || block.size() < bytes) return times.first;
  }
  return kUnknownTime;
}

// An offset before which all entries are older than `time`; near to it.
uint64_t place_of(const PlainFile& file, Microseconds time, const LogReader& reader) {
  uint64_t low = 0;
  uint64_t high = file.size();
  while (high - low > 2 * kProbeBytes) {
    const uint64_t middle = low + (high - low) / 2;
    const Microseconds there = time_at(file, middle, reader);
    (there != kUnknownTime && there < time ? low : high) = middle;
  }
  return low;
}

bool equal_bytes(const PlainFile& left, uint64_t at, const PlainFile& right, uint64_t from, uint64_t bytes) {
  std::string one, other;
  size_t step = kMaxMark;  // most that differ do so early
  for (uint64_t done = 0; done < bytes; step = kBlock) {
    const auto part = static_cast<size_t>(std::min<uint64_t>(step, bytes - done));
    one.clear();
    other.clear();
    if (!left.read(at + done, part, one) || !right.read(from + done, part, other) || one != other)
      return false;
    done += part;
  }
  return true;
}

// Whether the entries of a stretch have more than one time. A later file that begins with such a stretch of
// an earlier one's end goes back in time: it is a copy.
bool takes_time(const PlainFile& file, uint64_t from, uint64_t bytes, const LogReader& reader) {
  const size_t part = std::min<size_t>(bytes, kProbeBytes);
  std::string head, tail;
  if (!file.read(from, part, head) || !file.read(from + bytes - part, part, tail)) return false;
  const Times first = times_in(head, true, reader);
  const Times last = times_in(tail, part == bytes, reader);
  return first.last != first.first || (last.last != kUnknownTime && last.last != first.first);
}

// Whether a stretch has several entries, and its first line, which is `mark`, does not come again: equal
// lines of one time are what a loop writes.
bool is_no_loop(const PlainFile& file, uint64_t from, uint64_t bytes, std::string_view mark,
                const LogReader& reader) {
  std::string block;
  if (!file.read(from, kProbeBytes, block) || block.find(mark, 1) != std::string::npos) return false;
  LogChunk chunk;
  reader.read({std::string_view(block).substr(0, bytes), 0, 0, true, true}, chunk);
  return chunk.entries.size() > 1;
}

// Calls found(offset) for each place in [from, to) where `mark` stands at the start of a line, until it gives
// true.
template <typename Found>
void find_mark(const PlainFile& file, std::string_view mark, uint64_t from, uint64_t to, Found&& found) {
  std::string block;
  for (uint64_t at = from; at < to; at += kBlock) {
    block.clear();
    if (!file.read(at, kBlock + mark.size() - 1, block) || block.size() < mark.size()) return;
    for (size_t start = 0; start + mark.size() <= block.size(); ++start) {
      const void* place = memmem(block.data() + start, block.size() - start, mark.data(), mark.size());
      if (place == nullptr) break;
      start = static_cast<size_t>(static_cast<const char*>(place) - block.data());
      std::string before;
      const bool at_line = at + start == 0 || (file.read(at + start - 1, 1, before) && before == "\n");
      if (at_line && found(at + start)) return;
    }
  }
}

}  // namespace

Microseconds last_entry_time(const std::string& path, const LogReader& reader) {
  const std::optional<PlainFile> file = PlainFile::open(path);
  if (!file) return kUnknownTime;
  std::string block;
  for (size_t bytes = kProbeBytes; bytes <= kMaxProbeBytes; bytes *= 8) {
    const uint64_t from = file->size() - std::min<uint64_t>(file->size(), bytes);
    block.clear();
    if (!file->read(from, bytes, block)) return kUnknownTime;
    const Times times = times_in(block, from == 0, reader);
    if (times.last != kUnknownTime || from == 0) return times.last;
  }
  return kUnknownTime;
}

uint64_t shared_bytes(const std::string& earlier, uint64_t earlier_bytes, const LogReader* reader,
                      const std::string& later, uint64_t later_from, uint64_t* budget) {
  const std::optional<PlainFile> file = PlainFile::open(earlier);
  const std::optional<PlainFile> other = PlainFile::open(later);
  std::string mark;
  if (!file || !other || !other->read(later_from, kMaxMark, mark)) return 0;
  const std::string head = mark;
  // Its first line, or as many as say enough.
  if (const size_t line = mark.find('\n', kMinMark - 1); line != std::string::npos) mark.resize(line + 1);
  if (mark.size() < kMinMark) return 0;
  const uint64_t size = std::min(file->size(), earlier_bytes);
  uint64_t from = 0;
  uint64_t to = size;
  if (reader != nullptr) {
    const Microseconds first = times_in(head, true, *reader).first;
    if (first == kUnknownTime) return 0;
    from = place_of(*file, first - kSecond, *reader);
    to = std::min(to, from + kMaxSearch);
  } else {
    to = std::min(to, *budget);
    *budget -= to;
  }
  const uint64_t rest = other->size() - later_from;
  uint64_t shared = 0;
  uint64_t of_one_time = 0;
  size_t tries = 0, places = 0;
  find_mark(*file, mark, from, to, [&](uint64_t place) {
    const uint64_t bytes = std::min(size - place, rest);
    // A line or two may be there by chance: a loop of equal statements goes on across a rotation.
    const bool enough = bytes == rest || bytes >= kMinShared;
    ++places;
    if (!enough || !equal_bytes(*file, place, *other, later_from, bytes)) return ++tries == kMaxTries;
    const bool sure = bytes == rest || reader == nullptr || takes_time(*other, later_from, bytes, *reader);
    (sure ? shared : of_one_time) = bytes;
    return shared > 0 || ++tries == kMaxTries;
  });
  if (shared == 0 && of_one_time > 0 && places == 1 &&
      is_no_loop(*other, later_from, of_one_time, mark, *reader))
    return of_one_time;
  return shared;
}

int contained_content(const std::string& left, const std::string& right) {
  auto lefts = open_sources(left);
  auto rights = open_sources(right);
  if (!lefts || !rights || lefts->size() != 1 || rights->size() != 1) return 0;  // archives have members
  Source& one = *lefts->front();
  Source& other = *rights->front();
  std::string left_text, right_text;
  bool left_ended = false, right_ended = false;
  for (;;) {
    // Both hold what the other hasn't matched yet.
    const size_t common = std::min(left_text.size(), right_text.size());
    if (std::string_view(left_text).substr(0, common) != std::string_view(right_text).substr(0, common))
      return 0;
    left_text.erase(0, common);
    right_text.erase(0, common);
    if (left_ended && left_text.empty()) return -1;
    if (right_ended && right_text.empty()) return 1;
    if (left_text.empty()) {
      const Result<size_t> got = one.read(left_text, kBlock);
      if (!got) return 0;
      left_ended = *got == 0;
    }
    if (right_text.empty()) {
      const Result<size_t> got = other.read(right_text, kBlock);
      if (!got) return 0;
      right_ended = *got == 0;
    }
  }
}

}  // namespace pgsieve
