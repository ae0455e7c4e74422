// UnitNames: which test or route an execution belongs to, from what the traffic says about itself.
//
// Sources, the first that gives a name wins:
//   tag:KEY, tag:KEY+KEY   tags of the statement's comment; several are joined by '#' (controller#action)
//   app:REGEX              application_name, when the expression matches; its first group, else the whole
//   match marker                 SELECT 'pgsieve:test=NAME': what follows on that connection belongs to the
//   test, until
//                          the next marker; an empty name ends it. Pairs as in a URL's query, values
//                          URL-encoded: 'pgsieve:test=tests%2Fa.py%3A%3Atest_b&route=%2Forders&scope=client'.
//                          With scope=client it holds for every connection of the same client program.
//
// A statement's own tag is stronger than any of these. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analyzer/base/error.h"
#include "analyzer/capture/event.h"
#include "analyzer/workload/tags.h"

namespace pgsieve {

// Where names come from, as written in a configuration.
struct UnitSources {
  std::vector<std::string> test = {"tag:test", "app:^t:(.*)$", "marker"};
  std::vector<std::string> route = {"tag:route", "tag:controller+action", "tag:endpoint", "tag:job"};
};

// What is wrong with a source; nullopt: nothing.
std::optional<std::string> check_unit_source(std::string_view source);

// The name that the tags give, by the "tag:" sources alone; "" none. `value_of` gives the value of a tag.
template <typename ValueOf>
std::string name_from_tags(const std::vector<std::string>& sources, ValueOf&& value_of) {
  for (const std::string& source : sources) {
    if (!source.starts_with("tag:")) continue;
    std::string name;
    bool complete = true;
    std::string_view rest = std::string_view(source).substr(4);
    while (complete && !rest.empty()) {
      const size_t plus = rest.find('+');
      const std::string value(value_of(std::string(rest.substr(0, plus))));
      complete = !value.empty();
      if (!name.empty()) name += '#';
      name += value;
      rest.remove_prefix(plus == std::string_view::npos ? rest.size() : plus + 1);
    }
    if (complete && !name.empty()) return name;
  }
  return {};
}

class UnitNames {
 public:
  explicit UnitNames(UnitSources sources);

  // Adds the tags "test", "route" and "job" that markers and application_name give, unless the statement
  // carries its own. True: the statement is a marker.
  bool complete(const Event& event, Tags& tags);
  void end_session(uint64_t session) { by_session_.erase(session); }

  // The whole names, for counting by unit.
  std::string test_of(const Tags& tags) const;
  std::string route_of(const Tags& tags) const;

 private:
  using Names = std::vector<std::pair<std::string, std::string>>;
  void take_marker(std::string_view marker, const Event& event);
  const std::string& from_application(std::string_view application);
  const std::string& look_up_application(std::string_view application);

  static constexpr size_t kMaxMarked = 65'536;  // sessions, clients and applications remembered
  UnitSources sources_;
  bool markers_ = false;
  bool other_tags_ = false;  // the test is in a tag of another name
  std::vector<std::regex> applications_;
  std::unordered_map<std::string, std::string> by_application_;
  std::string last_application_;
  const std::string* last_name_ = nullptr;  // in by_application_
  std::unordered_map<uint64_t, Names> by_session_, by_client_;
};

}  // namespace pgsieve
