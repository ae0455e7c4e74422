#include "tools/pgsieve/setup_options.h"

#include "tools/pgsieve/option_tree_cli.h"

namespace pgsieve {

namespace {

CLI::App* add_doctor(CLI::App& app, DoctorOptions& options, RawOptions& raw) {
  CLI::App* doctor = app.add_subcommand(
      "doctor", "check that a server's log shows what pgsieve needs, and set or restore its settings");
  doctor
      ->add_option("--db", options.url,
                   "server: postgresql://user@host/database; what is left out comes from PG… variables")
      ->type_name("URL");
  CLI::Option* apply = doctor->add_flag("--apply", options.apply, "set what is missing, with ALTER SYSTEM");
  doctor->add_flag("--revert", options.revert, "put back what was before --apply")->excludes(apply);
  doctor->add_flag("--hide-values", options.wishes.hide_values,
                   "also keep the values of parameters out of the log");
  doctor
      ->add_option("--plans", options.wishes.plans_from_ms,
                   "also log the plans of statements that take so many ms or longer (0: of all)")
      ->type_name("MS")
      ->check(CLI::Range(0, 86'400'000));
  doctor->add_option("--state", options.state_file, "file to remember in what was before --apply")
      ->type_name("FILE");
  doctor->add_option("--color", raw.color, "auto, always or never")->type_name("WHEN");
  doctor->footer(
      "Exit code: 0 the log shows what is needed, or was told to; 1 a setting is missing; 2 usage; 3 no "
      "connection.");
  return doctor;
}

}  // namespace

SetupCommands add_setup_commands(CLI::App& app, CommandLine& line, RawOptions& raw) {
  SetupCommands commands;
  commands.doctor = add_doctor(app, line.doctor, raw);
  commands.init =
      app.add_subcommand("init", "write pgsieve.toml and, for a CI system, the job that runs pgsieve");
  commands.init->add_option("--ci", line.init.ci, "also write the job for github or gitlab")
      ->type_name("SYSTEM")
      ->check(CLI::IsMember({"github", "gitlab"}));
  commands.init->add_flag("--force", line.init.force, "replace files that are there already");
  commands.completion = app.add_subcommand("completion", "print the completion script of a shell");
  commands.completion->add_option("shell", line.shell, "bash, zsh or fish")
      ->type_name("SHELL")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  commands.manual = app.add_subcommand("man", "print the manual page, for man(1)");
  app.add_flag("--no-pager", line.no_pager, "write long documents straight to the terminal");
  app.get_help_ptr()->description("print this, or the help of a command");
  app.get_version_ptr()->description("print the version");
  return commands;
}

bool take_setup_command(const SetupCommands& commands, const CLI::App& app, CommandLine& line,
                        const RawOptions& raw) {
  using Command = CommandLine::Command;
  if (commands.doctor->parsed()) {
    line.command = Command::kDoctor;
    line.doctor.color = color_of(raw);
  } else if (commands.init->parsed()) {
    line.command = Command::kInit;
  } else if (commands.completion->parsed() || commands.manual->parsed()) {
    line.command = commands.manual->parsed() ? Command::kManual : Command::kCompletion;
    line.tree = tree_of(app);
  } else {
    return false;
  }
  return true;
}

}  // namespace pgsieve
