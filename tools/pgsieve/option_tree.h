// The option tree as plain data: what the help, the manual page and the shell completions are made from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgsieve {

struct OptionInfo {
  std::vector<std::string> names;  // "-o", "--output"; for an argument its name
  std::string value;               // "FILE"; "": a flag
  std::string help;
  std::string group;                 // "" in the list without a heading
  std::vector<std::string> choices;  // values to complete; empty: any
  bool argument = false;             // by place, not by name
  bool required = false;
  bool repeatable = false;
  bool files() const;    // completes names of files
  bool folders() const;  // of folders only
};

struct CommandInfo {
  std::string name;  // "report"; of the tree: "pgsieve"
  std::string path;  // "pgsieve report"
  std::string help;
  std::string footer;
  std::vector<OptionInfo> options;  // arguments first
  std::vector<CommandInfo> commands;
  const CommandInfo* find(std::string_view name) const;  // nullptr: no such command
};

// "pgsieve report [INPUT...] [OPTIONS]"
std::string usage_of(const CommandInfo& command);

// The long help, wrapped to `width` columns.
std::string write_help(const CommandInfo& command, size_t width);

// A manual page for section 1, in man(7) mark-up.
std::string write_manual(const CommandInfo& tree, std::string_view version);

// The completion script of a shell: "bash", "zsh" or "fish".
std::string write_completion(const CommandInfo& tree, std::string_view shell);

}  // namespace pgsieve
