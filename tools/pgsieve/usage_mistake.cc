#include "tools/pgsieve/usage_mistake.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/pgsieve/options.h"
#include "tools/pgsieve/suggest.h"

namespace pgsieve {

namespace {

// "--schema" of "--schema=x"; nothing for an argument that is no option.
std::string option_name(const std::string& argument) {
  if (argument.size() < 2 || argument[0] != '-') return {};
  return argument.substr(0, argument.find('='));
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

}  // namespace

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

int usage_error(const std::string& message, const CLI::App& app) {
  tell(message);
  std::string command;
  for (const CLI::App* at = &app; at->get_parent() != nullptr; at = at->get_parent())
    command.insert(0, at->get_name() + " ");
  tell(fmt::format("see `pgsieve {}--help`", command));
  return kExitUsage;
}

const CLI::App& chosen_command(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : chosen_command(*chosen.front());
}

int explain_mistake(const CLI::ParseError& error, const CLI::App& app) {
  const CLI::App& command = chosen_command(app);
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    for (const std::string& argument : app.remaining(true)) {
      const std::string name = option_name(argument);
      if (!name.empty()) {
        return usage_error(
            fmt::format("there is no option '{}'{}", name, did_you_mean(name, option_names(command))),
            command);
      }
    }
    const std::vector<std::string> rest = app.remaining(true);
    if (!rest.empty()) return usage_error(fmt::format("one argument too many: '{}'", rest.front()), command);
  }
  return usage_error(error.what(), command);
}

std::optional<std::string> mistyped_command(int argc, const char* const* argv, const CLI::App& app) {
  if (argc < 2 || argv[1][0] == '-' || argv[1][0] == '\0') return {};
  const std::vector<std::string> names = command_names(app);
  if (std::find(names.begin(), names.end(), argv[1]) != names.end()) return {};
  const std::string hint = did_you_mean(argv[1], names);
  return fmt::format("there is no command '{}'{}", argv[1],
                     hint.empty() ? fmt::format(" (known: {})", fmt::join(names, ", ")) : hint);
}

}  // namespace pgsieve
