#include "analyzer/capture/csv_records.h"

#include <algorithm>
#include <iterator>

namespace pgsieve {
namespace {

constexpr size_t kMaxColumns = 200;

bool holds_message(std::string_view column) {
  static constexpr std::string_view kNames[] = {
      "@message",  "message",          "Message", "event_message", "textPayload",
      "message_s", "record_message_s", "msg",     "Line",          "_raw"};
  return std::find(std::begin(kNames), std::end(kNames), column) != std::end(kNames);
}

}  // namespace

char CsvRecords::separator_of(std::string_view head) {
  const std::string_view line = head.substr(0, head.find('\n'));
  char best = ',';
  for (const char separator : {';', '\t'}) {
    if (std::count(line.begin(), line.end(), separator) > std::count(line.begin(), line.end(), best))
      best = separator;
  }
  return best;
}

bool CsvRecords::has_header(std::string_view head) {
  std::string_view line = head.substr(0, head.find('\n'));
  if (line.size() == head.size() || line.size() > kMaxHeaderBytes) return false;
  // All columns in the server's order: that is a csvlog with a header.
  if (line.find("log_time,user_name,database_name,process_id,connection_from,session_id,") < 4) return false;
  const char separator = separator_of(head);
  while (!line.empty()) {
    const size_t comma = std::min(line.find(separator), line.size());
    std::string_view name = line.substr(0, comma);
    while (name.ends_with('\r') || name.ends_with('"') || name.ends_with(' ')) name.remove_suffix(1);
    while (name.starts_with('"') || name.starts_with(' ') || name.starts_with("\xEF\xBB\xBF"))
      name.remove_prefix(name[0] == '"' || name[0] == ' ' ? 1 : 3);
    if (holds_message(name)) return true;
    line.remove_prefix(std::min(comma + 1, line.size()));
  }
  return false;
}

bool CsvRecords::end_row() {
  const bool complete = !too_long_ && used_ > 0;
  if (too_long_) ++oversized_;
  started_ = too_long_ = false;
  bytes_ = 0;
  if (!complete) {
    used_ = 0;
    return false;
  }
  std::string& last = fields_[used_ - 1];
  if (last.ends_with('\r')) last.pop_back();
  if (header_done_) return true;
  for (size_t i = 0; i < used_; ++i) {
    std::string_view name = fields_[i];
    if (name.starts_with("\xEF\xBB\xBF")) name.remove_prefix(3);
    append_json_string(name, names_.emplace_back());
  }
  header_done_ = true;
  used_ = 0;
  return false;
}

bool CsvRecords::take(char byte) {
  if (!started_) {
    if (byte == '\n' || byte == '\r') return false;  // an empty line
    started_ = true;
    used_ = 0;
    quoted_ = was_quote_ = false;
  }
  if (used_ == 0) {
    if (fields_.empty()) fields_.emplace_back();
    fields_[0].clear();
    used_ = 1;
  }
  std::string& field = fields_[used_ - 1];
  if (quoted_) {
    if (byte == '"') {
      quoted_ = false;
      was_quote_ = true;
      return false;
    }
  } else if (byte == '"' && (was_quote_ || field.empty())) {
    quoted_ = true;
    if (!was_quote_) return false;  // the opening quote; a doubled one is a quote
  } else if (byte == separator_ && used_ < kMaxColumns) {
    was_quote_ = false;
    if (fields_.size() == used_) fields_.emplace_back();
    fields_[used_++].clear();
    return false;
  } else if (byte == '\n') {
    was_quote_ = false;
    return end_row();
  }
  was_quote_ = false;
  if (too_long_) return false;
  if (++bytes_ > max_) {
    too_long_ = true;
    for (std::string& text : fields_) text.clear();
    return false;
  }
  field += byte;
  return false;
}

const std::string& CsvRecords::row_json() {
  json_ = "{";
  for (size_t i = 0; i < std::min(used_, names_.size()); ++i) {
    if (i > 0) json_ += ',';
    json_ += names_[i];
    json_ += ':';
    append_json_string(fields_[i], json_);
  }
  json_ += '}';
  used_ = 0;
  return json_;
}

}  // namespace pgsieve
