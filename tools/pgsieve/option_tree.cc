#include "tools/pgsieve/option_tree.h"

#include <fmt/format.h>

#include <algorithm>

#include "analyzer/report/layout.h"

namespace pgsieve {

bool OptionInfo::files() const {
  return choices.empty() && (value == "FILE" || value == "INPUT" || value == "FORMAT[:FILE]");
}
bool OptionInfo::folders() const {
  return choices.empty() && value == "DIR";
}

const CommandInfo* CommandInfo::find(std::string_view wanted) const {
  const auto found = std::find_if(commands.begin(), commands.end(),
                                  [&](const CommandInfo& command) { return command.name == wanted; });
  return found == commands.end() ? nullptr : &*found;
}

std::string usage_of(const CommandInfo& command) {
  std::string usage = command.path;
  if (!command.commands.empty()) usage += " COMMAND";
  std::string arguments;
  bool options = false;
  for (const OptionInfo& option : command.options) {
    options |= !option.argument;
    if (!option.argument) continue;
    const std::string name = fmt::format("{}{}", option.value, option.repeatable ? "..." : "");
    arguments += option.required ? " " + name : fmt::format(" [{}]", name);
  }
  if (options) usage += " [OPTIONS]";
  return usage + arguments;
}

namespace {

constexpr size_t kIndent = 30;  // where the descriptions begin

void entry(std::string& out, const std::string& left, const std::string& help, size_t width) {
  out += "  " + left;
  const std::string indent(kIndent, ' ');
  if (left.size() + 3 > kIndent) {
    out += "\n" + indent;
  } else {
    out.append(kIndent - left.size() - 2, ' ');
  }
  out += wrap(help, width > kIndent + 20 ? width - kIndent : 20, indent) + "\n";
}

}  // namespace

std::string write_help(const CommandInfo& command, size_t width) {
  std::string out = wrap(command.help, width, "") + "\n\nUsage: " + usage_of(command) + "\n";
  if (!command.commands.empty()) out += "\nCommands:\n";
  for (const CommandInfo& inner : command.commands) entry(out, inner.name, inner.help, width);
  std::vector<std::string> groups;
  for (const OptionInfo& option : command.options) {
    if (std::find(groups.begin(), groups.end(), option.group) == groups.end()) groups.push_back(option.group);
  }
  for (const std::string& group : groups) {
    out += fmt::format("\n{}:\n", group.empty() ? "Options" : group);
    for (const OptionInfo& option : command.options) {
      if (option.group != group) continue;
      std::string left = option.argument ? option.value : fmt::format("{}", fmt::join(option.names, ", "));
      if (!option.argument && !option.value.empty()) left += " " + option.value;
      entry(out, left, option.help, width);
    }
  }
  if (!command.footer.empty()) out += "\n" + wrap(command.footer, width, "") + "\n";
  if (!command.commands.empty())
    out += fmt::format("\n`{} COMMAND --help` tells more of a command.\n", command.path);
  return out;
}

}  // namespace pgsieve
