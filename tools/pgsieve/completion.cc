// Completion scripts, written from the option tree. Each needs nothing but its shell.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "tools/pgsieve/option_tree.h"

namespace pgsieve {

namespace {

using Visit = std::function<void(const CommandInfo& command, const std::string& words)>;

// Every command with its words: "" for the program itself, "baseline create" for a command of a command.
void for_each_command(const CommandInfo& command, const std::string& words, const Visit& visit) {
  visit(command, words);
  for (const CommandInfo& inner : command.commands)
    for_each_command(inner, words.empty() ? inner.name : words + " " + inner.name, visit);
}

// In single quotes, for sh, zsh and, with its own escape, fish.
std::string quoted(std::string_view text, std::string_view escaped_quote) {
  std::string out = "'";
  for (const char byte : text) {
    if (byte == '\'') {
      out += escaped_quote;
    } else if (byte == '\\' && escaped_quote == "\\'") {
      out += "\\\\";
    } else {
      out += byte == '\n' ? ' ' : byte;
    }
  }
  return out + "'";
}
std::string sh_quoted(std::string_view text) {
  return quoted(text, "'\\''");
}
std::string fish_quoted(std::string_view text) {
  return quoted(text, "\\'");
}

const OptionInfo* argument_of(const CommandInfo& command) {
  const auto found = std::find_if(command.options.begin(), command.options.end(),
                                  [](const OptionInfo& option) { return option.argument; });
  return found == command.options.end() ? nullptr : &*found;
}

// ---- bash

// Words for compgen -W. They are separated by line feeds, as are its answers, so that names of files may hold
// blanks.
std::string bash_words(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : "\\n") + word;
  return "$'" + text + "'";
}

std::string bash_values(const OptionInfo& option) {
  if (!option.choices.empty())
    return fmt::format("COMPREPLY=($(compgen -W {} -- \"$current\"))", bash_words(option.choices));
  if (option.folders()) return "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- \"$current\"))";
  if (option.files()) return "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$current\"))";
  return ":";
}

std::string bash_script(const CommandInfo& tree) {
  std::string levels;
  std::string values;
  std::string words;
  for_each_command(tree, "", [&](const CommandInfo& command, const std::string& path) {
    for (const CommandInfo& inner : command.commands) {
      levels += fmt::format("      {}) command={} ;;\n", sh_quoted(path + "|" + inner.name),
                            sh_quoted(path.empty() ? inner.name : path + " " + inner.name));
    }
    std::vector<std::string> names;
    for (const OptionInfo& option : command.options) {
      if (option.argument) continue;
      names.insert(names.end(), option.names.begin(), option.names.end());
      if (option.value.empty()) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : option.names) patterns.push_back(sh_quoted(path + "|" + name));
      values += fmt::format("    {}) {}; return ;;\n", fmt::join(patterns, "|"), bash_values(option));
    }
    for (const CommandInfo& inner : command.commands) names.push_back(inner.name);
    const OptionInfo* argument = argument_of(command);
    words += fmt::format(
        "    {})\n      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W {} -- \"$current\"))\n",
        sh_quoted(path), bash_words(names));
    words += argument == nullptr
                 ? fmt::format("      else COMPREPLY=($(compgen -W {} -- \"$current\")); fi ;;\n",
                               bash_words(names))
                 : fmt::format("      else {}; fi ;;\n", bash_values(*argument));
  });
  return fmt::format(
      "# bash completion for pgsieve, made by `pgsieve completion bash`.\n"
      "_pgsieve() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}\n"
      "  local command='' index IFS=$'\\n'\n"
      "  COMPREPLY=()\n"
      "  for ((index = 1; index < COMP_CWORD; index++)); do\n"
      "    # Behind -- stands a command of its own.\n"
      "    if [[ ${{COMP_WORDS[index]}} == -- ]]; then\n"
      "      compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -c -f -- \"$current\")); return\n    fi\n"
      "    case \"$command|${{COMP_WORDS[index]}}\" in\n{}    esac\n  done\n"
      "  # --option=value comes as three words.\n"
      "  if [[ $current == = ]]; then current=\n"
      "  elif [[ $previous == = ]]; then previous=${{COMP_WORDS[COMP_CWORD-2]}}; fi\n"
      "  case \"$command|$previous\" in\n{}  esac\n"
      "  case \"$command\" in\n{}  esac\n}}\n"
      "complete -F _pgsieve pgsieve\n",
      levels, values, words);
}

// ---- zsh

