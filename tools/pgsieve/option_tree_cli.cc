#include "tools/pgsieve/option_tree_cli.h"

#include <algorithm>
#include <cctype>

#include "analyzer/workload/orm.h"
#include "tools/pgsieve/option_values.h"

namespace pgsieve {

namespace {

std::vector<std::string> rule_names() {
  std::vector<std::string> names;
  for (const Rule& rule : all_rules()) names.emplace_back(rule.name);
  return names;
}

// What can stand as the value of an option, by what its placeholder is called.
std::vector<std::string> choices_of(const OptionInfo& option) {
  const std::string& name = option.names.back();
  if (option.value == "FORMAT[:FILE]") return format_names();
  if (option.value == "RULE") return rule_names();
  if (option.value == "SHELL") return {"bash", "zsh", "fish"};
  if (option.value == "SYSTEM") return {"github", "gitlab"};
  if (option.value == "WHEN") return {"auto", "always", "never"};
  if (option.value == "SEVERITY") return {"info", "warning", "error", "never"};
  if (option.value == "LEVEL") return {"low", "medium", "high", "proved"};
  if (name == "--orm") {
    std::vector<std::string> names;
    for (const auto& orm : orm_names()) names.emplace_back(orm);
    return names;
  }
  return {};
}

std::string upper_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char byte) { return static_cast<char>(std::toupper(byte)); });
  return text;
}

// CLI11 appends what a check accepts: "SHELL:{bash,zsh,fish}".
std::string placeholder(const std::string& type) {
  const size_t colon = type.find(':');
  return colon == std::string::npos || type.find('[') < colon ? type : type.substr(0, colon);
}

OptionInfo option_info(const CLI::Option& option) {
  OptionInfo info;
  info.argument = option.get_positional();
  if (info.argument) {
    info.names = {option.get_name(true)};
  } else {
    for (const std::string& name : option.get_snames()) info.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) info.names.push_back("--" + name);
  }
  const bool flag = option.get_items_expected_max() == 0;
  if (!flag) info.value = placeholder(option.get_type_name());
  if (!flag && (info.value.empty() || info.value.starts_with("TEXT") || info.value.starts_with("UINT")))
    info.value = info.argument ? upper_case(info.names.front()) : "VALUE";
  info.help = option.get_description();
  info.group = option.get_group() == "Options" ? "" : option.get_group();
  info.required = option.get_required();
  info.repeatable = option.get_items_expected_max() > 1 ||
                    info.help.find("repeatable") != std::string::npos ||
                    info.group.find("repeatable") != std::string::npos;
  info.choices = choices_of(info);
  return info;
}

}  // namespace

CommandInfo tree_of(const CLI::App& app, const std::string& parent) {
  CommandInfo info;
  info.name = app.get_name();
  info.path = parent.empty() ? info.name : parent + " " + info.name;
  info.help = app.get_description();
  info.footer = app.get_footer();
  for (const bool arguments : {true, false}) {
    for (const CLI::Option* option : app.get_options()) {
      const bool hidden = option->get_group().empty();
      if (!hidden && option->get_positional() == arguments) info.options.push_back(option_info(*option));
    }
  }
  for (const CLI::App* command :
       app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); }))
    info.commands.push_back(tree_of(*command, info.path));
  return info;
}

}  // namespace pgsieve
