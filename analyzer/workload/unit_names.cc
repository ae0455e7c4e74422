#include "analyzer/workload/unit_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgsieve {

namespace {

constexpr std::string_view kMark = "pgsieve:";
constexpr size_t kMaxName = 1024;

void add_tag(Tags& tags, const std::string& key, const std::string& value) {
  if (!value.empty() && tags.find(key).empty()) tags.values.emplace_back(key, value);
}

uint64_t client_of(const Event& event) {
  return hash_combine(hash_combine(hash64(event.database), hash64(event.user)),
                      hash_combine(hash64(event.application), hash64(event.host)));
}

// The marker in a statement: its only literal or value begins with "pgsieve:".
std::string_view marker_in(const Event& event) {
  const std::vector<Slot>& slots = event.scan->slots;
  if (slots.size() != 1 || event.text.size() > 4 * kMaxName) return {};
  std::string_view value = slots[0].text;
  if (slots[0].kind == Slot::Kind::kParameter && slots[0].parameter == 1 && event.parameters.size() == 1)
    value = event.parameters[0].text;
  if (!value.starts_with(kMark)) return {};
  value.remove_prefix(kMark.size());
  return value.starts_with("ignore") ? std::string_view() : value;
}

}  // namespace

std::optional<std::string> check_unit_source(std::string_view source) {
  if (source == "marker") return {};
  if (source.starts_with("tag:") && source.size() > 4) return {};
  if (!source.starts_with("app:") || source.size() <= 4)
    return fmt::format("'{}' is no source of names: write tag:KEY, tag:KEY+KEY, app:REGEX or marker", source);
  try {
    const std::regex tried{std::string(source.substr(4))};
  } catch (const std::regex_error& error) {
    return fmt::format("'{}' is no regular expression: {}", source.substr(4), error.what());
  }
  return {};
}

UnitNames::UnitNames(UnitSources sources) : sources_(std::move(sources)) {
  for (const std::string& source : sources_.test) {
    if (source == "marker") markers_ = true;
    if (source.starts_with("tag:") && source != "tag:test") other_tags_ = true;
    if (source.starts_with("app:") && !check_unit_source(source))
      applications_.emplace_back(source.substr(4));
  }
}

void UnitNames::take_marker(std::string_view marker, const Event& event) {
  Names names;
  bool whole_client = false;
  while (!marker.empty()) {
    const std::string_view pair = marker.substr(0, marker.find('&'));
    marker.remove_prefix(std::min(marker.size(), pair.size() + 1));
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string key(pair.substr(0, equals));
    std::string value = url_decode(pair.substr(equals + 1));
    if (value.size() > kMaxName) value.resize(kMaxName);
    if (key == "scope") {
      whole_client = value == "client";
    } else if (key == "test" || key == "route" || key == "job") {
      names.emplace_back(key, std::move(value));
    }
  }
  std::unordered_map<uint64_t, Names>& marked = whole_client ? by_client_ : by_session_;
  if (marked.size() >= kMaxMarked) marked.clear();
  marked[whole_client ? client_of(event) : event.session] = std::move(names);
}

const std::string& UnitNames::from_application(std::string_view application) {
  // Nearly always that of the statement before.
  if (last_name_ != nullptr && application == last_application_) return *last_name_;
  const std::string& name = look_up_application(application);
  last_application_ = application;
  last_name_ = &name;  // stays where it is until by_application_ is cleared
  return name;
}

const std::string& UnitNames::look_up_application(std::string_view application) {
  const auto known = by_application_.find(std::string(application));
  if (known != by_application_.end()) return known->second;
  std::string name;
  const std::string text(application);
  for (const std::regex& expression : applications_) {
    std::smatch match;
    if (!std::regex_search(text, match, expression)) continue;
    name = match.size() > 1 ? match[1].str() : match[0].str();
    break;
  }
  if (by_application_.size() >= kMaxMarked) by_application_.clear();
  last_name_ = nullptr;
  return by_application_[text] = std::move(name);
}

bool UnitNames::complete(const Event& event, Tags& tags) {
  bool is_marker = false;
  if (markers_ && event.session != 0) {
    if (const std::string_view marker = marker_in(event); !marker.empty()) {
      take_marker(marker, event);
      is_marker = true;
    }
    if (!by_session_.empty() || !by_client_.empty()) {
      const auto own = by_session_.find(event.session);
      const auto shared = by_client_.empty() ? by_client_.end() : by_client_.find(client_of(event));
      const Names* names = own != by_session_.end()     ? &own->second
                           : shared != by_client_.end() ? &shared->second
                                                        : nullptr;
      if (names != nullptr) {
        for (const auto& [key, value] : *names) add_tag(tags, key, value);
      }
    }
  }
  if (!applications_.empty() && !event.application.empty())
    add_tag(tags, "test", from_application(event.application));
  if (other_tags_ && tags.find("test").empty())
    add_tag(tags, "test",
            name_from_tags(sources_.test, [&](const std::string& key) { return tags.find(key); }));
  return is_marker;
}

std::string UnitNames::test_of(const Tags& tags) const {
  return std::string(tags.find("test"));
}

std::string UnitNames::route_of(const Tags& tags) const {
  return name_from_tags(sources_.route, [&](const std::string& key) { return tags.find(key); });
}

}  // namespace pgsieve
