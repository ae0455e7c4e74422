#include "analyzer/capture/session_rest.h"

#include <algorithm>
#include <optional>

#include "analyzer/capture/rest_records.h"

namespace pgsieve {
namespace {

// A line per session: "KEY FLAGS LOOSE… UNPLANNED… PREPARES…", all numbers, and then what is left whole, each
// a record behind the character that says what it is.
constexpr std::string_view kHeader = "rests/2\n";
constexpr std::string_view kHeaderWithoutPlans =
    "rests/1\n";  // of stores that were made before plans were left
constexpr uint64_t kHasStatements = 1, kAwaits = 2;
constexpr char kStatement = ';', kError = '!';
constexpr char kPlanOfStatement = '+', kWaitingPlan = '&', kOpenPlan = '@';
constexpr std::string_view kRecords = ";!+&@", kPlansAlone = "&@";

size_t bytes_of(const Backend& backend, SessionRests::Left left) {
  size_t bytes = 0;
  if (left.statement) bytes += rest_bytes(backend.current);
  if (left.error) bytes += rest_bytes(backend.failed);
  if (left.plans && backend.open_plan != nullptr) bytes += rest_bytes(*backend.open_plan);
  if (left.plans) {
    for (const PlanRecord& plan : backend.plans) bytes += rest_bytes(plan);
  }
  return bytes;
}

void append_records(const Backend& backend, SessionRests::Left left, std::string& rest) {
  if (left.statement) {
    rest += kStatement + rest_of(backend.current);
    for (const PlanRecord& plan : backend.current.plans) rest += kPlanOfStatement + rest_of(plan);
  }
  if (left.error) rest += kError + rest_of(backend.failed);
  if (!left.plans) return;
  for (const PlanRecord& plan : backend.plans) rest += kWaitingPlan + rest_of(plan);
  if (backend.open_plan != nullptr) rest += kOpenPlan + rest_of(*backend.open_plan);
}

void restore_record(char kind, std::string_view record, Backend& backend) {
  switch (kind) {
    case kStatement:
      read_rest(record, backend.current);
      return;
    case kError:
      read_rest(record, backend.failed);
      backend.failed.kind = Event::Kind::kFailed;
      return;
    case kPlanOfStatement:
      if (backend.current.plans.size() < Backend::kMaxPlans)
        backend.current.plans.push_back(read_plan_rest(record));
      return;
    case kWaitingPlan:
      if (backend.plans.size() < Backend::kMaxPlans) backend.plans.push_back(read_plan_rest(record));
      return;
    case kOpenPlan:
      backend.open_plan = std::make_unique<PlanRecord>(read_plan_rest(record));
      return;
  }
}

void restore_records(std::string_view records, Backend& backend) {
  while (!records.empty()) {
    const size_t end = std::min(records.find_first_of(kRecords, 1), records.size());
    restore_record(records[0], records.substr(1, end - 1), backend);
    records.remove_prefix(end);
  }
}

}  // namespace

SessionRests::SessionRests(std::string_view text) {
  if (!text.starts_with(kHeader) && !text.starts_with(kHeaderWithoutPlans)) return;
  text.remove_prefix(kHeader.size());
  while (!text.empty() && rests_.size() < kMost) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::optional<uint64_t> key = RestReader(line).next();
    const size_t blank = line.find(' ');
    if (key && blank != std::string_view::npos) rests_.emplace(*key, line.substr(blank + 1));
  }
}

bool SessionRests::has_room(const Backend& backend, Left left) const {
  const size_t bytes = bytes_of(backend, left);
  return bytes <= kLongestStatement && statement_bytes_ + bytes <= kMostBytes && rests_.size() < kMost;
}

void SessionRests::keep(const Backend& backend, Left left) {
  const bool unplanned = std::any_of(backend.unplanned.begin(), backend.unplanned.end(),
                                     [](uint64_t text) { return text != 0; });
  if (backend.key == 0 || rests_.size() >= kMost ||
      (backend.prepares.empty() && backend.loose_count == 0 && !left.duration && !left.whole() && !unplanned))
    return;
  std::string rest;
  append_number((backend.has_statements ? kHasStatements : 0) | (left.duration ? kAwaits : 0), rest);
  append_number(backend.loose_count, rest);
  for (const Microseconds loose : backend.loose) append_number(static_cast<uint64_t>(loose), rest);
  for (const uint64_t text : backend.unplanned) append_number(text, rest);
  for (const PrepareTime& prepare : backend.prepares) {
    for (const uint64_t number :
         {prepare.name, prepare.text, static_cast<uint64_t>(prepare.parse),
          static_cast<uint64_t>(prepare.bind), uint64_t{prepare.parses}, uint64_t{prepare.binds}})
      append_number(number, rest);
  }
  append_records(backend, left, rest);
  statement_bytes_ += bytes_of(backend, left);
  rests_.insert_or_assign(backend.key, std::move(rest));
}

bool SessionRests::restore(Backend& backend) {
  const auto found = rests_.find(backend.key);
  if (found == rests_.end()) return false;
  const std::string_view rest = found->second;
  const size_t records = std::min(rest.find_first_of(kRecords), rest.size());
  restore_records(rest.substr(records), backend);
  RestReader numbers(rest.substr(0, records));
  const uint64_t flags = numbers.number();
  backend.has_statements = (flags & kHasStatements) != 0;
  backend.owed_duration = (flags & kAwaits) != 0;
  backend.loose_count = static_cast<uint32_t>(std::min<uint64_t>(numbers.number(), backend.loose.size()));
  for (Microseconds& loose : backend.loose) loose = static_cast<Microseconds>(numbers.number());
  for (uint64_t& text : backend.unplanned) text = numbers.number();
  while (backend.prepares.size() < Backend::kMaxPrepares) {
    const std::optional<uint64_t> name = numbers.next();
    if (!name) break;
    PrepareTime prepare{*name, numbers.number()};
    prepare.parse = static_cast<Microseconds>(numbers.number());
    prepare.bind = static_cast<Microseconds>(numbers.number());
    prepare.parses = static_cast<uint32_t>(numbers.number());
    prepare.binds = static_cast<uint32_t>(numbers.number());
    backend.prepares.push_back(prepare);
  }
  rests_.erase(found);
  return true;
}

size_t SessionRests::statements() const {
  return static_cast<size_t>(std::count_if(rests_.begin(), rests_.end(), [](const auto& rest) {
    return rest.second.find(kStatement) != std::string::npos;
  }));
}

size_t SessionRests::plans() const {
  return static_cast<size_t>(std::count_if(rests_.begin(), rests_.end(), [](const auto& rest) {
    return rest.second.find_first_of(kPlansAlone) != std::string::npos;
  }));
}

std::string SessionRests::text() const {
  std::string text(kHeader);
  for (const auto& [key, rest] : rests_) {
    std::string line;
    append_number(key, line);
    text += line + " " + rest + "\n";
  }
  return text;
}

}  // namespace pgsieve
