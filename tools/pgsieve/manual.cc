// The manual page, in the mark-up of man(7).
#include <fmt/format.h>

#include "analyzer/report/layout.h"
#include "tools/pgsieve/option_tree.h"

namespace pgsieve {

namespace {

constexpr size_t kSourceWidth = 72;  // of the page's source, as its linter wants it

constexpr std::string_view kDate = "2026-11-22";  // of the last change to what follows

// Text as roff prints it: no line of it is a request, and a minus is the one that can be typed.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char byte : wrap(text, kSourceWidth, "")) {
    if (line_start && (byte == '.' || byte == '\'')) out += "\\&";
    if (byte == '\\') {
      out += "\\e";
    } else if (byte == '-') {
      out += "\\-";
    } else {
      out += byte;
    }
    line_start = byte == '\n';
  }
  return out;
}

void option_entry(std::string& out, const OptionInfo& option) {
  std::string left;
  if (option.argument) {
    left = fmt::format("\\fI{}\\fR", roff(option.value));
  } else {
    for (const std::string& name : option.names)
      left += fmt::format("{}\\fB{}\\fR", left.empty() ? "" : ", ", roff(name));
    if (!option.value.empty()) left += fmt::format(" \\fI{}\\fR", roff(option.value));
  }
  out += fmt::format(".TP\n{}\n{}\n", left, roff(option.help));
  if (!option.choices.empty() && option.value != "RULE" && option.value != "FORMAT[:FILE]")
    out += fmt::format("Values: {}.\n", roff(fmt::format("{}", fmt::join(option.choices, ", "))));
}

void command_section(std::string& out, const CommandInfo& command) {
  if (!command.commands.empty() && command.path != command.name) {
    for (const CommandInfo& inner : command.commands) command_section(out, inner);
    return;
  }
  const size_t blank = command.path.find(' ');
  out += fmt::format(".SS {}\n{}\n.PP\n\\fB{}\\fR\n", roff(command.path.substr(blank + 1)),
                     roff(command.help), roff(usage_of(command)));
  std::string group;
  for (const OptionInfo& option : command.options) {
    if (option.names.back() == "--help") continue;
    if (option.group != group) out += fmt::format(".PP\n\\fI{}:\\fR\n", roff(option.group));
    group = option.group;
    option_entry(out, option);
  }
  if (!command.footer.empty()) out += fmt::format(".PP\n{}\n", roff(command.footer));
}

}  // namespace

std::string write_manual(const CommandInfo& tree, std::string_view version) {
  std::string out = fmt::format(
      ".TH PGSIEVE 1 {} \"pgsieve {}\" \"User Commands\"\n.SH NAME\n"
      "pgsieve \\- find wasteful query patterns in captured PostgreSQL traffic\n"
      ".SH SYNOPSIS\n.B pgsieve\n.I COMMAND\n[\\fIOPTIONS\\fR]\n"
      ".SH DESCRIPTION\n{}\nIt reads server logs and recorded connections, groups statements by\n"
      "libpg_query's fingerprint, and judges what it finds by rules, which\n.B pgsieve rules\nlists.\n",
      kDate, roff(version), roff(tree.help));
  out += ".SH OPTIONS\n";
  for (const OptionInfo& option : tree.options) option_entry(out, option);
  out += ".SH COMMANDS\n";
  for (const CommandInfo& command : tree.commands) command_section(out, command);
  out +=
      ".SH EXIT STATUS\n"
      ".TP\n0\nNothing to object to; for commands that do not judge, success.\n"
      ".TP\n1\nFindings, or a setting that is missing.\n"
      ".TP\n2\nThe command line, the configuration, a schema or a statistics file is wrong.\n"
      ".TP\n3\nThe input can't be used, or the server can't be reached.\n"
      ".TP\n130\nInterrupted; what was written covers a part of the inputs and says so.\n"
      ".SH ENVIRONMENT\n"
      ".TP\nNO_COLOR, CLICOLOR_FORCE, FORCE_COLOR, TERM\nColour: never, always, always, never when "
      "\"dumb\".\n"
      ".TP\nCOLUMNS\nWidth of the text where it does not go to a terminal.\n"
      ".TP\nPGSIEVE_PAGER, PAGER\nProgram that shows long documents on a terminal (less \\-FRX).\n"
      ".TP\nDATABASE_URL, PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE\nWhere a server is, for the "
      "commands that "
      "need one.\n"
      ".TP\nGITHUB_ACTIONS, GITHUB_STEP_SUMMARY, GITLAB_CI, CI\nSet by CI systems: annotations and a summary "
      "are "
      "added.\n"
      ".SH EXAMPLES\n"
      ".TP\nReport on a log:\n.B pgsieve report /var/log/postgresql/ \\-\\-schema schema.sql\n"
      ".TP\nRun a test suite with its traffic recorded, and judge it:\n.B pgsieve exec \\-\\- pytest\n"
      ".TP\nMake a server log what is needed, and undo it:\n"
      ".B pgsieve doctor \\-\\-db \"$DATABASE_URL\" \\-\\-apply\n"
      ".br\n.B pgsieve doctor \\-\\-db \"$DATABASE_URL\" \\-\\-revert\n"
      ".SH SEE ALSO\n.BR psql (1),\n.BR postgres (1)\n";
  return out;
}

}  // namespace pgsieve