// Text inside a specification of _arguments.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char byte : text) {
    if (byte == ':' || byte == '[' || byte == ']' || byte == '\\' || byte == '`' || byte == '$') out += '\\';
    out += byte == '\n' ? ' ' : byte;
  }
  return out;
}

std::string zsh_action(const OptionInfo& option) {
  if (!option.choices.empty()) return fmt::format("({})", fmt::join(option.choices, " "));
  return option.folders() ? "_files -/" : option.files() ? "_files" : " ";
}

std::string zsh_function(const CommandInfo& command, const std::string& name) {
  std::string specs;
  for (const OptionInfo& option : command.options) {
    if (option.argument) {
      specs += fmt::format(" \\\n    {}", sh_quoted(fmt::format("{}:{}:{}", option.repeatable ? "*" : "",
                                                                zsh_text(option.value), zsh_action(option))));
      continue;
    }
    for (const std::string& spelling : option.names) {
      const std::string value =
          option.value.empty() ? "" : fmt::format(":{}:{}", zsh_text(option.value), zsh_action(option));
      specs += fmt::format(" \\\n    {}",
                           sh_quoted(fmt::format("*{}[{}]{}", spelling, zsh_text(option.help), value)));
    }
  }
  if (command.commands.empty()) return fmt::format("{}() {{\n  _arguments -s{}\n}}\n", name, specs);
  std::string names;
  std::string cases;
  std::string inner_functions;
  for (const CommandInfo& inner : command.commands) {
    names += fmt::format("\n        {}", sh_quoted(fmt::format("{}:{}", inner.name, zsh_text(inner.help))));
    cases += fmt::format("        {}) {}_{} ;;\n", inner.name, name, inner.name);
    inner_functions += zsh_function(inner, name + "_" + inner.name);
  }
  return inner_functions +
         fmt::format(
             "{0}() {{\n  local curcontext=$curcontext state state_descr line\n  typeset -A opt_args\n"
             "  _arguments -C{1} \\\n    '1: :->command' '*:: :->argument'\n"
             "  case $state in\n    command)\n      local -a commands\n      commands=({2})\n"
             "      _describe command commands ;;\n"
             "    argument)\n      case $words[1] in\n{3}      esac ;;\n  esac\n}}\n",
             name, specs, names, cases);
}

std::string zsh_script(const CommandInfo& tree) {
  return "#compdef pgsieve\n# zsh completion for pgsieve, made by `pgsieve completion zsh`.\n" +
         zsh_function(tree, "_pgsieve") +
         "if [ \"$funcstack[1]\" = _pgsieve ]; then\n  _pgsieve \"$@\"\nelse\n  compdef _pgsieve "
         "pgsieve\nfi\n";
}

// ---- fish

std::string fish_script(const CommandInfo& tree) {
  std::string out =
      "# fish completion for pgsieve, made by `pgsieve completion fish`.\n"
      "complete -c pgsieve -f\n";
  for_each_command(tree, "", [&](const CommandInfo& command, const std::string& path) {
    std::string condition = "__fish_use_subcommand";
    if (!path.empty()) {
      condition.clear();
      std::string word;
      for (const char byte : path + " ") {
        if (byte != ' ') {
          word += byte;
          continue;
        }
        condition += fmt::format("{}__fish_seen_subcommand_from {}", condition.empty() ? "" : "; and ", word);
        word.clear();
      }
    }
    const std::string line = fmt::format("complete -c pgsieve -n {}", fish_quoted(condition));
    for (const CommandInfo& inner : command.commands)
      out += fmt::format("{} -a {} -d {}\n", line, inner.name, fish_quoted(inner.help));
    for (const OptionInfo& option : command.options) {
      std::string text = line;
      for (const std::string& name : option.names) {
        if (option.argument) continue;
        text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!option.argument && !option.value.empty()) text += " -r";
      if (!option.choices.empty()) {
        text += fmt::format(" -a {}", fish_quoted(fmt::format("{}", fmt::join(option.choices, " "))));
      } else if (option.folders()) {
        text += " -a '(__fish_complete_directories)'";
      } else if (option.files()) {
        text += " -F";
      } else if (option.argument) {
        continue;
      }
      out += text + fmt::format(" -d {}\n", fish_quoted(option.help));
    }
  });
  return out;
}

}  // namespace

std::string write_completion(const CommandInfo& tree, std::string_view shell) {
  if (shell == "bash") return bash_script(tree);
  if (shell == "zsh") return zsh_script(tree);
  return fish_script(tree);
}

}  // namespace pgsieve
