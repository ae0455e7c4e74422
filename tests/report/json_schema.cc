#include "tests/report/json_schema.h"

#include <algorithm>

namespace pgsieve {

namespace {

using nlohmann::json;

bool is_hex16(const std::string& text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

class Checker {
 public:
  explicit Checker(const json& root) : root_(root) {}

  void check(const json& schema, const json& value, const std::string& path) {
    for (const auto& [keyword, argument] : schema.items()) apply(keyword, argument, schema, value, path);
  }
  std::vector<std::string> offences;

 private:
  void offence(const std::string& path, const std::string& what) { offences.push_back(path + ": " + what); }

  void apply(const std::string& keyword, const json& argument, const json& schema, const json& value,
             const std::string& path) {
    if (keyword == "$ref") {
      check(root_["$defs"][argument.get<std::string>().substr(std::string("#/$defs/").size())], value, path);
    } else if (keyword == "type") {
      check_type(argument, value, path);
    } else if (keyword == "const") {
      if (value != argument) offence(path, "is not " + argument.dump());
    } else if (keyword == "enum") {
      if (std::find(argument.begin(), argument.end(), value) == argument.end())
        offence(path, value.dump() + " is no choice");
    } else if (keyword == "pattern") {
      // The one pattern in use; std::regex does not compile cleanly under the sanitizers.
      if (argument != "^[0-9a-f]{16}$" || !is_hex16(value.get<std::string>())) offence(path, "no match");
    } else if (keyword == "minimum") {
      if (value.is_number() && value < argument) offence(path, "too small");
    } else if (keyword == "required") {
      for (const auto& name : argument) {
        if (!value.contains(name.get<std::string>())) offence(path, "lacks " + name.dump());
      }
    } else if (keyword == "properties") {
      for (const auto& [name, member] : argument.items()) {
        if (value.contains(name)) check(member, value[name], path + "/" + name);
      }
    } else if (keyword == "additionalProperties") {
      for (const auto& [name, member] : value.items()) {
        if (!schema.contains("properties") || !schema["properties"].contains(name))
          check(argument, member, path + "/" + name);
      }
    } else if (keyword == "items") {
      for (size_t at = 0; at < value.size(); ++at)
        check(argument, value[at], path + "/" + std::to_string(at));
    } else if (keyword != "$schema" && keyword != "$id" && keyword != "$defs" && keyword != "title" &&
               keyword != "description") {
      offence(path, "unknown keyword " + keyword);
    }
  }

  void check_type(const json& wanted, const json& value, const std::string& path) {
    const auto fits = [&](const std::string& type) {
      if (type == "integer") return value.is_number_integer();
      if (type == "number") return value.is_number();
      if (type == "boolean") return value.is_boolean();
      return type == value.type_name();
    };
    bool any = false;
    for (const auto& type : wanted.is_array() ? wanted : json::array({wanted}))
      any |= fits(type.get<std::string>());
    if (!any) offence(path, std::string("is ") + value.type_name() + ", not " + wanted.dump());
  }

  const json& root_;
};

}  // namespace

std::vector<std::string> schema_offences(const nlohmann::json& schema, const nlohmann::json& document) {
  Checker checker(schema);
  checker.check(schema, document, "");
  return checker.offences;
}

}  // namespace pgsieve
