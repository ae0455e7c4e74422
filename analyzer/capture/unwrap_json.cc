// Logs inside JSON records: docker's json-file, CloudNativePG, Cloud SQL and AlloyDB, CloudWatch, Azure, the
// journal, OTLP logs, and shippers that put the line under "message"; and tables exported as CSV with such
// columns. Which it is shows in the keys of each record (JsonVendors); JsonRecords finds the records, and
// CsvRecords makes them of rows.
//
// Exports often come newest first. When the first records say so, everything is put aside in a temporary file
// and handed out backwards.
#include <simdjson.h>

#include "analyzer/base/time.h"
#include "analyzer/capture/csv_records.h"
#include "analyzer/capture/json_records.h"
#include "analyzer/capture/json_vendors.h"
#include "analyzer/capture/reverse_spool.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// Records is JsonRecords or CsvRecords.
template <typename Records>
class RecordUnwrapper final : public Unwrapper {
 public:
  explicit RecordUnwrapper(UnwrapReport& report)
      : report_(report), records_(kMaxRecordBytes), vendors_(report, true) {}

  void feed(std::string_view bytes, std::string& out) override {
    records_.feed(bytes, [&](std::string_view json) { take(json, out); });
    offset_ += bytes.size();
    count_oversized();
  }

  bool finish(std::string& out) override {
    if (!finished_) {
      finished_ = true;
      records_.finish([&](std::string_view json) { take(json, out); });
      count_oversized();
      if (records_.inside()) damaged();
      scratch_.clear();
      vendors_.finish(scratch_);
      report_.missing_messages = vendors_.missing_messages();
      if (!scratch_.empty()) deliver(scratch_, kUnknownTime, out);
      release_held(out);
    }
    if (!reversing_) return false;
    return spool_.read_back(out);
  }

 private:
  void take(std::string_view json, std::string& out);
  void deliver(const std::string& lines, Microseconds time, std::string& out);
  void release_held(std::string& out);
  void damaged() {
    if (report_.damaged_records++ == 0) report_.damaged_offset = offset_;
  }
  void count_oversized() {
    for (; oversized_ < records_.oversized() + vendors_.damaged(); ++oversized_) damaged();
  }

  UnwrapReport& report_;
  Records records_;
  simdjson::dom::parser parser_;
  JsonVendors vendors_;
  uint64_t offset_ = 0, oversized_ = 0;
  std::string scratch_;

  // Order: until it is known, records wait in held_.
  static constexpr size_t kHeldRecords = 64;
  std::vector<std::string> held_;
  Microseconds last_time_ = kUnknownTime;
  size_t newer_ = 0, older_ = 0;
  bool order_known_ = false, reversing_ = false, finished_ = false;
  ReverseSpool spool_;
};

template <typename Records>
void RecordUnwrapper<Records>::take(std::string_view json, std::string& out) {
  element root;
  if (parser_.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return damaged();
  scratch_.clear();
  JsonFound found;
  object record;
  array fields;
  if (root.get(record) == simdjson::SUCCESS) {
    found = vendors_.read(record, scratch_);
  } else if (root.get(fields) == simdjson::SUCCESS) {
    found = vendors_.read(fields, scratch_);
  }
  if (found.is_omitted) {
    ++report_.omitted_records;
    report_.other_bytes += json.size();
    return;
  }
  if (found.name.empty() || found.is_other) {
    ++report_.other_records;
    report_.other_bytes += json.size();
    return;
  }
  if (!scratch_.empty()) deliver(std::string(scratch_), found.time, out);
}

template <typename Records>
void RecordUnwrapper<Records>::deliver(const std::string& lines, Microseconds time, std::string& out) {
  if (order_known_) {
    if (!reversing_) {
      out += lines;
    } else if (!spool_.add(lines)) {
      damaged();
    }
    return;
  }
  if (time != kUnknownTime) {
    if (last_time_ != kUnknownTime && time > last_time_) ++newer_;
    if (last_time_ != kUnknownTime && time < last_time_) ++older_;
    last_time_ = time;
  }
  held_.push_back(lines);
  if (held_.size() >= kHeldRecords) release_held(out);
}

template <typename Records>
void RecordUnwrapper<Records>::release_held(std::string& out) {
  if (order_known_) return;
  order_known_ = true;
  reversing_ = older_ > newer_ * 4;
  if (reversing_ && !spool_.open()) reversing_ = false;
  if (reversing_) report_.warning = "The export is newest first; it was read backwards.";
  for (const std::string& lines : held_) deliver(lines, kUnknownTime, out);
  held_.clear();
}

// Whether the text starts with a line that a server could have written: text, a csvlog row, a jsonlog object.
bool is_server_line(std::string_view lines) {
  if (find_level(lines).length > 0) return true;
  if (const size_t time = parse_time(lines).length; time > 0 && lines.substr(time).starts_with(','))
    return true;
  return lines.starts_with('{') &&
         lines.substr(0, lines.find('\n')).find("\"error_severity\"") != std::string_view::npos;
}

// Some record of the head holds a server's line or row.
template <typename Records>
bool holds_server_lines(std::string_view head, bool laid_out, std::string_view& name) {
  Records records(Unwrapper::kMaxRecordBytes);
  simdjson::dom::parser parser;
  UnwrapReport report;
  JsonVendors probe(report, laid_out);
  bool found_one = false;
  std::string lines;
  records.feed(head, [&](std::string_view json) {
    element root;
    object record;
    array fields;
    JsonFound found;
    if (found_one || parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) return;
    lines.clear();
    if (root.get(record) == simdjson::SUCCESS) {
      found = probe.read(record, lines);
    } else if (root.get(fields) == simdjson::SUCCESS) {
      found = probe.read(fields, lines);
    }
    if (found.name.empty() || found.is_other) return;
    // A further wrapper may be inside, or the head may hold only continuation lines: the known containers are
    // believed.
    found_one = found.name != "JSON" || is_server_line(lines);
    if (found_one) name = found.name;
  });
  return found_one;
}

// A key comes first; `in_line`: it may be in the bracket's line.
bool is_laid_out_object(std::string_view head, bool in_line) {
  const size_t next = head.find_first_not_of(" \t\r\n", 1);
  if (!head.starts_with('{') || next == std::string_view::npos || head[next] != '"') return false;
  return in_line || head.substr(0, next).find('\n') != std::string_view::npos;
}

// Whether the records are elements of an array, or each is spread over several lines. (A server's line may
// start with a bracket, too.)
bool is_laid_out(std::string_view head) {
  constexpr std::string_view kBlank = " \t\r\n";
  if (head.starts_with('[')) {
    const size_t next = head.find_first_not_of(kBlank, 1);
    return next != std::string_view::npos && head[next] == '{' && is_laid_out_object(head.substr(next), true);
  }
  return is_laid_out_object(head, false);
}

}  // namespace

bool is_wrapped_json(std::string_view head, std::string_view& name) {
  const size_t start = head.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || (head[start] != '{' && head[start] != '[')) return false;
  return holds_server_lines<JsonRecords>(head, is_laid_out(head.substr(start)), name);
}

bool is_wrapped_csv(std::string_view head, std::string_view& name) {
  return CsvRecords::has_header(head) && holds_server_lines<CsvRecords>(head, true, name);
}

std::unique_ptr<Unwrapper> make_json(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<RecordUnwrapper<JsonRecords>>(report);
}
std::unique_ptr<Unwrapper> make_csv(const IngestOptions&, UnwrapReport& report) {
  return std::make_unique<RecordUnwrapper<CsvRecords>>(report);
}

}  // namespace pgsieve
