// What exporters put around a server's log lines in JSON, one function per vendor. Internal to unwrapping.
//
// Each looks at a record; when it is its vendor's, it appends the inner log to `lines` (stderr lines,
// continuation lines with their tab, or jsonlog lines) and returns true.
#pragma once

#include <simdjson.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "analyzer/capture/entry_joiner.h"
#include "analyzer/capture/stream_text.h"
#include "analyzer/capture/unwrapper.h"

namespace pgsieve {

// What one record holds.
struct JsonFound {
  std::string_view name;  // of the wrapper; empty: none of ours
  Microseconds time = kUnknownTime;
  bool is_other = false;    // another program's record in one of our wrappers
  bool is_omitted = false;  // its text was left out
};

class JsonVendors {
 public:
  // laid_out: a jsonlog record at the top is taken as well, because it isn't one line as the server writes
  // it.
  JsonVendors(UnwrapReport& report, bool laid_out) : report_(report), laid_out_(laid_out) {}

  // What the record is; its lines go to `lines`. A record that is itself of the server's jsonlog is none of
  // the vendors'; one inside of theirs becomes a jsonlog line.
  JsonFound read(const simdjson::dom::object& record, std::string& lines);
  JsonFound read(const simdjson::dom::array& record, std::string& lines);

  // After the last record: what was held back.
  void finish(std::string& lines);
  // Of the journal's: see EntryJoiner.
  uint64_t missing_messages() const { return joiner_.missing(); }

  uint64_t damaged() const { return damaged_; }

 private:
  using object = simdjson::dom::object;
  using array = simdjson::dom::array;

  JsonFound read_nested(const object& record, std::string& lines);
  JsonFound read_text(std::string_view json, std::string& lines);
  bool jsonlog(const object& record, std::string& lines);
  bool rows(const object& record, JsonFound& found, std::string& lines);
  // A text line or entry: goes on as it is, with the record's time in front when its prefix has none.
  void append_text(std::string_view text, Microseconds time, std::string& lines);
  bool loki(const object& record, JsonFound& found, std::string& lines);
  bool search_hits(const object& record, JsonFound& found, std::string& lines);
  bool shipper(const object& record, JsonFound& found, std::string& lines);
  bool syslog_part(const object& record, std::string_view text, const JsonFound& found, std::string& lines);

  // unwrap_json_containers.cc
  bool docker(const object& record, std::string& lines);
  bool log_table(const object& record, JsonFound& found, std::string& lines);
  bool parsed_metadata(const object& record, JsonFound& found, std::string& lines);
  bool bare_message(const object& record, JsonFound& found, std::string& lines);
  bool cloud_native_pg(const object& record, JsonFound& found, std::string& lines);
  // unwrap_json_cloud.cc
  bool google(const object& record, JsonFound& found, std::string& lines);
  bool azure(const object& record, JsonFound& found, std::string& lines);
  bool insights(const array& fields, JsonFound& found, std::string& lines);
  // unwrap_json_telemetry.cc
  bool journal(const object& record, JsonFound& found, std::string& lines);
  bool otlp(const object& record, JsonFound& found, std::string& lines);
  void otlp_record(const object& entry, JsonFound& found, std::string& lines);

  static constexpr size_t kMaxDepth = 4;

  UnwrapReport& report_;
  bool laid_out_;
  std::array<std::string, 2> pieces_;  // docker: of stdout, of stderr
  StreamMixer mixer_;
  EntryJoiner joiner_;
  size_t depth_ = 0;
  StreamText text_;
  Microseconds text_time_ = kUnknownTime;  // Google: of the latest record with a text
  uint64_t damaged_ = 0;
};

}  // namespace pgsieve
