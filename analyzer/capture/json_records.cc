#include "analyzer/capture/json_records.h"

#include <algorithm>

namespace pgsieve {
namespace {

// The keys under which exports list their records.
bool lists_records(std::string_view key) {
  static constexpr std::string_view kKeys[] = {"records", "events",       "logEvents",     "entries",
                                               "results", "resourceLogs", "resourceSpans", "tables",
                                               "value",   "logs",         "data"};
  return std::find(std::begin(kKeys), std::end(kKeys), key) != std::end(kKeys);
}

constexpr size_t kMaxKeyBytes = 32;
constexpr size_t kMaxDepth = 1000;

}  // namespace

// A record starts at an object that is at the top, in a top-level array, or in the array under a known key.
// An object at the top that turns out to hold such an array was no record: what was kept of it goes.
void JsonRecords::open(char bracket) {
  const bool object = bracket == '{';
  // "data" is a usual word: it lists records where nothing stands before it.
  const bool lists = lists_records(key_) && (key_ != "data" || buffer_.find(',') == std::string::npos);
  if (record_depth_ == 1 && !object && open_.size() == 1 && lists) {
    record_depth_ = 0;
    too_long_ = false;
    buffer_.clear();
  } else if (record_depth_ == 0 && (object || open_ == "}]")) {
    // In {"results":[[{…},{…}],…]} an inner array is a record.
    if (object || open_.size() == 2) {
      record_depth_ = open_.size() + 1;
      buffer_.clear();
    }
  }
  open_ += object ? '}' : ']';
  if (record_depth_ > 0 && open_.size() == 1) key_.clear();
}

// True when a record is complete.
bool JsonRecords::close() {
  const bool complete = record_depth_ > 0 && open_.size() == record_depth_;
  open_.pop_back();
  if (!complete) return false;
  record_depth_ = 0;
  if (!too_long_) return true;
  too_long_ = false;
  ++oversized_;
  buffer_.clear();
  return false;
}

// No JSON, or none that anyone writes.
void JsonRecords::start_over() {
  open_.clear();
  record_depth_ = 0;
  buffer_.clear();
  too_long_ = false;
  ++skipped_;
}

size_t JsonRecords::step(std::string_view bytes, size_t from) {
  size_t kept = from;  // bytes before this are in buffer_ or dropped
  const auto keep = [&](size_t end) {
    if (record_depth_ == 0 || too_long_) return;
    if (buffer_.size() + (end - kept) > max_) {
      too_long_ = true;
      buffer_.clear();
    } else {
      buffer_.append(bytes, kept, end - kept);
    }
  };
  for (size_t i = from; i < bytes.size(); ++i) {
    const char byte = bytes[i];
    if (in_string_) {
      if (open_.size() == 1 && key_.size() < kMaxKeyBytes && (escaped_ || byte != '"')) key_ += byte;
      if (escaped_) {
        escaped_ = false;
      } else if (byte == '\\') {
        escaped_ = true;
      } else if (byte == '"') {
        in_string_ = false;
      }
      continue;
    }
    if (open_.empty() && byte != '{' && byte != '[') {
      if (byte > ' ' && byte != ',') ++skipped_;
      continue;
    }
    if (byte == '"') {
      in_string_ = true;
      if (open_.size() == 1) key_.clear();
    } else if (byte == '{' || byte == '[') {
      keep(i);
      kept = i;
      if (open_.size() == kMaxDepth) start_over();
      open(byte);
      if (record_depth_ == 0) kept = i + 1;
    } else if (byte == '}' || byte == ']') {
      if (open_.back() != byte) {
        start_over();
        kept = i + 1;
        continue;
      }
      keep(i + 1);
      kept = i + 1;
      if (close()) return i + 1;
    }
  }
  keep(bytes.size());
  return std::string_view::npos;
}

}  // namespace pgsieve
